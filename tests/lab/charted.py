"""Oakum installed in the lab from its chart, with PostgreSQL and Slack on this machine.

The lab's pods reach them by this machine's end of the lab's network.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.accounts import Account, Actor
from bot.approval import proposals, standing
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Press
from bot.store import proposals as rows
from bot.store.database import Database, open_database
from bot.store.proposals import Case, Draft, State
from bot.types import ThreadKey
from tests.deploy.chart import rendered
from tests.fakes.postgres import Server
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN
from tests.lab import network
from tests.lab.changing import workload
from tests.lab.cluster import Lab
from tests.lab.errors import LabError
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.planning.hardening import Setting
from tools.types import Target

NAMESPACE = "oakum"
SERVE_ROLE = "oakum_serve"
SLACK = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
TRIED = """\
policy: 1
workspace: T0TEAM
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


class Installed(Struct):
    """What a test needs of an installation."""

    lab: Lab
    slack: FakeSlack
    server: Server
    database: str

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl beside the loop that the far ends run in."""
        return await asyncio.to_thread(partial(self.lab.kubectl, stdin=stdin), *arguments)

    async def available(self, process: str) -> None:
        """Wait until a process's pod is ready."""
        where = ("-n", NAMESPACE, "--timeout=60s")
        await self.kubectl(
            "wait", "--for=condition=Available", f"deployment/oakum-{process}", *where
        )

    async def ready(self) -> dict[str, dict[str, Any]]:
        """Give by account what the pods say of themselves, all of which are ready."""
        pods = json.loads(await self.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]
        found: dict[str, dict[str, Any]] = {}
        for pod in pods:
            if pod["metadata"].get("deletionTimestamp"):
                continue
            [status] = pod["status"]["containerStatuses"]
            assert status["ready"]
            assert status["restartCount"] == 0
            name = pod["metadata"]["name"]
            where = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}:8710/proxy/readyz"
            said = json.loads(await self.kubectl("get", "--raw", where))
            found[pod["spec"]["serviceAccountName"]] = said
        return found


@asynccontextmanager
async def installed(
    lab: Lab, image: str, server: Server, folder: Path, hardened: bool = False
) -> AsyncIterator[Installed]:
    """Install the chart, and a privileged Deployment `web` in `shop`; what goes wrong says why."""
    slack = FakeSlack()
    for user in ("U0ANN", "U0BOB"):
        slack.add_user(user)
    slack.add_channel("C0SHOP", "U0ANN", "U0BOB")
    await slack.start()
    port = urlsplit(slack.root).port or 0
    slack.root = f"http://{network.GATEWAY}:{port}/"
    found = Installed(lab, slack, server, server.create())
    values = _values(found, image, hardened)
    execute = {"OAKUM_LEDGER_KEY": "k" * 64, **(SLACK if hardened else {})}
    try:
        async with reachable(port), reachable(server.port):
            for name, held in (("oakum-serve", SLACK), ("oakum-execute", execute)):
                secret = _secret(name, OAKUM_STORE_PASSWORD=server.password, **held)
                await found.kubectl("create", "-f", "-", stdin=secret)
            await found.kubectl("apply", "-f", "-", stdin=rendered(values, folder, NAMESPACE))
            web = json.dumps(workload("web", "shop"))
            await found.kubectl("create", "-f", "-", stdin=web)
            try:
                yield found
            except (LabError, AssertionError) as error:
                raise AssertionError(f"{error}\n{_why(lab)}") from error
            where = ("-n", NAMESPACE, "--cascade=foreground")
            await found.kubectl("delete", "deployment", "--all", *where)
    finally:
        await slack.stop()
        server.drop(found.database)


def _values(found: Installed, image: str, hardened: bool) -> dict[str, Any]:
    """Give the chart's values."""
    address = f"{network.GATEWAY}:{found.server.port}/{found.database}"
    channels = {"C0SHOP": {"here": ["shop"]}}
    values: dict[str, Any] = {
        "image": image,
        "store": f"postgresql+psycopg://oakum@{address}",
        "policy": TRIED,
        "writers": {"shop": ["patch"]},
        "config": {
            "clusters": {"here": {"in_cluster": True}},
            "slack": {"base_url": found.slack.base_url, "channels": channels},
        },
    }
    if hardened:
        keys = ["OAKUM_LEDGER_KEY", "OAKUM_STORE_PASSWORD", *SLACK]
        values["serveStore"] = f"postgresql+psycopg://{SERVE_ROLE}@{address}"
        values["secrets"] = {"execute": {"keys": keys}}
    return values


def _secret(name: str, **values: str) -> str:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


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


async def carried_out(serve_url: str, url: str) -> None:
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
        thread=ThreadKey("T0TEAM", "C0SHOP", "1700000001.0"),
        submitted_at=datetime.now(UTC),
        standing=standing.write(ann),
    )
    serve = await open_database(serve_url)
    try:
        assert await proposals.submit(serve, draft)
    finally:
        await serve.close()
    db = await open_database(url)
    try:
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
    return Actor(Account("T0TEAM", user), frozenset(), False, False, False, False)


async def _until(db: Database, proposal: str, state: State) -> Case:
    """Wait until a proposal is in a state; any that it cannot leave is a failure."""
    for _ in range(240):
        case = await rows.get(db, proposal)
        if case and case.proposal.state is state:
            return case
        ended = case and case.proposal.state in (State.BLOCKED, State.DONE)
        assert not ended, (case.proposal.state, case.proposal.outcome, case.proposal.reason)
        await asyncio.sleep(0.5)
    raise AssertionError(f"it does not become {state}: {case}")


def _why(lab: Lab) -> str:
    """Collect what the pods say."""
    found = lab.try_kubectl("get", "events", "-n", NAMESPACE).stdout[-2000:]
    for name in ("serve", "execute"):
        logs = lab.try_kubectl("logs", f"deployment/oakum-{name}", "-n", NAMESPACE, "--tail=30")
        found += f"\n{name}: {logs.stdout}{logs.stderr}"
    return found
