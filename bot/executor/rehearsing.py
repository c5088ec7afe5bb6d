"""One draft: asked the policy about, rehearsed, and sealed, blocked or handed over.

Changes nothing in a cluster. Used by `loop`.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.accounts import Account, Actor
from bot.approval import own_word, proposals
from bot.approval.policy.decision import Decision, refused
from bot.approval.policy.execution import may_undo
from bot.approval.policy.grounds import access_refusal, terms
from bot.approval.policy.people import identify
from bot.approval.policy.rights import may_propose, may_rehearse, needed
from bot.approval.policy.rules import Case, Policy, deciding
from bot.approval.policy.sealed import Needed
from bot.approval.sealed_case import policy_case, sealed
from bot.approval.transitions import LAST_ATTEMPT, Sealing
from bot.executor import people
from bot.executor.holding import release
from bot.executor.judging import admitted
from bot.executor.parts import Parts
from bot.executor.undoing import Undone, undone
from bot.store.outbox import App
from bot.store.proposals import Proposal
from tools.change.owner_branch import prepared
from tools.change.rehearse import rehearse
from tools.changes import Rehearsal, State
from tools.errors import AccessRefused, BadAction, ClusterUnreachable, NotAllowed
from tools.types import Action, RiskLevel

RETRY_S = 5.0
"""Before a draft is tried again whose cluster, or whose requester's account, could not be asked."""
LONGEST_S = 120.0
"""A rehearsal that takes longer is broken off, and tried again later."""
NO_POLICY = "No approval policy is in force, so nothing can be proposed."


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of a draft before its rehearsal."""

    proposal: Proposal
    action: Action
    policy: Policy
    requester: Actor
    undone: Undone | None
    own_word: bool
    """Whether it is known that its requester pressed, so that their word alone may carry an undo."""

    def about(self, risk: RiskLevel) -> Case:
        """Give what the policy is asked about."""
        return policy_case(self.action, risk)


class _NotNow(Exception):
    """It cannot be decided now; try again."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


async def rehearse_draft(parts: Parts, proposal: Proposal) -> None:
    """Bring a claimed draft to what it becomes; after the last attempt that broke off it is blocked."""
    try:
        await _decide(parts, proposal)
    except (BadAction, NotAllowed) as error:
        await _block(parts, proposal, error.public, error.hint)
    except (ClusterUnreachable, AccessRefused) as error:
        await _later(parts, proposal, _NotNow(error.public, error.hint))
    except _NotNow as error:
        await _later(parts, proposal, error)


async def _later(parts: Parts, proposal: Proposal, error: _NotNow) -> None:
    if proposal.attempts >= LAST_ATTEMPT:
        await _block(parts, proposal, error.reason, error.hint)
    else:
        await release(parts, proposal.id, RETRY_S * proposal.attempts)


async def _decide(parts: Parts, proposal: Proposal) -> None:
    policy = parts.policy()
    if policy is None:
        await _block(parts, proposal, NO_POLICY)
        return
    action = admitted(parts, proposal)
    account = Account(*proposal.account)
    known = await people.facts(parts, (account,))
    draft = _Draft(
        proposal,
        action,
        policy,
        known(account, proposal.standing),
        await undone(parts.db, proposal, action),
        await _is_own_word(parts, proposal),
    )
    _insist(_may_ask(parts, draft))
    rehearsal = await _rehearse(parts, draft)
    if rehearsal.state is State.READY:
        await _seal(parts, draft, rehearsal)
    elif rehearsal.state is State.HANDOVER:
        await _hand_over(parts, draft, rehearsal)
    else:
        await proposals.block(parts.db, parts.turn(), proposal.id, rehearsal)


async def _rehearse(parts: Parts, draft: _Draft) -> Rehearsal:
    """Rehearse; what was asked of a cluster may be broken off at any time. Raises _NotNow."""
    cluster = draft.action.target.cluster
    try:
        async with asyncio.timeout(LONGEST_S):
            return await rehearse(
                draft.proposal.action,
                parts.readers()[cluster],
                parts.accounts[cluster],
                now=parts.clock(),
                done=draft.undone.done if draft.undone else (),
            )
    except TimeoutError as error:
        raise _NotNow(
            f"{cluster} answered too slowly to try it out.", "Propose it again."
        ) from error


def _may_ask(parts: Parts, draft: _Draft) -> Decision:
    """Decide, before anything is tried, whether it is worth it; how risky it is is not known yet."""
    person = identify(
        draft.policy.people,
        draft.requester,
        terms(draft.policy, draft.about(RiskLevel.HIGH)).sandbox,
    )
    if isinstance(person, Decision):
        return person
    if person.id != draft.proposal.requester:
        return refused("The account that asked belongs to another person than it is said to.")
    own = _own_undo(parts, draft)
    if own and own.allowed:
        return own
    found = [may_propose(draft.policy, draft.about(risk), draft.requester) for risk in RiskLevel]
    return next((one for one in found if one.allowed), found[-1])


