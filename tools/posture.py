"""What a scan amounts to: order, what is missing, exit code. Pure functions, for answers, tables and CI.

Holds no words for people and no rule of a benchmark. Used by the queries, the reports and the terminal.
"""

from collections.abc import Iterable

from tools.errors import BadArgument
from tools.types import Finding, Gap, Scan, Severity, Verdict

NEVER = "never"
"""The `fail_on` that rules exit code 1 out."""
EXIT_CLEAN = 0
EXIT_FAILING = 1
EXIT_NOT_ALL_SEEN = 3
FAIL_ON = (NEVER, *(severity.value for severity in Severity))


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
    return EXIT_NOT_ALL_SEEN if not_looked_at(scan.gaps) else EXIT_CLEAN


def left_out(scan: Scan) -> str:
    """Say what is Kubernetes' own and therefore not judged; empty for nothing."""
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(scan.built_in.items()))
    return f"left out as Kubernetes' own: {counted}" if counted else ""


def not_looked_at(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Keep what a source should have given and did not; not what it is not meant to give."""
    return tuple(gap for gap in gaps if not gap.refused)


def failing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep findings that fail."""
    return tuple(found for found in findings if found.verdict is Verdict.FAIL)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings: failing, then unknown, then the rest; worst severity first; control; object."""
    return tuple(sorted(findings, key=_rank))


def by_number(control: str) -> tuple[tuple[int, str], ...]:
    """Give the key by which controls follow each other: 5.2.2 before 5.2.10, words last."""
    return tuple((int(part), "") if part.isdigit() else (99, part) for part in control.split("."))


_VERDICTS = {Verdict.FAIL: 0, Verdict.UNKNOWN: 1, Verdict.NOT_APPLICABLE: 2, Verdict.PASS: 3}


def _rank(found: Finding) -> tuple[object, ...]:
    """Give the key that findings are ordered by."""
    ref = found.ref
    return (
        _VERDICTS[found.verdict],
        -found.severity.rank,
        by_number(found.controls[0]) if found.controls else ((99, ""),),
        ref.namespace,
        ref.name,
        ref.kind,
        found.check,
        found.container,
    )
