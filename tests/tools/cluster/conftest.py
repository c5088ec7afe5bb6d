"""A Kubernetes API on loopback and readers of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio

from tests.fakes.kubernetes import FakeKubernetes
from tools.cluster.connect import connect
from tools.cluster.live.reader import LiveReader
from tools.types import ClusterConfig, ClusterSource


@pytest_asyncio.fixture
async def api() -> AsyncIterator[FakeKubernetes]:
    server = await FakeKubernetes().start()
    yield server
    await server.stop()


Open = Callable[..., Awaitable[LiveReader]]


@pytest_asyncio.fixture
async def open_reader(api: FakeKubernetes, tmp_path: Path) -> AsyncIterator[Open]:
    """Open readers of the fake; their rate does not slow tests down unless they say one."""
    readers: list[LiveReader] = []

    async def opened(token: str = "good", **settings: object) -> LiveReader:
        config = ClusterConfig(
            "lab",
            ClusterSource.KUBECONFIG,
            kubeconfig=api.kubeconfig(tmp_path, token),
            **{"requests_per_second": 10_000.0, **settings},
        )
        reader = await connect(config)
        assert isinstance(reader, LiveReader)
        readers.append(reader)
        return reader

    yield opened
    for reader in readers:
        await reader.close()
