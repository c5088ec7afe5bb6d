"""One GET of the Kubernetes API: limited, timed, tried again, its failures put into our words.

GET is the only verb here, and a request for Secrets never leaves. Bodies are bytes and are
decoded in a thread. Used by `reader`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TypeVar

import aiohttp
import msgspec
from kubernetes.aio.client import ApiClient

from tools import redact
from tools.cluster.live.limiter import Limiter
from tools.errors import AccessRefused, ClusterUnreachable, ToolsError
from tools.types import ClusterConfig

ATTEMPTS = 4
"""How often a request is sent that the server could not serve, or whose answer broke off."""
ATTEMPTS_TO_CONNECT = 3
ATTEMPTS_IN_TIME = 2
"""How often a request is sent that is not answered in time."""
BACKOFF_S = 0.2
"""Before the second attempt, doubled for each further one, where the server does not say."""
MAX_RETRY_AFTER_S = 30.0
"""The longest that a server's Retry-After is waited for."""
MAX_BODY_BYTES = 256 * 2**20

_SECRETS = re.compile(r"(?i)/apis?/[^/]+/(?:namespaces/[^/]+/)?secrets(?:/|$)")
_AGAIN = frozenset({429, 500, 502, 503, 504})
_T = TypeVar("_T")
Query = Sequence[tuple[str, str]]


class ReadFailed(ToolsError):
    """No usable answer for one path; `status` is HTTP's, 0 where no answer came whole and in time."""

    def __init__(self, public: str, status: int = 0) -> None:
        super().__init__(public)
        self.status = status


class Redirected(ValueError):
    """The server sent us elsewhere; nobody follows."""


class _Failure(Exception):
    """One attempt's failure, with what to do about it."""

    def __init__(self, error: ToolsError, attempts: int = 1, wait_s: float | None = None) -> None:
        super().__init__(error.public)
        self.error = error
        self.attempts = attempts
        self.wait_s = wait_s


class _Status(msgspec.Struct):
    """The part of a Status object that says what went wrong."""

    message: str = ""


_STATUS = msgspec.json.Decoder(_Status)


class Wire:
    """Sends GETs to one API server."""

    def __init__(
        self,
        config: ClusterConfig,
        client: ApiClient,
        limiter: Limiter,
        renew: Callable[[], Awaitable[None]],
    ) -> None:
        """Take a client of its own, which `close` closes; `renew` loads its credentials again."""
        self._config = config
        self._client = client
        self._limiter = limiter
        self._renew = renew
        self._answered = False

    async def get(self, path: str, query: Query, decode: Callable[[bytes], _T]) -> _T:
        """Ask until an answer decodes.

        Raises ReadFailed where this path cannot be read, ClusterUnreachable or AccessRefused where
        none can.
        """
        if _SECRETS.match(path):
            raise ReadFailed("Secrets are never read.", 403)
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(path, query, decode)
            except _Failure as failure:
                if isinstance(failure.error, AccessRefused) and not renewed:
                    renewed = True
                    await self._renew()
                elif attempt >= failure.attempts:
                    raise failure.error from failure.__cause__
                else:
                    await self._back_off(attempt, failure.wait_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _back_off(self, attempt: int, wait_s: float | None) -> None:
        """Wait; where the server said how long, every reader of it waits."""
        if wait_s is None:
            await asyncio.sleep(BACKOFF_S * 2 ** (attempt - 1))
        else:
            now = asyncio.get_running_loop().time()
            self._limiter.pause(now, min(wait_s, MAX_RETRY_AFTER_S))

    async def _attempt(self, path: str, query: Query, decode: Callable[[bytes], _T]) -> _T:
        await self._limiter.wait()
        try:
            async with asyncio.timeout(self._config.timeout_s):
                status, headers, body = await self._send(path, query)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(error) from error
        self._answered = True
        if status != 200:
            raise self._refused(status, headers, body)
        try:
            return await asyncio.to_thread(decode, body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            public = "the answer was cut off or is not what the API gives"
            raise _Failure(ReadFailed(public), ATTEMPTS) from error

    async def _send(self, path: str, query: Query) -> tuple[int, Mapping[str, str], bytes]:
        method, url, headers, _, _ = await self._client.param_serialize(
            "GET",
            path,
            query_params=list(query),
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        limit = aiohttp.ClientTimeout(total=self._config.timeout_s)
        answer = await self._client.call_api(method, url, headers, _request_timeout=limit)
        response: aiohttp.ClientResponse = answer.response
        body = bytearray()
        async with response:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise ValueError("too large")
        return response.status, response.headers, bytes(body)

    def _broken(self, error: Exception) -> _Failure:
        """Say what it means that no answer came."""
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            return _Failure(self._unreachable("its certificate is not trusted"))
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return _Failure(self._unreachable("its address is not known"), ATTEMPTS_TO_CONNECT)
        if isinstance(error, aiohttp.ClientConnectorError):
            why = f"no connection ({error.os_error.strerror or 'refused'})"
            return _Failure(self._unreachable(why), ATTEMPTS_TO_CONNECT)
        if isinstance(error, TimeoutError):
            why = f"no answer within {self._config.timeout_s:g} seconds"
            answered = ReadFailed(why) if self._answered else self._unreachable(why)
            return _Failure(answered, ATTEMPTS_IN_TIME)
        if isinstance(error, Redirected):
            return _Failure(ReadFailed("the server redirects elsewhere, which is not followed"))
        return _Failure(ReadFailed("the answer broke off"), ATTEMPTS)

    def _unreachable(self, why: str) -> ClusterUnreachable:
        return ClusterUnreachable(
            f"The API server of cluster {self._config.name} cannot be reached: {why}.",
            "Check that the cluster is up and that its address in the kubeconfig is right.",
        )

    def _refused(self, status: int, headers: Mapping[str, str], body: bytes) -> _Failure:
        """Say what it means that the server answered with an error."""
        if status == 401:
            public = f"Cluster {self._config.name} does not accept Oakum's credentials."
            hint = "They may have expired: sign in again, or renew the token in the kubeconfig."
            return _Failure(AccessRefused(public, hint))
        said = _said(body)
        public = f"the server answered {status}{': ' if said else ''}{said}"
        attempts = ATTEMPTS if status in _AGAIN else 1
        return _Failure(ReadFailed(public, status), attempts, retry_after(headers))


def _said(body: bytes) -> str:
    """Give the server's own sentence, redacted and short."""
    try:
        return redact.text(_STATUS.decode(body).message)[:200]
    except msgspec.MsgspecError:
        return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that the server asks to wait, by its own clock; None where it does not say."""
    value = headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
        return max(0.0, (then - parsedate_to_datetime(headers.get("Date", ""))).total_seconds())
    except (TypeError, ValueError):
        return None
