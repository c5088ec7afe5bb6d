"""Read recent events of a namespace, or of one object and its pods; messages prove nothing."""

from pydantic import BaseModel, ConfigDict, Field

from tools.cluster.reader import Reader
from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.looking.scoping import pick_cluster, pick_namespace
from tools.queries.result import EventList, EventRow, Result
from tools.queries.wording import fitted, not_read, one_line
from tools.types import Gap
from tools.workload import name_of

MOST = 2_000
"""Newest events of a namespace among which those of one object are looked for."""
_MADE = ("ReplicaSet", "Job", "Pod")
"""Kinds that workloads make, owners before what they own."""


class Arguments(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=63, description="Exact namespace name.")
    name: str = Field(default="", max_length=253, description="Of this object and its pods.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    limit: int = Field(default=20, ge=1, le=50)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read them; no events and a refusal are told apart."""
    reader = pick_cluster(context, arguments.cluster)
    namespace = await pick_namespace(context, reader, arguments.namespace)
    name, limit = arguments.name, arguments.limit
    read = await reader.events(namespace, "", MOST if name else limit)
    items, gaps = read.items, read.gaps
    if name and items:
        family, there, more = await _family(reader, namespace, name)
        items = tuple(item for item in items if _of(item.get("object", ""), family, there))
        gaps += more
    rows = tuple(
        EventRow(
            item.get("last_seen", ""),
            item.get("type", ""),
            item.get("reason", ""),
            item.get("object", ""),
            item.get("count", ""),
            one_line(item.get("message", "")),
        )
        for item in items[:limit]
    )
    cut = read.cut or len(items) > limit
    data = EventList(reader.name, namespace, rows, cut)
    return Result(_text(data, name, gaps), data, gaps)


def _text(data: EventList, name: str, gaps: tuple[Gap, ...]) -> str:
    about = f" of {one_line(name, 60)} and its pods" if name else ""
    head = f"{len(data.rows)} events{about} in {data.namespace} of cluster {data.cluster}"
    if not data.rows and gaps:
        return not_read(gaps)
    lines = [
        f"{row.last_seen} {row.type} {row.reason} {row.object} x{row.count}: {row.message}"
        for row in data.rows
    ]
    more = ", newest first; there are older ones" if data.cut else ", newest first"
    missing = not_read(gaps)
    return fitted(
        "\n".join(filter(None, (missing, f"{head}{more}:"))), "events", lines, "older events"
    )


async def _family(
    reader: Reader, namespace: str, name: str
) -> tuple[set[str], set[str], tuple[Gap, ...]]:
    """Name an object and all that it made, as events name them; and every pod that is there."""
    family, there = {name}, set[str]()
    gaps: dict[Gap, None] = {}
    for kind in _MADE:
        listing = await reader.list(KINDS[kind], (namespace,))
        gaps |= dict.fromkeys(listing.gaps)
        for item in listing.objects:
            own = name_of(item.metadata)
            there.add(own)
            if any(owner.name in family for owner in item.metadata.owner_references or ()):
                family.add(own)
    return family, there, tuple(gaps)


def _of(about: str, family: set[str], there: set[str]) -> bool:
    """Tell whether an event is of the family; a pod that is gone is known by its maker's name."""
    kind, _, name = about.partition("/")
    made = kind == "Pod" and name not in there and name.rpartition("-")[0] in family
    return name in family or made
