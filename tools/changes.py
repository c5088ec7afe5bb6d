"""What a change leaves at each of its steps: Rehearsal, Seal, Intent, Outcome.

Data, and the digests that tie them together. Each can be kept as JSON. No person in it: who asked and
who approved is for `bot`. Made by `tools.change`, kept by `bot.store`, shown by `bot`.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from tools.types import Change, Disruption, Finding, Operation, Risk, RiskLevel

OPERATION = "oakum.dev/operation-id"
"""The annotation that names the operation which last changed an object."""


class State(StrEnum):
    """What a rehearsal came to. Only READY can be approved; HANDOVER is carried out by somebody else."""

    READY = "ready"
    HANDOVER = "handover"
    REFUSED = "refused"
    """There is no plan: `reason` and `hint` say why and what can be done."""
    WOULD_BE_REFUSED = "would-be-refused"
    """The server, or Pod Security once there are pods, would not take it."""
    NO_DRY_RUN = "no-dry-run"
    """The server cannot try it without doing it: a webhook with side effects."""
    NO_CHANGE = "no-change"
    """The server would take it and nothing would be different."""


class Step(Struct, frozen=True):
    """One operation as sealed: what it was worked out from, and what the server said it would do."""

    operation: Operation
    object_digest: str
    """Of the object as it was read (`objects.sealed`); empty for one that is to be created."""
    diff_digest: str
    """Of the normalised difference between that and what the dry run gave."""
    result_digest: str = ""
    """Of what the dry run gave (`objects.result_digest`): the write has to give the same. Empty for a
    deletion, and in seals from before it was kept."""


class Seal(Struct, frozen=True):
    """Everything of the cluster that an approval is bound to; `digest` adds the policy's version."""

    action: bytes
    """Canonical JSON of the action (`tools.vocabulary.encode`)."""
    cluster: str
    steps: tuple[Step, ...]
    answers: tuple[str, ...] = ()
    """Checks that are to pass afterwards."""
    undoes: bool = False
    """The action takes an earlier one back."""


class Rehearsal(Struct, frozen=True):
    """What would happen, by the server's own dry run; what people see before they decide."""

    state: State
    reason: str = ""
    """Public; one sentence for every state but READY."""
    hint: str = ""
    diff: tuple[tuple[Operation, tuple[Change, ...]], ...] = ()
    """By operation what would differ, redacted; whatever webhooks add is in it too."""
    warnings: tuple[str, ...] = ()
    """All that the server warned of, redacted."""
    risk: Risk = Risk(RiskLevel.HIGH, ("It was not worked out.",))
    disruption: Disruption = Disruption(False, ())
    undo: str = ""
    undoable: bool = False
    notes: tuple[str, ...] = ()
    preview: tuple[str, ...] = ()
    """Workloads whose pods a namespace's new level would refuse, by our own check of each template;
    beside `warnings`, in which the server names only some pods that run."""
    manifest: dict[str, Any] = {}
    """REFUSED: the object for its owner to make again, where that is the way; redacted."""
    answers: tuple[str, ...] = ()
    """Checks that are to pass afterwards, whoever makes the change."""
    left: tuple[str, ...] = ()
    """What fails all the same afterwards, one sentence each, worst first."""
    checked: tuple[Finding, ...] = ()
    """HANDOVER: what the checks said at the last look at what somebody else made of it."""
    seal: Seal | None = None
    """Set where READY, and nowhere else."""


class Intent(Struct, frozen=True):
    """One write that is about to be sent; committed before it is."""

    operation_id: str
    seal: Seal
    step: int
    """Which of the seal's steps, from 0."""
    expires_at: datetime
    """When the approval ends, UTC: nothing is sent from then on."""

    @property
    def operation(self) -> Operation:
        """What is written. Its changes hold the pre-image of the touched fields."""
        return self.seal.steps[self.step].operation


class OutcomeKind(StrEnum):
    """How an attempt ended. Time-outs are UNKNOWN, never FAILED."""

    REFUSED = "refused"
    """The server, the vocabulary or the clock said no; nothing changed."""
    STALE = "stale"
    """What was approved no longer fits what is there; nothing changed."""
    FAILED = "failed"
    """It could not be tried; nothing changed."""
    UNKNOWN = "unknown"
    """It was sent, and what came of it is not known."""
    APPLIED = "applied"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    """Applied; that it has its effect could not be shown: `reason` says why."""
    UNDONE = "undone"
    """Applied and looked at, where the action was an undo."""


class Outcome(Struct, frozen=True):
    """What came of one attempt; written for every one."""

    kind: OutcomeKind
    operation_id: str
    reason: str = ""
    """Public; empty for APPLIED unless the server did something else than its dry run said, and for
    VERIFIED and UNDONE unless only a manifest was checked."""
    audit_id: str = ""
    """The API server's id of the request that changed something; in a Git checkout the commit's."""
    uid: str = ""
    """Of the object changed, created or deleted."""
    resource_version: str = ""
    """After the write."""
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What the checks say of the object and its pods after the change, with the evidence."""
    suggest_undo: bool = False
    """The change took, but what it changed does not come up, or the server made something else of it."""


def digest(seal: Seal, policy_version: str) -> str:
    """Give the digest that an approval names: SHA-256, hexadecimal."""
    return digest_of((seal, policy_version))


def digest_of(value: Any) -> str:
    """Digest a JSON value: SHA-256 of its canonical form (sorted keys, no spaces), hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
