"""A sealed proposal as the policy looks at it, and what it needs: data only.

Made by the proposals from stored rows and from what is known of each account now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.accounts import Actor
from bot.approval.policy.people import Circle
from bot.approval.policy.rules import Case
from bot.approval.policy.votes import Quorum, Verdict


@dataclass(frozen=True, slots=True)
class Needed:
    """What a proposal needs before it may be executed; its numbers are sealed with it."""

    rule: str
    quorum: Quorum
    approvers: Circle
    expiry: timedelta
    handover: timedelta
    undo: timedelta


@dataclass(frozen=True, slots=True)
class Review:
    """One vote as it is stored, with what is known of its account now."""

    person: str
    """Person id to which the account was mapped when it voted."""
    actor: Actor
    verdict: Verdict
    digest: str
    """Of what the person saw."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed proposal: what was promised when its card was made, and the votes since."""

    case: Case
    requester: Actor
    """The human who asked, with the facts of now, also where the bot or a schedule proposed."""
    requester_person: str
    """Person id to which that account was mapped when it asked."""
    digest: str
    policy_version: str
    sealed_at: datetime
    expires_at: datetime
    reviews: tuple[Review, ...] = ()
    """In the order in which they were cast."""
    is_undo: bool = False


Access = Mapping[str, bool | None]
"""By person id, what the API server's access reviews came to; None or absent: not known."""
