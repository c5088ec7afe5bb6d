"""A Kubernetes API server on loopback that serves lists, objects and faults, and takes writes.

What a reader needs: discovery of one group, lists in pages of one snapshot, objects, logs. Writes are
in `kubernetes_writes`. Each
list that begins anew sees the state of that moment; a continued one keeps the snapshot of its token.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.fakes.kubernetes_writes import Writes


@dataclass
class Fault:
    """What goes wrong, where, and how often."""

    how: str
    """`status`, `hang`, `slow`, `cut`, `cut-json`, `drop`, `garbage`, or `drift`: a page of the state
    of now instead of that of the list's beginning."""
    plural: str = ""
    """The resource concerned; empty for all."""
    page: int | None = None
    """Which page of a list, from 0; -1 for the last; None for any request."""
    times: int = 1_000_000
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    writes: bool | None = False
    """True: only requests that write; False: only those that read; None: any."""
    dry: bool | None = None
    """Of writes: only dry runs, only real ones, or (None) both."""
    after: bool = False
    """Of writes: it goes wrong after the write was done, not before."""


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    at: float
    authorization: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def dry(self) -> bool:
        """Whether it was a dry run; a DELETE that has a body says it there, its query is ignored."""
        if self.method == "DELETE" and self.body:
            return json.loads(self.body).get("dryRun") == ["All"]
        return self.query.get("dryRun") == "All"


