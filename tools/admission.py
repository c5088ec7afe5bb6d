"""Which workloads a namespace's new Pod Security level would refuse. Reads; changes nothing.

The scan judges every template of the namespace, those of CronJobs and of what is scaled to zero too, in
a folder as in a cluster. Used by `tools.change` and by the queries that propose.
"""

from collections.abc import Iterable
from datetime import datetime

from tools.cluster.reader import Reader
from tools.planning.drafting import combined, high
from tools.planning.judging import ENFORCE, LEVELS
from tools.scan import scan
from tools.types import Operation, Risk, Verdict

_EXISTING = "violate the new PodSecurity enforce level"
MAX_PREVIEW = 50
"""The most workloads that a preview names."""


async def preview(operation: Operation, reader: Reader, now: datetime) -> tuple[str, ...]:
    """Say which workloads' pods a namespace's new level would refuse; empty for any other operation.

    Templates of CronJobs and of what is scaled to zero are judged too. Raises what the reader raises.
    """
    enforced = [c.after for c in operation.changes if c.path == ("metadata", "labels", ENFORCE)]
    if operation.target.kind != "Namespace" or not set(LEVELS).intersection(map(str, enforced)):
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
