"""The Slack side as one thing: start, drain, stop, and whether it is connected.

It comes up without waiting for Slack: while Slack is away it keeps trying, and says why it is not
ready. Used by `bot.app`.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.accounts import Account, Actor
from bot.approval import standing
from bot.approval.policy.people import LOCAL_TEAM
from bot.approval.policy.rules import Policy, PolicyNow
from bot.errors import BadSettings, BotError
from bot.slack import http
from bot.slack.config import Mode, SlackConfig
from bot.slack.desk import Desk
from bot.slack.files import take_back
from bot.slack.identity import PRESSER_KEPT_S, Identity, Self
from bot.slack.link import Link
from bot.slack.outlet import Outlet, SlackRefused
from bot.slack.proposals.delivery import Delivery
from bot.slack.proposals.heads import keep_noting
from bot.slack.stopping import stopped
from bot.slack.wiring import Wiring
from bot.slack.worker import Worker
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.telemetry import incident, logger
from bot.types import AnswerQuestion

_CALL_S = 20.0
_RETRY_S = 2.0
_TAKE_BACK_S = 900.0
"""Files whose time is over are looked for so often."""
_KEY_REFUSED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked"})
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Approvals:
    """What is decided and shown of changes in this process."""

    policy: PolicyNow
    app: App
    """The Slack app whose cards are shown here."""
    key: LedgerKey | None = None
    """Of the ledger, where the executor takes the presses itself."""


class SlackService:
    """Slack for one workspace. `answer` gives None until the answering part is loaded.

    Without `approvals` nothing can be proposed or decided here; as the executor's own app (App.APPROVALS)
    it shows cards and takes presses on them, and answers no questions.
    """

    def __init__(
        self,
        config: SlackConfig,
        db: Database,
        answer: Callable[[], AnswerQuestion | None],
        now: Callable[[], datetime],
        approvals: Approvals | None = None,
    ) -> None:
        refuse_incomplete(config)
        self._approvals = approvals
        self._config = config
        self._db = db
        self._answer = answer
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._wiring: Wiring | None = None
        self._worker: Worker | None = None
        self._delivery: Delivery | None = None
        self._desk: Desk | None = None
        self._link: Link | None = None
        self._start: asyncio.Task[None] | None = None
        self._cleaning: asyncio.Task[None] | None = None
        self._noting: asyncio.Task[None] | None = None
        self._why = "Slack was not asked yet"

    @property
    def connected(self) -> bool:
        """True while events can reach us."""
        return not self.trouble()

    def trouble(self) -> str:
        """Say why events do not reach us; empty where they do."""
        if self._wiring is None:
            return self._why
        if self._link is not None and not self._link.connected:
            return "no connection to Slack"
        return ""

    async def ready(self) -> str:
        """Give `trouble`, as one of the checks of /readyz."""
        return self.trouble()

    async def actor(self, account: Account) -> Actor:
        """Give what Slack vouches for about an account now; nothing is known while Slack is away."""
        desk = self._desk
        if desk is None or account.team == LOCAL_TEAM:
            return standing.unknown(account)
        found = await desk.identity.actor(account.id, PRESSER_KEPT_S)
        return found if found.account == account else standing.unknown(account)

    def route(self) -> tuple[str, http.Route] | None:
        """Give path and handler for the listener in HTTP mode, None in Socket Mode."""
        if self._config.mode is not Mode.HTTP:
            return None
        secret = self._config.signing_secret
        return http.PATH, http.route(lambda: self._wiring.app if self._wiring else None, secret)

    async def start(self) -> None:
        """Begin; returns at once."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_S))
        self._start = asyncio.create_task(self._come_up(self._session))

    async def drain(self, seconds: float) -> int:
        """Take nothing new, let what runs end within the time; gives how many were given back."""
        await self._stop_starting()
        if self._link is not None:
            await self._link.stop()
        delivering = self._delivery.drain(seconds) if self._delivery else _nothing()
        working = self._worker.drain(seconds) if self._worker else _nothing()
        _, left = await asyncio.gather(delivering, working)
        return left or 0

    async def stop(self) -> None:
        """Close everything; what still runs is given back to the inbox."""
        await self.drain(0.1)
        if self._wiring is not None:
            await self._wiring.close(2.0)
            self._wiring = None
        if self._session is not None:
            await self._session.close()

    async def _stop_starting(self) -> None:
        await stopped(self._start, self._cleaning, self._noting)
        self._start = self._cleaning = self._noting = None

    async def _come_up(self, session: aiohttp.ClientSession) -> None:
        """Learn who we are, then connect; again until Slack answers."""
        outlet = Outlet(
            _client(self._config, self._config.bot_token, session, []), session, time.monotonic
        )
        while True:
            try:
                me = await _who(outlet)
                break
            except SlackRefused as error:
                wrong = error.error in _KEY_REFUSED
                self._why = "Slack refuses the bot token" if wrong else error.public
                _log.error("Slack refuses us", why=error.error)
            except BotError as error:
                if self._why != error.public:
                    _log.warning("Slack not reached", why=error.public)
                self._why = error.public
            await asyncio.sleep(_RETRY_S)
        try:
            self._open(me, outlet, session)
        except Exception as error:  # noqa: BLE001
            self._why = f"Slack could not be started (incident {incident(error)})"

    def _open(self, me: Self, outlet: Outlet, session: aiohttp.ClientSession) -> None:
        config = self._config
        desk = Desk(
            config=config,
            outlet=outlet,
            db=self._db,
            me=me,
            identity=Identity(config, outlet, me, time.monotonic),
            answer=self._answer,
            now=self._now,
            new_id=lambda: str(uuid.uuid4()),
            worker=f"slack-{uuid.uuid4()}",
            policy=self._approvals.policy if self._approvals else _no_policy,
            key=self._approvals.key if self._approvals else None,
            app=self._approvals.app if self._approvals else App.ASSISTANT,
        )
        self._desk = desk
        retry: list[AsyncRetryHandler] = [
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        ]
        self._wiring = Wiring(desk, _client(config, config.bot_token, session, retry))
        if desk.app is App.ASSISTANT:
            self._worker = Worker(desk)
            self._worker.start()
        if self._approvals is not None:
            self._delivery = Delivery(desk, desk.app)
            self._delivery.start()
            if config.ledger_channel:
                self._noting = asyncio.create_task(keep_noting(desk))
        self._cleaning = asyncio.create_task(_clean(desk))
        if config.mode is Mode.SOCKET:
            client = _client(config, config.app_token, session, retry)
            self._link = Link(self._wiring.app, config.app_token, client)
            self._link.start()


