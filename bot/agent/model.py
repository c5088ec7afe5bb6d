"""The configured language model as a LangChain chat model, and what its failures mean.

Serves OpenAI and every compatible endpoint (Azure's /openai/v1, vLLM, Ollama). Used by `bot.app`.
"""

import os
from dataclasses import dataclass, field

import openai
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from bot.errors import ModelUnavailable

MAX_OUTPUT_TOKENS = 4_000
"""Most tokens of one model turn."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """How the language model is reached."""

    name: str
    api_key: str = field(repr=False)
    base_url: str = ""
    """With its `/v1`; empty for OpenAI."""
    responses_api: bool = False
    """OpenAI's Responses API; compatible endpoints have none, so off unless asked for."""
    timeout_s: float = 60.0
    """For one model turn: to the first byte, and between two."""


Model = ChatOpenAI
"""For who only keeps a model and closes it."""


def build(config: ModelConfig) -> Model:
    """Make the chat model; connects to nothing yet. Switches tracing to LangSmith off for good.

    Whoever has it built closes it with `close`, in the event loop that used it.
    """
    os.environ["LANGSMITH_TRACING"] = "false"
    os.environ["LANGCHAIN_TRACING_V2"] = "false"
    return ChatOpenAI(
        model=config.name,
        api_key=SecretStr(config.api_key),
        base_url=config.base_url or None,
        streaming=True,
        stream_usage=True,
        use_responses_api=config.responses_api,
        max_retries=1,
        # Of a plain number LangChain would make one HTTP client for all models of the process.
        timeout=openai.Timeout(config.timeout_s),
        stream_chunk_timeout=config.timeout_s,
        max_completion_tokens=MAX_OUTPUT_TOKENS,
    )


async def close(model: Model) -> None:
    """End the connections of a model that `build` made; it answers nothing afterwards."""
    await model.root_async_client.close()


def unavailable(error: Exception, name: str) -> ModelUnavailable:
    """Say in one sentence why the model gave no answer, and what to do."""
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelUnavailable(
            "The language model's endpoint refuses the key.", "Check OPENAI_API_KEY."
        )
    if isinstance(error, openai.NotFoundError):
        return ModelUnavailable(
            f"The endpoint has no language model {name!r}.",
            "Check the model's name and OPENAI_BASE_URL.",
        )
    if isinstance(error, openai.RateLimitError):
        return ModelUnavailable(
            "The language model's endpoint has no capacity left (429).",
            "Try again in a minute, or raise the quota.",
        )
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return ModelUnavailable(
            "The language model did not answer in time.", "Try again, or raise model.timeout_s."
        )
    if isinstance(error, openai.BadRequestError):
        return ModelUnavailable(
            "The language model's endpoint refuses the request.",
            "Ask in a new thread; if it stays, see the log.",
        )
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(
            "The language model's endpoint cannot be reached.", "Check OPENAI_BASE_URL."
        )
    return ModelUnavailable(
        "The language model's endpoint failed in the middle of its answer.", "Try again."
    )
