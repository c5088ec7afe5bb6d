"""`/oakum waiting`: what waits for approval and may be seen here, from stored rows, each with its card."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from bot.approval import proposals
from bot.errors import StoreUnavailable
from bot.slack.config import Profile
from bot.slack.proposals.cards import View
from bot.slack.proposals.waiting import Waits, waiting_list
from bot.store import outbox
from bot.store import waiting as rows
from bot.store.outbox import App
from bot.types import ThreadKey
from tests.fakes.proposed import POLICY, TEAM, Proposing, harden
from tools.scope import Scope

ONE, TWO, THREE = ("a" * 32, "b" * 32, "c" * 32)


async def asked(place, user="UBOB", channel="C1"):
    count = len(place.whispers())
    await place.slack.people.command(channel, user, "waiting")
    return await place.whispered(count + 1)


async def test_it_lists_the_oldest_first_with_who_may_approve_until_when_and_the_card(
    place, proposing
):
    await proposing.pending(ONE, needed=2)
    later = Proposing(place.db, proposing.thread, proposing.now + timedelta(seconds=5))
    await later.pending(TWO, action=harden("api"))
    await place.serve()
    card = await place.card("Waits for approval: 0 of 2")
    await place.card("Waits for approval: 0 of 1", TWO)

    told = await asked(place)

    assert told.startswith("*2 changes wait for approval, oldest first*")
    assert told.index("`Deployment/web`") < told.index("`Deployment/api`")
    assert "in `shop` (cluster `prod`)" in told
    assert "0 of 2 approvals, by leads or on-call, until <!date^" in told
    assert "risk medium, asked for by <@UANN>." in told
    assert f"p{card.ts}|Open its card>" in told
    assert place.slack.refused == []


async def test_what_was_decided_waits_no_more(place, proposing):
    await proposing.pending(ONE)
    await proposing.vote(ONE, "bob", "UBOB")
    await place.serve()

    assert await asked(place) == "Nothing that may be seen here waits for approval."


async def test_what_may_not_be_seen_here_is_not_named(place, proposing):
    await proposing.pending(ONE)
    other = Scope({"prod": frozenset({"payments"})})
    await place.serve(channels=place.config.channels | {"C2": other})
    await place.card("Waits for approval")
    place.slack.add_channel("C2", "UBOB")

    assert "Nothing that may be seen here" in await asked(place, channel="C2")


async def test_no_link_leads_into_somebodys_private_conversation(place, proposing):
    private = Proposing(place.db, ThreadKey(TEAM, "DUANN", "1.1"), proposing.now)
    await private.pending(ONE)
    parcel = await outbox.claim(place.db, App.ASSISTANT, "before", place.now(), 60)
    assert await outbox.shown(place.db, parcel, "before", "1.2")
    await place.serve()

    told = await asked(place)

    assert "`Deployment/web`" in told
    assert "Open its card" not in told


async def test_names_of_a_cluster_neither_link_nor_mention(place, proposing):
    await proposing.pending(ONE)
    case = await proposals.get(place.db, ONE)
    hostile = structs.replace(case.proposal.target, name="<!channel> https://evil.example *x*")
    case = replace(case, proposal=replace(case.proposal, target=hostile))

    told = waiting_list([Waits(case)], 1, View(POLICY, True, TEAM, Profile.MODERN, place.now()))

    assert "<!channel>" not in told
    assert "https://evil" not in told
    assert told.startswith("*1 change waits for approval")


async def test_many_are_counted_beyond_the_first(place, proposing):
    for number in range(12):
        await proposing.pending(f"{number:032}", action=harden(f"web-{number}"))
    await place.serve()

    told = await asked(place)

    assert told.startswith("*12 changes wait")
    assert "…and 2 more" in told
    assert len(told) < 4_000


async def test_where_nothing_can_be_proposed_it_says_so(place):
    await place.serve()

    assert "no policy says who may" in await asked(place)


async def test_a_store_that_may_not_be_read_here_is_said_without_calling_it_away(
    place, proposing, monkeypatch
):
    async def refuse(db, state):
        raise StoreUnavailable("permission denied")

    monkeypatch.setattr(rows, "in_state", refuse)
    await place.serve()

    assert "has its card in the thread where it was asked for" in await asked(place)


@pytest.mark.parametrize("user", ["UGUEST"])
async def test_who_is_not_served_is_told_nothing(place, proposing, user):
    place.slack.add_user(user, is_restricted=True)
    place.slack.space.channels["C1"]["members"].add(user)
    await proposing.pending(ONE)
    await place.serve()

    told = await asked(place, user)

    assert "guests" in told
    assert "web" not in told
