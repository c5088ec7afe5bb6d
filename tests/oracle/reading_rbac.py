"""RBAC of section 5.1 judged a second time: see `tests.oracle.reading`, whose part it is.

What Kubernetes makes itself is taken from its published YAML (`bootstrap/`, release 1.34, of k8s.io/kubernetes,
Apache License 2.0), read here and not through `tools`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.oracle.manifests import Folder

PASS, FAIL, UNKNOWN, NA = "pass", "fail", "unknown", "not-applicable"
RBAC_KINDS = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
ANYWHERE = ("5.1.2", "5.1.3", "5.1.4", "5.1.8", "5.1.13")
CLUSTER_ONLY = ("5.1.9", "5.1.10", "5.1.11", "5.1.12")
RBAC = "rbac.authorization.k8s.io"
MIGHTY_NAMES = {
    "Group": {"system:masters", "system:cluster-admins", "kubeadm:cluster-admins"},
    "User": {"system:admin", "kubernetes-admin", "kubernetes-super-admin"},
    "ServiceAccount": set[str](),
}

Key = tuple[str, str, str]


def rbac_rows(held: Folder, key: Key, obj: dict[str, Any]) -> dict[str, str]:
    """Judge one role or binding; nothing of what Kubernetes brings."""
    if built_in(held, key, obj):
        return {}
    if key[0] in ("Role", "ClusterRole"):
        return role_rows(held, key, obj)
    return binding_rows(held, key, obj)


def fails_if(bad: bool) -> str:
    """Say fail or pass."""
    return FAIL if bad else PASS


# ------------------------------------------------------------------ what Kubernetes brings


@cache
def brought() -> dict[Key, dict[str, Any]]:
    """Read what is published; of two of one name (feature gates) both count, the second first."""
    found: dict[Key, dict[str, Any]] = {}
    for path in sorted((Path(__file__).parent / "bootstrap").glob("*.yaml")):
        for item in yaml.safe_load(path.read_text())["items"]:
            meta = item["metadata"]
            key = (item["kind"], meta.get("namespace", ""), meta["name"])
            before = found.get(key, {}).get("rules") or []
            found[key] = item
            if before:
                item["rules"] = [*item["rules"], *before]
    return found


def built_in(held: Folder, key: Key, obj: dict[str, Any]) -> bool:
    """Tell whether it is of the published names and allows, or is for, nobody more than published."""
    own = brought().get(key)
    if own is None:
        return False
    if "roleRef" in own:
        mine = obj.get("roleRef") or {}
        if any(mine.get(part) != own["roleRef"][part] for part in ("kind", "name")):
            return False
        known = [who(s) for s in own.get("subjects") or []]
        return all(who(s) in known for s in obj.get("subjects") or [])
    if obj.get("aggregationRule") != own.get("aggregationRule"):
        return False
    allowed = [same(r) for r in own.get("rules") or []]
    if "aggregationRule" in own:
        allowed = [same(r) for r in rules_of(held, {**obj, "rules": None})]
    return all(same(r) in allowed for r in obj.get("rules") or [])


def who(subject: dict[str, Any]) -> tuple[Any, ...]:
    """Give what names a subject."""
    return subject.get("kind"), subject.get("name"), subject.get("namespace")


def same(rule: dict[str, Any]) -> dict[str, list[str]]:
    """Give a rule so that the order in its lists does not matter, nor an empty one."""
    return {part: sorted(values) for part, values in rule.items() if values}


# ------------------------------------------------------------------ bindings


def binding_rows(held: Folder, key: Key, obj: dict[str, Any]) -> dict[str, str]:
    """5.1.1, 5.1.5 and 5.1.7; and what a role that is not there could decide."""
    reference = obj.get("roleRef") or {}
    subjects = obj.get("subjects") or []
    masters = [s for s in subjects if s.get("kind") == "Group" and s["name"] == "system:masters"]
    admin = reference.get("kind") == "ClusterRole" and reference.get("name") == "cluster-admin"
    rows = {
        "5.1.1": fails_if(admin and len(masters) < len(subjects)),
        "5.1.5": fails_if(any(is_default(s) for s in subjects)),
        "5.1.7": fails_if(bool(masters)),
    }
    if subjects and find(held, role_key(key[1], reference)) is None:
        rows |= dict.fromkeys(ANYWHERE, UNKNOWN)
        if key[0] == "ClusterRoleBinding":
            rows |= dict.fromkeys(CLUSTER_ONLY, UNKNOWN)
    elif subjects and not admin:
        rows |= given_rows(held, key, role_key(key[1], reference))
    return rows


def given_rows(held: Folder, key: Key, role: Key) -> dict[str, str]:
    """Judge a binding for a role that every cluster has and that is not judged itself."""
    obj = find(held, role)
    if obj is None or not built_in(held, role, obj):
        return {}
    rows = role_rows(held, (role[0], key[1], role[2]), obj)
    return rows if not key[1] else rows | dict.fromkeys(CLUSTER_ONLY, NA)


def is_default(subject: dict[str, Any]) -> bool:
    """Tell whether it is a namespace's default account, by either way of naming it, or all accounts of one."""
    if subject.get("kind") == "Group":
        first, _, place = str(subject["name"]).partition(":serviceaccounts")
        return first == "system" and (not place or (place.count(":") == 1 and len(place) > 1))
    if subject.get("kind") == "User":
        name = subject["name"]
        return name.startswith("system:serviceaccount:") and name.split(":")[3:] == ["default"]
    return subject.get("kind") == "ServiceAccount" and subject.get("name") == "default"


