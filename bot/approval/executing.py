"""The rules of an execution, as pure functions: claim, intent, outcome, hand-over, end, take-over.

As in `transitions`: nothing here reads a clock, a database or a cluster. An executor goes on with a
proposal only under a lease that it holds; what it sent and what came of it is written step by step, so
that another executor can tell where it ended. Used by `bot.approval.proposals`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from bot.approval import kept
from bot.approval.policy.votes import Tally
from bot.approval.transitions import (
    Answered,
    Decided,
    Reply,
    Turn,
    answered,
    counted,
    expire,
    made,
    moved,
    not_held,
    released,
    shown,
)
from bot.store.ledger import Event
from bot.store.operations import Phase, Step
from bot.store.proposals import Case, Move, Proposal, State
from tools.changes import Intent, Outcome, OutcomeKind, Rehearsal, Seal, digest

UNTOUCHED = frozenset({OutcomeKind.REFUSED, OutcomeKind.STALE, OutcomeKind.FAILED})
"""Endings after which nothing was changed."""
SHOWN_TO_WORK = frozenset({OutcomeKind.VERIFIED, OutcomeKind.UNVERIFIED, OutcomeKind.UNDONE})
"""Endings of an execution whose every step was applied."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the executor knows when it asks to execute; read before, compared in the transaction."""

    digest: str
    """Of the proposal as the policy was asked about it."""
    policy_version: str
    """Of the policy in force."""
    stopped: bool
    """The kill switch."""


def claim(case: Case, turn: Turn, gate: Gate) -> Decided:
    """Take an approved proposal to execute it, once: its objects are locked, one step each.

    What no longer holds ends it as refused; a kill switch or a lock leaves it approved.
    """
    proposal = case.proposal
    if proposal.state is not State.APPROVED:
        return None, answered(Reply.WRONG_STATE, case)
    ended, answer = expire(case, turn.now)
    if ended is not None:
        return ended, answer
    if gate.stopped:
        return None, answered(Reply.STOPPED, case)
    if gate.policy_version != proposal.policy_version:
        return _refused(case, turn, Reply.CHANGED, "The policy has changed since it was sealed.")
    if not _intact(proposal) or gate.digest != proposal.digest:
        return _refused(case, turn, Reply.CHANGED, "It is not what was sealed.")
    if counted(proposal, case.reviews) is not Tally.APPROVED:
        return _refused(case, turn, Reply.NOT_APPROVED, "Its reviews do not carry it.")
    if case.locked_by:
        return None, answered(Reply.LOCKED, case)
    after = moved(proposal, State.EXECUTING, turn.now, worker=turn.worker, leased_until=turn.until)
    steps = tuple(_step(after, ordinal) for ordinal in range(len(after.objects)))
    facts = {"operations": [step.id for step in steps], "worker": turn.worker}
    return made(Move(Event.EXECUTING, after, facts=facts, steps=steps), case)


def refuse(case: Case, turn: Turn, reason: str) -> Decided:
    """End an approved proposal that policy or access review do not let through any more."""
    if case.proposal.state is not State.APPROVED:
        return None, answered(Reply.WRONG_STATE, case)
    return _refused(case, turn, Reply.DONE, reason)


def intend(case: Case, turn: Turn, intent: Intent) -> Decided:
    """Write down what is about to be sent; the write may follow only where this is answered DONE.

    Again for the same step where the write was refused as moved (409), with what was read anew.
    """
    proposal = case.proposal
    refusal = not_held(proposal, turn, State.EXECUTING)
    if refusal:
        return None, refusal
    if proposal.until is None or max(turn.now, proposal.changed_at) >= proposal.until:
        return None, answered(Reply.EXPIRED, case)
    if digest(intent.seal, proposal.policy_version) != proposal.digest:
        return None, answered(Reply.CHANGED, case)
    step = next((one for one in case.steps if one.ordinal == intent.step), None)
    if step is None or step.id != intent.operation_id or not _next_in_turn(case, step):
        return None, answered(Reply.OUT_OF_ORDER, case)
    after = moved(proposal, State.EXECUTING, turn.now, reason="")
    written = replace(
        step,
        phase=Phase.INTENDED,
        intent=msgspec.json.encode(intent),
        outcome="",
        changed_at=after.changed_at,
    )
    facts = {"operation": step.id, "changes": kept.operation(intent.operation)}
    return made(Move(Event.INTENDED, after, facts=facts, steps=(written,)), case)


