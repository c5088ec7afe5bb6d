"""Rehearse: plan an action on the object as it is, and let the server try it without doing it.

Changes nothing and stores nothing. What it gives is what people decide on, and the seal that their
decision is bound to. Used by `bot.executor`, before a card is shown and again before a write.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType, structs

from tools import redact, vocabulary
from tools.admission import preview, weighed
from tools.around import read_around
from tools.change.objects import (
    diff_digest,
    difference,
    object_digest,
    overruled,
    result_digest,
    shown,
)
from tools.change.pod_security import refusal
from tools.changes import OPERATION, Rehearsal, Seal, State, Step
from tools.cluster.live.wire import ReadFailed
from tools.cluster.reader import Reader
from tools.cluster.writer import Reply, Writer
from tools.errors import ClusterUnreachable, Moved, NoAnswer, NotAllowed, NotEditable
from tools.objects.kinds import KINDS
from tools.planning.patching import applied, as_object, dotted, json_patch
from tools.plans import Done, Json, Plan, Refusal
from tools.types import Action, Change, Operation, Target, Verb

ATTEMPTS = 3
"""How often an object that moves under the dry run is read again."""
REHEARSAL = "rehearsal"
"""What a dry run says in place of an operation's id."""

_AGAIN = frozenset({409, 422})
_DENIED = frozenset({403, 422})
_BUSY = frozenset({429, 500, 502, 503, 504})


class Tried(Struct, frozen=True):
    """One operation that the server tried: what it was sealed from, or why it would not be done."""

    step: Step | None
    state: State = State.READY
    reason: str = ""
    shown: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    moved: bool = False
    """The object was another than the plan's: read again."""
    denied: bool = False
    """The server refuses it, to us at least: its rights or its admission."""


async def rehearse(
    action: bytes,
    reader: Reader,
    writer: Writer,
    *,
    now: datetime,
    done: tuple[Done, ...] = (),
) -> Rehearsal:
    """Rehearse an action, given as its canonical bytes. `done` holds what an undo takes back.

    In a folder of manifests the writer itself is the server: it tests and applies the patch and decodes
    what comes out, and a manifest that is not to be edited is REFUSED with its file.
    Raises BadAction for what is outside the vocabulary; NotAllowed for another cluster; ClusterUnreachable
    and AccessRefused where the server cannot be asked.
    """
    decoded = vocabulary.decode(action)
    if decoded.target.cluster != writer.name:
        raise NotAllowed("That action is for another cluster.")
    try:
        return await _rehearsed_anew(decoded, await writer.looking(reader), writer, now, done)
    except NotEditable as refusal:
        return Rehearsal(State.REFUSED, refusal.public, refusal.hint)


async def _rehearsed_anew(
    decoded: Action, reader: Reader, writer: Writer, now: datetime, done: tuple[Done, ...]
) -> Rehearsal:
    """Plan and try, again from the reading as long as the object moves."""
    given_up = Rehearsal(State.WOULD_BE_REFUSED)
    for _ in range(ATTEMPTS):
        obj = await _read_to_plan(decoded.target, reader, writer)
        around = await read_around(decoded, obj, reader, now, done)
        plan = vocabulary.plan(decoded, obj, around)
        if isinstance(plan, Refusal):
            safe = redact.document(plan.manifest)
            return Rehearsal(State.REFUSED, plan.public, plan.hint, manifest=safe)
        if plan.handover:
            return await _previewed(_handed_over(plan, obj or {}), plan, reader, now)
        tried = [
            await _try(
                operation,
                obj if _same_object(operation.target, decoded.target) else UNSET,
                writer,
                around.namespace_labels,
            )
            for operation in plan.operations
        ]
        denied = next((each.reason for each in tried if each.denied), "") if done else ""
        if denied:
            given_up = _left_to_others(plan, obj or {}, denied)
        elif moved := next((each for each in tried if each.moved), None):
            given_up = Rehearsal(State.WOULD_BE_REFUSED, moved.reason)
        if not any(each.moved for each in tried):
            if denied:
                return given_up
            rehearsal = _rehearsed(decoded, plan, tried, bool(done))
            return await _previewed(rehearsal, plan, reader, now)
    return given_up


