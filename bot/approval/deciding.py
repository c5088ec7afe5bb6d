"""What a person's word on a proposal comes to: everything looked up again, the policy asked, one sentence back.

The same for a press in Slack and for a command at a terminal. A refusal is a sentence for the presser
alone; what happened is seen on the card. Used by `bot.slack.proposals.decisions` and `bot.app.approvals`.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.accounts import Actor
from bot.approval import own_word, proposals, sealed_case, standing, wording
from bot.approval.policy.decision import Decision
from bot.approval.policy.execution import may_undo
from bot.approval.policy.grounds import not_named, terms, void, who
from bot.approval.policy.people import Person, identify
from bot.approval.policy.rights import may_approve, may_propose
from bot.approval.policy.rules import Policy, PolicyNow
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Answered, Press, Reply, Start
from bot.store import listing
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.proposals import Case, Draft, State
from tools import vocabulary
from tools.actions.undo_change import KINDS as UNDOABLE_KINDS
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind
from tools.errors import BadAction
from tools.types import RiskLevel, Target

NO_SUCH = "There is no such proposal here."
NO_POLICY = "No policy is in force, so nobody can decide on changes here."
_OVER = frozenset({State.BLOCKED, State.DENIED, State.WITHDRAWN, State.EXPIRED, State.DONE})


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to whoever pressed."""

    text: str
    done: bool
    """False: nothing changed, and the text says why."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What deciding rests on."""

    db: Database
    policy: PolicyNow
    now: datetime
    key: LedgerKey | None = None
    """Of the ledger, where the executor takes the presses itself."""


async def vote(
    ground: Ground, proposal: str, actor: Actor, verdict: Verdict, reason: str = ""
) -> Told:
    """Count an approval or a rejection; `reason` is redacted."""
    case = await proposals.get(ground.db, proposal)
    policy = ground.policy()
    refusal = await _not_open(ground, case)
    if refusal is not None or case is None:
        return refusal or _no(NO_SUCH)
    if policy is None:
        return _no(NO_POLICY)
    try:
        sealed = sealed_case.sealed(case)
    except BadAction:
        return _no("What is proposed is no longer an action that Oakum knows; propose it again.")
    decision = may_approve(policy, sealed, actor, ground.now)
    person = identify(policy.people, actor, terms(policy, sealed.case).sandbox)
    if not decision.allowed or isinstance(person, Decision):
        return _no(" ".join(decision.reasons))
    press = Press(
        proposal=proposal,
        person=person.id,
        account=actor.account,
        verdict=verdict,
        reason=reason,
        digest=sealed.digest,
        policy_version=policy.version,
        standing=standing.write(actor),
    )
    return _of_vote(await proposals.review(ground.db, press, ground.now, ground.key), verdict)


async def start(ground: Ground, proposal: str, actor: Actor) -> Told:
    """Start what was approved, where the policy's rule names who does."""
    case = await proposals.get(ground.db, proposal)
    policy = ground.policy()
    if case is None:
        return _no(NO_SUCH)
    if case.proposal.state is not State.APPROVED:
        return _no(f"This cannot be started. {wording.status(case)}.")
    if policy is None:
        return _no(NO_POLICY)
    sealed = sealed_case.sealed(case)
    found = who(policy, sealed.case, actor)
    if isinstance(found, Decision):
        return _no(" ".join(found.reasons))
    person, rule = found
    if rule.execute is None:
        return _no("Nobody has to start this: the executor carries it out by itself.")
    refusal = void(policy, sealed, rule, ground.now) or not_named(
        rule, rule.execute, person, actor, "start this"
    )
    if refusal is not None:
        return _no(" ".join(refusal.reasons))
    said = Start(proposal, person.id, standing.write(actor), sealed.digest)
    answered = await proposals.start(ground.db, said, ground.now, ground.key)
    if answered.reply is Reply.ALREADY:
        return _no("It is started already.")
    if answered.reply is not Reply.DONE:
        return _no(_refusal(answered, ""))
    return Told("Started; the card shows what follows.", done=True)


async def withdraw(ground: Ground, proposal: str, actor: Actor, reason: str = "") -> Told:
    """Take a proposal back, by whoever asked for it; `reason` is redacted."""
    case = await proposals.get(ground.db, proposal)
    if case is None:
        return _no(NO_SUCH)
    person = _person(ground.policy(), case, actor)
    if isinstance(person, Told):
        return person
    said = await proposals.withdraw(ground.db, proposal, person.id, reason, ground.now, ground.key)
    if said.reply is Reply.DONE:
        return Told("Withdrawn; nothing was changed.", done=True)
    return _no(_refusal(said, "Only who asked for it can withdraw it."))