async def _nothing() -> int:
    return 0


def _no_policy() -> Policy | None:
    return None


def _client(
    config: SlackConfig, token: str, session: aiohttp.ClientSession, retry: list[AsyncRetryHandler]
) -> AsyncWebClient:
    return AsyncWebClient(
        token=token,
        base_url=config.base_url,
        session=session,
        retry_handlers=retry,
    )


async def _clean(desk: Desk) -> None:
    """Take files back, for as long as the service runs."""
    while True:
        await asyncio.sleep(_TAKE_BACK_S)
        try:
            await take_back(desk)
        except BotError as error:
            _log.warning("files not taken back", why=error.public)


async def _who(outlet: Outlet) -> Self:
    answer = await outlet.call("auth.test")
    return Self(
        user=str(answer.get("user_id", "")),
        bot=str(answer.get("bot_id", "")),
        team=str(answer.get("team_id", "")),
        enterprise=str(answer.get("enterprise_id") or ""),
    )


def refuse_incomplete(config: SlackConfig) -> None:
    """Refuse a configuration that cannot work; raises BadSettings."""
    if not config.bot_token:
        raise BadSettings("Slack needs a bot token", "Set SLACK_BOT_TOKEN.")
    if config.mode is Mode.SOCKET and not config.app_token:
        raise BadSettings("Socket Mode needs an app-level token", "Set SLACK_APP_TOKEN.")
    if config.mode is Mode.HTTP and not config.signing_secret.strip():
        raise BadSettings("HTTP mode needs the signing secret", "Set SLACK_SIGNING_SECRET.")
