"""Writes REFERENCE.md: checks, controls, actions, queries, settings and commands, as the code has them.

`python -m tests.tables` writes it; a test compares. Nothing in that file is written by hand.
"""

import ast
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bot import settings
from bot.cli.main import app
from knowledge import catalogue
from tools import discovery, vocabulary

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "REFERENCE.md"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a Markdown table; bars inside cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def checks() -> str:
    """List every check with the controls it answers, per benchmark."""
    answers: dict[str, list[str]] = {}
    for name in catalogue.benchmark_names():
        for control in catalogue.controls(name):
            for check in control.checks:
                answers.setdefault(check, []).append(f"{name}/{control.id}")
    rows = [
        (
            f"`{found.id}`",
            found.check.title,
            found.check.severity.value,
            ", ".join(answers.get(found.id, [])),
        )
        for found in discovery.checks().values()
    ]
    return table(("check", "finds", "severity", "answers"), sorted(rows))


def controls() -> str:
    """Count per benchmark section how many controls a check answers."""
    rows: list[tuple[str, ...]] = []
    for name in catalogue.benchmark_names():
        total: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for control in catalogue.controls(name):
            total[control.section] += 1
            answered[control.section] += bool(control.checks)
        rows += [(name, section, str(total[section]), str(answered[section])) for section in total]
    return table(("benchmark", "section", "controls", "answered by a check"), rows)


def queries() -> str:
    """List what the model may call, with the first sentence it reads about each."""
    rows: list[tuple[str, ...]] = []
    for file in sorted((ROOT / "tools" / "queries").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {getattr(node, "name", "") for node in tree.body}
        if {"Arguments", "run"} <= names:
            first = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
            rows.append((f"`{file.stem}`", first))
    return table(("query", "what it answers"), rows)


def actions() -> str:
    """List what can be proposed: what it does, on which kinds, and which checks it can answer."""
    rows: list[tuple[str, ...]] = []
    for action, entry in vocabulary.ACTIONS.items():
        module = sys.modules[action.__module__]
        first = (ast.get_docstring(ast.parse(source(module))) or "").split("\n\n")[0]
        rows.append(
            (
                f"`{action.__struct_config__.tag}`",
                first.replace("\n", " "),
                ", ".join(entry.kinds),
                ", ".join(entry.answers) or "none",
            )
        )
    return table(("action", "what it does", "on", "checks that it can answer"), rows)


def source(module: ModuleType) -> str:
    """Read a module's text."""
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def setting_rows(part: type[BaseModel], prefix: str = "") -> list[tuple[str, ...]]:
    """List the settings of one part and the parts inside it."""
    rows: list[tuple[str, ...]] = []
    for name, field in part.model_fields.items():
        if name in settings.SECRETS:
            continue
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            rows += setting_rows(inner, f"{prefix}{name}.")
            continue
        rows.append((f"`{prefix}{name}`", default_of(field), field.description or ""))
        if name == "clusters":
            rows += setting_rows(settings.Cluster, "clusters.NAME.")
    return rows


def default_of(field: Any) -> str:
    """Give a setting's default as YAML would write it."""
    if field.default is PydanticUndefined:
        return "`~/.local/share/oakum`" if "database" in (field.description or "") else "none"
    value = getattr(field.default, "value", field.default)
    return "none" if value in (None, "") else f"`{value}`"


def secrets() -> str:
    """List the environment variables that hold secrets."""
    return ", ".join(f"`{name}`" for name in settings.SECRETS.values())


def commands() -> str:
    """List the subcommands with their first line of help, those of groups with the group's name."""
    found = [("oakum", command) for command in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands if group.typer_instance else []
        found += [(f"oakum {group.name}", command) for command in inner]
    rows = [
        (f"`{before} {command.name}`", (command.callback.__doc__ or "").split("\n")[0])
        for before, command in found
        if command.callback
    ]
    return table(("command", "what it does"), rows)


def document() -> str:
    """Write the whole file."""
    parts = {
        "Commands": commands(),
        "Checks": checks(),
        "Controls": controls(),
        "Actions": "What people can have proposed; nothing else can be changed.\n\n" + actions(),
        "Queries": queries(),
        "Settings": "Environment: `OAKUM_MODEL__NAME` sets `model.name`, and so on. Secrets come only from "
        f"the environment ({secrets()}) or from the file that `NAME_FILE` names.\n\n"
        + table(("setting", "default", "meaning"), setting_rows(settings.Settings)),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items())
    return f"# Reference\n\nWritten by `make tables` from the code; a test compares.\n\n{body}\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"Written: {TARGET.name}\n")
