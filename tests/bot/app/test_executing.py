"""`oakum execute`: what it refuses to start without, and a whole change as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bot.app.executing import account_configs, scope_of
from bot.approval import proposals, standing
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Press
from bot.settings import load
from bot.store.database import Database, open_database
from bot.store.proposals import Case, Draft, State
from bot.types import ThreadKey
from tests.fakes.cluster_state import deployment
from tests.fakes.executing import POLICY, THREAD, actor, harden
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN, TEAM
from tools import vocabulary
from tools.types import ALL, ClusterSource

KEY = "a key of tests, of thirty-two bytes or more"
WAIT_S = 60.0


def write(folder: Path, **more: Any) -> Path:
    """Write a configuration with one folder of manifests as its cluster."""
    manifests = folder / "manifests"
    manifests.mkdir()
    obj = deployment()
    obj["metadata"] = {"name": "web", "namespace": "shop"}
    del obj["status"]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    (manifests / "web.yaml").write_text(yaml.safe_dump_all([namespace, obj]), encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    config = {
        "clusters": {"lab": {"folder": "manifests"}},
        "slack": {"channels": {THREAD.channel: {"lab": ["shop"]}}},
        "policy": "policy.yaml",
        "data": "data",
        **more,
    }
    file = folder / "oakum.yaml"
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


async def started(
    file: Path, *arguments: str, command: str = "execute", **environment: str
) -> asyncio.subprocess.Process:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OAKUM_", "SLACK_"))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", command, "--config", str(file), *arguments),
        env=clean | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("more", "environment", "said"),
    [
        ({}, {}, b"OAKUM_LEDGER_KEY is not set"),
        ({}, {"OAKUM_LEDGER_KEY": "short"}, b"is shorter than"),
        ({"policy": None}, {"OAKUM_LEDGER_KEY": KEY}, b"No approval policy is configured"),
        ({"policy": "oakum.yaml"}, {"OAKUM_LEDGER_KEY": KEY}, b"oakum.yaml: Policy line 1"),
        ({"store": "nothing://"}, {"OAKUM_LEDGER_KEY": KEY}, b"no database that Oakum can use"),
    ],
)
@pytest.mark.slow
async def test_what_it_needs_is_asked_for_at_start(
    tmp_path: Path, more: dict[str, Any], environment: dict[str, str], said: bytes
) -> None:
    child = await started(write(tmp_path, **more), "--port", "0", **environment)
    _, errors = await child.communicate()
    assert child.returncode == 2
    assert said in errors
    assert b"Traceback" not in errors


@asynccontextmanager
async def running(file: Path, port: int) -> AsyncGenerator[Database, None]:
    """Run an executor as an administrator would, told to stop at the end; gives its store."""
    child = await started(file, "--port", str(port), OAKUM_LEDGER_KEY=KEY)
    db: Database | None = None
    try:
        while db is None:
            await asyncio.sleep(0.1)
            if (file.parent / "data" / "oakum.db").exists():
                db = await open_database(f"sqlite:///{file.parent}/data/oakum.db")
        yield db
    finally:
        child.send_signal(signal.SIGTERM)
        _, errors = await child.communicate()
        if db is not None:
            await db.close()
    assert child.returncode == 0, errors.decode()
    assert b"incident" not in errors, errors.decode()


async def until(db: Database, *states: State) -> Case:
    while True:
        case = await proposals.get(db, "change-1")
        if case is not None and case.proposal.state in states:
            return case
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_a_change_of_a_folder_from_draft_to_its_end_and_sigterm_stops_it(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    file = write(tmp_path)
    async with asyncio.timeout(WAIT_S), running(file, unused_tcp_port) as db:
        action, ann, bob = harden(), actor("ann"), actor("bob")
        draft = Draft(
            id="change-1",
            action=vocabulary.encode(action),
            target=action.target,
            requester="ann",
            account=(ann.account.team, ann.account.id),
            thread=THREAD,
            submitted_at=datetime.now(UTC),
            standing=standing.write(ann),
        )
        await proposals.submit(db, draft)
        case = await until(db, State.PENDING, State.BLOCKED)
        assert case.proposal.state is State.PENDING, case.proposal.reason
        said = Press(
            proposal="change-1",
            person="bob",
            account=(bob.account.team, bob.account.id),
            verdict=Verdict.APPROVE,
            reason="",
            digest=case.proposal.digest,
            policy_version=case.proposal.policy_version,
            standing=standing.write(bob),
        )
        await proposals.review(db, said, datetime.now(UTC))
        case = await until(db, State.DONE)
        assert case.proposal.outcome == "verified", case.proposal.reason
        assert "privileged: true" not in (tmp_path / "manifests" / "web.yaml").read_text()
        address = f"http://127.0.0.1:{unused_tcp_port}"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{address}/readyz") as reply:
                assert (await reply.json())["ready"] is True
            async with session.get(f"{address}/metrics") as reply:
                told = await reply.text()
    assert 'oakum_executions_total{outcome="verified"} 1.0' in told


@pytest.mark.slow
async def test_beside_serve_it_runs_in_one_process_which_is_said(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    fake = FakeSlack()
    fake.space.users = {"U1": {"id": "U1", "name": "ada", "team_id": TEAM}}
    await fake.start()
    slack = {"base_url": fake.base_url, "channels": {THREAD.channel: {"lab": ["shop"]}}}
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "OAKUM_LEDGER_KEY": KEY}
    arguments = ("--with-executor", "--port", str(unused_tcp_port))
    child = await started(write(tmp_path, slack=slack), *arguments, command="serve", **tokens)
    told: dict[str, Any] = {}
    try:
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
            while not told.get("ready"):
                await asyncio.sleep(0.1)
                try:
                    async with session.get(f"http://127.0.0.1:{unused_tcp_port}/readyz") as reply:
                        told = await reply.json()
                except aiohttp.ClientError:
                    continue
    finally:
        child.send_signal(signal.SIGTERM)
        _, errors = await child.communicate()
        await fake.stop()
    assert child.returncode == 0, errors.decode()
    assert told["checks"]["executor"] == "ok"
    assert "one process talks to people and executes" in told["notes"][0]


def settings(folder: Path, **clusters: Any) -> Any:
    file = folder / "oakum.yaml"
    channels = {"C1": {"one": ["shop"]}, "C2": {"one": ["bank"], "two": "*"}}
    config = {"clusters": clusters, "slack": {"channels": channels}}
    file.write_text(json.dumps(config), encoding="utf-8")
    return load(file, {})


def test_a_thread_may_change_what_its_channel_may_see(tmp_path: Path) -> None:
    two = settings(tmp_path, one={"folder": "a"}, two={"folder": "b"})
    every = {"one": frozenset({"shop", "bank"}), "two": ALL}
    assert scope_of(two, ThreadKey("T1", "C1", "1")).clusters == {"one": frozenset({"shop"})}
    assert scope_of(two, ThreadKey("T1", "C2", "1")).clusters == {
        "one": frozenset({"bank"}),
        "two": ALL,
    }
    assert scope_of(two, ThreadKey("T1", "C3", "1")).clusters == {}
    assert scope_of(two, ThreadKey("T1", "D1", "1")).clusters == every
    assert scope_of(two, ThreadKey("local", "terminal", "1")).clusters == {"one": ALL, "two": ALL}


def test_what_changes_a_cluster_may_have_an_account_of_its_own(tmp_path: Path) -> None:
    own = {"kubeconfig": "read", "executor": {"kubeconfig": "write", "context": "w"}}
    other = {"kubeconfig": "read", "context": "r", "executor": {"context": "w"}}
    found = account_configs(settings(tmp_path, one=own, two=other, pod={"in_cluster": True}))
    assert (found["one"].kubeconfig, found["one"].context) == (str(tmp_path / "write"), "w")
    assert (found["two"].kubeconfig, found["two"].context) == (str(tmp_path / "read"), "w")
    assert found["pod"].source is ClusterSource.IN_CLUSTER
