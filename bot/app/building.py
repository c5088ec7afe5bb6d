"""One small builder per part, so that a command opens only what it needs.

What is heavy to import is imported inside the builder that needs it. Used by the other files here and
by `bot.cli`.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import settings as configuration
from bot.errors import BadSettings
from bot.settings import Settings
from bot.types import Answer, Report, Request
from knowledge.types import EmbeddingConfig, EmbeddingKind, IndexConfig
from tools.errors import ToolsError, UnknownName
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

if TYPE_CHECKING:
    from bot.agent.model import Model
    from bot.approval.policy.rules import PolicyNow
    from bot.conversation import Parts
    from bot.slack.config import SlackConfig
    from bot.store.database import Database
    from knowledge.search import Library
    from tools.cluster.reader import Reader

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


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


def one_cluster(
    settings: Settings, name: str | None, path: Path | None, apply_namespace: str = ""
) -> ClusterConfig:
    """Choose one cluster: a folder, a configured name, or the only one there is.

    Raises UnknownName with the nearest names, BadSettings for an `apply_namespace` that is no name of
    a namespace or stands beside no folder.
    """
    if apply_namespace and not (path and _NAMESPACE.fullmatch(apply_namespace)):
        raise BadSettings(
            "--apply-namespace says where the manifests of --path FOLDER go",
            "Give it the name of one namespace, and a folder.",
        )
    if path is not None and name is None:
        return folder_cluster(path, apply_namespace)
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


def folder_cluster(path: Path, apply_namespace: str = "") -> ClusterConfig:
    """Take a folder of manifests as a cluster, called by the folder's name."""
    folder = path.expanduser().resolve()
    return ClusterConfig(
        name=folder.name or "folder",
        source=ClusterSource.FOLDER,
        folder=str(folder),
        apply_namespace=apply_namespace,
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


def channel_scopes(settings: Settings) -> dict[str, Scope]:
    """Give by channel id what may be seen there."""
    return {
        channel: Scope(
            {name: seen if seen is ALL else frozenset(seen) for name, seen in clusters.items()}
        )
        for channel, clusters in settings.slack.channels.items()
    }


def slack_config(settings: Settings) -> "SlackConfig":
    """Give the Slack side its configuration."""
    from bot.slack.config import Mode, Profile, SlackConfig

    part = settings.slack
    return SlackConfig(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        mode=Mode(part.mode.value),
        profile=Profile(part.profile),
        base_url=part.base_url,
        channels=channel_scopes(settings),
        link_hosts=frozenset(part.link_hosts),
        serve_guests=part.serve_guests,
        serve_other_organisations=part.serve_other_organisations,
        ledger_channel=part.ledger_channel,
        workers=part.workers,
        keep_days=settings.keep_days,
    )


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

    async def check(self) -> None:
        """Raise a ToolsError where there is nothing to read a cluster from; asks no server."""
        from tools.cluster.connect import check

        for config in self._configs:
            await check(config)

    async def ready(self) -> str:
        """Say what is not there to read a cluster from; empty where all is."""
        try:
            await self.check()
        except ToolsError as error:
            return error.public
        return ""

    async def close(self) -> None:
        """Let go of all connections."""
        for reader in self._kept.values():
            await reader.close()


class Answering:
    """What answers questions: takes seconds to make, and is closed by whoever made it.

    Changes can be proposed only where there are a store and a policy; else people are told why not.
    """

    def __init__(
        self,
        settings: Settings,
        clusters: Clusters,
        library: "Library",
        db: "Database | None",
        policy: "PolicyNow | None" = None,
    ) -> None:
        from bot import conversation
        from bot.agent import model

        self._conversation, self._close = conversation, model.close
        self._clusters = clusters
        self._model = _model(settings)
        parts = _parts(settings, clusters, library, db, self._model)
        self._parts = _proposing(parts, db, policy) if policy else parts

    async def answer(self, request: Request, report: Report) -> Answer:
        """Answer one question, over the clusters as they are now."""
        parts = replace(self._parts, readers=self._clusters.readers())
        return await self._conversation.answer(request, report, parts)

    async def close(self) -> None:
        """End the connections to the language model."""
        if self._model:
            await self._close(self._model)


def _model(settings: Settings) -> "Model | None":
    """Give the configured language model; None where there is no key, or none is wanted."""
    from bot.agent import model

    key, part = settings.openai_api_key.get_secret_value(), settings.model
    if not key or part.offline:
        return None
    return model.build(
        model.ModelConfig(
            name=part.name,
            api_key=key,
            base_url=part.base_url,
            responses_api=part.responses_api,
            timeout_s=part.timeout_s,
        )
    )


def _parts(
    settings: Settings,
    clusters: Clusters,
    library: "Library",
    db: "Database | None",
    chat: "Model | None",
) -> "Parts":
    from bot.agent import loop
    from bot.agent.limits import Limits
    from bot.conversation import Parts
    from bot.store.scans import StoredScans
    from tools.queries.looking.memory import MemoryScans

    part = settings.model
    limits: dict[str, Any] = settings.limits.model_dump()
    limits |= {"input_price": part.input_price, "output_price": part.output_price}
    return Parts(
        readers=clusters.readers(),
        search=library.search,
        guide_for=library.guide_for,
        past=StoredScans(db) if db else MemoryScans(),
        now=now,
        db=db,
        agent=loop.make_agent(chat) if chat else None,
        model=part.name if chat else loop.OFFLINE,
        limits=Limits(**limits),
        link_hosts=frozenset(settings.slack.link_hosts),
        logs_open=frozenset(name for name, one in settings.clusters.items() if one.logs),
    )


def _proposing(parts: "Parts", db: "Database | None", policy: "PolicyNow") -> "Parts":
    """Let changes be proposed, under a policy and for an executor that is alive."""
    from bot.store import signs

    async def alive() -> bool:
        return db is not None and await signs.alive(db, signs.EXECUTOR, now())

    return replace(parts, policy=policy, executor_alive=alive)
