"""An object of a foreign kind -> whether an operator makes pods from it, told by its fields.

Operators take what concerns pods without a list of containers: a security context here, an image there.
One field that only pods have is enough, or two that pods have and little else, wherever they stand; a
schema, which shows fields and sets none, does not count. Pure. Used by `unread`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

_SCHEMAS = frozenset({"openAPIV3Schema"})
_REFERENCE = re.compile(
    r"(?!.*://)(?!.*\.(png|jpe?g|svg|gif|webp|ico|iso|qcow2|vmdk)$)[^\s]+", re.I
)
"""What may be an image of containers: no address, no picture and no disk."""
_PINNED = re.compile(r"[^\s{}]*[/:@][^\s{}]*")
"""An image reference that says more than a name, which may as well be one of a machine's."""
_IMAGE = "image"


def _truth(value: Any) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


def _number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isdecimal())


def _mapping(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _entries(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _with(*fields: str) -> Callable[[Any], bool]:
    """Give what tells a mapping that has one of the fields."""

    def has(value: Any) -> bool:
        return isinstance(value, dict) and any(value.get(field) for field in fields)

    return has


def _from_elsewhere(value: Any) -> bool:
    """Tell a list of variables of which one takes its value from another object."""
    takes = _with("valueFrom")
    return isinstance(value, list) and any(
        takes(each) and isinstance(each["valueFrom"], dict) for each in value
    )


_OF_PODS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "hostUsers"), _truth),
    **dict.fromkeys(("runAsNonRoot", "allowPrivilegeEscalation"), _truth),
    "automountServiceAccountToken": _truth,
    "privileged": lambda value: value in (True, "true"),
    "runAsUser": _number,
    "hostPath": _with("path"),
    "seccompProfile": _with("type"),
    "capabilities": _with("add", "drop"),
    "env": _from_elsewhere,
    "envFrom": _entries,
}
"""Fields that only pods have, with the form that they have there."""
_NAMED_FOR_PODS = re.compile(
    r".*securitycontext|pod(template(spec)?|spec|metadata|overrides?|options?)s?", re.IGNORECASE
)
"""Names of fields that hold what is said of pods, where they hold anything."""

_MOSTLY_OF_PODS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("serviceAccountName", "serviceAccount", "hostPath"), _text),
    **dict.fromkeys(("priorityClassName", "runtimeClassName"), _text),
    "privileged": _truth,
    "resources": _with("limits", "requests"),
    **dict.fromkeys(("nodeSelector", "affinity"), _mapping),
    **dict.fromkeys(("tolerations", "topologySpreadConstraints", "imagePullSecrets"), _entries),
    **dict.fromkeys(("volumes", "volumeMounts", "volumeClaimTemplates", "env"), _entries),
}
"""Fields of which two make a pod, or one and an image."""

_COUNTED = ("replicas", "instances", "imagePullPolicy")
"""How many there are to be, or when to pull; enough with a whole image reference in the same mapping."""


def is_image(value: Any, *, whole: bool = False) -> bool:
    """Tell whether a value may be an image of containers; `whole` asks for more than a plain name."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        return False
    return not whole or _PINNED.fullmatch(value) is not None


def makes_pods(root: Any) -> bool:
    """Tell whether pods come of an object; `root` is what its JSON decodes to."""
    found: set[str] = set()
    for node in nodes(root):
        fields: dict[str, Any] = node if isinstance(node, dict) else {}
        if any(_is_of_pods(field, value) for field, value in fields.items()) or _counts(fields):
            return True
        found.update(filter(None, (_sign(field, value) for field, value in fields.items())))
    return len(found) > 1


def nodes(root: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield every mapping and list of an object, outer before inner; of schemas none."""
    waiting = [root]
    while waiting:
        node: Any = waiting.pop()
        if isinstance(node, dict):
            mapping: dict[str, Any] = node
            yield mapping
            waiting += [value for field, value in mapping.items() if field not in _SCHEMAS]
        elif isinstance(node, list):
            entries: list[Any] = node
            yield entries
            waiting += entries


def _is_of_pods(field: str, value: Any) -> bool:
    if _NAMED_FOR_PODS.fullmatch(field):
        return _mapping(value) or _entries(value)
    return field in _OF_PODS and _OF_PODS[field](value)


def _sign(field: str, value: Any) -> str:
    """Give what a field says for a pod; empty for nothing."""
    if _names_an_image(field):
        return _IMAGE if is_image(value) else ""
    fits = field in _MOSTLY_OF_PODS and _MOSTLY_OF_PODS[field](value)
    return field if fits else ""


def _names_an_image(field: str) -> bool:
    return field in ("image", "imageName") or field.endswith("Image")


def _counts(fields: dict[str, Any]) -> bool:
    """Tell whether a mapping says how many there are to be, and of which image."""
    counted = (fields.get(field) for field in _COUNTED)
    return any(_number(each) or _text(each) for each in counted) and any(
        is_image(value, whole=True) for field, value in fields.items() if _names_an_image(field)
    )
