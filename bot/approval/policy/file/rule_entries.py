"""Reads the `rules` of a policy file, and refuses those that could never do what they seem to say.

That is: a rule that an earlier one always takes precedence over, more approvals than people who may
give them, and people without a Kubernetes user where the cluster asks for an access check.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.approval.policy.file import forms
from bot.approval.policy.file.strict_yaml import Value, quoted
from bot.approval.policy.people import Circle, Person
from bot.approval.policy.rules import (
    TWO_APPROVALS,
    ClusterTerms,
    Rule,
    UndoBy,
    Where,
    approvals_needed,
    covers,
)

AUTOMATIC = "automatic"
EXPIRY_MINUTES = 30
MAX_EXPIRY_MINUTES = 24 * 60
MAX_UNDO_MINUTES = 60
HANDOVER_HOURS = 24
MAX_HANDOVER_HOURS = 7 * 24
MAX_APPROVALS = 10

_REQUIRED = ("name", "clusters", "namespaces", "actions", "risks", "propose", "approve")
_OPTIONAL = (
    "execute",
    "approvals",
    "expiry_minutes",
    "undo_minutes",
    "undo_by",
    "handover_hours",
)


def read(
    entries: Sequence[Value],
    clusters: Mapping[str, ClusterTerms],
    people: Mapping[str, Person],
    circles: Mapping[str, Circle],
) -> tuple[Rule, ...]:
    """Read the rules in order. Raises BadPolicy."""
    rules: list[Rule] = []
    for entry in entries:
        rule = _rule(entry, clusters, circles)
        for earlier in rules:
            if earlier.name == rule.name:
                raise entry.error(
                    f"the name {quoted(rule.name)} is taken", "Give each rule its own."
                )
            if covers(earlier.where, rule.where):
                raise entry.error(
                    f"never decides: every case of it is taken by the rule {quoted(earlier.name)}",
                    "The first rule that matches decides; put this one first, or take it out.",
                )
        _check_fulfillable(entry, rule, clusters)
        _check_mapped(entry, rule, clusters, people)
        rules.append(rule)
    return tuple(rules)


def _rule(
    entry: Value, clusters: Mapping[str, ClusterTerms], circles: Mapping[str, Circle]
) -> Rule:
    parts = entry.fields(_REQUIRED, _OPTIONAL)
    expiry = _number(parts, "expiry_minutes", 1, MAX_EXPIRY_MINUTES, EXPIRY_MINUTES)
    undo = _number(parts, "undo_minutes", 0, MAX_UNDO_MINUTES, 0)
    handover = _number(parts, "handover_hours", 1, MAX_HANDOVER_HOURS, HANDOVER_HOURS)
    return Rule(
        name=forms.title(parts["name"]),
        where=_where(parts, clusters),
        propose=_circle(parts["propose"], circles),
        approve=_circle(parts["approve"], circles),
        execute=_execute(parts.get("execute"), circles),
        approvals=parts["approvals"].number(1, MAX_APPROVALS) if "approvals" in parts else None,
        expiry=timedelta(minutes=expiry),
        undo=timedelta(minutes=undo),
        undo_by=_undo_by(parts.get("undo_by")),
        handover=timedelta(hours=handover),
    )


def _number(parts: Mapping[str, Value], key: str, least: int, most: int, default: int) -> int:
    return parts[key].number(least, most) if key in parts else default


def _where(parts: Mapping[str, Value], clusters: Mapping[str, ClusterTerms]) -> Where:
    return Where(
        clusters=forms.clusters(parts["clusters"], clusters),
        namespaces=forms.any_or(parts["namespaces"], forms.namespace),
        actions=forms.any_or(parts["actions"], forms.action),
        risks=forms.any_or(parts["risks"], forms.risk),
    )


def _circle(value: Value, circles: Mapping[str, Circle]) -> Circle:
    names = forms.names(
        value, lambda one: forms.known(one, forms.person(one), circles, "person or team")
    )
    return Circle(
        names,
        frozenset(person for name in names for person in circles[name].people),
        frozenset(group for name in names for group in circles[name].groups),
    )


def _execute(value: Value | None, circles: Mapping[str, Circle]) -> Circle | None:
    if value is None:
        return None
    if isinstance(value.node.value, str):
        value.choice([AUTOMATIC])
        return None
    return _circle(value, circles)


def _undo_by(value: Value | None) -> frozenset[UndoBy]:
    if value is None:
        return frozenset(UndoBy)
    return frozenset(
        forms.names(value, lambda one: UndoBy(one.choice([by.value for by in UndoBy])))
    )


def _check_fulfillable(entry: Value, rule: Rule, clusters: Mapping[str, ClusterTerms]) -> None:
    """Refuse a rule under which no proposal could ever be approved for lack of people."""
    if rule.approve.groups or (rule.propose.groups and not rule.propose.people):
        return
    actions = TWO_APPROVALS if rule.where.actions is None else rule.where.actions
    wanted = max(approvals_needed(rule, action) for action in actions)
    alone = all(clusters[cluster].sandbox for cluster in rule.where.clusters)
    most = max(
        len(rule.approve.people if alone else rule.approve.people - {proposer})
        for proposer in rule.propose.people
    )
    if most < wanted:
        raise entry.error(
            f"needs {wanted} approvals, but at most {most} could ever be given",
            "Whoever asks does not count. Name more approvers, or say `approvals`.",
        )


def _check_mapped(
    entry: Value,
    rule: Rule,
    clusters: Mapping[str, ClusterTerms],
    people: Mapping[str, Person],
) -> None:
    """Refuse people who would fail every access check because nothing says who they are there."""
    asking = sorted(name for name in rule.where.clusters if clusters[name].access_check)
    if not asking:
        return
    for name in sorted(rule.propose.people | rule.approve.people):
        if people[name].kubernetes is None:
            raise entry.error(
                f"{name} has no Kubernetes user, and {asking[0]} asks for an access check",
                f"Say people.{name}.kubernetes.",
            )
