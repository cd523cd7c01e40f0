import os

# Without it the import asks the network for prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
from chat_completions import ChatCompletions  # noqa: E402

litellm.suppress_debug_info = True


def connect(url, key):
    def create(model, **rest):
        return litellm.completion(
            model=f"openai/{model}", api_base=f"{url}/v1", api_key=key, max_retries=0, **rest
        )

    return ChatCompletions(create, litellm.RateLimitError)
