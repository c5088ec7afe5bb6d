"""One small builder per part, so that a command opens only what it needs.

What is heavy to import is imported inside the builder that needs it. Used by the other files here and
by `bot.cli`.
"""

import difflib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import settings as configuration
from bot.errors import BadSettings
from bot.settings import Settings
from bot.types import Answer, AnswerQuestion, Report, Request
from knowledge.types import EmbeddingConfig, EmbeddingKind, IndexConfig
from tools.errors import UnknownName
from tools.types import ClusterConfig, ClusterSource

if TYPE_CHECKING:
    from bot.conversation import Parts
    from bot.store.database import Database
    from knowledge.search import Library
    from tools.cluster.reader import Reader


def now() -> datetime:
    """Tell the time, in UTC: the one clock of the process."""
    return datetime.now(UTC)


def read_settings(file: Path | None) -> Settings:
    """Read oakum.yaml and the environment. Raises BadSettings."""
    return configuration.load(file)


def at_terminal(file: Path | None) -> Settings:
    """Read the settings and send log lines to the user's file: the terminal is for the answer."""
    from bot.telemetry import log_to_user_folder

    settings = read_settings(file)
    log_to_user_folder(settings.data)
    return settings


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
    """Open the guidance; its index is built at the first question.

    Raises BadSettings where the folder of further guides is not there.
    """
    from knowledge import search
    from tools import redact

    if settings.library is not None and not settings.library.is_dir():
        raise BadSettings(f"The library {settings.library} is no folder", "Check its path.")
    return search.open_library(index_config(settings), clean=redact.text)


async def open_store(settings: Settings) -> "Database":
    """Open the database and bring it up to date. Raises StoreUnavailable."""
    from bot.store.database import open_database

    url = settings.store or f"sqlite+aiosqlite:///{settings.data / 'oakum.db'}"
    return await open_database(url, settings.store_password.get_secret_value())


class Clusters:
    """The configured clusters as readers: connections are kept, folders are read anew each time."""

    def __init__(self, configs: Iterable[ClusterConfig]) -> None:
        from tools.cluster.lazy import LazyReader

        self._open = LazyReader
        self._configs = tuple(configs)
        self._kept = {
            config.name: LazyReader(config)
            for config in self._configs
            if config.source is not ClusterSource.FOLDER
        }

    def readers(self) -> "dict[str, Reader]":
        """Give a reader of each cluster, for one question."""
        return {c.name: self._kept.get(c.name) or self._open(c) for c in self._configs}

    async def close(self) -> None:
        """Let go of all connections."""
        for reader in self._kept.values():
            await reader.close()


def answering(
    settings: Settings, clusters: Clusters, library: "Library", db: "Database | None"
) -> AnswerQuestion:
    """Load what answering needs (takes seconds) and give the function that answers."""
    from bot import conversation

    parts = _parts(settings, clusters, library, db)

    async def answer(request: Request, report: Report) -> Answer:
        return await conversation.answer(
            request, report, replace(parts, readers=clusters.readers())
        )

    return answer


def _parts(
    settings: Settings, clusters: Clusters, library: "Library", db: "Database | None"
) -> "Parts":
    from bot.agent import loop, model
    from bot.agent.limits import Limits
    from bot.conversation import Parts
    from bot.store.scans import StoredScans
    from tools.queries.memory import MemoryScans

    key = settings.openai_api_key.get_secret_value()
    part = settings.model
    online = bool(key) and not part.offline
    agent = None
    if online:
        config = model.ModelConfig(
            name=part.name,
            api_key=key,
            base_url=part.base_url,
            responses_api=part.responses_api,
            timeout_s=part.timeout_s,
        )
        agent = loop.make_agent(model.build(config))
    limits: dict[str, Any] = settings.limits.model_dump()
    limits |= {"input_price": part.input_price, "output_price": part.output_price}
    return Parts(
        readers=clusters.readers(),
        search=library.search,
        guide_for=library.guide_for,
        past=StoredScans(db) if db else MemoryScans(),
        now=now,
        db=db,
        agent=agent,
        model=part.name if online else loop.OFFLINE,
        limits=Limits(**limits),
        link_hosts=frozenset(settings.slack.link_hosts),
        logs_open=frozenset(name for name, one in settings.clusters.items() if one.logs),
    )
