"""What a proposal changes, for a card: field by field from old to new; whole as a patch in a file.

Pure; used by `cards`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from bot.approval.differences import Difference, fields, patch_text, yaml_text
from bot.slack.literal import literal, value
from bot.slack.mrkdwn import units
from bot.slack.tables import Attachment
from tools.changes import Rehearsal
from tools.types import Change, Operation, Verb

LINES_MAX = 8
"""Fields that a card shows; more than a phone's screen is not read there."""
_ROOM = 2_000
_VALUE_MAX = 80
_NAME_MAX = 90


def lines(difference: Difference) -> tuple[list[str], int]:
    """Give mrkdwn lines of what changes, and how many changes are left out."""
    found = [line for operation, changes in difference for line in _lines(operation, changes)]
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
    return Attachment(f"{prefix}-manifest.yaml", "The object, made safe", yaml_text(manifest))


def _lines(operation: Operation, changes: Sequence[Change]) -> Iterator[str]:
    target = operation.target
    named = value(f"{target.kind}/{target.name}", _NAME_MAX)
    if operation.verb is Verb.CREATE:
        yield f"• creates {named}{_gist(operation.manifest)}"
        return
    if operation.verb is Verb.DELETE:
        yield f"• deletes {named}, and what belongs to it"
        return
    for place, found in groupby(fields(operation, changes), key=lambda one: one.place):
        head = f"{literal(place, 120)}\n" if place else ""
        for one in found:
            before = value(one.old, _VALUE_MAX) if one.old else "not set"
            after = value(one.new, _VALUE_MAX) if one.new else "removed"
            yield f"{head}• {value(one.name, _NAME_MAX)}: {before} → {after}"
            head = ""


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
