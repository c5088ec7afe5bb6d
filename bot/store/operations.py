"""Each cluster step of an execution: its lock on the object, its intent, what came of it.

A step's row is made when the execution is claimed; from then on no other proposal can execute on the
same object, until `lock` is empty again. Rows are written by `proposals.change` in the transition's own
transaction; the rules stand in `bot.approval`. Used by `proposals`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import operations
from bot.store.transaction import Transaction
from tools.types import Target


class Phase(StrEnum):
    """How far a step has come."""

    CLAIMED = "claimed"
    """Nothing was sent."""
    INTENDED = "intended"
    """The write may have been sent; whether it arrived only the cluster knows."""
    RECORDED = "recorded"
    """What came of the write is known, and in `outcome`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One cluster step of a proposal's execution."""

    id: str
    """The operation id that the cluster object's annotation names: proposal id, dot, ordinal."""
    proposal: str
    ordinal: int
    """From 0, in the order of execution."""
    target: Target
    locked: bool
    """False when the execution has ended."""
    phase: Phase
    digest: str
    """What was sealed."""
    changed_at: datetime
    intent: bytes = b""
    """JSON of the Intent, pre-image of the touched fields within; written before the write."""
    outcome: str = ""
    """An OutcomeKind's value; `unknown` leaves the phase at INTENDED."""
    audit_id: str = ""
    """The API server's, of the write."""
    detail: bytes = b""
    """JSON of the Outcome; once all has ended, the last step's says how, with the findings."""

    @property
    def object(self) -> str:
        """Name the locked object, whatever version of its API is used."""
        return object_key(self.target)


def object_key(target: Target) -> str:
    """Write cluster, API group, kind, namespace and name as one unambiguous text."""
    group = target.api_version.rpartition("/")[0]
    return encode((target.cluster, group, target.kind, target.namespace, target.name)).decode()


async def within(tx: Transaction, proposal: str) -> tuple[Step, ...]:
    """Read a proposal's steps in a transaction, in order."""
    ordered = select(operations).where(operations.c.proposal == proposal)
    rows = await tx.execute(ordered.order_by(operations.c.ordinal))
    return tuple(_step(row) for row in rows)


async def of(db: Database, proposal: str) -> tuple[Step, ...]:
    """Read a proposal's steps, in order."""
    async with db.read() as tx:
        return await within(tx, proposal)


async def held_by_others(
    tx: Transaction, proposal: str, targets: Iterable[Target]
) -> tuple[str, ...]:
    """Say which other proposals hold one of these objects, sorted."""
    keys = [object_key(target) for target in targets]
    if not keys:
        return ()
    holders = select(operations.c.proposal).where(
        operations.c.lock.in_(keys), operations.c.proposal != proposal
    )
    return tuple(sorted(set((await tx.execute(holders)).scalars())))


async def put(db: Database, tx: Transaction, step: Step) -> None:
    """Write a step, new or changed; a locked object is refused by the table (IntegrityError)."""
    row = {
        "id": step.id,
        "proposal": step.proposal,
        "ordinal": step.ordinal,
        "target": encode(step.target),
        "object": step.object,
        "lock": step.object if step.locked else None,
        "phase": step.phase.value,
        "digest": step.digest,
        "intent": step.intent,
        "outcome": step.outcome,
        "audit_id": step.audit_id,
        "detail": step.detail,
        "changed_at": step.changed_at,
    }
    changed = ("lock", "phase", "intent", "outcome", "audit_id", "detail", "changed_at")
    statement = db.insert(operations).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={name: row[name] for name in changed}
    )
    await tx.execute(statement)


def _step(row: Row[Any]) -> Step:
    target = decode(row.target, Target)
    if target is None:
        raise ValueError(f"the target of step {row.id} cannot be read")
    return Step(
        id=row.id,
        proposal=row.proposal,
        ordinal=row.ordinal,
        target=target,
        locked=row.lock is not None,
        phase=Phase(row.phase),
        digest=row.digest,
        changed_at=row.changed_at,
        intent=row.intent,
        outcome=row.outcome,
        audit_id=row.audit_id,
        detail=row.detail,
    )
