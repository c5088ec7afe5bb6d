"""A reader of manifests given as text that answers like a live server: uids, refusals, nothing implied.

For tests of the checks and the scan, where a folder (`tools.cluster.manifests.reader`) does not do.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from tools.cluster.reader import Events, Listing
from tools.objects.kinds import Kind
from tools.types import ALL, Gap, Namespaces


class MemoryReader:
    """Implements `tools.cluster.reader.Reader`."""

    def __init__(
        self,
        manifests: str,
        *,
        name: str = "lab",
        source: str = "live",
        gaps: Iterable[Gap] = (),
        version: str = "",
    ) -> None:
        """Hold documents; kinds that a gap without a namespace concerns give no objects."""
        self.name = name
        self.source = source
        self.asked: list[tuple[str, Namespaces]] = []
        self._gaps = tuple(gaps)
        self._version = version
        self._documents: list[dict[str, Any]] = [
            document for document in yaml.safe_load_all(manifests) if document
        ]

    async def version(self) -> str:
        """Give the version that it was made with."""
        return self._version

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Decode the documents of one kind, as the live reader does."""
        self.asked.append((kind.kind, namespaces))
        gaps = tuple(gap for gap in self._gaps if gap.kind == kind.kind)
        if any(not gap.namespace for gap in gaps):
            return Listing((), gaps)
        chosen = [
            document
            for document in self._documents
            if self._is(document, kind)
            and (namespaces is ALL or document["metadata"].get("namespace") in namespaces)
        ]
        return Listing(
            [msgspec.json.decode(msgspec.json.encode(d), type=kind.struct) for d in chosen], gaps
        )

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Give the documents of one kind whole, as JSON."""
        listing = await self.list(kind, namespaces)
        named = {(one.metadata.namespace, one.metadata.name) for one in listing.objects}
        whole = [
            msgspec.Raw(msgspec.json.encode(document))
            for document in self._documents
            if self._is(document, kind)
            and (document["metadata"].get("namespace"), document["metadata"]["name"]) in named
        ]
        return Listing(whole, listing.gaps)

    def _is(self, document: dict[str, Any], kind: Kind) -> bool:
        group, slash, _ = document["apiVersion"].partition("/")
        if (group if slash else "") != kind.group:
            return False
        return kind.plural == "*" or document["kind"] == kind.kind

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Give one document."""
        for document in self._documents:
            metadata = document["metadata"]
            there = not kind.namespaced or metadata.get("namespace") == namespace
            if there and metadata["name"] == name and self._is(document, kind):
                return document
        return None

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """There are none."""
        return Events(())

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """There are none."""
        return Gap("logs", "not opened", refused=True)

    async def close(self) -> None:
        """Nothing is held open."""
