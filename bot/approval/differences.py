"""A rehearsal's difference as people read it, and as a patch that they can apply. Pure.

Everything comes from the redacted changes of the dry run. Names and values stand as they are; whoever
shows them makes them inert. Used by cards and by the terminal.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import yaml
from msgspec import UNSET

from bot.approval import made_anew
from tools import redact
from tools.changes import Rehearsal
from tools.types import Change, FieldPath, Fixed, Operation, Verb
from tools.visible import UNSEEN, visible_json

Difference = Sequence[tuple[Operation, tuple[Change, ...]]]
"""As a Rehearsal has it."""
_POD_PATHS: tuple[FieldPath, ...] = (
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec", "template", "spec"),
)
_CONTAINERS = {"containers": "container", "initContainers": "init container"}


@dataclass(frozen=True, slots=True)
class Field:
    """One changed field."""

    place: str
    """Where it is, in words that a narrow screen can break: `container web › securityContext`."""
    name: str
    dotted: str
    """Both, as one path."""
    old: str
    """Empty where it was not there."""
    new: str
    """Empty where it is removed."""


def fields(operation: Operation, changes: Iterable[Change]) -> Iterator[Field]:
    """Give each changed field, its old and its new value."""
    names = _names(operation.fixed)
    for change in changes:
        for leaf in _leaves(change):
            *place, name = _parts(leaf.path, names)
            field = dotted(leaf.path, operation.fixed)
            where = " › ".join(place)
            yield Field(where, name, field, _value(leaf.before), _value(leaf.after))


def otherwise(operation: Operation, changes: Iterable[Change]) -> Iterator[Field]:
    """Give each field of a new object that the cluster would set otherwise than it was asked for."""
    if operation.verb is Verb.CREATE:
        for change in made_anew.otherwise(operation.manifest, changes):
            field = dotted(change.path)
            yield Field("", field, field, _value(change.before), _value(change.after))


def lines(difference: Difference) -> Iterator[str]:
    """Write what changes line by line, for a terminal."""
    for operation, changes in difference:
        target = operation.target
        if operation.verb is not Verb.PATCH:
            yield f"{operation.verb.value} {target.kind}/{target.name}"
            for one in otherwise(operation, changes):
                yield f"the cluster sets {one.dotted}: {one.old or 'not set'} → {one.new or 'removed'}"
            continue
        for one in fields(operation, changes):
            yield f"{one.dotted}: {one.old or 'not set'} → {one.new or 'removed'}"


def patch_text(difference: Difference) -> str:
    """Write each operation as kubectl takes it: a JSON patch that tests what is there, or a manifest."""
    return "\n".join(_patch(*one) for one in difference) or "(no change)\n"


def whole_text(rehearsal: Rehearsal) -> str:
    """Write all that a rehearsal gave: what speaks for and against it line by line, then each operation."""
    weighed = (
        *(f"Risk {rehearsal.risk.level.value}: {one}" for one in rehearsal.risk.reasons),
        *(f"Disrupts: {one}" for one in rehearsal.disruption.facts),
        *rehearsal.notes,
        *((f"Fixes: {', '.join(rehearsal.answers)}",) if rehearsal.answers else ()),
        *(f"Stays open: {one}" for one in rehearsal.left),
        *(f"The cluster warns: {one}" for one in rehearsal.warnings),
        *(f"Would be refused: {one}" for one in rehearsal.preview),
    )
    said = "".join(f"# {' '.join(one.split())}\n" for one in weighed)
    return f"{said}\n{patch_text(rehearsal.diff)}"


def yaml_text(document: dict[str, Any]) -> str:
    """Write an object as YAML, redacted; where it holds signs that nobody sees, in plain ASCII."""
    shown = redact.document(document)
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, default_flow_style=False)
    if not UNSEEN.search(text):
        return text
    return yaml.safe_dump(shown, sort_keys=False, default_flow_style=False)


def dotted(path: FieldPath, fixed: Iterable[Fixed] = ()) -> str:
    """Write a field as people name it: without the way to the pod, containers by their names."""
    names = _names(fixed)
    text = ""
    for index in range(_beginning(path), len(path)):
        part = path[index]
        if isinstance(part, int):
            text += f"[{names.get(path[: index + 1], part)}]"
        elif "." in part or "/" in part:
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _parts(path: FieldPath, names: dict[FieldPath, Any]) -> list[str]:
    """Name a field part by part; a container is one part, called by its name."""
    parts: list[str] = []
    for index in range(_beginning(path), len(path)):
        part = path[index]
        if not isinstance(part, int):
            parts.append(part)
        elif parts and parts[-1] in _CONTAINERS and path[: index + 1] in names:
            parts[-1] = f"{_CONTAINERS[parts[-1]]} {names[path[: index + 1]]}"
        else:
            parts.append(f"[{names.get(path[: index + 1], part)}]")
    return parts


def _beginning(path: FieldPath) -> int:
    """Give where a field's name begins to tell something: after the way to the pod."""
    ways = (way for way in _POD_PATHS if path[: len(way)] == way and len(path) > len(way))
    return len(next(ways, ()))


def _names(fixed: Iterable[Fixed]) -> dict[FieldPath, Any]:
    return {one.path[:-1]: one.value for one in fixed if one.path and one.path[-1] == "name"}


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
        server = made_anew.made(changes) if made_anew.otherwise(operation.manifest, changes) else {}
        made = f"# The cluster would make of it:\n{_commented(yaml_text(server))}" if server else ""
        return f"{head}\n{yaml_text(operation.manifest)}{made}"
    head = f"# kubectl{place} patch {named} --type=json --patch-file FILE, the file being:"
    steps = [*_tests(operation.fixed), *(step for one in changes for step in _steps(one))]
    body = ",\n".join(f"  {visible_json(msgspec.json.encode(step).decode())}" for step in steps)
    return f"{head}\n[\n{body}\n]\n"


def _commented(text: str) -> str:
    return "".join(f"#   {line}\n" for line in text.splitlines())


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
