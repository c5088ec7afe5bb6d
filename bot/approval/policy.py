"""Who may propose, approve, execute and undo, and when: pure decisions, each with its reason.

Everything comes in: the policy, the case, facts about accounts, the time. What could not be learnt
refuses. Nothing here looks anything up, and nothing may (no cluster, network, clock or database).
Used by the proposals, the executor and `oakum policy`.
"""

from datetime import datetime, timedelta

from bot.approval import freeze
from bot.approval.decision import Decision, allowed, refused
from bot.approval.people import Account, Actor, Person, identify, outside
from bot.approval.rules import (
    CLUSTER_SCOPED,
    Case,
    ClusterTerms,
    Policy,
    Rule,
    UndoBy,
    approvals_needed,
    deciding,
)
from bot.approval.sealed import Access, Needed, Review, Sealed
from bot.approval.votes import Quorum, Tally, Verdict, Vote, tally

CLOCK_SKEW = timedelta(seconds=2)
"""How far the clocks of two processes may lie apart. A clock further back than that refuses."""

KILL_SWITCH = "The policy's kill switch is on: nothing is executed."


def may_propose(policy: Policy, case: Case, requester: Actor) -> Decision:
    """Decide whether the human who asked may have this proposed."""
    found = _who(policy, case, requester)
    if isinstance(found, Decision):
        return found
    person, rule = found
    why = outside(rule.propose, person, requester)
    if why:
        return refused(f"{why} The rule {rule.name!r} names who may propose this.", rule.name)
    return allowed(f"{person.id} may propose this by the rule {rule.name!r}.", rule=rule.name)


def may_rehearse(policy: Policy, case: Case, requester: Actor, access: Access) -> Decision:
    """Decide again, at the rehearsal, with what the API server says of the requester."""
    decision = may_propose(policy, case, requester)
    found = _who(policy, case, requester)
    if not decision.allowed or isinstance(found, Decision):
        return decision
    return access_refusal(policy, case, (found[0].id,), access) or decision


def needed(policy: Policy, case: Case, requester: Actor) -> Needed | Decision:
    """Give what a proposal needs, or the refusal where it may not be proposed at all."""
    decision = may_propose(policy, case, requester)
    found = _who(policy, case, requester)
    if not decision.allowed or isinstance(found, Decision):
        return decision
    person, rule = found
    return Needed(
        rule=rule.name,
        quorum=_quorum(policy, case, rule, person.id),
        approvers=rule.approve,
        expiry=rule.expiry,
        handover=rule.handover,
        undo=rule.undo,
    )


def may_approve(policy: Policy, sealed: Sealed, reviewer: Actor, now: datetime) -> Decision:
    """Decide whether an account may approve or deny a proposal now; a denial takes the same right."""
    found = _who(policy, sealed.case, reviewer)
    if isinstance(found, Decision):
        return found
    person, rule = found
    late = _void(policy, sealed, rule, now)
    if late:
        return refused(late, rule.name)
    if _is_requester(sealed, person, reviewer.account) and not _sandbox(policy, sealed.case):
        return refused(
            "Who asked for a change never decides on it: somebody else has to.", rule.name
        )
    why = outside(rule.approve, person, reviewer)
    if why:
        return refused(f"{why} The rule {rule.name!r} names who may approve this.", rule.name)
    if any(_same(review, person, reviewer.account) for review in sealed.reviews):
        return refused("Your vote is already counted; a person has one.", rule.name)
    state = tally(_votes(sealed), _quorum(policy, sealed.case, rule, sealed.requester_person))
    if state is not Tally.PENDING:
        return refused(f"This proposal is already {state.value}.", rule.name)
    return allowed(f"{person.id} may decide this by the rule {rule.name!r}.", rule=rule.name)


