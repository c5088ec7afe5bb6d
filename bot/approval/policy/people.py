"""Who somebody is: accounts as Slack vouches for them, mapped to one person each, or refused.

An account is a team id and a user id together, never a name or an e-mail address. What could not be
learnt of an account counts against it. Pure; used by the policy's decisions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.accounts import Account, Actor
from bot.approval.policy.decision import Decision, not_now, refused

LOCAL_TEAM = "local"
"""The team of a terminal, where the operating system's user is the account; sandboxes only."""


@dataclass(frozen=True, slots=True)
class KubernetesUser:
    """Who a person is to the API server, for access reviews."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """One human of the policy; has one vote, over however many accounts."""

    id: str
    accounts: frozenset[Account]
    groups: frozenset[Account]
    """Slack user groups whose members all count as this one person."""
    kubernetes: KubernetesUser | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """Those whom a rule names: people, and the people found in Slack user groups."""

    names: tuple[str, ...]
    """People and teams as the rule writes them."""
    people: frozenset[str]
    """Person ids."""
    groups: frozenset[Account]
    """Whoever of the policy's people is in one of these belongs too."""


def identify(people: Mapping[str, Person], actor: Actor, sandbox: bool) -> Person | Decision:
    """Find the one person an account belongs to, or say why it does not count."""
    refusal = _standing(actor, sandbox)
    if refusal:
        return refusal
    if actor.groups is None and any(person.groups for person in people.values()):
        return not_now("Slack did not tell your user groups just now, so who you are is not known.")
    matches = [person for person in people.values() if _is(person, actor)]
    if not matches:
        return refused("The policy maps your account to no person.")
    if len(matches) > 1:
        names = ", ".join(sorted(person.id for person in matches))
        return refused(f"The policy maps your account to more than one person: {names}.")
    return matches[0]


def _standing(actor: Actor, sandbox: bool) -> Decision | None:
    """Refuse an account that does not count, whoever it belongs to."""
    if actor.account.team == LOCAL_TEAM and not sandbox:
        return refused(
            "A terminal's user proves nothing here: only on a cluster marked as a sandbox."
        )
    facts = (
        (actor.is_bot, "Bots and apps do not count."),
        (actor.is_deactivated, "This account is deactivated."),
        (actor.is_foreign, "People of other organisations do not count."),
        (actor.is_guest, "Guests of the workspace do not count."),
    )
    for fact, why in facts:
        if fact:
            return refused(why)
    if any(fact is None for fact, _ in facts):
        return not_now("What Slack knows of this account could not be learnt just now.")
    return None


def _is(person: Person, actor: Actor) -> bool:
    return actor.account in person.accounts or bool(person.groups & (actor.groups or frozenset()))


def outside(circle: Circle, person: Person, actor: Actor) -> Decision | None:
    """Refuse a person who does not belong to those whom a rule names; None where they do."""
    if person.id in circle.people:
        return None
    if circle.groups and actor.groups is None:
        return not_now(
            "Slack did not tell your user groups just now, so whether you belong is not known."
        )
    if circle.groups & (actor.groups or frozenset()):
        return None
    return refused(f"{person.id} is not among {listed(circle.names)}.")


def listed(names: Iterable[str]) -> str:
    """Write names as a sentence lists them."""
    *most, last = list(names) or ["nobody"]
    return f"{', '.join(most)} and {last}" if most else last