async def undo(ground: Ground, proposal: str, actor: Actor) -> Told:
    """Ask for a change to be taken back: a proposal of its own, which is rehearsed like any other."""
    case = await proposals.get(ground.db, proposal)
    if case is None:
        return _no(NO_SUCH)
    if not wording.can_be_undone(case):
        return _no(f"This cannot be undone: {wording.status(case).lower()}.")
    policy = ground.policy()
    person = _person(policy, case, actor)
    if isinstance(person, Told) or policy is None:
        return person if isinstance(person, Told) else _no(NO_POLICY)
    target = _undone(case)
    if target is None:
        return _no("What was changed is of a kind that is not undone; change it by hand.")
    action = UndoChange(target=target, operation_id=proposal)
    refusal = _may_not_ask(policy, action, actor)
    if refusal and not _without_vote(policy, case, actor, ground.now):
        return _no(refusal)
    earlier = await undo_case(ground.db, proposal)
    if earlier is not None and earlier.proposal.state not in _OVER:
        return _no("An undo of this is asked for already: look for its card.")
    if earlier is not None and earlier.proposal.outcome == OutcomeKind.UNDONE:
        return _no("This is undone already.")
    draft = Draft(
        id=own_word.undo_id(proposal, earlier.proposal.id if earlier else "", ground.key),
        action=vocabulary.encode(action),
        target=target,
        requester=person.id,
        account=actor.account,
        thread=case.proposal.thread,
        submitted_at=ground.now,
        undo_of=proposal,
        standing=standing.write(actor),
    )
    if not await proposals.submit(ground.db, draft):
        return _no("An undo of this is asked for already: its card follows.")
    return Told("Undo is asked for; it has a card of its own in this thread.", done=True)


async def undo_case(db: Database, proposal: str) -> Case | None:
    """Give the newest undo of a proposal; None where none was looked at yet."""
    found = await listing.undo_of(db, proposal)
    return None if found is None else await proposals.get(db, found)


def _no(text: str) -> Told:
    return Told(text, done=False)


async def _not_open(ground: Ground, case: Case | None) -> Told | None:
    """Refuse a vote on what is not pending any more; what is over by time ends now."""
    if case is None:
        return None
    proposal = case.proposal
    if proposal.state is not State.PENDING:
        return _no(f"Too late to decide on this. {wording.status(case)}.")
    if proposal.until is not None and ground.now >= proposal.until:
        await proposals.expire(ground.db, proposal.id, ground.now, ground.key)
        return _no("The time to approve this is over; propose it again.")
    return None


def _person(policy: Policy | None, case: Case, actor: Actor) -> Person | Told:
    """Find who presses, or the sentence why they do not count."""
    if policy is None:
        return _no(NO_POLICY)
    cluster = policy.clusters.get(case.proposal.target.cluster)
    found = identify(policy.people, actor, cluster is not None and cluster.sandbox)
    return _no(" ".join(found.reasons)) if isinstance(found, Decision) else found


def _may_not_ask(policy: Policy, action: UndoChange, actor: Actor) -> str:
    """Say why somebody may not ask for an undo, however small its risk; empty where they may."""
    decisions = [
        may_propose(policy, sealed_case.policy_case(action, risk), actor) for risk in RiskLevel
    ]
    allowed = any(one.allowed for one in decisions)
    return "" if allowed else " ".join(decisions[0].reasons)


def _without_vote(policy: Policy, case: Case, actor: Actor, now: datetime) -> bool:
    """Tell whether the policy lets somebody take a change back by their own word, for now."""
    ended = case.proposal.changed_at
    return may_undo(policy, sealed_case.sealed(case), ended, actor, now).allowed


def _undone(case: Case) -> Target | None:
    """Choose the object that an undo is about: the change's own, else one that it made.

    What was patched is the change's own object, and an undo puts back the fields of its own alone.
    """
    known = (case.proposal.target, *case.proposal.objects)
    return next((one for one in known if one.kind in UNDOABLE_KINDS), None)


def _of_vote(said: Answered, verdict: Verdict) -> Told:
    if said.reply is not Reply.DONE:
        return _no(_refusal(said, "Who asked for a change never decides on it."))
    if verdict is Verdict.DENY:
        return Told("Your rejection is counted; it is final.", done=True)
    if said.state is State.APPROVED:
        return Told(
            "Your approval is counted. That is enough; the card shows what follows.", done=True
        )
    left = said.needed - said.approvals
    more = wording.counted(left, "more approval")
    return Told(f"Your approval is counted; {more} by other people needed.", done=True)


def _refusal(said: Answered, not_yours: str) -> str:
    words = {
        Reply.NO_SUCH: NO_SUCH,
        Reply.EXPIRED: "The time to approve this is over; propose it again.",
        Reply.OWN: not_yours,
        Reply.NOT_YOURS: not_yours,
        Reply.ALREADY: "Your vote is already counted; a person has one.",
        Reply.CHANGED: "The policy has changed since this was proposed; propose it again.",
    }
    state = said.state.value if said.state else "gone"
    return words.get(said.reply, f"Too late: this proposal is {state} now.")