def may_execute(
    policy: Policy, sealed: Sealed, now: datetime, access: Access, starter: Actor | None = None
) -> Decision:
    """Decide, right before the write, whether a proposal is executed.

    Everything is asked again with the facts of now: the requester and every approver must still be
    whom they were and have the right. `starter` is who pressed, where the rule names such people.
    """
    rule = deciding(policy, sealed.case)
    if policy.kill_switch:
        return refused(KILL_SWITCH, rule.name if rule else "")
    proposing = may_propose(policy, sealed.case, sealed.requester)
    if rule is None or not proposing.allowed:
        return proposing
    why = (
        _void(policy, sealed, rule, now)
        or _requester_changed(policy, sealed)
        or _votes_void(policy, sealed, rule)
        or _frozen(policy, sealed, now)
        or _not_started(policy, sealed, rule, starter)
    )
    if why:
        return refused(why, rule.name)
    approvers = tuple(r.person for r in sealed.reviews if r.verdict is Verdict.APPROVE)
    refusal = access_refusal(policy, sealed.case, (sealed.requester_person, *approvers), access)
    return refusal or allowed(
        f"Approved by {', '.join(approvers)} under the rule {rule.name!r}.", rule=rule.name
    )


def may_undo(
    policy: Policy, sealed: Sealed, applied_at: datetime, actor: Actor, now: datetime
) -> Decision:
    """Decide whether somebody may undo what was executed without a new vote.

    A refusal leaves the other way open: an undo with a card of its own. Where the cluster asks for
    an access check the executor asks `access_refusal` too.
    """
    found = _who(policy, sealed.case, actor)
    if isinstance(found, Decision):
        return found
    person, rule = found
    own = "An undo now needs an approval of its own."
    if policy.kill_switch:
        return refused(KILL_SWITCH, rule.name)
    if sealed.policy_version != policy.version:
        return refused(f"The policy has changed since. {own}", rule.name)
    if not applied_at - CLOCK_SKEW <= now < applied_at + rule.undo:
        return refused(f"The time for an undo without a vote is not open. {own}", rule.name)
    if not _may_undo_as(sealed, rule, person, actor):
        return refused(f"{person.id} is not among those who may undo at once. {own}", rule.name)
    frozen = _frozen_now(policy, sealed.case, now, undo=True)
    return (
        refused(frozen, rule.name)
        if frozen
        else allowed(f"{person.id} may undo this by the rule {rule.name!r}.", rule=rule.name)
    )


def _may_undo_as(sealed: Sealed, rule: Rule, person: Person, actor: Actor) -> bool:
    asked = _is_requester(sealed, person, actor.account)
    if UndoBy.REQUESTER in rule.undo_by and asked and not outside(rule.propose, person, actor):
        return True
    approved = any(
        review.verdict is Verdict.APPROVE and _same(review, person, actor.account)
        for review in sealed.reviews
    )
    return UndoBy.APPROVER in rule.undo_by and approved and not outside(rule.approve, person, actor)


def no_rule(case: Case) -> str:
    """Say that no rule is for a case."""
    place = "the cluster itself" if case.namespace == CLUSTER_SCOPED else case.namespace
    return (
        f"No rule of the policy is for {case.action} of {case.risk} risk in {place} on "
        f"{case.cluster}, and no rule means no."
    )


def _who(policy: Policy, case: Case, actor: Actor) -> tuple[Person, Rule] | Decision:
    """Find the person behind an account and the rule that decides."""
    person = identify(policy.people, actor, _sandbox(policy, case))
    if isinstance(person, Decision):
        return person
    rule = deciding(policy, case)
    return (person, rule) if rule else refused(no_rule(case))


def _terms(policy: Policy, case: Case) -> ClusterTerms:
    return policy.clusters.get(case.cluster, ClusterTerms())


def _sandbox(policy: Policy, case: Case) -> bool:
    return _terms(policy, case).sandbox


def _quorum(policy: Policy, case: Case, rule: Rule, requester: str) -> Quorum:
    return Quorum(approvals_needed(rule, case.action), requester, _sandbox(policy, case))


def _votes(sealed: Sealed) -> list[Vote]:
    return [Vote(review.person, review.verdict) for review in sealed.reviews]


def _is_requester(sealed: Sealed, person: Person, account: Account) -> bool:
    return person.id == sealed.requester_person or account == sealed.requester.account


def _same(review: Review, person: Person, account: Account) -> bool:
    return review.person == person.id or review.actor.account == account


