"""A place to ask from: the real conversation over a folder of manifests, and a record of all it showed."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bot.agent.loop import make_agent
from bot.conversation import Parts, answer
from bot.store.database import open_database
from bot.types import Answer, Place, Progress, Request, ThreadKey
from knowledge.search import Library, open_library
from knowledge.types import IndexConfig
from tests.fakes.openai import KEY, FakeOpenAI
from tools.cluster.manifests.reader import open_folder
from tools.queries.looking.memory import MemoryScans
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Desk:
    """Asks questions and keeps what was shown."""

    parts: Parts
    scope: Scope
    shown: list[Progress] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    async def ask(
        self, text: str, thread: str = "t", scope: Scope | None = None, **more: Any
    ) -> Answer:
        request = Request(
            id=f"q{len(self.answers)}",
            thread=ThreadKey("T", "C", thread),
            place=Place.CHANNEL,
            person="U1",
            text=text,
            scope=scope or self.scope,
            asked_at=NOW,
            **more,
        )
        given = await answer(request, self._show, self.parts)
        self.answers.append(given)
        return given

    async def _show(self, progress: Progress) -> None:
        self.shown.append(progress)

    def visible(self) -> str:
        """Everything that anybody could have seen, at any moment."""
        lines = [item.text for item in self.shown]
        for given in self.answers:
            lines += [given.text, str(given.steps), str(given.tables), str(given.citations)]
            lines += [str(given.not_looked_at), str(given.taken_out)]
        return "\n".join(lines)

    def speaking(self, endpoint: FakeOpenAI, key: str = KEY, **limits: Any) -> "Desk":
        """The same desk with a model behind an endpoint."""
        model = endpoint.model(key, limits.pop("timeout_s", 5))
        parts = replace(
            self.parts,
            agent=make_agent(model),
            model="scripted",
            limits=replace(self.parts.limits, **limits),
        )
        return Desk(parts, self.scope)


@cache
def shared_library() -> Library:
    """The shipped guidance, indexed once for all tests of a process."""
    folder = tempfile.mkdtemp(prefix="oakum-index-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return open_library(IndexConfig(folder=Path(folder)))


async def open_desk(folder: Path, store: Path, remember: bool = True, **more: Any) -> Desk:
    """Open a desk over a folder as the cluster `demo`."""
    config = ClusterConfig(name="demo", source=ClusterSource.FOLDER, folder=str(folder))
    library = shared_library()
    url = f"sqlite+aiosqlite:///{store / 'desk.db'}"
    parts = Parts(
        readers={"demo": await open_folder(config)},
        search=library.search,
        guide_for=library.guide_for,
        past=MemoryScans(),
        now=lambda: NOW,
        db=await open_database(url, "") if remember else None,
        **more,
    )
    return Desk(parts, Scope({"demo": ALL}))
