"""What a command at the terminal does, from opening to closing: one scan, one snapshot, a conversation.

Used by `bot.cli`.
"""

import asyncio
import os
import pwd
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.accounts import Account, Actor
from bot.app.building import (
    Answering,
    Clusters,
    cluster_configs,
    now,
    one_cluster,
    open_library,
    open_store,
)
from bot.app.policy import policy_file
from bot.settings import Settings
from bot.types import AnswerQuestion, Place, Request, ThreadKey
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, Namespaces, Scan

if TYPE_CHECKING:
    from bot.store.database import Database
    from tools.cluster.manifests.export import Written

TEAM, CHANNEL = "local", "terminal"
"""The thread key of conversations at a terminal."""
REPEATS_KEPT = timedelta(hours=24)
"""What was delivered is remembered this long whatever is pruned, so that a redelivery stays one."""


async def scan_once(
    target: ClusterConfig,
    benchmark: str,
    namespaces: Namespaces,
    controls: tuple[str, ...],
    keep_all: bool,
) -> Scan:
    """Open a cluster, scan it, close it. Raises UnknownName for a namespace that is not there."""
    from tools.cluster.absent import require
    from tools.cluster.connect import connect
    from tools.scan import scan

    reader = await connect(target)
    try:
        await require(reader, namespaces)
        return await scan(
            reader,
            benchmark=benchmark,
            namespaces=namespaces,
            controls=controls,
            keep_all=keep_all,
            now=now,
        )
    finally:
        await reader.close()


async def snapshot_once(target: ClusterConfig, folder: Path, namespaces: Namespaces) -> "Written":
    """Write a redacted copy of a cluster into a new or empty folder."""
    from tools.cluster.connect import connect
    from tools.cluster.manifests.export import write_snapshot

    reader = await connect(target)
    try:
        return await write_snapshot(reader, folder, namespaces, now=now())
    finally:
        await reader.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """A place at the terminal where one person asks."""

    answer: AnswerQuestion
    scope: Scope
    greeting: str
    db: "Database | None"

    def request(self, text: str, thread: str) -> Request:
        """Make a question of what was typed; the person is the operating system's user."""
        from tools import redact

        person = system_user()
        return Request(
            id=str(uuid.uuid4()),
            thread=terminal_thread(thread),
            place=Place.TERMINAL,
            person=person,
            text=redact.text(text),
            scope=self.scope,
            asked_at=now(),
            actor=terminal_actor(person),
        )

    async def forget(self, thread: str) -> int:
        """Delete what is stored of a conversation; gives the number of turns."""
        from bot.store import threads

        return await threads.delete(self.db, terminal_thread(thread)) if self.db else 0


@asynccontextmanager
async def opened(
    settings: Settings,
    path: Path | None,
    cluster: str | None,
    remember: bool,
    apply_namespace: str = "",
) -> AsyncGenerator[Desk, None]:
    """Open what a question at the terminal needs; without `remember` no database.

    A folder given on the way is not of the configuration, so nothing is proposed for it. Raises
    UnknownName where it is not there.
    """
    chosen = cluster_configs(settings)
    policy = policy_file(settings, time.monotonic) if path is None else None
    if path is not None or cluster is not None or apply_namespace:
        one = one_cluster(settings, cluster, path, apply_namespace)
        chosen = {one.name: one}
    clusters = Clusters(chosen.values())
    if path is not None:
        await clusters.check()
    library = open_library(settings)
    db = await open_store(settings) if remember else None
    answering: Answering | None = None
    try:
        names = ", ".join(sorted(chosen))
        now_in_force = policy.now if policy else None
        answering = await asyncio.to_thread(
            Answering, settings, clusters, library, db, now_in_force
        )
        yield Desk(
            answer=answering.answer,
            scope=Scope(dict.fromkeys(chosen, ALL)),
            greeting=f"Clusters: {names}."
            if names
            else "No cluster is configured; only the guidance can be asked (see --path).",
            db=db,
        )
    finally:
        if answering:
            await answering.close()
        await clusters.close()
        library.close()
        if db:
            await db.close()


def system_user() -> str:
    """Name the operating system's user that runs this process; no variable can say otherwise."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def terminal_actor(person: str) -> Actor:
    """Give the account of the operating system's user, of whom no facts speak against."""
    return Actor(Account(TEAM, person), frozenset(), False, False, False, False)


def terminal_thread(name: str) -> ThreadKey:
    """Give the key of a conversation at a terminal."""
    return ThreadKey(TEAM, CHANNEL, name)


async def forget_thread(settings: Settings, parts: list[str]) -> int:
    """Delete all that is stored of one thread; gives the number of turns."""
    from bot.store import threads

    key = ThreadKey(*parts) if len(parts) == 3 else terminal_thread(parts[0])
    db = await open_store(settings)
    try:
        return await threads.delete(db, key)
    finally:
        await db.close()


async def forget_older(settings: Settings, days: int) -> int:
    """Delete everything stored before so many days ago; gives the number of rows."""
    db = await open_store(settings)
    try:
        return await prune(db, now() - timedelta(days=days))
    finally:
        await db.close()


async def prune(db: "Database", before: datetime) -> int:
    """Delete threads, scans, answers and usage older than a time."""
    from bot.store import inbox, scans, seen, threads, usage

    gone = await threads.delete_before(db, before)
    gone += await scans.delete_before(db, before)
    gone += await usage.delete_before(db, before.date())
    repeats = min(before, now() - REPEATS_KEPT)
    gone += await inbox.prune(db, repeats)
    return gone + await seen.prune(db, repeats)
