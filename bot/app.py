"""The only wiring: one small builder per part, so that a command opens only what it needs.

Turns `Settings` into the configuration of each part, and holds no rule of its own. What is heavy to
import is imported inside the builder that needs it. Used by `bot.cli`.
"""

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import settings as configuration
from bot.settings import Settings
from bot.types import ThreadKey
from knowledge.types import EmbeddingConfig, EmbeddingKind, IndexConfig
from tools.errors import UnknownName
from tools.types import ClusterConfig, ClusterSource, Scan

if TYPE_CHECKING:
    from bot.store.database import Database
    from knowledge.search import Library

TERMINAL_TEAM, TERMINAL_CHANNEL = "local", "terminal"


def now() -> datetime:
    """Tell the time, in UTC: the one clock of the process."""
    return datetime.now(UTC)


def read_settings(file: Path | None) -> Settings:
    """Read oakum.yaml and the environment. Raises BadSettings."""
    return configuration.load(file)


def cluster_configs(settings: Settings) -> dict[str, ClusterConfig]:
    """Give the configuration of every named cluster."""
    return {name: _cluster(name, part) for name, part in settings.clusters.items()}


def _cluster(name: str, part: configuration.Cluster) -> ClusterConfig:
    source = ClusterSource.KUBECONFIG
    if part.in_cluster:
        source = ClusterSource.IN_CLUSTER
    elif part.folder:
        source = ClusterSource.FOLDER
    return ClusterConfig(
        name=name,
        source=source,
        context=part.context,
        kubeconfig=str(part.kubeconfig or ""),
        folder=str(part.folder or ""),
        requests_per_second=part.requests_per_second,
        timeout_s=part.timeout_s,
        configmaps=part.configmaps,
        logs=part.logs,
    )


def one_cluster(settings: Settings, name: str | None, path: Path | None) -> ClusterConfig:
    """Choose one cluster: a folder, a configured name, or the only one there is.

    Raises UnknownName with the nearest names.
    """
    if path is not None and name is None:
        return folder_cluster(path)
    configured = cluster_configs(settings)
    if name is None and path is None and len(configured) == 1:
        return next(iter(configured.values()))
    if name is None or path is not None:
        raise UnknownName(
            "It is not clear which cluster is meant",
            "Give either --path FOLDER or --cluster NAME"
            + (f" (configured: {', '.join(sorted(configured))})." if configured else "."),
        )
    if name not in configured:
        near = difflib.get_close_matches(name, configured) or sorted(configured)
        raise UnknownName(
            f"No cluster is called {name}",
            f"Configured: {', '.join(near)}."
            if near
            else "Name clusters in oakum.yaml, or scan a folder with --path.",
        )
    return configured[name]


def folder_cluster(path: Path) -> ClusterConfig:
    """Take a folder of manifests as a cluster, called by the folder's name."""
    folder = path.expanduser().resolve()
    return ClusterConfig(
        name=folder.name or "folder", source=ClusterSource.FOLDER, folder=str(folder)
    )


async def scan_once(
    target: ClusterConfig,
    benchmark: str,
    namespaces: tuple[str, ...],
    controls: tuple[str, ...],
    keep_all: bool,
) -> Scan:
    """Open a cluster, scan it, close it."""
    from tools.cluster.connect import connect
    from tools.scan import scan

    reader = await connect(target)
    try:
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


def index_config(settings: Settings) -> IndexConfig:
    """Give the knowledge floor its configuration."""
    part = settings.embedding
    return IndexConfig(
        folder=settings.data / "index",
        library=settings.library,
        embedding=EmbeddingConfig(
            kind=EmbeddingKind(part.kind),
            folder=part.folder,
            base_url=part.base_url,
            model=part.model,
            api_key=settings.embedding_api_key.get_secret_value(),
            timeout_s=part.timeout_s,
        ),
    )


def open_library(settings: Settings) -> "Library":
    """Open the guidance; its index is built at the first question."""
    from knowledge import search

    return search.open_library(index_config(settings))


async def open_store(settings: Settings) -> "Database":
    """Open the database and bring it up to date. Raises StoreUnavailable."""
    from bot.store.database import open_database

    url = settings.store or f"sqlite+aiosqlite:///{settings.data / 'oakum.db'}"
    return await open_database(url, settings.store_password.get_secret_value())


async def forget_thread(settings: Settings, parts: list[str]) -> int:
    """Delete all that is stored of one thread; gives the number of turns."""
    from bot.store import threads

    key = ThreadKey(*parts) if len(parts) == 3 else terminal_thread(parts[0])
    db = await open_store(settings)
    try:
        return await threads.delete(db, key)
    finally:
        await db.close()


def terminal_thread(name: str) -> ThreadKey:
    """Give the key of a conversation at a terminal."""
    return ThreadKey(TERMINAL_TEAM, TERMINAL_CHANNEL, name)


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
    gone += await inbox.prune(db, before)
    return gone + await seen.prune(db, before)


Counts = Mapping[str, int]
