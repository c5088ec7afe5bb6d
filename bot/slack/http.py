"""HTTP mode: the route that Slack posts to, for the one listener in `bot.web`.

The signature and its age of at most 300 s are checked here, then Bolt takes the request; a repeat
within that time is dropped by the inbox and by `seen`. Used by `service`.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.telemetry import incident, logger

PATH = "/slack/events"
"""Request URL of events, commands and interactivity in the manifest."""
BODY_MAX = 1_000_000
"""Bytes; Slack's payloads are far smaller."""

_FAILED = 500
"""What Bolt answers where something raised."""
_log = logger(__name__)

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def route(app: Callable[[], AsyncApp | None], signing_secret: str) -> Route:
    """Give the handler of POST requests; 503 until the app is there."""
    verifier = SignatureVerifier(signing_secret)

    async def take(request: web.Request) -> web.StreamResponse:
        if (request.content_length or 0) > BODY_MAX:
            return web.Response(status=413)
        if not _signed(verifier, await request.read(), request.headers):
            return web.Response(status=401)
        if (request.charset or "utf-8").lower().replace("-", "") != "utf8":
            return web.Response(status=415)
        bolt = app()
        if bolt is None:
            return web.Response(status=503)
        try:
            answer = await bolt.async_dispatch(await to_bolt_request(request))
        except Exception as error:  # noqa: BLE001
            return _refused(incident(error, where="Slack's route"))
        return (
            _refused("by Bolt") if answer.status == _FAILED else await to_aiohttp_response(answer)
        )

    return take


def _refused(why: str) -> web.Response:
    """Refuse what has not the form of Slack's payloads; Slack sends an event that is refused again."""
    _log.warning("payload not understood", why=why)
    return web.Response(status=400)


def _signed(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether Slack signed these bytes lately; nothing that can be sent makes it fail otherwise."""
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and signature.isascii()):
        return False
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(text, stamp, signature)
