"""What people in the workspace do: write, mention, press, type commands, open the pane."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.fakes.slack.state import (
    APP_ID,
    BOT_USER,
    SIGNING_SECRET,
    TEAM,
    Message,
)

if TYPE_CHECKING:
    from tests.fakes.slack.server import FakeSlack

Delivered = Any
"""A `sockets.Delivery` in Socket Mode, an HTTP status in HTTP mode."""


class People:
    """Each act changes the workspace, then delivers what Slack would deliver, in the background."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.response_urls: dict[str, tuple[str, str]] = {}
        self.tasks: set[asyncio.Task[Delivered]] = set()
        self._triggers = 0

    async def stop(self) -> None:
        """Give up all deliveries under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def delivered(self) -> None:
        """Wait until every delivery has ended."""
        while self.tasks:
            await asyncio.gather(*list(self.tasks), return_exceptions=True)
            await asyncio.sleep(0)

    def mention(
        self, channel: str, user: str, text: str, thread: str = "", twin: bool = True
    ) -> str:
        """Write `@oakum text`: an app_mention and, as in Slack, a message event too. Gives the ts."""
        full = f"<@{BOT_USER}> {text}"
        message = self._write(channel, user, full, thread)
        self.event(self._event("app_mention", message))
        if twin:
            self.event(self._event("message", message))
        return message.ts

    def say(self, channel: str, user: str, text: str, thread: str = "", **extra: Any) -> str:
        """Write in a channel without a mention; extra keys go into the event."""
        message = self._write(channel, user, text, thread)
        self.event(self._event("message", message) | extra)
        return message.ts

    def direct(self, user: str, text: str, thread: str = "", **extra: Any) -> str:
        """Write to the bot directly. Gives the ts; the channel is `D` + user."""
        channel = self.direct_channel(user)
        message = self._write(channel, user, text, thread)
        self.event(self._event("message", message) | extra)
        return message.ts

    def direct_channel(self, user: str) -> str:
        """Give the direct conversation of a person with the bot."""
        channel = f"D{user}"
        self.slack.space.channels.setdefault(
            channel,
            {
                "id": channel,
                "name": channel,
                "is_im": True,
                "is_private": True,
                "members": {user, BOT_USER},
            },
        )
        return channel

    def open_pane(self, user: str) -> str:
        """Open the assistant pane: a new thread in the direct conversation. Gives its thread ts."""
        channel = self.direct_channel(user)
        root = Message(channel, self.slack.space.next_ts(), BOT_USER, "New chat", bot=True)
        self.slack.space.messages.append(root)
        thread = {"user_id": user, "channel_id": channel, "thread_ts": root.ts, "context": {}}
        self.event(
            {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": root.ts}
        )
        return root.ts

    def command(
        self, channel: str, user: str, text: str, name: str = "/oakum"
    ) -> asyncio.Task[Delivered]:
        """Type a slash command."""
        payload = {
            "command": name,
            "text": text,
            "team_id": TEAM,
            "channel_id": channel,
            "channel_name": "directmessage" if channel.startswith("D") else channel.lower(),
            "user_id": user,
            "user_name": user.lower(),
            "api_app_id": APP_ID,
            "trigger_id": self._trigger(),
            "response_url": self._response_url(user, channel),
        }
        return self._send("slash_commands", payload)

    def press(
        self, user: str, message: Message, action_id: str, value: str = ""
    ) -> asyncio.Task[Delivered]:
        """Press a button of a message; its own value unless one is given (feedback buttons)."""
        element = _element(message, action_id)
        action = {
            "action_id": action_id,
            "block_id": element["block_id"],
            "type": element["type"],
            "value": value or element.get("value", ""),
            "action_ts": str(time.time()),
        }
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "api_app_id": APP_ID,
            "trigger_id": self._trigger(),
            "channel": {"id": message.channel},
            "message": message.api(),
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "thread_ts": message.thread or message.ts,
                "is_ephemeral": bool(message.ephemeral_for),
            },
            "response_url": self._response_url(user, message.channel),
            "actions": [action],
        }
        return self._send("interactive", payload)

    def submit(
        self, user: str, view_id: str, values: dict[str, dict[str, Any]]
    ) -> asyncio.Task[Delivered]:
        """Send a modal; values as {block_id: {action_id: {"value": ...}}}."""
        view = self.slack.space.views[view_id]
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "api_app_id": APP_ID,
            "trigger_id": self._trigger(),
            "view": view | {"id": view_id, "state": {"values": values}},
        }
        return self._send("interactive", payload)

    def event(self, event: dict[str, Any], event_id: str = "") -> asyncio.Task[Delivered]:
        """Deliver any event, wrapped as Slack wraps it."""
        payload = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP_ID,
            "event_id": event_id or f"Ev{uuid.uuid4().hex[:12]}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
            "event": event,
        }
        return self._send("events_api", payload)

    def _write(self, channel: str, user: str, text: str, thread: str) -> Message:
        message = Message(channel, self.slack.space.next_ts(), user, text, thread)
        self.slack.space.messages.append(message)
        return message

    def _event(self, kind: str, message: Message) -> dict[str, Any]:
        event: dict[str, Any] = {
            "type": kind,
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": message.channel,
            "event_ts": message.ts,
            "team": self.slack.space.users.get(message.user, {}).get("team_id", TEAM),
        }
        if message.thread:
            event["thread_ts"] = message.thread
        if kind == "message":
            held = self.slack.space.channels[message.channel]
            event["channel_type"] = "im" if held.get("is_im") else "channel"
        return event

    def _trigger(self) -> str:
        self._triggers += 1
        return f"trigger.{self._triggers}.{uuid.uuid4().hex[:8]}"

    def _response_url(self, user: str, channel: str) -> str:
        token = uuid.uuid4().hex
        self.response_urls[token] = (user, channel)
        return f"{self.slack.root}respond/{token}"

    def _send(self, kind: str, payload: dict[str, Any]) -> asyncio.Task[Delivered]:
        sending = (
            self._post(kind, payload)
            if self.slack.request_url
            else self.slack.sockets.deliver(kind, payload)
        )
        task: asyncio.Task[Delivered] = asyncio.ensure_future(sending)  # type: ignore[arg-type]
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _post(self, kind: str, payload: dict[str, Any]) -> int:
        body, content_type = encode(kind, payload)
        headers = sign(body, int(time.time())) | {"Content-Type": content_type}
        status = 0
        for attempt in range(1 + len(self.slack.faults.retry_after_s)):
            if attempt:
                await asyncio.sleep(self.slack.faults.retry_after_s[attempt - 1])
                headers["X-Slack-Retry-Num"] = str(attempt)
            assert self.slack.session is not None
            async with self.slack.session.post(
                self.slack.request_url, data=body, headers=headers
            ) as reply:
                status = reply.status
                await reply.read()
            if status == 200:
                return status
        return status


def encode(kind: str, payload: dict[str, Any]) -> tuple[str, str]:
    """Give body and content type as Slack's HTTP mode sends them."""
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = {"payload": json.dumps(payload)} if kind == "interactive" else payload
    return urlencode(fields), "application/x-www-form-urlencoded"


def sign(body: str, at: int) -> dict[str, str]:
    """Give Slack's signature headers."""
    digest = hmac.new(
        SIGNING_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256
    ).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


def _element(message: Message, action_id: str) -> dict[str, Any]:
    for position, block in enumerate(message.blocks):
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if isinstance(element, dict) and element.get("action_id") == action_id:
                return element | {"block_id": block.get("block_id", f"b{position}")}
    raise AssertionError(f"no {action_id} on this message")
