"""Proposals' whole lives on a lab: asked for, rehearsed, voted on, carried out, verified, taken back.

All of the product from the draft to the ledger, over SQLite, with the shipped accounts. People are
played by calling what serve calls for them. One executor has every life in hand at once.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from bot.accounts import Account, Actor
from bot.approval import deciding, proposals, standing, wording
from bot.approval.deciding import Ground, Told
from bot.approval.policy.file.document import parse
from bot.approval.policy.votes import Verdict
from bot.executor.loop import run
from bot.executor.parts import Pace, Parts
from bot.store import tables
from bot.store.database import Database, open_database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.store.proposals import Case, Draft, State
from bot.types import ThreadKey
from tests.lab.between import Between
from tests.lab.cluster import Lab
from tools import vocabulary
from tools.change.account import open_account
from tools.change.rollouts import ROLLING, progress
from tools.changes import OutcomeKind
from tools.cluster.connect import connect
from tools.cluster.reader import Reader
from tools.objects.kinds import KINDS
from tools.planning.patching import json_patch
from tools.scope import Scope
from tools.types import ALL, Action, ClusterConfig, ClusterSource, Target

KEY_TEXT = "a key of tests, of thirty-two bytes or more"
KEY = LedgerKey(KEY_TEXT.encode())
THREAD = ThreadKey("T0HOME", "C0SHOP", "1700000001.0")
STARTED = "living-started"
"""Here somebody starts what is approved, so that there is a time between approval and execution."""
PEOPLE = ("ann", "bob", "cat")
"""Those to whom the cluster gives the rights that the policy assumes; to Dan it gives none."""
POLICY = f"""\
policy: 1
workspace: T0HOME
clusters:
  lab: {{access_check: true}}
people:
  ann: {{slack_users: [U0ANN], kubernetes: {{user: ann}}}}
  bob: {{slack_users: [U0BOB], kubernetes: {{user: bob}}}}
  cat: {{slack_users: [U0CAT], kubernetes: {{user: cat}}}}
  dan: {{slack_users: [U0DAN], kubernetes: {{user: dan}}}}
teams:
  others: {{people: [bob, cat, dan]}}
rules:
  - name: of no namespace
    clusters: [lab]
    namespaces: [(cluster)]
    actions: [remove_subject]
    risks: any
    propose: [ann]
    approve: [others]
  - name: started by hand
    clusters: [lab]
    namespaces: [{STARTED}]
    actions: any
    risks: any
    propose: [ann]
    approve: [others]
    execute: [cat]
    undo_minutes: 30
  - name: undone by a vote
    clusters: [lab]
    namespaces: any
    actions: [restart]
    risks: any
    propose: [ann]
    approve: [others]
  - name: all
    clusters: [lab]
    namespaces: any
    actions: any
    risks: any
    propose: [ann]
    approve: [others]
    undo_minutes: 30
"""
PARSED = parse(POLICY)
LONGEST_S = 240.0
"""For one step of a life; a machine with much else to do takes its time."""
_REQUESTS_PER_SECOND = 400.0
_TLS_ENDS_S = 0.25
"""What aiohttp's page on graceful shutdown asks for: it does not wait until TLS has ended."""


def actor(person: str) -> Actor:
    """Give a person's account, in good standing."""
    return Actor(Account("T0HOME", f"U0{person.upper()}"), frozenset(), False, False, False, False)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Lived:
    """What came of one action, and what its object was at each time; None where it was not there."""

    case: Case
    undo: Case | None = None
    refusal: Told | None = None
    """The answer to who asked for an undo of what has none."""
    before: dict[str, Any] | None = None
    changed: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


@dataclass
class People:
    """The people of one store: what they ask for, and what they say to it."""

    db: Database
    ids: Callable[[], str] = field(
        default_factory=lambda: map("life-{:04d}".format, itertools.count(1)).__next__
    )

    async def ask(self, action: Action) -> str:
        """Ask for an action, as Ann; gives the proposal's id."""
        asking = actor("ann")
        draft = Draft(
            id=self.ids(),
            action=vocabulary.encode(action),
            target=action.target,
            requester="ann",
            account=(asking.account.team, asking.account.id),
            thread=THREAD,
            submitted_at=now(),
            standing=standing.write(asking),
        )
        assert await proposals.submit(self.db, draft)
        return draft.id

    async def until(self, proposal: str, *states: State) -> Case:
        """Wait until a proposal is in one of these states; any final other one is an error at once."""
        ends = time.monotonic() + LONGEST_S
        while True:
            case = await proposals.get(self.db, proposal)
            if case is not None and case.proposal.state in states:
                return case
            over = case is not None and case.proposal.state in _OVER
            if over or time.monotonic() > ends:
                raise AssertionError(f"not reached: {states}, but {_told(case)}")
            await asyncio.sleep(0.2)

    async def approve(self, proposal: str, *people: str) -> Case:
        """Give as many approvals as it needs, as these people, or else as some who did not ask."""
        case = await self.until(proposal, State.PENDING)
        for person in people or PEOPLE[1 : 1 + case.proposal.needed]:
            told = await deciding.vote(self._ground(), proposal, actor(person), Verdict.APPROVE)
            assert told.done, told.text
        return case

    async def start(self, proposal: str) -> None:
        """Start what is approved, as Cat."""
        told = await deciding.start(self._ground(), proposal, actor("cat"))
        assert told.done, told.text

    async def ask_to_undo(self, proposal: str) -> str | Told:
        """Ask for a change to be taken back, as Ann; gives the undo's id, or why it cannot be asked for."""
        told = await deciding.undo(self._ground(), proposal, actor("ann"))
        if not told.done:
            return told
        wanted = select(tables.drafts.c.id).where(tables.drafts.c.undo_of == proposal)
        taken = select(tables.proposals.c.id).where(tables.proposals.c.undo_of == proposal)
        async with self.db.read() as tx:
            return (await tx.execute(wanted.union(taken))).scalars().one()

    def _ground(self) -> Ground:
        return Ground(self.db, lambda: PARSED, now())


