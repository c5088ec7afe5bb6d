from datetime import timedelta

import pytest

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.store import answers, feedback, files, inbox, threads
from bot.store.database import open_database
from bot.store.inbox import NewQuestion
from bot.store.outbox import App
from bot.store.threads import ASSISTANT, PERSON, Turn
from bot.types import Answer, Place, ThreadKey
from tests.fakes.proposed import KEY as LEDGER_KEY
from tests.fakes.proposed import Proposing

KEY = ThreadKey("T1", "C1", "1700000001.000000")
SAME_CHANNEL = ThreadKey("T1", "C1", "1700000002.000000")
OTHER_CHANNEL = ThreadKey("T1", "C2", "1700000001.000000")
OTHER_TEAM = ThreadKey("T2", "C1", "1700000001.000000")
EVERYWHERE = (KEY, SAME_CHANNEL, OTHER_CHANNEL, OTHER_TEAM)
DAY = timedelta(days=1)


@pytest.fixture
def turn(now):
    def make(text, role=PERSON, ts="", **other):
        return Turn(role=role, person="U1", text=text, at=now, message_ts=ts, **other)

    return make


async def fill(db, key, turn, now):
    """Leave every kind of trace in a thread: an open question, one in work, one done."""
    for number, what in enumerate(("done", "in-work", "open")):
        row = NewQuestion(
            id=f"{key}-{what}",
            event_id=f"Ev-{key}-{what}",
            team=key.team,
            channel=key.channel,
            ts=f"{int(float(key.thread))}.{number:06}",
            thread=key.thread,
            person="U1",
            place=Place.CHANNEL,
            text="what runs privileged in shop?",
            payload={"value": "shop"},
            received_at=now,
        )
        assert await inbox.put(db, row, now)
        if what == "done":
            await inbox.lease(db, "w", now, 1e8)
            assert await inbox.finish(db, row.id, "w", now, "answered")
    await inbox.lease(db, "w", now, 1e8)
    await threads.append(db, key, turn("what runs privileged?", ts="1.0"), now)
    await threads.append(db, key, turn("web does", ASSISTANT, "2.0"), now)
    await answers.save(db, key, "2.0", Answer("web does"), now)
    await feedback.add(db, key, "U1", "2.0", "helpful", "clear", now)


async def traces(db, key, now):
    said = [one.key for one in await feedback.since(db, now - DAY, 100)]
    return (
        len(await threads.history(db, key, 100)),
        await answers.load(db, key, "2.0") is not None,
        key in said,
    )


async def test_a_thread_is_remembered_in_order_the_last_turns_of_it(db, now, turn):
    facts = {"findings": [{"check": "privileged_container"}], "n": 3}
    for number in range(5):
        await threads.append(db, KEY, turn(f"t{number}", facts=facts), now)

    found = await threads.history(db, KEY, 3)

    assert found == [turn(f"t{number}", facts=facts) for number in (2, 3, 4)]


async def test_memory_never_crosses_a_thread_channel_or_workspace(db, now, turn):
    for number, key in enumerate(EVERYWHERE):
        await threads.append(db, key, turn(f"canary-{number}"), now)

    for number, key in enumerate(EVERYWHERE):
        assert [one.text for one in await threads.history(db, key, 50)] == [f"canary-{number}"]


async def test_a_question_that_runs_again_is_remembered_once(db, now, turn):
    await threads.append(db, KEY, turn("asked", ts="1.0"), now)
    await threads.append(db, KEY, turn("half an ans", ASSISTANT, "2.0"), now)
    await threads.append(db, KEY, turn("asked", ts="1.0"), now)
    await threads.append(db, KEY, turn("the answer", ASSISTANT, "2.0"), now)

    assert [one.text for one in await threads.history(db, KEY, 50)] == ["asked", "the answer"]


async def test_a_thread_is_known_once_it_was_answered(db, now, turn):
    assert not await threads.known(db, KEY)
    await threads.append(db, KEY, turn("asked", ts="1.0"), now)
    assert not await threads.known(db, KEY)
    await threads.append(db, KEY, turn("answered", ASSISTANT, "2.0"), now)

    assert await threads.known(db, KEY)
    assert not await threads.known(db, SAME_CHANNEL)


async def test_text_that_is_no_unicode_is_remembered(db, now, turn):
    await threads.append(db, KEY, turn("a\0b\ud83d", facts={"x": ["\udc00"]}), now)

    (found,) = await threads.history(db, KEY, 1)
    assert (found.text, found.facts) == ("a\ufffdb?", {"x": ["?"]})


