"""Finds the check modules under tools/checks, and refuses those without the documented form.

A check's id is its file's stem, whatever folder it stands in. Used by the scan, and by tests and
tables that list checks.
"""

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from tools.errors import BadCheck
from tools.types import Check, Judgement

_FOLDER = Path(__file__).parent / "checks"

Judge = Callable[[Any, Any], Judgement | None]
"""`judge(subject, cluster)` of a check: None for a subject that its rule leaves out."""


class CheckModule(Struct, frozen=True):
    """One check as it was found."""

    id: str
    topic: str
    """The folder it stands in: `pods`, `rbac`..."""
    check: Check
    judge: Judge
    page: str
    """Its docstring: what, why, fix, source."""


@cache
def checks() -> Mapping[str, CheckModule]:
    """List all checks by id, in order of topic and id. Raises BadCheck; imports each module once."""
    return collect(_FOLDER, lambda name: importlib.import_module(f"tools.checks.{name}"))


def collect(folder: Path, load: Callable[[str], ModuleType]) -> dict[str, CheckModule]:
    """Find the checks below a folder; `load` imports one by its dotted name below it."""
    found: dict[str, CheckModule] = {}
    for path in sorted(folder.rglob("*.py")):
        if path.stem == "__init__":
            continue
        if path.stem in found:
            raise BadCheck(f"Two checks have the id {path.stem}.", "Rename one of the files.")
        parts = path.relative_to(folder).with_suffix("").parts
        found[path.stem] = _accept(path.stem, parts[0] if parts[1:] else "", load(".".join(parts)))
    return found


def _accept(check_id: str, topic: str, module: ModuleType) -> CheckModule:
    """Take a module as a check, or refuse it."""
    page = (module.__doc__ or "").strip()
    if not page:
        raise BadCheck(
            f"Check {check_id} has no docstring.", "Write its page: what, why, fix, source."
        )
    check = getattr(module, "CHECK", None)
    if not isinstance(check, Check):
        raise BadCheck(f"Check {check_id} declares no CHECK.", "See tools.types.Check.")
    judge: Judge | None = getattr(module, "judge", None)
    if not callable(judge):
        raise BadCheck(f"Check {check_id} has no judge(subject, cluster).", "Write the function.")
    return CheckModule(check_id, topic, check, judge, page)
