"""What a proposal changes, for a card: field by field from old to new; whole in a file where any is cut.

Pure; used by `cards`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from bot.approval.differences import (
    Difference,
    Field,
    fields,
    otherwise,
    whole_text,
    yaml_text,
)
from bot.slack.inert import inert
from bot.slack.mrkdwn import escape, units
from bot.slack.proposals.cards_evidence import SHOWN
from bot.slack.proposals.literal import literal, named, value
from bot.slack.tables import Attachment
from tools.changes import Rehearsal
from tools.planning.patching import value_at
from tools.types import Change, Operation, Verb
from tools.visible import visible

LINES_MAX = 8
"""Fields that a card shows; more than a phone's screen is not read there."""
_ROOM = 2_000
_VALUE_MAX = 80
_NAME_MAX = 90
_PLACE_MAX = 120
_IMAGE_MAX = 320
_TEXTS_MAX = 6
_TEXT_MAX = 250
_TEXTS_ROOM = 280
_PATCH_ROOM = 5_000


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
    """Give the whole change as text that a person, or kubectl, can apply, and all that was said of it."""
    return Attachment(f"{prefix}-patch.txt", "The change in full", visible(whole_text(rehearsal)))


def is_cut(rehearsal: Rehearsal) -> bool:
    """Tell whether a card shows anything of a rehearsal otherwise than whole, so that a file has to."""
    difference = rehearsal.diff
    warned = (*rehearsal.warnings, *rehearsal.preview)
    said = (
        rehearsal.notes,
        rehearsal.left,
        rehearsal.risk.reasons,
        rehearsal.disruption.facts,
        warned,
    )
    return (
        any(operation.verb is Verb.CREATE for operation, _ in difference)
        or len(rehearsal.answers) > SHOWN
        or lines(difference)[1] > 0
        or not all(map(_is_said_whole, said))
        or not all(_is_exact(one) for each in difference for one in fields(*each))
        or _is_long(whole_text(rehearsal))
    )


def _is_exact(field: Field) -> bool:
    """Tell whether a field is shown with its values as they are: not shortened, no sign written otherwise."""
    shown = ((field.old, _VALUE_MAX), (field.new, _VALUE_MAX), (field.name, _NAME_MAX))
    exact = all(value(text, most) == f"`{escape(text)}`" for text, most in shown if text)
    return exact and literal(field.place, _PLACE_MAX) == literal(field.place, _ROOM)


def _is_said_whole(texts: Sequence[str]) -> bool:
    """Tell whether a card has room for all of these sentences, and for each whole."""
    shown = [literal(text, _TEXT_MAX) for text in texts]
    whole = shown == [literal(text, _ROOM) for text in texts]
    return whole and len(texts) <= _TEXTS_MAX and sum(map(units, shown)) <= _TEXTS_ROOM


def _is_long(patch: str) -> bool:
    """Tell whether a patch may be longer than what is shown of it in a message."""
    return units(escape(inert(patch, frozenset()))) > _PATCH_ROOM


def manifest_file(manifest: dict[str, Any], prefix: str) -> Attachment:
    """Give an object for its owner to make again."""
    return Attachment(f"{prefix}-manifest.yaml", "The object, made safe", yaml_text(manifest))


def _lines(operation: Operation, changes: Sequence[Change]) -> Iterator[str]:
    target = operation.target
    if operation.verb is Verb.CREATE:
        yield f"• creates {named(target)}{_gist(operation.manifest)}"
        for one in otherwise(operation, changes):
            yield f"• ⚠️ the cluster sets {_shown(one)}"
        return
    if operation.verb is Verb.DELETE:
        yield f"• deletes {named(target)}, and what belongs to it"
        return
    for place, found in groupby(fields(operation, changes), key=lambda one: one.place):
        head = f"{literal(place, _PLACE_MAX)}\n" if place else ""
        for one in found:
            yield f"{head}• {_shown(one)}"
            head = ""


def _shown(field: Field) -> str:
    before = value(field.old, _VALUE_MAX) if field.old else "not set"
    after = value(field.new, _VALUE_MAX) if field.new else "removed"
    return f"{value(field.name, _NAME_MAX)}: {before} → {after}"


def _gist(manifest: dict[str, Any]) -> str:
    """Say of what is created the little that matters most on a card."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return ""
    held: dict[str, Any] = spec
    if "policyTypes" in held:
        return f", for {_listed(held['policyTypes'])} traffic"
    if "replicas" in held:
        return f" with {value(str(held['replicas']), 10)} replicas{_images(held)}"
    return ""


def _images(spec: dict[str, Any]) -> str:
    """Name what the pods of a new workload run, whole: it is what is approved."""
    containers = value_at(spec, ("template", "spec", "containers"))
    found = (
        [value_at(one, ("image",)) for one in containers] if isinstance(containers, list) else []
    )
    images = [value(one, _IMAGE_MAX) for one in found if isinstance(one, str)]
    return f" of {', '.join(images)}" if images else ""


def _listed(found: Any) -> str:
    names: list[Any] = found if isinstance(found, list) else []
    return " and ".join(value(str(one), 20) for one in names) or "all"
