"""`/oakum`: acknowledged at once, then answered, in a thread or privately."""

import asyncio

import pytest

from bot.slack.commands import HELP
from bot.types import Place
from tests.fakes.stores import locked
from tools.types import ALL


def whispers(place):
    return [one.text for one in place.slack.space.ephemeral]


async def test_ask_posts_the_question_with_the_askers_name_and_answers_in_its_thread(place):
    await place.serve()

    ack = await place.slack.people.command("C1", "UANN", "ask who runs as <root> & why?")
    await place.slack.until(lambda: place.answering.asked)

    posted = next(one for one in place.slack.space.messages if one.bot)
    assert posted.text == "<@UANN> asks: who runs as &lt;root&gt; &amp; why?"
    await place.shown("C1", posted.ts, "Answer to: who runs as")
    assert place.answering.asked[0].person == "UANN"
    assert ack.acked_after_s < 3
    assert whispers(place) == []
    assert place.slack.refused == []


async def test_scan_asks_for_a_scan(place):
    await place.serve()

    await place.slack.people.command("C1", "UANN", "scan prod shop")
    await place.slack.until(lambda: place.answering.asked)

    assert place.answering.asked[0].text == "scan prod shop"


async def test_where_it_is_no_member_it_answers_privately_and_says_how_to_invite_it(place):
    place.slack.add_channel("C9", "UANN", bot=False)
    await place.serve(channels={"C9": place.config.channels["C1"]})

    await place.slack.people.command("C9", "UANN", "ask anything?")
    await place.slack.until(lambda: len(whispers(place)) == 2)

    assert "Answer to: anything?" in whispers(place)[1]
    assert "/invite" in whispers(place)[1]
    assert [one for one in place.slack.space.messages if one.bot] == []


async def test_clusters_and_help_answer_at_once_and_privately(place):
    await place.serve(
        channels={
            "C1": place.config.channels["C1"].__class__({"prod": ALL, "dev": frozenset({"b", "a"})})
        }
    )

    await place.slack.people.command("C1", "UANN", "clusters")
    await place.slack.people.command("C1", "UANN", "help")
    await place.slack.people.command("C1", "UANN", "dance <!here>")
    await place.slack.until(lambda: len(whispers(place)) == 3)

    assert "• `dev`: a, b\n• `prod`: all namespaces" in str(whispers(place)) or True
    shown = whispers(place)
    assert any("• `dev`: a, b\n• `prod`: all namespaces" in one for one in shown)
    assert HELP in shown
    assert any("I do not know `dance`" in one for one in shown)


async def test_a_command_delivered_four_times_is_answered_once(place):
    place.slack.faults.copies = 4
    await place.serve()

    await place.slack.people.command("C1", "UANN", "ask once?")
    await place.slack.people.command("C1", "UANN", "help")
    await place.slack.people.delivered()
    await place.slack.until(lambda: place.answering.asked and whispers(place))

    assert len(place.answering.asked) == 1
    assert whispers(place) == [HELP]


async def test_a_command_in_a_direct_message_uses_the_persons_channels(place):
    place.slack.people.direct_channel("UANN")
    await place.serve()

    await place.slack.people.command("DUANN", "UANN", "ask mine?")
    await place.slack.until(lambda: place.answering.asked)

    request = place.answering.asked[0]
    assert request.place is Place.DIRECT
    assert request.scope.sees("prod", "shop")


@pytest.mark.slow
async def test_with_the_store_down_the_reason_is_told_privately(place, tmp_path):
    await place.serve()
    lock = await asyncio.to_thread(locked, tmp_path / "oakum.db")

    ack = await place.slack.people.command("C1", "UANN", "ask anything?")
    await place.slack.until(lambda: whispers(place), 12)
    lock.execute("ROLLBACK")
    lock.close()

    assert ack.acked_after_s < 3
    assert "store" in whispers(place)[0].lower() or "database" in whispers(place)[0].lower()
    assert place.answering.asked == []
