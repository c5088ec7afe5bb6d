"""What the documents say is true: commands exist, paths exist, tables are those of the code."""

import re
import runpy
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from bot.cli.main import app
from bot.settings import Settings, load
from tests import new, tables
from tools import vocabulary

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("deploy/**/*.md")],
)
DOCUMENTS = [file for file in DOCUMENTS if "node_modules" not in file.parts]


def quoted(file: Path) -> list[str]:
    """Give the lines of a document's shell blocks and its `inline` words."""
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|bash|console)?\n(.*?)```", text, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line] + re.findall(r"`([^`\n]+)`", text)


def command(words: list[str]) -> list[str]:
    """Give the command that words begin with: one word, or two where the first is a group."""
    group = typer.main.get_command(app)
    named = getattr(group, "commands", {}).get(words[0])
    return words[: 2 if len(words) > 1 and words[1] in getattr(named, "commands", {}) else 1]


def test_the_tables_are_those_of_the_code() -> None:
    written = tables.TARGET.read_text(encoding="utf-8")
    assert written == tables.document(), "run: make tables"


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_quoted_make_targets_exist(file: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {m for line in quoted(file) for m in re.findall(r"\bmake ([a-z-]+)", line)}
    assert named <= targets


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_quoted_oakum_commands_are_understood(file: Path) -> None:
    for line in quoted(file):
        words = shlex.split(line.removeprefix("$ ").removeprefix(".venv/bin/"), comments=True)
        if len(words) < 2 or words[0] != "oakum":
            continue
        result = CliRunner().invoke(app, [*command(words[1:]), "--help"])
        assert result.exit_code == 0, line
        options = {word.split("=")[0] for word in words[2:] if word.startswith("--")}
        assert all(option in result.output for option in options), line


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_quoted_paths_exist(file: Path) -> None:
    roots = ("bot/", "tools/", "knowledge/", "tests/", "deploy/")
    paths = {word for word in quoted(file) if word.startswith(roots) and " " not in word}
    absent = sorted(
        p for p in paths if not re.search(r"[A-Z<*{]{2}", p) and not (ROOT / p).exists()
    )
    assert absent == []


def test_nothing_is_left_to_fill_in() -> None:
    folders = ("bot", "tools", "knowledge", "tests/tools/checks/cases")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.*")]
    written = [file for file in files if file.suffix in (".py", ".md", ".yaml")]
    unfilled = [file.name for file in written if "FILL-IN" in file.read_text(encoding="utf-8")]
    assert unfilled == []


@pytest.mark.parametrize("scaffold", [new.CHECK, new.QUERY], ids=["check", "query"])
def test_a_new_part_fits_the_code_of_today(scaffold: str, tmp_path: Path) -> None:
    file = tmp_path / "scaffold.py"
    file.write_text(scaffold, encoding="utf-8")
    made = runpy.run_path(str(file))
    assert {"judge", "CHECK"} <= set(made) or {"run", "Arguments"} <= set(made)


def test_a_new_action_fits_the_code_of_today(tmp_path: Path) -> None:
    file = tmp_path / "no_such_thing.py"
    file.write_text(new.filled(new.ACTION, "no_such_thing"), encoding="utf-8")
    made = runpy.run_path(str(file))
    assert made["NoSuchThing"].__struct_config__.tag == "no_such_thing"
    assert vocabulary._entry(SimpleNamespace(**made)).kinds == made["KINDS"]


def test_a_new_guide_has_the_parts_of_a_guide() -> None:
    headings = re.findall("^## .*$", new.GUIDE, re.MULTILINE)
    shipped = (ROOT / "knowledge/guidance/host_pid.md").read_text(encoding="utf-8")
    assert headings == re.findall("^## .*$", shipped, re.MULTILINE)


def test_every_setting_is_present_in_deploy() -> None:
    text = (ROOT / "deploy" / "oakum.yaml").read_text(encoding="utf-8")
    keys = {key.strip("`").split(".")[-1] for key, *_ in tables.setting_rows(Settings)}
    absent = sorted(key for key in keys if not re.search(rf"\b{key}:", text))
    assert absent == []


def test_the_deployed_configuration_is_the_default(tmp_path: Path) -> None:
    deployed = load(ROOT / "deploy" / "oakum.yaml", {}).model_dump()
    default = load(write_empty(tmp_path), {}).model_dump()
    assert deployed == default


def write_empty(folder: Path) -> Path:
    """Write a configuration that sets nothing."""
    file = folder / "oakum.yaml"
    file.write_text("", encoding="utf-8")
    return file
