"""Findings as CSV, safe to open in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime

import pytest

from tools.reports import csv_report
from tools.types import Evidence, Finding, Gap, ResourceRef, Scan, Severity, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*findings: Finding, gaps: tuple[Gap, ...] = ()) -> list[dict[str, str]]:
    """Render and read back."""
    scan = Scan("s", "lab", "cis-1.12", (), NOW, NOW, {}, (), findings, gaps)
    text = csv_report.render(scan)
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text)))


def finding(name: str, reason: str = "Why, and how.") -> Finding:
    """Make one finding."""
    ref = ResourceRef("lab", "v1", "Pod", "shop", name)
    account = ResourceRef("lab", "v1", "ServiceAccount", "shop", "default")
    facts = (Evidence("a", "true"), Evidence("b", "false", account))
    return Finding(
        "root_user", ("5.2.7", "x"), Severity.HIGH, Verdict.FAIL, ref, "web", reason, facts, "f0", 1
    )


def test_a_row_says_all_of_a_finding() -> None:
    (row,) = rows(finding("api"))
    assert row == {
        "severity": "high",
        "verdict": "fail",
        "controls": "5.2.7 x",
        "check": "root_user",
        "cluster": "lab",
        "namespace": "shop",
        "kind": "Pod",
        "name": "api",
        "container": "web",
        "pods": "1",
        "reason": "Why, and how.",
        "evidence": "a = true; b of ServiceAccount shop/default = false",
        "fingerprint": "f0",
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_cell_that_a_spreadsheet_would_run_is_prefixed(start: str) -> None:
    (row,) = rows(finding("api", f"{start}HYPERLINK(1)"))
    assert row["reason"] == f"'{start}HYPERLINK(1)"


def test_what_could_not_be_looked_at_is_in_the_file_too() -> None:
    gaps = (Gap("a.yaml:3", "=odd", kind="Pod", namespace="shop"), Gap("x", "y", refused=True))
    found = rows(finding("api"), gaps=gaps)
    assert len(found) == 2
    assert found[1]["verdict"] == "not-looked-at"
    assert (found[1]["name"], found[1]["reason"], found[1]["kind"]) == ("a.yaml:3", "'=odd", "Pod")
