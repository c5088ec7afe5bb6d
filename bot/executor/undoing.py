"""What an undo takes back: the steps of the undone proposal that were applied, as they were recorded.

Nothing of it comes from whoever asks: the draft names a proposal, the rest is read from the store.
Used by `rehearsing`, `judging` and `carrying`.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.approval import proposals
from bot.store.database import Database
from bot.store.operations import Step
from bot.store.proposals import Case, Proposal, State
from tools.actions.undo_change import UndoChange
from tools.changes import Intent, Outcome, OutcomeKind
from tools.errors import BadAction
from tools.plans import Done
from tools.types import Action


@dataclass(frozen=True, slots=True)
class Undone:
    """A proposal that is to be taken back."""

    case: Case
    done: tuple[Done, ...]
    """Its applied steps, in order."""
    ended_at: datetime
    """When its execution ended; the time for an undo without a vote counts from here."""


async def undone(db: Database, proposal: Proposal, action: Action) -> Undone | None:
    """Read what a proposal takes back; None where it is no undo. Raises BadAction where it cannot be one."""
    if isinstance(action, UndoChange) != bool(proposal.undo_of):
        raise BadAction("An undo names the change that it takes back, and nothing else does.")
    if not isinstance(action, UndoChange):
        return None
    if action.operation_id != proposal.undo_of:
        raise BadAction("The undo names another change than the one it was asked for.")
    case = await proposals.get(db, proposal.undo_of)
    if case is None or case.proposal.state is not State.DONE:
        raise BadAction("There is no executed change of that name.", "Wait until it has ended.")
    done = tuple(_done(one) for one in case.steps if one.outcome == OutcomeKind.APPLIED)
    return Undone(case, done, case.proposal.changed_at)


def _done(step: Step) -> Done:
    intent = msgspec.json.decode(step.intent, type=Intent)
    made = intent.seal.steps[intent.step].result_digest
    return Done(intent.operation, msgspec.json.decode(step.detail, type=Outcome).uid, made)
