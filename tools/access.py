"""Who is given which role, over one reading of a cluster, and which of it a scan judges.

A role that a binding names and that was not read is taken as published where Kubernetes makes it itself
(`tools.bootstrap`); any other is unread, and what it could decide is unknown. Used by the scan, the checks
of RBAC and the queries of RBAC.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, structs

from tools.bootstrap import is_bootstrap_binding, is_bootstrap_role, published
from tools.objects.kinds import KINDS
from tools.objects.meta import Metadata
from tools.objects.rbac import ClusterRole, Role
from tools.rbac import (
    CLUSTER_ADMIN,
    Binding,
    RoleKey,
    RoleSubject,
    RuleAt,
    aggregated_role_of,
    binding_of,
    holders_by_role,
    role_of,
    subject_name,
)
from tools.types import Gap, ResourceRef

BINDING_KINDS = ("RoleBinding", "ClusterRoleBinding")
ROLE_KINDS = ("Role", "ClusterRole")
RBAC_KINDS = (*ROLE_KINDS, *BINDING_KINDS)


class Source(Protocol):
    """What one scan or query read (`tools.inventory.Read`)."""

    @property
    def cluster(self) -> str: ...  # noqa: D102
    @property
    def live(self) -> bool: ...  # noqa: D102
    def objects(self, kind: str) -> Sequence[Any]: ...  # noqa: D102
    def ref(self, kind: str, metadata: Metadata) -> ResourceRef: ...  # noqa: D102


class Rights(Struct):
    """All roles and bindings that were read."""

    cluster: str = ""
    live: bool = False
    roles: Mapping[RoleKey, list[RoleSubject]] = {}
    """More than one where a folder holds copies."""
    bindings: tuple[Binding, ...] = ()
    sources: Mapping[str, ClusterRole] = {}
    """The ClusterRoles that aggregated ones may select, by name."""

    def role(self, key: RoleKey) -> list[RoleSubject]:
        """Find a role: as it was read, else as Kubernetes publishes it; empty where neither is there."""
        found = self.roles.get(key)
        own = None if found else published().roles.get(key)
        if own is None:
            return found or []
        kind, namespace, name = key
        ref = ResourceRef(self.cluster, KINDS[kind].group_version, kind, namespace, name)
        made = _subject(ref, own, self.sources, live=False)
        made.built_in = True
        return [made]

    def unread(self, key: RoleKey, missing: Mapping[str, tuple[Gap, ...]]) -> bool:
        """Tell whether its rules are not known; a live cluster read whole has none that is not there."""
        return not self.role(key) and not (self.live and key[0] not in missing)


class Subjects(Struct):
    """What of the rights a scan judges."""

    roles: list[RoleSubject]
    bindings: list[Binding]
    far_roles: list[RoleSubject]
    """Of a scan of some namespaces: what ClusterRoleBindings give, there as everywhere."""
    far_bindings: list[Binding]
    built_in: dict[str, int]
    """How many of each kind are left out, because they are Kubernetes' own as published."""


def rights_of(read: Source) -> Rights:
    """Work out every role and binding of one reading."""
    held: dict[str, ClusterRole] = {
        read.ref("ClusterRole", obj.metadata).name: obj for obj in read.objects("ClusterRole")
    }
    sources = held if read.live else {**published().cluster_roles, **held}
    roles: dict[RoleKey, list[RoleSubject]] = {}
    for kind in ROLE_KINDS:
        for obj in read.objects(kind):
            ref = read.ref(kind, obj.metadata)
            role = _subject(ref, obj, sources, read.live)
            role.built_in = is_bootstrap_role(kind, obj, held)
            roles.setdefault((kind, ref.namespace, ref.name), []).append(role)
    bindings: list[Binding] = []
    for kind in BINDING_KINDS:
        for obj in read.objects(kind):
            binding = binding_of(read.ref(kind, obj.metadata), obj)
            binding.built_in = is_bootstrap_binding(kind, obj)
            bindings.append(binding)
    return Rights(read.cluster, read.live, roles, tuple(bindings), sources)


