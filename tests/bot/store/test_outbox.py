"""What Slack is to show: claimed once, never lost, never older than what is there."""

import asyncio
from datetime import timedelta

from bot.approval import proposals
from bot.store import outbox
from bot.store.outbox import App
from tests.fakes import approvals as make


def at(seconds):
    return make.START + timedelta(seconds=seconds)


async def claim(db, worker="w", seconds=60.0, app=App.ASSISTANT):
    return await outbox.claim(db, app, worker, at(seconds), 30)


async def test_one_card_is_claimed_by_one_worker(db):
    await make.pending(db)

    taken = await asyncio.gather(*(claim(db, f"w{number}") for number in range(5)))

    assert sum(parcel is not None for parcel in taken) == 1


async def test_an_app_gets_its_own(db):
    await make.pending(db)
    await proposals.submit(db, make.draft("p2"))
    await proposals.claim_draft(db, make.EXECUTOR.at(1), App.APPROVALS)

    parcel = await claim(db, app=App.APPROVALS)

    assert parcel is not None
    assert parcel.proposal == "p2"
    assert await claim(db, app=App.APPROVALS) is None
    assert await outbox.waiting(db, App.ASSISTANT) == 1


async def test_a_card_that_changed_while_it_was_shown_stays_due(db):
    await make.pending(db)
    parcel = await claim(db)
    assert parcel is not None
    await make.press(db, "bob")

    assert await outbox.shown(db, parcel, "w", "1700.1")
    again = await claim(db, seconds=61)

    assert again is not None
    assert (again.wanted, again.message_ts, again.attempts) == (3, "1700.1", 1)
    assert await outbox.shown(db, again, "w", "1700.1")
    assert await claim(db, seconds=62) is None
    assert await outbox.message_of(db, "p1") == "1700.1"


async def test_a_card_drawn_from_a_later_revision_is_not_drawn_again(db):
    await make.pending(db)
    parcel = await claim(db)
    assert parcel is not None
    await make.press(db, "bob")

    await outbox.shown(db, parcel, "w", "1700.1", revision=3)

    assert await claim(db, seconds=61) is None


async def test_what_a_dead_worker_had_comes_back_as_tried_before(db):
    await make.pending(db)
    assert await claim(db, "dead")
    assert await claim(db, "heir", seconds=89) is None

    parcel = await claim(db, "heir", seconds=90)

    assert parcel is not None
    assert (parcel.attempts, parcel.message_ts) == (2, "")


async def test_a_message_posted_by_who_lost_the_row_is_remembered_so_that_it_is_not_posted_twice(
    db,
):
    await make.pending(db)
    slow = await claim(db, "slow")
    assert slow is not None
    heir = await claim(db, "heir", seconds=90)
    assert heir is not None

    assert not await outbox.shown(db, slow, "slow", "1700.1")

    assert await outbox.message_of(db, "p1") == "1700.1"
    assert not await outbox.defer(db, slow, "slow", at(100))
    assert await outbox.shown(db, heir, "heir", "1700.1")


async def test_a_row_given_back_waits_for_its_time(db):
    await make.pending(db)
    parcel = await claim(db)
    assert parcel is not None
    assert await outbox.defer(db, parcel, "w", at(100))

    assert await claim(db, seconds=99) is None
    again = await claim(db, seconds=100)
    assert again is not None
    assert again.attempts == 2


async def test_a_reminder_comes_at_its_time_and_once(db):
    await make.pending(db, remind_at=at(900))
    card = await claim(db)
    assert card is not None
    await outbox.shown(db, card, "w", "1700.1")

    assert await claim(db, seconds=899) is None
    reminder = await claim(db, seconds=900)
    assert reminder is not None
    assert (reminder.kind, reminder.proposal) == ("reminder", "p1")
    assert await outbox.shown(db, reminder, "w", "1700.2")
    assert await claim(db, seconds=2000) is None
    assert await outbox.message_of(db, "p1") == "1700.1"
