"""A process of its own that serves Slack, to be killed: `python -m tests.fakes.slack.child`.

Arguments: base_url, store address, seconds that an answer takes, words of the answer, and by how many
seconds its clock is ahead. Shows proposals under the policy of `tests.fakes.proposed`. Ends on SIGTERM as
`oakum serve` does: it drains, then stops.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta

from bot.slack.config import SlackConfig
from bot.slack.service import Approvals, SlackService
from bot.store.database import open_database
from bot.store.outbox import App
from bot.types import Answer, AnswerQuestion, Progress, Report, Request
from tests.fakes.proposed import POLICY
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN
from tools.scope import Scope
from tools.types import ALL


def answering(seconds: float, words: str) -> AnswerQuestion:
    """Answer every question with the same words, after telling that it works on them."""

    async def answer(request: Request, report: Report) -> Answer:
        await report(Progress("step", "Looking at workloads"))
        await report(Progress("text", f"{words}, first half."))
        await asyncio.sleep(seconds)
        return Answer(text=f"{words}, first half.\n\n{words}, second half of {request.text}.")

    return answer


async def main(base_url: str, store: str, seconds: str, words: str, ahead: str = "0") -> None:
    """Serve until SIGTERM."""
    db = await open_database(store)
    config = SlackConfig(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        base_url=base_url,
        channels={"C1": Scope({"prod": ALL})},
    )
    answer = answering(float(seconds), words)
    shift = timedelta(seconds=float(ahead))
    approvals = Approvals(lambda: POLICY, App.ASSISTANT)
    service = SlackService(config, db, lambda: answer, lambda: datetime.now(UTC) + shift, approvals)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await service.start()
    await stopping.wait()
    await service.drain(25.0)
    await service.stop()
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
