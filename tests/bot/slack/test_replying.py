"""How an answer shows: a sign, progress, streams and their death, edits, limits, rates, restarts."""

import asyncio
import re
import uuid
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.slack.config import Profile
from bot.store import inbox
from bot.store.inbox import NewQuestion
from bot.types import Answer, Place, Progress, Table
from tests.fakes.slack.state import BOT_USER, TEAM, Message


def telling(paragraphs, pause_s=0.6):
    """Make a script that tells its paragraphs one after another."""

    async def script(request, report):
        await report(Progress("step", "Scanning shop"))
        for one in paragraphs:
            await report(Progress("text", one))
            await asyncio.sleep(pause_s)
        return Answer(text="\n\n".join(paragraphs))

    return script


PARAGRAPHS = [f"Paragraph {number}." for number in range(6)]


def assert_no_gap_no_duplicate(message, paragraphs):
    for shown in message.edits:
        held = [one for one in paragraphs if one in shown]
        assert held == paragraphs[: len(held)]
        assert all(shown.count(one) == 1 for one in held)
    assert all(one in message.edits[-1] for one in paragraphs)


@pytest.mark.slow
async def test_an_answer_is_streamed_where_the_workspace_offers_it(place):
    place.answering.script = telling(PARAGRAPHS)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "tell")
    await place.shown("C1", ts, "Paragraph 5.", 10)

    (message,) = place.slack.answers("C1", ts)
    assert message.streamed
    assert len(message.edits) > 3
    assert_no_gap_no_duplicate(message, PARAGRAPHS)
    assert place.slack.space.statuses[0][2] == "is looking…"
    await place.slack.until(lambda: place.slack.space.statuses[-1][2] == "")
    assert place.slack.refused == []


@pytest.mark.slow
async def test_a_stream_that_dies_is_continued_in_the_same_message(place):
    place.slack.faults.stream_age_s = 0.9
    place.answering.script = telling(PARAGRAPHS, 0.8)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "tell")
    await place.shown("C1", ts, "Paragraph 5.", 15)

    (message,) = place.slack.answers("C1", ts)
    assert_no_gap_no_duplicate(message, PARAGRAPHS)
    counts = {sum(one in shown for one in PARAGRAPHS) for shown in message.edits}
    assert counts & {4, 5}, "after its death the stream went on showing"
    assert {one.answer["error"] for one in place.slack.refused} == {
        "message_not_in_streaming_state"
    }


@pytest.mark.slow
async def test_methods_that_are_unknown_are_tried_once_and_edits_take_their_place(place):
    unknown = {"chat.startStream", "assistant.threads.setStatus", "reactions.add"}
    place.slack.faults.unknown_methods |= unknown
    place.answering.script = telling(PARAGRAPHS[:3], 1.2)
    await place.serve()

    for _ in range(2):
        ts = place.slack.people.mention("C1", "UANN", "tell")
        await place.shown("C1", ts, "Paragraph 2.", 10)
        (message,) = place.slack.answers("C1", ts)
        assert_no_gap_no_duplicate(message, [*PARAGRAPHS[:3]])

    tried = [one.method for one in place.slack.refused]
    assert len(tried) == len(set(tried))
    assert set(tried) <= unknown


async def test_the_classic_profile_uses_only_old_blocks_and_methods(place):
    place.slack.faults.modern_blocks = False
    table = Table("T", ("a", "b"), (("1", "2"),))

    async def script(request, report):
        await report(Progress("step", "Scanning"))
        await asyncio.sleep(0.8)
        return Answer(text="**Done** & dusted", tables=(table,))

    place.answering.script = script
    await place.serve(profile=Profile.CLASSIC)

    ts = place.slack.people.mention("C1", "UANN", "go")
    await place.shown("C1", ts, "*Done* &amp; dusted")

    assert place.slack.refused == []
    used = {one.method for one in place.slack.calls}
    assert not used & {"chat.startStream", "assistant.threads.setStatus"}
    (message,) = place.slack.answers("C1", ts)
    assert "Scanning" in message.edits[0]


async def test_a_workspace_that_refuses_new_blocks_gets_older_ones(place):
    place.slack.faults.modern_blocks = False
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "old client")
    await place.shown("C1", ts, "Answer to: old client")

    (message,) = place.slack.answers("C1", ts)
    assert {one["type"] for one in message.blocks} == {"section", "actions"}


@pytest.mark.slow
async def test_a_storm_of_429_is_waited_out_and_nothing_is_sent_meanwhile(place):
    for method in ("chat.postMessage", "chat.startStream", "chat.update"):
        place.slack.faults.fail(method, times=2, status=429, retry_after=1)
    place.answering.script = telling(PARAGRAPHS[:2], 0.7)
    await place.serve()

    asked = [place.slack.people.mention("C1", "UANN", f"q{n}") for n in range(4)]
    for ts in asked:
        await place.shown("C1", ts, "Paragraph 1.", 30)

    assert [len(place.slack.answers("C1", ts)) for ts in asked] == [1, 1, 1, 1]
    assert place.slack.rates.inside_retry_after == 0
    assert place.slack.refused == []


async def test_a_post_whose_answer_is_lost_is_not_posted_twice(place):
    place.slack.faults.fail("chat.postMessage", status=502, applied=True)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "lost")
    await place.shown("C1", ts, "Answer to: lost")
    await place.settled()

    assert len(place.slack.answers("C1", ts)) == 1


