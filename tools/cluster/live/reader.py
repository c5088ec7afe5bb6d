"""Reads a cluster from its API server: the kinds of `tools.objects.kinds`, by get and list only.

Lists come in pages of one snapshot: a list that expires is begun again, and pages of two snapshots are
never put together. What cannot be read is a Gap that names it. Used by `connect`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct, field

from tools import redact
from tools.cluster.events import newest_first
from tools.cluster.live.wire import Query, ReadFailed, Wire
from tools.cluster.reader import Events, Listing
from tools.errors import AccessRefused, ClusterUnreachable
from tools.objects.core import Event
from tools.objects.kinds import KINDS, Kind
from tools.types import ALL, ClusterConfig, Gap, Namespaces

PAGE = 500
"""Objects asked for at once."""
RESTARTS = 2
"""How often a list that expired is begun again."""
MAX_PAGES = 2_000
LOG_LINES = 1_000

_T = TypeVar("_T")


class _ListMeta(Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = field(default="", name="continue")


class _Page(Struct, Generic[_T]):
    items: list[_T] | None
    metadata: _ListMeta = field(default_factory=_ListMeta)


class _Read(Struct):
    """One page, decoded as far as it could be."""

    objects: Sequence[Any]
    odd: list[Gap]
    continue_: str
    resource_version: str


class _Version(Struct, rename="camel"):
    git_version: str = ""


class _Header(Struct):
    metadata: dict[str, Any] = {}


_RAW_PAGE = msgspec.json.Decoder(_Page[Raw])
_HEADER = msgspec.json.Decoder(_Header)
_VERSION = msgspec.json.Decoder(_Version)
"""Made here, before any thread uses them (see `DECODERS`)."""


class _Resource(Struct):
    name: str
    verbs: list[str] = []


class _Resources(Struct):
    resources: list[_Resource]


class _Mixed(ReadFailed):
    """A page of another snapshot than the first."""


class LiveReader:
    """A `Reader` of one API server. Its limiter is shared with every other reader of that server."""

    source = "live"

    def __init__(self, config: ClusterConfig, wire: Wire) -> None:
        self.name = config.name
        self._config = config
        self._wire = wire

    async def version(self) -> str:
        """Give the server's version; empty where it does not say. See `Reader.version`."""
        try:
            return (await self._wire.get("/version", (), _VERSION.decode)).git_version
        except (ReadFailed, msgspec.MsgspecError):
            return ""

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Read one kind, as structs; see `Reader.list`."""
        decoder = msgspec.json.Decoder(_Page[kind.struct])
        one = msgspec.json.Decoder(kind.struct)

        def read(body: bytes) -> _Read:
            try:
                return _read(decoder.decode(body))
            except msgspec.ValidationError:
                return _one_by_one(body, kind, one.decode)

        return await self._list(kind, namespaces, read)

    async def documents(
        self, kind: Kind, namespaces: Namespaces = ALL, *, to_plan: bool = False
    ) -> Listing:
        """Read one kind whole, redacted, as JSON; see `Reader.documents`."""

        def whole(raw: Raw) -> bytes:
            return msgspec.json.encode(self._whole(kind, raw, to_plan=to_plan))

        return await self._list(kind, namespaces, lambda body: _one_by_one(body, kind, whole))

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read one object whole, redacted. AccessRefused where the account may not."""
        if kind.opt_in and not self._config.configmaps:
            raise AccessRefused(
                f"{kind.kind} values are not opened for cluster {self.name}.",
                "The configuration can open them for a cluster (configmaps: true).",
            )
        if kind.folder_only:
            raise AccessRefused(
                f"A {kind.kind} is read in folders of manifests only.",
                "On a server ask for what is made of it: its Deployments, ReplicaSets or pods.",
            )
        if not _is_name(name) or (kind.namespaced and not _is_name(namespace)):
            return None
        subject = f"{kind.kind} {'/'.join(filter(None, (namespace, name)))}"
        try:
            for plural in await self._plurals(kind):
                path = f"{_path(kind, plural, namespace)}/{quote(name, safe='')}"
                found = await self._get(path, lambda body: self._whole(kind, body))
                if found is not None:
                    return found
        except ReadFailed as failure:
            if failure.status == 403:
                public = f"Oakum's account in cluster {self.name} may not read {subject}."
                raise AccessRefused(
                    public, "deploy/rbac/reader.yaml shows what it needs."
                ) from failure
            public = f"{subject} of cluster {self.name} could not be read: {failure.public}."
            raise ClusterUnreachable(public, "Try again in a while.") from failure
        return None

    async def _get(self, path: str, decode: Callable[[bytes], _T]) -> _T | None:
        try:
            return await self._wire.get(path, (), decode)
        except ReadFailed as failure:
            if failure.status == 404:
                return None
            raise

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """Read events; see `Reader.events`."""
        query = [("fieldSelector", f"involvedObject.name={name}")] if name else []
        kind = KINDS["Event"]
        if (namespace and not _is_name(namespace)) or (name and not _is_name(name)):
            return Events(())
        decoder = msgspec.json.Decoder(_Page[Event])
        listing = await self._list_path(
            kind,
            _path(kind, kind.plural, namespace),
            query,
            lambda body: _read(decoder.decode(body)),
        )
        return newest_first(listing.objects, name, limit, listing.gaps)

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """Read the end of a log; see `Reader.logs`."""
        what = f"the log of {namespace}/{pod}"
        if not self._config.logs:
            return Gap(
                what, "logs are not opened for this cluster by the configuration", refused=True
            )
        if not (_is_name(namespace) and _is_name(pod)):
            return Gap(what, "no pod has such a name", namespace=namespace)
        query = [("tailLines", str(LOG_LINES))]
        if container:
            query.append(("container", container))
        path = f"{_path(KINDS['Pod'], 'pods', namespace)}/{quote(pod, safe='')}/log"
        try:
            return await self._wire.get(path, query, lambda body: _end(body, max_bytes))
        except ReadFailed as failure:
            return Gap(what, failure.public, namespace=namespace, refused=failure.status == 403)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def _whole(self, kind: Kind, raw: bytes | Raw, *, to_plan: bool = False) -> dict[str, Any]:
        obj: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        own = obj.get("kind") or kind.own
        whole = {"apiVersion": kind.group_version, **obj, "kind": own}
        return whole if to_plan else redact.document(whole)

    async def _list(
        self, kind: Kind, namespaces: Namespaces, read: Callable[[bytes], _Read]
    ) -> Listing:
        """Read every list of a kind and put them together; a list that fails gives only its Gap."""
        if kind.opt_in and not self._config.configmaps:
            why = "it is not opened for this cluster by the configuration"
            return Listing((), (Gap(kind.kind, why, kind=kind.kind, refused=True),))
        if kind.folder_only:
            return Listing(())
        try:
            plurals = await self._plurals(kind)
        except ReadFailed as failure:
            return Listing((), (self._gap(kind, "", failure),))
        objects: list[Any] = []
        gaps: list[Gap] = []
        for plural in plurals:
            for namespace, query in _scopes(kind, namespaces):
                path = _path(kind, plural, namespace)
                listing = await self._list_path(kind, path, query, read, namespace)
                objects += listing.objects
                gaps += listing.gaps
        return Listing(objects, tuple(gaps))

    async def _plurals(self, kind: Kind) -> tuple[str, ...]:
        """Give the resources of a kind; for `*` the group is asked which there are."""
        if kind.plural != "*":
            return (kind.plural,)
        decoder = msgspec.json.Decoder(_Resources)
        found = await self._get(_api(kind), decoder.decode)
        if found is None:
            return ()
        return tuple(
            resource.name
            for resource in found.resources
            if "list" in resource.verbs and _is_name(resource.name)
        )

    async def _list_path(
        self,
        kind: Kind,
        path: str,
        query: Query,
        read: Callable[[bytes], _Read],
        namespace: str = "",
    ) -> Listing:
        """Read one list whole, beginning again where it expires, or give the Gap."""
        for _ in range(1 + RESTARTS):
            try:
                return await self._one_snapshot(path, query, read)
            except ReadFailed as failure:
                last = failure
                if not isinstance(failure, _Mixed) and failure.status != 410:
                    break
        else:
            why = f"the list expired {1 + RESTARTS} times while it was read"
            last = ReadFailed(why, 410)
        if kind.optional and last.status in (403, 404) and await self._is_absent(kind, last):
            return Listing(())
        return Listing((), (self._gap(kind, namespace, last),))

    async def _one_snapshot(
        self, path: str, query: Query, read: Callable[[bytes], _Read]
    ) -> Listing:
        objects: list[Any] = []
        gaps: list[Gap] = []
        token, version = "", ""
        for _ in range(MAX_PAGES):
            paging = [("limit", str(PAGE)), *([("continue", token)] if token else [])]
            page = await self._wire.get(path, [*query, *paging], read)
            if version and page.resource_version not in ("", version):
                raise _Mixed("pages of different snapshots came")
            version = version or page.resource_version
            objects += page.objects
            gaps += page.odd
            if not page.continue_:
                return Listing(objects, tuple(gaps))
            token = page.continue_
        raise ReadFailed(f"the list has more than {MAX_PAGES} pages")

    async def _is_absent(self, kind: Kind, failure: ReadFailed) -> bool:
        """Tell whether the server lacks the kind; without a grant an absent API is refused too."""
        if failure.status == 404 or kind.plural == "*":
            return failure.status == 404
        try:
            found = await self._get(_api(kind), msgspec.json.Decoder(_Resources).decode)
        except ReadFailed:
            return False
        return found is None or all(one.name != kind.plural for one in found.resources)

    def _gap(self, kind: Kind, namespace: str, failure: ReadFailed) -> Gap:
        where = f" in namespace {namespace}" if namespace else ""
        granted = not kind.opt_in and kind.plural != "*"
        if failure.status == 403:
            why = "Oakum's account may not list it (403)"
        elif failure.status == 404:
            why = f"the server does not serve {kind.group_version} {kind.plural} (404)"
        else:
            why = failure.public
        refused = failure.status == 403 and not granted
        return Gap(f"{kind.kind}{where}", why, kind.kind, namespace, refused)


