"""Who may propose, approve or deny, and what a proposal needs: pure decisions, each with its reason.

Everything comes in: the policy, the case, facts about accounts, the time. What could not be learnt
refuses. Nothing here looks anything up, and nothing may (no cluster, network, clock or database).
Used by the proposals, the executor and `oakum policy`; `execution` holds what is asked later.
"""

from datetime import datetime

from bot.accounts import Actor
from bot.approval.policy.decision import Decision, allowed, refused
from bot.approval.policy.grounds import (
    access_refusal,
    is_requester,
    is_reviewer,
    not_named,
    quorum,
    state,
    terms,
    void,
    who,
)
from bot.approval.policy.rules import Case, Policy
from bot.approval.policy.sealed import Access, Needed, Sealed
from bot.approval.policy.votes import Tally


def may_propose(policy: Policy, case: Case, requester: Actor) -> Decision:
    """Decide whether the human who asked may have this proposed."""
    found = who(policy, case, requester)
    if isinstance(found, Decision):
        return found
    person, rule = found
    return not_named(rule, rule.propose, person, requester, "propose this") or allowed(
        f"{person.id} may propose this by the rule {rule.name!r}.", rule=rule.name
    )


def may_rehearse(policy: Policy, case: Case, requester: Actor, access: Access) -> Decision:
    """Decide again, at the rehearsal, with what the API server says of the requester."""
    decision = may_propose(policy, case, requester)
    found = who(policy, case, requester)
    if not decision.allowed or isinstance(found, Decision):
        return decision
    return access_refusal(policy, case, (found[0].id,), access) or decision


def needed(policy: Policy, case: Case, requester: Actor) -> Needed | Decision:
    """Give what a proposal needs, or the refusal where it may not be proposed at all."""
    decision = may_propose(policy, case, requester)
    found = who(policy, case, requester)
    if not decision.allowed or isinstance(found, Decision):
        return decision
    person, rule = found
    return Needed(
        rule=rule.name,
        quorum=quorum(policy, case, rule, person.id),
        approvers=rule.approve,
        expiry=rule.expiry,
        handover=rule.handover,
        undo=rule.undo,
    )


def may_approve(policy: Policy, sealed: Sealed, reviewer: Actor, now: datetime) -> Decision:
    """Decide whether an account may approve or deny a proposal now; a denial takes the same right."""
    found = who(policy, sealed.case, reviewer)
    if isinstance(found, Decision):
        return found
    person, rule = found
    refusal = void(policy, sealed, rule, now)
    if refusal:
        return refusal
    sandbox = terms(policy, sealed.case).sandbox
    if is_requester(sealed, person, reviewer.account) and not sandbox:
        return refused(
            "Who asked for a change never decides on it: somebody else has to.", rule.name
        )
    if refusal := not_named(rule, rule.approve, person, reviewer, "approve this"):
        return refusal
    if any(is_reviewer(review, person, reviewer.account) for review in sealed.reviews):
        return refused("Your vote is already counted; a person has one.", rule.name)
    counted = state(policy, sealed, rule)
    if counted is not Tally.PENDING:
        return refused(f"This proposal is already {counted.value}.", rule.name)
    return allowed(f"{person.id} may decide this by the rule {rule.name!r}.", rule=rule.name)
