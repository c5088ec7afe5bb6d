"""What votes come to: distinct people, one vote each, a denial wins and is final.

Pure; the store's transitions and the policy's decisions count with this one function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What one person says of a proposal."""

    APPROVE = "approve"
    DENY = "deny"


class Tally(StrEnum):
    """What the votes so far come to."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Vote:
    """One press, by the person it was mapped to."""

    person: str
    """Person id of the policy."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Quorum:
    """How votes are counted for one proposal; sealed with it."""

    approvals: int
    """At least 1; less is never reached."""
    requester: str
    """Person id of the human who asked."""
    requester_counts: bool = False
    """Only on a cluster marked as a sandbox."""


def tally(votes: Iterable[Vote], quorum: Quorum) -> Tally:
    """Count votes in the order in which they were cast; the first end that is reached stays."""
    approved: set[str] = set()
    for vote in votes:
        if vote.person in approved or (
            vote.person == quorum.requester and not quorum.requester_counts
        ):
            continue
        if vote.verdict is Verdict.DENY:
            return Tally.DENIED
        approved.add(vote.person)
        if len(approved) >= quorum.approvals >= 1:
            return Tally.APPROVED
    return Tally.PENDING
