"""A small policy, and accounts and sealed proposals to try it with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.accounts import Account, Actor
from bot.approval.policy.file.document import parse
from bot.approval.policy.rights import needed
from bot.approval.policy.rules import Case, Policy
from bot.approval.policy.sealed import Needed, Review, Sealed
from bot.approval.policy.votes import Verdict
from tools.types import RiskLevel

START = datetime(2026, 3, 4, 10, tzinfo=UTC)
"""A Wednesday on which nothing is frozen."""

TTL = timedelta(minutes=30)
DIGEST = "seal"

TEXT = """\
policy: 1
workspace: T0HOME
kill_switch: false
clusters:
  prod: {}
  checked: {access_check: true}
  lab: {sandbox: true}
people:
  developer:
    slack_users: [U0DEV, T0AWAY/U0DEV, local/dev]
    kubernetes: {user: developer}
  lead-one:
    slack_users: [U0LEAD1, T0AWAY/U0LEAD1]
    kubernetes: {user: lead-one, groups: [leads]}
  lead-two:
    slack_users: [U0LEAD2]
    kubernetes: {user: lead-two}
  lead-three:
    slack_users: [U0LEAD3]
    kubernetes: {user: lead-three}
  duty:
    slack_groups: [S0DUTY]
    kubernetes: {user: duty}
teams:
  leads: {people: [lead-one, lead-two, lead-three]}
  reviewers: {slack_groups: [S0REVIEW]}
rules:
  - name: one
    clusters: [prod, checked]
    namespaces: [shop]
    actions: [harden_workload]
    risks: [low]
    propose: [developer, leads, duty]
    approve: [leads, developer, duty, reviewers]
    undo_minutes: 10
  - name: two
    clusters: [prod]
    namespaces: any
    actions: any
    risks: [low, medium, high]
    propose: [developer, leads]
    approve: [leads, developer]
    approvals: 2
  - name: lab
    clusters: [lab]
    namespaces: any
    actions: any
    risks: any
    propose: [developer, leads]
    approve: [leads, developer]
freezes:
  - name: weekend
    zone: Europe/Berlin
    clusters: [prod]
    from: fri 16:00
    until: mon 08:00
    undo_allowed: true
"""

POLICY = parse(TEXT)
ONE = Case("prod", "shop", "harden_workload", RiskLevel.LOW)
TWO = Case("prod", "web", "harden_workload", RiskLevel.LOW)
LAB = Case("lab", "shop", "harden_workload", RiskLevel.LOW)

ACCOUNTS = {
    "developer": Account("T0HOME", "U0DEV"),
    "lead-one": Account("T0HOME", "U0LEAD1"),
    "lead-two": Account("T0HOME", "U0LEAD2"),
    "lead-three": Account("T0HOME", "U0LEAD3"),
}


def actor(who: str | Account, *groups: str, **facts: bool | None) -> Actor:
    """Make an account in good standing, but for the facts given; `who` is a person or an account."""
    account = ACCOUNTS[who] if isinstance(who, str) else who
    good = Actor(
        account, frozenset(Account("T0HOME", group) for group in groups), False, False, False, False
    )
    return replace(good, **facts)


def seal(case: Case = ONE, requester: str = "developer", policy: Policy = POLICY) -> Sealed:
    """Make a sealed proposal, sealed at START."""
    asking = actor(requester)
    found = needed(policy, case, asking)
    assert isinstance(found, Needed), found
    return Sealed(case, asking, requester, DIGEST, policy.version, START, START + found.expiry)


def voted(sealed: Sealed, votes: Iterable[tuple[str, Verdict]]) -> Sealed:
    """Add votes of people, each a second after the last, as if they had been let through."""
    at = sealed.sealed_at
    reviews = tuple(
        Review(person, actor(person), verdict, sealed.digest, at + timedelta(seconds=i))
        for i, (person, verdict) in enumerate(votes)
    )
    return replace(sealed, reviews=reviews)


def approved(sealed: Sealed, *people: str) -> Sealed:
    """Add approvals of people."""
    return voted(sealed, ((person, Verdict.APPROVE) for person in people))
