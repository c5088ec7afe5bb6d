"""Whatever ends, the connections to the language model end with it."""

import asyncio
import json
from pathlib import Path

import pytest

from bot import telemetry
from bot.app.building import read_settings
from bot.app.serving import serve
from bot.app.terminal import opened
from bot.types import Progress
from tests.fakes.openai import KEY, FakeOpenAI, say
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"
WAIT_S = 30.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    return tmp_path


async def silent(_: Progress) -> None: ...


async def test_at_the_end_of_a_conversation_at_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeOpenAI([say("All is well.")]) as endpoint, asyncio.timeout(WAIT_S):
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        async with opened(read_settings(None), DEMO, None, remember=False) as desk:
            given = await desk.answer(desk.request("is all well?", "t"), silent)
            assert given.text == "All is well."
            assert endpoint.connections == 1
        await endpoint.left_alone()


async def test_when_the_slack_assistant_stops(
    home: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(telemetry, "setup_logging", lambda **_: None)
    slack = FakeSlack()
    await slack.start()
    slack.add_user("U1")
    slack.add_channel("C1", "U1")
    async with FakeOpenAI([say("All is well.")]) as endpoint, asyncio.timeout(WAIT_S):
        config = {
            "clusters": {"hafen": {"folder": str(DEMO)}},
            "slack": {"base_url": slack.base_url, "channels": {"C1": {"hafen": ["shop"]}}},
            "model": {"base_url": endpoint.base_url},
        }
        (home / "oakum.yaml").write_text(json.dumps(config), encoding="utf-8")
        serving = asyncio.create_task(serve(read_settings(home / "oakum.yaml"), unused_tcp_port))
        await slack.until(lambda: slack.sockets.links, WAIT_S)
        slack.people.mention("C1", "U1", "is all well?")
        await slack.until(
            lambda: any("All is well." in m.text for m in slack.space.messages), WAIT_S
        )
        assert endpoint.connections == 1
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await endpoint.left_alone()
    await slack.stop()
