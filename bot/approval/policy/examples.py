"""Runs a policy's own examples: each a case with the decision that its author expects.

The people of an example get accounts as the policy maps them, in good standing unless the example
says otherwise. Pure; used by `oakum policy test`, and before a reloaded policy takes force.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.accounts import Account, Actor
from bot.approval.policy.decision import Decision
from bot.approval.policy.execution import may_execute, may_undo
from bot.approval.policy.people import Person
from bot.approval.policy.rights import may_approve, may_rehearse, needed
from bot.approval.policy.rules import UNDO, Example, Policy, deciding
from bot.approval.policy.sealed import Needed, Review, Sealed
from bot.approval.policy.votes import Verdict

TIMELESS = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Stands for the time in examples that give none: their decisions do not depend on it."""

_DIGEST = "example"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one example."""

    example: Example
    decision: Decision
    difference: str
    """What differs from what was expected; empty where nothing does."""


def run(policy: Policy) -> Iterator[Result]:
    """Decide every example of the policy."""
    for example in policy.examples:
        decision = decide(policy, example)
        yield Result(example, decision, _difference(policy, example, decision))


def decide(policy: Policy, example: Example) -> Decision:
    """Decide one example."""
    now = example.at or TIMELESS
    requester = _actor(policy, example, example.requester)
    access = {name: name not in example.no_access for name in policy.people}
    if example.asks == "propose":
        return may_rehearse(policy, example.case, requester, access)
    sealed = _sealed(policy, example, requester, now)
    if example.asks == "approve":
        return may_approve(policy, sealed, _actor(policy, example, example.person), now)
    if example.asks == "undo":
        applied = now - timedelta(minutes=example.minutes_later)
        return may_undo(policy, sealed, applied, _actor(policy, example, example.person), now)
    starter = _actor(policy, example, example.person) if example.person else None
    return may_execute(policy, sealed, now, access, starter)


def _difference(policy: Policy, example: Example, decision: Decision) -> str:
    if decision.allowed is not example.expect:
        words = {True: "allowed", False: "refused"}
        return f"expected {words[example.expect]}, was {words[decision.allowed]}"
    if example.because and not any(example.because in reason for reason in decision.reasons):
        return f"expected a reason with {example.because!r}"
    if example.needs is not None:
        found = needed(policy, example.case, _actor(policy, example, example.requester))
        count = found.quorum.approvals if isinstance(found, Needed) else 0
        if count != example.needs:
            return f"expected {example.needs} approvals to be needed, they are {count}"
    return ""


def _sealed(policy: Policy, example: Example, requester: Actor, now: datetime) -> Sealed:
    sealed_at = now - timedelta(minutes=0 if example.asks == "undo" else example.minutes_later)
    rule = deciding(policy, example.case)
    votes = [(name, Verdict.APPROVE) for name in example.approved_by]
    votes += [(name, Verdict.DENY) for name in example.denied_by]
    return Sealed(
        case=example.case,
        requester=requester,
        requester_person=example.requester,
        digest=_DIGEST,
        policy_version=policy.version,
        sealed_at=sealed_at,
        expires_at=sealed_at + (rule.expiry if rule else timedelta()),
        reviews=tuple(
            Review(name, _actor(policy, example, name), verdict, _DIGEST, sealed_at)
            for name, verdict in votes
        ),
        is_undo=example.case.action == UNDO,
    )


def _actor(policy: Policy, example: Example, name: str) -> Actor:
    """Make an account of a person, with the facts that the example gives."""
    person = policy.people[name]
    standing = example.standing.get(name, "")
    unknown = standing == "unknown"
    return Actor(
        account=_account(person, policy.workspace),
        groups=None if unknown else person.groups | example.groups.get(name, frozenset()),
        is_guest=None if unknown else standing == "guest",
        is_bot=None if unknown else standing == "bot",
        is_deactivated=None if unknown else standing == "deactivated",
        is_foreign=None if unknown else standing == "foreign",
    )


def _account(person: Person, workspace: str) -> Account:
    """Give one of a person's accounts; one who is a Slack user group gets a made-up member's."""
    return min(person.accounts, default=Account(workspace, f"UMEMBEROF{person.id.upper()}"))
