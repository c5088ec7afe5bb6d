"""Delete one object: no undo, always a high risk.

Never a Namespace, volume, claim or Secret: they are not among the kinds. The uid has to be known, so
that another object of the same name is never meant.
"""

from tools.planning.drafting import combined, found, high
from tools.planning.ownership import owner_of
from tools.planning.patching import as_object
from tools.planning.rollout import MIRROR, not_in_place
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Disruption, Operation, Target, Verb

KINDS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "Job",
    "Pod",
    "NetworkPolicy",
    "ServiceAccount",
    "RoleBinding",
)
NEEDS = ()
ANSWERS = ("cluster_admin_binding", "system_masters_binding")
"""By deleting the RoleBinding."""

_LOSSES = {
    "Deployment": "Its pods stop and nothing serves in their place.",
    "StatefulSet": "Its pods stop; their volume claims stay.",
    "DaemonSet": "Its pods stop on every node.",
    "CronJob": "No run starts any more, and those that run are stopped.",
    "Job": "Its pods stop and their logs are gone.",
    "Pod": "It stops and its logs are gone.",
    "NetworkPolicy": "What it denied is allowed again, unless another policy denies it.",
    "ServiceAccount": "Pods that name it can no longer be made.",
    "RoleBinding": "Whom it names loses these rights.",
}
_MADE_AGAIN = ("Pod", "Job")
"""Kinds whose controller makes another one, which is no conflict with it."""


class DeleteObject(Action, frozen=True, kw_only=True, tag="delete_object"):
    """Nothing but the target, whose uid has to be given."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List nothing: a deletion changes no field."""
    return ()


def plan(action: DeleteObject, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the deletion."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    refusal = _refused(target, there)
    if refusal:
        return refusal
    uid = str(as_object(there["metadata"]).get("uid") or "")
    meant = Target(
        target.cluster, target.api_version, target.kind, target.namespace, target.name, uid
    )
    pods = target.kind not in ("NetworkPolicy", "ServiceAccount", "RoleBinding")
    owner = owner_of(there)
    made_again = target.kind in _MADE_AGAIN and owner.startswith("its controller")
    return Plan(
        (Operation(Verb.DELETE, meant),),
        combined((high("It cannot be taken back."), high(_LOSSES[target.kind]))),
        Disruption(pods, (_LOSSES[target.kind],)),
        (),
        undo="It cannot be undone: what is deleted is gone.",
        undoable=False,
        handover="" if made_again or not owner else f"{owner} would make it again.",
        notes=(f"{owner[0].upper()}{owner[1:]} makes another one.",) if made_again else (),
    )


def _refused(target: Target, obj: Json) -> Refusal | None:
    """Refuse what is not to be deleted, or what a deletion does nothing to."""
    if not target.uid:
        return Refusal(
            Reason.NO_SAFE_FIX,
            "Without its uid, another object of the same name could be deleted.",
            "Look at it first, then ask again.",
        )
    annotations = as_object(as_object(obj["metadata"]).get("annotations"))
    if target.kind == "Pod" and MIRROR in annotations:
        return not_in_place(target, obj, obj)
    if target.kind == "ServiceAccount" and target.name == "default":
        return Refusal(
            Reason.NO_SAFE_FIX,
            "Every namespace has a default service account; Kubernetes makes it again at once.",
        )
    return None
