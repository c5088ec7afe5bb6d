"""Proposals, from the draft that somebody asked for to the end; the only place where a state changes.

`change` is every transition: in one transaction, one at a time over all processes, it reads the
proposal, lets a pure function of `bot.approval` decide, writes the proposal where its revision is still
the one that was read, and with it the review, the steps, the ledger's row and the outbox's. A draft is
no transition, but all of approvals that serve's role may write. Used by `bot.approval.proposals`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Table, and_, delete, insert, or_, select, update

from bot.errors import StoreUnavailable
from bot.store import ledger, operations, outbox, reviews
from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.ledger import Entry, Event, LedgerKey
from bot.store.operations import Step
from bot.store.outbox import App, Note
from bot.store.reviews import Review
from bot.store.tables import drafts, proposals
from bot.store.transaction import Transaction
from bot.telemetry import incident
from bot.types import ThreadKey
from tools.types import Target

T = TypeVar("T")


class State(StrEnum):
    """Where a proposal stands."""

    DRAFT = "draft"
    """Being rehearsed, under a lease."""
    BLOCKED = "blocked"
    """Cannot be approved: refusal predicted, no dry run possible, or no change. Final."""
    PENDING = "pending"
    """Sealed; waits for reviews."""
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    EXECUTING = "executing"
    """In an executor's hands, under a lease."""
    HANDED_OVER = "handed-over"
    """A patch for somebody else; looked at until `until`."""
    DONE = "done"
    """Ended as `outcome` says."""


MOVES: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset(State) - {State.DENIED, State.EXECUTING, State.DONE},
    State.PENDING: frozenset(
        {State.PENDING, State.APPROVED, State.DENIED, State.WITHDRAWN, State.EXPIRED}
    ),
    State.APPROVED: frozenset(
        {State.APPROVED, State.EXECUTING, State.WITHDRAWN, State.EXPIRED, State.DONE}
    ),
    State.EXECUTING: frozenset({State.EXECUTING, State.HANDED_OVER, State.DONE}),
    State.HANDED_OVER: frozenset({State.DONE}),
}
"""Where each state may go; the others are final. Whatever else is asked for is a defect."""
_BEFORE_EXECUTION = frozenset({State.DRAFT, State.PENDING, State.APPROVED})
"""States in which a proposal has no steps yet."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asked for, not looked at yet."""

    id: str
    """Ours, opaque: all that a button carries."""
    action: bytes
    """Canonical JSON of the action."""
    target: Target
    """The action's."""
    requester: str
    """Person id of the human who asked, also when a schedule or the assistant proposed it."""
    account: tuple[str, str]
    """Team id and user id by which that person asked."""
    thread: ThreadKey
    """Where the card goes."""
    submitted_at: datetime
    undo_of: str = ""
    """The proposal that this one undoes."""
    standing: bytes = b""
    """JSON of the requester's Actor, as Slack vouched for it when they asked."""


@dataclass(frozen=True, slots=True)
class Proposal(Draft):
    """A proposal as its row has it."""

    app: App = App.ASSISTANT
    """The Slack app that shows it."""
    state: State = State.DRAFT
    revision: int = 1
    """One up with every transition."""
    changed_at: datetime = field(kw_only=True)
    """Never earlier than at the revision before, whatever the clock did."""
    rehearsal: bytes = b""
    """JSON of the Rehearsal without its seal: what people are shown. Empty before."""
    seal: bytes = b""
    """JSON of the Seal. Empty before."""
    policy_version: str = ""
    """The policy's when it was sealed."""
    digest: str = ""
    """Over seal and policy version (`tools.changes.digest`): what an approval is bound to."""
    needed: int = 0
    """How many distinct people must approve."""
    requester_may_approve: bool = False
    """Only where the policy marks the cluster as a sandbox, and of an undo by its requester's own word."""
    objects: tuple[Target, ...] = ()
    """What will be changed, one step each, in order."""
    sealed_at: datetime | None = None
    until: datetime | None = None
    """Expiry of the approval; of a hand-over the time until which it is looked at."""
    reason: str = ""
    """Why it is blocked, withdrawn, refused or as its outcome is; of an execution why it stands still."""
    outcome: str = ""
    """An OutcomeKind's value; set when done."""
    worker: str = ""
    """Who holds the lease of a draft or an execution."""
    leased_until: datetime | None = None
    attempts: int = 0
    """How often the draft was handed out to be rehearsed."""
    started_by: str = ""
    """Person id of who started it, where the policy's rule names who may; else empty."""
    starter: bytes = b""
    """JSON of the starter's Actor; empty where nobody had to start it."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that a transition is decided by, as it is in its transaction."""

    proposal: Proposal
    reviews: tuple[Review, ...] = ()
    steps: tuple[Step, ...] = ()
    locked_by: tuple[str, ...] = ()
    """Of an approved one: other proposals that are executing on one of its objects."""


