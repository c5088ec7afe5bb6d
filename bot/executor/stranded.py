"""Executions that broke off on a cluster that is not open here any more: people are told, nothing is guessed.

While the cluster is away nobody can find out what came of a write, as where it does not answer: it is
waited for as long, then the execution ends by what is known of its steps. Used by `loop`.
"""

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.executor.ending import FIND_OUT, NO_CLUSTER, given_up, without_cluster
from bot.executor.parts import Parts
from bot.store.waiting import Waiting


def note(cluster: str, many: int) -> str:
    """Say to those who run this how many executions stand still without a cluster."""
    return (
        f"{NO_CLUSTER} {cluster}; changes that broke off on it and stand still: {many} (oakum approvals list). "
        "Put the cluster back; after an hour they end by what is known."
    )


async def look(parts: Parts, one: Waiting) -> None:
    """Say once that an execution stands still, and end it when its cluster stayed away too long."""
    told = one.reason.startswith(NO_CLUSTER)
    over = told and parts.clock() - one.changed_at >= FIND_OUT
    case = await proposals.get(parts.db, one.id) if over or not told else None
    if case is None:
        return
    if not over:
        why = without_cluster(case.proposal.target.cluster, case.steps)
        await proposals.stand_still(parts.db, parts.turn(), one.id, why)
        return
    taken = await proposals.take_over(parts.db, parts.turn(), one.id)
    if taken.reply is Reply.DONE:
        why = f"{NO_CLUSTER} {one.cluster}, since an hour."
        await proposals.finish(parts.db, parts.turn(), one.id, given_up(case.steps, why))
