"""What one user, group or service account may do by RBAC, worst first, with the groups that it is in anyway.

Use it for "what may the service account api do", "what can anonymous users do" (Group system:unauthenticated).
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.discovery import checks
from tools.errors import BadArgument
from tools.queries.context import QueryContext
from tools.queries.looking.access import Seen, rule_text, see, where
from tools.queries.looking.scoping import named, pick_cluster, pick_namespaces
from tools.queries.result import Result
from tools.queries.rights import Rights, RightsRow
from tools.queries.wording import cap, fence, gaps_text, names, one_line, place
from tools.rbac import MASTERS, Binding, RoleSubject, subject_name
from tools.types import Subject, Verdict
from tools.workload import Inventory

MAX_ROWS = 100
_MAX_RULES = 20
_SHOWN_RULES = 6
_ACCOUNTS = "system:serviceaccounts"
_AUTHENTICATED = "system:authenticated"
_ANONYMOUS = "system:anonymous"
_UNAUTHENTICATED = "system:unauthenticated"
_SPACED = "Write it as namespace/name, for example shop/api."
_READING = {"get", "list", "watch"}

_Who = tuple[str, str]
"""Kind and name of a subject; `ServiceAccount shop/api` is ("ServiceAccount", "shop/api")."""


class Arguments(BaseModel):
    """Whose rights."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["User", "Group", "ServiceAccount"] = Field(description="Whose rights.")
    name: str = Field(min_length=1, max_length=253, description="Exact; an account: shop/api.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Collect every binding that names the subject or a group that it is in whoever it is."""
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    seen = await see(context, reader, namespaces)
    name = arguments.name.strip()
    if arguments.kind == "ServiceAccount" and name.count("/") != 1:
        raise BadArgument(f"Service account {name} is not named with its namespace.", _SPACED)
    everything = _same_as(arguments.kind, name)
    held = [(each, by) for each in seen.rights.bindings if (by := _held_as(each, everything))]
    rows = sorted(
        (row for each, by in held for row in _rows(seen, each, by)), key=_order, reverse=True
    )
    data = Rights(
        reader.name,
        named(namespaces),
        " ".join(everything[0]),
        tuple(" ".join(each) for each in everything[1:]),
        tuple(rows[:MAX_ROWS]),
        len(rows),
        seen.unread([each for each, _ in held]),
        seen.objects,
        "; ".join([*_note(everything[0]), *seen.note(row.ref for row in rows)]),
    )
    return Result(cap(_text(data) + gaps_text(seen.gaps)), data, seen.gaps)


def _same_as(kind: str, name: str) -> list[_Who]:
    """List a subject, the other name that it may have, and the groups that it is in by Kubernetes' rules."""
    account = name.removeprefix("system:serviceaccount:") if kind == "User" else ""
    if kind == "User" and account != name:
        kind, name = "ServiceAccount", account.replace(":", "/", 1)
    own: list[_Who] = [(kind, name)]
    space = name.partition("/")[0]
    if kind == "ServiceAccount":
        own += [("User", f"system:serviceaccount:{name.replace('/', ':', 1)}")]
        own += [("Group", f"{_ACCOUNTS}:{space}"), ("Group", _ACCOUNTS)]
    elif kind == "Group" and name.startswith(f"{_ACCOUNTS}:"):
        own.append(("Group", _ACCOUNTS))
    elif kind == "User" and name.startswith("system:node:"):
        own.append(("Group", "system:nodes"))
    if name == _ANONYMOUS:
        return [*own, ("Group", _UNAUTHENTICATED)]
    if name == _UNAUTHENTICATED:
        return [*own, ("User", _ANONYMOUS)]
    return list(dict.fromkeys([*own, ("Group", _AUTHENTICATED)]))


def _held_as(binding: Binding, everything: list[_Who]) -> str:
    """Name the subject by which a binding gives it something; empty for none."""
    for each in binding.subjects:
        named = subject_name(each, binding.ref.namespace)
        if any(named == " ".join(who) for who in everything):
            return named
    return ""


def _rows(seen: Seen, binding: Binding, by: str) -> Iterator[RightsRow]:
    """Give a row for the role that a binding gives; of copies of it in a folder one each."""
    for role in seen.rights.role(binding.gives):
        severity, wrong = _wrong(seen, role, binding)
        rules = tuple(rule_text(at.rule) for at in role.rules)
        if rules:
            yield RightsRow(
                binding.ref, role.ref, by, where(binding), severity, wrong, rules[:_MAX_RULES]
            )


def _wrong(seen: Seen, role: RoleSubject, binding: Binding) -> tuple[str, tuple[str, ...]]:
    """Judge what a binding gives by the checks of roles: the worst severity, and their titles."""
    inventory = Inventory(
        seen.rights.cluster, seen.rights.live, rights=seen.rights, missing=seen.missing
    )
    given = RoleSubject(
        binding.ref, binding.metadata, role.rules, cluster_wide=not binding.ref.namespace
    )
    failing = [
        module.check
        for module in checks().values()
        if module.check.subject is Subject.ROLE
        and (judged := module.judge(given, inventory)) is not None
        and judged.verdict is Verdict.FAIL
    ]
    failing.sort(key=lambda check: -check.severity.rank)
    return (failing[0].severity.value if failing else ""), tuple(each.title for each in failing)


def _order(row: RightsRow) -> tuple[int, int, bool, bool]:
    """Order rows by what they are worth: severity, how much is wrong, how far, and whether it changes anything."""
    ranks = ("", "low", "medium", "high", "critical")
    writes = any(not set(rule.split(" on ")[0].split(", ")) <= _READING for rule in row.rules)
    return (ranks.index(row.severity), len(row.wrong), row.where == "cluster-wide", writes)


def _note(who: _Who) -> list[str]:
    notes: list[str] = []
    if who == ("Group", MASTERS):
        notes.append("The API server lets this group do everything, whatever RBAC says")
    if who[0] == "ServiceAccount":
        notes.append(
            "Whether there is such an account is not looked at, only what would be its rights"
        )
    if who[0] == "User" and who[1] != _ANONYMOUS:
        notes.append("Other groups of a user come with the login and are not known here")
    return notes


def _text(data: Rights) -> str:
    looked = ", ".join(f"{count} {kind}" for kind, count in data.objects.items())
    lines = [
        f"cluster {data.cluster}: bindings that give it rights: {data.total}; looked at {looked}"
    ]
    listed = [f"{data.subject}, also {names(data.groups) or 'in no group'}"]
    listed += [_line(row) for row in data.rows]
    lines.append(fence("rights, worst first", "\n".join(listed)))
    if data.total > len(data.rows):
        lines.append(f"and {data.total - len(data.rows)} more")
    if data.unread:
        lines.append(f"held, but the rules could not be read: {names(data.unread, 10)}")
    return "\n".join([*lines, data.note] if data.note else lines)


def _line(row: RightsRow) -> str:
    wrong = f"{row.severity}: {', '.join(row.wrong)}; " if row.wrong else ""
    return (
        f"- {place(row.ref)} {row.where}, by {place(row.binding)} for {row.by}: "
        f"{wrong}{one_line('; '.join(row.rules[:_SHOWN_RULES]), 1_000)}"
        + (f"; and {more} more rules" if (more := len(row.rules) - _SHOWN_RULES) > 0 else "")
    )
