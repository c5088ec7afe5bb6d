"""A reader that connects at its first use, and tries again at the next one when that failed.

So a process starts without waiting for any cluster, one that is away does not keep the others from
being read, and it is read again as soon as it is back. Used by `bot.app`.
"""

import asyncio
from typing import Any

from tools.cluster.connect import connect
from tools.cluster.reader import Events, Listing, Reader
from tools.objects.kinds import Kind
from tools.types import ClusterConfig, ClusterSource, Gap


class LazyReader:
    """A `Reader` of one configured cluster; every method raises what `connect` raises."""

    def __init__(self, config: ClusterConfig) -> None:
        self.name = config.name
        self.source = "folder" if config.source is ClusterSource.FOLDER else "live"
        self._config = config
        self._reader: Reader | None = None
        self._opening = asyncio.Lock()

    async def _opened(self) -> Reader:
        async with self._opening:
            if self._reader is None:
                self._reader = await connect(self._config)
            return self._reader

    async def list(self, kind: Kind, namespaces: tuple[str, ...] = ()) -> Listing:
        """Read one kind; see `Reader.list`."""
        return await (await self._opened()).list(kind, namespaces)

    async def documents(self, kind: Kind, namespaces: tuple[str, ...] = ()) -> Listing:
        """Read one kind whole; see `Reader.documents`."""
        return await (await self._opened()).documents(kind, namespaces)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read one object; see `Reader.get`."""
        return await (await self._opened()).get(kind, namespace, name)

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Read events; see `Reader.events`."""
        return await (await self._opened()).events(namespace, name, limit)

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Read a log; see `Reader.logs`."""
        return await (await self._opened()).logs(namespace, pod, container, max_bytes)

    async def close(self) -> None:
        """Let go of the connection, if there was one; the next use connects again."""
        async with self._opening:
            if self._reader is not None:
                await self._reader.close()
                self._reader = None
