"""Make rules of a role smaller: a patch for an administrator.

Every list that is given must be part of what the rule has now; where that is `*`, it is the names to
have instead. So a rule can only shrink. Handed over, as `remove_subject` explains.
"""

import copy
from typing import Annotated

from msgspec import Meta, Struct, structs

from tools.planning.drafting import RBAC_HANDOVER, Draft, found, high, patch_plan
from tools.planning.patching import as_list, as_object
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action

KINDS = ("Role", "ClusterRole")
NEEDS = ()
ANSWERS = (
    "certificate_approver",
    "node_proxy_access",
    "persistent_volume_creator",
    "pod_creator",
    "privilege_escalation_verbs",
    "secret_reader",
    "token_creator",
    "webhook_configuration_changer",
    "wildcard_rule",
)
_ANY = "*"

_Name = Annotated[str, Meta(max_length=128, pattern=r"\A[A-Za-z0-9][A-Za-z0-9./:_-]*\Z")]
_Names = Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=50)]
_Group = Annotated[str, Meta(max_length=128, pattern=r"\A([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?\Z")]


class RuleLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left of one rule; None leaves a list as it is."""

    rule: Annotated[int, Meta(ge=0, le=500)]
    """Its index in `rules`."""
    remove: bool = False
    """True takes the whole rule away; then no list is given."""
    verbs: _Names | None = None
    api_groups: Annotated[tuple[_Group, ...], Meta(min_length=1, max_length=50)] | None = None
    """The empty name is the core group."""
    resources: _Names | None = None
    resource_names: _Names | None = None


class NarrowRole(Action, frozen=True, kw_only=True, tag="narrow_role"):
    """The rules to make smaller, each at most once."""

    limits: Annotated[tuple[RuleLimit, ...], Meta(min_length=1, max_length=50)]


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("rules",),)


def plan(action: NarrowRole, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the rules."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    refusal = _not_its_own(there, target.name) or _narrow(action, after)
    if refusal:
        return refusal
    made = patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            (high("Whoever uses what is taken away is refused from then on."),),
        ),
        around,
    )
    if isinstance(made, Refusal):
        return made
    return structs.replace(made, handover=f"{made.handover} {RBAC_HANDOVER}".strip())


def _not_its_own(role: Json, name: str) -> Refusal | None:
    """Refuse roles whose rules Kubernetes itself writes."""
    labels = as_object(as_object(role["metadata"]).get("labels"))
    if role.get("aggregationRule"):
        return Refusal(
            Reason.OWNED,
            f"ClusterRole {name} collects the rules of other roles; what is changed in it is lost.",
            "Narrow the roles that it selects.",
        )
    if labels.get("kubernetes.io/bootstrapping") == "rbac-defaults" or name.startswith("system:"):
        return Refusal(
            Reason.OWNED,
            f"Kubernetes itself keeps {name} as it is.",
            "Bind a role of your own instead.",
        )
    return None


def _narrow(action: NarrowRole, role: Json) -> Refusal | None:
    """Make the rules smaller in place."""
    rules = as_list(role.get("rules"))
    if len({limit.rule for limit in action.limits}) < len(action.limits):
        return Refusal(Reason.NO_SAFE_FIX, "A rule is named more than once.")
    gone: set[int] = set()
    for limit in action.limits:
        if limit.rule >= len(rules):
            return Refusal(Reason.MISSING, f"There is no rule {limit.rule} in the role.")
        if limit.remove:
            gone.add(limit.rule)
            continue
        refusal = _limit(as_object(rules[limit.rule]), limit)
        if refusal:
            return refusal
    role["rules"] = [rule for index, rule in enumerate(rules) if index not in gone]
    return None


def _limit(rule: Json, limit: RuleLimit) -> Refusal | None:
    """Make one rule smaller in place; refuses a name that it does not have."""
    lists = {
        "verbs": limit.verbs,
        "apiGroups": limit.api_groups,
        "resources": limit.resources,
        "resourceNames": limit.resource_names,
    }
    for field, names in lists.items():
        if names is None:
            continue
        if rule.get("nonResourceURLs"):
            return Refusal(
                Reason.NO_SAFE_FIX,
                f"Rule {limit.rule} is about URLs, not resources: it can only be removed.",
            )
        held = as_list(rule.get(field))
        everything = _ANY in held or (field == "resourceNames" and not held)
        more = [name for name in names if name not in held]
        if more and not everything:
            return Refusal(
                Reason.NO_SAFE_FIX,
                f"Rule {limit.rule} does not have {more[0] or 'the core group'} in {field}: that "
                "would be more, not less.",
            )
        rule[field] = list(names)
    return None
