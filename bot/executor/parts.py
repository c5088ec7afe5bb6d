"""What an executor is given: store and key, policy, clusters with both accounts, who people are, time.

Holds data only. Made by `bot.app.executing`; used by the other files here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.accounts import Account, Actor
from bot.approval.policy.rules import PolicyNow
from bot.approval.transitions import Turn
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.types import ThreadKey
from tools.cluster.reader import Reader
from tools.scope import Scope
from tools.types import ClusterConfig

if TYPE_CHECKING:
    from tools.cluster.writer import Writer


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an executor looks, and how long it may be silent."""

    poll_s: float = 0.5
    """Between two turns that found nothing wrong."""
    beat_s: float = 5.0
    """Between two signs of life."""
    lease_s: float = 30.0
    """Without a sign for so long an execution may be taken over."""
    again_s: float = 2.0
    """Before what could not be done just now (a lock, a freeze, Slack away) is tried again."""
    look_s: float = 60.0
    """Between two looks at what was handed over."""
    drain_s: float = 20.0
    """At the end, for what is being written and recorded."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One per process."""

    db: Database
    key: LedgerKey
    policy: PolicyNow
    readers: Callable[[], Mapping[str, Reader]]
    """Readers by cluster; asked anew for each piece of work, so that folders are read as they are."""
    accounts: Mapping[str, "Writer"]
    """By cluster the account that changes it."""
    scope: Callable[[ThreadKey], Scope]
    """Gives what may be changed from a thread."""
    actor: Callable[[Account], Awaitable[Actor]] | None
    """Asks Slack what it knows of an account now; None: what was stored when it pressed counts."""
    clock: Callable[[], datetime]
    """UTC."""
    wait: Callable[[float], Awaitable[None]]
    """Lets seconds pass."""
    worker: str
    """Names this process's leases; unique for as long as it lives."""
    app: App
    """The Slack app that shows the cards."""
    checkouts: Mapping[str, ClusterConfig] = field(default_factory=dict[str, ClusterConfig])
    """By cluster the Git checkout of its manifests, as a folder; where there is none, none is made."""
    pace: Pace = Pace()

    def reaches(self, cluster: str) -> bool:
        """Tell whether a cluster is open here, to be read and to be changed."""
        return cluster in self.accounts and cluster in self.readers()

    def turn(self, lease_s: float | None = None) -> Turn:
        """Give a turn at this moment; its lease is the pace's unless said."""
        lease = self.pace.lease_s if lease_s is None else lease_s
        return Turn(self.worker, self.clock(), lease, self.key)
