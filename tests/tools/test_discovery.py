"""Every file under tools/checks is a check; what is not is refused by name."""

from pathlib import Path
from types import ModuleType

import pytest

from knowledge import catalogue
from tools.discovery import checks, collect
from tools.errors import BadCheck
from tools.types import PASSED, Check, Severity, Subject


def module(
    doc: str = "A page.", check: object = None, judge: object = lambda s, c: PASSED
) -> ModuleType:
    """Make a module as a check file would be."""
    made = ModuleType("made", doc)
    made.CHECK = check or Check(
        "Bad thing", Severity.LOW, Subject.WORKLOAD, (), "https://a.example"
    )  # type: ignore[attr-defined]
    made.judge = judge  # type: ignore[attr-defined]
    return made


def files(folder: Path, *names: str) -> Path:
    """Make empty files."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_ids_are_stems_whatever_the_folder(tmp_path: Path) -> None:
    asked: list[str] = []

    def load(name: str) -> ModuleType:
        asked.append(name)
        return module()

    found = collect(files(tmp_path, "__init__.py", "a.py", "pods/__init__.py", "pods/b.py"), load)
    assert {each.id: each.topic for each in found.values()} == {"a": "", "b": "pods"}
    assert asked == ["a", "pods.b"]


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheck, match="id b"):
        collect(files(tmp_path, "a/b.py", "c/b.py"), lambda name: module())


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (module(doc=""), "no docstring"),
        (module(check="text"), "no CHECK"),
        (module(judge=None), "no judge"),
    ],
)
def test_what_is_no_check_is_refused(made: ModuleType, what: str, tmp_path: Path) -> None:
    with pytest.raises(BadCheck, match=what):
        collect(files(tmp_path, "a.py"), lambda name: made)


def test_every_check_answers_a_control_and_every_control_names_existing_checks() -> None:
    named = {
        check_id
        for benchmark in catalogue.benchmark_names()
        for control in catalogue.controls(benchmark)
        for check_id in control.checks
    }
    assert named == set(checks())
