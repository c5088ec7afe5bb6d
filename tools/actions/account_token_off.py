"""Switch the token off on a service account: pods that say nothing themselves get none any more."""

import copy

from tools.planning.drafting import Draft, found, high, medium, patch_plan
from tools.planning.rollout import bindings_of
from tools.plans import Around, Json, Pattern, Plan, Refusal
from tools.types import Action, Risk

KINDS = ("ServiceAccount",)
NEEDS = ("RoleBinding", "ClusterRoleBinding")
ANSWERS = ("default_service_account_automount",)


class AccountTokenOff(Action, frozen=True, kw_only=True, tag="account_token_off"):
    """Nothing but the target."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("automountServiceAccountToken",),)


def plan(action: AccountTokenOff, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of automountServiceAccountToken."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    after["automountServiceAccountToken"] = False
    risks: list[Risk] = [medium("Pods that speak to the Kubernetes API by it no longer can.")]
    holding = bindings_of(target.name, target.namespace, around)
    if holding:
        risks.append(high(f"It holds rights by {holding[0]}: somebody may need them."))
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            tuple(risks),
            ANSWERS if target.name == "default" else (),
            ("Pods that run now keep their token until they are made again.",),
        ),
        around,
    )
