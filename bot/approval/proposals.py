"""What can be done with a proposal, each as one transaction: the rules of `transitions` and `executing` on the store.

An approval is bound to a digest: SHA-256, hexadecimal, over the canonical JSON (sorted keys, no spaces,
UTF-8) of the list [Seal, policy version]. The Seal holds the action's canonical bytes, the cluster, and
for each step the object (with its uid), the touched fields before and after, the digest of the object
as it was read and the digest of the normalised dry-run difference (`tools.changes`). What people are
told of every refusal is an `Answered`; only a store that is down, or a ledger that was tampered with,
raises. Used by `asking` and `deciding` for people, and by `bot.executor`.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from bot.approval import executing, transitions
from bot.approval.executing import Gate
from bot.approval.transitions import Answered, Decided, Press, Reply, Sealing, Start, Turn
from bot.store import proposals as rows
from bot.store import waiting
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.store.proposals import Case, Draft, Proposal, State
from bot.store.waiting import Waiting
from tools.changes import Intent, Outcome, Rehearsal

_NO_SUCH = Answered(Reply.NO_SUCH)


async def submit(db: Database, draft: Draft) -> bool:
    """Ask for an action to be proposed; False where that id is waiting already."""
    return await rows.submit(db, draft)


async def claim_draft(
    db: Database, turn: Turn, app: App, beside: Collection[str] = ()
) -> Proposal | None:
    """Take the next draft to rehearse it, leased; None where none waits but on the clusters `beside`.

    What is too old, or broke off too often, ends on the way. `app` shows the card from now on.
    """
    while True:
        claimed = await rows.claim_draft(
            db,
            first=lambda draft: transitions.first(draft, turn, app),
            again=lambda proposal: transitions.again(proposal, turn),
            now=turn.now,
            key=turn.key,
            beside=beside,
        )
        if claimed is None or claimed.state is State.DRAFT:
            return claimed


async def extend(db: Database, turn: Turn, proposal: str) -> bool:
    """Hold the lease of a rehearsal or an execution longer; False: stop, it is no longer held."""
    return await rows.extend(db, proposal, turn.worker, turn.now, turn.until)


async def seal(db: Database, turn: Turn, proposal: str, sealing: Sealing) -> Answered:
    """Make a rehearsed draft pending."""
    return await _change(db, proposal, lambda case: transitions.seal(case, turn, sealing), turn.key)


async def block(db: Database, turn: Turn, proposal: str, rehearsal: Rehearsal) -> Answered:
    """End a draft that cannot be approved."""
    return await _change(
        db, proposal, lambda case: transitions.block(case, turn, rehearsal), turn.key
    )


async def review(
    db: Database, press: Press, now: datetime, key: LedgerKey | None = None
) -> Answered:
    """Count one person's word, or say why it does not count. `key` where the executor takes presses.

    What reading alone can refuse is refused without waiting for the store's one writer.
    """
    case = await rows.get(db, press.proposal)
    if case is None:
        return _NO_SUCH
    move, refusal = transitions.review(case, press, now)
    if move is None:
        return refusal
    return await _change(db, press.proposal, lambda case: transitions.review(case, press, now), key)


async def start(db: Database, said: Start, now: datetime, key: LedgerKey | None = None) -> Answered:
    """Start what was approved. `key` where the executor takes presses."""
    return await _change(db, said.proposal, lambda case: transitions.start(case, said, now), key)


async def withdraw(
    db: Database,
    proposal: str,
    person: str,
    reason: str,
    now: datetime,
    key: LedgerKey | None = None,
) -> Answered:
    """Take a proposal back, by its requester; `reason` is redacted."""
    return await _change(
        db, proposal, lambda case: transitions.withdraw(case, person, reason, now), key
    )


async def expire(
    db: Database, proposal: str, now: datetime, key: LedgerKey | None = None
) -> Answered:
    """End an approval whose time is over."""
    return await _change(db, proposal, lambda case: transitions.expire(case, now), key)


async def expire_due(db: Database, now: datetime, key: LedgerKey | None = None) -> int:
    """End all approvals whose time is over; returns how many."""
    replies = [(await expire(db, one.id, now, key)).reply for one in await waiting.due(db, now)]
    return replies.count(Reply.EXPIRED)


async def approved(db: Database) -> list[Waiting]:
    """List what waits to be executed, the longest approved first."""
    return await waiting.in_state(db, State.APPROVED)


async def claim(db: Database, turn: Turn, proposal: str, gate: Gate) -> Answered:
    """Take an approved proposal to execute it, once. Signs the ledger up to here before."""
    return await _change(db, proposal, lambda case: executing.claim(case, turn, gate), turn.key)


async def refuse(db: Database, turn: Turn, proposal: str, reason: str) -> Answered:
    """End an approved proposal that may not be executed."""
    return await _change(db, proposal, lambda case: executing.refuse(case, turn, reason), turn.key)


async def intend(db: Database, turn: Turn, proposal: str, intent: Intent) -> Answered:
    """Commit what is about to be sent. Only where this is answered DONE may it be sent."""
    return await _change(db, proposal, lambda case: executing.intend(case, turn, intent), turn.key)


async def record(db: Database, turn: Turn, proposal: str, outcome: Outcome) -> Answered:
    """Commit what came of a step."""
    return await _change(db, proposal, lambda case: executing.record(case, turn, outcome), turn.key)


async def finish(db: Database, turn: Turn, proposal: str, outcome: Outcome) -> Answered:
    """End an execution or a hand-over."""
    return await _change(db, proposal, lambda case: executing.finish(case, turn, outcome), turn.key)


async def hand_over(
    db: Database, turn: Turn, proposal: str, rehearsal: Rehearsal, until: datetime
) -> Answered:
    """Leave a change to somebody else, as a patch."""
    return await _change(
        db, proposal, lambda case: executing.hand_over(case, turn, rehearsal, until), turn.key
    )


async def handed_over(db: Database) -> list[Waiting]:
    """List what is to be looked at because somebody else may have done it by now."""
    return await waiting.in_state(db, State.HANDED_OVER)


async def interrupted(db: Database, now: datetime) -> list[Waiting]:
    """List executions that an executor left unfinished; `take_over` or `stand_still` is next."""
    return await waiting.interrupted(db, now)


async def stand_still(db: Database, turn: Turn, proposal: str, why: str) -> Answered:
    """Say of an unfinished execution why nobody goes on with it for now."""
    return await _change(
        db, proposal, lambda case: executing.stand_still(case, turn, why), turn.key
    )


async def take_over(db: Database, turn: Turn, proposal: str) -> Answered:
    """Take an unfinished execution; its steps say how far it came (`get`)."""
    return await _change(db, proposal, lambda case: executing.take_over(case, turn), turn.key)


async def get(db: Database, proposal: str) -> Case | None:
    """Read a proposal with its reviews and steps; None for an unknown id."""
    return await rows.get(db, proposal)


async def _change(
    db: Database, proposal: str, decide: Callable[[Case], Decided], key: LedgerKey | None
) -> Answered:
    """Make one transition as `decide` says; its answer, or that no proposal has this id."""
    return await rows.change(db, proposal, decide, key) or _NO_SUCH