def record(case: Case, turn: Turn, outcome: Outcome) -> Decided:
    """Write down what came of a step; UNKNOWN leaves it to be found out.

    Allowed after the lease has ended too, as long as nobody else took over: what is known is kept.
    """
    proposal = case.proposal
    if proposal.state is not State.EXECUTING:
        return None, answered(Reply.WRONG_STATE, case)
    if proposal.worker != turn.worker:
        return None, answered(Reply.NOT_YOURS, case)
    step = next((one for one in case.steps if one.id == outcome.operation_id), None)
    if step is None or not _recordable(step, outcome.kind):
        return None, answered(Reply.OUT_OF_ORDER, case)
    unknown = outcome.kind is OutcomeKind.UNKNOWN
    after = moved(proposal, State.EXECUTING, turn.now)
    written = replace(
        step,
        phase=Phase.INTENDED if unknown else Phase.RECORDED,
        outcome=outcome.kind.value,
        audit_id=outcome.audit_id,
        detail=msgspec.json.encode(outcome),
        changed_at=after.changed_at,
    )
    facts = _facts(outcome) | {"operation": step.id}
    return made(Move(Event.RECORDED, after, facts=facts, steps=(written,)), case)


def finish(case: Case, turn: Turn, outcome: Outcome) -> Decided:
    """End an execution or a hand-over, and let its objects go."""
    proposal = case.proposal
    if proposal.state is State.EXECUTING:
        if proposal.worker != turn.worker:
            return None, answered(Reply.NOT_YOURS, case)
        if not _may_end(case, outcome.kind):
            return None, answered(Reply.UNRESOLVED, case)
    elif proposal.state is not State.HANDED_OVER:
        return None, answered(Reply.WRONG_STATE, case)
    after = moved(proposal, State.DONE, turn.now, outcome=outcome.kind.value, reason=outcome.reason)
    if proposal.state is State.HANDED_OVER:
        after = replace(after, rehearsal=_checked(proposal, outcome))
    steps = _ended(case, outcome, after.changed_at)
    return made(Move(Event.DONE, released(after), facts=_facts(outcome), steps=steps), case)


def hand_over(case: Case, turn: Turn, rehearsal: Rehearsal, until: datetime) -> Decided:
    """Leave a change to somebody else, as a patch; only while nothing of it was sent.

    From a draft, or from an execution. `until` is when it is no longer looked at.
    """
    state = State.EXECUTING if case.proposal.state is State.EXECUTING else State.DRAFT
    refusal = not_held(case.proposal, turn, state)
    if refusal:
        return None, refusal
    if any(step.phase is not Phase.CLAIMED for step in case.steps):
        return None, answered(Reply.UNRESOLVED, case)
    after = moved(
        case.proposal,
        State.HANDED_OVER,
        turn.now,
        rehearsal=shown(rehearsal),
        reason=rehearsal.reason,
        until=until,
    )
    facts = {
        "reason": rehearsal.reason,
        "diff": kept.difference(rehearsal.diff),
        "until": until.isoformat(),
    }
    steps = _unlocked(case, after.changed_at)
    return made(Move(Event.HANDED_OVER, released(after), facts=facts, steps=steps), case)


def take_over(case: Case, turn: Turn) -> Decided:
    """Take an execution whose executor gave no sign within its lease."""
    refusal = _not_left(case, turn)
    if refusal:
        return None, refusal
    proposal = case.proposal
    held = {"worker": turn.worker, "leased_until": turn.until}
    after = moved(proposal, State.EXECUTING, turn.now, reason="", **held)
    facts = {"worker": turn.worker, "from": proposal.worker}
    return made(Move(Event.TAKEN_OVER, after, facts=facts), case)


def stand_still(case: Case, turn: Turn, why: str) -> Decided:
    """Say why nobody goes on with an execution for now; what is known of it, and its locks, stay.

    By who has it in hand, or by anybody where its executor left it.
    """
    refusal = _not_left(case, turn)
    if refusal and not_held(case.proposal, turn, State.EXECUTING):
        return None, refusal
    if case.proposal.reason == why:
        return None, answered(Reply.ALREADY, case)
    after = moved(case.proposal, State.EXECUTING, turn.now, reason=why)
    return made(Move(Event.STANDS_STILL, after, facts={"reason": why}), case)