async def _previewed(rehearsal: Rehearsal, plan: Plan, reader: Reader, now: datetime) -> Rehearsal:
    """Add which workloads a namespace's new level would refuse, and what that means for the risk."""
    seen = await preview(plan.operations[0], reader, now)
    return structs.replace(
        rehearsal, preview=seen, risk=weighed(rehearsal.risk, seen, rehearsal.warnings)
    )


async def read(writer: Writer, target: Target) -> Json | None:
    """Read an object as the executor; a path that cannot be read raises ClusterUnreachable."""
    try:
        return await writer.read(target)
    except ReadFailed as failure:
        what = f"{target.kind} {'/'.join(filter(None, (target.namespace, target.name)))}"
        public = f"Oakum's executor could not read {what}: {failure.public}."
        raise ClusterUnreachable(public, "deploy/rbac shows what its account needs.") from failure


async def _read_to_plan(target: Target, reader: Reader, writer: Writer) -> Json | None:
    """Read a target as the executor, or where its account may not, as people are shown it.

    What is planned on the latter is a refusal, or for somebody else: the executor cannot try it.
    """
    try:
        return await writer.read(target)
    except ReadFailed as failure:
        if failure.status == 403:
            return await reader.get(KINDS[target.kind], target.namespace, target.name)
    return await read(writer, target)


async def dry_run(operation: Operation, live: Json | None, writer: Writer) -> Reply:
    """Let the server try one operation. Raises Moved, ClusterUnreachable, AccessRefused."""
    try:
        return await send(operation, live, writer, REHEARSAL, dry_run=True)
    except NoAnswer as error:
        raise ClusterUnreachable(
            f"Cluster {writer.name} gave no whole answer to a dry run.", "Try again in a while."
        ) from error


async def send(
    operation: Operation, live: Json | None, writer: Writer, operation_id: str, *, dry_run: bool
) -> Reply:
    """Send one operation on the object as it was just read. Raises Moved where it is another."""
    target = operation.target
    if operation.verb is Verb.CREATE:
        return await writer.create(target, operation.manifest, operation_id, dry_run=dry_run)
    if live is None:
        raise Moved("The object is gone.")
    if operation.verb is Verb.DELETE:
        version = str(as_object(live.get("metadata")).get("resourceVersion") or "")
        return await writer.delete(target, version, operation_id, dry_run=dry_run)
    patch = json_patch(operation, live, {OPERATION: operation_id})
    return await writer.patch(target, patch, operation_id, dry_run=dry_run)


def _same_object(one: Target, other: Target) -> bool:
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)


async def _try(
    operation: Operation,
    known: Json | UnsetType | None,
    writer: Writer,
    labels: Mapping[str, str] | None,
) -> Tried:
    """Try one operation and say what came of it; `known` is its object where it was just read."""
    live = await read(writer, operation.target) if known is UNSET else known
    if operation.verb is Verb.CREATE and live is not None:
        target = operation.target
        return Tried(None, State.REFUSED, f"There is a {target.kind} {target.name} already.")
    try:
        reply = await dry_run(operation, live, writer)
    except Moved as moved:
        return Tried(None, State.WOULD_BE_REFUSED, moved.public, moved=True)
    if not reply.done:
        return _refused(reply, writer.name)
    if operation.verb is Verb.DELETE:
        sealed = Step(operation, object_digest(live or {}, operation), diff_digest(()))
        return Tried(sealed, warnings=reply.warnings)
    return _compared(operation, live or {}, reply, labels)


