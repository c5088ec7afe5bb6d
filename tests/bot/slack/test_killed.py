"""A real process killed in the middle of an answer: the next one answers, in the same message."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.slack.proposals.delivery import LEASE_S
from bot.store.database import open_database
from bot.types import ThreadKey
from tests.fakes.proposed import TEAM, Proposing
from tests.fakes.slack.server import FakeSlack

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture
async def slack():
    server = FakeSlack()
    await server.start()
    server.add_user("UANN")
    server.add_channel("C1", "UANN")
    server.faults.ack_within_s = 0.5
    yield server
    await server.stop()


@pytest.fixture
async def start(slack, tmp_path):
    """Start a serving process; every one is gone at the end."""
    children = []

    async def run(seconds, words, ahead=0):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.fakes.slack.child", slack.base_url,
            f"sqlite:///{tmp_path}/oakum.db", str(seconds), words, str(ahead), cwd=ROOT,
        )  # fmt: skip
        children.append(child)
        opened = slack.sockets.opened
        await slack.until(lambda: slack.sockets.opened > opened, 30)
        return child

    yield run
    for child in children:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def kill(child):
    child.kill()
    await child.wait()


async def test_killed_while_it_streams(slack, start):
    child = await start(60, "Slow")
    ts = slack.people.mention("C1", "UANN", "hard")
    await slack.until(lambda: slack.answers("C1", ts), 10)
    await kill(child)

    await start(0, "Quick")
    await slack.until(lambda: "second half of hard" in slack.answers("C1", ts)[-1].text, 40)
    await slack.people.delivered()

    (message,) = slack.answers("C1", ts)
    assert message.text == "Quick, first half.\n\nQuick, second half of hard."


async def test_killed_between_posting_and_noting_it(slack, start):
    slack.faults.late_s = {"chat.postMessage": 60, "chat.startStream": 60}
    child = await start(0, "Lost")
    ts = slack.people.mention("C1", "UANN", "hard")
    await slack.until(lambda: slack.answers("C1", ts), 10)
    await kill(child)
    slack.faults.late_s = {}

    await start(0, "Quick")
    await slack.until(lambda: "Quick, second half of hard" in slack.answers("C1", ts)[-1].text, 40)

    assert len(slack.answers("C1", ts)) == 1


async def test_told_to_stop_it_ends_what_it_began(slack, start):
    child = await start(2, "Steady")
    ts = slack.people.mention("C1", "UANN", "go on")
    await slack.until(lambda: slack.space.statuses, 10)

    child.terminate()
    assert await asyncio.wait_for(child.wait(), 25) == 0

    (message,) = slack.answers("C1", ts)
    assert message.text.endswith("Steady, second half of go on.")


async def test_killed_while_a_card_is_posted(slack, start, tmp_path):
    """Slack has the card, the process that posted it never learnt that; another one goes on with it."""
    root = slack.people.say("C1", "UANN", "make web safe")
    db = await open_database(f"sqlite:///{tmp_path}/oakum.db")
    proposing = Proposing(db, ThreadKey(TEAM, "C1", root), datetime.now(UTC))
    slack.faults.late_s["chat.postMessage"] = 30.0
    child = await start(0, "Quick")
    await proposing.pending("a" * 32)
    await slack.until(lambda: slack.answers("C1", root), 20)
    await kill(child)
    slack.faults.late_s.clear()
    (posted,) = slack.answers("C1", root)

    await start(0, "Quick", ahead=LEASE_S + 1)
    await slack.until(lambda: len(slack.answers("C1", root)) > 1, 20)
    await proposing.vote("a" * 32, "bob", "UBOB")
    await slack.until(lambda: "Approved" in str(posted.blocks), 20)
    await db.close()

    kinds = [one.metadata["event_payload"]["kind"] for one in slack.answers("C1", root)]
    assert kinds == ["card", "wanted"]