async def test_forgetting_a_thread_leaves_nothing_of_it_and_touches_no_other(db, now, turn):
    for key in EVERYWHERE:
        await fill(db, key, turn, now)

    assert await threads.delete(db, KEY) == 2

    assert await traces(db, KEY, now) == (0, False, False)
    for key in EVERYWHERE[1:]:
        assert await traces(db, key, now) == (2, True, True)
    assert await inbox.waiting(db) == 6


async def test_the_words_of_a_forgotten_thread_are_not_in_the_file(sqlite_url, tmp_path, now, turn):
    database = await open_database(sqlite_url)
    await threads.append(database, KEY, turn("canary-in-a-turn", ts="1.0"), now)
    await answers.save(database, KEY, "2.0", Answer("canary-in-an-answer"), now)
    await threads.delete(database, KEY)
    await database.close()

    left = b"".join(file.read_bytes() for file in tmp_path.glob("oakum.db*"))
    assert b"canary" not in left


async def test_a_forgotten_question_is_neither_answered_nor_asked_again(db, now, turn):
    row = NewQuestion("q", "Ev", "T1", "C1", "1.0", KEY.thread, "U1", Place.CHANNEL, "canary", now)
    await inbox.put(db, row, now)
    await threads.delete(db, KEY)

    assert await inbox.lease(db, "w", now + DAY, 60) is None
    assert not await inbox.put(db, row, now)
    assert await inbox.prune(db, now + DAY) == 1


async def test_what_was_kept_long_enough_goes(db, now, turn):
    await fill(db, KEY, turn, now - 91 * DAY)
    await fill(db, OTHER_TEAM, turn, now - 89 * DAY)

    assert await threads.delete_before(db, now - 90 * DAY) == 2
    assert await traces(db, KEY, now) == (0, False, False)
    assert (await traces(db, OTHER_TEAM, now))[:2] == (2, True)
    assert await inbox.waiting(db) == 2
    assert len(await feedback.since(db, now - 100 * DAY, 10)) == 1


async def test_the_last_word_of_each_person_counts(db, now):
    await feedback.add(db, KEY, "U1", "2.0", "helpful", "", now)
    await feedback.add(db, KEY, "U2", "2.0", "helpful", "", now)
    await feedback.add(db, KEY, "U1", "2.0", "not-helpful", "wrong name\0", now + DAY)

    newest, other = await feedback.since(db, now, 10)
    assert (newest.person, newest.kind, newest.reason) == ("U1", "not-helpful", "wrong name\ufffd")
    assert (newest.key, newest.at, other.person) == (KEY, now + DAY, "U2")
    assert len(await feedback.since(db, now, 1)) == 1


async def test_files_fall_due_with_their_age_or_with_their_thread(db, now):
    await files.add(db, KEY, "F-forgotten", now)
    await files.add(db, OTHER_CHANNEL, "F-old", now - 91 * DAY)
    await files.add(db, OTHER_TEAM, "F-kept", now)
    await files.add(db, OTHER_TEAM, "F-kept", now - 91 * DAY)
    await threads.delete(db, KEY)

    assert await files.due(db, now - 90 * DAY, 10) == ["F-old", "F-forgotten"]
    assert await files.due(db, now - 90 * DAY, 1) == ["F-old"]
    await files.gone(db, "F-old")
    await files.gone(db, "F-old")
    assert await files.due(db, now - 90 * DAY, 10) == ["F-forgotten"]


async def test_a_file_of_a_forgotten_thread_stays_until_its_proposal_has_ended(db, now):
    proposing = Proposing(db, KEY, now)
    await proposing.pending("a" * 32)
    await files.add(db, KEY, "F-patch", now, proposal="a" * 32)
    await files.add(db, KEY, "F-of-nothing", now, proposal="b" * 32)
    await files.add(db, KEY, "F-answer", now)
    await threads.delete(db, KEY)

    assert await files.due(db, now, 10) == ["F-answer", "F-of-nothing"]
    assert await files.due(db, now + 91 * DAY, 1) == ["F-answer"]
    said = await proposals.withdraw(db, "a" * 32, "ann", "", now, LEDGER_KEY)
    assert said.reply is Reply.DONE
    assert await files.due(db, now, 10) == ["F-answer", "F-of-nothing", "F-patch"]


async def test_each_slack_app_takes_back_its_own_files(db, now):
    await files.add(db, KEY, "F1", now - 91 * DAY)
    await files.add(db, KEY, "F1", now - 91 * DAY, App.APPROVALS)
    before = now - 90 * DAY

    assert await files.due(db, before, 10) == ["F1"]
    assert await files.due(db, before, 10, App.APPROVALS) == ["F1"]
    await files.gone(db, "F1", App.APPROVALS)

    assert await files.due(db, before, 10, App.APPROVALS) == []
    assert await files.due(db, before, 10) == ["F1"]
