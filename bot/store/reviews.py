"""What people said of sealed proposals: one review each, never changed.

Written by `proposals.change` in the transition's own transaction; whether a review counts is decided in
`bot.approval`. Used by `proposals`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from bot.store.database import Database
from bot.store.tables import reviews
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Review:
    """One person's word on one sealed proposal."""

    proposal: str
    person: str
    """Person id of the policy."""
    account: tuple[str, str]
    """Team id and user id by which they said it."""
    verdict: str
    """A Verdict of `bot.approval.policy.votes`."""
    reason: str
    """In the person's words, redacted; may be empty."""
    digest: str
    """What was sealed when they said it."""
    at: datetime
    standing: bytes = b""
    """JSON of the Actor, as Slack vouched for it when they said it."""


async def add(tx: Transaction, review: Review) -> None:
    """Write a review; a second one of a person is refused by the table (IntegrityError)."""
    row = {
        "proposal": review.proposal,
        "person": review.person,
        "account_team": review.account[0],
        "account": review.account[1],
        "verdict": review.verdict,
        "reason": review.reason,
        "digest": review.digest,
        "at": review.at,
        "standing": review.standing,
    }
    await tx.execute(insert(reviews).values(row))


async def within(tx: Transaction, proposal: str) -> tuple[Review, ...]:
    """Read a proposal's reviews in a transaction, earliest first."""
    ordered = select(reviews).where(reviews.c.proposal == proposal)
    rows = await tx.execute(ordered.order_by(reviews.c.at, reviews.c.person))
    return tuple(_review(row) for row in rows)


async def of(db: Database, proposal: str) -> tuple[Review, ...]:
    """Read a proposal's reviews, earliest first."""
    async with db.read() as tx:
        return await within(tx, proposal)


def _review(row: Row[Any]) -> Review:
    return Review(
        proposal=row.proposal,
        person=row.person,
        account=(row.account_team, row.account),
        verdict=row.verdict,
        reason=row.reason,
        digest=row.digest,
        at=row.at,
        standing=row.standing,
    )
