"""The rules of a proposal's life, as pure functions: what a case is, and what is done, to what it becomes.

Each gives a Move, or None for no transition, and a typed answer. Nothing here reads a clock, a
database or a cluster; `bot.approval.proposals` runs each in one transaction. Time never runs backwards
for a proposal: it is at least that of its last transition, whatever the clock says.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from bot.approval import kept
from bot.approval.policy.votes import Quorum, Tally, Verdict, Vote, tally
from bot.store.ledger import Event, LedgerKey
from bot.store.outbox import App, Note
from bot.store.proposals import Case, Draft, Move, Proposal, State
from bot.store.reviews import Review
from tools.changes import Rehearsal, digest

LONGEST_APPROVAL = timedelta(hours=24)
DRAFT_LIVES = timedelta(hours=24)
"""A draft that no executor looked at for so long is not rehearsed any more."""
LAST_ATTEMPT = 3
"""A draft whose rehearsal broke off so often is given up."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An executor's turn: who it is, when, and for how long it asks for a lease."""

    worker: str
    """Names one executor process for as long as it lives; no other may use the name."""
    now: datetime
    lease_s: float
    key: LedgerKey

    @property
    def until(self) -> datetime:
        """When a lease taken now ends."""
        return self.now + timedelta(seconds=self.lease_s)


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a rehearsal and the policy together make of a draft."""

    rehearsal: Rehearsal
    """READY, with its seal."""
    policy_version: str
    needed: int
    """Distinct people who must approve; at least 1."""
    until: datetime
    """At most LONGEST_APPROVAL from now."""
    requester_may_approve: bool = False
    """Only where the policy marks the cluster as a sandbox, and for an undo by its own word."""
    remind_at: datetime | None = None
    own_word: bool = False
    """The requester's own word carries it: an undo that the policy allows them without a vote."""


@dataclass(frozen=True, slots=True)
class Press:
    """One person's word on a card, the person identified and allowed by the policy."""

    proposal: str
    person: str
    """Person id of the policy."""
    account: tuple[str, str]
    """Team id and user id that pressed."""
    verdict: Verdict
    reason: str
    """Redacted; may be empty."""
    digest: str
    """Of the proposal that the policy was asked about."""
    policy_version: str
    """Of the policy that was asked."""
    standing: bytes = b""
    """JSON of the Actor, as Slack vouched for it at the press."""


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody starts what was approved, identified and allowed by the policy."""

    proposal: str
    person: str
    """Person id of the policy."""
    standing: bytes
    """JSON of the Actor, as Slack vouched for it at the press."""
    digest: str
    """Of the proposal that the policy was asked about."""


class Reply(StrEnum):
    """What became of a press, a withdrawal, or an executor's step."""

    DONE = "done"
    """It happened."""
    NO_SUCH = "no-such"
    """No proposal has this id."""
    WRONG_STATE = "wrong-state"
    """The proposal is not where this can happen; `state` says where it is."""
    EXPIRED = "expired"
    OWN = "own"
    """The requester can never approve what they asked for."""
    NOT_YOURS = "not-yours"
    """Only the requester withdraws; only who holds the lease goes on."""
    ALREADY = "already"
    """One review per person, one start per proposal."""
    CHANGED = "changed"
    """The digest or the policy's version is no longer the sealed one."""
    STOPPED = "stopped"
    """The kill switch is on; the approval stays until it expires."""
    LOCKED = "locked"
    """Another proposal is executing on one of its objects."""
    NOT_APPROVED = "not-approved"
    """The reviews do not carry it."""
    OUT_OF_ORDER = "out-of-order"
    """A step before it has not been applied, or this one is recorded already."""
    UNRESOLVED = "unresolved"
    """A write may be on its way: that must be found out before it can end otherwise than unknown."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to whoever asked for a transition; refusals are told with the reason."""

    reply: Reply
    state: State | None = None
    """Of the proposal afterwards; None for NO_SUCH."""
    approvals: int = 0
    """People who have approved so far."""
    needed: int = 0
    counted_before: bool = False
    """The person's own word on it stands already."""


Decided = tuple[Move | None, Answered]


def first(draft: Draft, turn: Turn, app: App) -> Move:
    """Take a draft for rehearsal, or end it where it is too old."""
    late = turn.now - draft.submitted_at >= DRAFT_LIVES
    at = max(turn.now, draft.submitted_at)
    asked = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    after = Proposal(**asked, app=app, changed_at=at, attempts=1)
    facts = {"action": kept.action(draft.action), "undo_of": draft.undo_of}
    if late:
        after = replace(after, state=State.EXPIRED, reason="Nobody rehearsed it within 24 hours.")
        return Move(Event.CLAIMED, after, facts=facts)
    return Move(
        Event.CLAIMED, replace(after, worker=turn.worker, leased_until=turn.until), facts=facts
    )


