"""Votes in any order and any number: distinct people, one vote each, a denial wins and is final."""

import random

import pytest

from bot.approval.policy.votes import Quorum, Tally, Verdict, Vote, tally

ORDERS = 10_000
PEOPLE = ("a", "b", "c", "asker")
YES, NO = Verdict.APPROVE, Verdict.DENY


def model(votes: list[Vote], quorum: Quorum) -> str:
    """Count by hand: the first vote of each who counts, until there are enough or one says no."""
    first: dict[str, Verdict] = {}
    for vote in votes:
        if vote.person == quorum.requester and not quorum.requester_counts:
            continue
        first.setdefault(vote.person, vote.verdict)
        if NO in first.values():
            return "denied"
        if len(first) == quorum.approvals:
            return "approved"
    return "pending"


def test_ten_thousand_orders_come_out_as_counted_by_hand() -> None:
    rolled = random.Random(1)
    ends: set[str] = set()
    for _ in range(ORDERS):
        count = rolled.randint(0, 8)
        verdicts = [NO if rolled.random() < 0.15 else YES for _ in range(count)]
        votes = [Vote(rolled.choice(PEOPLE), verdict) for verdict in verdicts]
        quorum = Quorum(rolled.randint(1, 4), "asker", rolled.random() < 0.3)
        counted = tally(votes, quorum)
        assert counted.value == model(votes, quorum), (votes, quorum)
        ends.add(counted.value)
    assert ends == {"approved", "denied", "pending"}


@pytest.mark.parametrize(
    ("votes", "end"),
    [
        ([Vote("a", YES), Vote("a", YES)], Tally.PENDING),
        ([Vote("a", YES), Vote("a", NO)], Tally.PENDING),
        ([Vote("asker", YES), Vote("a", YES)], Tally.PENDING),
        ([Vote("asker", NO), Vote("a", YES), Vote("b", YES)], Tally.APPROVED),
        ([Vote("a", NO), Vote("a", YES), Vote("b", YES), Vote("c", YES)], Tally.DENIED),
        ([Vote("a", YES), Vote("b", YES), Vote("c", NO)], Tally.APPROVED),
    ],
)
def test_two_are_needed(votes: list[Vote], end: Tally) -> None:
    assert tally(votes, Quorum(2, "asker")) is end


@pytest.mark.parametrize("approvals", [0, -1])
def test_a_quorum_of_nobody_is_never_reached(approvals: int) -> None:
    for votes in ([], [Vote("a", YES)], [Vote("a", YES), Vote("b", YES)]):
        assert tally(votes, Quorum(approvals, "asker")) is Tally.PENDING