_GOES_ON = (State.PENDING, State.APPROVED, State.EXECUTING, State.DONE)
_OVER = frozenset({State.BLOCKED, State.DENIED, State.WITHDRAWN, State.EXPIRED, State.DONE})


def _told(case: Case | None) -> str:
    if case is None:
        return "nobody took the draft"
    rehearsal = wording.rehearsal_of(case.proposal)
    return f"{case.proposal.state} {case.proposal.outcome} {case.proposal.reason} {rehearsal}"


@dataclass
class Living:
    """One executor on one lab, and what a life needs."""

    lab: Lab
    people: People
    admin: Reader
    """Reads as the administrator, so that the accounts' own reading is the product's alone."""
    between: Between
    accounts: Mapping[str, Path]
    folder: Path

    async def kubectl(self, *arguments: str, stdin: str = "") -> str:
        return await asyncio.to_thread(self.lab.kubectl, *arguments, stdin=stdin)

    async def get(self, target: Target) -> dict[str, Any] | None:
        return await self.admin.get(KINDS[target.kind], target.namespace, target.name)

    async def settled(self, target: Target) -> Target:
        """Wait until an object's own rollout is over, and give it with its uid; as it is where none is."""
        ends = time.monotonic() + LONGEST_S
        while True:
            obj = await self.get(target)
            if obj is None:
                return target
            if target.kind not in ROLLING or progress(obj).done:
                return msgspec.structs.replace(target, uid=obj["metadata"]["uid"])
            assert time.monotonic() < ends, f"{target.name} does not come up: {progress(obj).said}"
            await asyncio.sleep(0.3)

    async def life(self, action: Action) -> Lived:
        """Live through an action: asked for, approved, carried out, and taken back where that can be."""
        return await self.taken_back(await self.lived(action))

    async def lived(self, action: Action) -> Lived:
        """Live through an action until it is carried out."""
        before = await self.get(action.target)
        proposal = await self.people.ask(action)
        await self.people.approve(proposal)
        case = await self.people.until(proposal, State.DONE)
        return Lived(case, before=before, changed=await self.get(action.target))

    async def handed_over(self, action: Action) -> Lived:
        """Ask for what is not Oakum's to do, do it as the administrator, and let Oakum see it."""
        before = await self.get(action.target)
        proposal = await self.people.ask(action)
        case = await self.people.until(proposal, State.HANDED_OVER)
        rehearsal = wording.rehearsal_of(case.proposal)
        assert rehearsal
        for operation, _ in rehearsal.diff:
            target = operation.target
            found = await self.get(target)
            assert found
            patch = msgspec.json.encode(json_patch(operation, found)).decode()
            where = ("-n", target.namespace) if target.namespace else ()
            await self.kubectl(
                *("patch", target.kind, target.name, *where, "--type=json", "-p", patch)
            )
        case = await self.people.until(proposal, State.DONE)
        return Lived(case, before=before, changed=await self.get(action.target))

    async def taken_back(self, lived: Lived) -> Lived:
        """Take back what was done."""
        told = await self.people.ask_to_undo(lived.case.proposal.id)
        if isinstance(told, Told):
            return replace(lived, refusal=told)
        undo = await self.people.until(told, *_GOES_ON)
        if undo.proposal.state is State.PENDING:
            await self.people.approve(told)
        undo = await self.people.until(told, State.DONE)
        return replace(lived, undo=undo, after=await self.get(lived.case.proposal.target))


@asynccontextmanager
async def living(lab: Lab, accounts: Mapping[str, Path], folder: Path) -> AsyncGenerator[Living]:
    """Run an executor on an empty store; it ends as at SIGTERM."""

    def config(kubeconfig: Path) -> ClusterConfig:
        return ClusterConfig(
            "lab",
            ClusterSource.KUBECONFIG,
            kubeconfig=str(kubeconfig),
            requests_per_second=_REQUESTS_PER_SECOND,
        )

    stack = AsyncExitStack()
    async with stack:
        db = await open_database(f"sqlite:///{folder}/living.db")
        stack.push_async_callback(db.close)
        stack.push_async_callback(asyncio.sleep, _TLS_ENDS_S)
        between = await Between(accounts["executor"]).start()
        stack.push_async_callback(between.stop)
        reader = await connect(config(accounts["reader"]))
        stack.push_async_callback(reader.close)
        admin = await connect(config(lab.kubeconfig))
        stack.push_async_callback(admin.close)
        writer = await open_account(config(between.kubeconfig(folder / "between")))
        stack.push_async_callback(writer.close)
        parts = Parts(
            db=db,
            key=KEY,
            policy=lambda: PARSED,
            readers=lambda: {"lab": reader},
            accounts={"lab": writer},
            scope=lambda _: Scope({"lab": ALL}),
            actor=None,
            clock=now,
            wait=asyncio.sleep,
            worker="executor-1",
            app=App.ASSISTANT,
            pace=Pace(poll_s=0.2, again_s=0.5, look_s=1.0),
        )
        stop = asyncio.Event()
        running = asyncio.create_task(run(parts, stop))
        try:
            yield Living(lab, People(db), admin, between, accounts, folder)
        finally:
            stop.set()
            await running


def ended(case: Case) -> OutcomeKind:
    """Give how an execution ended."""
    return OutcomeKind(case.proposal.outcome)
