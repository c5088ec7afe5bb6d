"""Every query as a LangChain tool, and the one place where a model's call becomes a query run.

A new query is one import and one line here. The allow-list holds when a call is made, not only when
tools are offered. Whatever goes wrong becomes a short, redacted message to the model. Used by
`bot.agent.loop`.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

import pydantic
from langchain_core.tools import BaseTool, StructuredTool

from bot.telemetry import incident
from knowledge.errors import KnowledgeError
from tools.errors import ToolsError
from tools.queries import (
    clusters,
    events,
    explain_control,
    explain_finding,
    find_workloads,
    list_findings,
    list_proposals,
    logs,
    namespaces,
    propose_access,
    propose_app,
    propose_change,
    propose_fix,
    read_object,
    rights_of,
    scan_scope,
    search_guidance,
    who_can,
)
from tools.queries.context import QueryContext
from tools.queries.result import Result
from tools.queries.wording import one_line
from tools.redact import text as redact

MAX_ARGUMENTS = 4_000
"""Most characters of one call's arguments."""
UNREADABLE = "unreadable_arguments"
"""Stands for arguments that were no JSON object; see `bot.agent.loop`."""

TOO_LONG = "arguments_too_long"
"""Stands for arguments over MAX_ARGUMENTS, so that they are not carried along."""

_MODULES: tuple[ModuleType, ...] = (
    clusters,
    namespaces,
    find_workloads,
    read_object,
    scan_scope,
    list_findings,
    explain_finding,
    explain_control,
    search_guidance,
    who_can,
    rights_of,
    events,
    logs,
    propose_fix,
    propose_change,
    propose_access,
    propose_app,
    list_proposals,
)
QUERIES: dict[str, ModuleType] = {item.__name__.rsplit(".", 1)[-1]: item for item in _MODULES}
"""By name: the allow-list."""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one call."""

    text: str
    """For the model."""
    result: Result | None = None
    """None when it failed."""
    failed: str = ""
    """One sentence for the person; empty when it went well."""
    incident: str = ""
    """Set when the defect is ours."""


def tools() -> list[BaseTool]:
    """Make the tools that are offered to the model: names, descriptions and schemas are constants."""
    return [_tool(name, module) for name, module in QUERIES.items()]


async def call(name: str, arguments: Mapping[str, Any], context: QueryContext) -> Called:
    """Run one query by name; never raises but for cancellation."""
    module = QUERIES.get(name)
    if module is None:
        return _refused(f"There is no tool {_short(name)!r}. Tools: {', '.join(QUERIES)}.")
    if UNREADABLE in arguments:
        return _refused("The arguments were not a JSON object. Send them again as valid JSON.")
    if TOO_LONG in arguments or len(str(arguments)) > MAX_ARGUMENTS:
        return _refused("The arguments are too long. Ask for less at once.")
    try:
        parsed = module.Arguments.model_validate(dict(arguments))
    except pydantic.ValidationError as error:
        return _refused(_invalid(error, module.Arguments.model_fields))
    run = cast("Callable[[Any, QueryContext], Awaitable[Result]]", module.run)
    try:
        result = await run(parsed, context)
    except (ToolsError, KnowledgeError) as error:
        return _refused(f"{error.public} {error.hint}".strip())
    except Exception as error:  # noqa: BLE001  a query call is a process edge
        number = incident(error, query=name)
        said = f"{name} failed by a defect of Oakum ({number})."
        return Called(
            f"{said} Nothing was read. Say that this could not be looked at.", None, said, number
        )
    return Called(result.text, result)


def _tool(name: str, module: ModuleType) -> BaseTool:
    async def unbound(**_: Any) -> tuple[str, None]:
        raise RuntimeError("tools run through bot.agent.loop only")

    return StructuredTool.from_function(
        coroutine=unbound,
        name=name,
        description=inspect.getdoc(module) or "",
        args_schema=module.Arguments,
        response_format="content_and_artifact",
    )


def _refused(sentence: str) -> Called:
    said = redact(one_line(sentence, 400))
    return Called(f"ERROR: {said}", None, said)


def _short(text: str) -> str:
    return one_line(str(text), 60)


def _invalid(error: pydantic.ValidationError, fields: Iterable[str]) -> str:
    """Say which arguments are wrong without repeating their values, or names that are not ours."""
    own = frozenset(fields)
    found = error.errors(include_input=False, include_url=False)
    known = [item for item in found if item["loc"] and item["loc"][0] in own]
    parts = [
        f"{'.'.join(str(step) for step in item['loc'])}: {_short(item['msg'])}"
        for item in known[:4]
    ]
    if len(known) < len(found):
        parts.append(f"no other arguments than {', '.join(sorted(own))} are known")
    return "Wrong arguments. " + "; ".join(parts) + "."
