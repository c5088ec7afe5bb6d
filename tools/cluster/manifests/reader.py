"""Reads a cluster from a folder of manifests: the embedded default for demo, tests and CI gates.

The folder is read once, when it is opened; `folder` says what counts. Namespaces that objects name
are listed with their `default` service account, and said to be only named, unless the folder is a
snapshot that Oakum wrote, which holds what there was. Used by `connect`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tools import redact
from tools.cluster.events import newest_first
from tools.cluster.manifests.contents import Contents, Entry, uid_of
from tools.cluster.manifests.folder import MARKER, read_folder, unopened
from tools.cluster.manifests.loose import loosened
from tools.cluster.reader import Events, Listing
from tools.objects.core import Event
from tools.objects.kinds import DECODERS, KINDS, Kind
from tools.types import ALL, ANY_KIND, ClusterConfig, Gap, Namespaces

_SYNTHESISED = "a namespace that objects name"
_DEFAULT = "default"
_UNPLACED = "where it is applied is not said; --apply-namespace NAME says it"


async def open_folder(config: ClusterConfig) -> "SnapshotReader":
    """Read the folder of a configured cluster; UnknownName if there is none."""
    try:
        contents = await asyncio.to_thread(read_folder, Path(config.folder), config.apply_namespace)
    except OSError as error:
        raise unopened(config, error) from error
    return SnapshotReader(config, contents)


class SnapshotReader:
    """A `Reader` of manifests. Everything that is missing for the whole folder is in every Listing."""

    source = "folder"

    def __init__(self, config: ClusterConfig, contents: Contents) -> None:
        self.name = config.name
        self.skipped: tuple[str, ...] = tuple(contents.skipped)
        """Files and lines of documents that are no Kubernetes objects."""
        self.unread: dict[str, int] = contents.others
        """Objects of kinds that nothing reads, by apiVersion and kind."""
        self._configmaps = config.configmaps
        self._version = str((contents.marker or {}).get("kubernetes") or "")
        self._entries = contents.entries
        self._kind_gaps = _recorded_gaps(contents.marker)
        self._gaps = (*_folder_gaps(contents), *self._kind_gaps.pop("", ()))
        self._token_secrets = frozenset(contents.token_secrets)
        self._apply_namespace = contents.apply_namespace
        self._partial = (contents.marker or {"partial": True}).get("partial") is True
        if self._partial:
            _synthesise(contents)

    async def version(self) -> str:
        """Give the version of the cluster that a snapshot is of; empty for any other folder."""
        return self._version

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Give the objects of one kind, as structs."""
        return await asyncio.to_thread(self._list, kind, namespaces)

    def _list(self, kind: Kind, namespaces: Namespaces) -> Listing:
        decoder: msgspec.json.Decoder[Struct] = DECODERS[kind.kind]
        objects: list[Struct] = []
        gaps = [*self._gaps_of(kind, namespaces)]
        named_only: set[tuple[str, str]] = set()
        for entry in self._chosen(kind, namespaces):
            try:
                objects.append(_decoded(decoder, entry))
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                gaps.append(_odd(entry, error))
                continue
            if entry.where == _SYNTHESISED:
                named_only.add((entry.namespace, entry.name))
            if self._apply_namespace and kind.namespaced:
                _place(objects[-1], self._apply_namespace)
        tokens = self._token_secrets if kind.kind == "ServiceAccount" else frozenset[Any]()
        return Listing(objects, tuple(gaps), self._partial, frozenset(named_only), tokens)

    def _gaps_of(self, kind: Kind, namespaces: Namespaces) -> tuple[Gap, ...]:
        """List what is missing of a kind: of the namespaces asked for, and of the whole folder."""
        gaps = (*self._gaps, *self._kind_gaps.get(kind.kind, ()))
        if namespaces is ALL:
            return gaps
        gaps = tuple(gap for gap in gaps if gap.namespace in ("", *namespaces))
        unplaced = sum(not each.placed for each in self._entries.get(kind.kind, ()))
        if not unplaced or _DEFAULT in namespaces:
            return gaps
        return (*gaps, Gap(f"{unplaced} {kind.kind} without a namespace", _UNPLACED, kind.kind))

    def _chosen(self, kind: Kind, namespaces: Namespaces) -> Iterable[Entry]:
        entries = self._entries.get(kind.kind, [])
        if namespaces is ALL:
            return entries
        if kind.kind == "Namespace":
            return [entry for entry in entries if entry.name in namespaces]
        return [entry for entry in entries if not kind.namespaced or entry.namespace in namespaces]

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Give the objects of one kind whole, redacted, as JSON; see `Reader.documents`."""
        return await asyncio.to_thread(self._documents, kind, namespaces, to_plan)

    def _documents(self, kind: Kind, namespaces: Namespaces, to_plan: bool) -> Listing:
        chosen = self._chosen(kind, namespaces)
        objects = [
            msgspec.json.encode(self._whole(entry, to_plan=to_plan))
            for entry in chosen
            if entry.where != _SYNTHESISED
        ]
        return Listing(objects, self._gaps_of(kind, namespaces), self._partial)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Give one object whole, redacted, with a uid as a server would give it one."""
        for entry in self._chosen(kind, (namespace,) if kind.namespaced else ALL):
            if entry.name == name:
                found = await asyncio.to_thread(self._whole, entry)
                metadata = found["metadata"]
                if not metadata.get("uid"):
                    metadata["uid"] = uid_of(entry.own_kind, entry.namespace, name)
                return found
        return None

    def _whole(self, entry: Entry, *, to_plan: bool = False) -> dict[str, Any]:
        obj: dict[str, Any] = msgspec.json.decode(entry.raw)
        if entry.kind.opt_in and not self._configmaps:
            obj = {key: value for key, value in obj.items() if key in ("metadata", "immutable")}
        named = {"apiVersion": entry.api_version, "kind": entry.own_kind}
        whole = {**named, **obj}
        if self._apply_namespace and entry.kind.namespaced:
            metadata = obj.get("metadata") or {}
            whole["metadata"] = {**metadata, "namespace": entry.namespace}
        return whole if to_plan else redact.document(whole)

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Give the events that the folder holds."""
        kind = KINDS["Event"]
        if kind.kind not in self._entries:
            return Events((), (_absent("events"),))
        listing = await self.list(kind, (namespace,) if namespace else ALL)
        events: Sequence[Event] = listing.objects
        gaps = tuple(gap for gap in listing.gaps if gap.kind == kind.kind)
        return newest_first(events, name, limit, gaps)

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Say that a folder holds no logs."""
        return _absent("logs")

    async def close(self) -> None:
        """Nothing is held open."""


