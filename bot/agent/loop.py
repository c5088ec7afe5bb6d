"""One question through the model and the queries, inside its limits.

The agent is LangChain's; what is ours stands in `Guard`: every model turn and every call passes it. Text
of a turn is held until the turn has ended, then checked (`bot.agent.grounding`), then reported. Used by
`bot.conversation`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx2
import openai
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, ToolCall, ToolMessage
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.types import Command

from bot.agent import toolbox
from bot.agent.allowed import Allowed, catalogue_hosts
from bot.agent.grounding import Grounded, ground, inert
from bot.agent.limits import Budget
from bot.agent.model import unavailable
from bot.agent.offline.model import Composed
from bot.agent.steps import doing, shown_arguments
from bot.agent.summary import found_so_far
from bot.errors import LimitReached
from bot.telemetry import MODEL_TOKENS
from bot.types import Progress, Report, Step, Usage
from tools.queries.context import QueryContext
from tools.queries.result import Result

MAX_NOTE = 150
"""Characters of a progress line."""
MAX_CALLS_A_TURN = 8
"""Calls of one model turn that are looked at; the rest is answered as too many."""
OFFLINE = "offline"
"""Name of the model that needs no model."""

PROMPT = (Path(__file__).parent / "prompt.md").read_text(encoding="utf-8")
_MODEL_FAILURES = (
    openai.OpenAIError,
    httpx2.HTTPError,
    TimeoutError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)


@dataclass
class Run:
    """What one question has done so far."""

    context: QueryContext
    budget: Budget
    allowed: Allowed
    report: Report
    model: str
    """The model's name; OFFLINE when none is used."""
    hosts: frozenset[str] = frozenset()
    """Where links may lead beside the sources of what was found."""
    steps: list[Step] = field(default_factory=list[Step])
    results: list[Result] = field(default_factory=list[Result])
    removed: tuple[str, ...] = ()
    """What was taken out of the answer; set at its end."""
    incident: str = ""

    def check(self, text: str) -> Grounded:
        """Check a text against what this question has found."""
        return ground(text, self.allowed, self.hosts | catalogue_hosts())

    def grounded(self, text: str) -> str:
        """Give what may be shown of a line beside the answer."""
        return self.check(text).text

    def inert(self, text: str) -> Grounded:
        """Make a text inert that our own code composed."""
        return inert(text, self.allowed, self.hosts | catalogue_hosts())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question ended."""

    text: str
    """Grounded, redacted and defused."""
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    removed: tuple[str, ...]
    usage: Usage
    incident: str
    limit: str = ""
    """The sentence that says which limit ended it; empty otherwise."""


class Guard(AgentMiddleware[Any, Run, Any]):
    """Counts, checks and tidies every model turn and every call."""

    async def awrap_model_call(
        self,
        request: ModelRequest[Run],
        handler: Callable[[ModelRequest[Run]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Let a model turn happen if the budget holds; every call in it gets an id and valid JSON."""
        run = request.runtime.context
        run.budget.step()
        try:
            response = await handler(request)
        except _MODEL_FAILURES as error:
            if run.model == OFFLINE:
                raise
            raise unavailable(error, run.model) from error
        messages = [tidy(item, run.budget.steps) for item in response.result]
        for message in messages:
            if isinstance(message, AIMessage):
                _count(run.budget, request, message)
        return replace(response, result=messages)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage:
        """Run a call through the toolbox; what it may name is known before it is shown."""
        run = cast("Run", request.runtime.context)
        call = request.tool_call
        run.budget.call()
        name, arguments = str(call["name"]), dict(call["args"])
        if run.budget.repeated(name, arguments):
            text = "ERROR: this call ran often enough with these arguments; use what it gave."
            return _reply(call, text)
        await run.report(Progress("step", run.grounded(doing(name, arguments, run.allowed))))
        called = await toolbox.call(name, arguments, run.context)
        if called.result is not None:
            run.results.append(called.result)
            run.allowed.take(called.result)
        run.incident = run.incident or called.incident
        run.allowed.words.add(called.incident)
        known = name in toolbox.QUERIES
        run.steps.append(
            Step(
                name if known else "(unknown tool)",
                _shown(name, arguments, run) if known else {},
                run.grounded(called.failed),
            )
        )
        return _reply(call, called.text, called.result)


def _shown(name: str, arguments: dict[str, Any], run: Run) -> dict[str, object]:
    """Give the arguments that the query has, as they may be shown."""
    fields: dict[str, object] = toolbox.QUERIES[name].Arguments.model_fields
    own = {key: value for key, value in arguments.items() if key in fields}
    return shown_arguments(own, run.grounded, run.allowed)


Agent = CompiledStateGraph[Any, Run, Any, Any]
"""A model bound to the queries; made once and used for every question."""


def make_agent(model: BaseChatModel) -> Agent:
    """Bind a chat model to the queries."""
    return create_agent(
        model,
        toolbox.tools(),
        system_prompt=PROMPT,
        middleware=[Guard()],
        context_schema=Run,
    )


