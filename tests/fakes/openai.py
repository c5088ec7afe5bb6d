"""An OpenAI-compatible server that answers with scripted turns, over real HTTP and real SSE.

It says what it is told to say, in any of the ways that endpoints go wrong, and keeps every request. Turns
are used in order; after the last one it keeps repeating it.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from bot.agent.model import Model, ModelConfig, build, close

KEY = "test-key"  # the only one it takes, unless a turn refuses


@dataclass(frozen=True)
class Turn:
    """One answer of the endpoint."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Name and arguments as raw JSON text (broken if you like)."""
    status: int = 200
    delay_s: float = 0.0
    """Before the first byte."""
    cut: bool = False
    """The connection dies in the middle of the stream."""
    usage: bool = True
    chunk: int = 7
    """Characters of one delta."""
    finish: str = ""
    echo: bool = False
    """Repeats all that tools gave it, as its text."""
    ids: tuple[str, ...] = ()


def say(text: str, **more: Any) -> Turn:
    """A turn that is text."""
    return Turn(text=text, **more)


def call(name: str, /, _text: str = "", **arguments: Any) -> Turn:
    """A turn that calls one tool."""
    return Turn(text=_text, calls=((name, json.dumps(arguments)),))


def calls(*pairs: tuple[str, dict[str, Any]], text: str = "") -> Turn:
    """A turn that calls several tools at once."""
    return Turn(text=text, calls=tuple((name, json.dumps(given)) for name, given in pairs))


def fail(status: int) -> Turn:
    """A turn that is an HTTP error."""
    return Turn(status=status)


@dataclass
class FakeOpenAI:
    """The server; use as `async with FakeOpenAI([...]) as endpoint`."""

    turns: Sequence[Turn]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    base_url: str = ""
    callers: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What holds connections to it; closed before the server ends."""

    async def __aenter__(self) -> "FakeOpenAI":
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.callers.aclose()
        await self._runner.cleanup()

    def model(self, key: str = KEY, timeout_s: float = 60.0) -> Model:
        """Give the product's model that asks this server; it is closed before the server ends."""
        made = build(ModelConfig("scripted", key, self.base_url, timeout_s=timeout_s))
        self.callers.push_async_callback(close, made)
        return made

    @property
    def connections(self) -> int:
        """How many connections are open to it."""
        server = self._runner.server
        return len(server.connections) if server else 0

    async def left_alone(self, connections: int = 0) -> None:
        """Wait until no more than so many connections are open to it."""
        while self.connections > connections:
            await asyncio.sleep(0.001)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.keys.append(request.headers.get("Authorization", ""))
        turn = self.turns[min(len(self.requests), len(self.turns) - 1)]
        self.requests.append(body)
        if turn.echo:
            turn = replace(turn, text=_heard(body))
        if turn.delay_s:
            await asyncio.sleep(turn.delay_s)
        if self.keys[-1] != f"Bearer {KEY}":
            turn = fail(401)
        if turn.status != 200:
            error = {"message": f"scripted {turn.status}", "type": "scripted", "code": None}
            return web.json_response({"error": error}, status=turn.status)
        if not body.get("stream"):
            return web.json_response(_whole(turn, body))
        return await self._stream(request, turn, body)

    async def _stream(
        self, request: web.Request, turn: Turn, body: dict[str, Any]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunks = _chunks(turn, body)
        if turn.cut:
            chunks = chunks[: max(2, len(chunks) // 2)]
        for chunk in chunks:
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        if turn.cut:
            request.transport.abort()  # type: ignore[union-attr]
            return response
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    def sent(self) -> str:
        """Everything that was ever sent to the model, as one text."""
        return json.dumps(self.requests, ensure_ascii=False)


def _heard(body: dict[str, Any]) -> str:
    tools = [item for item in body["messages"] if item["role"] == "tool"]
    return "\n\n".join(str(item["content"]) for item in tools)


def _usage(turn: Turn, body: dict[str, Any]) -> dict[str, int]:
    prompt = len(json.dumps(body.get("messages"))) // 4
    completion = max(1, len(turn.text) // 4)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _finish(turn: Turn) -> str:
    return turn.finish or ("tool_calls" if turn.calls else "stop")


def _call_id(turn: Turn, index: int) -> str:
    return turn.ids[index] if index < len(turn.ids) else f"call-{index}"


def _whole(turn: Turn, body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": _call_id(turn, index),
                "type": "function",
                "function": {"name": name, "arguments": raw},
            }
            for index, (name, raw) in enumerate(turn.calls)
        ]
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": _finish(turn)}],
        "usage": _usage(turn, body),
    }


def _chunks(turn: Turn, body: dict[str, Any]) -> list[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": body.get("model"),
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }

    made = [chunk({"role": "assistant", "content": ""})]
    pieces = range(0, len(turn.text), turn.chunk)
    made.extend(chunk({"content": turn.text[at : at + turn.chunk]}) for at in pieces)
    for index, (name, raw) in enumerate(turn.calls):
        head = {
            "index": index,
            "id": _call_id(turn, index),
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        made.append(chunk({"tool_calls": [head]}))
        for start in range(0, len(raw), 4000):
            piece = {"index": index, "function": {"arguments": raw[start : start + 4000]}}
            made.append(chunk({"tool_calls": [piece]}))
    made.append(chunk({}, _finish(turn)))
    if turn.usage and (body.get("stream_options") or {}).get("include_usage"):
        made.append({**chunk({}), "choices": [], "usage": _usage(turn, body)})
    return made
