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
_HOLDERS_NAMED = 5
_KINDS = {kind.lower(): kind for kind in ("Role", "ClusterRole", "User", "Group", "ServiceAccount")}
_NOT_FOR_ROLES = Judgement(
    Verdict.NOT_APPLICABLE, "What is given in a namespace is never cluster-scoped."
)


RoleKey = tuple[str, str, str]
"""Kind, namespace (empty for a ClusterRole) and name of a role."""


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
    """An aggregated ClusterRole whose rules are not filled in, and in a folder not there to collect."""
    holders: tuple[str, ...] | None = ()
    """Whom bindings give it, for example `Group devs`; None where bindings could not be read."""
    built_in: bool = False
    """One of Kubernetes' own (`tools.bootstrap`), as it is published."""
    cluster_wide: bool = False
    """Whether cluster-scoped resources count in its rules."""
    given: str = ""
    """`ClusterRole deployer` where `ref` is the binding that gives it, which is judged for it."""
    unread: bool = False
    """That role could not be read."""


class Binding(Struct, gc=False):
    """A RoleBinding or ClusterRoleBinding."""

    ref: ResourceRef
    metadata: Metadata
    role: RoleRef
    subjects: tuple[BindingSubject, ...]
    built_in: bool = False
    """One of Kubernetes' own (`tools.bootstrap`), as it is published."""

    @property
    def gives(self) -> RoleKey:
        """The role that it gives, by kind, namespace (empty for ClusterRole) and name."""
        return (
            self.role.kind,
            self.ref.namespace if self.role.kind == "Role" else "",
            self.role.name,
        )


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


def resource_matches(rule_resource: str, resource: str) -> bool:
    """Match one entry of a rule's resources against `resource` or `resource/subresource`."""
    if rule_resource in (ANY, resource):
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and rule_resource == f"*/{subresource}"


def rule_gives(rule: PolicyRule, wanted: Wanted) -> bool:
    """Tell whether a rule allows at least one of the wanted verbs on one of the resources."""
    if rule.resource_names and "" not in rule.resource_names and not wanted.by_name:
        return (
            False  # A request that names no object, as list and create do, matches an empty name.
        )
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


def has_wildcard(rule: PolicyRule) -> bool:
    """Tell whether a rule has a `*` in verbs, resources or apiGroups."""
    return any(ANY in (listed or ()) for listed in (rule.verbs, rule.resources, rule.api_groups))


def judge_rules(role: RoleSubject, wanted: Sequence[Wanted], can: str) -> Judgement:
    """Fail a role in which any rule gives what is wanted; say what it can do and who holds it."""
    return judge_giving(role, giving(role, wanted), can)


def giving(role: RoleSubject, wanted: Sequence[Wanted]) -> list[RuleAt]:
    """List the rules of a role that give any of what is wanted."""
    return [at for at in role.rules if any(rule_gives(at.rule, want) for want in wanted)]


def judge_cluster_rules(role: RoleSubject, wanted: Sequence[Wanted], can: str) -> Judgement:
    """Judge a ClusterRole for what is cluster-scoped; a Role cannot give that."""
    return judge_rules(role, wanted, can) if role.cluster_wide else _NOT_FOR_ROLES


def judge_giving(role: RoleSubject, rules: Sequence[RuleAt], can: str) -> Judgement:
    """Fail a role for these rules; unknown for an unfilled or unread one; pass without any."""
    if rules:
        return Judgement(
            Verdict.FAIL,
            f"{said(role)} {can}; {held_by(role)}.",
            "",
            tuple(evidence(at.path, at.rule, at.ref) for at in rules),
        )
    if role.unfilled:
        return Judgement(
            Verdict.UNKNOWN,
            f"{said(role)} is aggregated and its rules are not filled in.",
            "",
            (evidence("rules", None),),
        )
    if role.unread:
        return Judgement(
            Verdict.UNKNOWN,
            f"{said(role)} could not be read; {held_by(role)}.",
            "",
            (evidence("roleRef.name", role.given.partition(" ")[2]),),
        )
    return PASSED


def said(role: RoleSubject) -> str:
    """Begin a sentence about a role: `ClusterRole ops`, `RoleBinding devs gives ClusterRole ops, which`."""
    own = f"{role.ref.kind} {role.ref.name}"
    return f"{own} gives {role.given}, which" if role.given else own


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
) -> dict[RoleKey, tuple[str, ...]]:
    """List whom bindings give each role; who has it cluster-wide comes first."""
    found: dict[RoleKey, dict[str, None]] = {}
    for binding in sorted(bindings, key=lambda each: bool(each.ref.namespace)):
        own = binding.ref.namespace
        names = found.setdefault(binding.gives, {})
        for subject in binding.subjects:
            where = f" in {own}" if own and binding.role.kind == "ClusterRole" else ""
            names.setdefault(subject_name(subject, own) + where)
    return {key: tuple(names) for key, names in found.items()}


def binding_of(ref: ResourceRef, obj: RoleBinding | ClusterRoleBinding) -> Binding:
    """Read a binding of either kind.

    A kind in another case, and none where only ClusterRole can be meant, is judged as what it means: the
    server refuses it, and whoever mends it gets the rights.
    """
    whole = ref.kind == "ClusterRoleBinding" or obj.role_ref.name == CLUSTER_ADMIN
    kind = obj.role_ref.kind or ("ClusterRole" if whole else "")
    subjects = (
        BindingSubject(_as_written(who.kind), who.name, who.namespace) for who in obj.subjects or ()
    )
    role = RoleRef(_as_written(kind), obj.role_ref.name)
    return Binding(ref, obj.metadata, role, tuple(subjects))


def role_of(ref: ResourceRef, obj: Role | ClusterRole) -> RoleSubject:
    """Read a role of either kind with its own rules."""
    cluster_wide = ref.kind == "ClusterRole"
    return RoleSubject(ref, obj.metadata, _own_rules(obj, None), cluster_wide=cluster_wide)


def aggregated_role_of(
    ref: ResourceRef, obj: ClusterRole, selectable: Mapping[str, ClusterRole], live: bool
) -> RoleSubject:
    """Read an aggregated ClusterRole.

    On a live cluster the rules that are filled in count; without any it is `unfilled`. In a folder those
    of the roles that it selects count too (and of those that these select), for the server fills them in;
    it is `unfilled` where none is there.
    """
    role = role_of(ref, obj)
    if not live:
        role.rules += tuple(
            rule
            for other in aggregated(obj, selectable)
            for rule in _own_rules(
                other,
                ResourceRef(ref.cluster, ref.api_version, ref.kind, "", other.metadata.name or ""),
            )
        )
    role.unfilled = not role.rules
    return role


def aggregated(role: ClusterRole, selectable: Mapping[str, ClusterRole]) -> list[ClusterRole]:
    """List the roles whose rules an aggregated ClusterRole collects, over any number of steps."""
    found: list[ClusterRole] = []
    seen = {role.metadata.name or ""}
    waiting = [role]
    while waiting:
        for name, other in _selected(waiting.pop(), selectable):
            if name not in seen:
                seen.add(name)
                found.append(other)
                if other.aggregation_rule:
                    waiting.append(other)
    return found


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


def _as_written(kind: str) -> str:
    """Write a kind as Kubernetes does."""
    return _KINDS.get(kind.lower(), kind)


def _own_rules(obj: Role | ClusterRole, ref: ResourceRef | None) -> tuple[RuleAt, ...]:
    """List a role's own rules with their paths."""
    return tuple(RuleAt(rule, f"rules[{i}]", ref) for i, rule in enumerate(obj.rules or ()))