def role_key(namespace: str, reference: dict[str, Any]) -> Key:
    """Give the key of the role that a binding of a namespace gives."""
    kind = reference.get("kind") or ""
    return (kind, namespace if kind == "Role" else "", reference.get("name") or "")


def find(held: Folder, key: Key) -> dict[str, Any] | None:
    """Find a role in the folder, else among those that every cluster has."""
    return held.objects.get(key) or brought().get(key)


# ------------------------------------------------------------------ roles


def rules_of(held: Folder, obj: dict[str, Any], seen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Give a role's rules; of an aggregated one not filled in, those of what it selects."""
    rules = obj.get("rules") or []
    selectors = (obj.get("aggregationRule") or {}).get("clusterRoleSelectors")
    if selectors is None:
        return rules
    name = obj["metadata"]["name"]
    found: list[dict[str, Any]] = [*rules]
    for (kind, _, other_name), other in {**brought(), **held.objects}.items():
        if kind != "ClusterRole" or other_name == name or other_name in seen:
            continue
        labels = (other.get("metadata") or {}).get("labels") or {}
        if any(selects(s, labels) for s in selectors):
            found += rules_of(held, other, (*seen, name))
    return found


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Match a label selector as the API does."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for need in selector.get("matchExpressions") or []:
        key, values = need["key"], need.get("values") or []
        holds = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[need["operator"]]
        if not holds:
            return False
    return True


def grants(rule: dict[str, Any], verbs: set[str], group: str, resource: str) -> bool:
    """Tell whether a rule allows one of the verbs on a resource (with its subresource)."""
    held_verbs = set(rule.get("verbs") or [])
    held_groups = set(rule.get("apiGroups") or [])
    held_resources = set(rule.get("resources") or [])
    if not (held_verbs & verbs or "*" in held_verbs):
        return False
    if not (group in held_groups or "*" in held_groups):
        return False
    wanted = {resource, "*"}
    if "/" in resource:
        wanted.add("*/" + resource.split("/")[1])
    return bool(held_resources & wanted)


def starred(rules: list[dict[str, Any]]) -> bool:
    """5.1.3."""
    return any(
        "*" in (r.get(part) or []) for r in rules for part in ("verbs", "resources", "apiGroups")
    )


def role_rows(held: Folder, key: Key, obj: dict[str, Any]) -> dict[str, str]:
    """Judge the rules of a Role or ClusterRole."""
    rules = rules_of(held, obj)
    wide = [r for r in rules if not r.get("resourceNames") or "" in r["resourceNames"]]
    cluster = key[0] == "ClusterRole"

    def some(where: list[dict[str, Any]], verbs: str, group: str, *resources: str) -> bool:
        return any(grants(r, set(verbs.split()), group, x) for r in where for x in resources)

    hooks = "admissionregistration.k8s.io"
    rows = {
        "5.1.2": fails_if(some(wide, "get list watch", "", "secrets")),
        "5.1.3": fails_if(starred(rules)),
        "5.1.4": fails_if(some(wide, "create", "", "pods")),
        "5.1.8": lifts(held, key, rules),
        "5.1.13": tokens(held, key, rules),
    }
    if cluster:
        node_proxy = any(grants(r, set(r.get("verbs") or []), "", "nodes/proxy") for r in rules)
        kinds = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
        approve = some(
            rules, "update patch", "certificates.k8s.io", "certificatesigningrequests/approval"
        )
        change = some(rules, "create update patch delete deletecollection", hooks, *kinds)
        rows |= {
            "5.1.9": fails_if(some(wide, "create", "", "persistentvolumes")),
            "5.1.10": fails_if(node_proxy),
            "5.1.11": fails_if(approve),
            "5.1.12": fails_if(change),
        }
    else:
        rows |= dict.fromkeys(CLUSTER_ONLY, NA)
    empty = obj.get("aggregationRule") is not None and not rules
    return dict.fromkeys(rows, UNKNOWN) if empty else rows


# ------------------------------------------------------------------ 5.1.8


def lifts(held: Folder, key: Key, rules: list[dict[str, Any]]) -> str:
    """5.1.8: wide rules fail; narrowed ones as the strongest of their names."""
    worst = PASS
    for rule in rules:
        for verb, group, resource, kind in (
            ("bind", RBAC, "roles", "Role"),
            ("bind", RBAC, "clusterroles", "ClusterRole"),
            ("escalate", RBAC, "roles", "Role"),
            ("impersonate", "", "serviceaccounts", "ServiceAccount"),
            *(
                (
                    ("escalate", RBAC, "clusterroles", "ClusterRole"),
                    ("impersonate", "", "users", "User"),
                    ("impersonate", "", "groups", "Group"),
                )
                if key[0] == "ClusterRole"
                else ()
            ),
        ):
            if not grants(rule, {verb}, group, resource):
                continue
            found = [named(held, key[1], kind, name) for name in rule.get("resourceNames") or []]
            if not found or FAIL in found:
                return FAIL
            worst = UNKNOWN if UNKNOWN in found else worst
    open_rules = [r for r in rules if not r.get("resourceNames")]
    return FAIL if key[0] == "ClusterRole" and extras(open_rules) else worst


def named(held: Folder, namespace: str, kind: str, name: str) -> str:
    """Judge one name: fail for a mighty one, unknown where that is not known."""
    if kind == "ClusterRole":
        return mighty(held, (kind, "", name))
    if kind == "Role":
        everywhere = {k for k in (*held.objects, *brought()) if (k[0], k[2]) == (kind, name)}
        keys = [k for k in everywhere if namespace in ("", k[1])]
        found = {mighty(held, k) for k in keys} or {UNKNOWN}
    else:
        found = holds(held, namespace, kind, name)
    return FAIL if FAIL in found else UNKNOWN if UNKNOWN in found else PASS


def mighty(held: Folder, key: Key) -> str:
    """Judge a role by its name and rules."""
    if key in (("ClusterRole", "", n) for n in ("cluster-admin", "admin", "edit")):
        return FAIL
    role = find(held, key)
    if role is None:
        return UNKNOWN
    rules = rules_of(held, role)
    if role.get("aggregationRule") is not None and not rules:
        return UNKNOWN
    open_rules = [r for r in rules if not r.get("resourceNames") or "" in r["resourceNames"]]
    lifting = [
        *(({"bind", "escalate"}, RBAC, x) for x in ("roles", "clusterroles")),
        *(({"impersonate"}, "", x) for x in ("users", "groups", "serviceaccounts")),
    ]
    return fails_if(starred(rules) or any(grants(r, *what) for r in open_rules for what in lifting))


def holds(held: Folder, namespace: str, kind: str, name: str) -> set[str]:
    """Judge all roles that bindings give to one of that name, or to all accounts where it is one."""
    if name in MIGHTY_NAMES[kind]:
        return {FAIL}
    kind, namespace, name = as_account(kind, namespace, name)
    found = given(held, namespace, kind, name)
    if kind == "ServiceAccount":
        for group in ("authenticated", "serviceaccounts", f"serviceaccounts:{namespace}"):
            found |= given(held, "", "Group", f"system:{group}")
    return found


def given(held: Folder, namespace: str, kind: str, name: str) -> set[str]:
    """Judge all roles that bindings give to exactly this one; without a namespace to that of any."""
    found = set[str]()
    for key, obj in [*held.objects.items(), *brought().items()]:
        if key[0] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        for s in obj.get("subjects") or []:
            their = as_account(
                s.get("kind") or "", s.get("namespace") or key[1], s.get("name") or ""
            )
            there = kind != "ServiceAccount" or namespace in ("", their[1])
            if (their[0], their[2]) == (kind, name) and there:
                found.add(mighty(held, role_key(key[1], obj.get("roleRef") or {})))
    return found


def as_account(kind: str, namespace: str, name: str) -> Key:
    """Give the service account that a user is; anything else as it is."""
    parts = name.split(":")
    if kind == "User" and parts[:2] == ["system", "serviceaccount"] and len(parts) == 4:
        return "ServiceAccount", parts[2], parts[3]
    return kind, namespace, name


def tokens(held: Folder, key: Key, rules: list[dict[str, Any]]) -> str:
    """5.1.13: of any account, or of a mighty one by name; unknown where nothing says what it may do."""
    worst = PASS
    for rule in rules:
        if not grants(rule, {"create"}, "", "serviceaccounts/token"):
            continue
        names = rule.get("resourceNames") or [""]
        for name in names:
            found = {FAIL} if not name else holds(held, key[1], "ServiceAccount", name)
            if FAIL in found:
                return FAIL
            if UNKNOWN in found or not given(held, key[1], "ServiceAccount", name):
                worst = UNKNOWN
    return worst


def extras(rules: list[dict[str, Any]]) -> bool:
    """Tell whether extra fields of users may be impersonated; each key is a subresource."""
    for rule in rules:
        keys = [x for x in rule.get("resources") or [] if x.split("/")[0] == "userextras"]
        if any(grants(rule, {"impersonate"}, "authentication.k8s.io", x) for x in keys):
            return True
        if grants(rule, {"impersonate"}, "authentication.k8s.io", "userextras"):
            return True
    return False
