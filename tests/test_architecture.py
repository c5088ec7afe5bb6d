"""The house rules that a machine can keep: sizes, imports, banned constructs, docs that are true.

import-linter keeps the order of floors and doors, ruff the docstrings and the complexity (both in
pyproject.toml); this file holds the rest.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from tests.fakes.drawn_actions import TAGS, samples
from tools import vocabulary
from tools.queries.proposing.titles import title

ROOT = Path(__file__).parents[1]
SHIPPED = ("bot", "tools", "knowledge")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
LAZY_IMPORTS = ("bot/cli/", "bot/app/", "knowledge/embed.py", "knowledge/index.py")
BANNED_MODULES = {"subprocess", "pickle", "shelve", "marshal", "pty", "commands"}
BANNED_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "system",
    "popen",
    "spawnv",
    "execv",
    "fork",
}
BANNED_FOLDER_NAMES = {"utils", "helpers", "common", "base", "manager", "util", "helper"}
BROAD_EXCEPT = (
    *("bot/cli/main.py", "bot/slack/", "bot/web.py", "bot/agent/toolbox.py"),
    "bot/executor/edge.py",
)


def sources(*floors: str) -> list[Path]:
    """List the shipped Python files."""
    return sorted(file for floor in floors or SHIPPED for file in (ROOT / floor).rglob("*.py"))


def parsed() -> Iterator[tuple[str, ast.Module]]:
    """Give each shipped file's path from the root and its tree."""
    for file in sources():
        yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function of a tree, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_and_functions_are_short() -> None:
    long = [
        f"{file.relative_to(ROOT)}: {lines} lines"
        for file in sources()
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    ]
    for path, tree in parsed():
        long += [
            f"{path}:{function.lineno} {function.name}: {length} lines"
            for function in functions(tree)
            if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
        ]
    assert long == []


def test_names_of_files_say_what_they_hold() -> None:
    drawers = [str(file) for file in sources() if file.stem in BANNED_FOLDER_NAMES]
    assert drawers == []


def test_package_files_hold_a_docstring_only() -> None:
    busy = [
        path
        for path, tree in parsed()
        if path.endswith("__init__.py") and not (len(tree.body) == 1 and ast.get_docstring(tree))
    ]
    assert busy == []


def test_nothing_starts_a_program_or_runs_text() -> None:
    found: list[str] = []
    for path, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [
                    f"{path}: {a.name}" for a in node.names if _root(a.name) in BANNED_MODULES
                ]
            if isinstance(node, ast.ImportFrom) and _root(node.module or "") in BANNED_MODULES:
                found.append(f"{path}: {node.module}")
            if isinstance(node, ast.Call) and _called(node) in BANNED_CALLS:
                found.append(f"{path}:{node.lineno} {_called(node)}")
    assert found == []


def _root(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def _called(call: ast.Call) -> str:
    """Name what is called; `re.compile` and other methods of that harmless name do not count."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    if isinstance(call.func, ast.Attribute):
        owner = call.func.value
        if isinstance(owner, ast.Name) and owner.id in {"os", "builtins"}:
            return call.func.attr
    return ""


def test_imports_stand_at_the_top() -> None:
    hidden = [
        f"{path}:{node.lineno}"
        for path, tree in parsed()
        if not path.startswith(LAZY_IMPORTS)
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_broad_excepts_stand_only_at_the_edges() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in parsed()
        if not path.startswith(BROAD_EXCEPT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or "Exception" in {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
        )
    ]
    assert broad == []


@pytest.mark.parametrize("folder", ["checks", "actions", "queries"])
def test_each_check_action_and_query_has_a_test(folder: str) -> None:
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    cases = {file.stem for file in (ROOT / "tests/tools/checks/cases").glob("*.yaml")}
    untested = [
        file.stem
        for file in (ROOT / "tools" / folder).rglob("*.py")
        if file.stem != "__init__"
        and file.stem not in cases
        and not re.search(rf"\b{file.stem}\b", tests)
    ]
    assert untested == []


def test_each_action_is_in_the_vocabulary_and_has_words() -> None:
    files = {file.stem for file in (ROOT / "tools/actions").glob("*.py")} - {"__init__"}
    listed = {action.__module__.rpartition(".")[2] for action in vocabulary.ACTIONS}
    union = {action.__module__.rpartition(".")[2] for action in get_args(vocabulary.Vocabulary)}
    assert files == listed == union
    for action in vocabulary.ACTIONS:
        assert action.__struct_config__.tag == action.__module__.rpartition(".")[2]
        assert len(sys.modules[action.__module__].__doc__ or "") > 40
    assert {TAGS[one["action"]] for one in samples()} == set(vocabulary.ACTIONS)
    assert all(title(vocabulary.decode(msgspec.json.encode(one))) for one in samples())


def test_import_contracts_are_kept() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
