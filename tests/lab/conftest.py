"""The shipped accounts, with the executor's open in the namespace that a module names as NAMESPACE.

The shipped admission policy is in force meanwhile: whatever these tests do, they do under it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.lab.changing import (
    ACCOUNTS,
    ADMISSION,
    RBAC,
    WRITER_FILES,
    Journey,
    await_policy,
    kubeconfig,
    opened,
)
from tests.lab.cluster import Lab
from tools.change.account import open_account
from tools.cluster.connect import connect
from tools.types import ClusterConfig, ClusterSource

_TLS_ENDS_S = 0.25
"""What aiohttp's page on graceful shutdown asks for: it does not wait until TLS has ended."""


@pytest.fixture(scope="module")
def accounts(
    request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Path]]:
    """Give kubeconfigs of the shipped accounts."""
    namespace = request.module.NAMESPACE
    lab.kubectl("wait", "--for=delete", "namespace/oakum", "--timeout=90s")
    lab.kubectl("apply", "-f", str(RBAC / "reader.yaml"))
    lab.fresh_namespace(namespace)
    for file in WRITER_FILES:
        lab.kubectl("apply", "-f", "-", stdin=opened(file, namespace))
    folder = tmp_path_factory.mktemp("accounts")
    found = {who: kubeconfig(lab, name, folder / who) for who, name in ACCOUNTS.items()}
    try:
        lab.kubectl("apply", "-f", str(ADMISSION))
        await_policy(lab, found["executor"], namespace)
        yield found
    finally:
        lab.kubectl("delete", "-f", str(ADMISSION))
        lab.kubectl("delete", "--wait=false", "namespace", namespace)
        lab.kubectl("delete", "--wait=false", "-f", str(RBAC / "reader.yaml"))


@pytest.fixture
async def journey(
    request: pytest.FixtureRequest, lab: Lab, accounts: dict[str, Path]
) -> AsyncIterator[Journey]:
    """Give the executor's way through an action."""

    def config(who: str) -> ClusterConfig:
        return ClusterConfig("lab", ClusterSource.KUBECONFIG, kubeconfig=str(accounts[who]))

    reader, writer = await connect(config("reader")), await open_account(config("executor"))
    yield Journey(lab, reader, writer, request.module.NAMESPACE, {}, [])
    await reader.close()
    await writer.close()
    await asyncio.sleep(_TLS_ENDS_S)
