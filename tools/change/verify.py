"""Verify: whether an applied change has come into effect, by fresh evidence.

Verified means that the current revision is fully rolled out, no pod of the old one is left, and the
checks pass on the object and its pods. Where no new pod comes by itself, it says so and does not
wait. The checks are judged with the last step, on the action's target. Waits at most for the
rollout's own deadline. Changes nothing. Used by `bot.executor`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, structs

from tools import vocabulary
from tools.change import evidence, rollouts
from tools.change.apply import done_by
from tools.change.objects import as_set
from tools.change.pods import MANIFEST, Seen, look
from tools.change.rehearse import read
from tools.changes import Intent, Outcome, OutcomeKind
from tools.cluster.reader import Reader
from tools.cluster.writer import Writer
from tools.errors import ToolsError
from tools.planning.patching import as_object, same, touched, value_at
from tools.plans import Json
from tools.types import Change, Verb

POLL_S = 2.0
"""Between two looks at a rollout."""
MAX_DEADLINE_S = 1_800.0
"""The longest that a rollout is waited for, whatever its object says."""


class Watch(Struct, frozen=True):
    """What looking takes: both accounts, the time, and how to let it pass."""

    reader: Reader
    writer: Writer
    clock: Callable[[], datetime]
    wait: Callable[[float], Awaitable[None]]
    """Called between looks with seconds."""


async def verify(intent: Intent, applied: Outcome, watch: Watch) -> Outcome:
    """Look until it is known what came of an applied step, or its deadline is over.

    What cannot be read makes it UNVERIFIED, with the reason.
    """
    if applied.reason:
        return _unverified(applied, applied.reason, suggest_undo=applied.suggest_undo)
    try:
        fresh = structs.replace(watch, reader=await watch.writer.looking(watch.reader))
        if intent.operation.verb is Verb.DELETE:
            return await _deleted(intent, applied, fresh)
        return await _changed(intent, applied, fresh)
    except ToolsError as error:
        return _unverified(applied, f"It could not be looked at: {error.public}")


async def _changed(intent: Intent, applied: Outcome, watch: Watch) -> Outcome:
    target = structs.replace(intent.operation.target, uid=applied.uid)
    obj = await read(watch.writer, target)
    if obj is None or as_object(obj.get("metadata")).get("uid") != applied.uid:
        return _unverified(applied, "It is gone since.")
    lost = _lost(intent, obj)
    if lost:
        return _unverified(applied, lost)
    seen = await _rollout(intent, obj, watch)
    if seen.stuck:
        return _unverified(applied, seen.reason, suggest_undo=True)
    judged = await _judged(intent, seen, watch)
    if seen.reason:
        return _unverified(structs.replace(applied, findings=judged.findings), seen.reason)
    last = await read(watch.writer, target)
    lost = _lost(intent, last) if last else "It is gone since."
    if lost:
        return _unverified(applied, lost)
    said = MANIFEST if watch.writer.source == "folder" else ""
    shown = structs.replace(applied, findings=judged.findings, reason=said)
    if judged.failing and not intent.seal.undoes:
        return _unverified(shown, f"Applied, but not shown to pass: {'; '.join(judged.failing)}.")
    return structs.replace(shown, kind=_good(intent))


def _good(intent: Intent) -> OutcomeKind:
    return OutcomeKind.UNDONE if intent.seal.undoes else OutcomeKind.VERIFIED


async def _judged(intent: Intent, seen: Seen, watch: Watch) -> evidence.Judged:
    """Judge the action's target once its last step is done; before that there is nothing to judge."""
    if intent.step + 1 < len(intent.seal.steps):
        return evidence.Judged(())
    target = vocabulary.decode(intent.seal.action).target
    return await evidence.judge(intent.seal.answers, target, seen.pods, watch.reader, watch.clock)


def _lost(intent: Intent, obj: Json) -> str:
    """Say that somebody changed it since; empty where what was set still holds."""
    operation = intent.operation
    for change in operation.changes:
        if change.after is msgspec.UNSET:
            if value_at(obj, change.path) not in (msgspec.UNSET, None, {}, []):
                return "Somebody changed it since."
            continue
        for path in touched((Change(change.path, msgspec.UNSET, change.after),)):
            wanted = value_at(change.after, path[len(change.path) :])
            if not same(value_at(obj, path), wanted) and wanted not in (None, {}, []):
                return "Somebody changed it since."
    if operation.verb is Verb.CREATE and not as_set(intent.seal.steps[intent.step], obj):
        return "Somebody changed it since."
    if not done_by(obj, intent.operation_id):
        return "Another operation changed it since."
    return ""


async def _rollout(intent: Intent, obj: Json, watch: Watch) -> Seen:
    """Wait for the rollout of a workload; anything else has none."""
    operation = intent.operation
    ends = watch.clock() + timedelta(seconds=min(rollouts.deadline_s(obj), MAX_DEADLINE_S))
    while True:
        seen = await look(operation, obj, watch.reader, late=watch.clock() >= ends)
        if seen:
            return seen
        await watch.wait(POLL_S)
        again = await read(watch.writer, operation.target)
        if again is None:
            return Seen("It is gone since.")
        obj = again


async def _deleted(intent: Intent, applied: Outcome, watch: Watch) -> Outcome:
    """Wait until a deleted object is gone with all that it owns."""
    target = intent.operation.target
    ends = watch.clock() + timedelta(seconds=rollouts.DEADLINE_S)
    while True:
        obj = await read(watch.writer, target)
        if obj is None or as_object(obj.get("metadata")).get("uid") != target.uid:
            return structs.replace(applied, kind=_good(intent))
        if watch.clock() >= ends:
            return _unverified(applied, "It is still being deleted: something holds it.")
        await watch.wait(POLL_S)


def _unverified(applied: Outcome, reason: str, suggest_undo: bool = False) -> Outcome:
    return structs.replace(
        applied, kind=OutcomeKind.UNVERIFIED, reason=reason, suggest_undo=suggest_undo
    )
