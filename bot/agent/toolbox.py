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
from tools.redact import known
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


_SHARED = frozenset(
    {"cluster", "namespace", "namespaces", "name", "kind", "controls", "benchmark", "confirmed"}
)
"""Arguments that mean the same everywhere; prompt.md says what."""


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
    return Called(known(result.text), result)


def _tool(name: str, module: ModuleType) -> BaseTool:
    async def unbound(**_: Any) -> tuple[str, None]:
        raise RuntimeError("tools run through bot.agent.loop only")

    return StructuredTool.from_function(
        coroutine=unbound,
        name=name,
        description=" ".join((inspect.getdoc(module) or "").split()),
        args_schema=short_schema(module.Arguments.model_json_schema()),
        response_format="content_and_artifact",
    )


def short_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a JSON schema what a model needs to call: names, types, choices, what must be given.

    Bounds and defaults hold when the call is made. Fields that many queries share are explained once, in
    prompt.md.
    """
    parts: Mapping[str, Any] = schema.get("$defs", {})

    def short(value: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        whole = dict(value)
        if "anyOf" in whole:
            (given,) = (each for each in whole.pop("anyOf") if each.get("type") != "null")
            whole = {**given, **whole}
        if "$ref" in whole:
            whole = {**parts[whole.pop("$ref").rpartition("/")[2]], **whole}
        kept = {
            key: whole[key] for key in ("type", "required") if key in whole and "enum" not in whole
        }
        if "description" in whole and name and name not in _SHARED:
            kept["description"] = whole["description"]
        if "enum" in whole:
            kept["enum"] = [each for each in whole["enum"] if each != ""]
        if "properties" in whole:
            fields = cast("dict[str, Any]", whole["properties"])
            kept["properties"] = {key: short(each, key) for key, each in fields.items()}
        if "items" in whole:
            kept["items"] = short(whole["items"])
        return kept

    return {"properties": {}, **short(schema)}


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