def _compared(
    operation: Operation, live: Json, reply: Reply, labels: Mapping[str, str] | None
) -> Tried:
    """Seal what a dry run gave, unless it shows that there is no use in it."""
    diff = difference(live, reply.body)
    visible = shown(diff, live, reply.body)
    tried = Tried(
        Step(
            operation,
            object_digest(live, operation) if live else "",
            diff_digest(diff),
            result_digest(reply.body, operation),
        ),
        shown=visible,
        warnings=reply.warnings,
    )
    if not diff:
        public = "The server would take it and nothing would change."
        return structs.replace(tried, state=State.NO_CHANGE, reason=public)
    lost = overruled(operation, reply.body)
    if lost:
        public = f"Something in the cluster would set {dotted(lost)} to another value at once."
        return structs.replace(tried, state=State.WOULD_BE_REFUSED, reason=public)
    refused = refusal(operation.target.cluster, reply.body, labels, reply.warnings)
    if refused:
        return structs.replace(tried, state=State.WOULD_BE_REFUSED, reason=refused)
    return tried


def _refused(reply: Reply, cluster: str) -> Tried:
    """Say what it means that the server would not do it. Raises ClusterUnreachable where it is ill."""
    if reply.status in _BUSY:
        raise ClusterUnreachable(
            f"Cluster {cluster} answered a dry run with {reply.status}.", "Try again in a while."
        )
    if reply.status == 400 and "does not support dry run" in reply.said:
        public = f"It cannot be tried without being done: {reply.said}"
        return Tried(None, State.NO_DRY_RUN, public)
    public = f"The server would refuse it ({reply.status}): {reply.said}"
    moved = reply.status in (*_AGAIN, 404)
    denied = reply.status in _DENIED
    return Tried(None, State.WOULD_BE_REFUSED, public, (), reply.warnings, moved, denied)


def _rehearsed(action: Action, plan: Plan, tried: list[Tried], undoes: bool) -> Rehearsal:
    """Put the tries of a plan's operations together; the first that would not be done decides."""
    decisive = next((each for each in tried if each.state is not State.READY), None)
    steps = tuple(each.step for each in tried if each.step)
    seal = Seal(
        vocabulary.encode(action), action.target.cluster, steps, plan.answers, undoes=undoes
    )
    return Rehearsal(
        state=decisive.state if decisive else State.READY,
        reason=decisive.reason if decisive else "",
        diff=tuple(
            (operation, each.shown) for operation, each in zip(plan.operations, tried, strict=True)
        ),
        warnings=tuple(dict.fromkeys(said for each in tried for said in each.warnings)),
        risk=plan.risk,
        disruption=plan.disruption,
        undo=plan.undo,
        undoable=plan.undoable,
        answers=plan.answers,
        left=plan.left,
        notes=plan.notes,
        seal=None if decisive else seal,
    )


def _handed_over(plan: Plan, live: Json) -> Rehearsal:
    """Give a plan that somebody else has to carry out: what it changes, not tried here."""
    return Rehearsal(
        state=State.HANDOVER,
        reason=plan.handover,
        diff=tuple((each, _untried(each, live)) for each in plan.operations),
        risk=plan.risk,
        disruption=plan.disruption,
        undo=plan.undo,
        notes=plan.notes,
        answers=plan.answers,
        left=plan.left,
    )


def _left_to_others(plan: Plan, live: Json, reason: str) -> Rehearsal:
    """Give an undo that the server refuses to us: what it puts back was there, so others may have the right."""
    hint = "Somebody whose own account may change this can apply the patch."
    return structs.replace(_handed_over(plan, live), reason=reason, hint=hint)


def _untried(operation: Operation, live: Json) -> tuple[Change, ...]:
    """Give what an operation changes where the server was not asked."""
    if operation.verb is Verb.PATCH:
        return shown(operation.changes, live, applied(live, operation.changes))
    return shown(difference({}, operation.manifest), {}, operation.manifest)
