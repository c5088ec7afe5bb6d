"""Events are kept before they are acknowledged, and come again when they could not be kept."""

import asyncio
import sqlite3
import uuid

import pytest

from bot.slack.events import plain, read
from bot.slack.identity import Self
from tests.fakes.slack.state import BOT_USER, TEAM
from tests.fakes.stores import locked

ME = Self(BOT_USER, "B0", TEAM)


@pytest.mark.slow
async def test_with_the_store_down_slack_keeps_the_event_and_it_is_answered_later(place, tmp_path):
    place.slack.faults.retry_after_s = (0.1, 2.0, 2.0)
    place.slack.faults.ack_within_s = 6.0
    await place.serve()
    lock = await asyncio.to_thread(locked, tmp_path / "oakum.db")

    ts = place.slack.people.mention("C1", "UANN", "keep me", twin=False)
    await place.slack.until(lambda: len(place.slack.sockets.deliveries) == 2, 12)
    assert place.slack.sockets.deliveries[0].acked_after_s is None
    lock.execute("ROLLBACK")
    lock.close()

    await place.shown("C1", ts, "Answer to: keep me", 20)
    assert len(place.answering.asked) == 1


async def test_the_same_event_id_twice_is_one_question(place):
    await place.serve()
    event = {"type": "app_mention", "user": "UANN", "text": f"<@{BOT_USER}> hi", "channel": "C1"}
    root = place.slack.people._write("C1", "UANN", "hi", "")
    for _ in range(2):
        place.slack.people.event(event | {"ts": root.ts}, event_id="Ev1")
    await place.settled()

    assert len(place.answering.asked) == 1


async def test_events_nobody_knows_are_acknowledged(place):
    await place.serve()

    place.slack.people.event({"type": "reaction_added", "user": "UANN"})
    place.slack.people.event({"type": "message"})
    place.slack.people.event({})
    await place.slack.people.delivered()

    assert all(one.acked_after_s is not None for one in place.slack.sockets.deliveries)


async def test_acknowledgements_are_quick_under_a_hundred_events(place):
    place.answering.loaded = False
    await place.serve()

    for number in range(100):
        place.slack.people.mention("C1", "UANN", f"q{number}", twin=False)
    await place.slack.people.delivered()

    assert place.slack.sockets.slow_acks == 0
    assert place.slack.sockets.unacked == 0


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (f"<@{BOT_USER}> what  about\n<#C1|general>?", "what about\n#general?"),
        (
            "see <https://a.example/x|the page> &amp; <https://b.example>",
            "see the page & https://b.example",
        ),
        ("a &lt; b", "a < b"),
        (f"<@{BOT_USER}>", ""),
        ("x" * 50_000, "x" * 8_000),
    ],
)
def test_text_is_read_as_a_person_reads_it(raw, text):
    assert plain(raw, ME) == text


def test_a_mention_alone_is_no_question(place):
    event = {
        "type": "app_mention",
        "user": "UANN",
        "text": f"<@{BOT_USER}>",
        "channel": "C1",
        "ts": "1.1",
    }

    assert read({"event": event, "event_id": "Ev"}, ME, place.now(), str(uuid.uuid4())) is None


def rename(folder, old, new):
    """Take a table away from under the service, or give it back."""
    store = sqlite3.connect(folder / "oakum.db", isolation_level=None)
    store.execute(f"ALTER TABLE {old} RENAME TO {new}")
    store.close()


async def test_an_event_that_the_store_refuses_is_not_acknowledged(place, tmp_path):
    place.slack.faults.ack_within_s = 0.4
    place.slack.faults.retry_after_s = (0.1, 0.8, 3.0)
    place.answering.loaded = False
    await place.serve()
    await asyncio.to_thread(rename, tmp_path, "inbox", "away")

    ts = place.slack.people.mention("C1", "UANN", "keep me", twin=False)
    await place.slack.until(lambda: len(place.slack.sockets.deliveries) == 2)
    assert place.slack.sockets.deliveries[0].acked_after_s is None
    await asyncio.to_thread(rename, tmp_path, "away", "inbox")
    place.answering.loaded = True

    await place.shown("C1", ts, "Answer to: keep me")
