"""Read one object as YAML, secret-looking values masked, with the settings in effect; never a Secret."""

from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tools.errors import UnknownName
from tools.objects.kinds import KINDS, Kind
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads, settings_of, settings_text
from tools.queries.looking.scoping import nearest, nearest_objects, pick_cluster, pick_namespace
from tools.queries.result import ObjectRead, Result, Setting
from tools.queries.wording import cap, fence, names, place
from tools.types import ALL, ResourceRef
from tools.workload import WORKLOAD_KINDS, ref_of

_DROPPED = (
    "managedFields",
    "uid",
    "resourceVersion",
    "generation",
    "selfLink",
    "creationTimestamp",
)
_MAX_DEPTH = 12
_FREE_TEXT = frozenset(
    {"annotations", "labels", "matchLabels", "args", "command", "data", "env", "status"}
)
_NAMING = frozenset(
    {
        "name",
        "namespace",
        "kind",
        "image",
        "serviceAccountName",
        "serviceAccount",
        "claimName",
        "secretName",
        "runtimeClassName",
        "nodeName",
        "resources",
        "verbs",
        "apiGroups",
        "roleRef",
        "path",
        "type",
        "drop",
        "add",
        "enforce",
    }
)


class Arguments(BaseModel):
    """Which object."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(min_length=1, max_length=60, description="Its kind, e.g. Deployment.")
    name: str = Field(min_length=1, max_length=253, description="Exact name.")
    namespace: str = Field(default="", max_length=63, description="Empty for cluster-scoped kinds.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read it; a kind or object that is not there is answered with the nearest."""
    kind = find_kind(arguments.kind)
    reader = pick_cluster(context, arguments.cluster)
    namespace = ""
    if kind.namespaced:
        namespace = await pick_namespace(context, reader, arguments.namespace or "default")
    elif not context.scope.sees(reader.name, ""):
        raise UnknownName(f"{kind.kind} is cluster-scoped and may not be seen from here.")
    document = await reader.get(kind, namespace, arguments.name)
    if document is None:
        raise UnknownName(
            f"There is no {kind.kind} {arguments.name!r} in "
            f"{namespace or 'the cluster'} ({reader.name}).",
            await _nearest_objects(context, arguments, kind, namespace),
        )
    ref = ResourceRef(reader.name, kind.group_version, kind.kind, namespace, arguments.name)
    settings: tuple[Setting, ...] = ()
    if kind.kind in WORKLOAD_KINDS:
        found, _ = await read_workloads(reader, (namespace,))
        settings = next(
            (settings_of(w) for w in found if w.ref.kind == kind.kind and w.ref.name == ref.name),
            (),
        )
    text = yaml.safe_dump(trim(document), sort_keys=False, allow_unicode=True, width=200)
    effect = f"settings in effect:\n{settings_text(settings)}\n" if settings else ""
    return Result(
        cap(f"{place(ref)} in cluster {reader.name}\n{effect}{fence('object', text)}"),
        ObjectRead(ref, text, settings, field_names(document)),
    )


def find_kind(name: str) -> Kind:
    """Find a kind by its name or plural in any letter case.

    Raises:
        UnknownName: not a kind that Oakum reads; Secret never is.
    """
    wanted = name.strip().lower()
    for kind in KINDS.values():
        if wanted in (kind.kind.lower(), kind.plural) and kind.plural != "*":
            return kind
    if wanted in ("secret", "secrets"):
        raise UnknownName("Secrets are never read.", "Ask where a Secret is used instead.")
    raise UnknownName(
        f"{name.strip()[:40]!r} is not a kind that is read here.",
        f"Nearest: {names(nearest(name, KINDS))}.",
    )


def trim(value: Any, depth: int = 0) -> Any:
    """Leave out what the server adds, status, and whatever lies deeper than is useful."""
    if depth > _MAX_DEPTH:
        return "(deeper than is shown)"
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {
            key: trim(item, depth + 1)
            for key, item in entries.items()
            if key not in _DROPPED and not (depth == 0 and key == "status")
        }
    if isinstance(value, list):
        return [trim(item, depth + 1) for item in cast("list[Any]", value)]
    return value


def field_names(value: Any, key: str = "") -> tuple[str, ...]:
    """Collect field names and the short values that name something; free text names nothing."""
    if key in _FREE_TEXT:
        return ()
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        inner = (name for part, item in entries.items() for name in field_names(item, part))
        return tuple(dict.fromkeys([*(name for name in entries if name not in _FREE_TEXT), *inner]))
    if isinstance(value, list):
        return tuple(name for item in cast("list[Any]", value) for name in field_names(item, key))
    if isinstance(value, str) and key in _NAMING and len(value) <= 253 and " " not in value:
        return (value,)
    return ()


async def _nearest_objects(
    context: QueryContext, arguments: Arguments, kind: Kind, namespace: str
) -> str:
    reader = pick_cluster(context, arguments.cluster)
    listing = await reader.list(kind, (namespace,) if namespace else ALL)
    refs = (ref_of(reader.name, kind, item.metadata) for item in listing.objects)
    return nearest_objects(arguments.name, refs)