def _not_left(case: Case, turn: Turn) -> Answered | None:
    """Say why a proposal is no execution that its executor left; None where it is."""
    if case.proposal.state is not State.EXECUTING:
        return answered(Reply.WRONG_STATE, case)
    until = case.proposal.leased_until
    if until is not None and until > turn.now:
        return answered(Reply.NOT_YOURS, case)
    return None


def _refused(case: Case, turn: Turn, reply: Reply, reason: str) -> Decided:
    kind = OutcomeKind.REFUSED.value
    after = moved(case.proposal, State.DONE, turn.now, outcome=kind, reason=reason)
    move, answer = made(Move(Event.REFUSED, after, facts={"reason": reason}), case)
    return move, replace(answer, reply=reply)


def _intact(proposal: Proposal) -> bool:
    """Tell whether a row still holds what its digest was made over."""
    try:
        sealed = msgspec.json.decode(proposal.seal, type=Seal)
    except msgspec.DecodeError:
        return False
    targets = tuple(step.operation.target for step in sealed.steps)
    same = sealed.action == proposal.action and targets == proposal.objects
    return same and digest(sealed, proposal.policy_version) == proposal.digest


def _step(proposal: Proposal, ordinal: int) -> Step:
    return Step(
        id=f"{proposal.id}.{ordinal}",
        proposal=proposal.id,
        ordinal=ordinal,
        target=proposal.objects[ordinal],
        locked=True,
        phase=Phase.CLAIMED,
        digest=proposal.digest,
        changed_at=proposal.changed_at,
    )


def _next_in_turn(case: Case, step: Step) -> bool:
    """Tell whether a step is still open and all before it were applied."""
    before = (one for one in case.steps if one.ordinal < step.ordinal)
    applied = all(one.outcome == OutcomeKind.APPLIED for one in before)
    return step.locked and step.phase is not Phase.RECORDED and applied


def _recordable(step: Step, kind: OutcomeKind) -> bool:
    if kind in SHOWN_TO_WORK or step.phase is Phase.RECORDED:
        return False
    return step.phase is Phase.INTENDED or kind in UNTOUCHED


def _may_end(case: Case, kind: OutcomeKind) -> bool:
    """Tell whether what is known of the steps allows an ending."""
    if any(step.phase is Phase.INTENDED for step in case.steps):
        return kind is OutcomeKind.UNKNOWN
    if kind in SHOWN_TO_WORK or kind is OutcomeKind.APPLIED:
        return all(step.outcome == OutcomeKind.APPLIED for step in case.steps)
    if kind in {OutcomeKind.REFUSED, OutcomeKind.STALE}:
        return not any(step.outcome == OutcomeKind.APPLIED for step in case.steps)
    return True


def _unlocked(case: Case, at: datetime) -> tuple[Step, ...]:
    return tuple(replace(step, locked=False, changed_at=at) for step in case.steps)


def _checked(proposal: Proposal, outcome: Outcome) -> bytes:
    """Keep with a hand-over, which has no step of ours, what was found at its end."""
    if not proposal.rehearsal:
        return proposal.rehearsal
    rehearsal = msgspec.json.decode(proposal.rehearsal, type=Rehearsal)
    return shown(msgspec.structs.replace(rehearsal, checked=outcome.findings))


def _ended(case: Case, outcome: Outcome, at: datetime) -> tuple[Step, ...]:
    """Let all steps go; the last one that something is known of keeps what was found at the end."""
    steps = list(_unlocked(case, at))
    known = [number for number, step in enumerate(steps) if step.detail]
    if known:
        last = steps[known[-1]]
        kept = msgspec.structs.replace(
            msgspec.json.decode(last.detail, type=Outcome),
            kind=outcome.kind,
            reason=outcome.reason,
            warnings=outcome.warnings,
            findings=outcome.findings,
            suggest_undo=outcome.suggest_undo,
        )
        steps[known[-1]] = replace(last, detail=msgspec.json.encode(kept))
    return tuple(steps)


def _facts(outcome: Outcome) -> dict[str, Any]:
    """Give what the ledger keeps of an outcome."""
    return {
        "outcome": outcome.kind.value,
        "reason": outcome.reason,
        "audit_id": outcome.audit_id,
        "uid": outcome.uid,
        "resource_version": outcome.resource_version,
        "findings": [
            {"check": one.check, "verdict": one.verdict.value, "fingerprint": one.fingerprint}
            for one in outcome.findings
        ],
    }