def _absent(what: str) -> Gap:
    return Gap(what, f"a folder of manifests holds no {what}", refused=True)


def _decoded(decoder: msgspec.json.Decoder[Struct], entry: Entry) -> Struct:
    """Decode one object; one that is loosely written as what it means."""
    try:
        return decoder.decode(entry.raw)
    except msgspec.ValidationError:
        loose = loosened(msgspec.json.decode(entry.raw), entry.kind.struct)
        return msgspec.convert(loose, entry.kind.struct)


def _odd(entry: Entry, error: Exception) -> Gap:
    why = f"it does not have the form of a {entry.own_kind}: {redact.text(str(error))}"
    subject = "/".join(filter(None, (entry.namespace, entry.name)))
    what = f"{entry.where}: {entry.own_kind} {subject}"
    place = entry.namespace if entry.placed else ""
    return Gap(what, why, kind=entry.kind.kind, namespace=place)


def _folder_gaps(contents: Contents) -> tuple[Gap, ...]:
    if contents.gaps or contents.entries or contents.others or contents.marker:
        return tuple(contents.gaps)
    return (Gap("the folder", "no Kubernetes object was found in it", ANY_KIND),)


def _recorded_gaps(marker: dict[str, Any] | None) -> dict[str, list[Gap]]:
    """Give by kind what a snapshot says it lacks."""
    found: dict[str, list[Gap]] = {}
    if marker is None:
        return found
    try:
        gaps = msgspec.convert(marker.get("not_looked_at") or [], list[Gap])
    except msgspec.ValidationError:
        gaps = [Gap(MARKER, "its list of what was not looked at is damaged", ANY_KIND)]
    if not marker.get("complete"):
        why = "the snapshot was not finished, so objects are missing from it"
        gaps.append(Gap(MARKER, why, ANY_KIND))
    for gap in gaps:
        found.setdefault("" if gap.kind == ANY_KIND else gap.kind, []).append(gap)
    return found


def _synthesise(contents: Contents) -> None:
    """Add the namespaces that objects name, and the default service account of each namespace."""
    namespaces = contents.entries.setdefault("Namespace", [])
    accounts = contents.entries.setdefault("ServiceAccount", [])
    declared = {entry.name for entry in namespaces}
    for name in sorted(contents.named_namespaces - declared):
        namespaces.append(_made("Namespace", "", name))
    having = {entry.namespace for entry in accounts if entry.name == "default"}
    for name in sorted({entry.name for entry in namespaces} - having):
        accounts.append(_made("ServiceAccount", name, "default"))


def _place(obj: Any, namespace: str) -> None:
    """Say where an object goes that names no namespace."""
    obj.metadata.namespace = obj.metadata.namespace or namespace


def _made(kind: str, namespace: str, name: str) -> Entry:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    raw = msgspec.json.encode({"apiVersion": "v1", "kind": kind, "metadata": metadata})
    return Entry(KINDS[kind], kind, "v1", namespace, name, _SYNTHESISED, raw)
