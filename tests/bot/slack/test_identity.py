"""Who is served, and what they may see: refusal is the default, and it is private."""

import pytest

from bot.slack.config import SlackConfig
from bot.slack.identity import Self, described, refusal, union
from tests.fakes.slack.state import TEAM
from tools.scope import Scope
from tools.types import ALL

ME = Self("UBOT", "BBOT", TEAM, "E1")
CONFIG = SlackConfig(bot_token="x")


@pytest.mark.parametrize(
    ("flags", "served"),
    [
        ({}, True),
        ({"is_restricted": True}, False),
        ({"is_ultra_restricted": True}, False),
        ({"is_stranger": True}, False),
        ({"team_id": "T9"}, False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1"}}, True),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E9"}}, False),
        ({"is_bot": True}, False),
        ({"deleted": True}, False),
    ],
)
def test_only_full_members_are_served(flags, served):
    assert (refusal({"id": "U1", "team_id": TEAM} | flags, CONFIG, ME) == "") is served


def test_settings_open_guests_and_other_organisations():
    config = SlackConfig(bot_token="x", serve_guests=True, serve_other_organisations=True)

    assert refusal({"team_id": TEAM, "is_restricted": True}, config, ME) == ""
    assert refusal({"team_id": "T9", "is_stranger": True}, config, ME) == ""
    assert refusal({"team_id": TEAM, "deleted": True}, config, ME) != ""


def test_a_union_sees_what_any_of_them_sees():
    found = union(
        [
            Scope({"a": frozenset({"x"})}),
            Scope({"a": frozenset({"y"}), "b": ALL}),
            Scope({"b": frozenset({"z"})}),
        ]
    )

    assert found.clusters == {"a": frozenset({"x", "y"}), "b": ALL}
    assert union([]).clusters == {}


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ({"is_restricted": True}, "guests"),
        ({"team_id": "T9", "is_stranger": True}, "other organisations"),
    ],
)
async def test_guests_and_strangers_are_refused_privately(place, flags, reason):
    place.slack.add_user("UODD", **flags)
    place.slack.space.channels["C1"]["members"].add("UODD")
    await place.serve()

    ts = place.slack.people.mention("C1", "UODD", "show me everything")
    await place.slack.until(lambda: place.slack.space.ephemeral)

    (told,) = place.slack.space.ephemeral
    assert reason in told.text
    assert told.ephemeral_for == "UODD"
    assert place.answering.asked == []
    assert place.slack.answers("C1", ts) == []


async def test_when_slack_does_not_say_who_it_is_nothing_is_shown(place):
    place.slack.faults.fail("users.info", times=9, error="internal_error")
    await place.serve()

    place.slack.people.mention("C1", "UANN", "hello")
    await place.slack.until(lambda: place.slack.space.ephemeral)

    assert "did not tell who you are" in place.slack.space.ephemeral[0].text
    assert place.answering.asked == []


async def test_a_channel_that_is_not_configured_is_refused_privately(place):
    place.slack.add_channel("C7", "UANN")
    await place.serve()

    place.slack.people.mention("C7", "UANN", "hello")
    await place.slack.until(lambda: place.slack.space.ephemeral)

    assert "not set up" in place.slack.space.ephemeral[0].text
    assert place.answering.asked == []


async def test_a_direct_message_sees_only_the_persons_channels(place):
    for number in range(250):
        place.slack.add_channel(f"CX{number:03}", "UANN")
    place.slack.add_channel("CZ1", "UANN", private=True)
    place.slack.add_channel("CZ2", "UBOB", private=True)
    channels = {"CZ1": Scope({"dev": ALL}), "CZ2": Scope({"secret": ALL})}
    await place.serve(channels=channels)

    ts = place.slack.people.direct("UANN", "what do I see?")
    await place.shown("DUANN", ts, "Answer to")

    assert place.answering.asked[0].scope.clusters == {"dev": ALL}


async def test_a_person_in_no_configured_channel_is_refused(place):
    place.slack.add_user("UNEW")
    await place.serve()

    place.slack.people.direct("UNEW", "hello")
    await place.slack.until(lambda: place.slack.space.ephemeral)

    assert "none of the channels" in place.slack.space.ephemeral[0].text
    assert place.answering.asked == []


async def test_memberships_are_asked_once_in_five_minutes_and_no_answer_means_no(place):
    place.slack.faults.fail("users.conversations", times=1, error="internal_error")
    await place.serve()

    place.slack.people.direct("UANN", "one")
    await place.slack.until(lambda: place.slack.space.ephemeral)
    for text in ("two", "three"):
        ts = place.slack.people.direct("UANN", text)
        await place.shown("DUANN", ts, f"Answer to: {text}")

    asked = [one for one in place.slack.calls if one.method == "users.conversations"]
    assert len(asked) == 2
    assert len([one for one in place.slack.calls if one.method == "users.info"]) == 1


@pytest.mark.parametrize(
    ("roles", "is_guest"),
    [
        ({}, None),
        ({"is_admin": False}, False),
        ({"is_restricted": False}, False),
        ({"is_admin": False, "is_ultra_restricted": True}, True),
        ({"is_restricted": True, "is_ultra_restricted": False}, True),
    ],
)
def test_a_role_that_slack_leaves_out_is_not_held_where_it_tells_any(roles, is_guest):
    user = {"id": "U1", "team_id": TEAM, "deleted": False, "is_bot": False}

    assert described(user | roles, "U1", ME, None).is_guest is is_guest
