"""Proposals as people list them, on both stores; and cards and notes asked for outside a transition."""

from datetime import timedelta

from bot.store import listing, outbox
from bot.store import proposals as rows
from bot.store.outbox import App, Note
from bot.store.proposals import State
from tests.fakes import approvals as make


async def test_the_newest_come_first_and_ended_ones_only_when_asked_for(db):
    for number, name in enumerate(("web", "api")):
        asked = make.draft(f"p{number}", name, submitted_at=make.START + timedelta(seconds=number))
        assert await rows.submit(db, asked)
    assert await listing.not_looked_at(db) == 2

    for _ in range(2):
        await make.proposals.claim_draft(db, make.EXECUTOR.at(5), App.ASSISTANT)
    await make.proposals.withdraw(db, "p0", "ann", "", make.START + timedelta(seconds=9))

    assert await listing.not_looked_at(db) == 0
    assert await listing.newest(db, [State.DRAFT], 10) == ["p1"]
    assert await listing.newest(db, list(State), 10) == ["p1", "p0"]
    assert await listing.newest(db, list(State), 1) == ["p1"]


async def test_a_proposal_is_found_by_the_start_of_its_id_and_by_nothing_else(db):
    for proposal, name in (("ab1", "web"), ("ab2", "api"), ("cd", "db")):
        await make.pending(db, proposal, name)

    assert await listing.starting(db, "cd", 2) == ["cd"]
    assert await listing.starting(db, "ab", 2) == ["ab1", "ab2"]
    for wild in ("", "%", "a%", "_b1", "x"):
        assert await listing.starting(db, wild, 2) == []


async def test_the_newest_undo_of_a_proposal_is_found(db):
    await make.pending(db, "p1")
    assert await listing.undo_of(db, "p1") is None
    for number in (1, 2):
        undo = make.draft(
            f"u{number}", undo_of="p1", submitted_at=make.START + timedelta(seconds=number)
        )
        assert await rows.submit(db, undo)
        await make.proposals.claim_draft(db, make.EXECUTOR.at(5), App.ASSISTANT)

    assert await listing.undo_of(db, "p1") == "u2"


async def test_a_note_asked_for_twice_is_given_once(db):
    await make.pending(db, "p1")
    for _ in range(2):
        await outbox.note(db, "p1", App.ASSISTANT, Note("wanted", make.START), make.START)

    assert await outbox.waiting(db, App.ASSISTANT) == 2


async def test_a_card_is_drawn_anew_only_where_it_was_posted(db):
    await make.pending(db, "p1")
    assert not await outbox.again(db, "p1", make.START)
    parcel = await outbox.claim(db, App.ASSISTANT, "w", make.START, 30)
    assert parcel is not None
    await outbox.shown(db, parcel, "w", "1700.1")
    assert await outbox.waiting(db, App.ASSISTANT) == 0

    assert await outbox.again(db, "p1", make.START)
    again = await outbox.claim(db, App.ASSISTANT, "w", make.START, 30)

    assert again is not None
    assert (again.message_ts, again.wanted) == ("1700.1", parcel.wanted)
    await outbox.shown(db, again, "w", "1700.1")
    assert await outbox.waiting(db, App.ASSISTANT) == 0
    assert not await outbox.again(db, "nobody", make.START)