async def _is_own_word(parts: Parts, proposal: Proposal) -> bool:
    """Tell whether the requester is known to have pressed; where serve takes the presses its word counts."""
    if parts.app is not App.APPROVALS:
        return True
    return await own_word.was_pressed(parts.db, proposal, parts.key)


def _own_undo(parts: Parts, draft: _Draft) -> Decision | None:
    """Decide whether an undo is carried by its requester's own word; None where it is no undo."""
    if draft.undone is None or draft.undone.case.proposal.sealed_at is None:
        return None
    if not draft.own_word:
        return refused("That its requester pressed undo is not known here.")
    before = sealed(draft.undone.case)
    return may_undo(draft.policy, before, draft.undone.ended_at, draft.requester, parts.clock())


async def _seal(parts: Parts, draft: _Draft, rehearsal: Rehearsal) -> None:
    about = draft.about(rehearsal.risk.level)
    operations = [operation for operation, _ in rehearsal.diff]
    requester = draft.proposal.requester
    access = await people.access(parts, draft.policy, about, (requester,), operations)
    own = _own_undo(parts, draft)
    if own and own.allowed:
        _insist(access_refusal(draft.policy, about, (requester,), access) or own)
        sealing = _by_own_word(parts, draft, rehearsal)
    else:
        _insist(may_rehearse(draft.policy, about, draft.requester, access))
        sealing = _by_votes(parts, draft, rehearsal)
    await proposals.seal(parts.db, parts.turn(), draft.proposal.id, sealing)


def _by_votes(parts: Parts, draft: _Draft, rehearsal: Rehearsal) -> Sealing:
    """Seal for a vote, as the policy has it for what was rehearsed."""
    found = _needed(draft, rehearsal)
    at = _at(parts, draft)
    return Sealing(
        rehearsal,
        draft.policy.version,
        needed=found.quorum.approvals,
        until=at + found.expiry,
        requester_may_approve=found.quorum.requester_counts,
        remind_at=at + found.expiry / 2,
    )


def _by_own_word(parts: Parts, draft: _Draft, rehearsal: Rehearsal) -> Sealing:
    """Seal an undo that needs no vote, for as long as its rule lets approvals live."""
    assert draft.undone
    rule = deciding(draft.policy, sealed(draft.undone.case).case)
    expiry = rule.expiry if rule else timedelta()
    return Sealing(
        rehearsal,
        draft.policy.version,
        needed=1,
        until=_at(parts, draft) + expiry,
        requester_may_approve=True,
        own_word=True,
    )


async def _hand_over(parts: Parts, draft: _Draft, rehearsal: Rehearsal) -> None:
    """Leave it to somebody else, where the cluster allows it to who asked.

    Of what lies in no namespace nobody can be asked there; the rights of who applies it decide.
    """
    about = draft.about(rehearsal.risk.level)
    operations = [operation for operation, _ in rehearsal.diff]
    if all(one.target.namespace or one.target.kind == "Namespace" for one in operations):
        requester = draft.proposal.requester
        access = await people.access(parts, draft.policy, about, (requester,), operations)
        _insist(may_rehearse(draft.policy, about, draft.requester, access))
    checkout = parts.checkouts.get(draft.action.target.cluster)
    if checkout is not None:
        rehearsal = await prepared(rehearsal, checkout, draft.proposal.id)
    until = _at(parts, draft) + _needed(draft, rehearsal).handover
    await proposals.hand_over(parts.db, parts.turn(), draft.proposal.id, rehearsal, until)


def _needed(draft: _Draft, rehearsal: Rehearsal) -> Needed:
    found = needed(draft.policy, draft.about(rehearsal.risk.level), draft.requester)
    if isinstance(found, Decision):
        _insist(found)
        raise NotAllowed("The policy does not say what this needs.")
    return found


def _insist(decision: Decision) -> None:
    """Go on only where the policy allows. Raises NotAllowed, or _NotNow for a refusal that may pass."""
    if decision.allowed:
        return
    reason = " ".join(decision.reasons)
    raise _NotNow(reason) if decision.temporary else NotAllowed(reason)


def _at(parts: Parts, draft: _Draft) -> datetime:
    """Give the time that the sealing will have."""
    return max(parts.clock(), draft.proposal.changed_at)


async def _block(parts: Parts, proposal: Proposal, reason: str, hint: str = "") -> None:
    rehearsal = Rehearsal(State.REFUSED, reason, hint)
    await proposals.block(parts.db, parts.turn(), proposal.id, rehearsal)
