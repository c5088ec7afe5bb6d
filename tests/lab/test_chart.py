"""The Helm chart in a real cluster: the server takes all of it, and both processes come up from it.

The image is made here from the built wheel. PostgreSQL and Slack stand on this machine, which the
lab's pods reach by its end of the lab's network.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from bot.accounts import Account, Actor
from bot.approval import proposals, standing
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Press
from bot.store import proposals as rows
from bot.store.database import Database, open_database
from bot.store.proposals import Case, Draft, State
from bot.types import ThreadKey
from tests.deploy.chart import POLICY, VALUES, rendered
from tests.fakes.postgres import Server
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN
from tests.lab import network, oakum_image
from tests.lab.changing import workload
from tests.lab.cluster import Lab
from tests.lab.errors import LabError
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.hardening import Setting
from tools.types import Target

pytestmark = [pytest.mark.lab, pytest.mark.go, pytest.mark.slow]

NAMESPACE = "oakum"
OTHER = "bots"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
TRIED = """\
policy: 1
workspace: T0HOME
clusters: {here: {}}
people:
  ann: {slack_users: [U0ANN]}
  bob: {slack_users: [U0BOB]}
teams: {all: {people: [ann, bob]}}
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
"""Two people of whom either may approve what the other asked for."""


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
    for name in (NAMESPACE, OTHER):
        lab.fresh_namespace(name, RESTRICTED)
    lab.fresh_namespace("shop")
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
        "serveStore": "postgresql+psycopg://oakum_serve@db.example/oakum",
        "secrets": {"serve": {"keys": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]}},
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


async def test_both_processes_come_up_from_the_built_wheel_and_carry_out_what_is_approved(
    lab: Lab, place: None, image: str, postgres_server: Server, tmp_path: Path
) -> None:
    slack = FakeSlack()
    await slack.start()
    port = urlsplit(slack.root).port or 0
    slack.root = f"http://{network.GATEWAY}:{port}/"
    name = postgres_server.create()
    values = {
        "image": image,
        "store": f"postgresql+psycopg://oakum@{network.GATEWAY}:{postgres_server.port}/{name}",
        "policy": TRIED,
        "writers": {"shop": ["patch"]},
        "config": {
            "clusters": {"here": {"in_cluster": True}},
            "slack": {"base_url": slack.base_url, "channels": {"C0SHOP": {"here": ["shop"]}}},
        },
    }
    run = partial(asyncio.to_thread, lab.kubectl)
    try:
        async with reachable(port), reachable(postgres_server.port):
            for each in secrets(postgres_server.password):
                await run("create", "-f", "-", stdin=each)
            await run("apply", "-f", "-", stdin=rendered(values, tmp_path, NAMESPACE))
            await run("create", "-f", "-", stdin=json.dumps(workload("web", "shop")))
            try:
                for process in ("execute", "serve"):
                    deployment = f"deployment/oakum-{process}"
                    await run(
                        *("wait", "--for=condition=Available", deployment),
                        *("-n", NAMESPACE, "--timeout=60s"),
                    )
                await _look(run)
                assert slack.sockets.opened >= 1
                await _carried_out(postgres_server.url(name))
            except (LabError, AssertionError) as error:
                pytest.fail(f"{error}\n{_why(lab)}")
            web = json.loads(await run("get", "deployment/web", "-n", "shop", "-o", "json"))
            [container] = web["spec"]["template"]["spec"]["containers"]
            assert container["securityContext"]["privileged"] is False
            await run("delete", "deployment", "--all", "-n", NAMESPACE, "--cascade=foreground")
    finally:
        await slack.stop()
        postgres_server.drop(name)


def secrets(password: str) -> tuple[str, str]:
    """Give what each process is trusted with."""
    store = {"OAKUM_STORE_PASSWORD": password}
    return (
        secret("oakum-serve", SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_APP_TOKEN=APP_TOKEN, **store),
        secret("oakum-execute", OAKUM_LEDGER_KEY="k" * 64, **store),
    )


async def _look(run: Any) -> None:
    """Look at both pods: ready, never started again, and what they say of themselves."""
    pods = json.loads(await run("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
    assert {pod["spec"]["serviceAccountName"] for pod in pods} == {"oakum-reader", "oakum-executor"}
    for pod in pods:
        [status] = pod["status"]["containerStatuses"]
        assert status["ready"]
        assert status["restartCount"] == 0
        where = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}:8710/proxy/readyz"
        said = json.loads(await run("get", "--raw", where))
        assert said["ready"] is True
        assert set(said["checks"].values()) == {"ok"}


async def _carried_out(url: str) -> None:
    """Ask for a fix as serve does for ann, approve it as bob, and see it verified by the executor's pod."""
    ann, bob = (_actor(user) for user in ("U0ANN", "U0BOB"))
    target = Target("here", "apps/v1", "Deployment", "shop", "web")
    answers = ("privileged_container",)
    action = HardenWorkload(target=target, settings=(Setting.PRIVILEGED,), answers=answers)
    draft = Draft(
        id="from-the-chart",
        action=vocabulary.encode(action),
        target=target,
        requester="ann",
        account=(ann.account.team, ann.account.id),
        thread=ThreadKey("T0HOME", "C0SHOP", "1700000001.0"),
        submitted_at=datetime.now(UTC),
        standing=standing.write(ann),
    )
    db = await open_database(url)
    try:
        assert await proposals.submit(db, draft)
        sealed = (await _until(db, draft.id, State.PENDING)).proposal
        press = Press(
            proposal=draft.id,
            person="bob",
            account=(bob.account.team, bob.account.id),
            verdict=Verdict.APPROVE,
            reason="",
            digest=sealed.digest,
            policy_version=sealed.policy_version,
            standing=standing.write(bob),
        )
        await proposals.review(db, press, datetime.now(UTC))
        ended = (await _until(db, draft.id, State.DONE)).proposal
        assert ended.outcome == "verified", ended
    finally:
        await db.close()


def _actor(user: str) -> Actor:
    return Actor(Account("T0HOME", user), frozenset(), False, False, False, False)


async def _until(db: Database, proposal: str, state: State) -> Case:
    """Wait until a proposal is in a state; any that it cannot leave is a failure."""
    for _ in range(240):
        case = await rows.get(db, proposal)
        if case and case.proposal.state is state:
            return case
        assert not case or case.proposal.state not in (State.BLOCKED, State.DONE), case
        await asyncio.sleep(0.5)
    raise AssertionError(f"it does not become {state}: {case}")


def _why(lab: Lab) -> str:
    """Collect what the pods say."""
    found = lab.try_kubectl("get", "events", "-n", NAMESPACE).stdout[-2000:]
    for name in ("serve", "execute"):
        logs = lab.try_kubectl("logs", f"deployment/oakum-{name}", "-n", NAMESPACE, "--tail=30")
        found += f"\n{name}: {logs.stdout}{logs.stderr}"
    return found
