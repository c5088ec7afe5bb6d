"""What a proposal changes, for a card: field by field from old to new; whole as a patch in a file.

Everything comes from the rehearsal's redacted difference. Pure; used by `cards` and `decisions`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import yaml
from msgspec import UNSET

from bot.slack.literal import value
from bot.slack.mrkdwn import units
from bot.slack.tables import Attachment
from tools import redact
from tools.changes import Rehearsal
from tools.types import Change, FieldPath, Fixed, Operation, Verb

LINES_MAX = 8
"""Fields that a card shows; more than a phone's screen is not read there."""
_ROOM = 2_000
_VALUE_MAX = 80
_NAME_MAX = 90
_POD_PATHS: tuple[FieldPath, ...] = (
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec", "template", "spec"),
)

Shown = Sequence[tuple[Operation, tuple[Change, ...]]]


def lines(diff: Shown) -> tuple[list[str], int]:
    """Give mrkdwn lines of what changes, and how many changes are left out."""
    found = [line for operation, changes in diff for line in _of_operation(operation, changes)]
    kept: list[str] = []
    size = 0
    for line in found[:LINES_MAX]:
        size += units(line) + 1
        if size > _ROOM:
            break
        kept.append(line)
    return kept, len(found) - len(kept)


def patch_file(rehearsal: Rehearsal, prefix: str) -> Attachment:
    """Give the whole change as text that a person, or kubectl, can apply."""
    return Attachment(f"{prefix}-patch.txt", "The change in full", patch_text(rehearsal.diff))


def manifest_file(manifest: dict[str, Any], prefix: str) -> Attachment:
    """Give an object for its owner to make again."""
    content = _yaml(redact.document(manifest))
    return Attachment(f"{prefix}-manifest.yaml", "The object, made safe", content)


def patch_text(diff: Shown) -> str:
    """Write each operation as kubectl takes it: a JSON patch that tests what is there, or a manifest."""
    return "\n".join(_patch(operation, changes) for operation, changes in diff) or "(no change)\n"


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


def _of_operation(operation: Operation, changes: Sequence[Change]) -> list[str]:
    target = operation.target
    named = value(f"{target.kind}/{target.name}", _NAME_MAX)
    if operation.verb is Verb.CREATE:
        return [f"• creates {named}{_gist(operation.manifest)}"]
    if operation.verb is Verb.DELETE:
        return [f"• deletes {named}, and what belongs to it"]
    return [_of_change(leaf, operation.fixed) for one in changes for leaf in _leaves(one)]


def _leaves(change: Change) -> Iterator[Change]:
    """Take a new object apart into its fields."""
    new = change.after
    if change.before is not UNSET or not isinstance(new, dict) or not new:
        yield change
        return
    fields: dict[str, Any] = new
    for name, inner in fields.items():
        yield from _leaves(Change((*change.path, name), UNSET, inner))


def _of_change(change: Change, fixed: Sequence[Fixed]) -> str:
    field = value(dotted(change.path, fixed), 160)
    old = "not set" if change.before is UNSET else _value(change.before)
    if change.after is UNSET:
        return f"• {field}: {old} → removed"
    return f"• {field}: {old} → {_value(change.after)}"


def _value(found: Any) -> str:
    text = found if isinstance(found, str) and found else msgspec.json.encode(found).decode()
    return value(text, _VALUE_MAX)


def _gist(manifest: dict[str, Any]) -> str:
    """Say of what is created the little that matters most on a card."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return ""
    held: dict[str, Any] = spec
    if "policyTypes" in held:
        return f", for {_listed(held['policyTypes'])} traffic"
    if "replicas" in held:
        return f" with {value(str(held['replicas']), 10)} replicas"
    return ""


def _listed(found: Any) -> str:
    names: list[Any] = found if isinstance(found, list) else []
    return " and ".join(value(str(one), 20) for one in names) or "all"


def _patch(operation: Operation, changes: Sequence[Change]) -> str:
    target = operation.target
    place = f" -n {target.namespace}" if target.namespace else ""
    named = f"{target.kind.lower()} {target.name}"
    if operation.verb is Verb.DELETE:
        return f"# kubectl{place} delete {named} --cascade=foreground\n"
    if operation.verb is Verb.CREATE:
        head = f"# kubectl{place} create -f FILE, the file being:"
        return f"{head}\n{_yaml(redact.document(operation.manifest))}"
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


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=False)
