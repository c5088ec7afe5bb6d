"""Proposals of real actions, brought to each state as the executor brings them there, under a small policy."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from bot.accounts import Account, Actor
from bot.approval import proposals, standing
from bot.approval.executing import Gate
from bot.approval.policy.file.document import parse
from bot.approval.policy.rules import Policy
from bot.approval.policy.votes import Verdict as Vote
from bot.approval.transitions import Press, Reply, Sealing, Turn
from bot.store import signs
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.store.proposals import Draft
from bot.types import ThreadKey
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.changes import Intent, Outcome, OutcomeKind, Rehearsal, Seal, State, Step
from tools.planning.hardening import Setting
from tools.types import (
    Action,
    Change,
    Disruption,
    Evidence,
    Finding,
    Fixed,
    Operation,
    ResourceRef,
    Risk,
    RiskLevel,
    Severity,
    Target,
    Verb,
    Verdict,
)

KEY = LedgerKey(b"a key of tests, of thirty-two bytes or more")
TEAM = "T0TEAM"
TEXT = """\
policy: 1
workspace: T0TEAM
kill_switch: false
clusters:
  prod: {}
  lab: {sandbox: true}
people:
  ann: {slack_users: [UANN]}
  bob: {slack_users: [UBOB]}
  cat: {slack_users: [UCAT]}
  away: {slack_users: [T0AWAY/UAWAY]}
  guest: {slack_users: [UGUEST]}
  gone: {slack_users: [UGONE]}
  robot: {slack_users: [UROBOT]}
teams:
  leads: {people: [ann, bob, cat, away, guest, gone, robot]}
  on-call: {slack_groups: [S0CALL]}
rules:
  - name: two
    clusters: [prod]
    namespaces: [shop]
    actions: [delete_object]
    risks: any
    propose: [leads]
    approve: [leads]
    approvals: 2
    execute: [bob]
  - name: shop
    clusters: [prod, lab]
    namespaces: [shop]
    actions: any
    risks: any
    propose: [leads]
    approve: [leads, on-call]
    undo_minutes: 15
"""
POLICY = parse(TEXT)
SPEC = ("spec", "template", "spec")


def target(name: str = "web", cluster: str = "prod") -> Target:
    """Name one Deployment of the shop."""
    return Target(cluster, "apps/v1", "Deployment", "shop", name, f"uid-{name}")


def harden(name: str = "web", cluster: str = "prod") -> HardenWorkload:
    """Ask for two settings of one Deployment."""
    return HardenWorkload(
        target=target(name, cluster),
        settings=(Setting.PRIVILEGED, Setting.SECCOMP),
        answers=("privileged_container",),
    )


def operation(action: Action) -> Operation:
    """Switch privileged off in one container, as the plan does."""
    container = (*SPEC, "containers", 0)
    security = (*container, "securityContext")
    changes = (
        Change((*security, "privileged"), before=True, after=False),
        Change((*security, "allowPrivilegeEscalation"), after=False),
        Change((*SPEC, "securityContext", "seccompProfile"), after={"type": "RuntimeDefault"}),
    )
    fixed = (Fixed((*container, "name"), "app"),)
    return Operation(Verb.PATCH, action.target, changes=changes, fixed=fixed)


def rehearsal(action: Action, state: State = State.READY, **changes: object) -> Rehearsal:
    """Rehearse one, as the server's dry run came out."""
    step = Step(operation(action), "object", "diff")
    answers = ("privileged_container", "seccomp_not_set")
    seal = Seal(vocabulary.encode(action), action.target.cluster, (step,), answers)
    made = Rehearsal(
        state,
        diff=((step.operation, step.operation.changes),),
        risk=Risk(RiskLevel.MEDIUM, ("A process that needs the host's devices stops working.",)),
        disruption=Disruption(True, ("2 replicas are replaced one after the other.",)),
        undo="The fields are set back to what they were, in another rollout.",
        undoable=True,
        answers=answers,
        seal=seal if state is State.READY else None,
    )
    return msgspec.structs.replace(made, **changes)


def actor(user: str) -> Actor:
    """Give an account in good standing."""
    return Actor(Account(TEAM, user), frozenset(), False, False, False, False)


def passed(action: Action) -> Finding:
    """Find what was failing to pass now."""
    one = action.target
    ref = ResourceRef(one.cluster, one.api_version, one.kind, one.namespace, one.name, one.uid)
    return Finding(
        "privileged_container",
        ("5.2.2",),
        Severity.CRITICAL,
        Verdict.PASS,
        ref,
        "app",
        "",
        (Evidence("spec.template.spec.containers[0].securityContext.privileged", "false"),),
        "f/web",
    )


