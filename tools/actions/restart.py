"""Make the pods of a workload again without changing anything else.

Writes the annotation that `kubectl rollout restart` writes. The time in it comes with the action, from
the clock of whoever proposes, so that the same action always makes the same change.
"""

import copy
from typing import Annotated

from msgspec import Meta

from tools.planning.drafting import Draft, found, low, patch_plan
from tools.planning.patching import as_object
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
NEEDS = ()
ANSWERS = ()
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


class Restart(Action, frozen=True, kw_only=True, tag="restart"):
    """When it was asked for."""

    at: Annotated[str, Meta(pattern=r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")]
    """RFC 3339, UTC, whole seconds."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("spec", "template", "metadata", "annotations", RESTARTED_AT),)


def plan(action: Restart, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the template's annotation."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    if as_object(there.get("spec")).get("paused") is True:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"The rollout of {target.name} is paused: nothing would be made again.",
            "Resume it first.",
        )
    after = copy.deepcopy(there)
    template = as_object(as_object(after.get("spec")).get("template"))
    metadata = template.setdefault("metadata", {})
    if not isinstance(metadata.get("annotations"), dict):
        metadata["annotations"] = {}
    metadata["annotations"][RESTARTED_AT] = action.at
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            (low("The same pods are made again as they are."),),
            notes=("Taking it back makes the pods again once more.",),
        ),
        around,
    )