def subjects(rights: Rights, scoped: bool, missing: Mapping[str, tuple[Gap, ...]]) -> Subjects:
    """Choose what a scan judges: all, or for some namespaces what is given in them.

    Kubernetes' own roles are not judged, but a binding that gives one, and that Kubernetes did not make, is.
    A ClusterRole that a RoleBinding gives counts there as a Role would, and the binding is judged for it.
    ClusterRoleBindings hold in every namespace, but belong to none: what they give is kept apart.
    """
    near = [each for each in rights.bindings if each.ref.namespace or not scoped]
    far = [each for each in rights.bindings if not each.ref.namespace and scoped]
    roles = _roles(rights, near, scoped, missing)
    given = [role for each in near for role in _given(rights, each, scoped, missing)]
    bound = [role for each in near for role in rights.role(each.gives) if role.built_in]
    left_out = {_key(each.ref) for each in (*roles, *bound, *near) if each.built_in}
    return Subjects(
        [each for each in (*roles, *given) if not each.built_in],
        [each for each in near if not each.built_in],
        [
            role
            for each in far
            if each.role.name != CLUSTER_ADMIN
            for role in _given(rights, each, scoped, missing)
            if not role.built_in
        ],
        [each for each in far if not each.built_in],
        dict(Counter(kind for kind, _, _ in sorted(left_out))),
    )


def _roles(
    rights: Rights,
    bindings: Sequence[Binding],
    scoped: bool,
    missing: Mapping[str, tuple[Gap, ...]],
) -> list[RoleSubject]:
    """List the roles that are judged themselves, each with its holders."""
    holders = holders_by_role(bindings)
    found: list[RoleSubject] = []
    for key, held in rights.roles.items():
        if key[0] == "Role" or not scoped:
            by = BINDING_KINDS if key[0] == "ClusterRole" else BINDING_KINDS[:1]
            known = None if any(kind in missing for kind in by) else holders.get(key, ())
            found += [structs.replace(role, holders=known) for role in held]
    return found


def _given(
    rights: Rights, binding: Binding, scoped: bool, missing: Mapping[str, tuple[Gap, ...]]
) -> list[RoleSubject]:
    """Stand a binding in for the role that it gives, where that is not judged itself.

    What cluster-admin gives in a whole cluster is judged by 5.1.1, at every binding of it.
    """
    unread = rights.unread(binding.gives, missing)
    near = scoped and binding.role.kind == "ClusterRole"
    own = binding.role.name != CLUSTER_ADMIN and any(
        role.built_in for role in rights.role(binding.gives)
    )
    if not binding.subjects or not (unread or near or own):
        return []
    name = f"{binding.role.kind} {binding.role.name}"
    stand_in = RoleSubject(
        binding.ref,
        binding.metadata,
        (),
        holders=tuple(subject_name(each, binding.ref.namespace) for each in binding.subjects),
        cluster_wide=not binding.ref.namespace,
        given=name,
        unread=unread,
    )
    return [stand_in] * unread + [
        structs.replace(
            stand_in,
            rules=tuple(RuleAt(at.rule, f"{name}: {at.path}") for at in role.rules),
            unfilled=role.unfilled,
            built_in=binding.built_in,
        )
        for role in rights.role(binding.gives)
    ]


def _key(ref: ResourceRef) -> RoleKey:
    return (ref.kind, ref.namespace, ref.name)


def _subject(
    ref: ResourceRef, obj: Role | ClusterRole, sources: Mapping[str, ClusterRole], live: bool
) -> RoleSubject:
    if isinstance(obj, ClusterRole) and obj.aggregation_rule:
        return aggregated_role_of(ref, obj, sources, live)
    return role_of(ref, obj)
