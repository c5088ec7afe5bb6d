"""Who would write an object back: controllers, Argo CD, Flux, Helm, operators, other apply managers.

A change to an object that such an owner holds would not last, so it becomes a patch to hand over.
People's tools (kubectl in all its modes, consoles, Oakum itself) are no owners: what a person did
once is not done again by itself. Reads metadata only. Used by the actions.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tools.planning.patching import as_list, as_object, value_at
from tools.plans import Json
from tools.types import FieldPath

PEOPLES_TOOLS = (
    "kubectl",
    "oakum",
    "before-first-apply",
    "mozilla",
    "k9s",
    "lens",
    "node-fetch",
    "openlens",
    "freelens",
    "headlamp",
    "octant",
    "dashboard",
    "rancher",
    "oc",
    "console",
    "kubernetes-dashboard",
    "okhttp",
)
"""Field managers, in lower case and up to the first `-`, `/` or blank, that stand for a person."""

_PEOPLES_LABELS = frozenset({"", "kubectl", "kustomize", "oakum", "skaffold", "manual", "hand"})
"""Values of app.kubernetes.io/managed-by that name no program which would write again by itself."""

_MARKS = (
    ("argocd.argoproj.io/", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/", "Flux (Kustomization)"),
    ("helm.toolkit.fluxcd.io/", "Flux (HelmRelease)"),
    ("fluxcd.io/sync", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
    ("objectset.rio.cattle.io/", "Fleet"),
    ("configmanagement.gke.io/managed", "Config Sync"),
    ("configsync.gke.io/", "Config Sync"),
    ("kapp.k14s.io/", "kapp"),
    ("olm.owner", "Operator Lifecycle Manager"),
    ("operators.coreos.com/", "Operator Lifecycle Manager"),
    ("addonmanager.kubernetes.io/mode", "the cluster's add-on manager"),
)
"""What a label's or annotation's key begins with, and who puts it there."""

_NAMED_BY = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux (Kustomization)",
    "helm.toolkit.fluxcd.io/name": "Flux (HelmRelease)",
    "meta.helm.sh/release-name": "Helm",
}
"""Keys whose value says which application, Kustomization or release it is."""

_ARGO_OPTED_OUT = frozenset({"argocd.argoproj.io/compare-options"})
"""Written by people on objects that Argo CD need not hold."""


def owner_of(obj: Json, paths: Iterable[FieldPath] = ()) -> str:
    """Say who would write the object, or these of its fields, back; empty where nobody would."""
    metadata = as_object(obj.get("metadata"))
    return (
        _controller(metadata)
        or _marked(metadata)
        or _managed_by(metadata)
        or _apply_manager(obj, metadata, paths)
    )


def controller_of(obj: Json) -> Json:
    """Give the ownerReference that is the controller; empty where there is none."""
    references = as_list(value_at(obj, ("metadata", "ownerReferences")))
    for reference in map(as_object, references):
        if reference.get("controller") is True:
            return reference
    return {}


def _controller(metadata: Json) -> str:
    """Name the controller of the object."""
    reference = controller_of({"metadata": metadata})
    return f"its controller {reference.get('kind')} {reference.get('name')}" if reference else ""


def _marked(metadata: Json) -> str:
    """Name who marked the object with a label or annotation of theirs."""
    marks: dict[str, Any] = {
        **as_object(metadata.get("labels")),
        **as_object(metadata.get("annotations")),
    }
    for key, who in _NAMED_BY.items():
        if marks.get(key):
            return f"{who} {str(marks[key]).split(':')[0]}"
    for key in marks:
        if key in _ARGO_OPTED_OUT:
            continue
        for start, who in _MARKS:
            if key.startswith(start):
                return who
    return ""


def _managed_by(metadata: Json) -> str:
    """Name the program in app.kubernetes.io/managed-by, unless it is a person's tool."""
    labels: Mapping[str, Any] = as_object(metadata.get("labels"))
    value = str(labels.get("app.kubernetes.io/managed-by") or "")
    return "" if value.lower() in _PEOPLES_LABELS else value


def _apply_manager(obj: Json, metadata: Json, paths: Iterable[FieldPath]) -> str:
    """Name a manager that applied one of the fields and is no person's tool.

    The scale subresource written by the controller manager is an autoscaler's.
    """
    wanted = tuple(paths)
    for entry in map(as_object, as_list(metadata.get("managedFields"))):
        manager = str(entry.get("manager") or "")
        fields = as_object(entry.get("fieldsV1"))
        scales = entry.get("subresource") == "scale" and manager == "kube-controller-manager"
        if not scales and (entry.get("operation") != "Apply" or is_peoples_tool(manager)):
            continue
        if any(_holds(fields, obj, path) for path in wanted):
            return "an autoscaler" if scales else f"the field manager {manager}"
    return ""


def is_peoples_tool(manager: str) -> bool:
    """Tell whether a field manager stands for a person at a terminal or a console, or for Oakum."""
    first = manager.lower()
    for stop in ("/", " "):
        first = first.partition(stop)[0]
    return first in PEOPLES_TOOLS or first.partition("-")[0] in ("kubectl", "oakum")


def _holds(fields: Json, obj: Any, path: FieldPath) -> bool:
    """Tell whether a fieldsV1 tree has the field, something below it, or holds an ancestor whole."""
    for part in path:
        if not fields:
            return False
        found, obj = _member(fields, obj, part)
        if found is None:
            return False
        if not found:
            return True
        fields = found
    return True


def _member(fields: Json, obj: Any, part: str | int) -> tuple[Json | None, Any]:
    """Step into one member of a fieldsV1 tree: `f:name`, or the list entry that `k:{...}` keys."""
    if isinstance(part, str):
        key = f"f:{part}"
        return (
            as_object(fields[key]) if key in fields else None,
            as_object(obj).get(part),
        )
    listed = as_list(obj)
    item = listed[part] if part < len(listed) else None
    for key, below in fields.items():
        if key.startswith("k:") and _is_keyed(key[2:], item):
            return as_object(below), item
        if key.startswith("v:") and _decoded(key[2:]) == item:
            return as_object(below), item
    return None, item


def _is_keyed(text: str, item: Any) -> bool:
    """Tell whether a list entry has all the values of a `k:` key."""
    wanted = as_object(_decoded(text))
    members = as_object(item)
    return bool(wanted) and all(members.get(key) == value for key, value in wanted.items())


def _decoded(text: str) -> Any:
    """Decode the JSON of a fieldsV1 key; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