def _read(page: _Page[Any]) -> _Read:
    return _Read(page.items or (), [], page.metadata.continue_, page.metadata.resource_version)


def _one_by_one(body: bytes, kind: Kind, decode: Callable[[Raw], Any]) -> _Read:
    """Decode a page object by object, so that one that does not fit is only one Gap."""
    page = _read(_RAW_PAGE.decode(body))
    objects: list[Any] = []
    for raw in page.objects:
        try:
            objects.append(decode(raw))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            page.odd.append(_odd(kind, raw, error))
    page.objects = objects
    return page


def _odd(kind: Kind, raw: Raw, error: Exception) -> Gap:
    try:
        metadata = _HEADER.decode(raw).metadata
    except msgspec.MsgspecError:
        metadata = {}
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "?")
    subject = f"{kind.kind} {'/'.join(filter(None, (namespace, name)))}"
    why = f"it does not have the form of a {kind.kind}: {redact.text(str(error))}"
    return Gap(subject, why, kind.kind, namespace)


def _api(kind: Kind) -> str:
    return f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.group_version}"


def _path(kind: Kind, plural: str, namespace: str) -> str:
    within = f"/namespaces/{quote(namespace, safe='')}" if namespace and kind.namespaced else ""
    return f"{_api(kind)}{within}/{plural}"


def _scopes(kind: Kind, namespaces: Namespaces) -> Sequence[tuple[str, Query]]:
    """Give the namespace and selector of each list to read."""
    if namespaces is ALL or not (kind.namespaced or kind.kind == "Namespace"):
        return [("", ())]
    named = [namespace for namespace in namespaces if _is_name(namespace)]
    if kind.kind == "Namespace":
        return [("", [("fieldSelector", f"metadata.name={name}")]) for name in named]
    return [(namespace, ()) for namespace in named]


def _is_name(name: str) -> bool:
    """Tell whether a name can stand in a path: the server's own rule for path segments."""
    return bool(name) and name not in (".", "..") and not set("/%,=\0").intersection(name)


def _end(body: bytes, max_bytes: int) -> str:
    """Give the end of a log, redacted before it is cut."""
    text = redact.text(body.decode(errors="replace"))
    if len(text) <= max_bytes:
        return text
    return text[-max_bytes:].partition("\n")[2]
