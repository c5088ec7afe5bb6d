"""A policy that makes objects, or changes pods as they come -> the kind that it makes unsure.

Kyverno's rules do both, Gatekeeper's mutations and Kubernetes' MutatingAdmissionPolicies the second.
One that can only make pods safer than their manifests say is nothing to name; what stands in an
expression or a patch as text counts by the fields that it names. Pure. Used by `unread`.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.cluster.manifests.pod_signs import nodes
from tools.objects.kinds import KINDS
from tools.types import ANY_KIND

_GENERATES = {"kyverno.io": "generate", "policies.kyverno.io": "generate"}
_CHANGES = {
    "kyverno.io": "mutate",
    "policies.kyverno.io": "mutations",
    "admissionregistration.k8s.io": "mutations",
    "mutations.gatekeeper.sh": "spec",
}
"""By API group the field under which a policy says what it makes, or how it changes objects."""
_NO_HARM = frozenset({"NetworkPolicy", "PodDisruptionBudget"})
"""Kinds of which one more fails no control."""
_SAFE: dict[str, Any] = {
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "hostProcess", "privileged"), False),
    **dict.fromkeys(("allowPrivilegeEscalation", "automountServiceAccountToken"), False),
    **dict.fromkeys(("runAsNonRoot", "readOnlyRootFilesystem"), True),
}
_LOOSE = frozenset(
    {
        *("hostPath", "hostPort", "add", "procMount", "sysctls", "secretKeyRef", "secretRef"),
        *("serviceAccountName", "serviceAccount", "appArmorProfile", "seLinuxOptions"),
    }
)
_RIGHTS = frozenset({"subjects", "roleRef", "rules", "aggregationRule"})
_IN_TEXT = re.compile(
    rf"\b({'|'.join([*_SAFE, *(_LOOSE - {'add'}), 'runAsUser', 'capabilities'])})\b"
    r"|securityContext|seccompProfile|[cC]ontainers(/-|\s*:)"
)
_RIGHTS_IN_TEXT = re.compile(rf"\b({'|'.join(_RIGHTS)})\b")


def concerned(group: str, raw: bytes) -> str:
    """Name the kind whose objects may be less safe than their manifests say; empty for none."""
    found: set[str] = set()
    for node in nodes(msgspec.json.decode(raw)) if group in _CHANGES else ():
        if isinstance(node, dict):
            found.update(_made(node.get(_GENERATES.get(group, ""))))
            found.update(_changed(node.get(_CHANGES[group])))
    return found.pop() if len(found) == 1 else ANY_KIND if found else ""


def _made(rule: Any) -> Iterator[str]:
    """Yield the kinds that a rule makes; those that an expression makes may be any."""
    if not rule:
        return
    if not isinstance(rule, dict):
        yield ANY_KIND
        return
    parts: list[Any] = [rule, *(rule.get("foreach") or ())]
    for part in parts:
        listed = (part.get("cloneList") or {}).get("kinds") or ()
        for said in filter(None, (part.get("kind"), *listed)):
            kind = str(said).rpartition("/")[2]
            if "{" in kind or (kind in KINDS and kind not in _NO_HARM):
                yield ANY_KIND if "{" in kind else kind


def _changed(change: Any) -> Iterator[str]:
    """Yield what a change makes less safe, or may."""
    for node in nodes(change):
        if not isinstance(node, dict):
            continue
        fields = {_set_by(key): value for key, value in node.items()}
        location, given = fields.pop("location", None), fields.get("parameters")
        if isinstance(location, str) and isinstance(given, dict):
            field = location.rpartition(".")[2]
            fields[field] = (given.get("assign") or {}).get("value")
        if "image" in fields and "name" in fields:
            yield "Pod"
        for field, value in fields.items():
            said = value if isinstance(value, str) else ""
            if field in _RIGHTS or _RIGHTS_IN_TEXT.search(said):
                yield ANY_KIND
            elif _loosens(field, value) or _IN_TEXT.search(said):
                yield "Pod"


def _set_by(key: str) -> str:
    """Give the field that a key of a patch sets; one with another anchor than `+` is a condition."""
    return key.removeprefix("+(").removesuffix(")") if key.startswith("+(") else key


def _loosens(field: str, value: Any) -> bool:
    if field in _SAFE:
        return value not in (_SAFE[field], str(_SAFE[field]).lower())
    if field == "runAsUser":
        return not (isinstance(value, int) and value > 0)
    if field == "securityContext":
        return value is None
    return (field in _LOOSE and value not in (None, [])) or value in ("Unconfined", "Unmasked")
