"""What the workspace holds: people, conversations, messages, files, and the record of all calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TEAM = "T0TEAM"
BOT_USER = "U0OAKUM"
BOT_ID = "B0OAKUM"
APP_ID = "A0OAKUM"
BOT_TOKEN = "xoxb-fake-bot"
APP_TOKEN = "xapp-fake-app"
SIGNING_SECRET = "fake-signing-secret"


@dataclass
class Message:
    """One message as a channel shows it."""

    channel: str
    ts: str
    user: str
    text: str
    thread: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    bot: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    """Every text it has shown, oldest first."""
    streaming_since: float | None = None
    streamed: bool = False
    ephemeral_for: str = ""
    reactions: list[str] = field(default_factory=list)
    deleted: bool = False
    raw: dict[str, Any] = field(default_factory=dict)
    """The last arguments that made it."""

    def api(self) -> dict[str, Any]:
        """Give the message as conversations.replies does."""
        found: dict[str, Any] = {
            "type": "message",
            "user": self.user,
            "text": self.text,
            "ts": self.ts,
        }
        if self.thread:
            found["thread_ts"] = self.thread
        if self.bot:
            found |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.blocks:
            found["blocks"] = self.blocks
        if self.metadata:
            found["metadata"] = self.metadata
        if self.files:
            found["files"] = [{"id": one, "name": one} for one in self.files]
        return found


@dataclass
class Call:
    """One Web API call: what was asked, when, and what came back."""

    method: str
    args: dict[str, Any]
    at: float
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class File:
    """One upload; `content` is set once its bytes came, `channel` once completed."""

    id: str
    name: str
    length: int
    content: bytes = b""
    channel: str = ""
    thread: str = ""
    title: str = ""


@dataclass
class Workspace:
    """Everything that is kept. `first` user and channel ids are free to choose."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    ephemeral: list[Message] = field(default_factory=list)
    """Seen by one person only; response_url answers are here too, with ts empty."""
    files: dict[str, File] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: list[tuple[str, str, str, float]] = field(default_factory=list)
    """channel, thread, status, at."""
    titles: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    counter: int = 0

    def next_ts(self) -> str:
        """Give a fresh message ts, growing."""
        self.counter += 1
        return f"1790000000.{self.counter:06d}"

    def message(self, channel: str, ts: str) -> Message | None:
        """Find one message that is still there."""
        for one in self.messages:
            if one.channel == channel and one.ts == ts and not one.deleted:
                return one
        return None

    def in_thread(self, channel: str, thread: str) -> list[Message]:
        """List a thread, its first message included."""
        return [
            one
            for one in self.messages
            if one.channel == channel and thread in {one.ts, one.thread} and not one.deleted
        ]
