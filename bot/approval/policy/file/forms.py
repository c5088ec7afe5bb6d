"""The forms of names in a policy file: people, accounts, clusters, namespaces, actions, lists of them.

A pattern or a prefix has none of these forms, so that it is refused where a name is asked for. Used
by the readers of the file's sections.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.accounts import Account
from bot.approval.policy.file.strict_yaml import Value, quoted
from bot.approval.policy.people import LOCAL_TEAM
from bot.approval.policy.rules import CLUSTER_SCOPED, Case
from tools import vocabulary
from tools.types import RiskLevel

T = TypeVar("T")

ANY = "any"
ACTIONS = tuple(str(action.__struct_config__.tag) for action in vocabulary.ACTIONS)
"""Every action by name."""

MAX_LIST = 1_000
"""The longest list of names."""

_EXACT = "(names match exactly: no pattern, no prefix)"
_PERSON = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|" + re.escape(CLUSTER_SCOPED))
_TITLE = re.compile(r".{1,100}")
_TEAM = re.compile(r"[TE][A-Z0-9]{2,20}")
_USER = re.compile(
    r"(?:([TE][A-Z0-9]{2,20})/)?([UW][A-Z0-9]{2,20})|(local)/([a-z_][a-z0-9_.-]{0,31})"
)
_GROUP = re.compile(r"(?:([TE][A-Z0-9]{2,20})/)?(S[A-Z0-9]{2,20})")


def person(value: Value) -> str:
    """Read a person's or a team's name."""
    return value.text(_PERSON, "a name in small letters, digits, dots, dashes and underscores")


def cluster(value: Value) -> str:
    """Read a cluster's name."""
    return value.text(_CLUSTER, f"a cluster's name {_EXACT}")


def namespace(value: Value) -> str:
    """Read a namespace's name, or CLUSTER_SCOPED."""
    return value.text(_NAMESPACE, f"a namespace's name {_EXACT}")


def action(value: Value) -> str:
    """Read an action's name."""
    return value.choice(ACTIONS)


def title(value: Value) -> str:
    """Read the title of a rule, a freeze or an example."""
    return value.text(_TITLE, "a title of at most 100 characters")


def risk(value: Value) -> RiskLevel:
    """Read a risk class."""
    return RiskLevel(value.choice([level.value for level in RiskLevel]))


def team(value: Value) -> str:
    """Read a Slack workspace's id."""
    return value.text(_TEAM, "a Slack workspace id as T0123ABCD")


def user(value: Value, workspace: str) -> Account:
    """Read a Slack user id, with or without its workspace, or `local/NAME` for a terminal's user."""
    written = value.text(_USER, "a Slack user id as U0123ABCD or T0123ABCD/U0123ABCD")
    place, _, name = written.rpartition("/")
    return Account(LOCAL_TEAM if place == LOCAL_TEAM else place or workspace, name)


def group(value: Value, workspace: str) -> Account:
    """Read a Slack user group id, with or without its workspace."""
    written = value.text(_GROUP, "a Slack user group id as S0123ABCD or T0123ABCD/S0123ABCD")
    place, _, name = written.rpartition("/")
    return Account(place or workspace, name)


def names(value: Value, one: Callable[[Value], T]) -> tuple[T, ...]:
    """Read a list of names that is not empty and names nothing twice."""
    found: list[T] = []
    items = value.items()
    if not items or len(items) > MAX_LIST:
        raise value.error(f"must name between 1 and {MAX_LIST:,}, not {len(items):,}")
    for item in items:
        name = one(item)
        if name in found:
            raise item.error(
                f"{quoted(str(item.node.value))} stands here twice", "Keep one of them."
            )
        found.append(name)
    return tuple(found)


def any_or(value: Value, one: Callable[[Value], T]) -> frozenset[T] | None:
    """Read the word `any`, which gives None, or a list of names."""
    if isinstance(value.node.value, str):
        value.choice([ANY])
        return None
    return frozenset(names(value, one))


def known(value: Value, name: str, holders: Mapping[str, object], what: str) -> str:
    """Give a name back if the file declares it, else refuse it; `what` says what it should name."""
    if name not in holders:
        near = difflib.get_close_matches(name, holders, 1)
        hint = f"Nearest: {near[0]}." if near else f"Declare the {what} first."
        raise value.error(f"{quoted(name)} is no {what} of this policy", hint)
    return name


def clusters(value: Value, declared: Mapping[str, object]) -> frozenset[str]:
    """Read a list of clusters that the file declares."""
    return frozenset(names(value, lambda one: known(one, cluster(one), declared, "cluster")))


def case(found: Mapping[str, Value]) -> Case:
    """Read the four sides of a case."""
    return Case(
        cluster=cluster(found["cluster"]),
        namespace=namespace(found["namespace"]),
        action=action(found["action"]),
        risk=risk(found["risk"]),
    )
