"""`oakum serve` as a process: answers from a real folder over Socket Mode, stops when told, says why not.

The Slack side is the enforcing fake; everything of ours is real, started as an administrator would.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN, BOT_USER, TEAM

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"
WAIT_S = 60.0

pytestmark = pytest.mark.slow


@asynccontextmanager
async def slack() -> AsyncGenerator[FakeSlack, None]:
    fake = FakeSlack()
    fake.space.users = {"U1": {"id": "U1", "name": "ada", "team_id": TEAM}}
    fake.space.channels = {
        "C1": {"id": "C1", "name": "platform", "is_private": False, "members": {"U1", BOT_USER}},
        "C2": {"id": "C2", "name": "lunch", "is_private": False, "members": {"U1", BOT_USER}},
    }
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


async def started(
    folder: Path, base_url: str, *, port: int, **more: object
) -> asyncio.subprocess.Process:
    config = {
        "clusters": {"hafen": {"folder": str(DEMO)}},
        "slack": {"base_url": base_url, "channels": {"C1": {"hafen": ["shop"]}}},
        "web": {"port": port},
        "data": str(folder / "data"),
        **more,
    }
    (folder / "oakum.yaml").write_text(json.dumps(config), encoding="utf-8")
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--config", str(folder / "oakum.yaml"),
        env={**clean_environment(), "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "SLACK_"))}


def answer_to(fake: FakeSlack, ts: str) -> str:
    """Give what the finished answer in a thread shows; empty while there is none."""
    for message in fake.space.messages:
        shown = json.dumps([message.text, message.blocks], ensure_ascii=False)
        if message.user == BOT_USER and message.thread == ts and "Looked at" in shown:
            return shown
    return ""


async def test_a_question_is_answered_within_the_channels_scope_and_sigterm_ends_it(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with slack() as fake, asyncio.timeout(WAIT_S):
        child = await started(tmp_path, fake.base_url, port=unused_tcp_port)
        try:
            while not fake.sockets.links:
                await asyncio.sleep(0.05)
            ts = fake.people.mention("C1", "U1", "is anything privileged?")
            while not (shown := answer_to(fake, ts)):
                await asyncio.sleep(0.05)
            assert "shop/web" in shown
            assert "5.2.2" in shown
            assert "data/postgres" not in shown
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{unused_tcp_port}/readyz") as ready,
            ):
                assert (await ready.json())["ready"] is True
        finally:
            child.send_signal(signal.SIGTERM)
            _, errors = await child.communicate()
    assert child.returncode == 0, errors.decode()
    assert b"Traceback" not in errors
    assert fake.refused == []


async def test_a_channel_without_a_scope_is_refused_privately(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with slack() as fake, asyncio.timeout(WAIT_S):
        child = await started(tmp_path, fake.base_url, port=unused_tcp_port)
        try:
            while not fake.sockets.links:
                await asyncio.sleep(0.05)
            fake.people.mention("C2", "U1", "is anything privileged?")
            while not fake.space.ephemeral:
                await asyncio.sleep(0.05)
        finally:
            child.terminate()
            await child.communicate()
    assert not [m for m in fake.space.messages if m.user == BOT_USER and m.channel == "C2"]
    assert "hafen" not in json.dumps([m.text for m in fake.space.ephemeral])


async def test_slack_away_is_said_by_readyz_and_healed(
    tmp_path: Path, unused_tcp_port: int, unused_tcp_port_factory: object
) -> None:
    async with asyncio.timeout(WAIT_S):
        child = await started(tmp_path, "http://127.0.0.1:9/api/", port=unused_tcp_port)
        try:
            async with aiohttp.ClientSession() as session:
                reason = ""
                while not reason:
                    await asyncio.sleep(0.1)
                    try:
                        address = f"http://127.0.0.1:{unused_tcp_port}/readyz"
                        async with session.get(address) as reply:
                            checks = (await reply.json())["checks"]
                            assert reply.status == 503
                            reason = checks["slack"] if checks["answers"] == "ok" else ""
                    except aiohttp.ClientError:
                        continue
            assert "Slack" in reason
        finally:
            child.terminate()
            await child.communicate()
    assert child.returncode == 0


async def test_a_store_that_cannot_be_opened_is_one_sentence(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be", encoding="utf-8")
    child = await started(tmp_path, "http://127.0.0.1:9/api/", port=unused_tcp_port)
    _, errors = await asyncio.wait_for(child.communicate(), WAIT_S)
    assert child.returncode == 2
    assert b"Traceback" not in errors
    assert errors.startswith(b"oakum: ")
