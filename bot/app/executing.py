"""`oakum execute`, and the same executor beside `oakum serve`: opened, started, drained, closed.

Used by `bot.cli.execute` and `serving`.
"""

import asyncio
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from bot.accounts import Account, Actor
from bot.app.building import (
    Clusters,
    channel_scopes,
    cluster_configs,
    now,
    open_store,
    slack_config,
)
from bot.app.ledger import ledger_key
from bot.app.policy import PolicyFile, policy_file
from bot.app.process import pinging, told_to_stop
from bot.approval.policy.people import LOCAL_TEAM
from bot.errors import BadSettings
from bot.settings import Cluster, Settings
from bot.types import ThreadKey
from tools.scope import Scope, union
from tools.types import ALL, ClusterConfig, ClusterSource

if TYPE_CHECKING:
    from bot.executor.loop import Executor
    from bot.slack.service import SlackService
    from bot.store.database import Database

ONE_ACCOUNT = (
    "Simple installation: {} is read and changed with one account, so whoever takes over what reads "
    "could change it. Set clusters.{}.executor."
)
ONE_PROCESS = (
    "Simple installation: one process talks to people and executes, so whoever takes it over could "
    "forge an approval. Run oakum execute by itself, with accounts of its own."
)
ONE_APP = (
    "Simple installation: cards are shown and presses received by oakum serve, so whoever takes over the "
    "model's process could forge an approval, and Slack is not asked again at execution who people are: "
    "what it said when they pressed counts. Give oakum execute a Slack app of its own."
)
Ask = Callable[[Account], Awaitable[Actor]]
"""Asks Slack what it knows of an account now."""


def needed_policy(settings: Settings) -> PolicyFile:
    """Open the policy, without which nothing is executed. Raises BadSettings; also without ledger key."""
    ledger_key(settings)
    policy = policy_file(settings, time.monotonic)
    if policy is None:
        raise BadSettings(
            "No approval policy is configured, so nothing could be executed",
            "Set policy to a policy file; deploy/policy.yaml is one to begin from.",
        )
    return policy


def account_configs(settings: Settings) -> dict[str, ClusterConfig]:
    """Give by cluster the configuration of the account that changes it."""
    configs = cluster_configs(settings)
    for name, part in settings.clusters.items():
        own = part.executor
        if own.kubeconfig is not None or own.context:
            configs[name] = structs.replace(
                configs[name],
                source=ClusterSource.KUBECONFIG,
                kubeconfig=str(own.kubeconfig or configs[name].kubeconfig),
                context=own.context,
            )
    return configs


def checkouts(settings: Settings) -> dict[str, ClusterConfig]:
    """Give by cluster the Git checkout in which its owner's manifests are, where one is configured."""
    return {
        name: ClusterConfig(name, ClusterSource.FOLDER, folder=str(part.checkout))
        for name, part in settings.clusters.items()
        if part.checkout is not None
    }


def scope_of(settings: Settings, thread: ThreadKey) -> Scope:
    """Give what may be changed from a thread: what its channel may see.

    From a private conversation whatever any channel may see; which of them the person is in was asked
    when they proposed. At a terminal every configured cluster.
    """
    if thread.team == LOCAL_TEAM:
        return Scope(dict.fromkeys(settings.clusters, ALL))
    channels = channel_scopes(settings)
    private = thread.channel.startswith("D")
    return union(channels.values()) if private else channels.get(thread.channel, Scope({}))


