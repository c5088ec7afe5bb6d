"""What a policy says, as frozen data, and which of its rules decides a case.

Rules are read in the file's order: the first whose cluster, namespace, action and risk all match
decides alone, and where none matches nobody may do anything. Names match exactly. Pure; made by `file`, read by the policy's decisions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.accounts import Account
from bot.approval.policy.freeze import Freeze
from bot.approval.policy.people import Circle, Person
from tools.types import RiskLevel

CLUSTER_SCOPED = "(cluster)"
"""Stands in place of a namespace for objects that are in none; no namespace can be called so."""

NEVER_ANY = frozenset({CLUSTER_SCOPED, "kube-system", "kube-public", "kube-node-lease"})
"""Not covered by `namespaces: any`: a rule has to name them."""

TWO_APPROVALS = frozenset({"deploy_app", "delete_object"})
"""Actions that need two people where the rule does not say how many."""

UNDO = "undo_change"
"""The action that takes back what an earlier one changed."""


class UndoBy(StrEnum):
    """Who may undo without a new vote, while the rule's time for it lasts."""

    REQUESTER = "requester"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True)
class Where:
    """The cases that a rule is for. None: any."""

    clusters: frozenset[str]
    namespaces: frozenset[str] | None
    """Any leaves out NEVER_ANY."""
    actions: frozenset[str] | None
    risks: frozenset[RiskLevel] | None


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do what in the cases it is for."""

    name: str
    where: Where
    propose: Circle
    approve: Circle
    execute: Circle | None
    """Who starts what is approved; None: the executor does so by itself."""
    approvals: int | None
    """None: two for TWO_APPROVALS, else one."""
    expiry: timedelta
    """From the sealing; then approvals are void."""
    undo: timedelta
    """From the execution; zero: an undo needs its own approval."""
    undo_by: frozenset[UndoBy]
    handover: timedelta
    """How long a patch handed to somebody else is waited for."""


@dataclass(frozen=True, slots=True)
class ClusterTerms:
    """What holds on one cluster, whatever the rule."""

    sandbox: bool = False
    """The requester may approve, and a terminal's user counts as a person."""
    access_check: bool = False
    """The API server must allow each person, as mapped, what the action does."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be decided about; the namespace is CLUSTER_SCOPED for objects that are in none."""

    cluster: str
    namespace: str
    """For a Namespace object: its own name."""
    action: str
    risk: RiskLevel
    """From code, never from a model."""


@dataclass(frozen=True, slots=True)
class Example:
    """One case that the policy's author wrote down, with the decision expected of it."""

    name: str
    line: int
    asks: str
    """`propose`, `approve`, `execute` or `undo`."""
    case: Case
    requester: str
    """A person id, as all people here."""
    person: str
    """Who presses; empty where nobody does."""
    approved_by: tuple[str, ...]
    denied_by: tuple[str, ...]
    standing: Mapping[str, str]
    """By person: what Slack says that makes the account not count, or `unknown`."""
    groups: Mapping[str, frozenset[Account]]
    """By person: the Slack user groups they are in, beyond those that make them who they are."""
    no_access: frozenset[str]
    """People whom the API server would not allow the action."""
    at: datetime | None
    """None where the time does not matter."""
    minutes_later: int
    """From the sealing (for undo: from the execution) to the time asked about."""
    expect: bool
    because: str
    """Words that one of the reasons must hold; may be empty."""
    needs: int | None
    """How many approvals are expected; None: not said."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file."""

    version: str
    """SHA-256 of the text, in hex: any edit makes another policy, and voids what it approved."""
    kill_switch: bool
    workspace: str
    """The Slack team of ids that name none."""
    clusters: Mapping[str, ClusterTerms]
    people: Mapping[str, Person]
    rules: tuple[Rule, ...]
    freezes: tuple[Freeze, ...]
    examples: tuple[Example, ...]


PolicyNow = Callable[[], Policy | None]
"""Gives the policy in force; None where none is configured: then nothing can be proposed."""


def mismatches(where: Where, case: Case) -> tuple[str, ...]:
    """Name the sides of a case that a rule is not for; none means that the rule is for it."""
    fits = {
        "cluster": case.cluster in where.clusters,
        "namespace": _namespace_matches(where.namespaces, case.namespace),
        "action": where.actions is None or case.action in where.actions,
        "risk": where.risks is None or case.risk in where.risks,
    }
    return tuple(side for side, fit in fits.items() if not fit)


def _namespace_matches(named: frozenset[str] | None, namespace: str) -> bool:
    if named is None:
        return bool(namespace) and namespace not in NEVER_ANY
    return namespace in named


def deciding(policy: Policy, case: Case) -> Rule | None:
    """Give the rule that decides a case; None means no."""
    return next((rule for rule in policy.rules if not mismatches(rule.where, case)), None)


def approvals_needed(rule: Rule, action: str) -> int:
    """Give how many different people must approve."""
    if rule.approvals is not None:
        return rule.approvals
    return 2 if action in TWO_APPROVALS else 1


def covers(earlier: Where, later: Where) -> bool:
    """Say whether a rule takes every case that a later one is for, so that it never decides."""
    return (
        later.clusters <= earlier.clusters
        and _covers_namespaces(earlier.namespaces, later.namespaces)
        and _covers(earlier.actions, later.actions)
        and _covers(earlier.risks, later.risks or frozenset(RiskLevel))
    )


def _covers(earlier: frozenset[str] | None, later: frozenset[str] | None) -> bool:
    return earlier is None or (later is not None and later <= earlier)


def _covers_namespaces(earlier: frozenset[str] | None, later: frozenset[str] | None) -> bool:
    if earlier is None:
        return later is None or not later & NEVER_ANY
    return later is not None and later <= earlier
