"""An API server that is not what it says it is: it gets nothing from us and breaks nothing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.kubernetes import FakeKubernetes
from tools.cluster.connect import connect
from tools.errors import ClusterUnreachable
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource

POD = KINDS["Pod"]


async def test_a_redirect_is_followed_nowhere(api: FakeKubernetes, open_reader: Any) -> None:
    other = await FakeKubernetes().start()
    other.objects["/api/v1/pods"] = [{"metadata": {"name": "lie", "namespace": "shop"}}]
    api.elsewhere = other.url
    try:
        reader = await open_reader()
        listing = await reader.list(POD)
        with pytest.raises(ClusterUnreachable):
            await reader.get(POD, "shop", "lie")
    finally:
        await other.stop()
    assert other.requests == []
    assert len(api.requests) == 2
    assert "redirects elsewhere" in listing.gaps[0].why
    assert list(listing.objects) == []


async def test_a_redirect_on_the_same_host_is_not_followed_either(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.elsewhere = f"{api.url}/api/v1/secrets?"
    listing = await (await open_reader()).list(POD)
    assert listing.gaps
    assert [seen.path for seen in api.requests] == ["/api/v1/pods"]


DEEP = "[" * 100_000 + "]" * 100_000
NINES = "9" * 5_000
BODIES = {
    "nothing": "",
    "null": "null",
    "a number": "1",
    "a list": "[]",
    "deep": DEEP,
    "deep inside": f'{{"items": [{{"metadata": {{"name": "a"}}, "spec": {{"x": {DEEP}}}}}]}}',
    "items a string": '{"items": "x"}',
    "items of items": '{"items": [[], 1, null, "x", {}]}',
    "metadata a list": '{"items": [{"metadata": []}]}',
    "name a number": '{"items": [{"metadata": {"name": 7, "namespace": {}}}]}',
    "no name": '{"items": [{"metadata": {}, "spec": {}}]}',
    "containers a map": '{"items": [{"metadata": {"name": "a"}, "spec": {"containers": {}}}]}',
    "continue for ever": '{"metadata": {"continue": "same"}, "items": []}',
    "not text": "\x00\xff",
    "huge number": f'{{"items": [{{"metadata": {{"name": "a"}}, "spec": {{"hostPID": {NINES}}}}}]}}',
    "html": "<html><script>alert(1)</script></html>",
}


class Garbage:
    """A server that gives one body to everything."""

    body = ""
    seen = 0


@pytest.fixture
async def garbage() -> AsyncIterator[tuple[Garbage, str]]:
    held = Garbage()

    async def serve(_: web.Request) -> web.Response:
        held.seen += 1
        return web.Response(text=held.body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield held, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("name", BODIES)
async def test_what_is_no_list_is_a_gap_or_nothing(
    name: str, garbage: tuple[Garbage, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, url = garbage
    held.body = BODIES[name]
    monkeypatch.setattr("tools.cluster.live.reader.MAX_PAGES", 5)
    monkeypatch.setattr("tools.cluster.live.wire.BACKOFF_S", 0.001)
    fake = FakeKubernetes()
    fake.url = url
    config = ClusterConfig(
        "lab",
        ClusterSource.KUBECONFIG,
        kubeconfig=fake.kubeconfig(tmp_path),
        requests_per_second=10_000.0,
    )
    reader = await connect(config)
    try:
        for read in (reader.list, reader.documents):
            listing = await read(POD)
            assert listing.gaps or list(listing.objects), name
    finally:
        await reader.close()
