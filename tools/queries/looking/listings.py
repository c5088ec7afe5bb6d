"""A reader that reads each kind at most once for one question, and names no gap outside its scope.

Several queries of one question look at the same objects; reading them again would be slow and could
disagree. A folder tells of damage anywhere in it; what lies in other namespaces is not told. Lives as long as the question. Used by `bot.conversation`.
"""

import asyncio
from typing import Any

from msgspec import structs

from tools.cluster.reader import Events, Listing, Reader
from tools.objects.kinds import Kind
from tools.types import Gap


class Listings:
    """Wraps a reader and remembers its listings; everything else passes through."""

    def __init__(self, reader: Reader, namespaces: frozenset[str] | None = None) -> None:
        """Wrap a reader; `namespaces` are those that the asker may see, None for all."""
        self._reader = reader
        self._namespaces = namespaces
        self._read: dict[tuple[str, tuple[str, ...]], asyncio.Task[Listing]] = {}

    @property
    def name(self) -> str:
        """The cluster's name in the configuration."""
        return self._reader.name

    @property
    def source(self) -> str:
        """`live` or `folder`."""
        return self._reader.source

    async def version(self) -> str:
        """Give the server's version; passes through."""
        return await self._reader.version()

    async def list(self, kind: Kind, namespaces: tuple[str, ...] = ()) -> Listing:
        """Read one kind, or give what this question has read of it already."""
        key = (kind.kind, namespaces)
        task = self._read.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._listed(kind, namespaces))
            self._read[key] = task
        return await asyncio.shield(task)

    async def documents(
        self, kind: Kind, namespaces: tuple[str, ...] = (), *, to_plan: bool = False
    ) -> Listing:
        """Read one kind whole; passes through."""
        listing = await self._reader.documents(kind, namespaces, to_plan=to_plan)
        return structs.replace(listing, gaps=self._told(listing.gaps))

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read one object whole, redacted; None where there is none of that name."""
        return await self._reader.get(kind, namespace, name)

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Read events of a namespace, or of one object in it."""
        found = await self._reader.events(namespace, name, limit)
        return structs.replace(found, gaps=self._told(found.gaps))

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Read the end of a container's log, redacted."""
        return await self._reader.logs(namespace, pod, container, max_bytes)

    async def _listed(self, kind: Kind, namespaces: tuple[str, ...]) -> Listing:
        listing = await self._reader.list(kind, namespaces)
        return structs.replace(listing, gaps=self._told(listing.gaps))

    def _told(self, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
        """Keep the gaps that name nothing of another namespace."""
        own = self._namespaces
        return tuple(
            gap for gap in gaps if own is None or not gap.namespace or gap.namespace in own
        )

    async def close(self) -> None:
        """Stop what is still being read; the wrapped reader stays open for the next question."""
        for task in self._read.values():
            task.cancel()
        await asyncio.gather(*self._read.values(), return_exceptions=True)
