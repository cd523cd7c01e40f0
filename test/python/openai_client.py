from chat_completions import ChatCompletions
from openai import APIStatusError, OpenAI


def connect(url, key):
    client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    return ChatCompletions(client.chat.completions.create, APIStatusError)
