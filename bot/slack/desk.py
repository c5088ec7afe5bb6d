"""What every part here is given: configuration, the way out, the store, who we are, the clock.

Holds data and two small acts that all parts share; made once by `service`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.approval.policy.rules import PolicyNow
from bot.errors import BotError
from bot.slack.config import SlackConfig
from bot.slack.identity import Identity, Self
from bot.slack.outlet import Outlet
from bot.slack.render import Rendered, said
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.telemetry import logger
from bot.types import AnswerQuestion

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """One per process."""

    config: SlackConfig
    outlet: Outlet
    db: Database
    me: Self
    identity: Identity
    answer: Callable[[], AnswerQuestion | None]
    """None until loaded: questions wait in the inbox."""
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    worker: str
    """Names this process's leases; unique for as long as it lives."""
    policy: PolicyNow
    """None: nothing can be proposed or decided here."""
    key: LedgerKey | None
    """Of the ledger, where the executor takes the presses itself."""
    app: App = App.ASSISTANT
    """Which of Oakum's Slack apps this is: its cards are shown here."""
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a row was put into the inbox."""
    outbox_bell: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a press may have put a row into the outbox."""
    panes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Channel and thread of assistant panes opened lately, for titles."""

    @property
    def changes(self) -> bool:
        """Tell whether changes can be proposed here."""
        return self.policy() is not None

    async def whisper(self, channel: str, thread: str, person: str, text: str) -> None:
        """Tell one person something in a thread, seen by nobody else; best effort."""
        await self.show(channel, thread, person, said(text, self.config.link_hosts))

    async def show(self, channel: str, thread: str, person: str, shown: Rendered) -> None:
        """Show one person a message in a thread; a failure is logged."""
        try:
            await self.outlet.call(
                "chat.postEphemeral",
                channel=channel,
                user=person,
                thread_ts=thread or None,
                text=shown.text,
                blocks=list(shown.blocks) or None,
            )
        except BotError as error:
            _log.warning("private message not sent", channel=channel, reason=error.public)


def sentence(error: BotError) -> str:
    """Give an error's public sentence and its next step as one text."""
    public = error.public if error.public.endswith((".", "!", "?")) else f"{error.public}."
    return f"{public} {error.hint}".strip()
