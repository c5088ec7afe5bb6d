"""Whether an approved proposal is executed now, or undone without a new vote: pure decisions.

Everything that was decided before is asked again with the facts of now. Used by the executor right
before it writes, and by `oakum policy`.
"""

from datetime import datetime

from bot.accounts import Actor
from bot.approval.policy import freeze
from bot.approval.policy.decision import Decision, allowed, not_now, refused
from bot.approval.policy.grounds import (
    CLOCK_SKEW,
    access_refusal,
    is_requester,
    is_reviewer,
    not_named,
    state,
    terms,
    void,
    who,
)
from bot.approval.policy.people import Person, identify
from bot.approval.policy.rights import may_propose
from bot.approval.policy.rules import Case, Policy, Rule, UndoBy, deciding
from bot.approval.policy.sealed import Access, Review, Sealed
from bot.approval.policy.votes import Tally, Verdict

KILL_SWITCH = "The policy's kill switch is on: nothing is executed."


def may_execute(
    policy: Policy, sealed: Sealed, now: datetime, access: Access, starter: Actor | None = None
) -> Decision:
    """Decide, right before the write, whether a proposal is executed.

    The requester and every approver must still be whom they were and have the right. `starter` is
    who pressed, where the rule names such people.
    """
    rule = deciding(policy, sealed.case)
    proposing = may_propose(policy, sealed.case, sealed.requester)
    if rule is None or not proposing.allowed:
        return proposing
    approvers = tuple(r.person for r in sealed.reviews if r.verdict is Verdict.APPROVE)
    return (
        void(policy, sealed, rule, now)
        or _requester_changed(policy, sealed, rule)
        or _votes_refusal(policy, sealed, rule)
        or access_refusal(policy, sealed.case, (sealed.requester_person, *approvers), access)
        or stopped(policy, sealed.case, now, sealed.is_undo)
        or _not_started(policy, sealed, rule, starter)
        or allowed(
            f"Approved by {', '.join(approvers)} under the rule {rule.name!r}.", rule=rule.name
        )
    )


def may_undo(
    policy: Policy, sealed: Sealed, applied_at: datetime, actor: Actor, now: datetime
) -> Decision:
    """Decide whether somebody may undo what was executed without a new vote.

    A refusal leaves the other way open: an undo with a card of its own. Where the cluster asks for
    an access check the executor asks `access_refusal` too.
    """
    found = who(policy, sealed.case, actor)
    if isinstance(found, Decision):
        return found
    person, rule = found
    own = "An undo now needs an approval of its own."
    if sealed.policy_version != policy.version:
        return refused(f"The policy has changed since. {own}", rule.name)
    if not applied_at - CLOCK_SKEW <= now < applied_at + rule.undo:
        return refused(f"The time for an undo without a vote is not open. {own}", rule.name)
    if not _may_undo_as(sealed, rule, person, actor):
        return refused(f"{person.id} is not among those who may undo at once. {own}", rule.name)
    return stopped(policy, sealed.case, now, undo=True) or allowed(
        f"{person.id} may undo this by the rule {rule.name!r}.", rule=rule.name
    )


def may_execute_undo(
    policy: Policy,
    sealed: Sealed,
    undone: tuple[Sealed, datetime],
    now: datetime,
    access: Access,
) -> Decision:
    """Decide, right before the write, whether an undo is executed by its requester's own word.

    `undone` is what is taken back, and when it was executed.
    """
    before, applied_at = undone
    decision = may_undo(policy, before, applied_at, sealed.requester, now)
    rule = deciding(policy, before.case)
    if rule is None or not decision.allowed:
        return decision
    return (
        void(policy, sealed, rule, now)
        or _requester_changed(policy, sealed, rule)
        or _not_by_own_word(sealed, rule)
        or access_refusal(policy, sealed.case, (sealed.requester_person,), access)
        or decision
    )


