"""Which workloads a namespace's new Pod Security level would refuse. Reads; changes nothing.

The scan judges every template of the namespace, those of CronJobs and of what is scaled to zero too, in
a folder as in a cluster. Used by `tools.change` and by the queries that propose.
"""

from collections.abc import Iterable
from datetime import datetime

from tools.cluster.reader import Reader
from tools.planning.drafting import combined, high
from tools.planning.judging import ENFORCE, LEVELS
from tools.planning.patching import value_at
from tools.scan import scan
from tools.types import Operation, Risk, Verdict

_EXISTING = "violate the new PodSecurity enforce level"
MAX_PREVIEW = 50
"""The most workloads that a preview names."""


async def preview(operation: Operation, reader: Reader, now: datetime) -> tuple[str, ...]:
    """Say which workloads' pods a namespace's new level would refuse; empty for any other operation.

    Templates of CronJobs and of what is scaled to zero are judged too. Raises what the reader raises.
    """
    level = _new_level(operation)
    if level not in LEVELS:
        return ()
    result = await scan(
        reader,
        benchmark=f"pss-{level}",
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


def _new_level(operation: Operation) -> str:
    """Give the level that a change of a Namespace enforces anew, also where it had no label at all."""
    if operation.target.kind != "Namespace":
        return ""
    path = ("metadata", "labels", ENFORCE)
    for change in operation.changes:
        if path[: len(change.path)] == change.path:
            found = value_at(change.after, path[len(change.path) :])
            return found if isinstance(found, str) else ""
    return ""
