"""What was handed over to somebody else: looked at now and then, until it is done or its time is over.

Reads only. Used by `loop`.
"""

import asyncio
from functools import partial

import msgspec

from bot.approval import proposals
from bot.executor.edge import at_edge
from bot.executor.parts import Parts
from tools.change.handover import handed_over
from tools.changes import Outcome, OutcomeKind, Rehearsal


async def look(parts: Parts) -> None:
    """Look at everything that is handed over, cluster beside cluster: one that is slow holds up no other."""
    by_cluster: dict[str, list[str]] = {}
    for one in await proposals.handed_over(parts.db):
        by_cluster.setdefault(one.cluster, []).append(one.id)
    await asyncio.gather(*(_look_at(parts, those) for those in by_cluster.values()))


async def _look_at(parts: Parts, those: list[str]) -> None:
    for one in those:
        await at_edge(partial(_look, parts, one), one)


async def _look(parts: Parts, proposal_id: str) -> None:
    case = await proposals.get(parts.db, proposal_id)
    if case is None:
        return
    proposal = case.proposal
    over = proposal.until is None or parts.clock() >= proposal.until
    reader = parts.readers().get(proposal.target.cluster)
    if reader is None:
        outcome = Outcome(OutcomeKind.UNVERIFIED, "", "Its cluster is no longer configured.")
    else:
        rehearsal = msgspec.json.decode(proposal.rehearsal, type=Rehearsal)
        operations = [operation for operation, _ in rehearsal.diff]
        outcome = await handed_over(
            proposal.action, operations, rehearsal.answers, reader, parts.clock
        )
        if proposal.undo_of and outcome.kind is OutcomeKind.VERIFIED:
            outcome = msgspec.structs.replace(outcome, kind=OutcomeKind.UNDONE)
    if over or outcome.kind in {OutcomeKind.VERIFIED, OutcomeKind.UNDONE}:
        await proposals.finish(parts.db, parts.turn(), proposal.id, outcome)
