"""Words about a proposal, for its card, for answers to presses and for a terminal: plain text, pure.

Names from clusters stand in these words as they are; whoever shows them makes them inert.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.approval.policy.votes import Verdict
from bot.approval.transitions import approvals
from bot.store.operations import Phase
from bot.store.proposals import Case, Proposal, State
from bot.store.reviews import Review
from tools import vocabulary
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.harden_workload import HardenWorkload
from tools.actions.label_namespace import LabelNamespace
from tools.actions.narrow_role import NarrowRole
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.remove_subject import RemoveSubject
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import SetResources
from tools.actions.undo_change import UndoChange
from tools.changes import Outcome, OutcomeKind, Rehearsal
from tools.changes import State as Rehearsed
from tools.errors import BadAction
from tools.planning.hardening import Setting
from tools.types import Action

_SETTINGS: Mapping[Setting, str] = {
    Setting.PRIVILEGED: "no privileged containers",
    Setting.CAPABILITIES: "capabilities dropped",
    Setting.ESCALATION: "no privilege escalation",
    Setting.NON_ROOT: "not as root",
    Setting.SECCOMP: "seccomp profile",
    Setting.READ_ONLY_ROOT: "read-only root file system",
    Setting.HOST_NETWORK: "no host network",
    Setting.HOST_PID: "no host processes",
    Setting.HOST_IPC: "no host IPC",
    Setting.HOST_PORTS: "no host ports",
    Setting.TOKEN: "no service account token",
    Setting.HOST_PATHS: "no host paths",
}


def _harden(action: HardenWorkload) -> str:
    wished = ", ".join(_SETTINGS[one] for one in action.settings)
    return f"Harden {action.target.name}: {wished}"


def _label(action: LabelNamespace) -> str:
    levels = {"enforce": action.enforce, "audit": action.audit, "warn": action.warn}
    told = ", ".join(f"{mode} {level.value}" for mode, level in levels.items() if level)
    return f"Pod Security of namespace {action.target.name}: {told}"


def _deny(action: DenyTraffic) -> str:
    which = "incoming and outgoing" if action.egress else "incoming"
    return f"Deny {which} traffic in {action.target.name} unless it is let through"


def _remove(action: RemoveSubject) -> str:
    subject = action.subject
    return f"Remove {subject.kind.value} {subject.name} from {action.target.name}"


def _deploy(action: DeployApp) -> str:
    return f"Deploy {action.target.name} from {action.image.partition('@')[0]}"


def _pause(action: PauseRollout) -> str:
    return f"{'Pause' if action.paused else 'Resume'} {action.target.name}"


_TITLES: Mapping[type[Action], Callable[[Any], str]] = {
    HardenWorkload: _harden,
    OwnServiceAccount: lambda a: f"Give {a.target.name} a service account of its own, {a.account}",
    AccountTokenOff: lambda a: f"Mount no token of service account {a.target.name}",
    LabelNamespace: _label,
    DenyTraffic: _deny,
    RemoveSubject: _remove,
    NarrowRole: lambda a: f"Narrow {a.target.kind} {a.target.name}",
    SetResources: lambda a: f"Set requests and limits of {a.target.name}",
    Scale: lambda a: f"Scale {a.target.name} to {counted(a.replicas, 'replica')}",
    Restart: lambda a: f"Restart {a.target.name}",
    PauseRollout: _pause,
    PinImage: lambda a: f"Pin the images of {a.target.name} to their digests",
    DeployApp: _deploy,
    DeleteObject: lambda a: f"Delete {a.target.kind} {a.target.name}",
    UndoChange: lambda a: f"Undo a change of {a.target.name}",
}

_STATES: Mapping[State, str] = {
    State.DRAFT: "Being tried out on the cluster, without changing anything",
    State.BLOCKED: "Cannot be done this way",
    State.APPROVED: "Approved, waits to be carried out",
    State.DENIED: "Rejected; nothing was changed",
    State.WITHDRAWN: "Withdrawn; nothing was changed",
    State.EXPIRED: "Expired; nothing was changed",
    State.HANDED_OVER: "For somebody else to carry out; Oakum looks whether it was done",
}

_OUTCOMES: Mapping[str, str] = {
    OutcomeKind.VERIFIED: "Done and verified",
    OutcomeKind.UNDONE: "Undone",
    OutcomeKind.APPLIED: "Applied",
    OutcomeKind.UNVERIFIED: "Applied, not verified",
    OutcomeKind.REFUSED: "Refused; nothing was changed",
    OutcomeKind.STALE: "Not carried out: it no longer fits what is there; nothing was changed",
    OutcomeKind.FAILED: "Could not be carried out; nothing was changed",
    OutcomeKind.UNKNOWN: "Sent, and what came of it is not known: look at the object",
}


def title(proposal: Proposal) -> str:
    """Say in a few words what a proposal is to do."""
    try:
        action = vocabulary.decode(proposal.action)
    except BadAction:
        return f"Change {proposal.target.kind} {proposal.target.name}"
    return _TITLES[type(action)](action)


def status(case: Case, waits_for_start: bool = False) -> str:
    """Say where a case stands, without a full stop."""
    proposal = case.proposal
    if proposal.state is State.PENDING:
        return f"Waits for approval: {approvals(case.reviews)} of {proposal.needed}"
    if proposal.state is State.APPROVED and waits_for_start and not proposal.started_by:
        return "Approved, waits for somebody to start it"
    if proposal.state is State.EXECUTING:
        return _executing(case)
    if proposal.state is State.DONE:
        return _ended(case)
    if proposal.state is State.BLOCKED and _changes_nothing(proposal):
        return "Nothing to change"
    return _STATES[proposal.state]


def verdict(proposal: Proposal, review: Review) -> str:
    """Say what somebody did about a proposal: `approved by`, or of an undo of their own `undone by`."""
    if review.verdict == Verdict.DENY:
        return "rejected by"
    if not proposal.undo_of or review.account != proposal.account:
        return "approved by"
    return "undone by" if proposal.outcome == OutcomeKind.UNDONE else "to be undone by"


def rehearsal_of(proposal: Proposal) -> Rehearsal | None:
    """Give what people are shown of a rehearsal; None before it."""
    if not proposal.rehearsal:
        return None
    return msgspec.json.decode(proposal.rehearsal, type=Rehearsal)


def _changes_nothing(proposal: Proposal) -> bool:
    rehearsal = rehearsal_of(proposal)
    return rehearsal is not None and rehearsal.state is Rehearsed.NO_CHANGE


def ending_of(case: Case) -> Outcome | None:
    """Give how an execution ended, with what was found afterwards; None where nothing is known."""
    proposal = case.proposal
    if proposal.state is not State.DONE:
        return None
    known = [step.detail for step in case.steps if step.detail]
    if known:
        return msgspec.json.decode(known[-1], type=Outcome)
    rehearsal = rehearsal_of(proposal)
    if rehearsal is None or rehearsal.state is not Rehearsed.HANDOVER:
        return None
    kind = OutcomeKind(proposal.outcome)
    return Outcome(kind, "", proposal.reason, findings=rehearsal.checked)


def applied_steps(case: Case) -> int:
    """Count the steps that changed something."""
    return sum(step.outcome == OutcomeKind.APPLIED for step in case.steps)


def can_be_undone(case: Case) -> bool:
    """Tell whether an undo of a proposal can be asked for."""
    rehearsal = rehearsal_of(case.proposal)
    ended = case.proposal.state is State.DONE and applied_steps(case) > 0
    return ended and rehearsal is not None and rehearsal.undoable


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _executing(case: Case) -> str:
    if case.proposal.reason:
        return "Stands still for now"
    total = len(case.steps)
    applied = applied_steps(case)
    if applied == total:
        return "Applied, being verified"
    current = case.steps[applied]
    doing = {
        Phase.CLAIMED: "being looked at once more",
        Phase.INTENDED: "being sent",
        Phase.RECORDED: current.outcome or "recorded",
    }[current.phase]
    step = f"step {applied + 1} of {total}, " if total > 1 else ""
    return f"Being carried out: {step}{doing}"


def _ended(case: Case) -> str:
    proposal, applied = case.proposal, applied_steps(case)
    if proposal.outcome in {OutcomeKind.FAILED, OutcomeKind.REFUSED, OutcomeKind.STALE} and applied:
        return f"Broke off after {applied} of {counted(len(case.steps), 'step')}"
    if proposal.outcome == OutcomeKind.UNVERIFIED and not case.steps:
        return "Not shown to be done by whom it was handed to"
    if proposal.outcome == OutcomeKind.VERIFIED and not case.steps:
        return "Done by whom it was handed to, and verified"
    return _OUTCOMES.get(proposal.outcome, proposal.outcome)
