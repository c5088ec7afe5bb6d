"""Take a change back: an action of its own, with its own card.

It names the operation, nothing else: what is put back comes from the intent that was committed before
the write, never from here. Only the touched fields, only while nobody changed them since; of what was
created only that, by its uid, and only while it is what was made. The last operation is taken back first.
"""

from typing import Annotated

from msgspec import Meta, structs

from tools.planning.created import other_than_made
from tools.planning.drafting import combined, found, high, medium, not_read, place_risks
from tools.planning.ownership import owner_of
from tools.planning.patching import as_object, taken_back, touched, value_at
from tools.planning.rollout import disruption_of
from tools.plans import Around, Done, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Disruption, Operation, Risk, Target, Verb

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Namespace", "ServiceAccount")
NEEDS = ("Deployment", "Service", "ServiceAccount", "NetworkPolicy")
"""What a change may have created."""
ANSWERS = ()


class UndoChange(Action, frozen=True, kw_only=True, tag="undo_change"):
    """The operation to take back; the target is the one that it had."""

    operation_id: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{7,63}\Z")]


def touches(kind: str) -> tuple[Pattern, ...]:
    """List nothing of its own: it touches what the change it takes back did."""
    return ()


def plan(action: UndoChange, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the way back of what was done, from `around.done`."""
    target = action.target
    if not around.done:
        return Refusal(
            Reason.NO_UNDO, "What that operation did is not known, so it cannot be taken back."
        )
    there: Json = {}
    if any(_is_target(done, target) for done in around.done):
        known = found(structs.replace(target, uid=""), obj)
        if isinstance(known, Refusal):
            return known
        there = known
    operations: list[Operation] = []
    for done in reversed(around.done):
        step = _back(done, there, target, around)
        if isinstance(step, Refusal) and step.reason is not Reason.ALREADY_FINE:
            return step
        if isinstance(step, Operation):
            operations.append(step)
    if not operations:
        return Refusal(Reason.ALREADY_FINE, f"{target.kind} {target.name} is as it was before.")
    return _plan(target, there, operations, around)


def _is_target(done: Done, target: Target) -> bool:
    """Tell whether an operation was about the action's own target."""
    meant = done.operation.target
    return (meant.kind, meant.namespace, meant.name) == (
        target.kind,
        target.namespace,
        target.name,
    )


def _back(done: Done, there: Json, target: Target, around: Around) -> Operation | Refusal:
    """Work out one step back."""
    meant = structs.replace(done.operation.target, uid=done.uid)
    if meant.cluster != target.cluster or not done.uid:
        return Refusal(Reason.NO_UNDO, f"{meant.kind} {meant.name} is not known well enough.")
    if done.operation.verb is Verb.CREATE:
        return _unmade(done, there if _is_target(done, target) else None, meant, around)
    if done.operation.verb is Verb.DELETE:
        return Refusal(Reason.NO_UNDO, "What is deleted is gone; it cannot be taken back.")
    if not _is_target(done, target):
        return Refusal(Reason.NO_UNDO, f"{meant.kind} {meant.name} was not this action's target.")
    return taken_back(done, there)


def _unmade(done: Done, there: Json | None, meant: Target, around: Around) -> Operation | Refusal:
    """Work out how what was created is deleted again; what is gone by now the writer tells."""
    if there is None:
        if meant.kind not in around.others:
            return not_read(meant.kind)
        name = ("metadata", "name")
        listed = around.others[meant.kind]
        there = next((obj for obj in listed if value_at(obj, name) == meant.name), None)
    if there and as_object(there.get("metadata")).get("uid", meant.uid) != meant.uid:
        return Refusal(Reason.MISSING, f"{meant.kind} {meant.name} was made again since.")
    other = other_than_made(done.operation.manifest, done.made, there) if there else ""
    if other:
        return Refusal(
            Reason.CHANGED,
            f"{meant.kind} {meant.name} is no longer what was made: {other}. Somebody changed it since.",
            "Look at it again; where it is not wanted any more, ask for its deletion.",
        )
    return Operation(Verb.DELETE, meant)


def _plan(target: Target, there: Json, operations: list[Operation], around: Around) -> Plan:
    """Put the plan together."""
    changes = tuple(change for operation in operations for change in operation.changes)
    paths = tuple(touched(changes))
    disruption = disruption_of(target, there, changes, around)
    deleted = [o.target for o in operations if o.verb is Verb.DELETE]
    risks: list[Risk] = [medium("What the change set is as it was before it.")] if changes else []
    if deleted:
        names = ", ".join(f"{each.kind} {each.name}" for each in deleted)
        risks.append(high(f"{names} is deleted again."))
        disruption = Disruption(disruption.restarts, (*disruption.facts, f"Deleted: {names}."))
    owner = owner_of(there, paths) if changes else ""
    patterns: tuple[Pattern, ...] = tuple(tuple(map(str, path)) for path in paths)
    return Plan(
        tuple(operations),
        combined((*risks, *place_risks(target, there, disruption.restarts))),
        disruption,
        patterns,
        undo="It is an undo itself; do the change again instead.",
        undoable=False,
        handover=f"{owner} would write it back." if owner else "",
    )
