"""A whole approval world for tests of the executor: API server on loopback, store, policy, people, fast time.

Everything of the product is real; only the far end of the wire is not, and seconds pass a hundred times
as fast. Serve's part (drafts, presses) is played by calling what serve calls.
"""

import asyncio
import copy
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.accounts import Account, Actor
from bot.approval import proposals, standing
from bot.approval.policy.file.document import parse
from bot.approval.policy.rules import Policy
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Answered, Press, Start
from bot.executor.loop import run
from bot.executor.parts import Pace, Parts
from bot.store import listing
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.store.proposals import Case, Draft, State
from bot.types import ThreadKey
from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, deployment, namespace, rolled_out
from tests.fakes.kubernetes import FakeKubernetes
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.change.account import open_account
from tools.cluster.connect import connect
from tools.cluster.reader import Reader
from tools.planning.hardening import Setting
from tools.scope import Scope
from tools.types import Action, ClusterConfig, ClusterSource, Target

KEY = LedgerKey(b"a key of tests, of thirty-two bytes or more")
START = datetime(2026, 3, 4, 10, tzinfo=UTC)
"""A Wednesday on which nothing is frozen."""
THREAD = ThreadKey("T0HOME", "C0SHOP", "1700000001.0")
SPEED = 100.0
SETS, PODS = "/apis/apps/v1/replicasets", "/api/v1/pods"
EMPTY = (
    *(PODS, SETS, "/api/v1/events", "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets"),
    *("/apis/batch/v1/jobs", "/apis/batch/v1/cronjobs", "/api/v1/replicationcontrollers"),
    *("/apis/policy/v1/poddisruptionbudgets", "/apis/rbac.authorization.k8s.io/v1/rolebindings"),
    *("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "/api/v1/services"),
    *("/api/v1/serviceaccounts", "/apis/networking.k8s.io/v1/networkpolicies"),
    "/apis/rbac.authorization.k8s.io/v1/roles",
)

POLICY = """\
policy: 1
workspace: T0HOME
kill_switch: false
clusters:
  lab: {}
people:
  ann:
    slack_users: [U0ANN]
    kubernetes: {user: ann}
  bob:
    slack_users: [U0BOB]
    kubernetes: {user: bob}
  cat:
    slack_users: [U0CAT]
    kubernetes: {user: cat}
rules:
  - name: all
    clusters: [lab]
    namespaces: any
    actions: any
    risks: any
    propose: [ann, bob]
    approve: [ann, bob, cat]
    approvals: 1
"""


def actor(person: str, **facts: bool | None) -> Actor:
    """Give an account in good standing, but for the facts given."""
    account = Account("T0HOME", f"U0{person.upper()}")
    return replace(Actor(account, frozenset(), False, False, False, False), **facts)


def harden(name: str = "web", *settings: Setting) -> Action:
    """Stop a Deployment of the shop running privileged."""
    target = Target("lab", "apps/v1", "Deployment", "shop", name)
    return HardenWorkload(
        target=target,
        settings=settings or (Setting.PRIVILEGED,),
        answers=("privileged_container",),
    )


@dataclass
class World:
    """One cluster, one store, people, and time that runs fast."""

    api: FakeKubernetes
    db: Database
    reader: Reader
    writer: Any
    policy_text: str = POLICY
    people: dict[Account, Actor] = field(default_factory=dict)
    slack_down: bool = False
    asks_slack: bool = True
    open_to: Scope = field(default_factory=lambda: Scope({"lab": frozenset({"shop"})}))
    pace: Pace = field(default_factory=lambda: Pace(lease_s=120.0))
    """A lease as long as real ones would be too short where time runs so fast."""
    began: float = field(default_factory=time.monotonic)
    skew: timedelta = timedelta()
    workers: int = 0

    def clock(self) -> datetime:
        return START + self.skew + timedelta(seconds=(time.monotonic() - self.began) * SPEED)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)

    def policy(self) -> Policy:
        return parse(self.policy_text)

    async def actor(self, account: Account) -> Actor:
        if self.slack_down:
            raise TimeoutError
        return self.people.get(account) or Actor(account, frozenset(), False, False, False, False)

    def parts(self, **changes: Any) -> Parts:
        self.workers += 1
        parts = Parts(
            db=self.db,
            key=KEY,
            policy=self.policy,
            readers=lambda: {"lab": self.reader},
            accounts={"lab": self.writer},
            scope=lambda _: self.open_to,
            actor=self.actor if self.asks_slack else None,
            clock=self.clock,
            wait=self.wait,
            worker=f"executor-{self.workers}",
            app=App.ASSISTANT,
            pace=self.pace,
        )
        return replace(parts, **changes)

    @asynccontextmanager
    async def executor(self, **changes: Any) -> AsyncGenerator[Parts, None]:
        """Run an executor for as long as the block lasts; it ends as at SIGTERM."""
        parts, stop = self.parts(**changes), asyncio.Event()
        running = asyncio.create_task(run(parts, stop))
        try:
            yield parts
        finally:
            stop.set()
            await running

    async def submit(
        self, proposal: str = "p1", action: Action | None = None, **changes: Any
    ) -> str:
        """Ask for something as serve does for a person."""
        wanted = action or harden()
        who = changes.pop("who", "ann")
        asking = changes.pop("asking", None) or actor(who)
        values: dict[str, Any] = {
            "id": proposal,
            "action": vocabulary.encode(wanted),
            "target": wanted.target,
            "requester": who,
            "account": (asking.account.team, asking.account.id),
            "thread": THREAD,
            "submitted_at": self.clock(),
            "standing": standing.write(asking),
        }
        if "encoded" in changes:
            values["action"] = changes.pop("encoded")
        assert await proposals.submit(self.db, Draft(**(values | changes)))
        return proposal

    async def press(
        self, proposal: str = "p1", person: str = "bob", verdict: Verdict = Verdict.APPROVE
    ) -> Answered:
        """Press as a person whom the policy allowed."""
        case = await self.case(proposal)
        pressing = actor(person)
        said = Press(
            proposal=proposal,
            person=person,
            account=(pressing.account.team, pressing.account.id),
            verdict=verdict,
            reason="",
            digest=case.proposal.digest,
            policy_version=case.proposal.policy_version,
            standing=standing.write(pressing),
        )
        return await proposals.review(self.db, said, self.clock())

    async def start(self, proposal: str, person: str) -> Answered:
        """Start what is approved."""
        case = await self.case(proposal)
        said = Start(proposal, person, standing.write(actor(person)), case.proposal.digest)
        return await proposals.start(self.db, said, self.clock())

    async def case(self, proposal: str = "p1") -> Case:
        case = await proposals.get(self.db, proposal)
        assert case is not None
        return case

    async def until(self, *states: State, proposal: str = "p1", real_s: float = 20.0) -> Case:
        """Wait until a proposal is in one of these states; fails loudly with where it hangs."""
        return await self.reached(lambda case: case.proposal.state in states, proposal, real_s)

    async def reached(
        self, there: Callable[[Case], bool], proposal: str = "p1", real_s: float = 20.0
    ) -> Case:
        ends = time.monotonic() + real_s
        while True:
            case = await proposals.get(self.db, proposal)
            if case is not None and there(case):
                return case
            if time.monotonic() > ends:
                raise AssertionError(f"not reached: {case}")
            await asyncio.sleep(0.01)

    async def pending(
        self, proposal: str = "p1", action: Action | None = None, **changes: Any
    ) -> Case:
        """Bring something to pending; an executor runs."""
        await self.submit(proposal, action, **changes)
        return await self.until(State.PENDING, proposal=proposal)

    async def done(self, proposal: str = "p1") -> Case:
        return await self.until(State.DONE, proposal=proposal)

    async def asked_to_undo(self, proposal: str, real_s: float = 20.0) -> str:
        """Give the id of the undo that somebody asked for, once an executor has it."""
        ends = time.monotonic() + real_s
        while (found := await listing.undo_of(self.db, proposal)) is None:
            assert time.monotonic() < ends, "no undo was asked for"
            await asyncio.sleep(0.01)
        return found

    @property
    def effects(self) -> list[str]:
        """Name the operations that had an effect on the server, in order."""
        return [effect.operation_id for effect in self.api.writes.effects]

    def hold_rollouts(self) -> None:
        """Let controllers do nothing until `finish_rollout`."""
        self.api.writes.admit = _nothing

    def finish_rollout(self, name: str = "web") -> None:
        """Let controllers do their work on one Deployment."""
        roll_out(self.api)(self.live(name), False)

    def live(self, name: str = "web") -> dict[str, Any]:
        return next(o for o in self.api.objects[DEPLOYMENTS] if o["metadata"]["name"] == name)

    def privileged(self, name: str = "web") -> Any:
        [container] = self.live(name)["spec"]["template"]["spec"]["containers"]
        return container["securityContext"].get("privileged")


