"""The one way out to Slack's Web API: paced, never inside a Retry-After, never twice by accident.

Calls of one method follow one another, so that a 429 stops the next call before it is made; posts to
one channel keep to one a second. A method that the workspace does not know is not tried again. Holds no
knowledge of messages. Used by everything here that sends.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotError
from bot.slack.surface import METHODS, Method
from bot.telemetry import SLACK_SENDS

_POST_BURST = 2.0
_POSTS_PER_S = 0.95
_RETRIES_S = (0.5, 1.0, 2.0, 4.0)
_RETRY_AFTER_MAX_S = 3_600.0
_GONE = frozenset(
    {"unknown_method", "method_deprecated", "missing_scope", "not_allowed_token_type"}
)
_CHANNELS_MAX = 5_000


class SlackRefused(BotError):
    """Slack answered with an error; `error` is its word."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack refused {method}: {error}.")
        self.error = error


class SlackUnclear(BotError):
    """A post may or may not have happened: the answer was lost."""


class SlackDown(BotError):
    """Slack did not answer, tried several times."""


class SlackBusy(BotError):
    """Slack wants this method to be called later; `after_s` says when."""

    def __init__(self, after_s: float) -> None:
        super().__init__("Slack wants fewer calls just now.", "Try again in a while.")
        self.after_s = after_s


