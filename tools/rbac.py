"""RBAC rules, matched as Kubernetes does it, and who holds a role.

Written after the evaluation helpers of k8s.io/kubernetes 1.34 (pkg/apis/rbac/v1): `*` in resources
covers subresources, `*/proxy` matches nodes/proxy, `nodes/*` matches nothing. Holds matching, not
what is dangerous: that is for the checks. Used by the checks of RBAC and the scan.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tools.objects.meta import LabelSelector, Metadata
from tools.objects.rbac import (
    BindingSubject,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
)
from tools.types import PASSED, Judgement, ResourceRef, Verdict, evidence

ANY = "*"
CORE = ""
"""The core API group."""
RBAC_GROUP = "rbac.authorization.k8s.io"
MASTERS = "system:masters"
"""The group that the API server lets do everything, before any rule is read."""
CLUSTER_ADMIN = "cluster-admin"
_BOOTSTRAPPING = "kubernetes.io/bootstrapping"
_HOLDERS_NAMED = 5
_NOT_FOR_ROLES = Judgement(Verdict.NOT_APPLICABLE, "A Role gives nothing that is cluster-scoped.")


class RuleAt(Struct, gc=False):
    """One rule and where it stands."""

    rule: PolicyRule
    path: str
    ref: ResourceRef | None = None
    """Set when the rule is of another ClusterRole that an aggregated one selects."""


class RoleSubject(Struct, gc=False):
    """A Role or ClusterRole with the rules that hold for it."""

    ref: ResourceRef
    metadata: Metadata
    rules: tuple[RuleAt, ...]
    unfilled: bool = False
    """An aggregated ClusterRole of a live cluster whose rules are not filled in."""
    holders: tuple[str, ...] | None = ()
    """Whom bindings give it, for example `Group devs`; None where bindings could not be read."""

    @property
    def cluster_wide(self) -> bool:
        """Tell whether cluster-scoped resources count in its rules."""
        return self.ref.kind == "ClusterRole"


class Binding(Struct, gc=False):
    """A RoleBinding or ClusterRoleBinding."""

    ref: ResourceRef
    metadata: Metadata
    role: RoleRef
    subjects: tuple[BindingSubject, ...]


class Wanted(Struct, frozen=True):
    """What a check looks for in rules: any of these verbs on any of these resources."""

    verbs: tuple[str, ...]
    """Empty: any verb at all."""
    group: str
    resources: tuple[str, ...]
    """`pods`, or with a subresource `nodes/proxy`."""
    by_name: bool = False
    """True where a rule narrowed by resourceNames counts too."""
    below: bool = False
    """True where an entry with any subresource of these resources counts too."""


def is_built_in(metadata: Metadata) -> bool:
    """Tell whether Kubernetes itself made the role or binding."""
    if (metadata.labels or {}).get(_BOOTSTRAPPING) == "rbac-defaults":
        return True
    return (metadata.name or "").startswith("system:")


def resource_matches(rule_resource: str, resource: str) -> bool:
    """Match one entry of a rule's resources against `resource` or `resource/subresource`."""
    if rule_resource in (ANY, resource):
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and rule_resource == f"*/{subresource}"


def rule_gives(rule: PolicyRule, wanted: Wanted) -> bool:
    """Tell whether a rule allows at least one of the wanted verbs on one of the resources."""
    if rule.resource_names and not wanted.by_name:
        return False
    verbs = rule.verbs or ()
    if not (ANY in verbs or (any(v in verbs for v in wanted.verbs) if wanted.verbs else verbs)):
        return False
    groups = rule.api_groups or ()
    if ANY not in groups and wanted.group not in groups:
        return False
    return any(
        resource_matches(entry, resource) or (wanted.below and entry.startswith(f"{resource}/"))
        for entry in rule.resources or ()
        for resource in wanted.resources
    )


def judge_rules(role: RoleSubject, wanted: Sequence[Wanted], can: str) -> Judgement:
    """Fail a role in which any rule gives what is wanted; say what it can do and who holds it."""
    giving = [at for at in role.rules if any(rule_gives(at.rule, want) for want in wanted)]
    return judge_giving(role, giving, can)


def judge_cluster_rules(role: RoleSubject, wanted: Sequence[Wanted], can: str) -> Judgement:
    """Judge a ClusterRole for what is cluster-scoped; a Role cannot give that."""
    return judge_rules(role, wanted, can) if role.cluster_wide else _NOT_FOR_ROLES


