"""The Socket Mode connection, watched: a connection that is dead, deaf or silent is replaced.

Bolt's handler reconnects by itself when told to; what it does not notice is seen here: no pong, a
closed socket that stays closed, and a connection that has brought nothing for five minutes, which is
renewed because it may be one that Slack no longer uses. Used by `service`.
"""

import asyncio
import contextlib
import logging
import time

import aiohttp
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.stopping import stopped
from bot.telemetry import logger

PING_S = 3.0
"""Our ping; the pong must come within twice that."""
SILENT_S = 9.0
"""Without a pong or a message for so long, the connection is dead."""
IDLE_S = 300.0
"""Without a message for so long, it is renewed."""
_LOOK_S = 0.5
_CONNECT_S = 8.0
_PAUSES_S = (0.2, 1.0, 2.0, 4.0)
_log = logger(__name__)


class Link:
    """Keeps one connection for an app; `client` holds the app-level token."""

    def __init__(self, app: AsyncApp, app_token: str, client: AsyncWebClient) -> None:
        self._app = app
        self._token = app_token
        self._client = client
        self._handler: AsyncSocketModeHandler | None = None
        self._heard = 0.0
        self._opened = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """True while a connection is open and gave a sign of life lately."""
        session = self._handler.client.current_session if self._handler else None
        return session is not None and not session.closed and not self._silent()

    def start(self) -> None:
        """Begin to keep a connection."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close the connection and keep none."""
        await stopped(self._task)
        self._task = None
        await self._close()

    async def _keep(self) -> None:
        failures = 0
        while True:
            if await self._open():
                failures = 0
                _log.info("connected to Slack")
                why = await self._watch()
                _log.info("Slack connection replaced", why=why)
            else:
                await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
                failures += 1
            await self._close()

    async def _open(self) -> bool:
        handler = AsyncSocketModeHandler(
            self._app,
            self._token,
            logger=logging.getLogger("bot.slack.socket"),
            web_client=self._client,
            ping_interval=PING_S,
        )
        handler.client.on_message_listeners.append(self._hear)
        self._handler = handler
        self._heard = self._opened = time.monotonic()
        try:
            handler.client.wss_uri = await asyncio.wait_for(
                handler.client.issue_new_wss_url(), _CONNECT_S
            )
            await asyncio.wait_for(handler.connect_async(), _CONNECT_S)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001
            _log.warning("Slack not reached", why=type(error).__name__)
            return False
        return True

    async def _watch(self) -> str:
        """Return, with the reason, when the connection must be replaced."""
        closed_since: float | None = None
        while True:
            await asyncio.sleep(_LOOK_S)
            assert self._handler is not None
            now = time.monotonic()
            session = self._handler.client.current_session
            if session is None or session.closed:
                closed_since = closed_since or now
                if now - closed_since > 2.0:
                    return "closed"
                continue
            closed_since = None
            if self._silent():
                return "silent"
            if now - max(self._heard, self._opened) > IDLE_S:
                return "idle"

    def _silent(self) -> bool:
        """Tell whether neither a pong nor a message came for too long."""
        if self._handler is None:
            return True
        pong = self._handler.client.last_ping_pong_time
        since_pong = time.time() - pong if pong else time.monotonic() - self._opened
        return min(since_pong, time.monotonic() - self._heard) > SILENT_S

    async def _hear(self, message: WSMessage) -> None:
        del message
        self._heard = time.monotonic()

    async def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        client = handler.client
        client.closed = True
        client.auto_reconnect_enabled = False
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        for task in tasks:
            if task is not None:
                task.cancel()
        with contextlib.suppress(asyncio.TimeoutError, aiohttp.ClientError, ConnectionError):
            if client.current_session is not None:
                await asyncio.wait_for(client.current_session.close(), 1.0)
        await client.aiohttp_client_session.close()
        await stopped(*tasks)
