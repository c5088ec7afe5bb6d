"""The one HTTP listener: /healthz, /readyz, /metrics, and Slack's route in HTTP mode.

Holds no knowledge of what it reports: checks and the route are handed in. Used by `bot.app`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.errors import BadSettings
from bot.telemetry import READY, incident, logger

Check = Callable[[], Awaitable[str]]
"""Says why a part is not ready; empty where it is."""
SlackRoute = tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]
"""Path and handler of POST requests."""
Notes = Callable[[], tuple[str, ...]]
"""Says what those who run it should know although it works."""
CHECK_S = 2.0
"""A check that takes longer counts as not ready."""
_log = logger(__name__)


async def serve(
    host: str,
    port: int,
    checks: Mapping[str, Check],
    slack_route: SlackRoute | None = None,
    notes: Notes = tuple,
) -> web.AppRunner:
    """Listen; `port` 0 takes a free one (see `runner.addresses`). End with `runner.cleanup()`.

    /readyz shows `notes` too, which make nothing unready. Raises BadSettings where that address cannot be listened on.
    """
    app = web.Application()

    async def ready(_: web.Request) -> web.Response:
        found = dict(
            zip(checks, await asyncio.gather(*map(_checked, checks.values())), strict=True)
        )
        fine = not any(found.values())
        READY.set(1 if fine else 0)
        body: dict[str, object] = {
            "ready": fine,
            "checks": {name: why or "ok" for name, why in found.items()},
        }
        if said := list(notes()):
            body["notes"] = said
        return web.json_response(body, status=200 if fine else 503)

    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", _metrics)
    if slack_route is not None:
        path, handler = slack_route
        app.router.add_post(path, handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise BadSettings(
            f"Oakum cannot listen on {host}:{port}", "Free it, or set web.host and web.port."
        ) from error
    addresses = [f"{one[0]}:{one[1]}" for one in runner.addresses]
    _log.info("listening", addresses=addresses)
    return runner


async def _checked(check: Check) -> str:
    """Run one check; one that fails or hangs is not ready."""
    try:
        return await asyncio.wait_for(check(), CHECK_S)
    except TimeoutError:
        return f"no answer within {CHECK_S:g} s"
    except Exception as error:  # noqa: BLE001
        return f"failed (incident {incident(error)})"


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
