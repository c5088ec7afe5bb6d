"""Whether Pod Security would refuse the pods of a workload: by the server's warning, or by our reading.

The server refuses pods, never their workload: a Deployment is taken and then makes no pod. So the
template is judged by the checks of the level and version that its namespace enforces. Used by `rehearse`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from knowledge import catalogue
from tools.cluster.reader import Reader
from tools.discovery import checks
from tools.objects.kinds import KINDS
from tools.planning.drafting import combined, high
from tools.plans import Json
from tools.pod_security import standard_of
from tools.scan import scan
from tools.types import Operation, Risk, Verdict
from tools.workload import WORKLOAD_KINDS, Inventory, workload_of

ENFORCE = "pod-security.kubernetes.io/enforce"
_WARNED = "would violate PodSecurity"
_EXISTING = "violate the new PodSecurity enforce level"
MAX_PREVIEW = 50
"""The most workloads that a preview names."""
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
    version = (labels or {}).get(f"{ENFORCE}-version", "")
    reasons = _violations(cluster, obj, level, standard_of(version).minor)
    if not reasons:
        return ""
    return f"Its pods would be refused, the namespace enforces {level}: {' '.join(reasons)}"


async def preview(operation: Operation, reader: Reader, now: datetime) -> tuple[str, ...]:
    """Say which workloads' pods a namespace's new level would refuse; empty for any other operation.

    Templates of CronJobs and of what is scaled to zero are judged too. Raises what the reader raises.
    """
    enforced = [c.after for c in operation.changes if c.path == ("metadata", "labels", ENFORCE)]
    if operation.target.kind != "Namespace" or not set(_LEVELS).intersection(map(str, enforced)):
        return ()
    result = await scan(
        reader,
        benchmark=f"pss-{enforced[0]}",
        namespaces=(operation.target.name,),
        now=lambda: now,
    )
    refused: dict[str, list[str]] = {}
    for finding in result.findings:
        if finding.verdict is Verdict.FAIL:
            name = f"{finding.ref.kind} {finding.ref.name}"
            refused.setdefault(name, []).append(finding.reason)
    said = [f"{name}: {' '.join(dict.fromkeys(reasons))}" for name, reasons in refused.items()]
    more = len(said) - MAX_PREVIEW
    cut = (f"And {more} more.",) if more > 0 else ()
    unread = tuple(f"Could not be looked at: {gap.what}, {gap.why}." for gap in result.gaps)
    return (*said[:MAX_PREVIEW], *cut, *unread[:MAX_PREVIEW])


def weighed(risk: Risk, seen: Iterable[str], warnings: Iterable[str]) -> Risk:
    """Give the risk of a change with that of its preview: pods that would be refused make it high."""
    if any(seen) or any(_EXISTING in warning for warning in warnings):
        return combined((high("Pods that are needed now would be refused (see below)."), risk))
    return risk


def _violations(cluster: str, obj: Json, level: str, standard: int) -> list[str]:
    """List why a template does not meet a level of the Pod Security Standards, at a version."""
    kind = KINDS[obj["kind"]]
    try:
        workload = workload_of(cluster, kind, msgspec.convert(obj, kind.struct))
    except msgspec.ValidationError:
        return []
    modules = checks()
    ids = dict.fromkeys(
        check for control in catalogue.controls(f"pss-{level}") for check in control.checks
    )
    inventory = Inventory(cluster, live=True, standard=standard)
    judged = [modules[check].judge(workload, inventory) for check in ids]
    return [each.reason for each in judged if each and each.verdict is Verdict.FAIL]
