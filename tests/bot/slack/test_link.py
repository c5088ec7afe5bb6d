"""The Socket Mode connection heals: refreshes, cut lines, dead and silent sockets, Slack away."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.slack import link


async def answered(place, text):
    ts = place.slack.people.mention("C1", "UANN", text)
    await place.shown("C1", ts, f"Answer to: {text}", 15)


@pytest.mark.slow
async def test_a_refresh_loses_nothing(place):
    place.slack.faults.ack_within_s = 0.5
    await place.serve()

    for number in range(5):
        await place.slack.sockets.refresh()
        await answered(place, f"refreshed {number}")

    assert len(place.answering.asked) == 5
    assert place.slack.sockets.most_open <= 2


@pytest.mark.slow
async def test_a_cut_line_is_mended_within_ten_seconds(place):
    place.slack.faults.ack_within_s = 0.5
    service = await place.serve()

    await place.slack.sockets.drop()
    await place.slack.until(lambda: not service.connected, 10)
    await place.slack.until(lambda: service.connected, 10)
    await answered(place, "mended")


@pytest.mark.slow
async def test_a_half_open_socket_turns_readiness_red_and_is_replaced(place):
    place.slack.faults.ack_within_s = 0.5
    service = await place.serve()

    place.slack.sockets.sicken("half-open")
    await place.slack.until(lambda: not service.connected, 30)
    assert await service.ready() == "no connection to Slack"
    await place.slack.until(lambda: service.connected, 30)
    await answered(place, "alive")


@pytest.mark.slow
async def test_a_deaf_socket_is_renewed(place, monkeypatch):
    place.slack.faults.ack_within_s = 0.3
    place.slack.faults.retry_after_s = (0.5, 2.0, 2.0)
    monkeypatch.setattr(link, "IDLE_S", 0.6)
    await place.serve()

    place.slack.sockets.sicken("deaf")
    await answered(place, "heard")


@pytest.mark.slow
async def test_slack_away_at_start_and_back_later(place):
    place.slack.faults.fail("auth.test", times=2, error="internal_error")
    place.slack.faults.connections_down = True
    service = place.config
    from bot.slack.service import SlackService

    service = SlackService(place.config, place.db, place.answering, place.now)
    place.services.append(service)
    await service.start()
    await place.slack.until(
        lambda: sum(one.method == "apps.connections.open" for one in place.slack.calls) >= 2, 15
    )
    assert not service.connected

    place.slack.faults.connections_down = False
    await place.slack.until(lambda: service.connected, 10)
    await answered(place, "back")


async def test_a_wrong_token_is_named(place):
    from dataclasses import replace

    from bot.slack.service import SlackService

    config = replace(place.config, bot_token="xoxb-wrong")
    service = SlackService(config, place.db, place.answering, place.now)
    place.services.append(service)
    await service.start()
    await place.slack.until(lambda: service.trouble() == "Slack refuses the bot token")


async def test_many_flaps_leak_nothing_and_stopping_is_quick(place):
    service = await place.serve()
    await place.slack.sockets.refresh()
    await asyncio.sleep(0.2)
    before = len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))

    for _ in range(30):
        opened = place.slack.sockets.opened
        await place.slack.sockets.refresh()
        await place.slack.until(lambda opened=opened: place.slack.sockets.opened > opened)
    await place.slack.until(lambda: len(place.slack.sockets.links) == 1)

    assert len(list(Path(f"/proc/{os.getpid()}/fd").iterdir())) <= before + 3
    assert place.slack.sockets.most_open <= 2
    await asyncio.wait_for(service.stop(), 10)
