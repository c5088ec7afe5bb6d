"""Apply: one write of what was approved, on the object as it was approved, at most once.

Each attempt reads the object, compares it with the seal, lets the server try once more and compares
that too, and only then writes. Moved in between (409, 422) is a new attempt from the reading; a
request whose result is not known is the end of it: `recover` looks at the object. Stores nothing: the
caller commits the Intent before and the Outcome after. Used by `bot.executor`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct, structs

from tools import vocabulary
from tools.change.objects import as_set, diff_digest, difference, made_otherwise, object_digest
from tools.change.rehearse import read, rehearse, send
from tools.changes import OPERATION, Intent, Outcome, OutcomeKind, Rehearsal, Seal, State
from tools.cluster.reader import Reader
from tools.cluster.writer import Reply, Writer
from tools.errors import (
    AccessRefused,
    BadAction,
    ClusterUnreachable,
    Moved,
    NoAnswer,
    NotAllowed,
    NotSent,
)
from tools.planning.patching import as_object, value_at
from tools.plans import Done, Json
from tools.types import RiskLevel, Verb

ATTEMPTS = 3
"""How often it is begun again from the reading."""
BUSY_WAIT_S = 1.0
"""Before the next attempt, where a busy server does not say how long."""

_CHANGED = "It is not as it was when this was approved."
_GONE = "It is gone since this was approved."
_OTHERWISE = "The server did something else than its dry run said when this was approved."
_OTHERWISE_OR_SINCE = (
    "Its answer was lost, and the object is another than the dry run said when this was approved: "
    "the server did something else, or somebody changed it since."
)


class _Ended(Exception):
    """The attempts are over, with this outcome."""

    def __init__(self, kind: OutcomeKind, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = f"{reason} {hint}".strip()


class _Again(Exception):
    """The server answered that this attempt did nothing; begin again after a while."""

    def __init__(self, kind: OutcomeKind, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.wait_s = wait_s


class Confirmed(Struct, frozen=True):
    """What a sealed action comes to when it is rehearsed once more."""

    risk: RiskLevel
    """By what is there now, of which the seal does not hold everything."""
    other: str = ""
    """Why it does not come out the same; empty where it does."""


async def confirm(
    seal: Seal, reader: Reader, writer: Writer, *, now: datetime, done: tuple[Done, ...] = ()
) -> Confirmed:
    """Rehearse a sealed action once more.

    The action is decoded, planned and tried anew, so that nothing is taken over from the seal but the
    checks that are to pass: they change nothing of what is written. The caller does this before it
    commits the intent. Raises as `rehearse`.
    """
    again = await rehearse(seal.action, reader, writer, now=now, done=done)
    if again.state is not State.READY:
        return Confirmed(again.risk.level, again.reason)
    alike = again.seal is not None and structs.replace(again.seal, answers=seal.answers) == seal
    other = "" if alike else _difference(seal, again)
    return Confirmed(again.risk.level, other)


def _difference(seal: Seal, again: Rehearsal) -> str:
    """Say in what a new rehearsal is another."""
    new = again.seal
    if new and [step.operation for step in new.steps] == [step.operation for step in seal.steps]:
        if [s.object_digest for s in new.steps] == [s.object_digest for s in seal.steps]:
            return "The server would now do something else than it said when this was approved."
        return _CHANGED
    return "What would have to be done is another by now."


async def apply(
    intent: Intent,
    writer: Writer,
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], Awaitable[None]],
    sure: Callable[[], Awaitable[None]],
    sent: bool,
) -> Outcome:
    """Carry out one step of a seal. Never raises for what the cluster does: every end is an Outcome.

    `wait` is called between attempts with seconds, where a busy server asks for a pause. `sure` is called
    after the reading and right before each write, and raises where somebody else has it by now: of what
    they wrote since the reading, the write's resource version tells. `sent`: a write of this intent may
    have been sent before; where none was, a mark of it on the object is somebody else's.
    """
    last: _Again | None = None
    for _ in range(ATTEMPTS):
        if last and last.wait_s:
            await wait(last.wait_s)
        try:
            return await _attempt(intent, writer, clock, sure, sent or last is not None)
        except _Again as again:
            last = again
        except _Ended as ended:
            return Outcome(ended.kind, intent.operation_id, ended.reason)
    assert last
    return Outcome(last.kind, intent.operation_id, last.reason)


def done_by(obj: Json | None, operation_id: str) -> bool:
    """Tell whether an object says that this operation was done on it, as anybody can make it say."""
    return value_at(obj, ("metadata", "annotations", OPERATION)) == operation_id


def done(intent: Intent, obj: Json | None) -> bool:
    """Tell whether an intent was carried out on an object: it says so, and it is as it was to be."""
    if obj is None or not done_by(obj, intent.operation_id):
        return False
    return as_set(intent.seal.steps[intent.step], obj)


def applied(intent: Intent, obj: Json, reply: Reply | None = None) -> Outcome:
    """Give the outcome of a write that is known to have been done.

    Where it is not what the dry run gave, its reason says so; that cannot be told of what is gone.
    """
    metadata = as_object(obj.get("metadata"))
    other = made_otherwise(intent.seal.steps[intent.step], obj, at_once=reply is not None)
    return Outcome(
        OutcomeKind.APPLIED,
        intent.operation_id,
        reason=(_OTHERWISE if reply else _OTHERWISE_OR_SINCE) if other else "",
        suggest_undo=other,
        audit_id=reply.audit_id if reply else "",
        uid=str(metadata.get("uid") or intent.operation.target.uid),
        resource_version=str(metadata.get("resourceVersion") or ""),
        warnings=reply.warnings if reply else (),
    )


async def _attempt(
    intent: Intent,
    writer: Writer,
    clock: Callable[[], datetime],
    sure: Callable[[], Awaitable[None]],
    sent: bool,
) -> Outcome:
    """Read, compare, try, compare, write. Raises _Again and _Ended, and what `sure` raises."""
    _admit(intent, writer)
    live = await _read(intent, writer)
    if sent and live is not None and done(intent, live):
        return applied(intent, live)
    _compare(intent, live)
    tried = await _send(intent, live, writer, dry_run=True)
    _compare_diff(intent, live, tried)
    await sure()
    if clock() >= intent.expires_at:
        raise _Ended(OutcomeKind.REFUSED, "The approval has expired.")
    reply = await _send(intent, live, writer, dry_run=False)
    if intent.operation.verb is Verb.DELETE:
        return applied(intent, live or {}, reply)
    return applied(intent, reply.body, reply)


def _admit(intent: Intent, writer: Writer) -> None:
    """Refuse an intent that is not of the vocabulary, or not of this cluster."""
    try:
        target = vocabulary.decode(intent.seal.action).target
    except BadAction as error:
        raise _Ended(OutcomeKind.REFUSED, error.public) from error
    if {target.cluster, intent.operation.target.cluster, intent.seal.cluster} != {writer.name}:
        raise _Ended(OutcomeKind.REFUSED, "It was approved for another cluster.")


async def _read(intent: Intent, writer: Writer) -> Json | None:
    try:
        return await read(writer, intent.operation.target)
    except NotAllowed as error:
        raise _Ended(OutcomeKind.REFUSED, error.public) from error
    except (ClusterUnreachable, AccessRefused) as error:
        raise _Ended(OutcomeKind.FAILED, error.public, error.hint) from error


def _compare(intent: Intent, live: Json | None) -> None:
    """Compare what is there with the seal. Raises _Ended where it is another."""
    operation, sealed = intent.operation, intent.seal.steps[intent.step]
    if operation.verb is Verb.CREATE:
        if live is not None:
            raise _Ended(OutcomeKind.STALE, "There is an object of that name by now.")
        return
    if live is None:
        raise _Ended(OutcomeKind.STALE, _GONE)
    if as_object(live.get("metadata")).get("uid") != operation.target.uid:
        raise _Ended(OutcomeKind.STALE, "It was deleted and made again since this was approved.")
    if object_digest(live, operation) != sealed.object_digest:
        raise _Ended(OutcomeKind.STALE, _CHANGED)


def _compare_diff(intent: Intent, live: Json | None, tried: Reply) -> None:
    """Compare what the server would do with what it said before the approval."""
    operation, sealed = intent.operation, intent.seal.steps[intent.step]
    diff = () if operation.verb is Verb.DELETE else difference(live or {}, tried.body)
    if diff_digest(diff) != sealed.diff_digest:
        raise _Ended(
            OutcomeKind.STALE,
            "The server would now do something else than it said when this was approved.",
        )


async def _send(intent: Intent, live: Json | None, writer: Writer, *, dry_run: bool) -> Reply:
    """Send the operation and give the answer if it was done. Raises _Again and _Ended.

    A dry run whose result is not known has changed nothing; a write may have.
    """
    try:
        reply = await send(intent.operation, live, writer, intent.operation_id, dry_run=dry_run)
    except Moved as moved:
        raise _Ended(OutcomeKind.STALE, moved.public) from moved
    except NotAllowed as error:
        raise _Ended(OutcomeKind.REFUSED, error.public) from error
    except (NotSent, AccessRefused) as error:
        raise _Ended(OutcomeKind.FAILED, error.public, error.hint) from error
    except NoAnswer as error:
        kind = OutcomeKind.FAILED if dry_run else OutcomeKind.UNKNOWN
        raise _Ended(kind, error.public, error.hint) from error
    if not reply.done:
        raise _refused(reply, dry_run)
    return reply


def _refused(reply: Reply, dry_run: bool) -> _Again | _Ended:
    """Say what it means that the server did not do it."""
    if reply.status in (404, 409):
        return _Again(OutcomeKind.STALE, "It keeps changing while it is being written.")
    if reply.status == 422:
        return _Again(OutcomeKind.REFUSED, f"The server refuses it (422): {reply.said}")
    if reply.status == 429:
        pause = BUSY_WAIT_S if reply.retry_after_s is None else reply.retry_after_s
        return _Again(OutcomeKind.FAILED, "The server is too busy.", pause)
    if 400 <= reply.status < 500:
        return _Ended(OutcomeKind.REFUSED, f"The server refuses it ({reply.status}): {reply.said}")
    kind = OutcomeKind.FAILED if dry_run else OutcomeKind.UNKNOWN
    return _Ended(kind, f"The server answered {reply.status}: {reply.said}")
