"""Whose word counts on a proposal, and how many are needed: on SQLite and Postgres."""

import pytest

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Answered, Reply
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes import approvals as make
from tools.changes import OutcomeKind


async def test_one_approval_carries_where_one_is_needed(db):
    await make.pending(db)

    said = await make.press(db, "bob")

    assert said == Answered(Reply.DONE, State.APPROVED, approvals=1, needed=1)
    assert [one.id for one in await proposals.approved(db)] == ["p1"]


async def test_the_requester_never_counts_by_person_or_by_account(db, state):
    await make.pending(db)

    own = await make.press(db, "ann")
    deny = await make.press(db, "ann", Verdict.DENY)
    mapped_elsewhere = await make.press(db, "ann-two", account=("T1", "U-ann"))
    nobody = await make.press(db, "")

    assert {one.reply for one in (own, deny, mapped_elsewhere, nobody)} == {Reply.OWN}
    assert await state() is State.PENDING


async def test_only_a_sandbox_lets_the_requester_approve(db):
    await make.pending(db, requester_may_approve=True)
    assert (await make.press(db, "ann")).state is State.APPROVED


async def test_a_quorum_is_of_distinct_people(db):
    await make.pending(db, needed=3)

    said = [await make.press(db, person) for person in ("bob", "bob", "cho", "bob", "dan", "eve")]

    assert [one.reply for one in said] == [
        Reply.DONE,
        Reply.ALREADY,
        Reply.DONE,
        Reply.ALREADY,
        Reply.DONE,
        Reply.WRONG_STATE,
    ]
    assert [one.approvals for one in said] == [1, 1, 2, 2, 3, 3]
    assert said[4].state is State.APPROVED


async def test_one_denial_is_final(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob")

    assert (await make.press(db, "cho", Verdict.DENY)).state is State.DENIED
    assert (await make.press(db, "dan")).reply is Reply.WRONG_STATE
    assert (await make.claim(db)).reply is Reply.WRONG_STATE


async def test_whose_word_was_counted_is_told_so_when_they_press_again(db):
    await make.approved(db)
    again, other = await make.press(db, "bob"), await make.press(db, "cho")
    assert (again.reply, again.counted_before) == (Reply.WRONG_STATE, True)
    assert (other.reply, other.counted_before) == (Reply.WRONG_STATE, False)


@pytest.mark.parametrize("changed", [{"digest": "0" * 64}, {"policy_version": "policy-2"}])
async def test_a_press_judged_by_something_else_than_was_sealed_does_not_count(db, state, changed):
    await make.pending(db)
    assert (await make.press(db, "bob", **changed)).reply is Reply.CHANGED
    assert await state() is State.PENDING


@pytest.mark.parametrize("when", ["draft", "pending", "approved", "executing", "done", "absent"])
async def test_every_press_has_a_typed_answer_whatever_the_proposal_is(db, when):
    if when == "draft":
        await proposals.submit(db, make.draft())
        await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    elif when != "absent":
        await (make.pending if when == "pending" else make.approved)(db)
    if when in {"executing", "done"}:
        await make.claim(db)
    if when == "done":
        await proposals.finish(db, make.EXECUTOR.at(130), "p1", make.outcome(OutcomeKind.STALE))
    for verdict in Verdict:
        said = await make.press(db, "dan", verdict, digest="0" * 64)
        expected = {"pending": Reply.CHANGED, "absent": Reply.NO_SUCH}
        assert said.reply is expected.get(when, Reply.WRONG_STATE)
        assert said.state == (None if when == "absent" else when)


async def test_only_the_requester_withdraws_and_not_from_an_executors_hands(db):
    for name in ("p1", "p2", "p3"):
        await make.approved(db, name, name)
    await make.claim(db, "p2")

    assert (await proposals.withdraw(db, "p1", "bob", "", make.START)).reply is Reply.NOT_YOURS
    assert (await proposals.withdraw(db, "p1", "ann", "", make.START)).state is State.WITHDRAWN
    assert (await proposals.withdraw(db, "p2", "ann", "", make.START)).reply is Reply.WRONG_STATE
    assert (await proposals.withdraw(db, "p9", "ann", "", make.START)).reply is Reply.NO_SUCH
    assert (await make.claim(db, "p1")).reply is Reply.WRONG_STATE