class _Bucket:
    """Tokens that refill; `turn` waits for one, first come first served."""

    def __init__(self, size: float, per_s: float, clock: Callable[[], float]) -> None:
        self._size, self._per_s, self._clock = size, per_s, clock
        self._tokens, self._at = size, clock()

    def ready(self) -> float:
        """Give the seconds until a token is there."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        return max(0.0, (1.0 - self._tokens) / self._per_s)

    async def turn(self) -> None:
        """Take a token, waiting for it."""
        wait = self.ready()
        self._tokens -= 1.0
        if wait:
            await asyncio.sleep(wait)


class Outlet:
    """Calls Slack with one token; made once per process. `clock` gives growing seconds."""

    def __init__(
        self, client: AsyncWebClient, session: aiohttp.ClientSession, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._session = session
        self._clock = clock
        self._locks = {name: asyncio.Lock() for name in METHODS}
        self._open_at: dict[str, float] = {}
        self._tiers = {name: _tier(rule, clock) for name, rule in METHODS.items()}
        self._channels: dict[str, _Bucket] = {}
        self._gone: set[str] = set()

    def offers(self, method: str) -> bool:
        """Tell whether a method is worth trying: not yet found missing here."""
        return method not in self._gone

    def busy(self, method: str) -> bool:
        """Tell whether a call would wait: for what can be left out, such as progress."""
        waits = self._open_at.get(method, 0.0) > self._clock()
        return waits or self._locks[method].locked() or self._tiers[method].ready() > 0.0

    async def call(self, method: str, **arguments: object) -> dict[str, Any]:
        """Call a method and give its answer.

        Waits out every 429 and retries lost calls, except those that post: SlackUnclear. Raises
        SlackRefused with Slack's word, SlackDown when Slack stays away.
        """
        rule = METHODS[method]
        if method in self._gone:
            raise SlackRefused(method, "unknown_method")
        lost = 0
        if rule.posts:
            await self._channel(str(arguments.get("channel") or arguments.get("channel_id"))).turn()
        while True:
            try:
                answer = await self._send(method, rule, arguments)
            except (aiohttp.ClientError, TimeoutError, _ServerError) as error:
                if rule.posts:
                    raise SlackUnclear(f"It is not known whether {method} succeeded.") from error
                if lost == len(_RETRIES_S):
                    raise SlackDown("Slack does not answer.", "Try again in a while.") from error
                await asyncio.sleep(_RETRIES_S[lost])
                lost += 1
                continue
            if answer is not None:
                return answer

    async def once(self, method: str, **arguments: object) -> dict[str, Any]:
        """Call a method once, for who can come again: no waiting for Slack, no second try.

        Raises SlackBusy where a Retry-After holds, SlackUnclear for a post whose answer was lost, and
        else what `call` raises.
        """
        rule = METHODS[method]
        if method in self._gone:
            raise SlackRefused(method, "unknown_method")
        self._refuse_busy(method)
        if rule.posts:
            await self._channel(str(arguments.get("channel") or arguments.get("channel_id"))).turn()
        try:
            answer = await self._send(method, rule, arguments, patient=False)
        except (aiohttp.ClientError, TimeoutError, _ServerError) as error:
            if rule.posts:
                raise SlackUnclear(f"It is not known whether {method} succeeded.") from error
            raise SlackDown("Slack does not answer.", "Try again in a while.") from error
        if answer is None:
            self._refuse_busy(method)
            raise SlackBusy(1.0)
        return answer

    def _refuse_busy(self, method: str) -> None:
        wait = self._open_at.get(method, 0.0) - self._clock()
        if wait > 0:
            raise SlackBusy(wait)

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to the address that Slack gave for it."""
        await self._deliver("upload", url, data=content)

    async def respond(
        self, url: str, text: str, blocks: list[dict[str, Any]] | None = None, thread: str = ""
    ) -> None:
        """Answer a command or press privately through its response_url, in a thread where one is named."""
        body: dict[str, Any] = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": text,
        }
        if blocks:
            body["blocks"] = blocks
        if thread:
            body["thread_ts"] = thread
        await self._deliver("response_url", url, json=body)

    async def _deliver(self, what: str, url: str, **body: Any) -> None:
        try:
            async with self._session.post(url, **body) as response:
                if response.status != 200:
                    raise SlackRefused(what, str(response.status))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SlackDown("Slack does not answer.", "Try again in a while.") from error

    def _channel(self, channel: str) -> _Bucket:
        if channel not in self._channels:
            if len(self._channels) >= _CHANNELS_MAX:
                self._channels.clear()
            self._channels[channel] = _Bucket(_POST_BURST, _POSTS_PER_S, self._clock)
        return self._channels[channel]

    async def _send(
        self, method: str, rule: Method, arguments: Mapping[str, object], *, patient: bool = True
    ) -> dict[str, Any] | None:
        """Make one call in its turn; None after a 429, whose waiting the next turn does."""
        async with self._locks[method]:
            await self._tiers[method].turn()
            if not patient:
                self._refuse_busy(method)
            wait = self._open_at.get(method, 0.0) - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                return await self._transmit(method, rule, arguments)
            except SlackApiError as error:
                return self._explain(method, rule, error)

    async def _transmit(
        self, method: str, rule: Method, arguments: Mapping[str, object]
    ) -> dict[str, Any]:
        present = {key: value for key, value in arguments.items() if value is not None}
        if rule.reads:
            response = await self._client.api_call(method, http_verb="GET", params=present)
        else:
            response = await self._client.api_call(method, json=present)
            SLACK_SENDS.labels(result="sent").inc()
        return cast("dict[str, Any]", response.data)

    def _explain(self, method: str, rule: Method, error: SlackApiError) -> None:
        """Note a 429 and return; raise for all else."""
        response: Any = error.response
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
        if status == 429:
            after = _seconds(response.headers)
            self._open_at[method] = self._clock() + min(after, _RETRY_AFTER_MAX_S)
            if not rule.reads:
                SLACK_SENDS.labels(result="limited").inc()
            return
        if not rule.reads:
            SLACK_SENDS.labels(result="failed").inc()
        data: object = getattr(response, "data", None)
        word = (
            str(cast("dict[str, object]", data).get("error", "")) if isinstance(data, dict) else ""
        )
        if not word or status >= 500:
            raise _ServerError from error
        if word in _GONE:
            self._gone.add(method)
        raise SlackRefused(method, word) from error


class _ServerError(Exception):
    """An answer that is not Slack's: a 5xx, or a page of a proxy."""


def _tier(rule: Method, clock: Callable[[], float]) -> _Bucket:
    """Allow two fifths of a minute's calls at once, the rest spread: within any minute's grant."""
    return _Bucket(rule.per_minute * 0.4, rule.per_minute * 0.6 / 60.0, clock)


def _seconds(headers: Mapping[str, str]) -> float:
    for key, value in headers.items():
        if key.lower() == "retry-after":
            try:
                return float(value) + 0.1
            except ValueError:
                return 5.0
    return 5.0
