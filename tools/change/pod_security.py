"""Whether Pod Security would refuse the pods of a workload: by the server's warning, or by our reading.

The server refuses pods, never their workload: a Deployment is taken and then makes no pod. So the
template is judged by the checks of the level that its namespace enforces. Used by `rehearse`.
"""

from collections.abc import Iterable, Mapping

import msgspec

from knowledge import catalogue
from tools.discovery import checks
from tools.objects.kinds import KINDS
from tools.plans import Json
from tools.types import Verdict
from tools.workload import WORKLOAD_KINDS, Inventory, workload_of

ENFORCE = "pod-security.kubernetes.io/enforce"
_WARNED = "would violate PodSecurity"
_LEVELS = ("baseline", "restricted")


def refusal(
    cluster: str, obj: Json, labels: Mapping[str, str] | None, warnings: Iterable[str]
) -> str:
    """Say that the pods of an object would be refused, and why; empty where they would not."""
    for warning in warnings:
        if _WARNED in warning:
            return f"Its pods would be refused: {warning}"
    level = (labels or {}).get(ENFORCE, "")
    if level not in _LEVELS or obj.get("kind") not in WORKLOAD_KINDS:
        return ""
    reasons = _violations(cluster, obj, level)
    if not reasons:
        return ""
    return f"Its pods would be refused, the namespace enforces {level}: {' '.join(reasons)}"


def _violations(cluster: str, obj: Json, level: str) -> list[str]:
    """List why a template does not meet a level of the Pod Security Standards."""
    kind = KINDS[obj["kind"]]
    try:
        workload = workload_of(cluster, kind, msgspec.convert(obj, kind.struct))
    except msgspec.ValidationError:
        return []
    modules = checks()
    ids = dict.fromkeys(
        check for control in catalogue.controls(f"pss-{level}") for check in control.checks
    )
    judged = [modules[check].judge(workload, Inventory(cluster, live=True)) for check in ids]
    return [each.reason for each in judged if each and each.verdict is Verdict.FAIL]
