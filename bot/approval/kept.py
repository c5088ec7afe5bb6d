"""What the ledger keeps of actions and operations: every value masked as in the object that it stands in.

A list of volumes or of environment values may be changed as a whole, secrets and all. Digests are made
over the seal, and an undo reads the steps' intents: neither rests on this. Pure; used by `transitions`
and `executing`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec
from msgspec import UNSET, structs

from tools import redact
from tools.changes import Step
from tools.types import Change, FieldPath, Operation

Difference = Sequence[tuple[Operation, tuple[Change, ...]]]


def action(body: bytes) -> str:
    """Write an action's bytes as text; of a draft they may be anything."""
    return body.decode("utf-8", "replace")


def steps(sealed: Iterable[Step]) -> list[dict[str, Any]]:
    """Write what was sealed."""
    return [{**msgspec.to_builtins(one), "operation": operation(one.operation)} for one in sealed]


def difference(found: Difference) -> list[tuple[dict[str, Any], Any]]:
    """Write what a dry run would change."""
    return [(operation(one), msgspec.to_builtins(_masked(changes))) for one, changes in found]


def operation(one: Operation) -> dict[str, Any]:
    """Write one operation."""
    fixed = tuple(structs.replace(each, value=_at(each.path, each.value)) for each in one.fixed)
    manifest = redact.document(one.manifest)
    safe = structs.replace(one, changes=_masked(one.changes), fixed=fixed, manifest=manifest)
    return msgspec.to_builtins(safe)


def _masked(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(
        Change(one.path, _at(one.path, one.before), _at(one.path, one.after)) for one in changes
    )


def _at(path: FieldPath, value: Any) -> Any:
    """Mask a value by the names of the fields on the way to it."""
    if value is UNSET:
        return value
    if isinstance(path[-1], int) and path[-2] in ("command", "args"):
        return redact.MASK
    found = {"": value}
    for part in reversed(path):
        found = {"": [found[""]]} if isinstance(part, int) else {"": {part: found[""]}}
    inner: Any = redact.document(found)[""]
    for _ in path:
        inner = _only(inner)
    return inner


def _only(inner: Any) -> Any:
    """Give the one member of a mapping or a list; what was masked as a whole stays masked."""
    if isinstance(inner, dict):
        return next(iter(cast("dict[str, Any]", inner).values()))
    return cast("list[Any]", inner)[0] if isinstance(inner, list) else redact.MASK
