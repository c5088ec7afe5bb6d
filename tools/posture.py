"""What a scan amounts to: counts, order, exit code. Pure functions, for answers, tables and CI.

Holds no words for people and no rule of a benchmark. Used by the queries, the reports and the terminal.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from tools.errors import BadArgument
from tools.types import Finding, Gap, ResourceRef, Scan, Severity, Verdict
from tools.workload import WORKLOAD_KINDS

NEVER = "never"
"""The `fail_on` that rules exit code 1 out."""
EXIT_CLEAN = 0
EXIT_FAILING = 1
EXIT_NOT_ALL_SEEN = 3
FAIL_ON = (NEVER, *(severity.value for severity in Severity))
_WORKLOADS = frozenset(WORKLOAD_KINDS)


def exit_code(scan: Scan, fail_on: str) -> int:
    """Give a scan's exit code.

    1 for a failing finding at or over the severity `fail_on` (`never` rules it out), else 3 where
    something could not be looked at, else 0. Raises BadArgument for another `fail_on`.
    """
    if fail_on not in FAIL_ON:
        raise BadArgument(f"There is no severity {fail_on}.", f"One of: {', '.join(FAIL_ON)}.")
    if fail_on != NEVER:
        least = Severity(fail_on).rank
        if any(found.severity.rank >= least for found in failing(scan.findings)):
            return EXIT_FAILING
    return EXIT_NOT_ALL_SEEN if not_looked_at(scan) else EXIT_CLEAN


def not_looked_at(scan: Scan) -> tuple[Gap, ...]:
    """List what this source should have given and did not; not what it is not meant to give."""
    return tuple(gap for gap in scan.gaps if not gap.refused)


def failing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep findings that fail."""
    return tuple(found for found in findings if found.verdict is Verdict.FAIL)


def unknown(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep findings that are unknown."""
    return tuple(found for found in findings if found.verdict is Verdict.UNKNOWN)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings: worst severity first, then fail before the rest, namespace, name, check."""
    return tuple(sorted(findings, key=_rank))


def _rank(found: Finding) -> tuple[int, bool, str, str, str, str]:
    """Give the key that findings are ordered by."""
    ref = found.ref
    return (
        -found.severity.rank,
        found.verdict is not Verdict.FAIL,
        ref.namespace,
        ref.name,
        ref.kind,
        found.check,
    )


def count_by_namespace(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by namespace, most first; the empty name is what is cluster-scoped."""
    return _count(findings, lambda found: found.ref.namespace)


def count_by_kind(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by the kind of their object, most first."""
    return _count(findings, lambda found: found.ref.kind)


def count_by_check(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by check id, most first."""
    return _count(findings, lambda found: found.check)


def count_by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Count findings by severity, worst first, all four keys present."""
    counts = Counter(found.severity for found in findings)
    return {severity: counts[severity] for severity in sorted(Severity, key=lambda s: -s.rank)}


def _count(findings: Iterable[Finding], key: Callable[[Finding], str]) -> dict[str, int]:
    """Count by a text, most first, equal counts by name."""
    counts = Counter(key(found) for found in findings)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def count_controls(scan: Scan) -> dict[Verdict, int]:
    """Count controls by verdict, all four keys present."""
    counts = Counter(control.verdict for control in scan.controls)
    return {verdict: counts[verdict] for verdict in Verdict}


def by_object(findings: Iterable[Finding]) -> dict[ResourceRef, tuple[Finding, ...]]:
    """Group findings by their object, in the order in which objects first appear."""
    groups: dict[ResourceRef, list[Finding]] = {}
    for found in findings:
        groups.setdefault(found.ref, []).append(found)
    return {ref: tuple(group) for ref, group in groups.items()}


def failing_workloads(scan: Scan) -> tuple[ResourceRef, ...]:
    """List workloads that fail at least one check, each once, by namespace, name and kind."""
    refs = {found.ref for found in failing(scan.findings) if found.ref.kind in _WORKLOADS}
    return tuple(sorted(refs, key=lambda ref: (ref.namespace, ref.name, ref.kind)))


def failing_pods(scan: Scan) -> int:
    """Count running pods whose workload fails at least one check."""
    pods = {f.ref: f.pods for f in failing(scan.findings) if f.ref.kind in _WORKLOADS}
    return sum(pods.values())
