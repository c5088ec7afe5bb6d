"""Drafts, rehearsals, presses and turns as tests of approvals need them, with the product's own types."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from bot.approval import proposals
from bot.approval.executing import Gate
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Answered, Press, Reply, Sealing, Turn
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.store.proposals import Draft
from bot.types import ThreadKey
from tools.changes import Intent, Outcome, OutcomeKind, Rehearsal, Seal, State, Step
from tools.types import Change, Operation, Target, Verb

START = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
KEY = LedgerKey(b"a key of tests, of thirty-two bytes or more")
POLICY = "policy-1"


def target(name: str = "web", uid: str = "u-1") -> Target:
    """Name one Deployment."""
    return Target("prod", "apps/v1", "Deployment", "shop", name, uid)


def action(name: str = "web") -> bytes:
    """Write an action's canonical bytes; what it does is not looked at here."""
    said = {"action": "x", "target": msgspec.to_builtins(target(name)), "answers": ["host_pid"]}
    return msgspec.json.encode(said, order="sorted")


def draft(proposal: str = "p1", name: str = "web", requester: str = "ann", **changes) -> Draft:
    """Make a draft about one Deployment."""
    values = {
        "id": proposal,
        "action": action(name),
        "target": target(name),
        "requester": requester,
        "account": ("T1", f"U-{requester}"),
        "thread": ThreadKey("T1", "C1", "1700000001.0"),
        "submitted_at": START,
    }
    return Draft(**(values | changes))


def seal(*names: str) -> Seal:
    """Seal one patched field of each Deployment."""
    change = Change(("spec", "template", "spec", "hostPID"), before=True, after=False)
    steps = tuple(
        Step(Operation(Verb.PATCH, target(name), changes=(change,)), "object", "diff")
        for name in names
    )
    return Seal(action(names[0]), "prod", steps, ("host_pid",))


def rehearsal(*names: str) -> Rehearsal:
    """Rehearse a change of these Deployments that the server would take."""
    sealed = seal(*(names or ("web",)))
    diff = tuple((step.operation, step.operation.changes) for step in sealed.steps)
    return Rehearsal(State.READY, diff=diff, undo="hostPID is set again", seal=sealed)


def sealing(*names: str, needed: int = 1, at: datetime = START, **changes) -> Sealing:
    """Make what a draft is sealed with: half an hour, nobody for themselves."""
    values = {"needed": needed, "until": at + timedelta(minutes=30)}
    return Sealing(rehearsal(*names), POLICY, **(values | changes))


@dataclass(frozen=True)
class Clock:
    """One executor's turns, at a number of seconds after START."""

    worker: str = "e1"
    lease_s: float = 60.0

    def at(self, seconds: float) -> Turn:
        """Give its turn at a time."""
        return Turn(self.worker, START + timedelta(seconds=seconds), self.lease_s, KEY)


EXECUTOR = Clock()


async def pending(db: Database, proposal: str = "p1", name: str = "web", **changes) -> str:
    """Bring a proposal to pending at START; returns its digest."""
    requester = changes.pop("requester", "ann")
    assert await proposals.submit(db, draft(proposal, name, requester))
    turn = EXECUTOR.at(0)
    claimed = await proposals.claim_draft(db, turn, App.ASSISTANT)
    assert claimed is not None
    assert claimed.id == proposal
    said = await proposals.seal(db, turn, proposal, sealing(name, **changes))
    assert said.reply is Reply.DONE
    return await digest_of(db, proposal)


async def digest_of(db: Database, proposal: str) -> str:
    """Read what a proposal's approval is bound to."""
    case = await proposals.get(db, proposal)
    assert case is not None
    return case.proposal.digest


async def press(
    db: Database,
    person: str,
    verdict: Verdict = Verdict.APPROVE,
    proposal: str = "p1",
    seconds: float = 60,
    **changes,
) -> Answered:
    """Press as a person whom the policy allowed, having looked at the proposal as it is."""
    key = changes.pop("key", None)
    values = {
        "proposal": proposal,
        "person": person,
        "account": ("T1", f"U-{person}"),
        "verdict": verdict,
        "reason": "",
        "digest": changes.get("digest") or await digest_of(db, proposal),
        "policy_version": POLICY,
    }
    return await proposals.review(
        db, Press(**(values | changes)), START + timedelta(seconds=seconds), key
    )


async def claim(
    db: Database, proposal: str = "p1", turn: Turn | None = None, **changes
) -> Answered:
    """Ask to execute, with a policy that still is the same."""
    digest = changes.pop("digest", None) or await digest_of(db, proposal)
    gate = {"digest": digest, "policy_version": POLICY, "stopped": False}
    return await proposals.claim(db, turn or EXECUTOR.at(120), proposal, Gate(**(gate | changes)))


async def approved(db: Database, proposal: str = "p1", name: str = "web", **changes) -> str:
    """Bring a proposal to approved; returns its digest."""
    digest = await pending(db, proposal, name, **changes)
    said = await press(db, "bob", proposal=proposal)
    assert said.reply is Reply.DONE
    return digest


def intent(proposal: str = "p1", *names: str, step: int = 0) -> Intent:
    """Intend one step of what was sealed."""
    until = START + timedelta(minutes=30)
    return Intent(f"{proposal}.{step}", seal(*(names or ("web",))), step, until)


def outcome(kind: OutcomeKind, proposal: str = "p1", step: int = 0) -> Outcome:
    """Say what came of a step."""
    return Outcome(kind, f"{proposal}.{step}", audit_id="audit-1", resource_version="8")
