"""Find workloads (Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, bare Pods) with their images.

Give words to find those whose name, namespace or image matches; without words it lists all. Also says
which namespaces exist, which words matched nothing, and whether images are pinned by digest.
"""

import difflib

from pydantic import BaseModel, ConfigDict, Field

from tools.images import short_name
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads, row_of
from tools.queries.looking.scoping import known_namespaces, pick_cluster, pick_namespaces
from tools.queries.result import Result, WorkloadRow, Workloads
from tools.queries.wording import cap, fence, gaps_text, names, one_line, place

MAX_ROWS = 200
_SHOWN = 60


class Arguments(BaseModel):
    """What to find."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )
    words: list[str] = Field(
        default_factory=list[str], max_length=30, description="Names or images; empty: everything."
    )
    kind: str = Field(default="", max_length=40, description="Only this kind, e.g. Deployment.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """List and match; counts are of all that was looked at."""
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    found, gaps = await read_workloads(reader, namespaces)
    known, more = await known_namespaces(context, reader)
    rows = tuple(
        row_of(item)
        for item in found
        if not arguments.kind or item.ref.kind.lower() == arguments.kind.lower()
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.ref.kind] = counts.get(row.ref.kind, 0) + 1
    words = [word.strip().lower() for word in arguments.words if word.strip()]
    matched = tuple(row for row in rows if any(_matches(row, word) for word in words))
    unmatched = tuple(
        word
        for word in words
        if word not in known and not any(_matches(row, word) for row in matched)
    )
    everything = matched if words else rows
    data = Workloads(
        reader.name,
        namespaces,
        everything[:MAX_ROWS],
        len(everything),
        counts,
        tuple(known[:500]),
        unmatched,
    )
    gaps = (*gaps, *(gap for gap in more if gap not in gaps))
    return Result(cap(_text(data, rows) + gaps_text(gaps)), data, gaps)


def _matches(row: WorkloadRow, word: str) -> bool:
    """Tell whether a word names a workload: exactly, as namespace/name, or as part of its image."""
    ref = row.ref
    if word in (ref.name.lower(), f"{ref.namespace}/{ref.name}".lower()):
        return True
    if word in (f"{ref.kind}/{ref.name}".lower(), f"{ref.namespace}/{ref.kind}/{ref.name}".lower()):
        return True
    return any(
        word in (image.image.lower(), short_name(image.image.lower())) for image in row.images
    )


def _text(data: Workloads, rows: tuple[WorkloadRow, ...]) -> str:
    where = names(data.namespaces) if data.namespaces else "all namespaces"
    looked = ", ".join(f"{count} {kind}" for kind, count in sorted(data.counts.items()))
    lines = [
        f"cluster {data.cluster}, {where}: looked at {looked or 'no workloads'}; {data.total} match.",
        f"namespaces: {names(data.known_namespaces, 40)}",
    ]
    listed: list[str] = []
    for row in data.rows[:_SHOWN]:
        images = ", ".join(f"{one_line(item.image, 120)} ({item.pin})" for item in row.images)
        pods = f", {row.pods} pods" if row.pods else ""
        listed.append(f"- {place(row.ref)}{pods}, account {row.service_account}: {images}")
    if listed:
        lines.append(fence("workloads", "\n".join(listed)))
    if data.total > _SHOWN:
        lines.append(f"(and {data.total - _SHOWN} more)")
    for word in data.unmatched:
        near = difflib.get_close_matches(
            word, {*(row.ref.name for row in rows), *data.known_namespaces}, n=3, cutoff=0.6
        )
        lines.append(
            f"nothing is named {word!r}" + (f"; nearest: {', '.join(near)}" if near else "")
        )
    return "\n".join(lines)