async def run(agent: Agent, messages: Sequence[AnyMessage], state: Run) -> Outcome:
    """Answer one question; a limit reached ends with what was found so far.

    Raises:
        ModelUnavailable: the model's endpoint gave no answer.
    """
    last: AIMessage | None = None
    limit = ""
    timer = asyncio.timeout(state.budget.left_s())
    try:
        async with timer:
            last = await _turns(agent, messages, state)
    except LimitReached as error:
        limit = error.public
    except TimeoutError:
        if not timer.expired():
            raise
        limit = (
            f"I stopped at the limit of {state.budget.limits.seconds:g} seconds for one question."
        )
    text = _final(last, state, limit)
    for paragraph in paragraphs(text):
        await state.report(Progress("text", paragraph))
    return Outcome(
        text,
        tuple(state.steps),
        tuple(state.results),
        state.removed,
        Usage(state.budget.input_tokens, state.budget.output_tokens, state.budget.steps),
        state.incident,
        limit,
    )


async def _turns(agent: Agent, messages: Sequence[AnyMessage], state: Run) -> AIMessage | None:
    """Drive the agent to its end; gives the last turn of the model."""
    last: AIMessage | None = None
    config: Any = {"recursion_limit": 4 * state.budget.limits.steps + 10}
    async for update in agent.astream(
        {"messages": list(messages)}, config, context=state, stream_mode="updates"
    ):
        for message in _model_messages(update):
            last = message
            note = str(message.text).strip()
            if message.tool_calls and note:
                line = state.grounded(" ".join(note.split()))
                await state.report(Progress("note", _cut(line, MAX_NOTE)))
    return last


def _model_messages(update: Any) -> list[AIMessage]:
    node = update.get("model") or {}
    return [item for item in node.get("messages", ()) if isinstance(item, AIMessage)]


def _final(last: AIMessage | None, state: Run, limit: str) -> str:
    """Make the text to show: the model's when it ended by itself, else what was found."""
    said = "" if last is None or last.tool_calls else str(last.text).strip()
    composed = bool(limit) or not said or isinstance(last, Composed)
    if limit:
        said = f"{limit} This is what I found so far.\n\n{found_so_far(state.results)}"
    elif not said:
        said = f"The model gave no answer. This is what I found.\n\n{found_so_far(state.results)}"
    elif last is not None and last.response_metadata.get("finish_reason") == "length":
        said += "\n\n(The model's answer was cut at its length limit.)"
    checked = state.inert(said) if composed else state.check(said)
    state.removed = checked.removed
    return checked.text + _taken_out(checked.removed)


def _taken_out(removed: Sequence[str]) -> str:
    if not removed:
        return ""
    counts = {item: removed.count(item) for item in dict.fromkeys(removed)}
    parts = ", ".join(f"{count} {item}{'s' * (count > 1)}" for item, count in counts.items())
    return f"\n\nTaken out, because nothing I read supports it: {parts}."


def paragraphs(text: str) -> list[str]:
    """Split a text at empty lines, but never inside a code block."""
    parts: list[str] = []
    current: list[str] = []
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or fenced:
            current.append(line)
        elif current:
            parts.append("\n".join(current))
            current = []
    if current:
        parts.append("\n".join(current))
    return parts


def tidy(message: BaseMessage, turn: int) -> BaseMessage:
    """Give every call of a model turn an id of its own and arguments that are JSON.

    Arguments that do not parse would end LangChain's run in silence; they become a call that is
    answered as unreadable. Huge ones, and calls past MAX_CALLS_A_TURN, are not carried along.
    """
    if not isinstance(message, AIMessage) or not (message.tool_calls or message.invalid_tool_calls):
        return message
    calls: list[ToolCall] = [*message.tool_calls]
    calls += [
        ToolCall(name=item.get("name") or "unknown", args={toolbox.UNREADABLE: True}, id=None)
        for item in message.invalid_tool_calls
    ]
    kept = [
        ToolCall(
            name=str(call["name"])[:64] or "unknown",
            args=_short_arguments(call["args"]),
            id=f"call_{turn}_{index}",
            type="tool_call",
        )
        for index, call in enumerate(calls[:MAX_CALLS_A_TURN])
    ]
    text = str(message.text)
    return AIMessage(
        content=text[:4_000],
        tool_calls=kept,
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        id=message.id,
    )


def _short_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    if len(str(arguments)) > toolbox.MAX_ARGUMENTS:
        return {toolbox.TOO_LONG: True}
    return arguments


def _count(budget: Budget, request: ModelRequest[Run], message: AIMessage) -> None:
    """Count a turn's tokens; four characters a token where the endpoint does not say."""
    usage = message.usage_metadata
    if usage:
        spent = usage["input_tokens"], usage["output_tokens"]
    elif request.runtime.context.model == OFFLINE:
        return
    else:
        sent = sum(len(str(item.content)) for item in request.messages) + len(PROMPT)
        spent = sent // 4, len(str(message.content)) // 4
    budget.spend(*spent)
    for direction, tokens in zip(("input", "output"), spent, strict=True):
        MODEL_TOKENS.labels(direction=direction).inc(tokens)


def _reply(call: ToolCall, text: str, artifact: Result | None = None) -> ToolMessage:
    return ToolMessage(
        content=text,
        tool_call_id=str(call["id"]),
        name=str(call["name"]),
        artifact=artifact,
        status="error" if artifact is None else "success",
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
