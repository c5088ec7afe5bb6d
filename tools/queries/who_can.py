"""Tell who may do one thing, by RBAC: the roles that allow `verb` on `resource`, with who holds each."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tools.cluster.reader import Listing, Reader
from tools.inventory import BINDING_KINDS, ROLE_KINDS, Read
from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.looking.scoping import named, pick_cluster, pick_namespaces
from tools.queries.result import Access, AccessRow, Result
from tools.queries.wording import cap, fence, gaps_text, names, one_line, place
from tools.rbac import (
    CLUSTER_ADMIN,
    Binding,
    RoleSubject,
    Wanted,
    aggregated_role_of,
    binding_of,
    holders_by_role,
    role_of,
    rule_gives,
)
from tools.types import Namespaces, ResourceRef
from tools.workload import name_of

MAX_ROWS = 100
_MAX_HOLDERS = 20


class Arguments(BaseModel):
    """What is done to what."""

    model_config = ConfigDict(extra="forbid")

    verb: str = Field(min_length=1, max_length=40, description="get, list, create, delete...")
    resource: str = Field(min_length=1, max_length=100, description="Plural: pods, pods/exec.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Match every rule as Kubernetes does; roles that Kubernetes made itself (system:) are left out."""
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    read = await _read(reader, namespaces, context.scope.sees(reader.name, ""))
    bindings = [
        binding_of(read.ref(kind, obj.metadata), obj)
        for kind in BINDING_KINDS
        for obj in read.objects(kind)
        if not name_of(obj.metadata).startswith("system:")
    ]
    holders = holders_by_role(bindings)
    roles = _roles(read)
    rows = [
        AccessRow(role.ref, _holders(holders, role.ref), rules)
        for role in roles
        if (rules := _giving(role, arguments.verb.lower(), arguments.resource.lower()))
    ]
    rows += _admins(read, roles, holders)
    gaps = tuple(gap for listing in read.listings.values() for gap in listing.gaps)
    data = Access(
        reader.name,
        named(namespaces),
        arguments.verb.lower(),
        arguments.resource.lower(),
        tuple(rows[:MAX_ROWS]),
        len(rows),
        _unread(bindings, roles),
        {kind: len(read.objects(kind)) for kind in (*ROLE_KINDS, *BINDING_KINDS)},
    )
    return Result(cap(_text(data) + gaps_text(gaps)), data, gaps)


async def _read(reader: Reader, namespaces: Namespaces, everything: bool) -> Read:
    """Read roles and bindings; cluster-scoped ones only for those who may see them."""
    listings: dict[str, Listing] = {}
    for name in (*ROLE_KINDS, *BINDING_KINDS):
        kind = KINDS[name]
        if kind.namespaced:
            listings[name] = await reader.list(kind, namespaces)
        elif everything:
            listings[name] = await reader.list(kind)
    return Read(reader.name, reader.source == "live", namespaces, listings)


def _roles(read: Read) -> list[RoleSubject]:
    selectable = {name_of(obj.metadata): obj for obj in read.objects("ClusterRole")}
    found: list[RoleSubject] = []
    for kind in ROLE_KINDS:
        for obj in read.objects(kind):
            if name_of(obj.metadata).startswith("system:"):
                continue
            ref = read.ref(kind, obj.metadata)
            if kind == "ClusterRole" and obj.aggregation_rule:
                found.append(aggregated_role_of(ref, obj, selectable, read.live))
            else:
                found.append(role_of(ref, obj))
    return found


def _giving(role: RoleSubject, verb: str, resource: str) -> tuple[str, ...]:
    """Write the rules of a role that allow it, whatever the API group; empty for none."""
    return tuple(
        one_line(
            f"{', '.join(at.rule.verbs or ())} on {', '.join(at.rule.resources or ())}"
            + (f" named {', '.join(at.rule.resource_names)}" if at.rule.resource_names else ""),
            160,
        )
        for at in role.rules
        if any(
            rule_gives(at.rule, Wanted((verb,), group, (resource,), by_name=True))
            for group in at.rule.api_groups or ()
        )
    )


def _holders(holders: dict[tuple[str, str, str], tuple[str, ...]], ref: ResourceRef) -> Any:
    return holders.get((ref.kind, ref.namespace, ref.name), ())[:_MAX_HOLDERS]


def _admins(
    read: Read,
    roles: list[RoleSubject],
    holders: dict[tuple[str, str, str], tuple[str, ...]],
) -> list[AccessRow]:
    """Give the row of cluster-admin where it is bound but, as in most folders, not written down."""
    held = holders.get(("ClusterRole", "", CLUSTER_ADMIN), ())
    if not held or any(role.ref.name == CLUSTER_ADMIN for role in roles):
        return []
    ref = ResourceRef(
        read.cluster, KINDS["ClusterRole"].group_version, "ClusterRole", "", CLUSTER_ADMIN
    )
    return [AccessRow(ref, held[:_MAX_HOLDERS], ("everything",))]


def _unread(bindings: list[Binding], roles: list[RoleSubject]) -> tuple[str, ...]:
    """Name the roles that are bound and whose rules are not there to read."""
    there = {(role.ref.kind, role.ref.namespace, role.ref.name) for role in roles}
    missing = {
        binding.role.name: None
        for binding in bindings
        if binding.role.name != CLUSTER_ADMIN
        and (
            binding.role.kind,
            binding.ref.namespace if binding.role.kind == "Role" else "",
            binding.role.name,
        )
        not in there
    }
    unfilled = [role.ref.name for role in roles if role.unfilled]
    return tuple(dict.fromkeys([*missing, *unfilled]))[:20]


def _text(data: Access) -> str:
    looked = ", ".join(f"{count} {kind}" for kind, count in data.objects.items())
    lines = [
        f"cluster {data.cluster}: {data.total} roles allow {data.verb} on {data.resource}; looked at {looked}"
    ]
    listed = "\n".join(
        f"- {place(row.ref)}: {'; '.join(row.rules)}; held by {names(row.holders, 10) or 'nobody'}"
        for row in data.rows
    )
    if listed:
        lines.append(fence("roles", listed))
    if data.unread:
        lines.append(f"bound, but their rules could not be read: {names(data.unread, 10)}")
    return "\n".join(lines)
