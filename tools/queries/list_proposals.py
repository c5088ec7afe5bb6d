"""List changes that were asked for: where each stands, who asked and approved, what came of it, its card.

`here`: in this thread. It decides nothing.
"""

from datetime import UTC, datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from tools.queries.context import QueryContext
from tools.queries.result import MAX_TEXT, ProposalRow, Proposals, Result, WhichProposals
from tools.queries.wording import fence, fitting, names, one_line

Standing = Literal["", "waiting", "open", "ended"]
STANDINGS: tuple[str, ...] = get_args(Standing)


class Arguments(BaseModel):
    """Which of them; none given means all that may be seen."""

    model_config = ConfigDict(extra="forbid")

    standing: Standing = Field(default="", description="waiting: for approval; open: not ended.")
    mine: bool = Field(default=False)
    here: bool = Field(default=False)
    name: str = Field(default="", max_length=253, description="Exact name of the changed object.")
    kind: str = Field(default="", max_length=60, description="Its kind.")
    namespace: str = Field(default="", max_length=63, description="Its namespace.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read them from the store, within what the asker may see."""
    found = await context.proposals(WhichProposals(**arguments.model_dump()))
    return Result(_text(found), found)


def _text(found: Proposals) -> str:
    if not found.rows:
        return "None that may be seen here."
    shown, _ = fitting([_lines(row) for row in found.rows], MAX_TEXT - 100)
    rest = found.total - len(shown)
    more = f"\nand {rest} more; ask for fewer" if rest > 0 else ""
    return f"{found.total} changes, the newest first:\n" + "\n".join(shown) + more


def _lines(row: ProposalRow) -> str:
    facts = [
        f"{row.title} (cluster {row.ref.cluster}, id {row.id})",
        f"status: {row.status}",
        f"asked for by {row.requester}{' (the person asking now)' if row.mine else ''} at {moment(row.asked_at)}",
        f"approved by: {names(row.approved) or 'nobody'}",
        f"rejected by: {names(row.rejected)}" if row.rejected else "",
        f"who may approve: {names(row.approvers, 6)}" if row.open and row.approvers else "",
        f"until {moment(row.until)}" if row.open and row.until else "",
        f"last change at {moment(row.changed_at)}",
        f"seen and decided on: {row.card}",
        "can be undone there" if row.undoable else "",
    ]
    why = f"\n  {fence('why, partly in words of people', one_line(row.why))}" if row.why else ""
    return "- " + "; ".join(fact for fact in facts if fact) + why


def moment(at: datetime) -> str:
    """Write a moment: `2026-11-24 12:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
