"""Exit codes, order and counts of a scan."""

from datetime import UTC, datetime

import pytest

from tools import posture
from tools.errors import BadArgument
from tools.types import ControlResult, Finding, Gap, ResourceRef, Scan, Severity, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def finding(
    severity: Severity,
    verdict: Verdict = Verdict.FAIL,
    name: str = "api",
    namespace: str = "shop",
    **more: object,
) -> Finding:
    """Make one finding."""
    kind = str(more.get("kind", "Deployment"))
    ref = ResourceRef("lab", "apps/v1", kind, namespace, name)
    check = str(more.get("check", "c"))
    return Finding(
        check,
        ("5.2.2",),
        severity,
        verdict,
        ref,
        "",
        "",
        (),
        "f",
        pods=int(str(more.get("pods", 0))),
    )


def scan_of(*findings: Finding, gaps: tuple[Gap, ...] = ()) -> Scan:
    """Make a scan that holds these."""
    zero = dict.fromkeys(Verdict, 0)
    controls = (
        ControlResult("a", "", "", Verdict.FAIL, zero),
        ControlResult("b", "", "", Verdict.PASS, zero),
        ControlResult("c", "", "", Verdict.PASS, zero),
    )
    return Scan("s", "lab", "cis-1.12", (), NOW, NOW, zero, controls, findings, gaps)


GAP = Gap("pods", "timed out", kind="Pod")


@pytest.mark.parametrize(
    ("scan", "fail_on", "code"),
    [
        (scan_of(), "high", 0),
        (scan_of(finding(Severity.HIGH)), "high", 1),
        (scan_of(finding(Severity.CRITICAL)), "high", 1),
        (scan_of(finding(Severity.MEDIUM)), "high", 0),
        (scan_of(finding(Severity.LOW)), "low", 1),
        (scan_of(finding(Severity.CRITICAL)), "never", 0),
        (scan_of(finding(Severity.CRITICAL, Verdict.UNKNOWN)), "low", 0),
        (scan_of(finding(Severity.CRITICAL, Verdict.PASS)), "low", 0),
        (scan_of(gaps=(GAP,)), "high", 3),
        (scan_of(finding(Severity.HIGH), gaps=(GAP,)), "high", 1),
        (scan_of(finding(Severity.HIGH), gaps=(GAP,)), "never", 3),
        (scan_of(gaps=(Gap("policies", "not granted", refused=True),)), "high", 0),
    ],
)
def test_exit_code(scan: Scan, fail_on: str, code: int) -> None:
    assert posture.exit_code(scan, fail_on) == code


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(BadArgument, match="severe"):
        posture.exit_code(scan_of(), "severe")


def test_order_is_verdict_then_severity_then_namespace_then_name() -> None:
    wanted = [
        finding(Severity.CRITICAL, name="z", namespace="z"),
        finding(Severity.HIGH, name="b", namespace="a"),
        finding(Severity.HIGH, name="a", namespace="b"),
        finding(Severity.HIGH, name="a", namespace="b", check="d"),
        finding(Severity.LOW),
        finding(Severity.CRITICAL, Verdict.UNKNOWN, name="a", namespace="a"),
    ]
    assert posture.ordered(reversed(wanted)) == tuple(wanted)
