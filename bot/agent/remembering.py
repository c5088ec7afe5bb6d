"""What an answer leaves for the next questions of its thread: names, subjects, controls, its scan.

Used by `bot.conversation`.
"""

from collections.abc import Mapping
from typing import Any, cast

from bot.agent.allowed import MAX_FACTS, Allowed
from bot.agent.loop import Outcome
from tools.queries.result import ControlRead, Explained, Result, Scanned, Workloads
from tools.queries.rights import Access
from tools.scope import Scope
from tools.types import ALL, ResourceRef

MAX_SUBJECTS = 10
_OVER = "over"
"""Key of what an answer was over: per cluster its namespaces, None for all."""


def facts(allowed: Allowed, outcome: Outcome, scope: Scope) -> dict[str, Any]:
    """Make the facts of one turn: a small JSON object.

    Args:
        allowed: what the turn may have named.
        outcome: how it ended.
        scope: what the person asking might see.
    """
    text = outcome.text.lower()
    names = sorted(allowed.names, key=lambda name: (name not in text, name))
    made: dict[str, Any] = {
        "names": [name for name in names if name][:MAX_FACTS],
        "controls": sorted(allowed.controls)[:MAX_FACTS],
        "cves": sorted(allowed.cves)[:50],
        "subjects": [
            {"cluster": ref.cluster, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
            for ref in _subjects(outcome)
        ],
        "focus": _focus(outcome.results),
        _OVER: _over(allowed, scope),
    }
    for result in outcome.results:
        if isinstance(result.data, Scanned):
            data = result.data
            made["scan"] = data.scan.id
            made["next"] = data.offset + len(data.page) if data.listed else 0
    return made


def may_be_told(told: Mapping[str, Any], scope: Scope) -> bool:
    """Tell whether an earlier answer lies within what may be seen now, by the facts it left."""
    over = told.get(_OVER)
    if not isinstance(over, dict):
        return False
    return all(
        scope.covers(str(cluster), ALL if namespaces is None else tuple(namespaces))
        for cluster, namespaces in cast("dict[str, list[str] | None]", over).items()
    )


def _over(allowed: Allowed, scope: Scope) -> dict[str, list[str] | None]:
    """Give the clusters that were seen whole, and of the others the namespaces that came up."""
    made: dict[str, list[str] | None] = {}
    for cluster, namespaces in scope.clusters.items():
        if namespaces is ALL:
            made[cluster] = None
        elif named := sorted(name for name in namespaces if name.lower() in allowed.names):
            made[cluster] = named
    return made


def _subjects(outcome: Outcome) -> list[ResourceRef]:
    """Objects that the answer names, those looked at one by one first."""
    text = outcome.text.lower()
    found: dict[tuple[str, str, str], ResourceRef] = {}
    for refs in (_explained, _failing, _listed):
        for result in outcome.results:
            for ref in refs(result):
                if ref.name.lower() in text:
                    found.setdefault((ref.kind, ref.namespace, ref.name), ref)
    return list(found.values())[:MAX_SUBJECTS]


def _explained(result: Result) -> list[ResourceRef]:
    return [result.data.ref] if isinstance(result.data, Explained) else []


def _failing(result: Result) -> list[ResourceRef]:
    return [item.ref for item in result.data.rows] if isinstance(result.data, Scanned) else []


def _listed(result: Result) -> list[ResourceRef]:
    if not isinstance(result.data, Workloads | Access):
        return []
    return list(dict.fromkeys(row.ref for row in result.data.rows))


def _focus(results: tuple[Result, ...]) -> list[str]:
    """Give the controls that the answer is about: those asked for by number, else those explained."""
    for result in reversed(results):
        match result.data:
            case Scanned(controls=controls) | Explained(focus=controls) if controls:
                return [item.id for item in controls][:6]
            case _:
                continue
    read = [item.data.control.id for item in results if isinstance(item.data, ControlRead)]
    return read[:1]
