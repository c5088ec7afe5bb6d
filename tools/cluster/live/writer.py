"""The live writer: JSON Patch, create, delete and one access review, each request sent at most once.

A request whose result is not known is never sent again here: `NoAnswer` says so, and who asked reads
the object. `tools.cluster.writer` holds what it shares with the writer of folders.
"""

import asyncio
import re
from typing import Any, cast

import aiohttp
import msgspec

from tools import redact
from tools.changes import OPERATION
from tools.cluster.live.api import Api, open_api
from tools.cluster.live.wire import MAX_BODY_BYTES, MAX_RETRY_AFTER_S, ReadFailed, Wire, retry_after
from tools.cluster.reader import Reader
from tools.cluster.writer import (
    FIELD_MANAGER,
    NAME,
    Reply,
    check,
    check_manifest,
    check_patch,
    checked_kind,
)
from tools.errors import AccessRefused, NoAnswer, NotAllowed, NotSent
from tools.types import ClusterConfig, Target, Verb

_NEVER_BEFORE = "1"
"""The resourceVersion sent with a create: no object has it, so one that is there makes it 409."""
_WARNING = re.compile(r'^\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_MAX_WARNINGS = 50


class _Broken(aiohttp.ClientError):
    """A connection that ended before the answer; aiohttp sends a DELETE again on its own errors."""


class LiveWriter:
    """Writes to one cluster with the executor's account, and reads what it needs for that, raw."""

    source = "live"

    def __init__(self, config: ClusterConfig, api: Api) -> None:
        self.name = config.name
        self._config = config
        self._api = api
        self._wire = Wire(config, api.client, api.limiter, api.renew)
        self._session: aiohttp.ClientSession | None = None

    async def read(self, target: Target) -> dict[str, Any] | None:
        """Read an object whole and not redacted; None where there is none of that name.

        Raises ReadFailed, ClusterUnreachable, AccessRefused.
        """
        try:
            return await self._wire.get(_path(target), (), _object)
        except ReadFailed as failure:
            if failure.status == 404:
                return None
            raise

    async def patch(
        self, target: Target, patch: list[dict[str, Any]], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Send a JSON Patch. Its tests are the caller's business; a list of none is refused."""
        check_patch(patch)
        check(Verb.PATCH, target)
        kind = "application/json-patch+json"
        body = msgspec.json.encode(patch)
        query = _query(dry_run)
        return await self._write("PATCH", _path(target), query, (kind, body), operation_id)

    async def create(
        self, target: Target, manifest: dict[str, Any], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Create one object by server-side apply; 409 where one of that name is there."""
        check(Verb.CREATE, target)
        check_manifest(target, manifest)
        metadata: dict[str, Any] = {**manifest["metadata"]}
        metadata["annotations"] = {**metadata.get("annotations", {}), OPERATION: operation_id}
        metadata["resourceVersion"] = _NEVER_BEFORE
        body = msgspec.json.encode({**manifest, "metadata": metadata})
        kind = "application/apply-patch+yaml"
        return await self._write(
            "PATCH", _path(target), _query(dry_run), (kind, body), operation_id
        )

    async def delete(
        self, target: Target, resource_version: str, operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Delete one object if it still is the one with the target's uid, as it was last read."""
        check(Verb.DELETE, target)
        if not (target.uid and resource_version):
            raise NotAllowed("Nothing is deleted without its uid and resource version.")
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Foreground",
            "preconditions": {"uid": target.uid, "resourceVersion": resource_version},
        }
        if dry_run:
            options["dryRun"] = ["All"]
        query = "?dryRun=All" if dry_run else ""
        body = msgspec.json.encode(options)
        return await self._write(
            "DELETE", _path(target), query, ("application/json", body), operation_id
        )

    async def review_access(self, namespace: str, spec: dict[str, Any]) -> Reply:
        """Ask the server whether somebody may do something in a namespace; changes nothing."""
        if not NAME.fullmatch(namespace):
            raise NotAllowed("That is no namespace.")
        group = "authorization.k8s.io/v1"
        path = f"/apis/{group}/namespaces/{namespace}/localsubjectaccessreviews"
        review = {
            "apiVersion": group,
            "kind": "LocalSubjectAccessReview",
            "metadata": {"namespace": namespace},
            "spec": spec,
        }
        body = msgspec.json.encode(review)
        return await self._write("POST", path, "", ("application/json", body), "")

    async def did(self, target: Target, operation_id: str) -> bool | None:
        """Give None: an object that is gone says nothing, and no other record is kept."""
        return None

    async def looking(self, reader: Reader) -> Reader:
        """Give the reader itself: every look of it is fresh."""
        return reader

    async def close(self) -> None:
        """Close the connections; safe to call twice."""
        if self._session:
            await self._session.close()
        await self._wire.close()

    async def _write(
        self, method: str, path: str, query: str, content: tuple[str, bytes], operation_id: str
    ) -> Reply:
        """Send one request; with credentials that were refused (401) once more with new ones."""
        reply = await self._once(method, path, query, content, operation_id)
        if reply.status == 401:
            await self._api.renew()
            reply = await self._once(method, path, query, content, operation_id)
        if reply.status == 401:
            public = f"Cluster {self.name} does not accept the credentials of Oakum's executor."
            raise AccessRefused(public, "They may have expired: renew them.")
        return reply

    async def _once(
        self, method: str, path: str, query: str, content: tuple[str, bytes], operation_id: str
    ) -> Reply:
        """Send one request once. Raises NotSent where nothing left, NoAnswer where it may have."""
        await self._api.limiter.wait()
        _, url, headers, _, _ = await self._api.client.param_serialize(
            method,
            f"{path}{query}",
            header_params={"Accept": "application/json", "Content-Type": content[0]},
            auth_settings=["BearerToken"],
        )
        named = f" operation/{operation_id}" if operation_id else ""
        headers["User-Agent"] = f"{FIELD_MANAGER}{named}"
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await self._send(method, url, headers, content[1])
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            public = f"The API server of cluster {self.name} cannot be reached; nothing was sent."
            raise NotSent(public, "Check that the cluster is up, then try again.") from error
        except (aiohttp.ClientError, OSError, ValueError, msgspec.MsgspecError) as error:
            public = f"Cluster {self.name} gave no whole answer: it may have done what was asked."
            raise NoAnswer(public, "Read the object to see what holds.") from error

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        settings = cast("Any", self._api.client.configuration)
        async with self._open().request(
            method,
            url,
            data=body,
            headers=headers,
            proxy=settings.proxy or None,
            server_hostname=settings.tls_server_name or None,
            allow_redirects=False,
        ) as response:
            received = bytearray()
            async for chunk in response.content.iter_any():
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise ValueError("too large")
            return Reply(
                status=response.status,
                body=_body(response.status, bytes(received)),
                audit_id=response.headers.get("Audit-Id", ""),
                warnings=_warnings(response.headers.getall("Warning", [])),
                retry_after_s=_bounded(retry_after(response.headers)),
            )

    def _open(self) -> aiohttp.ClientSession:
        """Give a session that never uses a connection twice: a stale one leaves results unknown."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._api.client.rest_client.ssl_context, force_close=True
            )
            self._session = aiohttp.ClientSession(
                connector=connector, trust_env=True, middlewares=(_sent_once,)
            )
        return self._session


async def open_live_writer(config: ClusterConfig) -> LiveWriter:
    """Open a cluster for the executor; nothing is asked of its server yet. Raises as `connect`."""
    return LiveWriter(config, await open_api(config, FIELD_MANAGER))


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Hide from aiohttp that a connection broke: it would send a DELETE a second time."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(str(error)) from error


def _path(target: Target) -> str:
    """Give the path of one object. Raises NotAllowed for a kind or name that cannot be."""
    kind = checked_kind(target)
    root = f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.group_version}"
    within = f"/namespaces/{target.namespace}" if kind.namespaced else ""
    return f"{root}{within}/{kind.plural}/{target.name}"


def _query(dry_run: bool) -> str:
    """Give the query of a patch: its manager, no unknown fields, never `force`."""
    dry = "&dryRun=All" if dry_run else ""
    return f"?fieldManager={FIELD_MANAGER}&fieldValidation=Strict{dry}"


def _object(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])


def _body(status: int, body: bytes) -> dict[str, Any]:
    """Decode an answer. An error without JSON keeps its words; a success without JSON raises."""
    try:
        return _object(body)
    except msgspec.MsgspecError:
        if status < 300:
            raise
        return {"message": body[:500].decode(errors="replace")}


def _warnings(headers: list[str]) -> tuple[str, ...]:
    """Read Warning headers (RFC 7234: code, agent, quoted text)."""
    found = [match[1] for header in headers if (match := _WARNING.match(header))]
    said = [redact.text(re.sub(r"\\(.)", r"\1", text)) for text in found]
    return tuple(dict.fromkeys(said))[:_MAX_WARNINGS]


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER_S)
