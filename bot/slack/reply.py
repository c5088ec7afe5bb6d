"""The life of one answer in Slack: a sign at once, progress, text as it comes, the final message.

Three ways, chosen by what the workspace offers: a status line until there is text and then a stream;
edits of one message; and edits again when a stream dies (Slack ends it after about five minutes). The
message's ts goes to the store as soon as it is known, so that a question that runs again edits the same
message. Used by the worker.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.errors import BotError
from bot.slack.config import Profile
from bot.slack.desk import Desk
from bot.slack.files import upload
from bot.slack.inert import inert
from bot.slack.marks import Target, file_names, find_reply, mark
from bot.slack.mrkdwn import units
from bot.slack.outlet import SlackRefused, SlackUnclear
from bot.slack.render import TEXT_ROOM, Rendered, bare, partial, render
from bot.slack.tables import Attachment
from bot.telemetry import logger
from bot.types import Answer, Progress, ThreadKey

BEAT_S = 8.0
"""The longest silence while an answer is made; people lose attention after ten seconds."""
_PAUSE_S = 1.0
"""Least time between two showings, so that changes are gathered."""
_GRACE_S = 0.5
"""An answer that is there by then needs no placeholder and no stream: it is posted as it is."""
_FIRST = "Looking"
_UNDRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})

_log = logger(__name__)


class Reply:
    """One answer's message. `keep_ts` stores its ts; `ts` is that of an interrupted attempt."""

    def __init__(
        self, desk: Desk, target: Target, ts: str, keep_ts: Callable[[str], Awaitable[object]]
    ) -> None:
        self.ts = ts
        self._desk = desk
        self._out = desk.outlet
        self._to = target
        self._keep_ts = keep_ts
        self._modern = desk.config.profile is Profile.MODERN
        self._streaming = self._modern and bool(ts)
        """The stream of an interrupted attempt may still be open."""
        self._status = False
        self._resumed = bool(ts)
        self._note = _FIRST
        self._paragraphs: list[str] = []
        self._sent = 0
        """Paragraphs that the stream holds."""
        self._started = time.monotonic()
        self._files: tuple[Attachment, ...] = ()
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Give the first sign, then keep showing until `end`."""
        if self.ts:
            await self._leave_stream()
            self._note = "Interrupted; looking again"
        elif self._modern and self._out.offers("assistant.threads.setStatus"):
            self._status = await self._set_status("is looking…")
        self._task = asyncio.create_task(self._keep_showing())

    async def report(self, progress: Progress) -> None:
        """Take a step, a note or a paragraph; it is shown within a second."""
        if progress.kind == "text":
            self._paragraphs.append(progress.text)
        else:
            self._note = progress.text
        self._changed.set()

    async def end(self, answer: Answer) -> str:
        """Show the final message; gives its ts. `attach` puts its files beside it."""
        await self.stop()
        prefix = f"oakum-{self._to.question[:8]}"
        hosts = self._desk.config.link_hosts
        await self._leave_stream()
        rendered = render(
            answer, self._desk.config.profile, hosts, prefix, fixes=self._desk.changes
        )
        try:
            await self._put(rendered)
        except SlackRefused as error:
            if error.error not in _UNDRAWN:
                raise
            rendered = await self._degraded(answer, prefix)
        if self._status:
            await self._set_status("")
        self._files = rendered.files
        return self.ts

    async def stop(self) -> None:
        """Stop showing progress, once the showing under way has ended: a post is never cut short."""
        self._closing.set()
        self._changed.set()
        if self._task is not None:
            await self._task
            self._task = None

    def abandon(self) -> None:
        """Stop at once, saying nothing more: the question is no longer ours."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _degraded(self, answer: Answer, prefix: str) -> Rendered:
        """Show the answer in older blocks, and as text alone where those are refused too."""
        hosts = self._desk.config.link_hosts
        rendered = render(answer, Profile.CLASSIC, hosts, prefix, fixes=self._desk.changes)
        _log.warning("blocks refused, shown in older ones", question=self._to.question)
        try:
            await self._put(rendered)
        except SlackRefused as error:
            if error.error not in _UNDRAWN:
                raise
            rendered = bare(rendered, answer, hosts)
            await self._put(rendered)
        return rendered

    async def _keep_showing(self) -> None:
        """Show every change, and that time passes; a second at least lies between two showings."""
        await self._pause(_GRACE_S)
        if not self._status:
            self._changed.set()
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), BEAT_S)
            self._changed.clear()
            if self._closing.is_set():
                return
            try:
                await self._show()
            except BotError as error:
                _log.warning("progress not shown", question=self._to.question, why=error.public)
            await self._pause(_PAUSE_S)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when the answer is there."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _show(self) -> None:
        if self._streaming:
            await self._append()
        elif self._quiet() and not (self._paragraphs and await self._start_stream()):
            if self._closing.is_set():
                return
            self._status = self._status and await self._set_status(self._waiting())
        if not self._streaming and not self._quiet():
            await self._edit()

    def _quiet(self) -> bool:
        """Tell whether the status line alone shows that we work: no message is there yet."""
        return self._status and not self.ts

    def _waiting(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{self._note} ({seconds} s)" if seconds >= 2 else f"{self._note}…"

    async def _edit(self) -> None:
        """Show the state by one message, posted once and then edited."""
        if self.ts and self._out.busy("chat.update"):
            return
        text = "\n\n".join(self._paragraphs)
        profile = self._desk.config.profile
        shown = partial(text, self._waiting(), profile, self._desk.config.link_hosts)
        try:
            await self._put(shown)
        except SlackRefused as error:
            if error.error not in _UNDRAWN:
                raise
            await self._put(Rendered(shown.text, ()))

    async def _put(self, shown: Rendered) -> None:
        """Make our message show this, posting it if there is none yet."""
        content: dict[str, Any] = {"text": shown.text, "blocks": list(shown.blocks)}
        content["metadata"] = mark(self._to.question)
        if not self.ts:
            await self._post(content)
            return
        try:
            await self._out.call("chat.update", channel=self._to.channel, ts=self.ts, **content)
        except SlackRefused as error:
            if error.error != "message_not_found":
                raise
            await self._post(content)

    async def _post(self, content: dict[str, Any]) -> None:
        for attempt in range(4):
            try:
                answer = await self._out.call(
                    "chat.postMessage",
                    channel=self._to.channel,
                    thread_ts=self._to.thread,
                    unfurl_links=False,
                    unfurl_media=False,
                    **content,
                )
            except SlackUnclear:
                if attempt == 3:
                    raise
                await asyncio.sleep(_PAUSE_S)
                found = await find_reply(self._desk, self._to)
                if not found:
                    continue
                await self._remember(found)
                await self._out.call("chat.update", channel=self._to.channel, ts=found, **content)
                return
            await self._remember(str(answer["ts"]))
            return

    async def _remember(self, ts: str) -> None:
        self.ts = ts
        await self._keep_ts(ts)

    async def _set_status(self, status: str) -> bool:
        """Set the thread's status line; False where it cannot be."""
        try:
            await self._out.call(
                "assistant.threads.setStatus",
                channel_id=self._to.channel,
                thread_ts=self._to.thread,
                status=inert(status, frozenset())[:150],
            )
        except BotError:
            return False
        return True

    async def _start_stream(self) -> bool:
        """Begin a stream with the paragraphs so far; False where there is none to be had now."""
        await self._pause(_GRACE_S)
        needed = ("chat.startStream", "chat.stopStream")
        if not all(map(self._out.offers, needed)):
            self._status = False
            return False
        if self._closing.is_set() or any(map(self._out.busy, needed)):
            return False
        text, count = self._unsent()
        if not text:
            return False
        direct = self._to.channel.startswith("D")
        try:
            answer = await self._out.call(
                "chat.startStream",
                channel=self._to.channel,
                thread_ts=self._to.thread,
                recipient_user_id=None if direct else self._to.person,
                recipient_team_id=None if direct else self._to.team,
                markdown_text=text,
            )
        except SlackUnclear:
            await asyncio.sleep(_PAUSE_S)
            ts = await find_reply(self._desk, self._to)
        except BotError:
            ts = ""
        else:
            ts = str(answer["ts"])
        if not ts:
            self._status = False
            return False
        self._streaming, self._sent = True, count
        await self._remember(ts)
        return True

    async def _append(self) -> None:
        text, count = self._unsent()
        if not text:
            if self._status:
                self._status = await self._set_status(self._waiting())
            return
        try:
            await self._out.call(
                "chat.appendStream",
                channel=self._to.channel,
                ts=self.ts,
                markdown_text=f"\n\n{text}",
            )
        except BotError:
            await self._leave_stream()
            return
        self._sent = count

    def _unsent(self) -> tuple[str, int]:
        """Give the paragraphs that the stream does not hold yet, within what it may hold in all."""
        hosts = self._desk.config.link_hosts
        room = TEXT_ROOM - sum(units(one) for one in self._paragraphs[: self._sent])
        taken: list[str] = []
        for paragraph in self._paragraphs[self._sent :]:
            shown = inert(paragraph, hosts)
            room -= units(shown) + 2
            if room < 0:
                break
            taken.append(shown)
        return "\n\n".join(taken), self._sent + len(taken)

    async def _leave_stream(self) -> None:
        """End the stream if there may be one; what follows are edits of the same message."""
        if self._streaming and self._out.offers("chat.stopStream"):
            try:
                await self._out.call("chat.stopStream", channel=self._to.channel, ts=self.ts)
            except BotError as error:
                _log.debug("stream was over", question=self._to.question, why=error.public)
        self._streaming = False

    async def attach(self) -> None:
        """Put the answer's files into the thread; what Slack does not take is told the asker."""
        key = ThreadKey(self._to.team, self._to.channel, self._to.thread)
        there = await file_names(self._desk, self._to) if self._files and self._resumed else ()
        for one in self._files:
            if one.name in there:
                continue
            try:
                await upload(self._desk, key, one)
            except BotError as error:
                _log.warning("file not attached", name=one.name, why=error.public)
                await self._desk.whisper(
                    self._to.channel,
                    self._to.thread,
                    self._to.person,
                    f"{one.name} could not be attached: {error.public}",
                )
