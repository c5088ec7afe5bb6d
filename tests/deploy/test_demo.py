"""The demo does what the README says: headless in the local Slack, and in the terminal elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
SERVER = DEMO / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    return subprocess.run(
        [sys.executable, str(DEMO / "run.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment,
    )


@pytest.mark.local_slack
@pytest.mark.slow
def test_questions_are_answered_and_a_fix_is_approved_verified_and_undone_in_slack() -> None:
    if not SERVER.exists():
        pytest.skip("the local Slack server is not installed: make test installs it with npm")
    result = demo("--once")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "four ways to ask, and a fix approved, verified and undone" in result.stdout
    assert "Deployment shop/web" in result.stdout
    assert "CIS 5.2.7" in result.stdout
    assert "No language model was used" in result.stdout
    assert "Who asked for a change never decides on it" in result.stdout
    assert "• `privileged`: `true` → `false`" in result.stdout
    assert "Done and verified" in result.stdout
    assert "• `privileged`: `false` → `true`" in result.stdout


@pytest.mark.slow
def test_the_terminal_shows_the_same_and_says_so() -> None:
    result = demo("--once", "--terminal")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "in the terminal" in result.stdout
    assert "as a typed choice" in result.stdout
    assert "Deployment shop/web" in result.stdout
