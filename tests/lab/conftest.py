"""The shipped accounts, with the executor's open in the namespace that a module names as NAMESPACE."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.lab.changing import ACCOUNTS, RBAC, WRITER_FILES, Journey, kubeconfig, opened
from tests.lab.cluster import Lab
from tools.change.account import open_account
from tools.cluster.connect import connect
from tools.types import ClusterConfig, ClusterSource


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
    yield {who: kubeconfig(lab, name, folder / who) for who, name in ACCOUNTS.items()}
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
