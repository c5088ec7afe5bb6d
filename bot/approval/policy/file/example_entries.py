"""Reads the `examples` of a policy file: cases with the decision that its author expects."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.accounts import Account
from bot.approval.policy.file import forms
from bot.approval.policy.file.strict_yaml import Value, quoted
from bot.approval.policy.people import Person
from bot.approval.policy.rules import ClusterTerms, Example

ASKS = ("propose", "approve", "execute", "undo")
STANDINGS = ("guest", "bot", "deactivated", "foreign", "unknown")
MAX_MINUTES = 7 * 24 * 60

_REQUIRED = ("name", "asks", "cluster", "namespace", "action", "risk", "requester", "expect")
_OPTIONAL = (
    "person",
    "approved_by",
    "denied_by",
    "standing",
    "groups",
    "no_access",
    "at",
    "minutes_later",
    "because",
    "needs",
)


def read(
    entries: Sequence[Value],
    clusters: Mapping[str, ClusterTerms],
    people: Mapping[str, Person],
    workspace: str,
) -> tuple[Example, ...]:
    """Read the examples. Raises BadPolicy."""
    return tuple(_example(entry, clusters, people, workspace) for entry in entries)


def _example(
    entry: Value,
    clusters: Mapping[str, ClusterTerms],
    people: Mapping[str, Person],
    workspace: str,
) -> Example:
    parts = entry.fields(_REQUIRED, _OPTIONAL)
    asks = parts["asks"].choice(ASKS)
    case = forms.case(parts)
    forms.known(parts["cluster"], case.cluster, clusters, "cluster")
    if asks in ("approve", "undo") and "person" not in parts:
        raise entry.error("lacks the key person: who presses")
    if asks == "execute" and "at" not in parts:
        raise entry.error("lacks the key at: freezes depend on the time")
    return Example(
        name=forms.title(parts["name"]),
        line=entry.line,
        asks=asks,
        case=case,
        requester=_person(parts["requester"], people),
        person=_person(parts["person"], people) if "person" in parts else "",
        approved_by=_persons(parts.get("approved_by"), people),
        denied_by=_persons(parts.get("denied_by"), people),
        standing={
            name: value.choice(STANDINGS)
            for name, value in _by_person(parts.get("standing"), people).items()
        },
        groups={
            name: _groups(value, workspace)
            for name, value in _by_person(parts.get("groups"), people).items()
        },
        no_access=frozenset(_persons(parts.get("no_access"), people)),
        at=_at(parts["at"]) if "at" in parts else None,
        minutes_later=parts["minutes_later"].number(0, MAX_MINUTES)
        if "minutes_later" in parts
        else 1,
        expect=parts["expect"].choice(("allowed", "refused")) == "allowed",
        because=parts["because"].text() if "because" in parts else "",
        needs=parts["needs"].number(1, 99) if "needs" in parts else None,
    )


def _person(value: Value, people: Mapping[str, Person]) -> str:
    return forms.known(value, forms.person(value), people, "person")


def _persons(value: Value | None, people: Mapping[str, Person]) -> tuple[str, ...]:
    return forms.names(value, lambda one: _person(one, people)) if value else ()


def _by_person(value: Value | None, people: Mapping[str, Person]) -> dict[str, Value]:
    return value.entries(lambda key: _person(key, people)) if value else {}


def _groups(value: Value, workspace: str) -> frozenset[Account]:
    return frozenset(forms.names(value, lambda one: forms.group(one, workspace)))


def _at(value: Value) -> datetime:
    """Read an ISO time that names its offset, as 2026-12-24 09:00+01:00."""
    written = value.moment()
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise value.error(f"{quoted(written)} is no time", "As 2026-12-24 09:00+01:00.") from error
    if found.tzinfo is None or not 2000 <= found.year <= 2200:
        raise value.error("must name its offset", "As 2026-12-24 09:00+01:00, or Z for UTC.")
    return found.astimezone(UTC)