@dataclass
class Proposing:
    """Stands in for who asks and for the executor, in one thread."""

    db: Database
    thread: ThreadKey
    now: datetime
    policy: Policy = POLICY
    app: App = App.ASSISTANT
    actions: dict[str, Action] = field(default_factory=dict[str, Action])

    def turn(self, seconds: float = 0.0) -> Turn:
        """Take a turn as the executor."""
        return Turn("executor", self.now + timedelta(seconds=seconds), 600.0, KEY)

    async def alive(self) -> None:
        """Give the executor's sign of life."""
        await signs.beat(self.db, signs.EXECUTOR, "executor", self.now)

    async def draft(
        self, proposal: str, user: str = "UANN", person: str = "ann", action: Action | None = None
    ) -> None:
        """Ask for a change, and have the executor take it."""
        wanted = action or harden()
        self.actions[proposal] = wanted
        asked = Draft(
            id=proposal,
            action=vocabulary.encode(wanted),
            target=wanted.target,
            requester=person,
            account=(TEAM, user),
            thread=self.thread,
            submitted_at=self.now,
            standing=standing.write(actor(user)),
        )
        assert await proposals.submit(self.db, asked)
        assert await proposals.claim_draft(self.db, self.turn(), self.app)

    async def pending(self, proposal: str, needed: int = 1, **changes: object) -> None:
        """Ask for a change and seal it."""
        sealing: dict[str, object] = {
            "policy_version": self.policy.version,
            "needed": needed,
            "until": self.now + timedelta(minutes=30),
        }
        known = {one: changes.pop(one) for one in tuple(sealing) if one in changes}
        for one in ("requester_may_approve", "remind_at"):
            if one in changes:
                known[one] = changes.pop(one)
        asked = {one: changes.pop(one) for one in ("user", "person", "action") if one in changes}
        await self.draft(proposal, **asked)  # type: ignore[arg-type]
        rehearsed = rehearsal(self.actions[proposal], **changes)  # type: ignore[arg-type]
        made = Sealing(rehearsed, **(sealing | known))  # type: ignore[arg-type]
        said = await proposals.seal(self.db, self.turn(), proposal, made)
        assert said.reply is Reply.DONE, said

    async def blocked(self, proposal: str, rehearsed: Rehearsal) -> None:
        """Ask for what cannot be done."""
        await self.draft(proposal)
        assert (
            await proposals.block(self.db, self.turn(), proposal, rehearsed)
        ).reply is Reply.DONE

    async def handed_over(self, proposal: str) -> None:
        """Ask for what somebody else has to do."""
        await self.draft(proposal)
        made = rehearsal(
            self.actions[proposal],
            State.HANDOVER,
            reason="Argo CD (app shop) would set it back.",
            undoable=False,
        )
        until = self.now + timedelta(hours=24)
        said = await proposals.hand_over(self.db, self.turn(), proposal, made, until)
        assert said.reply is Reply.DONE

    async def claim(self, proposal: str) -> None:
        """Have the executor take what was approved."""
        case = await proposals.get(self.db, proposal)
        assert case is not None
        gate = Gate(case.proposal.digest, self.policy.version, stopped=False)
        said = await proposals.claim(self.db, self.turn(), proposal, gate)
        assert said.reply is Reply.DONE, said

    async def applied(self, proposal: str) -> None:
        """Have it write what was approved."""
        await self.claim(proposal)
        case = await proposals.get(self.db, proposal)
        assert case is not None
        seal = msgspec.json.decode(case.proposal.seal, type=Seal)
        assert case.proposal.until is not None
        intent = Intent(f"{proposal}.0", seal, 0, case.proposal.until)
        assert (await proposals.intend(self.db, self.turn(), proposal, intent)).reply is Reply.DONE
        outcome = Outcome(OutcomeKind.APPLIED, f"{proposal}.0", audit_id="audit-1", uid="uid-web")
        said = await proposals.record(self.db, self.turn(), proposal, outcome)
        assert said.reply is Reply.DONE

    async def vote(
        self, proposal: str, person: str, user: str, verdict: Vote = Vote.APPROVE
    ) -> None:
        """Count a vote, as if it had been given elsewhere."""
        case = await proposals.get(self.db, proposal)
        assert case is not None
        digest, version = case.proposal.digest, case.proposal.policy_version
        press = Press(proposal, person, (TEAM, user), verdict, "", digest, version)
        assert (await proposals.review(self.db, press, self.now)).reply is Reply.DONE

    async def end(
        self, proposal: str, kind: OutcomeKind = OutcomeKind.VERIFIED, **changes: object
    ) -> None:
        """Have it end what was applied, with what the checks found."""
        found = (passed(self.actions[proposal]),)
        outcome = Outcome(kind, f"{proposal}.0", findings=found)
        outcome = msgspec.structs.replace(outcome, **changes)
        said = await proposals.finish(self.db, self.turn(), proposal, outcome)
        assert said.reply is Reply.DONE

    async def done(
        self, proposal: str, kind: OutcomeKind = OutcomeKind.VERIFIED, **changes: object
    ) -> None:
        """Have it apply, verify and end what was approved."""
        await self.applied(proposal)
        await self.end(proposal, kind, **changes)
