"""Set how many replicas a Deployment or StatefulSet has.

An autoscaler that holds the number makes it a change for whoever owns the autoscaler.
"""

import copy
from typing import Annotated

from msgspec import Meta

from tools.planning.drafting import Draft, found, high, low, medium, patch_plan
from tools.planning.patching import as_object, value_at
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Risk

KINDS = ("Deployment", "StatefulSet")
NEEDS = ()
ANSWERS = ()
_MANY = 10
"""Growing by more than this at once is no small thing for a cluster."""


class Scale(Action, frozen=True, kw_only=True, tag="scale"):
    """How many replicas it is to have."""

    replicas: Annotated[int, Meta(ge=0, le=100)]


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("spec", "replicas"),)


def plan(action: Scale, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of spec.replicas."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    present = int(as_object(there.get("spec")).get("replicas", 1))
    if present == action.replicas:
        return Refusal(
            Reason.ALREADY_FINE, f"{target.kind} {target.name} already has {present} replicas."
        )
    after = copy.deepcopy(there)
    as_object(value_at(after, ("spec",)))["replicas"] = action.replicas
    return patch_plan(
        Draft(target, there, after, touches(target.kind), (_risk(present, action.replicas),)),
        around,
    )


def _risk(present: int, wanted: int) -> Risk:
    """Judge a change of the number of replicas."""
    if not wanted:
        return high("Nothing serves any more.")
    if wanted < present:
        return medium(f"{present - wanted} of {present} pods stop; the rest take their load.")
    if wanted - present > _MANY:
        return medium(f"{wanted - present} more pods take their share of the nodes at once.")
    return low(f"{wanted - present} more pods.")
