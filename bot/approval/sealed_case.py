"""From stored rows to what the policy judges: the case of an action, a sealed proposal with its votes.

Used wherever the policy is asked: when somebody asks, presses, and right before a write.
"""

from collections.abc import Callable

import msgspec

from bot.accounts import Account, Actor
from bot.approval import standing
from bot.approval.policy.rules import CLUSTER_SCOPED, UNDO, Case, Policy, Rule, deciding
from bot.approval.policy.sealed import Review, Sealed
from bot.approval.policy.votes import Verdict
from bot.store import proposals
from bot.store.proposals import Proposal
from tools import vocabulary
from tools.changes import Rehearsal
from tools.errors import BadAction
from tools.types import Action, RiskLevel

Facts = Callable[[Account, bytes], Actor]
"""Gives what is known of an account now; the bytes are what was stored of it then."""


def recorded(account: Account, stored: bytes) -> Actor:
    """Give what was known of an account when it asked or pressed."""
    return standing.read(stored, account)


def policy_case(action: Action, risk: RiskLevel) -> Case:
    """Give what the policy is asked about. Raises TypeError for an action without a tag."""
    target = action.target
    place = target.name if target.kind == "Namespace" else target.namespace
    tag = action.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError("an action has a tag")
    return Case(target.cluster, place or CLUSTER_SCOPED, tag, risk)


def case_of(proposal: Proposal) -> Case:
    """Give what the policy is asked about a stored proposal; its risk is HIGH while it is not worked out.

    Raises BadAction where the stored action is none.
    """
    action = vocabulary.decode(proposal.action)
    risk = RiskLevel.HIGH
    if proposal.rehearsal:
        risk = msgspec.json.decode(proposal.rehearsal, type=Rehearsal).risk.level
    return policy_case(action, risk)


def sealed(case: proposals.Case, facts: Facts = recorded) -> Sealed:
    """Give a sealed proposal as the policy judges it. Raises ValueError for one that is not sealed."""
    proposal = case.proposal
    if proposal.sealed_at is None or proposal.until is None:
        raise ValueError("the proposal is not sealed")
    about = case_of(proposal)
    return Sealed(
        case=about,
        requester=facts(Account(*proposal.account), proposal.standing),
        requester_person=proposal.requester,
        digest=proposal.digest,
        policy_version=proposal.policy_version,
        sealed_at=proposal.sealed_at,
        expires_at=proposal.until,
        reviews=tuple(
            Review(
                person=one.person,
                actor=facts(Account(*one.account), one.standing),
                verdict=Verdict(one.verdict),
                digest=one.digest,
                at=one.at,
            )
            for one in case.reviews
        ),
        is_undo=about.action == UNDO,
    )


def rule_of(policy: Policy | None, proposal: Proposal) -> Rule | None:
    """Give the rule that decides a proposal; None where none does, or no policy is in force."""
    if policy is None:
        return None
    try:
        return deciding(policy, case_of(proposal))
    except BadAction:
        return None
