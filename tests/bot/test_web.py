"""The listener says whether the process lives, is ready and why not, and its metrics."""

import asyncio
import json

import aiohttp
import pytest

from bot.errors import BadSettings
from bot.web import serve


async def fine() -> str:
    return ""


async def down() -> str:
    return "the database does not answer"


async def broken() -> str:
    raise RuntimeError("secret detail")


async def hangs() -> str:
    await asyncio.sleep(60)
    return ""


async def get(checks, path):
    runner = await serve("127.0.0.1", 0, checks)
    try:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        async with aiohttp.ClientSession() as session, session.get(address) as reply:
            return reply.status, await reply.text()
    finally:
        await runner.cleanup()


async def test_alive_and_ready():
    assert await get({"store": fine}, "/healthz") == (200, "ok\n")
    assert await get({"store": down}, "/healthz") == (200, "ok\n")
    status, text = await get({"store": fine, "slack": fine}, "/readyz")
    assert (status, json.loads(text)) == (
        200,
        {"ready": True, "checks": {"store": "ok", "slack": "ok"}},
    )


async def test_what_is_not_ready_is_named_with_its_reason():
    status, text = await get({"store": down, "slack": fine, "model": broken}, "/readyz")

    checks = json.loads(text)["checks"]
    assert status == 503
    assert checks["store"] == "the database does not answer"
    assert checks["slack"] == "ok"
    assert checks["model"].startswith("failed (incident ok-")
    assert "secret detail" not in text


@pytest.mark.slow
async def test_a_check_that_hangs_does_not_hang_the_answer():
    status, text = await get({"store": hangs}, "/readyz")

    assert status == 503
    assert json.loads(text)["checks"]["store"] == "no answer within 2 s"


async def test_metrics_are_there():
    status, text = await get({}, "/metrics")

    assert status == 200
    assert "oakum_questions_waiting" in text


async def test_an_address_that_is_taken_is_one_sentence():
    runner = await serve("127.0.0.1", 0, {})
    try:
        with pytest.raises(BadSettings, match="cannot listen on 127"):
            await serve("127.0.0.1", runner.addresses[0][1], {})
    finally:
        await runner.cleanup()