def _void(policy: Policy, sealed: Sealed, rule: Rule, now: datetime) -> str:
    """Say why a sealed proposal is no longer good whatever the votes; empty where it is."""
    if sealed.policy_version != policy.version:
        return "The policy has changed since this was proposed, so it has to be proposed again."
    latest = max([sealed.sealed_at, *(review.at for review in sealed.reviews)])
    if now < latest - CLOCK_SKEW:
        return "The clock stands before times already recorded, so nothing is decided by it."
    if max(now, latest) >= min(sealed.expires_at, sealed.sealed_at + rule.expiry):
        return "The time to approve this is over; propose it again."
    return ""


def _requester_changed(policy: Policy, sealed: Sealed) -> str:
    person = identify(policy.people, sealed.requester, _sandbox(policy, sealed.case))
    if isinstance(person, Decision) or person.id != sealed.requester_person:
        return "The account that asked no longer belongs to the person it belonged to."
    return ""


def _votes_void(policy: Policy, sealed: Sealed, rule: Rule) -> str:
    """Say why the votes do not carry an execution; empty where they do."""
    quorum = _quorum(policy, sealed.case, rule, sealed.requester_person)
    state = tally(_votes(sealed), quorum)
    if state is not Tally.APPROVED:
        return f"This proposal is {state.value}, not approved."
    for review in sealed.reviews:
        if review.verdict is Verdict.APPROVE and (
            why := _review_void(policy, sealed, rule, review)
        ):
            return f"The approval of {review.person} no longer counts: {why}"
    if len({review.actor.account for review in sealed.reviews}) < len(sealed.reviews):
        return "One account voted twice."
    return ""


def _review_void(policy: Policy, sealed: Sealed, rule: Rule, review: Review) -> str:
    if review.digest != sealed.digest:
        return "it was given to something else than what is to be executed."
    if review.at < sealed.sealed_at - CLOCK_SKEW:
        return "it is older than the proposal."
    person = identify(policy.people, review.actor, _sandbox(policy, sealed.case))
    if isinstance(person, Decision):
        return person.reasons[0]
    if person.id != review.person:
        return "the account now belongs to another person."
    if _is_requester(sealed, person, review.actor.account) and not _sandbox(policy, sealed.case):
        return "it is the requester's own."
    return outside(rule.approve, person, review.actor)


def _frozen(policy: Policy, sealed: Sealed, now: datetime) -> str:
    return _frozen_now(policy, sealed.case, now, sealed.is_undo)


def _frozen_now(policy: Policy, case: Case, now: datetime, undo: bool) -> str:
    """Say which freeze forbids an execution now and until when; empty where none does."""
    for window in policy.freezes:
        here = window.namespaces is None or case.namespace in window.namespaces
        if case.cluster not in window.clusters or not here or (undo and window.undo_allowed):
            continue
        over = freeze.ends(window, now)
        if over is not None:
            until = over.astimezone(window.zone).strftime("%Y-%m-%d %H:%M")
            return f"The freeze {window.name!r} holds until {until} ({window.zone.key})."
    return ""


def frozen(policy: Policy, case: Case, now: datetime) -> str:
    """Say which freeze forbids executing a case now; empty where none does."""
    return _frozen_now(policy, case, now, undo=False)


def _not_started(policy: Policy, sealed: Sealed, rule: Rule, starter: Actor | None) -> str:
    """Say why the one who set it going may not; empty where they may or nobody has to."""
    if rule.execute is None:
        return ""
    if starter is None:
        return f"The rule {rule.name!r} names who starts what is approved, and nobody did yet."
    person = identify(policy.people, starter, _sandbox(policy, sealed.case))
    if isinstance(person, Decision):
        return person.reasons[0]
    why = outside(rule.execute, person, starter)
    return f"{why} The rule {rule.name!r} names who may start this." if why else ""


def access_refusal(
    policy: Policy, case: Case, people: tuple[str, ...], access: Access
) -> Decision | None:
    """Refuse where the API server does not allow one of these people (ids) what the action does.

    None where it allows all, or where the cluster's terms do not ask.
    """
    if not _terms(policy, case).access_check:
        return None
    for one in people:
        person = policy.people.get(one)
        if person is None or person.kubernetes is None:
            return refused(f"The policy maps {one} to no Kubernetes user, and {case.cluster} asks.")
        verdict = access.get(one)
        if verdict is None:
            return refused(f"Whether Kubernetes allows {one} this could not be learnt just now.")
        if not verdict:
            return refused(f"Kubernetes does not allow {person.kubernetes.user} ({one}) this.")
    return None
