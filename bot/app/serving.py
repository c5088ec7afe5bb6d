"""`oakum serve`: Slack, the store, the listener and what answers, started and stopped together.

Used by `bot.cli.serve`.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.app.building import (
    Answering,
    Clusters,
    cluster_configs,
    now,
    open_library,
    open_store,
    slack_config,
)
from bot.app.executing import ONE_PROCESS, Executing, needed_policy
from bot.app.ledger import ledger_key
from bot.app.policy import policy_file
from bot.app.process import pinging, told_to_stop
from bot.app.terminal import prune
from bot.errors import BotError
from bot.settings import Settings
from bot.types import AnswerQuestion

if TYPE_CHECKING:
    from bot.store.database import Database

DRAIN_S = 20.0
"""What is being answered at SIGTERM may end within this time."""
PRUNE_EVERY_S = 6 * 3600.0


async def serve(settings: Settings, port: int | None, with_executor: bool = False) -> None:
    """Run the Slack assistant, and on a laptop the executor beside it, until SIGTERM or SIGINT.

    Connects to Slack first and loads what answering needs beside it, so that events are acknowledged
    within seconds of the start; questions wait in the inbox meanwhile.
    """
    from bot import telemetry, web
    from bot.slack.service import Approvals, SlackService, refuse_incomplete
    from bot.store.outbox import App

    config = slack_config(settings)
    refuse_incomplete(config)
    telemetry.setup_logging(json=settings.log_json, level="info")
    policy = needed_policy(settings) if with_executor else policy_file(settings, time.monotonic)
    async with AsyncExitStack() as closing:
        db = await open_store(settings)
        closing.push_async_callback(db.close)
        answer = Later()
        key = ledger_key(settings) if with_executor else None
        approvals = Approvals(policy.now, App.ASSISTANT, key) if policy else None
        slack = SlackService(config, db, answer.get, now, approvals)
        clusters = Clusters(cluster_configs(settings).values())
        closing.push_async_callback(clusters.close)
        checks = {"slack": slack.ready, "store": pinging(db), "answers": answer.ready}
        checks["clusters"] = clusters.ready
        beside = Executing(settings, db, policy, slack.actor) if policy and with_executor else None
        if beside:
            checks["executor"] = beside.ready
        at = settings.web.host, settings.web.port if port is None else port
        runner = await web.serve(*at, checks, slack.route(), _notes(beside))
        closing.push_async_callback(runner.cleanup)
        library = open_library(settings)
        closing.callback(library.close)
        closing.push_async_callback(answer.close)
        closing.push_async_callback(slack.stop)
        await slack.start()
        if beside:
            closing.push_async_callback(beside.stop)
            await beside.start()
        loading = answer.load(
            lambda: Answering(settings, clusters, library, db, policy.now if policy else None)
        )
        try:
            await _until_told(_prune_often(settings, db), loading, library.ready())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        await asyncio.gather(slack.drain(DRAIN_S), *([beside.stop()] if beside else []))


class Later:
    """The answering part, which is loaded while Slack is already connected."""

    def __init__(self) -> None:
        self._made: Answering | None = None
        self._trouble = "still loading"

    def get(self) -> AnswerQuestion | None:
        """Give it, or None while it is not there."""
        return self._made.answer if self._made else None

    async def ready(self) -> str:
        """Say why it is not there; empty when it is."""
        return "" if self._made else self._trouble

    async def load(self, make: Callable[[], Answering]) -> None:
        """Load it in a thread. Raises what making it raises: without it there is nothing to serve."""
        self._made = await asyncio.to_thread(make)

    async def close(self) -> None:
        """Close it, if it was loaded."""
        if self._made:
            await self._made.close()


async def _until_told(
    endless: Coroutine[None, None, None], *loading: Coroutine[None, None, object]
) -> None:
    """Work until told to stop; what is loading is waited for. Raises what fails, in a group."""
    async with asyncio.TaskGroup() as tasks:
        for one in loading:
            tasks.create_task(one)
        working = tasks.create_task(endless)
        await told_to_stop()
        working.cancel()


def _notes(beside: Executing | None) -> Callable[[], tuple[str, ...]]:
    """Give what /readyz says besides: that one process does both."""
    return (lambda: (ONE_PROCESS, *beside.notes())) if beside else tuple


async def _prune_often(settings: Settings, db: "Database") -> None:
    """Delete what is older than the setting says, now and every few hours."""
    from bot.telemetry import incident

    while True:
        try:
            await prune(db, now() - timedelta(days=settings.keep_days))
        except BotError as error:
            incident(error, where="pruning")
        await asyncio.sleep(PRUNE_EVERY_S)