class Executing:
    """An executor with its clusters, from `start` to `stop`. Raises BadSettings where a part is missing.

    `ask` is given where the process has a Slack token; else what was stored at the press counts.
    """

    def __init__(
        self,
        settings: Settings,
        db: "Database",
        policy: PolicyFile,
        ask: Ask | None,
        own_app: bool = False,
    ) -> None:
        self._settings = settings
        self._db = db
        self._policy = policy
        self._ask = ask
        self._own_app = own_app
        self._key = ledger_key(settings)
        self._clusters = Clusters(cluster_configs(settings).values())
        self._opened = AsyncExitStack()
        self._stop = asyncio.Event()
        self._shut: tuple[str, ...] = ()
        """Of which clusters the account cannot be opened, and why."""
        self._executor: Executor | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the accounts that change clusters and begin; that none can be opened is an error."""
        from bot import telemetry
        from bot.executor.accounts import open_accounts
        from bot.executor.loop import Executor
        from bot.executor.parts import Parts
        from bot.store.outbox import App

        configs = account_configs(self._settings)
        accounts, self._shut = await open_accounts(configs, self._opened)
        for note in self._shut:
            telemetry.logger(__name__).warning("note", said=note)
        parts = Parts(
            db=self._db,
            key=self._key,
            policy=self._policy.now,
            readers=self._clusters.readers,
            accounts=accounts,
            scope=partial(scope_of, self._settings),
            actor=self._ask,
            clock=now,
            wait=asyncio.sleep,
            worker=f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}",
            app=App.APPROVALS if self._own_app else App.ASSISTANT,
            checkouts=checkouts(self._settings),
        )
        self._executor = Executor(parts, self._stop)
        self._running = asyncio.create_task(self._executor.run())

    async def ready(self) -> str:
        """Say why it does not work just now; empty where it does."""
        if self._executor is None:
            return "still opening"
        return self._executor.trouble or await self._clusters.ready()

    def notes(self) -> tuple[str, ...]:
        """Say what those who run it should know although it works."""
        shared = [name for name, one in self._settings.clusters.items() if _one_account(one)]
        found = [ONE_ACCOUNT.format(name, name) for name in sorted(shared)]
        found += [*self._shut, *(self._executor.notes() if self._executor else ())]
        return (*found, self._policy.trouble) if self._policy.trouble else tuple(found)

    async def stop(self) -> None:
        """Take nothing new, let what is being written be recorded, and close."""
        self._stop.set()
        if self._running is not None:
            await self._running
        await self._opened.aclose()
        await self._clusters.close()


def _one_account(cluster: Cluster) -> bool:
    """Tell whether one account both reads and changes a cluster; a pod's own is its process's affair."""
    own = cluster.executor
    return cluster.folder is None and not cluster.in_cluster and not (own.kubeconfig or own.context)


async def execute(settings: Settings, port: int | None) -> None:
    """Run the executor until SIGTERM or SIGINT. Raises BadSettings, StoreUnavailable.

    With a Slack app of its own (a bot token) it shows the cards and takes the presses itself.
    """
    from bot import telemetry, web

    policy = needed_policy(settings)
    telemetry.setup_logging(json=settings.log_json, level="info")
    async with AsyncExitStack() as closing:
        db = await open_store(settings)
        closing.push_async_callback(db.close)
        slack = _own_slack(settings, db, policy)
        ask = slack.actor if slack else None
        executing = Executing(settings, db, policy, ask, own_app=slack is not None)
        checks = {"store": pinging(db), "executor": executing.ready}
        if slack:
            checks["slack"] = slack.ready

        def notes() -> tuple[str, ...]:
            return executing.notes() if slack else (ONE_APP, *executing.notes())

        at = settings.web.host, settings.web.port if port is None else port
        runner = await web.serve(*at, checks, slack.route() if slack else None, notes)
        closing.push_async_callback(runner.cleanup)
        for note in notes():
            telemetry.logger(__name__).warning("note", said=note)
        if slack:
            closing.push_async_callback(slack.stop)
            await slack.start()
        closing.push_async_callback(executing.stop)
        await executing.start()
        await told_to_stop()


def _own_slack(settings: Settings, db: "Database", policy: PolicyFile) -> "SlackService | None":
    """Make the executor's own Slack app; None where it has no bot token. Raises BadSettings."""
    if not settings.slack_bot_token.get_secret_value():
        return None
    from bot.slack.service import Approvals, SlackService
    from bot.store.outbox import App

    approvals = Approvals(policy.now, App.APPROVALS, ledger_key(settings))
    return SlackService(slack_config(settings), db, lambda: None, now, approvals)
