"""HTTP mode: only what Slack signed, lately and once."""

import copy
import json
import random
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.errors import BadSettings
from bot.slack.config import Mode, SlackConfig
from bot.slack.service import SlackService
from bot.web import serve
from tests.fakes.slack.people import encode, sign


@pytest.fixture
async def url(place) -> AsyncIterator[str]:
    service = await place.serve(mode=Mode.HTTP, app_token="")
    runner = await serve("127.0.0.1", 0, {"slack": service.ready}, service.route())
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    place.slack.request_url = address
    yield address
    await runner.cleanup()


async def post(url, body, headers):
    kind = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=kind | headers) as reply,
    ):
        return reply.status, await reply.text()


async def test_events_commands_and_presses_come_by_http(place, url):
    ts = place.slack.people.mention("C1", "UANN", "over http")
    await place.shown("C1", ts, "Answer to: over http")
    assert await place.slack.people.command("C1", "UANN", "help") == 200
    await place.slack.until(lambda: place.slack.space.ephemeral)
    message = place.slack.answers("C1", ts)[0]
    assert await place.slack.people.press("UANN", message, "answer.feedback", "helpful") == 200
    await place.slack.until(lambda: len(place.slack.space.ephemeral) == 2)

    assert len(place.answering.asked) == 1


async def test_the_handshake_is_answered(url):
    body = json.dumps({"type": "url_verification", "challenge": "abc"})

    status, text = await post(url, body, sign(body, int(time.time())))

    assert (status, "abc" in text) == (200, True)


@pytest.mark.parametrize("age", [301, -301, 10_000])
async def test_an_old_or_future_signature_is_refused(place, url, age):
    body = json.dumps({"type": "event_callback", "event": {}})

    assert (await post(url, body, sign(body, int(time.time()) - age)))[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "٣"},
        {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1" * 400},
    ],
)
async def test_a_forged_request_is_refused(place, url, headers):
    assert (await post(url, "{}", headers))[0] == 401
    assert place.answering.asked == []


async def test_a_changed_body_is_refused(url):
    body = json.dumps({"type": "event_callback", "event": {}})

    assert (await post(url, body + " ", sign(body, int(time.time()))))[0] == 401


async def test_a_replay_inside_the_window_changes_nothing(place, url):
    root = place.slack.people._write("C1", "UANN", "once", "")
    event = {"type": "app_mention", "user": "UANN", "text": "once", "channel": "C1", "ts": root.ts}
    payload = {"type": "event_callback", "event_id": "Ev7", "team_id": "T0TEAM", "event": event}
    body, _ = encode("events_api", payload)
    headers = sign(body, int(time.time()))

    assert [(await post(url, body, headers))[0] for _ in range(3)] == [200, 200, 200]
    await place.settled()
    assert len(place.answering.asked) == 1


def test_what_a_mode_needs_is_asked_for_at_start(place):
    for config in (
        SlackConfig(bot_token=""),
        SlackConfig(bot_token="x"),
        SlackConfig(bot_token="x", mode=Mode.HTTP),
    ):
        with pytest.raises(BadSettings):
            SlackService(config, place.db, place.answering, place.now)


def test_tokens_are_never_printed():
    config = SlackConfig(bot_token="xoxb-1", app_token="xapp-1", signing_secret="s3cr3t")

    assert not {"xoxb-1", "xapp-1", "s3cr3t"} & set(str(config).replace("'", " ").split())


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xff\xfe{}", {"X-Slack-Signature": "v0=00"}),
        (b"{}", {"X-Slack-Signature": "v0=\u00e9"}),
        (b"{}", {"X-Slack-Signature": "v0=00", "Content-Type": "application/json; charset=none"}),
        (b"{}", {"X-Slack-Signature": ""}),
    ],
)
async def test_nothing_unsigned_is_more_than_refused(place, url, body, headers):
    stamp = {"X-Slack-Request-Timestamp": str(int(time.time()))}

    assert (await post(url, body, stamp | headers))[0] == 401
    assert place.answering.asked == []


async def test_a_body_without_a_length_is_bounded_too(url):
    async def endless():
        for _ in range(40):
            yield b"x" * 100_000

    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(url, data=endless()) as reply:
                assert reply.status == 413
        except aiohttp.ClientError:
            pass


async def test_a_signed_body_of_another_charset_is_not_read(place, url):
    body = json.dumps({"type": "event_callback", "event": {}})
    other = {"Content-Type": "application/json; charset=utf-7"}

    assert (await post(url, body, sign(body, int(time.time())) | other))[0] == 415


EVENT = {
    "type": "event_callback",
    "event_id": "Ev9",
    "team_id": "T0TEAM",
    "event": {
        "type": "app_mention",
        "user": "UANN",
        "text": "<@UBOT> who runs as root?",
        "channel": "C1",
        "ts": "1700000000.000100",
        "thread_ts": "1700000000.000100",
        "assistant_thread": {"user_id": "UANN", "channel_id": "C1", "thread_ts": "1.1"},
    },
}
PRESS = {
    "type": "block_actions",
    "team": {"id": "T0TEAM"},
    "user": {"id": "UANN", "team_id": "T0TEAM"},
    "trigger_id": "T.1",
    "response_url": "",
    "channel": {"id": "C1"},
    "message": {"ts": "1700000000.000100"},
    "container": {"message_ts": "1700000000.000100", "channel_id": "C1"},
    "actions": [{"action_id": "answer.feedback", "block_id": "b", "type": "button", "value": "x"}],
}
VIEW = {
    "type": "view_submission",
    "team": {"id": "T0TEAM"},
    "user": {"id": "UANN"},
    "view": {
        "id": "V1",
        "callback_id": "answer.reason",
        "private_metadata": '["C1", "1.1", "1.1"]',
        "state": {"values": {"reason": {"reason": {"value": "wrong"}}}},
    },
}
ODD = (None, 1, True, "", "\ud800", "x" * 200, [], [1], [[]], {}, {"a": [1]}, "<gone>")


def mutated(payload, chance):
    """Give the payload with one of its parts of another form, or gone."""
    whole = copy.deepcopy(payload)
    places = []

    def walk(part):
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            places.append((part, key))
            if isinstance(part[key], dict | list):
                walk(part[key])

    walk(whole)
    part, key = chance.choice(places)
    part[key] = chance.choice(ODD)
    if part[key] == "<gone>":
        del part[key]
    return whole


async def test_a_signed_payload_of_another_form_is_refused_or_taken_and_nothing_is_lost(place, url):
    chance = random.Random(9)
    form = "application/x-www-form-urlencoded"
    bodies = [
        ("[" * 100_000, ""),
        ("null", ""),
        ("[]", ""),
        ("nonsense", ""),
        ("", ""),
        ('"x"', ""),
    ]
    bodies += [("payload=" + text, form) for text in ("", "null", "[]", "x", "[" * 50_000)]
    for _ in range(40):
        bodies.append((json.dumps(mutated(EVENT, chance)), ""))
        for payload in (PRESS, VIEW):
            bodies.append((urlencode({"payload": json.dumps(mutated(payload, chance))}), form))
        command = {"command": "/oakum", "text": "help", "channel_id": "C1", "user_id": "UANN"}
        del command[chance.choice(list(command))]
        bodies.append((urlencode(command), form))
    for body, kind in bodies:
        headers = sign(body, int(time.time())) | ({"Content-Type": kind} if kind else {})
        status, _ = await post(url, body, headers)
        assert status < 500, (status, body[:500])

    ts = place.slack.people.mention("C1", "UANN", "after all that")
    await place.shown("C1", ts, "Answer to: after all that")
