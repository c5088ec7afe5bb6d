"""What a query is given: the clusters the asker may see, the knowledge, and past scans.

Built anew for each question by `bot.conversation`, so a query can never see more than the person who
asked. Used by every query.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from knowledge.types import Guide, SearchResult
from tools.cluster.reader import Reader
from tools.errors import NotAllowed
from tools.queries.result import Proposals, WhichProposals
from tools.scope import Scope
from tools.types import Action, RiskLevel, Scan


class PastScans(Protocol):
    """Where scans are kept: the store, or memory without one."""

    async def save(self, scan: Scan) -> None:
        """Keep a scan under its id."""
        ...

    async def by_id(self, scan_id: str) -> Scan | None:
        """Fetch one scan; None where there is none (any more)."""
        ...

    async def latest(self, cluster: str, before: datetime) -> Scan | None:
        """Fetch the newest scan of a cluster finished before a time."""
        ...


class Search(Protocol):
    """The knowledge floor's search, already opened."""

    async def __call__(self, question: str, limit: int = 10) -> SearchResult:
        """Rank passages for a question."""
        ...


class GuideFor(Protocol):
    """The knowledge floor's way from a control to our guidance on it."""

    def __call__(self, control_id: str) -> Guide | None:
        """Give the guide that explains a control best; None where none is written."""
        ...


class ListProposals(Protocol):
    """The stored changes that the asker may see."""

    async def __call__(self, which: WhichProposals) -> Proposals:
        """List the newest of those that fit. Raises NotAllowed where none can be read from here."""
        ...


class WhyNot(Protocol):
    """Whether a change could be asked for here, by whoever asks."""

    async def __call__(self, action: Action, risk: RiskLevel) -> str:
        """Say why it could not, in a sentence or two; empty where it could."""
        ...


async def nothing_against(action: Action, risk: RiskLevel) -> str:
    """Let everything be worked out: whether it can be asked for is seen later."""
    return ""


async def no_proposals(which: WhichProposals) -> Proposals:
    """Say that no changes are kept here."""
    raise NotAllowed("There is no store here that keeps what was asked for.")


@dataclass(frozen=True, slots=True)
class QueryContext:
    """Everything a query may use."""

    readers: Mapping[str, Reader]
    """By cluster name; only those in `scope`."""
    scope: Scope
    search: Search
    guide_for: GuideFor
    past: PastScans
    now: datetime
    """When the question was asked (UTC)."""
    logs_open: frozenset[str] = field(default_factory=frozenset[str])
    """Clusters whose pod logs the configuration opens."""
    said: tuple[str, ...] = ()
    """The asker's own messages of this thread, oldest first, the question last; nobody else's words."""
    proposals: ListProposals = no_proposals
    why_not: WhyNot = nothing_against
    scans: dict[tuple[object, ...], asyncio.Task[Scan]] = field(
        default_factory=dict[tuple[object, ...], "asyncio.Task[Scan]"]
    )
    """Scans already made for this question, so that two queries of one question agree."""