def _nothing(_: dict[str, Any], __: bool) -> None:
    """Leave what is written as it is."""


def roll_out(api: FakeKubernetes) -> Callable[[dict[str, Any], bool], None]:
    """Give controllers that do their work the moment a Deployment is written."""

    def admit(obj: dict[str, Any], dry: bool) -> None:
        if dry or obj.get("kind") != "Deployment":
            return
        before = obj["metadata"]["annotations"].get("deployment.kubernetes.io/revision", "0")
        revision = str(int(before) + 1)
        after, replica_set, pods = rolled_out(copy.deepcopy(obj), revision)
        name = obj["metadata"]["name"]
        for each in (replica_set, *pods):
            each["metadata"]["uid"] = f"{name}-{each['metadata']['uid']}"
        for pod in pods:
            pod["metadata"]["ownerReferences"][0]["uid"] = replica_set["metadata"]["uid"]
        obj["metadata"]["annotations"] = after["metadata"]["annotations"]
        obj["status"] = after["status"]
        for path, new in ((SETS, [replica_set]), (PODS, pods)):
            kept = [
                one for one in api.objects[path] if not one["metadata"]["name"].startswith(name)
            ]
            api.objects[path] = kept + new

    return admit


@asynccontextmanager
async def world(db: Database, folder: Path) -> AsyncGenerator[World, None]:
    """Open a world with one privileged Deployment in the namespace shop."""
    api = await FakeKubernetes().start()
    api.objects |= {DEPLOYMENTS: [deployment()], NAMESPACES: [namespace()]}
    api.objects |= {path: [] for path in EMPTY}
    api.writes.admit = roll_out(api)
    config = ClusterConfig(
        "lab",
        ClusterSource.KUBECONFIG,
        kubeconfig=api.kubeconfig(folder),
        requests_per_second=10_000.0,
        timeout_s=2.0,
    )
    reader, writer = await connect(config), await open_account(config)
    try:
        yield World(api, db, reader, writer)
    finally:
        await reader.close()
        await writer.close()
        await api.stop()
