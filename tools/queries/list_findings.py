"""Give a scan's findings from `offset` on, as a table for the person: the list itself, or its next page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.errors import UnknownName
from tools.queries.context import QueryContext
from tools.queries.looking.scanning import cut_to_scope, find_controls, page_of
from tools.queries.looking.telling import told
from tools.queries.result import Result


class Arguments(BaseModel):
    """Which findings."""

    model_config = ConfigDict(extra="forbid")

    scan_id: str = Field(min_length=1, max_length=100)
    controls: list[str] = Field(
        default_factory=list[str], max_length=20, description="Only these controls."
    )
    only: Literal["", "pods", "rbac", "namespaces"] = Field(default="")
    offset: int = Field(default=0, ge=0, le=1_000_000)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Give one page; what the asker may not see is left out as if it did not exist."""
    kept = await context.past.by_id(arguments.scan_id)
    if kept is None or kept.cluster not in context.scope.clusters:
        raise UnknownName("There is no scan of that id.", "Run scan_scope first.")
    kept = cut_to_scope(kept, context)
    controls = find_controls(kept.benchmark, arguments.controls)
    data = page_of(
        kept, context, only=arguments.only, controls=controls, offset=arguments.offset, listed=True
    )
    return told(data)
