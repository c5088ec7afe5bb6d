"""Bolt's app: the middleware for events, one listener each for commands, presses and the modal.

Used by `service`; the only file that knows how Bolt is put together.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import commands, presses
from bot.slack.config import Mode
from bot.slack.desk import Desk
from bot.slack.intake import Intake
from bot.slack.proposals import decisions
from bot.slack.surface import COMMANDS
from bot.store.outbox import App
from bot.telemetry import incident

Handler = Callable[[Desk, dict[str, Any]], Awaitable[None]]


class Wiring:
    """The app, and the work that its acknowledged commands and presses started.

    The executor's own app takes presses on proposals and nothing else.
    """

    def __init__(self, desk: Desk, client: AsyncWebClient) -> None:
        self._desk = desk
        self._tasks: set[asyncio.Task[None]] = set()
        self.intake = Intake(desk)
        quiet = logging.getLogger("bot.slack.bolt")
        quiet.setLevel(logging.ERROR)
        self.app = AsyncApp(
            logger=quiet,
            name="oakum",
            client=client,
            authorize=_authorizing(desk),
            signing_secret=desk.config.signing_secret or "unused in Socket Mode",
            request_verification_enabled=desk.config.mode is Mode.HTTP,
            before_authorize=self.intake.taken,
            attaching_conversation_kwargs_enabled=False,
        )
        if desk.app is App.ASSISTANT:
            self._listen_to_questions()
        self.app.action(re.compile(r"^proposal\."))(self._listener(decisions.handle))
        self.app.view(decisions.REJECT_MODAL)(self._listener(decisions.rejected))

    def _listen_to_questions(self) -> None:
        for name in COMMANDS:
            self.app.command(name)(self._listener(commands.handle))
        self.app.action(re.compile(r"^(finding|findings|answer|thread)\."))(
            self._listener(presses.handle)
        )
        self.app.view(presses.REASON_MODAL)(self._listener(presses.submitted))

    async def close(self, seconds: float) -> None:
        """Let started work end within the time, then give it up."""
        await self.intake.close()
        if self._tasks:
            _, left = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _listener(self, handler: Handler) -> Callable[..., Awaitable[None]]:
        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            task = asyncio.ensure_future(self._guarded(handler, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return listen

    async def _guarded(self, handler: Handler, body: dict[str, Any]) -> None:
        """Run a handler; what it did not foresee is an incident that the person is told of."""
        try:
            await handler(self._desk, body)
        except Exception as error:  # noqa: BLE001
            number = incident(error)
            url = str(body.get("response_url") or "")
            if url:
                text = f"Something went wrong on our side; the log has it as {number}."
                await self._desk.outlet.respond(url, text)


def _authorizing(desk: Desk) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Say who we are without asking Slack again, and without what Bolt finds in the environment."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=desk.me.enterprise or None,
            team_id=desk.me.team,
            bot_user_id=desk.me.user,
            bot_id=desk.me.bot,
            bot_token=desk.config.bot_token,
        )

    return authorize
