"""Roles and bindings as one asker may see them, and how they are worded. Used by the queries of RBAC."""

from collections.abc import Iterable, Sequence

from tools.access import RBAC_KINDS, Rights, rights_of
from tools.bootstrap import published
from tools.cluster.reader import Listing, Reader
from tools.inventory import Read
from tools.objects.kinds import KINDS
from tools.objects.rbac import PolicyRule
from tools.queries.context import QueryContext
from tools.queries.wording import names, one_line
from tools.rbac import ANY, Binding, RoleSubject
from tools.types import Gap, Namespaces, ResourceRef

MAX_HOLDERS = 20


class Seen:
    """What was read for one question."""

    def __init__(
        self, reader: Reader, listings: dict[str, Listing], namespaces: Namespaces, whole: bool
    ) -> None:
        """Work the rights out; `whole` where ClusterRoleBindings may be seen."""
        read = Read(reader.name, reader.source == "live", namespaces, listings)
        self.whole = whole
        self.rights: Rights = rights_of(read)
        self.gaps = tuple(dict.fromkeys(gap for each in listings.values() for gap in each.gaps))
        self.missing: dict[str, tuple[Gap, ...]] = {gap.kind: (gap,) for gap in self.gaps}
        self.objects = {
            kind: len(read.objects(kind)) if whole or KINDS[kind].namespaced else 0
            for kind in RBAC_KINDS
        }

    def unread(self, bindings: Sequence[Binding]) -> tuple[str, ...]:
        """Name the bound roles whose rules are not there to read, each with a binding; at most 20."""
        found: dict[str, str] = {}
        for each in bindings:
            lost = any(role.unfilled for role in self.rights.role(each.gives))
            if each.subjects and (lost or self.rights.unread(each.gives, self.missing)):
                by = (
                    f"{each.ref.kind} {'/'.join(filter(None, (each.ref.namespace, each.ref.name)))}"
                )
                found.setdefault(f"{each.role.kind} {each.role.name}", by)
        return tuple(f"{role} (by {by})" for role, by in found.items())[:MAX_HOLDERS]

    def note(self, roles: Iterable[ResourceRef]) -> list[str]:
        """Say which of the roles were not read but are known, and what may not be seen."""
        notes: list[str] = []
        lost = [
            ref.name
            for ref in roles
            if (ref.kind, ref.namespace, ref.name) not in self.rights.roles
        ]
        if lost:
            first, *_, last = published().versions
            listed = names(dict.fromkeys(lost), 5)
            notes.append(f"Not read, taken as Kubernetes {first} to {last} publishes it: {listed}")
        if not self.whole:
            notes.append(
                "ClusterRoleBindings, which hold in every namespace, may not be seen from here"
            )
        return notes

    def unbound(self) -> list[RoleSubject]:
        """List the roles that are bound to nobody, but for Kubernetes' own."""
        given = {each.gives for each in self.rights.bindings if each.subjects}
        return [
            role
            for key, held in self.rights.roles.items()
            for role in held
            if key not in given and not role.built_in and (self.whole or key[0] == "Role")
        ]


async def see(context: QueryContext, reader: Reader, namespaces: Namespaces) -> Seen:
    """Read roles and bindings.

    ClusterRoleBindings are read only for those who may see the whole cluster; of ClusterRoles the others see
    what the bindings of their namespaces give.
    """
    whole = context.scope.sees(reader.name, "")
    listings: dict[str, Listing] = {}
    for name in RBAC_KINDS:
        kind = KINDS[name]
        if kind.namespaced:
            listings[name] = await reader.list(kind, namespaces)
        elif whole or name == "ClusterRole":
            listings[name] = await reader.list(kind)
    return Seen(reader, listings, namespaces, whole)


def where(binding: Binding) -> str:
    """Say how far a binding reaches."""
    return f"in namespace {binding.ref.namespace}" if binding.ref.namespace else "cluster-wide"


def rule_text(rule: PolicyRule) -> str:
    """Write one rule in a line: `get, list on secrets named shop-db`."""
    urls = [f"URL {url}" for url in rule.non_resource_urls or ()]
    on = ", ".join([*(rule.resources or ()), *urls])
    groups = [group or "core" for group in rule.api_groups or () if group != ANY]
    of = f" of {', '.join(groups)}" if groups and groups != ["core"] else ""
    named = f" named {', '.join(rule.resource_names)}" if rule.resource_names else ""
    return one_line(f"{', '.join(rule.verbs or ())} on {on}{of}{named}", 200)
