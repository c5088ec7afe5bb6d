"""The Dockerfile, read: it cannot be built where there is no Docker daemon.

What it makes is made on the lab from the same wheel and lock (tests/lab/oakum_image.py).
"""

import json
import re
from pathlib import Path

from tests.lab import oakum_image

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Dockerfile"
LINES = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
RUN_TIME = LINES[LINES.index("FROM ${BASE}") :]


def said(instruction: str, lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{instruction} ")]


def test_it_is_not_root_and_the_chart_and_the_lab_run_as_the_same_user() -> None:
    assert said("USER", RUN_TIME) == [oakum_image.USER]
    user, _, group = oakum_image.USER.partition(":")
    chart = (ROOT / "deploy/helm/oakum/templates/_names.tpl").read_text()
    assert f"runAsUser: {user}\n" in chart
    assert f"runAsGroup: {group}\n" in chart


def test_it_starts_without_a_shell() -> None:
    assert said("RUN", RUN_TIME) == []
    assert json.loads(said("ENTRYPOINT", RUN_TIME)[0])[1:] == ["-m", "bot"]
    assert json.loads(said("CMD", RUN_TIME)[0]) == ["serve"]


def test_packages_come_by_the_lock_with_hashes_and_ours_from_the_wheel() -> None:
    first, second = (json.loads(command) for command in said("RUN", LINES))
    assert {"--require-hashes", "--no-deps", "/build/requirements.lock"} <= set(first)
    assert {"--no-index", "--no-deps", "oakum"} <= set(second)


def test_nothing_but_the_lock_and_the_wheel_enters_the_build() -> None:
    ignored = (FILE.parent / "Dockerfile.dockerignore").read_text().split()
    assert ignored[0] == "*"
    copied = [copy.split()[0] for copy in said("COPY", LINES) if "--from" not in copy]
    assert {f"!{each}" for each in copied} == set(ignored[1:])


def test_python_is_one_that_oakum_runs_on() -> None:
    version = re.search(r"python:(3\.\d+)-", FILE.read_text())
    assert version
    wanted = re.search(r'requires-python = ">=(3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert wanted
    assert version[1] == wanted[1]