@dataclass(frozen=True, slots=True)
class Move:
    """One transition, decided."""

    event: Event
    after: Proposal
    """Revision one above."""
    person: str = ""
    """Who did it; empty for an executor and for time."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the ledger keeps of it."""
    review: Review | None = None
    steps: tuple[Step, ...] = ()
    """Those that are new or changed."""
    notes: tuple[Note, ...] = ()


async def submit(db: Database, draft: Draft) -> bool:
    """Keep a draft, by no right but INSERT; False where that id is waiting already."""
    new = db.insert(drafts).values(_asked(draft)).on_conflict_do_nothing()
    async with db.write() as tx:
        written = await tx.execute(new.execution_options(preserve_rowcount=True))
        return written.rowcount == 1


async def claim_draft(
    db: Database,
    first: Callable[[Draft], Move],
    again: Callable[[Proposal], Move],
    now: datetime,
    key: LedgerKey,
    beside: Collection[str] = (),
) -> Proposal | None:
    """Take one draft: whose rehearsal broke off, or else the one that waits longest.

    None of the clusters `beside`, which have enough in hand. A draft that cannot be read, or whose id is
    a proposal's, is dropped. None where nothing waits.
    """
    async with db.write() as tx:
        await ledger.exclusively(db, tx)
        broken_off = await _first(
            tx, proposals, lapsed(State.DRAFT, now), proposals.c.cluster.not_in(beside)
        )
        if broken_off is not None:
            proposal = _proposal(broken_off)
            return await _write(db, tx, Case(proposal), again(proposal), key)
        while (row := await _first(tx, drafts, drafts.c.cluster.not_in(beside))) is not None:
            await tx.execute(delete(drafts).where(drafts.c.id == row.id))
            draft = _draft(row)
            if draft is not None and await _read(tx, row.id, lock=True) is None:
                return await _write(db, tx, None, first(draft), key)
        return None


async def change(
    db: Database,
    proposal_id: str,
    decide: Callable[[Case], tuple[Move | None, T]],
    key: LedgerKey | None,
) -> T | None:
    """Make one transition, or none, as `decide` says; returns its answer, None for an unknown id.

    `decide` is pure and is given what the transaction read. Raises LedgerBroken.
    """
    async with db.write() as tx:
        await ledger.exclusively(db, tx)
        case = await _case(tx, proposal_id, lock=True)
        if case is None:
            return None
        move, answer = decide(case)
        if move is not None:
            await _write(db, tx, case, move, key)
        return answer


async def extend(
    db: Database, proposal_id: str, worker: str, now: datetime, until: datetime
) -> bool:
    """Hold a lease longer; False where it ended meanwhile: stop, somebody else may have it."""
    held = and_(
        proposals.c.id == proposal_id,
        proposals.c.worker == worker,
        proposals.c.state.in_([State.DRAFT.value, State.EXECUTING.value]),
        proposals.c.leased_until > now,
    )
    async with db.write() as tx:
        changed = await tx.execute(update(proposals).where(held).values(leased_until=until))
        return changed.rowcount == 1


async def get(db: Database, proposal_id: str) -> Case | None:
    """Read a proposal with its reviews and steps; None for an unknown id."""
    async with db.read() as tx:
        return await _case(tx, proposal_id, lock=False)


def lapsed(state: State, now: datetime) -> ColumnElement[bool]:
    """Choose what nobody holds: no lease, or one that has ended.

    A clock that is set back lengthens a lease by as much, and so it is left: a lease only says who goes
    on. Were one that ends further ahead than any may to count as ended, an executor whose clock is behind
    would take what is in live hands, again and again. That nothing is applied twice rests on neither, but
    on who the row says has it when a step is intended and right before it is sent, and on the version of
    the object that the write names.
    """
    ended = or_(proposals.c.leased_until.is_(None), proposals.c.leased_until <= now)
    return and_(proposals.c.state == state.value, ended)


async def _first(tx: Transaction, table: Table, *which: ColumnElement[bool]) -> Row[Any] | None:
    ordered = select(table).where(*which).order_by(table.c.submitted_at, table.c.id)
    return (await tx.execute(ordered.limit(1).with_for_update())).one_or_none()


