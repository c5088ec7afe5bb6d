"""What the store itself keeps: drafts handed out once, moves only where they may go, all or nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.store import operations, outbox, reviews
from bot.store import proposals as rows
from bot.store.ledger import Event
from bot.store.operations import object_key
from bot.store.outbox import App
from bot.store.proposals import MOVES, Move, State
from bot.store.tables import drafts, ledger
from bot.store.tables import proposals as table
from tests.fakes import approvals as make
from tools.types import Target


async def count(db, which):
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(which))).scalar_one()


async def test_a_draft_is_kept_once_and_is_no_transition(db):
    assert await proposals.submit(db, make.draft())
    assert not await proposals.submit(db, make.draft())

    assert await count(db, ledger) == 0
    assert await outbox.waiting(db, App.ASSISTANT) == 0


async def test_a_draft_is_handed_out_once_the_oldest_first(db):
    await proposals.submit(db, make.draft("late", submitted_at=make.START + timedelta(seconds=1)))
    await proposals.submit(db, make.draft("early"))

    taken = [await proposals.claim_draft(db, make.EXECUTOR.at(5), App.APPROVALS) for _ in range(3)]

    assert [one and one.id for one in taken] == ["early", "late", None]
    assert {one.app for one in taken if one} == {App.APPROVALS}
    assert await count(db, drafts) == 0


async def test_a_draft_comes_back_as_it_was_given(db):
    given = make.draft(undo_of="p0")
    await proposals.submit(db, given)

    claimed = await proposals.claim_draft(db, make.EXECUTOR.at(1), App.ASSISTANT)

    assert claimed is not None
    for name in rows.Draft.__dataclass_fields__:
        assert getattr(claimed, name) == getattr(given, name)


async def test_a_draft_sent_again_after_it_was_taken_changes_nothing(db):
    await make.pending(db)
    assert await proposals.submit(db, make.draft(requester="mallory"))

    assert await proposals.claim_draft(db, make.EXECUTOR.at(9), App.ASSISTANT) is None

    case = await proposals.get(db, "p1")
    assert case is not None
    assert (case.proposal.state, case.proposal.requester) == (State.PENDING, "ann")


async def test_everything_of_a_proposal_comes_back_as_it_was_written(db):
    await make.approved(db)
    await make.claim(db)
    case = await proposals.get(db, "p1")
    assert case is not None

    assert case.proposal.objects == (make.target(),)
    assert case.proposal.until == make.START + timedelta(minutes=30)
    assert [one.person for one in case.reviews] == ["bob"]
    assert case.reviews == await reviews.of(db, "p1")
    assert case.reviews[0].account == ("T1", "U-bob")
    assert case.steps == await operations.of(db, "p1")
    assert case.steps[0].target == make.target()


@pytest.mark.parametrize(
    ("to", "revision", "back"),
    [(State.DONE, 3, 0), (State.APPROVED, 4, 0), (State.APPROVED, 2, 0), (State.APPROVED, 3, 1)],
)
async def test_a_move_that_may_not_be_is_refused_and_leaves_nothing(db, to, revision, back):
    await make.pending(db)
    before = await proposals.get(db, "p1")
    assert before is not None
    assert before.proposal.revision == 2
    after = replace(
        before.proposal,
        state=to,
        revision=revision,
        changed_at=make.START - timedelta(seconds=back),
    )

    with pytest.raises(ValueError):
        await rows.change(db, "p1", lambda _: (Move(Event.DONE, after), True), make.KEY)

    assert await proposals.get(db, "p1") == before
    assert await count(db, ledger) == 2


def test_final_states_lead_nowhere():
    final = {State.BLOCKED, State.DENIED, State.WITHDRAWN, State.EXPIRED, State.DONE}
    assert final | set(MOVES) == set(State)
    assert not final & set(MOVES)


async def test_a_transition_that_fails_half_way_leaves_nothing_of_itself(db):
    await make.pending(db)
    async with db.write() as tx:
        await tx.execute(text("DROP TABLE outbox"))

    with pytest.raises(Exception, match=r"outbox|database"):
        await make.press(db, "bob")

    case = await proposals.get(db, "p1")
    assert case is not None
    assert (case.proposal.state, case.reviews) == (State.PENDING, ())
    assert await count(db, ledger) == 2


async def test_a_row_that_changed_between_reading_and_writing_is_not_overwritten(db):
    await make.pending(db)
    case = await proposals.get(db, "p1")
    assert case is not None
    async with db.write() as tx:
        await tx.execute(update(table).values(revision=7))
        stale = replace(case.proposal, state=State.APPROVED, revision=3)
        with pytest.raises(Exception, match="same moment"):
            await rows._compare_and_swap(tx, case.proposal, stale)


async def test_no_table_row_lets_one_person_review_twice(db):
    await make.approved(db, needed=2)
    case = await proposals.get(db, "p1")
    assert case is not None

    with pytest.raises(Exception, match=r"UNIQUE|unique|duplicate"):
        async with db.write() as tx:
            await reviews.add(tx, case.reviews[0])


async def test_no_table_row_lets_two_executions_hold_one_object(db):
    await make.approved(db)
    await make.claim(db)
    (step,) = await operations.of(db, "p1")

    with pytest.raises(Exception, match=r"UNIQUE|unique|duplicate"):
        async with db.write() as tx:
            await operations.put(db, tx, replace(step, id="p2.0", proposal="p2"))


def test_an_object_is_the_same_whatever_version_of_its_api_is_used():
    first = Target("prod", "apps/v1", "Deployment", "shop", "web", "u-1")
    other = Target("prod", "apps/v1beta1", "Deployment", "shop", "web", "")
    assert object_key(first) == object_key(other)
    for change in (
        {"cluster": "test"},
        {"api_version": "v1"},
        {"kind": "DaemonSet"},
        {"namespace": "shop2"},
        {"name": "web2"},
    ):
        parts = {
            "cluster": "prod",
            "api_version": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
        }
        assert object_key(Target(**(parts | change))) != object_key(first)
    assert object_key(Target("a", "v1", "k", "b,c", "d")) != object_key(
        Target("a", "v1", "k", "b", "c,d")
    )


async def test_a_lease_is_extended_only_by_who_holds_it_while_it_runs(db):
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)

    assert await proposals.extend(db, make.EXECUTOR.at(50), "p1")
    assert not await proposals.extend(db, make.Clock("e2").at(51), "p1")
    assert not await proposals.extend(db, make.EXECUTOR.at(110), "p1")


async def test_a_rehearsal_that_broke_off_is_given_out_again_and_given_up_after_three(db):
    await proposals.submit(db, make.draft())
    tried = []
    for number in range(5):
        turn = make.Clock(f"e{number}").at(number * 60)
        tried.append(await proposals.claim_draft(db, turn, App.ASSISTANT))
        assert (
            await proposals.claim_draft(db, make.Clock("x").at(number * 60), App.ASSISTANT) is None
        )

    assert [one and one.attempts for one in tried] == [1, 2, 3, None, None]
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.state is State.BLOCKED
    assert "3 times" in case.proposal.reason


async def test_a_draft_that_nobody_looked_at_for_a_day_expires_unrehearsed(db):
    await proposals.submit(db, make.draft())

    assert await proposals.claim_draft(db, make.EXECUTOR.at(86_400), App.ASSISTANT) is None

    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.state is State.EXPIRED
    assert (await make.press(db, "bob")).reply is Reply.WRONG_STATE


async def test_a_draft_that_cannot_be_read_is_dropped_and_holds_up_no_other(db):
    await proposals.submit(db, make.draft("forged", submitted_at=make.START - timedelta(days=1)))
    await proposals.submit(db, make.draft("honest"))
    async with db.write() as tx:
        forged = update(drafts).where(drafts.c.id == "forged")
        await tx.execute(forged.values(target=b'{"cluster": 1}'))

    claimed = await proposals.claim_draft(db, make.EXECUTOR.at(1), App.ASSISTANT)

    assert claimed is not None
    assert claimed.id == "honest"
    assert await count(db, drafts) == 0
