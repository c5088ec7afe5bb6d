"""Rejections: a reason is asked for, guidance is passed on, and none is lost."""

import pytest

from bot.errors import StoreUnavailable
from bot.store.proposals import State
from tests.fakes.pressing import ONE, press, state


async def test_a_rejection_asks_for_a_reason_and_is_final(place, proposing):
    await proposing.pending(ONE, needed=2)
    await place.serve()
    await press(place, "UBOB", "reject")
    await place.slack.until(lambda: place.slack.space.views)
    (view,) = place.slack.space.views

    words = {"reason": {"reason": {"value": "not on *Friday* <!channel>"}}}
    await place.slack.people.submit("UBOB", view, words)
    shown = await place.card("Rejected")

    assert "it is final" in await place.whispered()
    assert "not on ∗Friday∗" in str(shown.blocks)
    assert "<!channel>" not in str(shown.blocks)
    assert place.answering.asked == []
    await place.delivered()
    (told,) = place.marked("ended-denied")
    assert "<@UANN> Rejected" in told.text


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StoreUnavailable("The store is away.")])
async def test_a_rejection_that_fails_is_answered_and_can_be_sent_again(
    place, proposing, monkeypatch, error
):
    await proposing.pending(ONE)
    await place.serve()
    await press(place, "UBOB", "reject")
    await place.slack.until(lambda: place.slack.space.views)
    (view,) = place.slack.space.views
    typed = {"reason": {"reason": {"value": "no"}}}

    async def broken(*_):
        raise error

    with monkeypatch.context() as broke:
        broke.setattr("bot.approval.deciding.vote", broken)
        await place.slack.people.submit("UBOB", view, typed)
        told = await place.whispered()
    assert "Your rejection was not counted" in told
    assert place.slack.space.ephemeral[0].thread == proposing.thread.thread
    assert await state(place) is State.PENDING

    await place.slack.people.submit("UBOB", view, typed)
    await place.card("Rejected")


async def test_guidance_that_is_not_passed_on_takes_no_rejection_back(
    place, proposing, monkeypatch
):
    await proposing.pending(ONE)
    await place.serve()
    await press(place, "UBOB", "reject")
    await place.slack.until(lambda: place.slack.space.views)
    (view,) = place.slack.space.views
    values = {"reason": "too much", "guidance": "only drop privileged"}
    typed = {name: {name: {"value": value}} for name, value in values.items()}

    async def broken(*_):
        raise RuntimeError

    monkeypatch.setattr("bot.store.inbox.put", broken)
    await place.slack.people.submit("UBOB", view, typed)

    told = await place.whispered()
    assert "it is final" in told
    assert "What to propose instead was not passed on" in told
    assert await state(place) is State.DENIED


async def test_guidance_of_a_rejection_is_asked_in_the_thread_by_who_gave_it(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await press(place, "UBOB", "reject")
    await place.slack.until(lambda: place.slack.space.views)
    (view,) = place.slack.space.views

    values = {"reason": "too much", "guidance": "only drop privileged"}
    typed = {name: {name: {"value": value}} for name, value in values.items()}
    for _ in range(2):
        await place.slack.people.submit("UBOB", view, typed)
    await place.slack.until(lambda: place.answering.asked)
    await place.settled()

    (asked,) = place.answering.asked
    assert len(place.whispers()) == 1
    assert asked.person == "UBOB"
    assert asked.thread == proposing.thread
    assert asked.text.startswith(
        "Propose again for Deployment/web in namespace shop of cluster prod"
    )
    assert asked.text.endswith("only drop privileged")
    assert asked.actor is not None
    assert asked.actor.is_guest is False


async def test_who_may_not_decide_cannot_reject_either(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await press(place, "UDAN", "reject")
    await place.slack.until(lambda: place.slack.space.views)
    (view,) = place.slack.space.views

    typed = {name: {name: {"value": "no"}} for name in ("reason", "guidance")}
    await place.slack.people.submit("UDAN", view, typed)

    assert "no person" in await place.whispered()
    await place.settled()
    assert await state(place) is State.PENDING
    assert place.answering.asked == []


async def test_without_modals_a_rejection_counts_all_the_same(place, proposing):
    place.slack.faults.unknown_methods.add("views.open")
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UBOB", "reject")

    assert "it is final" in await place.whispered()
    assert await state(place) is State.DENIED
