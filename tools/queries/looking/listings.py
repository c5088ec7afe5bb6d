"""A reader that reads each kind at most once for one question, and names no gap outside its scope.

Several queries of one question look at the same objects; reading them again would be slow and could
disagree. A folder tells of damage anywhere in it: what cannot be placed in the asker's namespaces is
counted, not named, and no file is. A namespace of the scope that is gone is a gap. Lives as long as the
question. Used by `bot.conversation`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from tools.cluster.absent import absent
from tools.cluster.reader import Events, Listing, Reader
from tools.objects.kinds import KINDS, Kind
from tools.scope import Seen
from tools.types import ALL, Gap, Namespaces

_FILE = re.compile(r".*\.(?:ya?ml|json)(?::\d+)?(?:: *)?", re.I | re.S)
"""A file of a folder, with all before it."""
_UNTOLD = "more than may be told here"


class Listings:
    """Wraps a reader and remembers its listings; everything else passes through."""

    def __init__(self, reader: Reader, seen: Seen = ALL) -> None:
        """Wrap a reader; `seen` are the namespaces that the asker may see."""
        self._reader = reader
        self._seen: Seen = seen
        self._read: dict[tuple[str, Namespaces], asyncio.Task[Listing]] = {}

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

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Read one kind, or give what this question has read of it already."""
        key = (kind.kind, namespaces)
        task = self._read.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._listed(kind, namespaces))
            self._read[key] = task
        return await asyncio.shield(task)

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Read one kind whole; passes through."""
        listing = await self._reader.documents(kind, namespaces, to_plan=to_plan)
        return structs.replace(listing, gaps=told(listing.gaps, self._seen))

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read one object whole, redacted; None where there is none of that name."""
        return await self._reader.get(kind, namespace, name)

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Read events of a namespace, or of one object in it."""
        found = await self._reader.events(namespace, name, limit)
        return structs.replace(found, gaps=told(found.gaps, self._seen))

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Read the end of a container's log, redacted."""
        return await self._reader.logs(namespace, pod, container, max_bytes)

    async def _listed(self, kind: Kind, namespaces: Namespaces) -> Listing:
        listing = await self._reader.list(kind, namespaces)
        gaps = told(listing.gaps, self._seen)
        if self._seen is not ALL:
            gaps = (*await absent(self, namespaces), *gaps)
        return structs.replace(listing, gaps=gaps)

    async def close(self) -> None:
        """Stop what is still being read; the wrapped reader stays open for the next question."""
        for task in self._read.values():
            task.cancel()
        await asyncio.gather(*self._read.values(), return_exceptions=True)


def told(gaps: Iterable[Gap], seen: Seen) -> tuple[Gap, ...]:
    """Give gaps as they may be told: those of other places left out, those without a place counted.

    What makes verdicts unknown (the kind, and whatever else a Gap holds beside its words) stays.
    """
    if seen is ALL:
        return tuple(gaps)
    shown: list[Gap] = []
    counted: Counter[Gap] = Counter()
    for gap in dict.fromkeys(gaps):
        if gap.namespace:
            shown += [_without_files(gap)] if gap.namespace in seen else []
        elif gap.refused or gap.what in KINDS:
            shown.append(gap)
        else:
            counted[structs.replace(gap, what="", why="it may not be named here")] += 1
    for gap, number in counted.items():
        things = "1 thing" if number == 1 else f"{number} things"
        shown.append(structs.replace(gap, what=f"{things} outside what may be seen here"))
    return tuple(shown)


def _without_files(gap: Gap) -> Gap:
    """Leave out which file it is: others may have theirs in it."""
    what = _FILE.sub("", gap.what) or f"{gap.kind or 'an object'} in namespace {gap.namespace}"
    return structs.replace(gap, what=what, why=_UNTOLD if _FILE.match(gap.why) else gap.why)
