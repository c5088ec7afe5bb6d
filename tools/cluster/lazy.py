"""A reader that connects at its first use, and tries again at the next one when that failed.

So a process starts without waiting for any cluster, one that is away does not keep the others from
being read, and it is read again as soon as it is back. A folder is read again once a file in it is another,
which is looked for at most once a second. Used by `bot.app`.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from tools.cluster.connect import connect
from tools.cluster.reader import Events, Listing, Reader
from tools.objects.kinds import Kind
from tools.types import ALL, ClusterConfig, ClusterSource, Gap, Namespaces

LOOK_S = 1.0
"""Between two looks at the files of a folder."""


class LazyReader:
    """A `Reader` of one configured cluster; every method raises what `connect` raises."""

    def __init__(self, config: ClusterConfig) -> None:
        self.name = config.name
        self.source = "folder" if config.source is ClusterSource.FOLDER else "live"
        self._config = config
        self._reader: Reader | None = None
        self._opening = asyncio.Lock()
        self._stamp: object = None
        self._looked_at = 0.0

    async def _opened(self) -> Reader:
        async with self._opening:
            if self.source == "folder":
                await self._drop_if_changed()
            if self._reader is None:
                self._reader = await connect(self._config)
            return self._reader

    async def _drop_if_changed(self) -> None:
        """Let go of what was read of a folder whose files are others by now."""
        now = asyncio.get_running_loop().time()
        if self._reader is not None and now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        stamp = await asyncio.to_thread(_stamp, Path(self._config.folder))
        if stamp != self._stamp and self._reader is not None:
            await self._reader.close()
            self._reader = None
        self._stamp = stamp

    async def version(self) -> str:
        """Give the server's version; see `Reader.version`."""
        return await (await self._opened()).version()

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Read one kind; see `Reader.list`."""
        return await (await self._opened()).list(kind, namespaces)

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Read one kind whole; see `Reader.documents`."""
        return await (await self._opened()).documents(kind, namespaces, to_plan=to_plan)

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


def _stamp(folder: Path) -> object:
    """Give what changes when a file of a folder is written, made or removed; None if it is gone."""
    try:
        own = folder.stat()
    except OSError:
        return None
    found: list[tuple[str, int, int, int]] = [("", own.st_ino, own.st_mtime_ns, own.st_size)]
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
