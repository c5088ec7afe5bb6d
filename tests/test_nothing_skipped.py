"""In CI a machine that lacks something is a failure; elsewhere it is a skip that says what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nothing_skipped import in_ci

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.fixture
def far():
    pytest.skip("no cluster here")

@pytest.mark.lab
def test_by_fixture(far): ...

@pytest.mark.postgres
@pytest.mark.skipif(True, reason="no server programs")
def test_by_mark(): ...

@pytest.mark.lab
@pytest.mark.xfail(strict=True)
def test_known_failure(): assert False

def test_of_another_kind():
    pytest.skip("only on Sundays")
"""


def run(folder: Path, ci: str) -> str:
    (folder / "test_some.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    lab\n    postgres\n")
    command = [sys.executable, "-m", "pytest", "-rsf", "-p", "tests.nothing_skipped", str(folder)]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    ).stdout


def test_elsewhere_they_are_skipped(tmp_path: Path) -> None:
    said = run(tmp_path, ci="")
    assert "3 skipped, 1 xfailed" in said
    assert "no cluster here" in said


def test_in_ci_they_fail_with_the_reason(tmp_path: Path) -> None:
    said = run(tmp_path, ci="true")
    assert "1 skipped, 1 xfailed, 2 errors" in said
    assert "CI may skip nothing (lab): Skipped: no cluster here" in said
    assert "CI may skip nothing (postgres): Skipped: no server programs" in said


@pytest.mark.parametrize(
    ("ci", "expected"), [("1", True), ("True", True), ("false", False), ("0", False)]
)
def test_ci_is_where_the_variable_says_so(
    monkeypatch: pytest.MonkeyPatch, ci: str, expected: bool
) -> None:
    monkeypatch.setenv("CI", ci)
    assert in_ci() is expected
