"""Who may do something in a cluster, by its RBAC: verbs on one resource (`create` on `pods/exec`).

Each row is a binding: whom it gives a role that allows it, and how far. Use it for "who can delete pods", "who
may exec", "who has cluster-admin" (`*` on `*`); rights_of answers what one subject may do.
"""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from tools.objects.rbac import PolicyRule
from tools.queries.context import QueryContext
from tools.queries.looking.access import MAX_HOLDERS, Seen, rule_text, see, where
from tools.queries.looking.scoping import named, pick_cluster, pick_namespaces
from tools.queries.result import Result
from tools.queries.rights import Access, AccessRow
from tools.queries.wording import cap, fence, gaps_text, names, place
from tools.rbac import ANY, Binding, RoleSubject, Wanted, rule_gives, subject_name
from tools.resources import Resource, resource_of

MAX_ROWS = 100
_NEVER_BY_NAME = ("create", "deletecollection")
"""Requests that name no object, so that a rule narrowed by resourceNames never allows them."""


class Arguments(BaseModel):
    """What is done to what."""

    model_config = ConfigDict(extra="forbid")

    verbs: list[str] = Field(
        min_length=1, max_length=10, description="Any of: get, list, create, update, delete..."
    )
    resource: str = Field(
        min_length=1,
        max_length=100,
        description="Plural, with subresource (pods/exec) or group (widgets.example.com).",
    )
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Match every rule as Kubernetes does, in the API groups that serve the resource."""
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    seen = await see(context, reader, namespaces)
    verbs = tuple(dict.fromkeys(verb.strip().lower()[:40] for verb in arguments.verbs))
    resource = resource_of(arguments.resource)
    rows = sorted(_rows(seen, verbs, resource), key=_order)
    data = Access(
        reader.name,
        named(namespaces),
        ", ".join(verbs),
        resource.name,
        tuple(rows[:MAX_ROWS]),
        len(rows),
        seen.unread(seen.rights.bindings),
        seen.objects,
        "; ".join([*_unknown(resource), *seen.note(row.ref for row in rows)]),
    )
    return Result(cap(_text(data) + gaps_text(seen.gaps)), data, seen.gaps)


def _rows(seen: Seen, verbs: tuple[str, ...], resource: Resource) -> Iterator[AccessRow]:
    """Give a row for each binding of a role that allows it, then one for each such role bound to nobody."""
    for binding in seen.rights.bindings:
        if not binding.subjects:
            continue
        reached = _reached(binding, verbs, resource)
        holders = [subject_name(each, binding.ref.namespace) for each in binding.subjects]
        for role in seen.rights.role(binding.gives):
            given, rules = _giving(role, reached, resource)
            if rules:
                yield AccessRow(
                    role.ref,
                    tuple(holders[:MAX_HOLDERS]),
                    rules,
                    given,
                    binding.ref,
                    where(binding),
                    binding.built_in,
                )
    for role in seen.unbound():
        given, rules = _giving(role, verbs, resource)
        if rules and (role.cluster_wide or not resource.cluster_scoped):
            yield AccessRow(role.ref, (), rules, given)


def _reached(binding: Binding, verbs: tuple[str, ...], resource: Resource) -> tuple[str, ...]:
    """Keep the verbs that a binding can give: of what is cluster-scoped one in a namespace gives only bind."""
    narrow = binding.ref.namespace and resource.cluster_scoped
    return tuple(verb for verb in verbs if verb == "bind" or not narrow)


def _giving(
    role: RoleSubject, verbs: tuple[str, ...], resource: Resource
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give those of the verbs that a role allows, and the rules that do, in words."""
    allowed: dict[str, None] = {}
    rules: dict[str, None] = {}
    for at in role.rules:
        given = [verb for verb in verbs if _allows(at.rule, verb, resource)]
        if given:
            allowed.update(dict.fromkeys(given))
            rules[rule_text(at.rule)] = None
    return tuple(allowed), tuple(rules)


def _allows(rule: PolicyRule, verb: str, resource: Resource) -> bool:
    by_name = verb not in _NEVER_BY_NAME or "/" in resource.name
    groups = resource.groups or _groups_of(rule, resource)
    return any(
        rule_gives(rule, Wanted((verb,), group, (resource.name,), by_name=by_name))
        for group in groups
    )


def _groups_of(rule: PolicyRule, resource: Resource) -> tuple[str, ...]:
    """Choose groups of a resource that Kubernetes does not know: those of a rule that names it, else any."""
    named = resource.name in (rule.resources or ()) and resource.name != ANY
    return tuple(rule.api_groups or ()) if named else (ANY,)


def _order(row: AccessRow) -> tuple[bool, bool, bool, str]:
    """Put who holds it before nobody, others before Kubernetes' own, everywhere before a namespace."""
    return (not row.holders, row.built_in, row.where != "cluster-wide", place(row.ref))


def _unknown(resource: Resource) -> list[str]:
    if resource.groups or resource.name == ANY:
        return []
    return [
        "Kubernetes itself has no such resource: matched in whatever API group a rule names it in"
    ]


def _text(data: Access) -> str:
    looked = ", ".join(f"{count} {kind}" for kind, count in data.objects.items())
    bound = sum(1 for row in data.rows if row.holders)
    lines = [
        f"cluster {data.cluster}: bindings that allow {data.verb} on {data.resource}: {bound}; looked at {looked}"
    ]
    if data.rows:
        lines.append(fence("bindings", "\n".join(_line(row) for row in data.rows)))
    if data.total > len(data.rows):
        lines.append(f"and {data.total - len(data.rows)} more")
    if data.unread:
        lines.append(f"bound, but their rules could not be read: {names(data.unread, 10)}")
    return "\n".join([*lines, data.note] if data.note else lines)


def _line(row: AccessRow) -> str:
    rules = f"{', '.join(row.verbs)} by the rules {'; '.join(row.rules[:3])}"
    if row.binding is None:
        return f"- nobody holds {place(row.ref)}: {rules}"
    own = ", built in" if row.built_in else ""
    return f"- {names(row.holders, 10)} {row.where}, by {place(row.binding)} ({place(row.ref)}{own}): {rules}"