def judge_giving(role: RoleSubject, giving: Sequence[RuleAt], can: str) -> Judgement:
    """Fail a role for these rules; unknown for an unfilled aggregated one; pass without any."""
    if giving:
        return Judgement(
            Verdict.FAIL,
            f"{role.ref.kind} {role.ref.name} {can}; {held_by(role)}.",
            "",
            tuple(evidence(at.path, at.rule, at.ref) for at in giving),
        )
    if role.unfilled:
        return Judgement(
            Verdict.UNKNOWN,
            f"ClusterRole {role.ref.name} is aggregated and its rules are not filled in.",
            "",
            (evidence("rules", None),),
        )
    return PASSED


def held_by(role: RoleSubject) -> str:
    """Say to whom a role is bound, naming at most five."""
    if role.holders is None:
        return "to whom it is bound could not be read"
    if not role.holders:
        return "bound to nobody"
    named = ", ".join(role.holders[:_HOLDERS_NAMED])
    more = len(role.holders) - _HOLDERS_NAMED
    return f"bound to {named}" + (f" and {more} more" if more > 0 else "")


def subject_name(subject: BindingSubject, binding_namespace: str = "") -> str:
    """Name a binding's subject: `ServiceAccount shop/app`, `Group devs`, `User jo`."""
    if subject.kind != "ServiceAccount":
        return f"{subject.kind} {subject.name}"
    return f"ServiceAccount {subject.namespace or binding_namespace}/{subject.name}"


def holders_by_role(
    bindings: Iterable[Binding],
) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """List whom bindings give each role, by kind, namespace (empty for ClusterRole) and name.

    Who has it cluster-wide comes first.
    """
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for binding in sorted(bindings, key=lambda each: bool(each.ref.namespace)):
        own = binding.ref.namespace
        role = binding.role
        key = (role.kind, own if role.kind == "Role" else "", role.name)
        names = found.setdefault(key, {})
        for subject in binding.subjects:
            where = f" in {own}" if own and role.kind == "ClusterRole" else ""
            names.setdefault(subject_name(subject, own) + where)
    return {key: tuple(names) for key, names in found.items()}


def binding_of(ref: ResourceRef, obj: RoleBinding | ClusterRoleBinding) -> Binding:
    """Read a binding of either kind."""
    return Binding(ref, obj.metadata, obj.role_ref, tuple(obj.subjects or ()))


def role_of(ref: ResourceRef, obj: Role | ClusterRole) -> RoleSubject:
    """Read a role of either kind with its own rules."""
    return RoleSubject(ref, obj.metadata, _own_rules(obj, None))


def aggregated_role_of(
    ref: ResourceRef, obj: ClusterRole, selectable: Mapping[str, ClusterRole], live: bool
) -> RoleSubject:
    """Read an aggregated ClusterRole.

    Where its rules are filled in, they count. Where not: on a live cluster it is `unfilled`; in a
    folder the union of the roles that it selects counts (and of those that these select).
    """
    if obj.rules:
        return role_of(ref, obj)
    if live:
        return RoleSubject(ref, obj.metadata, (), unfilled=True)
    rules: list[RuleAt] = []
    seen = {ref.name}
    waiting = [obj]
    while waiting:
        for name, other in _selected(waiting.pop(), selectable):
            if name in seen:
                continue
            seen.add(name)
            at = ResourceRef(ref.cluster, ref.api_version, "ClusterRole", "", name)
            rules.extend(_own_rules(other, at))
            if other.aggregation_rule and not other.rules:
                waiting.append(other)
    return RoleSubject(ref, obj.metadata, tuple(rules))


def selects(selector: LabelSelector, labels: Mapping[str, object]) -> bool:
    """Match a label selector as Kubernetes does; one without requirements selects everything."""
    if any(labels.get(key) != value for key, value in (selector.match_labels or {}).items()):
        return False
    for requirement in selector.match_expressions or ():
        present = requirement.key in labels
        within = present and labels[requirement.key] in (requirement.values or ())
        holds = {
            "In": within,
            "NotIn": not within,
            "Exists": present,
            "DoesNotExist": not present,
        }
        if not holds.get(requirement.operator, False):
            return False
    return True


def _selected(
    role: ClusterRole, selectable: Mapping[str, ClusterRole]
) -> list[tuple[str, ClusterRole]]:
    """List the roles whose labels one of an aggregated role's selectors selects."""
    rule = role.aggregation_rule
    selectors = (rule.cluster_role_selectors if rule else None) or ()
    return [
        (name, other)
        for name, other in selectable.items()
        if any(selects(selector, other.metadata.labels or {}) for selector in selectors)
    ]


def _own_rules(obj: Role | ClusterRole, ref: ResourceRef | None) -> tuple[RuleAt, ...]:
    """List a role's own rules with their paths."""
    return tuple(RuleAt(rule, f"rules[{i}]", ref) for i, rule in enumerate(obj.rules or ()))
