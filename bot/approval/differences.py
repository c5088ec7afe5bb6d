"""A rehearsal's difference as people read it, and as a patch that they can apply. Pure.

Everything comes from the redacted changes of the dry run. Names and values stand as they are; whoever
shows them makes them inert. Used by cards and by the terminal.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import msgspec
import yaml
from msgspec import UNSET

from tools import redact
from tools.types import Change, FieldPath, Fixed, Operation, Verb

Difference = Sequence[tuple[Operation, tuple[Change, ...]]]
"""As a Rehearsal has it."""
_POD_PATHS: tuple[FieldPath, ...] = (
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec", "template", "spec"),
)


def fields(operation: Operation, changes: Iterable[Change]) -> Iterator[tuple[str, str, str]]:
    """Give each changed field with its old and new value; a value that is not there is empty."""
    for change in changes:
        for leaf in _leaves(change):
            yield dotted(leaf.path, operation.fixed), _value(leaf.before), _value(leaf.after)


def lines(difference: Difference) -> Iterator[str]:
    """Write what changes line by line, for a terminal."""
    for operation, changes in difference:
        target = operation.target
        if operation.verb is not Verb.PATCH:
            yield f"{operation.verb.value} {target.kind}/{target.name}"
            continue
        for field, old, new in fields(operation, changes):
            yield f"{field}: {old or 'not set'} → {new or 'removed'}"


def patch_text(difference: Difference) -> str:
    """Write each operation as kubectl takes it: a JSON patch that tests what is there, or a manifest."""
    return "\n".join(_patch(*one) for one in difference) or "(no change)\n"


def yaml_text(document: dict[str, Any]) -> str:
    """Write an object as YAML, redacted."""
    shown = redact.document(document)
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, default_flow_style=False)


def dotted(path: FieldPath, fixed: Iterable[Fixed] = ()) -> str:
    """Write a field as people name it: without the way to the pod, containers by their names."""
    names = {one.path[:-1]: one.value for one in fixed if one.path and one.path[-1] == "name"}
    for place in _POD_PATHS:
        if path[: len(place)] == place and len(path) > len(place):
            return _joined(path, len(place), names)
    return _joined(path, 0, names)


def _joined(path: FieldPath, start: int, names: dict[FieldPath, Any]) -> str:
    text = ""
    for index in range(start, len(path)):
        part = path[index]
        if isinstance(part, int):
            text += f"[{names.get(path[: index + 1], part)}]"
        elif "." in part or "/" in part:
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _leaves(change: Change) -> Iterator[Change]:
    """Take a new object apart into its fields."""
    new = change.after
    if change.before is not UNSET or not isinstance(new, dict) or not new:
        yield change
        return
    for name, value in cast("dict[str, Any]", new).items():
        yield from _leaves(Change((*change.path, name), UNSET, value))


def _value(found: Any) -> str:
    if found is UNSET:
        return ""
    return found if isinstance(found, str) and found else msgspec.json.encode(found).decode()


def _patch(operation: Operation, changes: Sequence[Change]) -> str:
    target = operation.target
    place = f" -n {target.namespace}" if target.namespace else ""
    named = f"{target.kind.lower()} {target.name}"
    if operation.verb is Verb.DELETE:
        return f"# kubectl{place} delete {named} --cascade=foreground\n"
    if operation.verb is Verb.CREATE:
        head = f"# kubectl{place} create -f FILE, the file being:"
        return f"{head}\n{yaml_text(operation.manifest)}"
    head = f"# kubectl{place} patch {named} --type=json --patch-file FILE, the file being:"
    steps = [*_tests(operation.fixed), *(step for one in changes for step in _steps(one))]
    body = ",\n".join(f"  {msgspec.json.encode(step).decode()}" for step in steps)
    return f"{head}\n[\n{body}\n]\n"


def _tests(fixed: Sequence[Fixed]) -> list[dict[str, Any]]:
    return [{"op": "test", "path": _pointer(one.path), "value": one.value} for one in fixed]


def _steps(change: Change) -> list[dict[str, Any]]:
    path = _pointer(change.path)
    steps: list[dict[str, Any]] = []
    if change.before is not UNSET:
        steps.append({"op": "test", "path": path, "value": change.before})
    if change.after is UNSET:
        return [*steps, {"op": "remove", "path": path}]
    known = change.before is not UNSET
    return [*steps, {"op": "replace" if known else "add", "path": path, "value": change.after}]


def _pointer(path: FieldPath) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
