"""Switch the token off on a service account: pods that say nothing themselves get none any more.

Refused where the account holds rights, or where that could not be read, unless a person confirms that
its pods do without.
"""

import copy

from tools.planning.drafting import Draft, found, high, medium, patch_plan
from tools.planning.rollout import rights_of
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Risk

KINDS = ("ServiceAccount",)
NEEDS = ("RoleBinding", "ClusterRoleBinding")
ANSWERS = ("default_service_account_automount",)


class AccountTokenOff(Action, frozen=True, kw_only=True, tag="account_token_off"):
    """Whether a person confirmed that pods with a use for the token may lose it."""

    confirmed: bool = False


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("automountServiceAccountToken",),)


def plan(action: AccountTokenOff, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of automountServiceAccountToken."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    in_use = "; ".join(rights_of(target.name, target.namespace, around)[:3])
    is_off = there.get("automountServiceAccountToken") is False
    if in_use and not is_off and not action.confirmed:
        return Refusal(
            Reason.NEEDS_PERSON,
            f"Pods may need the token of {target.name}: {in_use}.",
            "Confirm that they work without, or take its rights away first.",
        )
    after = copy.deepcopy(there)
    after["automountServiceAccountToken"] = False
    risks: list[Risk] = [medium("Pods that speak to the Kubernetes API by it no longer can.")]
    if in_use:
        risks.append(high(f"Somebody may need its rights: {in_use}."))
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            tuple(risks),
            ("Pods that run now keep their token until they are made again.",),
        ),
        around,
    )
