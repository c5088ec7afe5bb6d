"""The roles and bindings that Kubernetes makes itself, as its releases publish them.

`bootstrap.jsonl` is written by `tests/bootstrap.py` from the test data of k8s.io/kubernetes
(plugin/pkg/auth/authorizer/rbac/bootstrappolicy, Apache License 2.0), feature gates included. A server that
was upgraded keeps the rules of earlier releases, so what any of them has is taken for its own. What a later
release adds is judged like anybody's. Reads no cluster. Used by the scan and the queries of RBAC.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tools.objects.kinds import DECODERS
from tools.objects.meta import Metadata
from tools.objects.rbac import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding
from tools.rbac import aggregated

_FILE = Path(__file__).with_suffix(".jsonl")
_T = TypeVar("_T")
_Rule = tuple[frozenset[str], ...]


class _Line(Struct):
    """One object and the releases that have it."""

    versions: tuple[str, ...]
    object: msgspec.Raw


class _Kind(Struct):
    kind: str


class Published(Struct, frozen=True):
    """All that the known releases publish, by kind, namespace and name."""

    roles: Mapping[tuple[str, str, str], Role | ClusterRole]
    """With the rules of every known release."""
    bindings: Mapping[tuple[str, str, str], RoleBinding | ClusterRoleBinding]
    """With the subjects of every known release."""
    versions: tuple[str, ...]
    """Oldest first, for example `1.34`."""

    @property
    def cluster_roles(self) -> dict[str, ClusterRole]:
        """The ClusterRoles by name."""
        return {key[2]: role for key, role in self.roles.items() if isinstance(role, ClusterRole)}


@cache
def published() -> Published:
    """Read what is published, once; nobody may change what this gives."""
    roles: dict[tuple[str, str, str], Role | ClusterRole] = {}
    bindings: dict[tuple[str, str, str], RoleBinding | ClusterRoleBinding] = {}
    versions: dict[str, None] = {}
    for text in _FILE.read_bytes().splitlines():
        line = msgspec.json.decode(text, type=_Line)
        versions.update(dict.fromkeys(line.versions))
        kind = msgspec.json.decode(line.object, type=_Kind).kind
        obj: Any = DECODERS[kind].decode(line.object)
        key = _key(kind, obj.metadata)
        if isinstance(obj, Role | ClusterRole):
            same = roles.setdefault(key, obj)
            same.rules = _joined(same.rules, obj.rules)
        elif isinstance(obj, RoleBinding | ClusterRoleBinding):
            held = bindings.setdefault(key, obj)
            held.subjects = _joined(held.subjects, obj.subjects)
    ordered = sorted(versions, key=lambda version: [int(part) for part in version.split(".")])
    return Published(roles, bindings, tuple(ordered))


def is_bootstrap_role(
    kind: str, role: Role | ClusterRole, others: Mapping[str, ClusterRole]
) -> bool:
    """Tell whether a role of that kind is one of Kubernetes' own and gives no more than that.

    An aggregated one may hold the rules of whatever of `others` it selects: they are judged themselves.
    """
    known = published()
    own = known.roles.get(_key(kind, role.metadata))
    if own is None:
        return False
    allowed = {_rule(rule) for rule in own.rules or ()}
    if isinstance(role, ClusterRole) and isinstance(own, ClusterRole):
        if role.aggregation_rule != own.aggregation_rule:
            return False
        for other in aggregated(own, {**known.cluster_roles, **others}):
            allowed.update(_rule(rule) for rule in other.rules or ())
    return all(_rule(rule) in allowed for rule in role.rules or ())


def is_bootstrap_binding(kind: str, binding: RoleBinding | ClusterRoleBinding) -> bool:
    """Tell whether a binding of that kind is one of Kubernetes' own, for nobody besides."""
    own = published().bindings.get(_key(kind, binding.metadata))
    if own is None or binding.role_ref != own.role_ref:
        return False
    return all(subject in (own.subjects or ()) for subject in binding.subjects or ())


def _key(kind: str, metadata: Metadata) -> tuple[str, str, str]:
    namespaced = kind in ("Role", "RoleBinding")
    return (kind, (metadata.namespace or "") if namespaced else "", metadata.name or "")


def _joined(first: list[_T] | None, second: list[_T] | None) -> list[_T]:
    return [*(first or ()), *(each for each in second or () if each not in (first or ()))]


def _rule(rule: PolicyRule) -> _Rule:
    """Give a rule without the order of its lists."""
    parts = (
        rule.verbs,
        rule.api_groups,
        rule.resources,
        rule.resource_names,
        rule.non_resource_urls,
    )
    return tuple(frozenset(part or ()) for part in parts)