def again(proposal: Proposal, turn: Turn) -> Move:
    """Take a draft whose rehearsal broke off, or give it up."""
    if proposal.attempts >= LAST_ATTEMPT:
        reason = f"Its rehearsal broke off {LAST_ATTEMPT} times."
        after = moved(proposal, State.BLOCKED, turn.now, reason=reason)
        return Move(Event.BLOCKED, released(after), facts={"reason": reason})
    after = moved(
        proposal,
        State.DRAFT,
        turn.now,
        worker=turn.worker,
        leased_until=turn.until,
        attempts=proposal.attempts + 1,
    )
    return Move(Event.CLAIMED, after, facts={"attempts": after.attempts})


def seal(case: Case, turn: Turn, sealing: Sealing) -> Decided:
    """Make a rehearsed draft pending, bound to what was rehearsed. Raises ValueError on a defect."""
    refusal = not_held(case.proposal, turn, State.DRAFT)
    if refusal:
        return None, refusal
    sealed = sealing.rehearsal.seal
    at = max(turn.now, case.proposal.changed_at)
    if sealed is None or sealed.action != case.proposal.action or not sealed.steps:
        raise ValueError("what was rehearsed is not what the draft asks for")
    if sealing.needed < 1 or not at < sealing.until <= at + LONGEST_APPROVAL:
        raise ValueError("an approval needs at least one person, and ends within 24 hours")
    said = _own_word(case.proposal, sealing, digest(sealed, sealing.policy_version), at)
    after = moved(
        case.proposal,
        State.APPROVED if said else State.PENDING,
        turn.now,
        rehearsal=shown(sealing.rehearsal),
        seal=msgspec.json.encode(sealed, order="sorted"),
        policy_version=sealing.policy_version,
        digest=digest(sealed, sealing.policy_version),
        needed=sealing.needed,
        requester_may_approve=sealing.requester_may_approve,
        objects=tuple(step.operation.target for step in sealed.steps),
        sealed_at=at,
        until=sealing.until,
    )
    facts = {
        "action": kept.action(sealed.action),
        "steps": kept.steps(sealed.steps),
        "diff": kept.difference(sealing.rehearsal.diff),
        "policy_version": sealing.policy_version,
        "needed": sealing.needed,
        "requester_may_approve": sealing.requester_may_approve,
        "until": sealing.until.isoformat(),
    }
    if said:
        facts |= {"verdict": said.verdict, "own_word": True}
        move = Move(Event.SEALED, released(after), said.person, facts, review=said)
        return made(move, replace(case, reviews=(said,)))
    notes = (Note("reminder", sealing.remind_at),) if sealing.remind_at else ()
    return made(Move(Event.SEALED, released(after), facts=facts, notes=notes), case)


def block(case: Case, turn: Turn, rehearsal: Rehearsal) -> Decided:
    """End a draft that cannot be approved, with the rehearsal's reason."""
    refusal = not_held(case.proposal, turn, State.DRAFT)
    if refusal:
        return None, refusal
    after = moved(
        case.proposal,
        State.BLOCKED,
        turn.now,
        rehearsal=shown(rehearsal),
        reason=rehearsal.reason,
    )
    facts = {"reason": rehearsal.reason, "found": rehearsal.state.value}
    return made(Move(Event.BLOCKED, released(after), facts=facts), case)


def review(case: Case, press: Press, now: datetime) -> Decided:
    """Count one person's word: one denial is final, enough distinct approvals carry it."""
    proposal = case.proposal
    mine = any(one.person == press.person for one in case.reviews)
    if proposal.state is not State.PENDING:
        return None, answered(Reply.WRONG_STATE, case, mine)
    at = max(now, proposal.changed_at)
    if _over(proposal, at):
        return _expired(case, now)
    if not press.person or _is_barred(proposal, press):
        return None, answered(Reply.OWN, case, mine)
    if mine:
        return None, answered(Reply.ALREADY, case, mine)
    if (press.digest, press.policy_version) != (proposal.digest, proposal.policy_version):
        return None, answered(Reply.CHANGED, case, mine)
    said = Review(
        proposal=proposal.id,
        person=press.person,
        account=press.account,
        verdict=press.verdict.value,
        reason=press.reason,
        digest=press.digest,
        at=at,
        standing=press.standing,
    )
    reviews = (*case.reviews, said)
    after = moved(proposal, State(counted(proposal, reviews).value), now)
    facts = {
        "verdict": press.verdict.value,
        "reason": press.reason,
        "approvals": approvals(reviews),
        "needed": proposal.needed,
    }
    move = Move(Event.REVIEWED, after, person=press.person, facts=facts, review=said)
    return made(move, replace(case, reviews=reviews), mine)


