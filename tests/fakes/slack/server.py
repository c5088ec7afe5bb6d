"""The workspace as a real HTTP and WebSocket server on loopback.

Start: `slack = FakeSlack(); await slack.start()`; give the bot `slack.base_url` and the tokens of
`tests.fakes.slack.state`; end with `await slack.stop()`. The bot may run in another process. People
act through `slack.people` (mention, say, direct, command, press, submit, open_pane). Nothing is
checked for the test: look at `space` (messages, ephemeral, files, statuses), `calls`, `rates`,
`sockets`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import ClientSession, web

from tests.fakes.slack.faults import Failure, Faults
from tests.fakes.slack.limits import Refused, check_message
from tests.fakes.slack.methods import Methods
from tests.fakes.slack.people import People
from tests.fakes.slack.rates import Rates
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.state import (
    APP_TOKEN,
    BOT_TOKEN,
    BOT_USER,
    TEAM,
    Call,
    Message,
    Workspace,
)


class FakeSlack:
    """One workspace with one app. `request_url` set: HTTP mode, else Socket Mode."""

    def __init__(self, request_url: str = "") -> None:
        self.space = Workspace()
        self.faults = Faults()
        self.rates = Rates()
        self.sockets = Sockets(self.faults)
        self.methods = Methods(self.space, self.faults, lambda: self.root)
        self.calls: list[Call] = []
        self.refused: list[Call] = []
        """Calls that broke a limit or named what is not there."""
        self.request_url = request_url
        self.root = ""
        """http://127.0.0.1:PORT/"""
        self.changed = asyncio.Event()
        """Set at every call, for `until`."""
        self.session: ClientSession | None = None
        self.people = People(self)
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What the bot's client takes as base_url."""
        return f"{self.root}api/"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link", self.sockets.connect)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/respond/{token}", self._respond)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.root = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        self.session = ClientSession()

    async def stop(self) -> None:
        """Close everything; deliveries under way are given up."""
        await self.people.stop()
        await self.sockets.close()
        if self.session is not None:
            await self.session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def add_user(self, user: str, name: str = "", **flags: Any) -> str:
        """Add a person; flags as in users.info (is_restricted, is_bot, team_id...)."""
        facts = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted")
        known = {"id": user, "team_id": TEAM, "name": name or user.lower()}
        self.space.users[user] = known | dict.fromkeys(facts, False) | flags
        return user

    def add_group(self, group: str, *members: str) -> str:
        """Add a user group with its members."""
        self.space.groups[group] = set(members)
        return group

    def add_channel(
        self, channel: str, *members: str, bot: bool = True, private: bool = False
    ) -> str:
        """Add a channel with its members; the bot is one unless told."""
        self.space.channels[channel] = {
            "id": channel,
            "name": channel.lower(),
            "is_private": private,
            "members": set(members) | ({BOT_USER} if bot else set()),
        }
        return channel

    def answers(self, channel: str, thread: str) -> list[Message]:
        """List the bot's visible messages in a thread."""
        return [one for one in self.space.in_thread(channel, thread) if one.bot]

    async def until(self, condition: Any, timeout_s: float = 30.0) -> None:
        """Wait until a condition holds; looked at after every call and every 20 ms."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("what was waited for did not happen in time")
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.02)
            except TimeoutError:
                continue

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        args = await _arguments(request)
        call = Call(method, args, time.monotonic())
        self.calls.append(call)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.faults.slow_s.get(method):
            await asyncio.sleep(self.faults.slow_s[method])
        response = self._answer(call, token)
        self.changed.set()
        if self.faults.late_s.get(method):
            await asyncio.sleep(self.faults.late_s[method])
        return response

    def _answer(self, call: Call, token: str) -> web.Response:
        wanted = APP_TOKEN if call.method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            return self._no(
                call,
                "not_allowed_token_type" if token in {APP_TOKEN, BOT_TOKEN} else "invalid_auth",
            )
        if call.method in self.faults.unknown_methods:
            return self._no(call, "unknown_method")
        channel = str(call.args.get("channel", ""))
        wait = self.rates.wait(call.method, channel, call.at)
        if wait:
            return self._too_many(call, wait)
        failure = self.faults.take(call.method)
        if failure is not None:
            return self._fail(call, failure, channel)
        return self._do(call)

    def _do(self, call: Call) -> web.Response:
        if call.method == "apps.connections.open":
            if self.faults.connections_down:
                call.status = 500
                return web.Response(status=500, text="down")
            url = f"{self.root.replace('http', 'ws', 1)}link?ticket={self.sockets.ticket()}"
            return self._yes(call, {"url": url})
        handler = self.methods.table.get(call.method)
        if handler is None:
            return self._no(call, "unknown_method")
        try:
            return self._yes(call, handler(call.args))
        except Refused as refused:
            return self._no(call, refused.error, refused.detail)

    def _fail(self, call: Call, failure: Failure, channel: str) -> web.Response:
        if failure.applied:
            self._do(call)
        if failure.status == 429:
            self.rates.refuse_until(call.method, channel, call.at + failure.retry_after)
            return self._too_many(call, failure.retry_after)
        if failure.error:
            return self._no(call, failure.error)
        call.status = failure.status
        return web.Response(status=failure.status, text="injected")

    def _yes(self, call: Call, answer: dict[str, Any]) -> web.Response:
        call.answer = {"ok": True} | answer
        return web.json_response(call.answer)

    def _no(self, call: Call, error: str, detail: str = "") -> web.Response:
        call.answer = {"ok": False, "error": error}
        if detail:
            call.answer["response_metadata"] = {"messages": [detail]}
        self.refused.append(call)
        return web.json_response(call.answer)

    def _too_many(self, call: Call, wait: int) -> web.Response:
        call.status = 429
        call.answer = {"ok": False, "error": "ratelimited"}
        return web.json_response(call.answer, status=429, headers={"Retry-After": str(wait)})

    async def _upload(self, request: web.Request) -> web.Response:
        held = self.space.files.get(request.match_info["file"])
        if held is None:
            return web.Response(status=404)
        held.content = await request.read()
        return web.Response(text=f"OK - {len(held.content)}")

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.json()
        user, channel = self.people.response_urls[request.match_info["token"]]
        call = Call("response_url", body, time.monotonic())
        self.calls.append(call)
        try:
            check_message(body.get("text", ""), body.get("blocks", []), self.faults.modern_blocks)
        except Refused as refused:
            self.refused.append(call)
            return web.Response(status=400, text=refused.error)
        seen_by = "" if body.get("response_type") == "in_channel" else user
        self.space.ephemeral.append(
            Message(
                channel,
                "",
                BOT_USER,
                body.get("text", ""),
                str(body.get("thread_ts", "")),
                blocks=body.get("blocks", []),
                bot=True,
                ephemeral_for=seen_by,
                raw=body,
            )
        )
        self.changed.set()
        return web.Response(text="ok")


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args |= json.loads(await request.text() or "{}")
    else:
        args |= dict(await request.post())
    return args
