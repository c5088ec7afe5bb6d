from datetime import timedelta

import pytest

from bot.store import inbox
from bot.store.inbox import LAST_ATTEMPT, NewQuestion
from bot.types import Place

HOUR = timedelta(hours=1)


@pytest.fixture
def question(now):
    def make(name="q1", ts="1700000000.000100", thread="1700000000.000100", **other):
        fields = {
            "event_id": f"Ev-{name}",
            "team": "T1",
            "channel": "C1",
            "person": "U1",
            "place": Place.CHANNEL,
            "text": f"what about {name}?",
            "received_at": now,
        }
        return NewQuestion(id=name, ts=ts, thread=thread, **(fields | other))

    return make


async def ids_leased(db, now, worker="w"):
    """Lease until nothing is left to lease."""
    found = []
    while row := await inbox.lease(db, worker, now, 60):
        found.append(row.id)
    return found


async def test_a_question_is_handed_out_as_it_came(db, now, question):
    asked = question(payload={"action": "explain", "n": [1, None]}, kind="press")

    assert await inbox.put(db, asked, now)
    row = await inbox.lease(db, "w", now, 60)

    assert row is not None
    assert (row.key, row.place, row.kind, row.text) == (
        asked.key,
        Place.CHANNEL,
        "press",
        asked.text,
    )
    assert row.payload == {"action": "explain", "n": [1, None]}
    assert row.received_at == now
    assert (row.attempts, row.reply_ts) == (1, "")


async def test_the_same_event_is_kept_once(db, now, question):
    assert await inbox.put(db, question("q1"), now)
    again = question("q2", ts="1700000099.000000", event_id="Ev-q1")

    assert not await inbox.put(db, again, now)
    assert await inbox.waiting(db) == 1


async def test_a_mention_that_also_arrives_as_a_message_is_one_question(db, now, question):
    assert await inbox.put(db, question("q1"), now)
    assert not await inbox.put(db, question("q2"), now)
    assert await inbox.put(db, question("q3", channel="C2"), now)
    assert await inbox.put(db, question("q4", team="T2"), now)


async def test_a_redelivery_after_the_answer_starts_nothing(db, now, question):
    await inbox.put(db, question(), now)
    await inbox.lease(db, "w", now, 60)
    assert await inbox.finish(db, "q1", "w", now, "answered")

    assert not await inbox.put(db, question(), now)
    assert await inbox.lease(db, "w", now + HOUR, 60) is None
    assert await inbox.waiting(db) == 0


async def test_questions_of_one_thread_come_in_the_order_they_were_written(db, now, question):
    for number in (3, 1, 2):
        asked = question(f"q{number}", ts=f"170000000{number}.000100")
        await inbox.put(db, asked, now + timedelta(seconds=3 - number))
    order = []

    while row := await inbox.lease(db, "w", now, 60):
        assert await inbox.lease(db, "other", now, 60) is None, "two of one thread at once"
        order.append(row.id)
        await inbox.finish(db, row.id, "w", now, "answered")

    assert order == ["q1", "q2", "q3"]


async def test_threads_run_side_by_side_the_longest_waiting_first(db, now, question):
    for number in (2, 1, 3):
        ts = f"170000000{number}.000100"
        late = question(f"q{number}", ts=ts, thread=ts, received_at=now - number * HOUR)
        await inbox.put(db, late, now)

    assert await ids_leased(db, now) == ["q3", "q2", "q1"]


async def test_the_same_thread_id_in_another_channel_is_another_thread(db, now, question):
    await inbox.put(db, question("q1"), now)
    await inbox.put(db, question("q2", channel="C2"), now)

    assert sorted(await ids_leased(db, now)) == ["q1", "q2"]


async def test_an_earlier_message_that_arrives_late_waits_for_the_one_in_work(db, now, question):
    await inbox.put(db, question("late", ts="1700000005.000000"), now)
    await inbox.lease(db, "w", now, 60)
    await inbox.put(db, question("early", ts="1700000001.000000"), now)

    assert await inbox.lease(db, "w2", now, 60) is None
    await inbox.finish(db, "late", "w", now, "answered")
    row = await inbox.lease(db, "w2", now, 60)
    assert row is not None
    assert row.id == "early"


