"""Text of a policy file -> Policy, or a complaint that names line and key.

Every reference is checked: a rule can only name clusters, people and teams that the file declares,
and must be reachable and fulfillable. Pure; used at start, on reload and by `oakum policy`.
"""

import hashlib
import re
from collections.abc import Mapping

from bot.accounts import Account
from bot.approval.policy.file import example_entries, forms, freeze_entries, rule_entries
from bot.approval.policy.file.strict_yaml import Value, quoted, read
from bot.approval.policy.people import Circle, KubernetesUser, Person
from bot.approval.policy.rules import ClusterTerms, Policy

FORM = 1
"""The file's form that this code reads, written as `policy: 1`."""

MAX_ENTRIES = 500
"""The most rules, freezes or examples."""

_KUBERNETES_NAME = re.compile(r"(?!system:)\S{1,253}|system:authenticated")


def parse(text: str) -> Policy:
    """Read a policy. Raises BadPolicy, which names the line and the key."""
    parts = read(text).fields(
        ("policy", "workspace", "clusters", "people", "rules"),
        ("kill_switch", "teams", "freezes", "examples"),
    )
    parts["policy"].number(FORM, FORM)
    workspace = forms.team(parts["workspace"])
    clusters = {
        name: _terms(value) for name, value in parts["clusters"].entries(forms.cluster).items()
    }
    people = _people(parts["people"], workspace)
    circles = _circles(parts.get("teams"), people, workspace)
    rules = rule_entries.read(_list(parts["rules"]), clusters, people, circles)
    freezes = freeze_entries.read(_list(parts.get("freezes")), clusters)
    cases = example_entries.read(_list(parts.get("examples")), clusters, people, workspace)
    return Policy(
        version=hashlib.sha256(text.encode()).hexdigest(),
        kill_switch=parts["kill_switch"].flag() if "kill_switch" in parts else False,
        workspace=workspace,
        clusters=clusters,
        people=people,
        rules=rules,
        freezes=freezes,
        examples=cases,
    )


def _list(value: Value | None) -> tuple[Value, ...]:
    """Give a section's entries; a section that is not there has none."""
    if value is None:
        return ()
    entries = value.items()
    if len(entries) > MAX_ENTRIES:
        raise value.error(f"has more than {MAX_ENTRIES} entries")
    return entries


def _terms(value: Value) -> ClusterTerms:
    parts = value.fields((), ("sandbox", "access_check"))
    return ClusterTerms(**{name: part.flag() for name, part in parts.items()})


def _people(value: Value, workspace: str) -> dict[str, Person]:
    """Read the people; whatever stands for one person can stand for no other."""
    people: dict[str, Person] = {}
    taken: dict[object, str] = {}
    for name, entry in value.entries(forms.person).items():
        parts = entry.fields((), ("slack_users", "slack_groups", "kubernetes"))
        accounts = _accounts(parts.get("slack_users"), workspace, group=False)
        groups = _accounts(parts.get("slack_groups"), workspace, group=True)
        if not accounts and not groups:
            raise entry.error("needs slack_users or slack_groups")
        kubernetes = _kubernetes(parts["kubernetes"]) if "kubernetes" in parts else None
        marks: list[object] = [*accounts, *groups]
        for mark in [*marks, kubernetes.user] if kubernetes else marks:
            if mark in taken:
                shown = f"{mark[0]}/{mark[1]}" if isinstance(mark, Account) else str(mark)
                raise entry.error(
                    f"{quoted(shown)} is already {taken[mark]}'s", "One human, one person."
                )
            taken[mark] = name
        people[name] = Person(name, accounts, groups, kubernetes)
    return people


def _accounts(value: Value | None, workspace: str, group: bool) -> frozenset[Account]:
    if value is None:
        return frozenset()
    form = forms.group if group else forms.user
    return frozenset(forms.names(value, lambda one: form(one, workspace)))


def _kubernetes(value: Value) -> KubernetesUser:
    parts = value.fields(("user",), ("groups",))
    groups = forms.names(parts["groups"], _kubernetes_name) if "groups" in parts else ()
    return KubernetesUser(_kubernetes_name(parts["user"]), groups)


def _kubernetes_name(value: Value) -> str:
    return value.text(_KUBERNETES_NAME, "a Kubernetes name outside the system's own")


def _circles(
    value: Value | None, people: Mapping[str, Person], workspace: str
) -> dict[str, Circle]:
    """Read the teams; each person is a circle too, so that a rule may name either."""
    circles = {name: Circle((name,), frozenset({name}), frozenset()) for name in people}
    for name, entry in (value.entries(forms.person) if value else {}).items():
        if name in people:
            raise entry.error("is a person's name too", "Give the team another.")
        parts = entry.fields((), ("people", "slack_groups"))
        members = _members(parts.get("people"), people)
        groups = _accounts(parts.get("slack_groups"), workspace, group=True)
        if not members and not groups:
            raise entry.error("needs people or slack_groups")
        circles[name] = Circle((name,), frozenset(members), groups)
    return circles


def _members(value: Value | None, people: Mapping[str, Person]) -> tuple[str, ...]:
    if value is None:
        return ()
    return forms.names(value, lambda one: forms.known(one, forms.person(one), people, "person"))