@pytest.mark.slow
async def test_a_stream_whose_start_is_lost_is_not_started_twice(place):
    place.slack.faults.fail("chat.startStream", status=502, applied=True)
    place.answering.script = telling(PARAGRAPHS[:4], 0.9)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "lost")
    await place.shown("C1", ts, "Paragraph 3.", 10)

    assert len(place.slack.answers("C1", ts)) == 1


@pytest.mark.slow
async def test_slack_failing_for_a_while_loses_no_answer(place):
    place.slack.faults.fail("chat.postMessage", times=1, status=500)
    place.slack.faults.fail("users.info", times=2, status=503)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "shaky")
    await place.shown("C1", ts, "Answer to: shaky", 10)


async def interrupted(place, times, reply_ts=""):
    """Leave a question in the store that dead workers held, `times` times."""
    root = Message("C1", place.slack.space.next_ts(), "UANN", "<@U0OAKUM> hard")
    place.slack.space.messages.append(root)
    past = place.now() - timedelta(seconds=120)
    row = NewQuestion(
        str(uuid.uuid4()), f"Ev{root.ts}", TEAM, "C1", root.ts, root.ts, "UANN", Place.CHANNEL,
        "hard", past,
    )  # fmt: skip
    await inbox.put(place.db, row, past)
    for number in range(times):
        past += timedelta(seconds=30)
        leased = await inbox.lease(place.db, f"dead-{number}", past, 1)
        assert leased is not None
        if reply_ts:
            await inbox.set_reply_ts(place.db, row.id, f"dead-{number}", reply_ts)
    return root.ts, row.id


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_interrupted_question_runs_again_and_edits_its_message(place, streaming):
    old = Message("C1", place.slack.space.next_ts(), BOT_USER, "half an ans", bot=True)
    old.streaming_since = 1e12 if streaming else None
    ts, _ = await interrupted(place, 1, old.ts)
    old.thread = ts
    place.slack.space.messages.append(old)
    await place.serve()

    await place.shown("C1", ts, "Answer to: hard")

    (message,) = place.slack.answers("C1", ts)
    assert message.ts == old.ts
    assert message.text == "Answer to: hard"


async def test_a_message_posted_just_before_the_crash_is_found_and_edited(place):
    ts, row_id = await interrupted(place, 1)
    marked = {"event_type": "oakum_answer", "event_payload": {"question": row_id}}
    old = Message(
        "C1", place.slack.space.next_ts(), BOT_USER, "Looking", ts, bot=True, metadata=marked
    )
    place.slack.space.messages.append(old)
    await place.serve()

    await place.shown("C1", ts, "Answer to: hard")

    assert [one.ts for one in place.slack.answers("C1", ts)] == [old.ts]


async def test_interrupted_twice_it_ends_in_an_honest_message(place):
    ts, _ = await interrupted(place, 2)
    await place.serve()

    await place.shown("C1", ts, "I was interrupted twice")

    assert place.answering.asked == []


async def test_on_stopping_what_runs_is_given_back_and_taken_up_at_once(place):
    async def endless(request, report):
        await report(Progress("step", "Scanning"))
        await asyncio.sleep(3600)
        raise AssertionError

    place.answering.script = endless
    first = await place.serve()
    ts = place.slack.people.mention("C1", "UANN", "move on")
    await place.slack.until(lambda: len(place.answering.asked) == 1)

    assert await first.drain(0.1) == 1
    await first.stop()
    place.answering.script = None
    await place.serve()
    await place.shown("C1", ts, "Answer to: move on")

    assert len(place.slack.answers("C1", ts)) == 1


@pytest.mark.slow
async def test_progress_shows_at_least_every_ten_seconds_though_nothing_happens(place):
    async def slow(request, report):
        await report(Progress("step", "Thinking"))
        await asyncio.sleep(21)
        return Answer(text="At last.")

    place.answering.script = slow
    await place.serve(profile=Profile.CLASSIC)

    ts = place.slack.people.mention("C1", "UANN", "slow")
    await place.shown("C1", ts, "At last.", 30)

    times = [
        one.at for one in place.slack.calls if one.method in {"chat.postMessage", "chat.update"}
    ]
    assert len(times) >= 4
    assert max(after - before for before, after in pairwise(times)) < 10


@pytest.mark.slow
async def test_a_mention_or_link_split_over_paragraphs_is_never_live(place):
    parts = ["ping <!chan", "nel> and <!channel> now", "see https://ev", "il.example/x [a](htt"]
    parts += ["p://evil.example) ![p](https://evil.example/p.png)", "@here <@U1>"]
    place.answering.script = telling(parts, 0.8)
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "tell")
    await place.shown("C1", ts, "[.]example", 15)

    (message,) = place.slack.answers("C1", ts)
    assert len(message.edits) > 3
    for shown in [*message.edits, str(message.blocks)]:
        assert re.search(r"<[@!#]|https?://(?!kubernetes\.io)|@(here|channel)\b", shown) is None


async def test_files_already_attached_before_a_crash_are_not_attached_again(place):
    rows = tuple((f"web-{number}", "x") for number in range(200))

    async def script(request, report):
        return Answer(text="See.", tables=(Table("T", ("name", "why"), rows),))

    place.answering.script = script
    old = Message("C1", place.slack.space.next_ts(), BOT_USER, "See.", bot=True)
    ts, row_id = await interrupted(place, 1, old.ts)
    old.thread = ts
    there = Message("C1", "1790000001.000001", BOT_USER, "", ts, bot=True)
    there.files = [f"oakum-{row_id[:8]}-table-1.csv"]
    place.slack.space.messages += [old, there]
    await place.serve()

    await place.shown("C1", ts, "See.")
    await place.settled()

    assert place.slack.space.files == {}
