"""How a call is shown: in words while it runs, and with its arguments afterwards.

Arguments are a model's words, so a name among them is shown only once something read or the person
named it. Used by `bot.agent.loop`.
"""

from collections.abc import Callable, Mapping
from typing import cast

from bot.agent.allowed import Allowed
from bot.agent.grounding import MARK
from tools.actions.label_namespace import Level
from tools.actions.remove_subject import SubjectKind
from tools.planning.hardening import Setting
from tools.queries import list_proposals, propose_access, propose_change, propose_fix

_DOING = {
    "clusters": "Listing clusters",
    "namespaces": "Listing namespaces",
    "find_workloads": "Looking for workloads",
    "read_object": "Reading an object",
    "scan_scope": "Scanning",
    "list_findings": "Listing findings",
    "explain_finding": "Looking at what is judged",
    "explain_control": "Looking up a control",
    "search_guidance": "Searching the guidance",
    "who_can": "Looking who may do it",
    "rights_of": "Looking what it may do",
    "events": "Reading events",
    "logs": "Reading a log",
    "propose_fix": "Working a fix out",
    "propose_change": "Working a change out",
    "propose_access": "Working a change of access out",
    "propose_app": "Working a new application out",
    "list_proposals": "Looking what was asked for",
}
_NAMES = ("verbs", "resource", "kind", "name", "pod", "namespace", "cluster")
_FREE = ("question",)
_OURS = frozenset(
    {*propose_change.CHANGES, *list_proposals.STANDINGS, *Setting, *Level, *SubjectKind}
)
"""Words that queries take and that name nothing in a cluster."""
_PARTS = frozenset(
    {
        *propose_fix.RunAs.model_fields,
        *propose_change.Resources.model_fields,
        *propose_access.Limit.model_fields,
    }
)
"""Fields inside arguments."""


def doing(query: str, arguments: Mapping[str, object], allowed: Allowed) -> str:
    """Say in a few words what runs now, naming only what is known already."""
    words = [_DOING.get(query, "Refusing an unknown call")]
    if query not in _DOING:
        return words[0]
    for key in _NAMES:
        words += [value for value in _strings(arguments.get(key)) if _known(value, allowed)]
    places = [item for item in _strings(arguments.get("namespaces")) if _known(item, allowed)]
    if places:
        words.append("in " + ", ".join(places[:5]))
    return " ".join(words)


def shown_arguments(
    arguments: Mapping[str, object], grounded: Callable[[str], str], allowed: Allowed
) -> dict[str, object]:
    """Give the arguments as they may be shown: bounded, and without names that nothing knows.

    Keys are fields of the query, never the model's own.
    """

    def shown(key: str, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, str) and value in _OURS:
            return str(value)
        if isinstance(value, str):
            return grounded(value[:300]) if key in _FREE or _known(value, allowed) else MARK
        if isinstance(value, list):
            return [shown(key, item) for item in value[:20]]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, dict):
            parts = cast("dict[object, object]", value)
            return {part: shown(key, item) for part, item in parts.items() if part in _PARTS}
        return MARK

    return {key: shown(key, value) for key, value in list(arguments.items())[:12]}


def _strings(value: object) -> list[str]:
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]  # pyright: ignore[reportUnknownVariableType]
    return [value] if isinstance(value, str) else []


def _known(value: str, allowed: Allowed) -> bool:
    return allowed.knows(value.strip())