async def test_an_interrupted_question_comes_again_with_its_message(db, now, question):
    await inbox.put(db, question(), now)
    await inbox.put(db, question("q2", ts="1700000009.000000"), now)
    await inbox.lease(db, "dead", now, 60)
    assert await inbox.set_reply_ts(db, "q1", "dead", "1700000001.5")

    assert await inbox.lease(db, "w", now + timedelta(seconds=59), 60) is None
    row = await inbox.lease(db, "w", now + timedelta(seconds=60), 60)

    assert row is not None
    assert (row.id, row.reply_ts, row.attempts) == ("q1", "1700000001.5", 2)


async def test_interrupted_twice_it_says_that_it_is_the_last_attempt(db, now, question):
    await inbox.put(db, question(), now)
    for hours in range(2):
        await inbox.lease(db, f"w{hours}", now + hours * HOUR, 60)

    row = await inbox.lease(db, "w", now + 2 * HOUR, 60)

    assert row is not None
    assert row.attempts == LAST_ATTEMPT


async def test_a_worker_that_lost_its_lease_changes_nothing(db, now, question):
    await inbox.put(db, question(), now)
    await inbox.lease(db, "slow", now, 60)
    await inbox.lease(db, "quick", now + HOUR, 60)

    assert not await inbox.extend(db, "q1", "slow", now + HOUR, 60)
    assert not await inbox.set_reply_ts(db, "q1", "slow", "1.5")
    assert not await inbox.release(db, "q1", "slow")
    assert not await inbox.finish(db, "q1", "slow", now + HOUR, "answered")
    assert await inbox.finish(db, "q1", "quick", now + HOUR, "answered")
    assert not await inbox.finish(db, "q1", "quick", now + HOUR, "answered")


async def test_a_lease_that_is_extended_lasts(db, now, question):
    await inbox.put(db, question(), now)
    await inbox.lease(db, "w", now, 60)

    assert await inbox.extend(db, "q1", "w", now + timedelta(seconds=50), 60)
    assert await inbox.lease(db, "w2", now + timedelta(seconds=100), 60) is None
    assert not await inbox.extend(db, "q1", "w", now + timedelta(seconds=110), 60)


async def test_a_question_given_back_is_taken_at_once_and_not_counted(db, now, question):
    await inbox.put(db, question(), now)
    await inbox.lease(db, "w", now, 60)
    await inbox.set_reply_ts(db, "q1", "w", "1.5")

    assert await inbox.release(db, "q1", "w")
    row = await inbox.lease(db, "w2", now, 60)

    assert row is not None
    assert (row.attempts, row.reply_ts) == (1, "1.5")


async def test_finished_rows_go_after_their_time_and_open_ones_stay(db, now, question):
    await inbox.put(db, question("done"), now)
    await inbox.put(db, question("open", channel="C2"), now)
    await inbox.lease(db, "w", now, 60)
    await inbox.finish(db, "done", "w", now, "answered")

    assert await inbox.prune(db, now) == 0
    assert await inbox.prune(db, now + timedelta(hours=24)) == 1
    assert await inbox.waiting(db) == 1
    assert await inbox.put(db, question("done"), now)


async def test_text_that_no_database_takes_is_still_a_question(db, now, question):
    broken = question(text="a\0b \ud83d c", payload={"value": "x\0\udfff", "\ud800": ["\udc00"]})

    assert await inbox.put(db, broken, now)
    row = await inbox.lease(db, "w", now, 60)

    assert row is not None
    assert row.text == "a\ufffdb ? c"
    assert row.payload == {"value": "x\ufffd?", "?": ["?"]}


async def test_a_timestamp_of_another_form_takes_the_time_of_arrival(db, now, question):
    await inbox.put(db, question("press", ts="trigger-1"), now + timedelta(seconds=1))
    await inbox.put(db, question("command", ts="trigger-0"), now)
    row = await inbox.lease(db, "w", now, 60)

    assert row is not None
    assert row.id == "command"
