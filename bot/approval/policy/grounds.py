"""What several decisions rest on: who somebody is, whether a sealed proposal still stands, how its votes count.

Pure; used by `rights` and `execution`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.accounts import Account, Actor
from bot.approval.policy.decision import Decision, not_now, refused
from bot.approval.policy.people import Circle, Person, identify, outside
from bot.approval.policy.rules import (
    CLUSTER_SCOPED,
    NEVER_ANY,
    Case,
    ClusterTerms,
    Policy,
    Rule,
    approvals_needed,
    deciding,
)
from bot.approval.policy.sealed import Access, Review, Sealed
from bot.approval.policy.votes import Quorum, Tally, Vote, tally

CLOCK_SKEW = timedelta(seconds=2)
"""How far the clocks of two processes may lie apart. A clock further back than that refuses."""


def who(policy: Policy, case: Case, actor: Actor) -> tuple[Person, Rule] | Decision:
    """Find the person behind an account and the rule that decides, or refuse."""
    person = identify(policy.people, actor, terms(policy, case).sandbox)
    if isinstance(person, Decision):
        return person
    rule = deciding(policy, case)
    return (person, rule) if rule else refused(no_rule(case))


def no_rule(case: Case) -> str:
    """Say that no rule is for a case."""
    place = "the cluster itself" if case.namespace == CLUSTER_SCOPED else case.namespace
    named = (
        f" A rule has to name {case.namespace} under `namespaces`: `any` leaves it out."
        if case.namespace in NEVER_ANY
        else ""
    )
    return (
        f"No rule of the policy is for {case.action} of {case.risk} risk in {place} on "
        f"{case.cluster}, and no rule means no.{named}"
    )


def terms(policy: Policy, case: Case) -> ClusterTerms:
    """Give a cluster's terms; one that the policy does not name has the strictest."""
    return policy.clusters.get(case.cluster, ClusterTerms(access_check=True))


def not_named(
    rule: Rule, circle: Circle, person: Person, actor: Actor, what: str
) -> Decision | None:
    """Refuse a person whom the rule does not name for something; None where it does."""
    refusal = outside(circle, person, actor)
    if refusal is None:
        return None
    why = f"{refusal.reasons[0]} The rule {rule.name!r} names who may {what}."
    return replace(refusal, reasons=(why,), rule=rule.name)


def void(policy: Policy, sealed: Sealed, rule: Rule, now: datetime) -> Decision | None:
    """Refuse where a sealed proposal is no longer good, whatever its votes; None where it is."""
    if sealed.policy_version != policy.version:
        return refused(
            "The policy has changed since this was proposed, so it has to be proposed again.",
            rule.name,
        )
    latest = max([sealed.sealed_at, *(review.at for review in sealed.reviews)])
    if now < latest - CLOCK_SKEW:
        return refused(
            "The clock stands before times already recorded, so nothing is decided by it.",
            rule.name,
        )
    if max(now, latest) >= min(sealed.expires_at, sealed.sealed_at + rule.expiry):
        return refused("The time to approve this is over; propose it again.", rule.name)
    return None


def quorum(policy: Policy, case: Case, rule: Rule, requester: str) -> Quorum:
    """Give how votes count; `requester` is a person id."""
    return Quorum(approvals_needed(rule, case.action), requester, terms(policy, case).sandbox)


def state(policy: Policy, sealed: Sealed, rule: Rule) -> Tally:
    """Count the votes of a sealed proposal."""
    votes = [Vote(review.person, review.verdict) for review in sealed.reviews]
    return tally(votes, quorum(policy, sealed.case, rule, sealed.requester_person))


def is_requester(sealed: Sealed, person: Person, account: Account) -> bool:
    """Say whether somebody is the one who asked: as a person, or by the account."""
    return person.id == sealed.requester_person or account == sealed.requester.account


def is_reviewer(review: Review, person: Person, account: Account) -> bool:
    """Say whether a vote is somebody's: as a person, or by the account."""
    return review.person == person.id or review.actor.account == account


def access_refusal(
    policy: Policy, case: Case, people: tuple[str, ...], access: Access
) -> Decision | None:
    """Refuse where the API server does not allow one of these people (ids) what the action does.

    None where it allows all, or where the cluster's terms do not ask.
    """
    if not terms(policy, case).access_check:
        return None
    for one in people:
        person = policy.people.get(one)
        if person is None or person.kubernetes is None:
            return refused(f"The policy maps {one} to no Kubernetes user, and {case.cluster} asks.")
        verdict = access.get(one)
        if verdict is None:
            return not_now(f"Whether Kubernetes allows {one} this could not be learnt just now.")
        if not verdict:
            return refused(f"Kubernetes does not allow {person.kubernetes.user} ({one}) this.")
    return None