class FakeKubernetes:
    """One API server. Change `objects`, `faults`, `forbidden` while it runs."""

    def __init__(self) -> None:
        self.objects: dict[str, list[Any]] = {}
        """By list path without namespace, such as `/api/v1/pods`."""
        self.absent: set[str] = set()
        """Group versions that are not served: `kyverno.io/v1`."""
        self.version = "v1.34.2"
        """What /version says; empty: it is refused."""
        self.forbidden: set[str] = set()
        """Plurals that the account may not read."""
        self.faults: list[Fault] = []
        self.tokens = {"good"}
        self.logs: dict[str, str] = {}
        self.requests: list[Seen] = []
        self.elsewhere = ""
        """Where every request is redirected to; empty: nowhere."""
        self.before_list: Callable[[str, int], None] | None = None
        """Called with the plural and the count of lists begun, before each list that begins."""
        self.writes = Writes(self.objects)
        """What may be written here, and what was."""
        self._snapshots: dict[str, list[Any]] = {}
        self._begun = 0
        self._version = 1000
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> "FakeKubernetes":
        """Listen on a free port of loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    def kubeconfig(self, folder: Path, token: str = "good", context: str = "lab") -> str:
        """Write a kubeconfig that leads here and give its path."""
        path = folder / "kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(json.dumps(config))
        return str(path)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                asyncio.get_running_loop().time(),
                request.headers.get("Authorization", ""),
                dict(request.headers),
                await request.read(),
            )
        )
        if self.elsewhere:
            raise web.HTTPTemporaryRedirect(f"{self.elsewhere}{request.path_qs}")
        if request.headers.get("Authorization") not in {f"Bearer {t}" for t in self.tokens}:
            return _status(401, "Unauthorized")
        if request.path == "/version":
            said = web.json_response({"major": "1", "gitVersion": self.version})
            return said if self.version else _status(403, "forbidden")
        group_version, namespace, plural, name, sub = _parts(request.path)
        if request.method != "GET":
            return await self._write(request, plural)
        if not plural:
            return self._discovery(group_version)
        if plural in self.forbidden or (sub == "log" and "pods/log" in self.forbidden):
            return _status(403, f"{plural} is forbidden: User cannot list it")
        if group_version in self.absent:
            return web.Response(status=404, text="404 page not found")
        if sub == "log":
            return self._log(namespace, name)
        if name:
            fault = self._fault(plural, None, False)
            return await self._fail(request, fault, b"{}") if fault else self._one(request, name)
        return await self._list(request, namespace, plural)

    async def _write(self, request: web.Request, plural: str) -> web.StreamResponse:
        """Do what a request asks, with its fault before or after."""
        seen = self.requests[-1]
        fault = self._fault(plural, None, False, seen=seen)
        if plural in self.forbidden:
            return _status(403, f"{plural} is forbidden")
        if fault and not fault.after:
            return await self._fail(request, fault, b"{}")
        namespace, base = _base(request.path.rpartition("/")[0])
        answer = self.writes.answer(seen, base, namespace or "", plural)
        body = json.dumps(answer.body).encode()
        if fault:
            return await self._fail(request, fault, body)
        response = web.Response(body=body, status=answer.status, content_type="application/json")
        response.headers["Audit-Id"] = answer.audit_id
        for warning in answer.warnings:
            response.headers.add("Warning", f'299 - "{warning}"')
        return response

    def _discovery(self, group_version: str) -> web.Response:
        if group_version in self.absent:
            return web.Response(status=404, text="404 page not found")
        prefix = f"/api/{group_version}/" if group_version == "v1" else f"/apis/{group_version}/"
        resources = [
            {"name": path.removeprefix(prefix), "kind": "X", "verbs": ["get", "list"]}
            for path in self.objects
            if path.startswith(prefix)
        ]
        if not resources:
            return web.Response(status=404, text="404 page not found")
        resources.append({"name": f"{resources[0]['name']}/status", "kind": "X", "verbs": ["get"]})
        return web.json_response({"kind": "APIResourceList", "resources": resources})

    def _log(self, namespace: str, name: str) -> web.Response:
        text = self.logs.get(f"{namespace}/{name}")
        return _status(404, "not found") if text is None else web.Response(text=text)

    def _one(self, request: web.Request, name: str) -> web.Response:
        namespace, base = _base(request.path.rpartition("/")[0])
        for obj in self.objects.get(base, []):
            if obj["metadata"]["name"] == name and namespace in (None, _namespace(obj)):
                return web.json_response(obj)
        return _status(404, f'"{name}" not found')

    async def _list(self, request: web.Request, namespace: str, plural: str) -> web.StreamResponse:
        limit = int(request.query.get("limit", "0")) or 1_000_000
        token = request.query.get("continue", "")
        if token:
            version, _, offset = token.partition(":")
            start = int(offset)
        else:
            version, start = self._begin(request, plural), 0
        if fault := self._fault(plural, start // limit, False, "drift"):
            version = self._begin(request, plural)
        items = self._snapshots[version]
        part = items[start : start + limit]
        last = start + limit >= len(items)
        metadata: dict[str, Any] = {"resourceVersion": version}
        if not last:
            metadata["continue"] = f"{version}:{start + limit}"
            metadata["remainingItemCount"] = len(items) - start - limit
        body = json.dumps({"kind": "List", "metadata": metadata, "items": part}).encode()
        fault = self._fault(plural, start // limit, last)
        if fault:
            return await self._fail(request, fault, body)
        return web.Response(body=body, content_type="application/json")

    def _begin(self, request: web.Request, plural: str) -> str:
        self._begun += 1
        if self.before_list:
            self.before_list(plural, self._begun)
        self._version += 1
        namespace, base = _base(request.path)
        selector = request.query.get("fieldSelector", "")
        self._snapshots[str(self._version)] = [
            obj
            for obj in self.objects.get(base, [])
            if namespace in (None, _namespace(obj)) and _selected(obj, selector)
        ]
        return str(self._version)

    def _fault(
        self, plural: str, page: int | None, last: bool, how: str = "", seen: Seen | None = None
    ) -> Fault | None:
        for fault in self.faults:
            if (fault.how == "drift") != (how == "drift"):
                continue
            if fault.writes is not None and fault.writes != (seen is not None):
                continue
            if seen and fault.dry not in (None, seen.dry):
                continue
            here = fault.page is None or fault.page == page or (fault.page == -1 and last)
            if fault.times > 0 and fault.plural in ("", plural) and here:
                fault.times -= 1
                return fault
        return None

    async def _fail(self, request: web.Request, fault: Fault, body: bytes) -> web.StreamResponse:
        if fault.how == "status":
            return _status(fault.status, fault.message or "this is a fault", fault.headers)
        if fault.how == "garbage":
            return web.json_response({"hello": "world"})
        if fault.how == "cut-json":
            return web.Response(body=body[: len(body) // 2], content_type="application/json")
        if fault.how == "hang":
            await asyncio.sleep(60)
        if fault.how == "drop" or not request.transport:
            assert request.transport
            request.transport.abort()
            return web.Response()
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if fault.how == "slow":
            await asyncio.sleep(60)
        request.transport.abort()
        return response


def _status(code: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": code}
    return web.json_response(body, status=code, headers=headers)


def _parts(path: str) -> tuple[str, str, str, str, str]:
    """Take a path apart: group version, namespace, plural, name, subresource."""
    parts = path.strip("/").split("/")
    parts, version = (
        (parts[2:], parts[1]) if parts[0] == "api" else (parts[3:], "/".join(parts[1:3]))
    )
    namespace = ""
    if len(parts) >= 3 and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    plural, name, sub = (*parts, "", "", "")[:3]
    return version, namespace, plural, name, sub


def _base(path: str) -> tuple[str | None, str]:
    """Give the namespace of a list's path, and the path without it."""
    before, marked, after = path.partition("/namespaces/")
    if marked and "/" in after:
        namespace, _, plural = after.partition("/")
        return namespace, f"{before}/{plural}"
    return None, path


def _namespace(obj: Any) -> str:
    return obj["metadata"].get("namespace", "")


def _selected(obj: Any, selector: str) -> bool:
    key, _, value = selector.partition("=")
    if not key:
        return True
    found: Any = obj
    for part in key.split("."):
        found = (found or {}).get(part)
    return found == value
