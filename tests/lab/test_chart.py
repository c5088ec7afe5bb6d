"""The Helm chart in a real cluster: the server takes all of it, and both processes come up from it.

The image is made here from the built wheel. PostgreSQL and Slack stand on this machine, which the
lab's pods reach by its end of the lab's network.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.deploy.chart import POLICY, VALUES, rendered
from tests.fakes.postgres import Server
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN
from tests.lab import network, oakum_image
from tests.lab.cluster import Lab
from tests.lab.errors import LabError

pytestmark = [pytest.mark.lab, pytest.mark.go, pytest.mark.slow]

NAMESPACE = "oakum"
OTHER = "bots"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
TRIED = """\
policy: 1
workspace: T0000TEST
clusters: {here: {sandbox: true}}
people:
  one: {slack_users: [U0000ONE]}
  two: {slack_users: [U0000TWO]}
teams: {all: {people: [one, two]}}
rules:
  - name: all
    clusters: [here]
    namespaces: any
    actions: any
    risks: any
    propose: [all]
    approve: [all]
    approvals: 1
"""


@asynccontextmanager
async def reachable(port: int) -> AsyncIterator[None]:
    """Let the lab's pods reach a port that listens on loopback here."""

    ends: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends[writer] = asyncio.current_task()
        back, onward = await asyncio.open_connection("127.0.0.1", port)
        ends[onward] = None
        await asyncio.gather(_copied(reader, onward), _copied(back, writer))

    server = await asyncio.start_server(forward, network.GATEWAY, port)
    try:
        yield
    finally:
        server.close()
        for end in ends:
            end.transport.abort()
        await asyncio.gather(*(task for task in ends.values() if task))


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


@pytest.fixture
def image(lab: Lab) -> Iterator[str]:
    if lab.audit_log is None:
        pytest.skip("the image can only be loaded into the lab of tests/lab")
    with oakum_image.loaded() as name:
        yield name


@pytest.fixture
def place(lab: Lab) -> Iterator[None]:
    """Make the namespaces, held to the restricted standard, and take away what is of no namespace."""
    for name in (NAMESPACE, OTHER, "shop"):
        lab.fresh_namespace(name, RESTRICTED)
    yield
    lab.kubectl(
        *("delete", "--ignore-not-found", "clusterrole,clusterrolebinding", "oakum-reader"),
        "oakum-reader-gatekeeper",
    )
    policies = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    lab.kubectl("delete", "--ignore-not-found", policies, "oakum-executor")
    for name in (NAMESPACE, OTHER, "shop"):
        lab.kubectl("delete", "namespace", name, "--wait=false")


def test_the_server_takes_all_that_can_be_rendered(lab: Lab, place: None, tmp_path: Path) -> None:
    values = {
        **VALUES,
        "policy": POLICY.read_text(),
        "writers": {"shop": ["patch", "deploy", "delete"]},
        "gatekeeper": True,
        "config": {"slack": {"mode": "http"}},
        "ingress": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}],
    }
    text = rendered(values, tmp_path, OTHER)
    answer = lab.try_kubectl("apply", "--dry-run=server", "-f", "-", stdin=text)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    assert answer.stdout.count("(server dry run)") == len(list(yaml.safe_load_all(text)))


def secret(name: str, **values: str) -> str:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


async def test_both_processes_become_ready_from_the_built_wheel(
    lab: Lab, place: None, image: str, postgres_server: Server, tmp_path: Path
) -> None:
    slack = FakeSlack()
    await slack.start()
    port = urlsplit(slack.root).port or 0
    slack.root = f"http://{network.GATEWAY}:{port}/"
    database = postgres_server.create()
    run = partial(asyncio.to_thread, lab.kubectl)
    store = f"postgresql+psycopg://oakum@{network.GATEWAY}:{postgres_server.port}/{database}"
    config = {"clusters": {"here": {"in_cluster": True}}, "slack": {"base_url": slack.base_url}}
    values = {"image": image, "store": store, "config": config, "policy": TRIED}
    password = postgres_server.password
    try:
        async with reachable(port), reachable(postgres_server.port):
            for each in (
                secret(
                    "oakum-serve",
                    SLACK_BOT_TOKEN=BOT_TOKEN,
                    SLACK_APP_TOKEN=APP_TOKEN,
                    OAKUM_STORE_PASSWORD=password,
                ),
                secret("oakum-execute", OAKUM_LEDGER_KEY="k" * 64, OAKUM_STORE_PASSWORD=password),
            ):
                await run("create", "-f", "-", stdin=each)
            await run("apply", "-f", "-", stdin=rendered(values, tmp_path, NAMESPACE))
            try:
                await run(
                    *("wait", "--for=condition=Available", "deployment", "--all"),
                    *("-n", NAMESPACE, "--timeout=100s"),
                )
            except LabError as error:
                pytest.fail(f"{error}\n{_why(lab)}")
            pods = json.loads(await run("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
            await _look(run, pods)
            assert slack.sockets.opened >= 1
            await run("delete", "deployment", "--all", "-n", NAMESPACE, "--cascade=foreground")
    finally:
        await slack.stop()
        postgres_server.drop(database)


async def _look(run: Any, pods: list[dict[str, Any]]) -> None:
    """Look at both pods: ready, never started again, and what they say of themselves."""
    assert {pod["spec"]["serviceAccountName"] for pod in pods} == {"oakum-reader", "oakum-executor"}
    for pod in pods:
        [status] = pod["status"]["containerStatuses"]
        assert status["ready"]
        assert status["restartCount"] == 0
        where = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}:8710/proxy/readyz"
        said = json.loads(await run("get", "--raw", where))
        assert said["ready"] is True
        assert set(said["checks"].values()) == {"ok"}


def _why(lab: Lab) -> str:
    """Collect what the pods say."""
    found = lab.try_kubectl("describe", "pods", "-n", NAMESPACE).stdout[-3000:]
    for name in ("serve", "execute"):
        logs = lab.try_kubectl("logs", f"deployment/oakum-{name}", "-n", NAMESPACE, "--tail=30")
        found += f"\n{name}: {logs.stdout}{logs.stderr}"
    return found
