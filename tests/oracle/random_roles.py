"""Roles with every combination that RBAC checks look at, at random; the same seed gives the same."""

from __future__ import annotations

from random import Random
from typing import Any

VERBS = (
    *("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"),
    *("bind", "escalate", "impersonate", "approve", "*"),
)
GROUPS = (
    *("", "", "apps", "rbac.authorization.k8s.io", "certificates.k8s.io"),
    *("admissionregistration.k8s.io", "authentication.k8s.io", "example.com", "*"),
)
RESOURCES = (
    *("secrets", "secrets/status", "pods", "pods/exec", "pods/*", "*", "*/*", "*/proxy"),
    *("nodes", "nodes/proxy", "nodes/*", "*/approval", "*/token", "*/scopes"),
    *("persistentvolumes", "persistentvolumes/status", "serviceaccounts", "serviceaccounts/token"),
    *("roles", "clusterroles", "rolebindings", "users", "groups", "userextras"),
    *("userextras/scopes", "uids", "certificatesigningrequests"),
    *("certificatesigningrequests/approval", "validatingwebhookconfigurations"),
    *("mutatingwebhookconfigurations", "validatingadmissionpolicies"),
)
LABELS = ({}, {}, {"tier": "a"}, {"tier": "b"}, {"kubernetes.io/bootstrapping": "rbac-defaults"})
SELECTORS = (
    {"matchLabels": {"tier": "a"}},
    {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["b", "c"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    {"matchLabels": {"tier": "z"}},
)
NAMES = (
    "cluster-admin",
    "edit",
    "view",
    "r1",
    "r7",
    "system:masters",
    "people",
    "robot",
    "default",
)
"""What rules are narrowed to, roles and subjects mixed."""
SUBJECTS = (
    {"kind": "Group", "name": "system:masters"},
    {"kind": "User", "name": "system:masters"},
    {"kind": "Group", "name": "people"},
    {"kind": "ServiceAccount", "name": "default", "namespace": "random"},
    {"kind": "ServiceAccount", "name": "robot", "namespace": "elsewhere"},
    {"kind": "User", "name": "system:serviceaccount:random:default"},
    {"kind": "User", "name": "system:serviceaccount:random:robot"},
    {"kind": "Group", "name": "system:serviceaccounts:elsewhere"},
    {"kind": "Group", "name": "system:serviceaccounts:"},
)


def roles(count: int, seed: int) -> list[dict[str, Any]]:
    """Make roles and bindings: r0, r1, ... of either kind, and b0, b1, ..."""
    random = Random(seed)
    made = [_role(random, number) for number in range(count)]
    return made + [_binding(random, number) for number in range(count // 4)]


def _role(random: Random, number: int) -> dict[str, Any]:
    kind = random.choice(("Role", "ClusterRole"))
    role = _object(random, kind, f"r{number}", LABELS)
    role["rules"] = [_rule(random) for _ in range(random.choice((0, 1, 1, 2)))]
    if kind == "ClusterRole" and number % 40 == 0:
        role["rules"] = random.choice(([], None, role["rules"]))
        role["aggregationRule"] = {"clusterRoleSelectors": [random.choice(SELECTORS)]}
    return role


def _rule(random: Random) -> dict[str, Any]:
    if random.random() < 0.05:
        return {"nonResourceURLs": ["*"], "verbs": ["get"]}
    rule: dict[str, Any] = {
        "verbs": random.sample(VERBS, random.choice((1, 2, 3))),
        "apiGroups": random.sample(GROUPS, random.choice((1, 2, 3))),
        "resources": random.sample(RESOURCES, random.choice((1, 2, 4))),
    }
    if random.random() < 0.2:
        rule["resourceNames"] = random.choice(([], None, ["one"], *([name] for name in NAMES)))
    return rule


def _binding(random: Random, number: int) -> dict[str, Any]:
    kind = random.choice(("RoleBinding", "ClusterRoleBinding"))
    binding = _object(random, kind, f"b{number}", LABELS)
    role_kind = random.choice(("ClusterRole", "ClusterRole", "Role"))
    name = random.choice(("cluster-admin", "view", "r1", "r7", "elsewhere"))
    binding["roleRef"] = {"kind": role_kind, "name": name}
    if random.random() < 0.9:
        binding["subjects"] = random.sample(SUBJECTS, random.choice((0, 1, 2)))
    return binding


def _object(
    random: Random, kind: str, name: str, labels: tuple[dict[str, str], ...]
) -> dict[str, Any]:
    full = f"system:{name}" if random.random() < 0.05 else name
    metadata: dict[str, Any] = {"name": full, "labels": random.choice(labels)}
    if kind in ("Role", "RoleBinding"):
        metadata["namespace"] = "random"
    version = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
