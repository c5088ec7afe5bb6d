"""Reads what a plan needs besides its target: the namespace's labels, budgets, other objects.

What cannot be read is left out, never taken for empty: an action that needs it refuses. Used by
`tools.change` and by the queries that propose.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import structs

from tools import vocabulary
from tools.cluster.manifests.files import CHART, NOT_RENDERED, PATCH
from tools.cluster.reader import Listing, Reader
from tools.errors import AccessRefused
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object, value_at
from tools.planning.rollout import selects, template_path
from tools.plans import Around, Budget, Done, Json
from tools.types import ALL, Action

BUDGETS = "PodDisruptionBudget"


async def read_around(
    action: Action, obj: Json | None, reader: Reader, now: datetime, done: tuple[Done, ...]
) -> Around:
    """Read what the action's plan wants to know. Raises what the reader raises."""
    namespace = action.target.namespace or (
        action.target.name if action.target.kind == "Namespace" else ""
    )
    listed = [(kind, await _list(reader, kind, namespace)) for kind in vocabulary.needs(action)]
    return Around(
        now=now,
        namespace_labels=await _labels(reader, namespace),
        budgets=await _budgets(action, obj, reader),
        others={kind: found.objects for kind, found in listed if found},
        partial=any(found.partial for _, found in listed if found),
        done=done,
    )


async def _list(reader: Reader, kind: str, namespace: str) -> Listing | None:
    """List the objects of a kind, whole; None where not all could be read.

    What a kustomization beside them renders to is not looked at; the change says that there is one.
    """
    found = KINDS[kind]
    places = (namespace,) if found.namespaced and namespace else ALL
    listing = await reader.documents(found, places, to_plan=True)
    if any(gap.why not in (CHART, NOT_RENDERED, PATCH) for gap in listing.gaps):
        return None
    decoded = [msgspec.json.decode(each, type=Json) for each in listing.objects]
    return structs.replace(listing, objects=decoded)


async def _labels(reader: Reader, namespace: str) -> Mapping[str, str] | None:
    """Give a namespace's labels; None where they could not be read."""
    if not namespace:
        return None
    try:
        found = await reader.get(KINDS["Namespace"], "", namespace)
    except AccessRefused:
        return None
    return as_object(as_object(found).get("metadata", {}).get("labels")) if found else None


async def _budgets(action: Action, obj: Json | None, reader: Reader) -> tuple[Budget, ...]:
    """Give the budgets that select the target's pods."""
    kind = action.target.kind
    if obj is None or kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return ()
    labels = as_object(value_at(obj, (*template_path(kind), "metadata", "labels")))
    found = await _list(reader, BUDGETS, action.target.namespace)
    return tuple(
        Budget(str(value_at(each, ("metadata", "name"))), _allowed(each))
        for each in (found.objects if found else ())
        if selects(as_object(value_at(each, ("spec", "selector"))), labels)
    )


def _allowed(budget: Json) -> int | None:
    allowed = as_object(budget.get("status")).get("disruptionsAllowed")
    return allowed if isinstance(allowed, int) else None
