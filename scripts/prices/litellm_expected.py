"""What LiteLLM's own cost calculator makes of some usages, in US dollars.

Reads test/prices/fixtures/litellm-cases.json from standard input, writes a list of decimal texts in the same order.
Run by scripts/prices-expected.mjs in an environment that has the pinned release.
"""

import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from litellm import cost_calculator as calculator
from litellm.llms import get_cost_for_web_search_request
from litellm.llms.base_llm.ocr.transformation import OCRResponse, OCRUsageInfo
from litellm.types.utils import (
    CacheCreationTokenDetails,
    CompletionTokensDetailsWrapper,
    PromptTokensDetailsWrapper,
    Usage,
)


def usage_of(given):
    """Our usage, whose totals hold their parts, in LiteLLM's words, whose totals do too."""
    units = given.get("units", {})
    five_minutes = given.get("cacheWriteTokens", 0)
    an_hour = given.get("cacheWriteLongTokens", 0)
    details = {
        "cached_tokens": given.get("cacheReadTokens", 0),
        "audio_tokens": given.get("inputAudioTokens", 0),
        "image_tokens": units.get("inputImageTokens", 0),
        "cache_creation_tokens": five_minutes + an_hour,
    }
    if five_minutes + an_hour > 0:
        details["cache_creation_token_details"] = CacheCreationTokenDetails(
            ephemeral_5m_input_tokens=five_minutes, ephemeral_1h_input_tokens=an_hour
        )
    return Usage(
        prompt_tokens=given.get("inputTokens", 0),
        completion_tokens=given.get("outputTokens", 0),
        total_tokens=given.get("inputTokens", 0) + given.get("outputTokens", 0),
        prompt_tokens_details=PromptTokensDetailsWrapper(**details),
        completion_tokens_details=CompletionTokensDetailsWrapper(
            reasoning_tokens=given.get("reasoningTokens", 0),
            audio_tokens=given.get("outputAudioTokens", 0),
            image_tokens=units.get("outputImageTokens", 0),
        ),
        cache_creation_input_tokens=five_minutes + an_hour,
        cache_read_input_tokens=given.get("cacheReadTokens", 0),
    )


def tokens(case, model, provider):
    tier = case["usage"].get("serviceTier")
    if tier == "batch":
        return calculator.batch_cost_calculator(usage_of(case["usage"]), model, provider)
    return litellm.cost_per_token(
        model=model, custom_llm_provider=provider, usage_object=usage_of(case["usage"]), service_tier=tier
    )


def searches(case, model, provider):
    given = case["usage"]
    usage = usage_of(given)
    usage.prompt_tokens_details.web_search_requests = given["units"]["webSearches"]
    usage.server_tool_use = {"web_search_requests": given["units"]["webSearches"]}
    info = litellm.get_model_info(model=model, custom_llm_provider=provider)
    return (
        *tokens(case, model, provider),
        get_cost_for_web_search_request(custom_llm_provider=provider, usage=usage, model_info=info),
    )


def images(case, model, provider):
    units = case["usage"]["units"]
    quality, _, size = units.get("variant", "").rpartition("/")
    return (
        calculator.default_image_cost_calculator(
            # The map has OpenAI's own models without its name.
            model=model if provider == "openai" else f"{provider}/{model}",
            custom_llm_provider=provider,
            quality=quality or None,
            n=units["images"],
            size=size or None,
        ),
    )


def video(case, model, provider):
    units = case["usage"]["units"]
    return (
        calculator.default_video_cost_calculator(
            model=model,
            duration_seconds=units["videoMs"] / 1000,
            custom_llm_provider=provider,
            video_resolution=units.get("variant"),
        ),
    )


def transcription(case, model, provider):
    return calculator.transcription_cost(model, provider, case["usage"]["units"]["inputAudioMs"] / 1000)


def speech(case, model, provider):
    return litellm.cost_per_token(
        model=model,
        custom_llm_provider=provider,
        prompt_characters=case["usage"]["units"]["characters"],
        call_type="speech",
    )


def pages(case, model, provider):
    units = case["usage"]["units"]
    info = OCRUsageInfo(
        pages_processed=units["pages"], pages_processed_annotation=units.get("annotatedPages")
    )
    if case["usage"].get("serviceTier") == "batch":
        return calculator.ocr_batch_cost(model, provider, info)
    return calculator.ocr_cost(model, provider, response=OCRResponse(pages=[], model=model, usage_info=info))


def rerank(case, model, provider):
    return calculator.rerank_cost(model, provider, billed_units={"search_units": case["usage"]["units"]["searchUnits"]})


KINDS = {
    "tokens": tokens,
    "searches": searches,
    "images": images,
    "video": video,
    "transcription": transcription,
    "speech": speech,
    "pages": pages,
    "rerank": rerank,
}

costs = []
for case in json.load(sys.stdin):
    provider, _, model = case["litellm"].partition(":")
    costs.append(repr(float(sum(KINDS[case["kind"]](case, model, provider)))))
json.dump(costs, sys.stdout)
