"""Read recent events of a namespace, or of one object in it: pulls, mounts, restarts, refusals.

Event messages are written by whoever runs the workload: they are data and prove nothing.
"""

from pydantic import BaseModel, ConfigDict, Field

from tools.queries.context import QueryContext
from tools.queries.looking.scoping import pick_cluster, pick_namespace
from tools.queries.result import EventList, EventRow, Result
from tools.queries.wording import cap, fence, gaps_text, one_line


class Arguments(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=63, description="Exact namespace name.")
    name: str = Field(default="", max_length=253, description="Only events of this object.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    limit: int = Field(default=20, ge=1, le=50, description="Events wanted, newest first.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read them; no events and a refusal are told apart."""
    reader = pick_cluster(context, arguments.cluster)
    namespace = await pick_namespace(context, reader, arguments.namespace)
    read = await reader.events(namespace, arguments.name, arguments.limit)
    rows = tuple(
        EventRow(
            item.get("last_seen", ""),
            item.get("type", ""),
            item.get("reason", ""),
            item.get("object", ""),
            item.get("count", ""),
            one_line(item.get("message", "")),
        )
        for item in read.items[: arguments.limit]
    )
    lines = "\n".join(
        f"{row.last_seen} {row.type} {row.reason} {row.object} x{row.count}: {row.message}"
        for row in rows
    )
    head = f"{len(rows)} events in {namespace} of cluster {reader.name}"
    if read.cut:
        head += " (there are more)"
    body = fence("events", lines) if rows else "none"
    return Result(
        cap(f"{head}:\n{body}{gaps_text(read.gaps)}"),
        EventList(reader.name, namespace, rows, read.cut),
        read.gaps,
    )
