"""Recover: what became of a write that was about to be sent when the executor stopped, or got no answer.

Reads the object and nothing else. Our annotation on it, and it is as it was to be: done; gone from a
folder of manifests whose records name us: done too. The touched fields still as they were, and the
approval unexpired: begin again from the reading. Our annotation on what is otherwise, which anybody can
write: not known. Anything else is stale, and people decide.
Used by `bot.executor`, at its start and after an UNKNOWN.
"""

from datetime import datetime

from tools.change.apply import applied, done, done_by
from tools.change.rehearse import read
from tools.changes import Intent, Outcome, OutcomeKind
from tools.cluster.writer import Writer
from tools.errors import NotEditable
from tools.planning.patching import as_object, same, value_at
from tools.plans import Json
from tools.types import Verb

_NOT_AS_SET = (
    "It bears the mark of this change, and is not as that was to make it: somebody changed it since, or "
    "wrote the mark. Look at the object."
)


async def recover(intent: Intent, writer: Writer, *, now: datetime) -> Outcome | None:
    """Say what became of an intent; None where it is to be applied again (`apply` compares all anew).

    Raises ClusterUnreachable and AccessRefused: nothing is known then, ask again later.
    """
    target = intent.operation.target
    try:
        obj = await read(writer, target)
    except NotEditable as refusal:
        if await writer.did(target, intent.operation_id):
            return applied(intent, {})
        return _outcome(intent, OutcomeKind.STALE, refusal.public)
    if obj is not None and done(intent, obj):
        return applied(intent, obj)
    if intent.operation.verb is not Verb.DELETE and done_by(obj, intent.operation_id):
        return _outcome(intent, OutcomeKind.UNKNOWN, _NOT_AS_SET)
    if obj is None and await writer.did(target, intent.operation_id):
        return applied(intent, {})
    found = _DECIDE[intent.operation.verb](intent, obj)
    if found is None and now >= intent.expires_at:
        return _outcome(intent, OutcomeKind.STALE, "It was not done, and the approval has expired.")
    return found


def _patch(intent: Intent, obj: Json | None) -> Outcome | None:
    """Decide for a patch: not done where the touched fields are as before."""
    operation = intent.operation
    if obj is None:
        return _outcome(intent, OutcomeKind.STALE, "It is gone.")
    if as_object(obj.get("metadata")).get("uid") != operation.target.uid:
        return _outcome(intent, OutcomeKind.STALE, "It was deleted and made again.")
    kept = all(same(value_at(obj, fixed.path), fixed.value) for fixed in operation.fixed)
    before = all(same(value_at(obj, c.path), c.before) for c in operation.changes)
    if kept and before:
        return None
    return _outcome(
        intent, OutcomeKind.STALE, "Its fields are neither as before nor known as ours."
    )


def _create(intent: Intent, obj: Json | None) -> Outcome | None:
    """Decide for a creation: what is there and not ours was made by somebody else."""
    if obj is None:
        return None
    return _outcome(intent, OutcomeKind.STALE, "Somebody else made an object of that name.")


def _delete(intent: Intent, obj: Json | None) -> Outcome | None:
    """Decide for a deletion: gone is done, but by whom is not known."""
    metadata = as_object((obj or {}).get("metadata"))
    same_object = metadata.get("uid") == intent.operation.target.uid
    if same_object and not metadata.get("deletionTimestamp"):
        return None
    return _outcome(
        intent,
        OutcomeKind.UNKNOWN,
        "It is gone or going; whether by Oakum or by somebody else is not known.",
    )


_DECIDE = {Verb.PATCH: _patch, Verb.CREATE: _create, Verb.DELETE: _delete}


def _outcome(intent: Intent, kind: OutcomeKind, reason: str) -> Outcome:
    return Outcome(kind, intent.operation_id, reason)
