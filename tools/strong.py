"""Names that are so strong that narrowing a rule to them narrows nothing.

A role is strong that has a wildcard or may bind, escalate or impersonate whatever it likes, and cluster-admin,
admin and edit always; a subject is strong that holds a strong role, an account also by a group of accounts, or
that clusters commonly make an administrator. Written after the good practices for RBAC of kubernetes.io. Used by
the checks of rules that names may narrow.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

from tools.access import BINDING_KINDS, Rights
from tools.bootstrap import published
from tools.objects.rbac import BindingSubject, PolicyRule, RoleRef
from tools.rbac import (
    CLUSTER_ADMIN,
    CORE,
    RBAC_GROUP,
    RoleKey,
    RoleSubject,
    RuleAt,
    Wanted,
    giving,
    has_wildcard,
    judge_giving,
    rule_gives,
    said,
)
from tools.types import Judgement, Verdict, evidence
from tools.workload import Inventory

_ROLES = frozenset({CLUSTER_ADMIN, "admin", "edit"})
_ADMINISTRATORS = frozenset(
    {
        *(("Group", name) for name in ("system:masters", "system:cluster-admins")),
        ("Group", "kubeadm:cluster-admins"),
        *(("User", name) for name in ("system:admin", "kubernetes-admin")),
        ("User", "kubernetes-super-admin"),
    }
)
_ACCOUNT_USER = "system:serviceaccount:"
_LIFTS = (
    Wanted(("bind", "escalate"), RBAC_GROUP, ("roles", "clusterroles")),
    Wanted(("impersonate",), CORE, ("users", "groups", "serviceaccounts")),
)
_ACCOUNTS = "system:serviceaccounts"
_ALL_ACCOUNTS = (_ACCOUNTS, "system:authenticated")
_TOKENS = Wanted(("create",), CORE, ("serviceaccounts/token",), by_name=True)
_SUBJECT_KINDS = {"users": "User", "groups": "Group", "serviceaccounts": "ServiceAccount"}
_ROLE_KINDS = {"roles": "Role", "clusterroles": "ClusterRole"}


class Strength(IntEnum):
    """How much what is named may do; the greatest counts."""

    WEAK = 0
    UNREAD = 1
    """Its rules are not there to read."""
    STRONG = 2


OfNames = Callable[[RoleSubject, PolicyRule, Inventory], Strength]
"""Says how strong the strongest is that a rule names."""


def judge_named(
    role: RoleSubject, wanted: Sequence[Wanted], named: OfNames, cluster: Inventory, can: str
) -> Judgement:
    """Fail a role that gives what is wanted, of anybody or of a strong name; unknown where that is not known.

    `can` is the rest of a sentence that begins with the role.
    """
    rules = giving(role, wanted)
    unread: list[RuleAt] = []
    for at in role.rules:
        strength = named(role, at.rule, cluster) if at.rule.resource_names else Strength.WEAK
        rules += [at] if strength is Strength.STRONG and at not in rules else []
        unread += [at] if strength is Strength.UNREAD else []
    if rules or not unread:
        return judge_giving(role, rules, can)
    return Judgement(
        Verdict.UNKNOWN,
        f"{said(role)} {can}, by names whose rights could not be read.",
        "",
        tuple(evidence(at.path, at.rule, at.ref) for at in unread),
    )


def strength_of_accounts(role: RoleSubject, rule: PolicyRule, cluster: Inventory) -> Strength:
    """Say how strong the strongest account is of which a rule makes tokens by name.

    What a folder binds to no account of that name is not known: who applies it may.
    """
    found = [Strength.WEAK]
    for name in (rule.resource_names or ()) if rule_gives(rule, _TOKENS) else ():
        account = ("ServiceAccount", role.ref.namespace, name)
        found.append(_subject(*account, cluster))
        if cluster.partial and not _held(*account, cluster):
            found.append(Strength.UNREAD)
    return max(found)


def strength_named(role: RoleSubject, rule: PolicyRule, cluster: Inventory) -> Strength:
    """Say how strong the strongest is that a rule lets its holder bind, escalate or impersonate by name."""
    names = rule.resource_names or ()
    found = [Strength.WEAK]
    for resource, kind in _ROLE_KINDS.items():
        verbs = ("bind", "escalate") if role.cluster_wide or kind == "Role" else ("bind",)
        if rule_gives(rule, Wanted(verbs, RBAC_GROUP, (resource,), by_name=True)):
            found += [_role(kind, role.ref.namespace, name, cluster) for name in names]
    for resource, kind in _SUBJECT_KINDS.items():
        wanted = Wanted(("impersonate",), CORE, (resource,), by_name=True)
        if (role.cluster_wide or kind == "ServiceAccount") and rule_gives(rule, wanted):
            found += [_subject(kind, role.ref.namespace, name, cluster) for name in names]
    return max(found)


def _role(kind: str, namespace: str, name: str, cluster: Inventory) -> Strength:
    """Judge a named role; a Role without a namespace is that of any."""
    if kind == "ClusterRole":
        return _strength((kind, "", name), cluster)
    held = [key for key in cluster.rights.roles if (key[0], key[2]) == (kind, name)]
    keys = [key for key in held if namespace in ("", key[1])] or [(kind, namespace, name)]
    return max(_strength(key, cluster) for key in keys)


def _strength(key: RoleKey, cluster: Inventory) -> Strength:
    roles = cluster.rights.role(key)
    if key[0] == "ClusterRole" and key[2] in _ROLES:
        return Strength.STRONG
    if any(_is_strong(at.rule) for role in roles for at in role.rules):
        return Strength.STRONG
    unread = cluster.rights.unread(key, cluster.missing) or any(role.unfilled for role in roles)
    return Strength.UNREAD if unread else Strength.WEAK


def _is_strong(rule: PolicyRule) -> bool:
    return has_wildcard(rule) or any(rule_gives(rule, each) for each in _LIFTS)


def _subject(kind: str, namespace: str, name: str, cluster: Inventory) -> Strength:
    """Judge a named user, group or service account by what bindings give it."""
    if (kind, name) in _ADMINISTRATORS:
        return Strength.STRONG
    if kind == "User" and name.startswith(_ACCOUNT_USER):
        namespace, _, name = name.removeprefix(_ACCOUNT_USER).partition(":")
        kind = "ServiceAccount"
    found = _held(kind, namespace, name, cluster)
    if kind == "ServiceAccount":
        for group in (*_ALL_ACCOUNTS, f"{_ACCOUNTS}:{namespace}"):
            found += _held("Group", "", group, cluster)
    whole = not (cluster.scoped or any(kind in cluster.missing for kind in BINDING_KINDS))
    return max(Strength.WEAK if whole else Strength.UNREAD, *found, Strength.WEAK)


def _held(kind: str, namespace: str, name: str, cluster: Inventory) -> list[Strength]:
    """Judge each role that a binding gives to whom it names so; an account is named as a user too."""
    return [
        _strength((role.kind, own if role.kind == "Role" else "", role.name), cluster)
        for own, role, subjects in _bindings(cluster.rights)
        if any(_is(each, own, kind, namespace, name) for each in subjects)
    ]


def _bindings(rights: Rights) -> Iterable[tuple[str, RoleRef, Iterable[BindingSubject]]]:
    """Give namespace, role and subjects of every binding, Kubernetes' own included."""
    for each in rights.bindings:
        yield each.ref.namespace, each.role, each.subjects
    for (_, namespace, _), own in published().bindings.items():
        yield namespace, own.role_ref, own.subjects or ()


def _is(subject: BindingSubject, own: str, kind: str, namespace: str, name: str) -> bool:
    """Tell whether a binding's subject is the one named; without a namespace that of any."""
    if kind != "ServiceAccount":
        return (subject.kind, subject.name) == (kind, name)
    place, named = subject.namespace or own, subject.name
    if subject.kind == "User" and named.startswith(_ACCOUNT_USER):
        place, _, named = named.removeprefix(_ACCOUNT_USER).partition(":")
    elif subject.kind != kind:
        return False
    return named == name and namespace in ("", place)