async def _read(tx: Transaction, proposal_id: str, *, lock: bool) -> Proposal | None:
    one = select(proposals).where(proposals.c.id == proposal_id)
    row = (await tx.execute(one.with_for_update() if lock else one)).one_or_none()
    return None if row is None else _proposal(row)


async def _case(tx: Transaction, proposal_id: str, *, lock: bool) -> Case | None:
    proposal = await _read(tx, proposal_id, lock=lock)
    if proposal is None:
        return None
    begun = proposal.state not in _BEFORE_EXECUTION
    ready = proposal.state is State.APPROVED
    return Case(
        proposal,
        await reviews.within(tx, proposal_id),
        await operations.within(tx, proposal_id) if begun else (),
        await operations.held_by_others(tx, proposal_id, proposal.objects) if ready else (),
    )


async def _write(
    db: Database, tx: Transaction, case: Case | None, move: Move, key: LedgerKey | None
) -> Proposal:
    after = move.after
    await _compare_and_swap(tx, case.proposal if case else None, after)
    if move.review is not None:
        await reviews.add(tx, move.review)
    for step in move.steps:
        await operations.put(db, tx, step)
    await ledger.append(tx, _entry(move), key)
    await outbox.raise_card(db, tx, after.id, after.app, after.revision, after.changed_at)
    for note in move.notes:
        await outbox.put_note(db, tx, after.id, after.app, note, after.changed_at)
    return after


async def _compare_and_swap(tx: Transaction, before: Proposal | None, after: Proposal) -> None:
    """Write a proposal where it still is what was read; that it is not is no one's plan."""
    if before is None:
        await tx.execute(insert(proposals).values(_values(after)))
        return
    if after.state not in MOVES.get(before.state, frozenset()):
        raise ValueError(f"a proposal cannot go from {before.state} to {after.state}")
    if after.revision != before.revision + 1 or after.changed_at < before.changed_at:
        raise ValueError("a transition goes one revision on, and not back in time")
    still = and_(proposals.c.id == before.id, proposals.c.revision == before.revision)
    old = _values(before)
    new = {name: value for name, value in _values(after).items() if value != old[name]}
    changed = await tx.execute(update(proposals).where(still).values(new))
    if changed.rowcount != 1:
        raise StoreUnavailable("The proposal was changed at the same moment.", "Try again.")


def _entry(move: Move) -> Entry:
    after = move.after
    return Entry(
        number=0,
        at=ledger.instant(after.changed_at),
        event=move.event,
        proposal=after.id,
        revision=after.revision,
        state=after.state.value,
        person=move.person,
        requester=after.requester,
        digest=after.digest,
        facts=move.facts,
    )


def _asked(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "action": draft.action,
        "cluster": draft.target.cluster,
        "target": encode(draft.target),
        "requester": draft.requester,
        "account_team": draft.account[0],
        "account": draft.account[1],
        "team": draft.thread.team,
        "channel": draft.thread.channel,
        "thread": draft.thread.thread,
        "undo_of": draft.undo_of,
        "submitted_at": draft.submitted_at,
        "standing": draft.standing,
    }


_OWN = {one.name for one in fields(Proposal)} - {one.name for one in fields(Draft)}


def _values(after: Proposal) -> dict[str, Any]:
    own = {name: getattr(after, name) for name in _OWN}
    own |= {"app": after.app.value, "state": after.state.value, "objects": encode(after.objects)}
    return _asked(after) | own


def _asked_of(row: Row[Any]) -> dict[str, Any]:
    target = decode(row.target, Target)
    if target is None:
        raise ValueError(f"the target of proposal {row.id} cannot be read")
    return {
        "id": row.id,
        "action": row.action,
        "target": target,
        "requester": row.requester,
        "account": (row.account_team, row.account),
        "thread": ThreadKey(row.team, row.channel, row.thread),
        "submitted_at": row.submitted_at,
        "undo_of": row.undo_of,
        "standing": row.standing,
    }


def draft_of(row: Row[Any]) -> Draft:
    """Read what was asked for, from a row of either table. Raises ValueError where it is none."""
    return Draft(**_asked_of(row))


def _draft(row: Row[Any]) -> Draft | None:
    """Read a draft, which all that serve is may have written; what is none is an incident."""
    try:
        return draft_of(row)
    except ValueError as error:
        incident(error, draft=row.id)
        return None


def _proposal(row: Row[Any]) -> Proposal:
    own: dict[str, Any] = {name: getattr(row, name) for name in _OWN}
    own |= {"app": App(row.app), "state": State(row.state)}
    own["objects"] = decode(row.objects, tuple[Target, ...]) or ()
    return Proposal(**_asked_of(row), **own)
