"""Pause or resume: a Deployment's rollout, or a CronJob's runs."""

import copy

from tools.planning.drafting import Draft, found, low, medium, patch_plan
from tools.planning.patching import as_object, value_at
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Risk

KINDS = ("Deployment", "CronJob")
NEEDS = ()
ANSWERS = ()


class PauseRollout(Action, frozen=True, kw_only=True, tag="pause_rollout"):
    """Whether it is to be paused."""

    paused: bool


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("spec", _field(kind)),)


def plan(action: PauseRollout, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of spec.paused, or of a CronJob's spec.suspend."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    field = _field(target.kind)
    if (as_object(there.get("spec")).get(field) is True) == action.paused:
        how = "paused" if action.paused else "running"
        return Refusal(Reason.ALREADY_FINE, f"{target.kind} {target.name} already is {how}.")
    after = copy.deepcopy(there)
    spec = as_object(value_at(after, ("spec",)))
    if action.paused:
        spec[field] = True
    else:
        del spec[field]
    return patch_plan(
        Draft(target, there, after, touches(target.kind), (_risk(target.kind, action.paused),)),
        around,
    )


def _field(kind: str) -> str:
    """Name the field of a specification that stops it."""
    return "suspend" if kind == "CronJob" else "paused"


def _risk(kind: str, paused: bool) -> Risk:
    """Judge pausing and resuming."""
    if kind == "CronJob":
        return medium("No run starts until it is resumed.") if paused else low("Runs start again.")
    if paused:
        return low("Changes of the template wait until it is resumed.")
    return medium("What was changed while it was paused is rolled out now.")
