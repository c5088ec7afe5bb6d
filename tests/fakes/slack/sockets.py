"""Socket Mode's far end: tickets, envelopes, acknowledgements, redelivery, and sick connections."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.slack.faults import Faults

CONNECTIONS_MAX = 10


@dataclass
class Delivery:
    """One envelope as it went out, and what came back."""

    envelope_id: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    sent_at: float
    acked_after_s: float | None = None
    answer: dict[str, Any] | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Link:
    """One open connection. `mood`: ok, deaf (pongs but takes no events) or half-open (nothing)."""

    socket: web.WebSocketResponse
    mood: str = "ok"


class Sockets:
    """All connections of the app; `deliver` sends one envelope until it is acknowledged."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.links: list[Link] = []
        self.deliveries: list[Delivery] = []
        self.opened = 0
        self.most_open = 0
        self.slow_acks = 0
        """Acknowledgements that took over three seconds."""
        self.unacked = 0
        """Envelopes given up after all redeliveries."""
        self._tickets: set[str] = set()
        self._waiting: dict[str, Delivery] = {}

    def ticket(self) -> str:
        """Give a ticket that opens one connection."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Handle one WebSocket from hello to close."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="ticket used or unknown")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self.links) >= CONNECTIONS_MAX:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        link = Link(socket)
        self.links.append(link)
        self.opened += 1
        self.most_open = max(self.most_open, len(self.links))
        await socket.send_json({"type": "hello", "num_connections": len(self.links)})
        try:
            await self._listen(link)
        finally:
            self.links.remove(link)
        return socket

    async def _listen(self, link: Link) -> None:
        async for message in link.socket:
            if link.mood == "half-open":
                continue
            if message.type == WSMsgType.PING:
                await link.socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._acknowledge(json.loads(message.data))

    def _acknowledge(self, answer: dict[str, Any]) -> None:
        delivery = self._waiting.pop(answer.get("envelope_id", ""), None)
        if delivery is None:
            return
        delivery.acked_after_s = time.monotonic() - delivery.sent_at
        delivery.answer = answer.get("payload")
        self.slow_acks += delivery.acked_after_s > 3.0
        delivery.done.set()

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Delivery:
        """Send one envelope, again while it is not acknowledged, and all copies asked for."""
        if self.faults.reorder:
            await asyncio.sleep(random.random() * 0.05)
        last = await self._once(kind, payload, 0)
        for attempt, pause in enumerate(self.faults.retry_after_s, start=1):
            if last.acked_after_s is not None:
                break
            await asyncio.sleep(pause)
            last = await self._once(kind, payload, attempt)
        self.unacked += last.acked_after_s is None
        for copy in range(1, self.faults.copies):
            await self._once(kind, payload, copy)
        return last

    async def _once(self, kind: str, payload: dict[str, Any], attempt: int) -> Delivery:
        delivery = Delivery(str(uuid.uuid4()), kind, payload, attempt, time.monotonic())
        self.deliveries.append(delivery)
        self._waiting[delivery.envelope_id] = delivery
        link = await self._any_link()
        delivery.sent_at = time.monotonic()
        if link is not None and link.mood == "ok":
            envelope = {
                "envelope_id": delivery.envelope_id,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
            }
            if attempt:
                envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            try:
                await link.socket.send_json(envelope)
            except (ConnectionError, RuntimeError):
                return delivery
        try:
            await asyncio.wait_for(delivery.done.wait(), self.faults.ack_within_s)
        except TimeoutError:
            self._waiting.pop(delivery.envelope_id, None)
        return delivery

    async def _any_link(self) -> Link | None:
        for _ in range(200):
            if self.links:
                return random.choice(self.links)
            await asyncio.sleep(0.05)
        return None

    async def refresh(self) -> None:
        """Ask every connection to be renewed, as Slack does every few hours."""
        for link in list(self.links):
            await link.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for link in list(self.links):
            transport = link.socket._req.transport if link.socket._req else None
            if transport is not None:
                transport.abort()

    def sicken(self, mood: str) -> None:
        """Make every open connection deaf or half-open; new ones are well."""
        for link in self.links:
            link.mood = mood

    async def close(self) -> None:
        """Close all connections."""
        for link in list(self.links):
            await link.socket.close(code=WSCloseCode.GOING_AWAY)
