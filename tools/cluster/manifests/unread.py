"""Objects that no check reads -> whether one of them may hold what a check is about, and of which kind.

Quiet are kinds that are known or foreign and run nothing that can be seen. Not quiet are misspelled
kinds and apiVersions, documents that look like an object and do not say their kind, and whatever holds
containers or whole objects inside, found by their form at any depth. Pure. Used by `folder`.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

import msgspec
from msgspec import Struct

from tools import redact
from tools.cluster.manifests.files import NOT_RENDERED
from tools.cluster.manifests.mutating import concerned
from tools.cluster.manifests.pod_signs import is_image, makes_pods, nodes
from tools.cluster.manifests.right_signs import gives_rights
from tools.objects.kinds import BUILT_IN_WORKLOADS, KINDS, TEMPLATED_KINDS, Kind
from tools.objects.others import BUILT_IN, DESCRIBING, ELSEWHERE, KUSTOMIZE, PROJECTS, TOOL_FILES
from tools.types import ANY_KIND

_BY_OWN_NAME = {(kind.group, kind.own): kind for kind in KINDS.values()}
_CONSTRAINTS = KINDS["Constraint"]
_SPELLED = {kind.kind.casefold(): kind.kind for kind in KINDS.values() if not kind.folder_only} | {
    kind.own.casefold(): "Pod" for kind in KINDS.values() if kind.folder_only and kind.group
}
_GROUPS = frozenset(BUILT_IN)
_ALIKE = 0.8
_CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
_OF_ONE: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("env", "envFrom", "volumeMounts"), list),
    **dict.fromkeys(("command", "args"), (list, str)),
    "securityContext": dict,
    "script": str,
}
_OF_ENTRY: dict[str, type | tuple[type, ...]] = {
    **_OF_ONE,
    "ports": list,
    "resources": dict,
    "imagePullPolicy": str,
    "workingDir": str,
}
"""Fields that a container has beside its image, with the forms that they have there."""
_OF_OBJECT = frozenset(
    {"metadata", "spec", "rules", "roleref", "subjects", "template", "items", "webhooks", "data"}
)
_BESIDE_METADATA = frozenset(
    {"spec", "rules", "roleref", "subjects", "template", "webhooks", "automountserviceaccounttoken"}
)
"""What makes an object of a document with metadata, though it says neither kind nor apiVersion."""
_TEXTS = ("ConfigMap", "Event")
_UNSURE = "it makes or changes objects, and no check reads what comes of it"
_POD_MAKERS = frozenset({*BUILT_IN_WORKLOADS, *TEMPLATED_KINDS})


class Unread(Struct, frozen=True):
    """Why an object that is not read is no matter of course."""

    why: str
    concerns: str
    """The kind as in `Gap.kind`."""


def kind_of(own_kind: str, api_version: str) -> Kind | None:
    """Give the kind that is read under this name and version; None where none is."""
    group = _group(api_version)
    if group == _CONSTRAINTS.group:
        return _CONSTRAINTS
    kind = _BY_OWN_NAME.get((group, own_kind)) or _earlier(own_kind, api_version)
    served = kind is not None and api_version in (kind.group_version, *kind.earlier)
    return kind if served else None


def why_unread(api_version: str, own_kind: str, raw: bytes) -> Unread | None:
    """Say why an object of a kind that is not read matters; None where it is nothing to name."""
    group = _group(api_version)
    if group == KUSTOMIZE:
        return Unread(NOT_RENDERED, ANY_KIND)
    quiet = (
        group in DESCRIBING
        or group in TOOL_FILES
        or group.endswith(ELSEWHERE)
        or own_kind == "ControllerRevision"
    )
    held = "" if quiet else held_in(raw)
    said = f"{redact.text(api_version)} of {redact.text(own_kind)}"
    if (group, own_kind) in _BY_OWN_NAME:
        return Unread(f"apiVersion {said} is not one that Oakum reads", own_kind)
    if _is_misspelled(group, own_kind):
        concerns = _meant(group, own_kind, held)
        why = f"Kubernetes serves no kind {redact.text(own_kind)} in {redact.text(api_version)}"
        return Unread(why, concerns)
    unsure = concerned(group, raw)
    if unsure:
        return Unread(_UNSURE, unsure)
    if not (held or quiet or group in _GROUPS):
        root = msgspec.json.decode(raw)
        if makes_pods(root):
            return Unread("pods are made from it, and no check reads what it says of them", "Pod")
        if rights := gives_rights(root):
            return Unread("rights are given by it, and no check reads which", rights)
    return _holding(held)


def may_be_elsewhere(unread: Unread, raw: bytes, namespace: str) -> bool:
    """Tell whether what an object stands for may lie outside its own namespace.

    So it is where it holds whole objects, names another namespace, or has a kind that is in none.
    """
    kind = KINDS.get(unread.concerns)
    if kind is None or not kind.namespaced:
        return True
    root = msgspec.json.decode(raw)
    return any(
        _names_another(node, namespace) or (node is not root and any(_embedded(node)))
        for node in nodes(root)
        if isinstance(node, dict)
    )


def _names_another(mapping: dict[str, Any], namespace: str) -> bool:
    """Tell whether a field such as targetNamespace or namespaces names another than this one."""
    for field, value in mapping.items():
        if field.casefold().endswith(("namespace", "namespaces")):
            named: list[Any] = value if isinstance(value, list) else [value]
            if any(isinstance(each, str) and each not in ("", namespace) for each in named):
                return True
    return False


def _meant(group: str, own_kind: str, held: str) -> str:
    """Give the kind that a misspelling stands for, where neither its group nor its form disagrees."""
    meant = _SPELLED.get(own_kind.casefold(), ANY_KIND)
    kind = KINDS.get(meant)
    foreign = kind is not None and group in _GROUPS and group != kind.group
    fits = held in ("", meant) or (held == "Pod" and meant in _POD_MAKERS)
    return ANY_KIND if foreign or not fits else meant


def why_inside(kind: Kind, raw: bytes) -> Unread | None:
    """Say what an object of a kind that is read holds besides, where no check reads it."""
    unsure = concerned(kind.group, raw)
    if unsure:
        return Unread(_UNSURE, unsure)
    if kind.template_path or kind.group in DESCRIBING or kind.kind in _TEXTS:
        return None
    return _holding(held_in(raw))


def _holding(held: str) -> Unread | None:
    """Say what an object holds that no check reads there; `held` is what `held_in` gave."""
    if not held:
        return None
    if held == "Pod":
        return Unread("it holds containers, and no check reads them there", "Pod")
    what = "objects of several kinds" if held == ANY_KIND else f"a {held}"
    return Unread(f"it holds {what}, and no check reads it there", held)


def looks_like_an_object(raw: bytes) -> bool:
    """Tell whether a document that does not say what it is was meant to be an object."""
    try:
        keys = {key.casefold() for key in msgspec.json.decode(raw, type=dict[str, msgspec.Raw])}
    except msgspec.MsgspecError:
        return False
    says = keys & {"apiversion", "kind"}
    has = keys & _OF_OBJECT
    named = "metadata" in keys and not keys.isdisjoint(_BESIDE_METADATA)
    if (says and has) or named or {"roleref", "subjects"} <= keys:
        return True
    return ("kind" in keys and held_in(raw) != "") or _holds_objects(raw)


def _holds_objects(raw: bytes) -> bool:
    """Tell whether whole objects stand inside, such as the entries of a list or a map of them."""
    inside = nodes(msgspec.json.decode(raw)) if _signs(raw) > 1 else ()
    return any(isinstance(each, dict) and [*_embedded(each)] for each in inside)


def held_in(raw: bytes) -> str:
    """Name the kind of what an object holds inside, as in `Gap.kind`; empty for nothing."""
    if b'ontainers"' not in raw and b'"image"' not in raw and _signs(raw) < 2:
        return ""
    found = {"Pod" if kind in _POD_MAKERS else kind for kind in _held(msgspec.json.decode(raw))}
    return found.pop() if len(found) == 1 else ANY_KIND if found else ""


def _signs(raw: bytes) -> int:
    """Count what objects say of themselves; an entry of a typed list may say nothing of its own."""
    return raw.count(b'"apiVersion"') + raw.count(b'"kind"')


def _held(root: Any) -> Iterator[str]:
    """Yield the kind of each object inside and `Pod` for each list of containers."""
    for node in nodes(root):
        if isinstance(node, list):
            if any(_is_container(each) for each in node):
                yield "Pod"
            continue
        if node is not root:
            yield from _embedded(node)
        if any(_is_list_of_mappings(node.get(key)) for key in _CONTAINER_LISTS) or (
            is_image(node.get("image")) and _has(node, _OF_ONE)
        ):
            yield "Pod"


def _embedded(mapping: dict[str, Any]) -> Iterator[str]:
    """Yield the kind of a whole object of a kind that is read, not of a mere reference to one."""
    if not any(key.casefold() in _OF_OBJECT for key in mapping):
        return
    own_kind, api_version = mapping.get("kind"), mapping.get("apiVersion")
    if isinstance(own_kind, str) and isinstance(api_version, str):
        kind = kind_of(own_kind, api_version)
        if kind:
            yield kind.kind
        elif _is_misspelled(_group(api_version), own_kind):
            yield ANY_KIND
        return
    own_group = isinstance(api_version, str) and _group(api_version) in _GROUPS
    spelled = isinstance(own_kind, str) and own_kind.casefold() in _SPELLED
    if own_group or (spelled and "metadata" in mapping):
        yield ANY_KIND


def _is_container(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    mapping: dict[str, Any] = value
    image = mapping.get("image")
    return is_image(image) and (
        _has(mapping, _OF_ENTRY) or ("name" in mapping and is_image(image, whole=True))
    )


def _has(mapping: dict[str, Any], forms: dict[str, type | tuple[type, ...]]) -> bool:
    return any(isinstance(mapping.get(field), form) for field, form in forms.items())


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _group(api_version: str) -> str:
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


def _earlier(own_kind: str, api_version: str) -> Kind | None:
    """Find a kind that an old server served in another group."""
    kind = KINDS.get(own_kind)
    return kind if kind and api_version in kind.earlier else None


def _is_misspelled(group: str, own_kind: str) -> bool:
    """Tell whether no server can have such a kind, or hardly one does.

    A group of Kubernetes serves the kinds that are known; one of anybody else's has a dot.
    """
    if group in _GROUPS:
        return own_kind not in BUILT_IN[group]
    if group.casefold() in _GROUPS:
        return True
    if "." not in group:
        return group not in TOOL_FILES
    if group.endswith(PROJECTS):
        return False
    names = (*_SPELLED, *(kind.casefold() for kinds in BUILT_IN.values() for kind in kinds))
    slips = any(
        _alike(group, one) and _alike(_domain(group), _domain(one)) for one in _GROUPS if one
    )
    return slips and any(_alike(own_kind, one) for one in names)


def _domain(group: str) -> str:
    """Give whose a group is: networking.gke.io is Google's, however like networking.k8s.io it looks."""
    return ".".join(group.split(".")[-2:]).replace("kubernetes", "k8s")


def _alike(written: str, own: str) -> bool:
    """Tell whether one is the other but for a few signs; a group below the other is one of its own."""
    lowered = written.casefold()
    if lowered.endswith(f".{own}"):
        return False
    matcher = SequenceMatcher(None, lowered, own, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
