"""The protocol of everything that reads a cluster: live API servers and folders of manifests.

Two implementations: `live` and `snapshot`. Both redact what they hand out (`tools.redact`), neither
ever asks for a Secret. Used by `tools.scan` and `tools.queries`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from tools.objects.kinds import Kind
from tools.types import ALL, Gap, Namespaces


class Listing(Struct, frozen=True):
    """All objects of one kind, as far as they could be read."""

    objects: Sequence[Any]
    """Instances of the kind's struct."""
    gaps: tuple[Gap, ...] = ()
    """What is missing from `objects` and why. No objects and no gap means that there are none."""
    partial: bool = False
    """The source holds what somebody put there, not all that the cluster has (a folder by hand)."""
    named_only: frozenset[tuple[str, str]] = frozenset()
    """Namespace and name of those of `objects` that a partial source does not hold, only names."""
    token_secrets: frozenset[tuple[str, str]] = frozenset()
    """Of service accounts: namespace and name of the Secrets that hold a token, where the source says so."""


class Events(Struct, frozen=True):
    """Recent events, newest first, messages redacted. Their text is data from the cluster."""

    items: tuple[dict[str, str], ...]
    """Keys: last_seen, type, reason, object, count, message."""
    gaps: tuple[Gap, ...] = ()
    cut: bool = False
    """True when there were more than asked for."""


class Reader(Protocol):
    """Reads one named cluster. Methods raise `ClusterUnreachable` or `AccessRefused`, else give Gaps."""

    @property
    def name(self) -> str:
        """The cluster's name in the configuration."""
        ...

    @property
    def source(self) -> str:
        """`live` or `folder`."""
        ...

    async def version(self) -> str:
        """Give the Kubernetes version of the API server (`v1.34.2`); empty where nothing says it."""
        ...

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Read one kind, in the named namespaces; of none at all nothing.

        A refused or absent kind gives a Gap and no objects, never silently an empty list. Kinds
        without a namespace are read whole; of Namespace, those named. Gaps of a whole folder are in
        every Listing of it.
        """
        ...

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Read one kind as `list` does, but each object whole and redacted, as JSON bytes.

        For snapshots, for plans, and for nothing that runs often. `to_plan` masks nothing: plans
        compare and copy what is there; whatever is shown of them is masked in its own place.
        """
        ...

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read one object whole, redacted; None where there is none of that name.

        AccessRefused where the account may not read it, or the configuration does not open it.
        """
        ...

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Read events of a namespace, or of one object in it. A folder has those it holds, or a Gap."""
        ...

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Read the end of a container's log, redacted; a Gap where logs are not opened or refused."""
        ...

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...