def stopped(policy: Policy, case: Case, now: datetime, undo: bool = False) -> Decision | None:
    """Refuse while the kill switch is on or a freeze holds; None where neither does."""
    if policy.kill_switch:
        return not_now(KILL_SWITCH)
    for window in policy.freezes:
        here = window.namespaces is None or case.namespace in window.namespaces
        if case.cluster not in window.clusters or not here or (undo and window.undo_allowed):
            continue
        over = freeze.ends(window, now)
        if over is not None:
            until = over.astimezone(window.zone).strftime("%Y-%m-%d %H:%M")
            return not_now(f"The freeze {window.name!r} holds until {until} ({window.zone.key}).")
    return None


def _may_undo_as(sealed: Sealed, rule: Rule, person: Person, actor: Actor) -> bool:
    asked = is_requester(sealed, person, actor.account)
    approved = any(
        review.verdict is Verdict.APPROVE and is_reviewer(review, person, actor.account)
        for review in sealed.reviews
    )
    return any(
        by in rule.undo_by and did and not_named(rule, circle, person, actor, "undo this") is None
        for by, did, circle in (
            (UndoBy.REQUESTER, asked, rule.propose),
            (UndoBy.APPROVER, approved, rule.approve),
        )
    )


def _requester_changed(policy: Policy, sealed: Sealed, rule: Rule) -> Decision | None:
    person = identify(policy.people, sealed.requester, terms(policy, sealed.case).sandbox)
    if isinstance(person, Decision) or person.id != sealed.requester_person:
        return refused(
            "The account that asked no longer belongs to the person it belonged to.", rule.name
        )
    return None


def _not_by_own_word(sealed: Sealed, rule: Rule) -> Decision | None:
    """Refuse where anything else than the requester's one approval carries an undo."""
    own = [(review.person, review.verdict, review.digest) for review in sealed.reviews]
    if sealed.is_undo and own == [(sealed.requester_person, Verdict.APPROVE, sealed.digest)]:
        return None
    return refused("This is not an undo by the requester's own word.", rule.name)


def _votes_refusal(policy: Policy, sealed: Sealed, rule: Rule) -> Decision | None:
    """Refuse where the votes do not carry an execution; None where they do."""
    counted = state(policy, sealed, rule)
    if counted is not Tally.APPROVED:
        return refused(f"This proposal is {counted.value}, not approved.", rule.name)
    if len({review.actor.account for review in sealed.reviews}) < len(sealed.reviews):
        return refused("One account voted twice.", rule.name)
    for review in sealed.reviews:
        refusal = _review_refusal(policy, sealed, rule, review)
        if refusal:
            why = f"The approval of {review.person} no longer counts: {refusal.reasons[0]}"
            return Decision(False, (why,), rule.name, refusal.temporary)
    return None


def _review_refusal(policy: Policy, sealed: Sealed, rule: Rule, review: Review) -> Decision | None:
    """Refuse an approval that does not count any more; None where it does."""
    if review.digest != sealed.digest:
        return refused("it was given to something else than what is to be executed.")
    if review.at < sealed.sealed_at - CLOCK_SKEW:
        return refused("it is older than the proposal.")
    sandbox = terms(policy, sealed.case).sandbox
    person = identify(policy.people, review.actor, sandbox)
    if isinstance(person, Decision):
        return person
    if person.id != review.person:
        return refused("the account now belongs to another person.")
    if is_requester(sealed, person, review.actor.account) and not sandbox:
        return refused("it is the requester's own.")
    return not_named(rule, rule.approve, person, review.actor, "approve this")


def _not_started(
    policy: Policy, sealed: Sealed, rule: Rule, starter: Actor | None
) -> Decision | None:
    """Refuse where the rule names who starts it and none of them did; None where nobody has to."""
    if rule.execute is None:
        return None
    if starter is None:
        return not_now(
            f"The rule {rule.name!r} names who starts what is approved, and nobody did yet.",
            rule.name,
        )
    person = identify(policy.people, starter, terms(policy, sealed.case).sandbox)
    if isinstance(person, Decision):
        return person
    return not_named(rule, rule.execute, person, starter, "start this")
