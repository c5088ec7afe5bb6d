"""A pytest plugin: in CI a test that lacks something of its machine fails instead of being skipped.

Elsewhere such a test says what it lacks and is counted as skipped. CI is where the variable CI is
set, as every CI system does.
"""

import os
from collections.abc import Generator

import pytest

MACHINE_MARKERS = frozenset({"lab", "postgres", "local_slack", "browser", "checkov", "go", "git"})
"""Markers of tests that need more than Python (see pyproject.toml)."""


def in_ci() -> bool:
    """Tell whether this run must not leave anything out."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a marked test into a failure with the same reason."""
    report = yield
    marked = MACHINE_MARKERS.intersection(marker.name for marker in item.iter_markers())
    if report.skipped and marked and in_ci() and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI may skip nothing ({', '.join(sorted(marked))}): {reason}"
    return report
