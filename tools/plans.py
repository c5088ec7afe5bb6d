"""What an action is planned with and what comes of it: facts around the object, a plan, a refusal.

Holds data only. `tools.actions` makes plans, `tools.change` carries them out, `bot` shows them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from tools.types import Disruption, Operation, Risk

Json = dict[str, Any]
"""A JSON object as the API server gives it."""

Pattern = tuple[str, ...]
"""A path in which `*` stands for any list index or map key: `("spec", "containers", "*", "image")`."""


class Budget(Struct, frozen=True):
    """A PodDisruptionBudget that selects the target's pods."""

    name: str
    allowed: int | None
    """status.disruptionsAllowed; None where the status says nothing."""


class Around(Struct, frozen=True):
    """What the caller read besides the target itself, all of the target's cluster.

    A kind that is no key of `others` was not read: an action that needs it refuses.
    """

    now: datetime
    """UTC."""
    namespace_labels: Mapping[str, str] | None = None
    """Of the target's namespace; None where it could not be read."""
    budgets: tuple[Budget, ...] = ()
    others: Mapping[str, Sequence[Json]] = {}
    """By kind, the objects of the target's namespace (ClusterRoleBinding: of the cluster) that the
    action's NEEDS name. Whole, as read; never a Secret. A Namespace is in itself."""
    partial: bool = False
    """The source is a folder that may lack what the cluster has (see `Listing.partial`)."""
    done: tuple["Done", ...] = ()
    """For an undo: the operations of the change that it takes back, in the order they were done."""


class Done(Struct, frozen=True):
    """An operation as it was carried out, from the intent that was committed before the write."""

    operation: Operation
    uid: str
    """Of the object patched or created."""
    made: str = ""
    """CREATE: digest of what was made (`tools.planning.created`); empty where it is not known."""


class Reason(StrEnum):
    """Why there is no plan."""

    MISSING = "missing"
    """The object does not exist (any more), or its uid is another."""
    ALREADY_FINE = "already-fine"
    """Nothing would change."""
    NO_SAFE_FIX = "no-safe-fix"
    """What was asked cannot be done without breaking something named in `public`."""
    MAKE_AGAIN = "make-again"
    """The kind cannot be changed in place: `manifest` is for its owner to make again."""
    OWNED = "owned-elsewhere"
    """The field is another object's to set: that one has to be changed."""
    NODE_FILE = "node-file"
    """A mirror pod: only a file on the node changes it."""
    NEEDS_PERSON = "needs-person"
    """A person has to say something first: a user id, or that losing something is fine."""
    NOT_READ = "not-read"
    """Something that the plan needs could not be read."""
    CHANGED = "changed"
    """Somebody changed a touched field since."""
    NOT_OPEN = "not-open"
    """It could be done, and cannot be asked for here: `public` says what is missing."""
    NO_UNDO = "no-undo"
    """What was done cannot be taken back."""


class Refusal(Struct, frozen=True):
    """No plan, and what can be done instead."""

    reason: Reason
    public: str
    """One sentence, safe to show to the people of the place."""
    hint: str = ""
    """The next step; may be empty."""
    manifest: Json = {}
    """MAKE_AGAIN: the object as its owner would make it, without what a server sets."""


class Plan(Struct, frozen=True):
    """What will be done, worked out from the object as it was read."""

    operations: tuple[Operation, ...]
    """In this order; at least one."""
    risk: Risk
    disruption: Disruption
    touches: tuple[Pattern, ...]
    """Every field that PATCH operations may touch; a plan's changes never leave it."""
    answers: tuple[str, ...] = ()
    """Checks that fail on the target now and pass once this is done and rolled out (`judging`)."""
    undo: str = ""
    """How it is undone, or why it cannot be: one sentence."""
    undoable: bool = True
    handover: str = ""
    """Why it is a patch for somebody else (an owner that would write back, or RBAC); else empty."""
    notes: tuple[str, ...] = ()
    """What people should know besides, one sentence each."""
    left: tuple[str, ...] = ()
    """What the target fails all the same, one sentence each, worst first."""
