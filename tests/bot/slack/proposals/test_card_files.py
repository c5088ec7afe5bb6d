"""The files beside cards: there before anybody can approve, tried again, kept for as long as they are needed."""

from dataclasses import replace

import pytest
from msgspec import structs

from bot.slack.files import take_back
from bot.store import outbox
from tests.fakes.pressing import ONE, approve
from tests.fakes.proposed import harden, operation
from tools.types import Change


async def test_a_long_change_shows_its_beginning_and_comes_whole_once_as_a_file(place, proposing):
    step = operation(harden())
    many = tuple(
        Change(("spec", f"field{n}"), before="x" * 200, after="y" * 200) for n in range(60)
    )
    await proposing.pending(ONE, diff=((structs.replace(step, changes=many), many),))
    await place.serve()
    await approve(place)
    await proposing.done(ONE)
    card = await place.card("Done and verified")
    await place.delivered()

    assert "more, in the attached patch" in str(card.blocks)
    (file,) = place.slack.space.files.values()
    assert file.content.count(b'"op":"replace"') == 60
    assert place.slack.refused == []


def long_change():
    """Give a difference that no card has room for."""
    many = tuple(
        Change(("spec", f"field{n}"), before="x" * 200, after="y" * 200) for n in range(60)
    )
    return ((structs.replace(operation(harden()), changes=many), many),)


@pytest.mark.parametrize(
    "how", [{"status": 200, "error": "storage_limit_reached"}, {"status": 503, "applied": True}]
)
async def test_nobody_can_approve_what_is_not_there_to_be_read(place, proposing, how, monkeypatch):
    monkeypatch.setattr("bot.slack.proposals.delivery._UNATTACHED_S", 0.5)
    place.slack.faults.fail("files.completeUploadExternal", **how)
    await proposing.pending(ONE, diff=long_change())
    await place.serve()

    first = await place.card("Waits for approval")
    shown = str(first.blocks)
    assert "proposal.approve" not in shown
    assert "proposal.reject" in shown
    assert "could not be put into this thread" in shown
    assert place.marked("wanted") == []

    await place.slack.until(lambda: "proposal.approve" in str(place.marked("card")[0].blocks))
    (card,) = place.marked("card")
    assert "could not be put" not in str(card.blocks)
    there = [one for one in place.slack.space.files.values() if one.channel]
    assert [one.name for one in there] == ["oakum-aaaaaaaa-patch.txt"]
    await place.slack.until(lambda: place.marked("wanted"))


async def test_a_patch_is_there_before_anybody_can_approve(place, proposing):
    await proposing.pending(ONE, diff=long_change())
    await place.serve()
    await place.card("Waits for approval")
    await place.delivered()

    methods = [one.method for one in place.slack.calls]
    assert methods.index("files.completeUploadExternal") < methods.index("chat.postMessage")
    assert len(place.marked("card")) == 1


async def test_a_patch_that_is_not_there_is_not_said_to_be(place, proposing):
    place.slack.faults.fail("files.getUploadURLExternal", status=200, error="missing_scope")
    await proposing.handed_over(ONE)
    await place.serve()

    shown = str((await place.card("For somebody else to carry out")).blocks)

    assert "could not be put into this thread" in shown
    assert "Slack refused files.getUploadURLExternal" in shown
    assert "The patch is whole in a file" not in shown


async def test_a_forgotten_thread_keeps_the_patch_of_a_card_that_waits(place, proposing):
    many = tuple(f"Word number {number}." for number in range(9))
    await proposing.pending(ONE, notes=many)
    service = await place.serve()
    card = await place.card("Waits for approval")
    await place.slack.until(lambda: place.slack.space.files)
    await place.delivered()

    forget = {"type": "button", "action_id": "thread.forget", "value": "forget"}
    answer = replace(card, blocks=[{"type": "actions", "elements": [forget]}])
    await place.slack.people.press("UBOB", answer, "thread.forget")
    assert "once it has ended" in await place.whispered()
    assert len(place.slack.space.files) == 1

    await place.slack.people.press("UANN", card, "proposal.withdraw")
    await place.card("Withdrawn")
    assert await take_back(service._desk) == 1
    await place.delivered()
    await place.services.pop().stop()
    assert await outbox.again(place.db, ONE, place.now())
    await place.serve()
    await place.delivered()
    assert place.slack.space.files == {}
