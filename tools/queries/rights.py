"""What the queries of RBAC give: who may do something, and what somebody may do.

Holds data only. Used by these queries and by whatever words their results.
"""

from dataclasses import dataclass

from tools.types import ResourceRef


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One binding of a role that allows something, or such a role that is bound to nobody."""

    ref: ResourceRef
    """The role."""
    holders: tuple[str, ...]
    """To whom it is bound, for example `Group devs`; at most 20."""
    rules: tuple[str, ...]
    """Those of its rules that allow it, in words."""
    verbs: tuple[str, ...] = ()
    """Those of the verbs asked for that it allows."""
    binding: ResourceRef | None = None
    where: str = ""
    """`cluster-wide` or `in namespace shop`."""
    built_in: bool = False
    """The binding is Kubernetes' own, as published."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do one thing."""

    cluster: str
    namespaces: tuple[str, ...]
    """Those looked at; empty: all of the cluster."""
    verb: str
    """One, or several joined by commas."""
    resource: str
    rows: tuple[AccessRow, ...]
    """At most 100."""
    total: int
    unread: tuple[str, ...]
    """Roles that are bound and whose rules are not there to read, each with a binding."""
    objects: dict[str, int]
    """What was looked at, by kind."""
    note: str = ""
    """What limits the answer, in our words."""


@dataclass(frozen=True, slots=True)
class RightsRow:
    """What one binding gives."""

    binding: ResourceRef
    ref: ResourceRef
    """The role."""
    by: str
    """The subject that the binding names: the one asked for, or a group that it is in."""
    where: str
    """`cluster-wide` or `in namespace shop`."""
    severity: str
    """The worst of what the checks find wrong with it; empty for nothing."""
    wrong: tuple[str, ...]
    """Titles of these checks, worst first."""
    rules: tuple[str, ...]
    """In words; at most 20."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What one subject may do, worst first."""

    cluster: str
    namespaces: tuple[str, ...]
    """Those looked at; empty: all of the cluster."""
    subject: str
    """For example `ServiceAccount shop/api`."""
    groups: tuple[str, ...]
    """What it is besides, whoever it is."""
    rows: tuple[RightsRow, ...]
    """At most 100."""
    total: int
    unread: tuple[str, ...]
    """Roles that it holds and whose rules are not there to read, each with a binding."""
    objects: dict[str, int]
    """What was looked at, by kind."""
    note: str = ""
    """What limits the answer, in our words."""
