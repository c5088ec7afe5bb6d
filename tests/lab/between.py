"""Stands between the executor and a lab's API server: does something at the very moment of a write.

Passes every request and answer on as it is. A test names an object, and what is to happen before its
first write reaches the server, or after the server has answered and before the executor knows. Over
plain HTTP on loopback, with the account's own token.
"""

import json
import ssl
from base64 import b64decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

Happening = Callable[[], Awaitable[None]]

_HOP = frozenset(("host", "connection", "content-length", "transfer-encoding", "content-encoding"))
"""Headers of one hop, which each side sets for itself."""
_MAX_BODY_BYTES = 4_000_000


class Between:
    """One such server; `kubeconfig` leads through it."""

    def __init__(self, kubeconfig: Path) -> None:
        view = json.loads(kubeconfig.read_text())
        self._token = view["users"][0]["user"]["token"]
        cluster = view["clusters"][0]["cluster"]
        self._server = str(cluster["server"])
        self._authority = str(cluster["certificate-authority-data"])
        self.before: dict[str, Happening] = {}
        """By the name of an object, once."""
        self.after: dict[str, Happening] = {}
        """By the name of an object, once."""

    async def start(self) -> "Between":
        """Listen on a port of loopback."""
        authority = ssl.create_default_context(cadata=b64decode(self._authority).decode())
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=authority))
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def stop(self) -> None:
        """Close both sides."""
        await self._runner.cleanup()
        await self._client.close()

    def kubeconfig(self, file: Path) -> Path:
        """Write a kubeconfig of the same account that leads here."""
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "u", "user": {"token": self._token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        }
        file.write_text(json.dumps(config))
        return file

    async def _pass(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        writes = request.method in ("PATCH", "DELETE") and "dryRun" not in request.query
        if writes and name in self.before:
            await self.before.pop(name)()
        async with self._client.request(
            request.method,
            f"{self._server}{request.path_qs}",
            headers={k: v for k, v in request.headers.items() if k.lower() not in _HOP},
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
            headers = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP]
        if writes and name in self.after:
            await self.after.pop(name)()
        response = web.Response(status=answer.status, body=body)
        response.headers.clear()
        for key, value in headers:
            response.headers.add(key, value)
        return response
