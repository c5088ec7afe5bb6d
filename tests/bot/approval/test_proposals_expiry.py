"""How long a proposal can be approved and executed, whatever the clock does: on SQLite and Postgres."""

from datetime import timedelta

import pytest

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Reply
from bot.store.proposals import State
from tests.fakes import approvals as make
from tools.changes import OutcomeKind

HALF_AN_HOUR = 30 * 60


@pytest.mark.parametrize(
    ("seconds", "reply", "then"),
    [
        (HALF_AN_HOUR - 1, Reply.DONE, State.APPROVED),
        (HALF_AN_HOUR - 1e-6, Reply.DONE, State.APPROVED),
        (HALF_AN_HOUR, Reply.EXPIRED, State.EXPIRED),
        (HALF_AN_HOUR + 1, Reply.EXPIRED, State.EXPIRED),
    ],
)
async def test_a_press_counts_until_the_moment_of_expiry(db, state, seconds, reply, then):
    await make.pending(db)
    said = await make.press(db, "bob", seconds=seconds)
    assert (said.reply, said.state, await state()) == (reply, then, then)


@pytest.mark.parametrize(
    ("seconds", "reply", "then"),
    [
        (HALF_AN_HOUR - 1, Reply.DONE, State.EXECUTING),
        (HALF_AN_HOUR, Reply.EXPIRED, State.EXPIRED),
        (HALF_AN_HOUR + 1, Reply.EXPIRED, State.EXPIRED),
    ],
)
async def test_an_approval_can_be_executed_until_the_moment_of_expiry(
    db, state, seconds, reply, then
):
    await make.approved(db)
    said = await make.claim(db, turn=make.EXECUTOR.at(seconds))
    assert (said.reply, await state()) == (reply, then)


async def test_no_intent_is_written_once_the_approval_is_over(db):
    await make.approved(db)
    await make.claim(db, turn=make.EXECUTOR.at(HALF_AN_HOUR - 5))

    late = await proposals.intend(db, make.EXECUTOR.at(HALF_AN_HOUR), "p1", make.intent())

    assert late.reply is Reply.EXPIRED
    refused = make.outcome(OutcomeKind.REFUSED)
    assert (
        await proposals.finish(db, make.EXECUTOR.at(HALF_AN_HOUR), "p1", refused)
    ).state == "done"


async def test_a_clock_set_back_gives_no_more_time(db, state):
    await make.pending(db, needed=2)
    await make.press(db, "bob", seconds=HALF_AN_HOUR - 1)
    await make.press(db, "cho", seconds=HALF_AN_HOUR + 60)

    assert await state() is State.EXPIRED
    assert (await make.press(db, "dan", seconds=10)).reply is Reply.WRONG_STATE
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.changed_at == make.START + timedelta(seconds=HALF_AN_HOUR + 60)


async def test_time_of_a_proposal_never_runs_backwards(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob", seconds=600)
    await make.press(db, "cho", seconds=-600)
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.changed_at == make.START + timedelta(seconds=600)


async def test_all_that_is_over_is_ended_and_nothing_else(db, state):
    await make.pending(db, "p1", "a")
    await make.approved(db, "p2", "b")
    await make.pending(db, "p3", "c", until=make.START + timedelta(hours=2))
    await make.pending(db, "p4", "d")
    await make.press(db, "bob", Verdict.DENY, "p4")
    at = make.START + timedelta(seconds=HALF_AN_HOUR)

    assert await proposals.expire_due(db, at - timedelta(microseconds=1)) == 0
    assert await proposals.expire_due(db, at) == 2
    assert await proposals.expire_due(db, at) == 0

    found = [await state(name) for name in ("p1", "p2", "p3", "p4")]
    assert found == [State.EXPIRED, State.EXPIRED, State.PENDING, State.DENIED]
    assert (await proposals.expire(db, "p3", at)).reply is Reply.OUT_OF_ORDER
