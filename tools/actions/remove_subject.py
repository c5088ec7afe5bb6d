"""Take one subject out of a binding: a patch for an administrator.

The API server lets nobody update a binding who does not hold every permission of its role, also when
it gets smaller, and Oakum's account holds none. So it is computed, shown and handed over.
"""

import copy
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from tools.planning.drafting import RBAC_HANDOVER, Draft, found, high, medium, patch_plan
from tools.planning.patching import as_list, as_object
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, DnsLabel

KINDS = ("RoleBinding", "ClusterRoleBinding")
NEEDS = ()
ANSWERS = ("cluster_admin_binding", "system_masters_binding")


class SubjectKind(StrEnum):
    """Whom a binding can name."""

    USER = "User"
    GROUP = "Group"
    SERVICE_ACCOUNT = "ServiceAccount"


class BoundSubject(Struct, frozen=True, forbid_unknown_fields=True):
    """One subject, named exactly."""

    kind: SubjectKind
    name: Annotated[
        str,
        Meta(
            max_length=253,
            pattern=r"\A[A-Za-z0-9@.:_/+=,#%~|]([A-Za-z0-9@.:_/+=,#%~| -]*[A-Za-z0-9@.:_/+=,#%~|-])?\Z",
        ),
    ]
    namespace: DnsLabel | None = None
    """Of a ServiceAccount; None for the binding's own, and for others."""


class RemoveSubject(Action, frozen=True, kw_only=True, tag="remove_subject"):
    """Whom the binding is no longer to name."""

    subject: BoundSubject


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("subjects",),)


def plan(action: RemoveSubject, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the subjects."""
    target, wanted = action.target, action.subject
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    subjects = as_list(after.get("subjects"))
    kept = [each for each in subjects if not _is(as_object(each), wanted, target.namespace)]
    if len(kept) == len(subjects):
        return Refusal(
            Reason.ALREADY_FINE,
            f"{target.kind} {target.name} does not name {wanted.kind.value} {wanted.name}.",
        )
    after["subjects"] = kept
    if not kept:
        del after["subjects"]
    role = as_object(there.get("roleRef"))
    given = f"{role.get('kind')} {role.get('name')}"
    risk = high if role.get("name") in ("cluster-admin", "admin") else medium
    made = patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            (risk(f"{wanted.kind.value} {wanted.name} loses what {given} gives by this binding."),),
            () if kept else ("Nobody is left in the binding: deleting it says that more plainly.",),
        ),
        around,
    )
    return made if isinstance(made, Refusal) else structs.replace(made, handover=_handover(made))


def _handover(made: Plan) -> str:
    """Say why it is for somebody else: an owner that would write back too, where there is one."""
    return f"{made.handover} {RBAC_HANDOVER}".strip()


def _is(subject: Json, wanted: BoundSubject, own_namespace: str) -> bool:
    """Tell whether an entry is the one meant."""
    if (subject.get("kind"), subject.get("name")) != (wanted.kind.value, wanted.name):
        return False
    if wanted.kind is not SubjectKind.SERVICE_ACCOUNT:
        return True
    place = subject.get("namespace") or own_namespace
    return place == (wanted.namespace or own_namespace)