def start(case: Case, said: Start, now: datetime) -> Decided:
    """Start what was approved, once, where the policy's rule names who does."""
    proposal = case.proposal
    if proposal.state is not State.APPROVED:
        return None, answered(Reply.WRONG_STATE, case)
    if _over(proposal, max(now, proposal.changed_at)):
        return _expired(case, now)
    if proposal.started_by or not said.person:
        return None, answered(Reply.ALREADY, case)
    if said.digest != proposal.digest:
        return None, answered(Reply.CHANGED, case)
    after = moved(proposal, State.APPROVED, now, started_by=said.person, starter=said.standing)
    return made(Move(Event.STARTED, after, person=said.person), case)


def withdraw(case: Case, person: str, reason: str, now: datetime) -> Decided:
    """Let the requester take a proposal back, until an executor has it in hand."""
    proposal = case.proposal
    if proposal.state not in {State.DRAFT, State.PENDING, State.APPROVED}:
        return None, answered(Reply.WRONG_STATE, case)
    if person != proposal.requester:
        return None, answered(Reply.NOT_YOURS, case)
    after = released(moved(proposal, State.WITHDRAWN, now, reason=reason))
    return made(Move(Event.WITHDRAWN, after, person=person, facts={"reason": reason}), case)


def expire(case: Case, now: datetime) -> Decided:
    """End an approval whose time is over."""
    proposal = case.proposal
    if proposal.state not in {State.PENDING, State.APPROVED}:
        return None, answered(Reply.WRONG_STATE, case)
    if not _over(proposal, max(now, proposal.changed_at)):
        return None, answered(Reply.OUT_OF_ORDER, case)
    return _expired(case, now)


def counted(proposal: Proposal, reviews: tuple[Review, ...]) -> Tally:
    """Count the reviews of what was sealed, in their order."""
    votes = [
        Vote(one.person, Verdict(one.verdict)) for one in reviews if one.digest == proposal.digest
    ]
    quorum = Quorum(proposal.needed, proposal.requester, proposal.requester_may_approve)
    return tally(votes, quorum)


def approvals(reviews: tuple[Review, ...]) -> int:
    """Count the distinct people who approved, for people to see."""
    return len({one.person for one in reviews if one.verdict == Verdict.APPROVE})


def shown(rehearsal: Rehearsal) -> bytes:
    """Write a rehearsal as people are shown it, the seal apart."""
    return msgspec.json.encode(msgspec.structs.replace(rehearsal, seal=None))


def _own_word(proposal: Proposal, sealing: Sealing, sealed: str, at: datetime) -> Review | None:
    """Give the requester's own approval where it carries an undo; None where there is to be a vote."""
    if not sealing.own_word:
        return None
    if not proposal.undo_of or not sealing.requester_may_approve or sealing.needed != 1:
        raise ValueError("only an undo is carried by its requester's own word")
    return Review(
        proposal=proposal.id,
        person=proposal.requester,
        account=proposal.account,
        verdict=Verdict.APPROVE.value,
        reason="",
        digest=sealed,
        at=at,
        standing=proposal.standing,
    )


def _is_barred(proposal: Proposal, press: Press) -> bool:
    """Tell whether it is the requester who pressed, by person or by account."""
    own = press.person == proposal.requester or press.account == proposal.account
    return own and not proposal.requester_may_approve


def _over(proposal: Proposal, at: datetime) -> bool:
    return proposal.until is None or at >= proposal.until


def _expired(case: Case, now: datetime) -> Decided:
    after = moved(case.proposal, State.EXPIRED, now)
    note = Note("expired", after.changed_at)
    move, answer = made(Move(Event.EXPIRED, after, notes=(note,)), case)
    return move, replace(answer, reply=Reply.EXPIRED)


def moved(proposal: Proposal, state: State, now: datetime, **changes: Any) -> Proposal:
    """Give a proposal one revision on; its time never goes back."""
    at = max(now, proposal.changed_at)
    return replace(proposal, state=state, revision=proposal.revision + 1, changed_at=at, **changes)


def released(proposal: Proposal) -> Proposal:
    """Give a proposal that nobody holds."""
    return replace(proposal, worker="", leased_until=None)


def not_held(proposal: Proposal, turn: Turn, state: State) -> Answered | None:
    """Say why an executor may not go on with a proposal: its state, or its lease; None if it may."""
    if proposal.state is not state:
        return Answered(Reply.WRONG_STATE, proposal.state)
    held = proposal.leased_until is not None and proposal.leased_until > turn.now
    if proposal.worker != turn.worker or not held:
        return Answered(Reply.NOT_YOURS, proposal.state)
    return None


def answered(reply: Reply, case: Case, counted_before: bool = False) -> Answered:
    """Answer from how a case stands."""
    return Answered(
        reply,
        case.proposal.state,
        approvals(case.reviews),
        case.proposal.needed,
        counted_before,
    )


def made(move: Move, case: Case, counted_before: bool = False) -> Decided:
    """Give a move with the answer that it happened."""
    return move, answered(Reply.DONE, replace(case, proposal=move.after), counted_before)
