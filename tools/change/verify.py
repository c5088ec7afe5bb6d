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
from tools.change.rehearse import read
from tools.changes import Intent, Outcome, OutcomeKind
from tools.cluster.reader import Reader
from tools.cluster.writer import FIELD_MANAGER, Writer
from tools.errors import ToolsError
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object, same, touched, value_at
from tools.plans import Json
from tools.types import Change, Target, Verb

POLL_S = 2.0
"""Between two looks at a rollout."""
MAX_DEADLINE_S = 1_800.0
"""The longest that a rollout is waited for, whatever its object says."""
MANIFEST = "The manifest was checked; no running pod was looked at."
"""Said with what was verified in a folder, where nothing rolls out."""
_REFUSED_BY = ("violates PodSecurity", "admission webhook", "ValidatingAdmissionPolicy")
_EVENTS = 50
_TO_SECONDS = len("2026-01-01T00:00:00")


class Watch(Struct, frozen=True):
    """What looking takes: both accounts, the time, and how to let it pass."""

    reader: Reader
    writer: Writer
    clock: Callable[[], datetime]
    wait: Callable[[float], Awaitable[None]]
    """Called between looks with seconds."""


class _Seen(Struct, frozen=True):
    """The end of a rollout, well or not."""

    reason: str = ""
    """Empty where it is done."""
    pods: tuple[str, ...] = ()
    """Uids of the pods of the current revision."""
    stuck: bool = False
    """It will not come up by itself."""


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


async def _judged(intent: Intent, seen: _Seen, watch: Watch) -> evidence.Judged:
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


async def _rollout(intent: Intent, obj: Json, watch: Watch) -> _Seen:
    """Wait for the rollout of a workload; anything else has none."""
    operation = intent.operation
    if watch.writer.source == "folder":
        return _Seen()
    anew = operation.verb is Verb.CREATE or rollouts.makes_pods_again(operation)
    if obj.get("kind") not in rollouts.ROLLING and not (anew and obj.get("kind") == "CronJob"):
        return _Seen()
    ends = watch.clock() + timedelta(seconds=min(rollouts.deadline_s(obj), MAX_DEADLINE_S))
    while True:
        if reason := rollouts.without_pods(obj):
            return _Seen(reason if anew else "")
        progress = rollouts.progress(obj, rollouts.changed_at(obj, FIELD_MANAGER))
        late = bool(progress.failed) or watch.clock() >= ends
        if progress.done or late:
            seen = await _look(intent.operation.target, obj, progress, late, watch.reader)
        else:
            seen = await _refused(intent.operation.target, obj, watch.reader)
        if seen:
            return seen
        await watch.wait(POLL_S)
        again = await read(watch.writer, intent.operation.target)
        if again is None:
            return _Seen("It is gone since.")
        obj = again


async def _look(
    target: Target, obj: Json, progress: rollouts.Progress, late: bool, reader: Reader
) -> _Seen | None:
    """Look at the pods of a rollout that says it is done, or that is late; None where to go on."""
    sets = rollouts.owned_sets(obj, await _whole(reader, "ReplicaSet", target.namespace))
    pods = rollouts.pods_of(obj, await _whole(reader, "Pod", target.namespace), sets)
    old: list[str] = [] if target.kind == "DaemonSet" else rollouts.old_pods(obj, pods, sets)
    wanted = as_object(obj.get("status")).get("desiredNumberScheduled")
    extra = target.kind == "DaemonSet" and len(pods) != wanted
    if progress.done and not old and not extra:
        return _Seen(pods=tuple(str(value_at(pod, ("metadata", "uid"))) for pod in pods))
    if not late:
        return None
    refused = await _refused(target, obj, reader)
    if refused:
        return refused
    if progress.done:
        return _Seen("New pods run, but old ones are still there.")
    reason = progress.failed or f"The rollout did not come up in time: {progress.said}."
    return _Seen(f"{reason} {rollouts.trouble(pods)}".strip(), stuck=True)


async def _refused(target: Target, obj: Json, reader: Reader) -> _Seen | None:
    """Find in the events that the server refuses the pods of the current revision."""
    names, since = [target.name], rollouts.changed_at(obj, FIELD_MANAGER)[:_TO_SECONDS]
    if target.kind == "Deployment":
        sets = rollouts.owned_sets(obj, await _whole(reader, "ReplicaSet", target.namespace))
        names = rollouts.current_sets(obj, sets)
    for name in names:
        events = await reader.events(target.namespace, name, _EVENTS)
        for event in events.items:
            message = event.get("message", "")
            old = event.get("last_seen", "")[:_TO_SECONDS] < since
            if old or event.get("reason") != "FailedCreate":
                continue
            if any(words in message for words in _REFUSED_BY):
                return _Seen(f"Its new pods are refused: {message}", stuck=True)
    return None


async def _whole(reader: Reader, kind: str, namespace: str) -> list[Json]:
    """List a kind of a namespace as JSON. Raises ToolsError where not all could be read."""
    listing = await reader.documents(KINDS[kind], (namespace,))
    for gap in listing.gaps:
        raise ToolsError(f"{gap.what}: {gap.why}.")
    return [msgspec.json.decode(each, type=Json) for each in listing.objects]


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
