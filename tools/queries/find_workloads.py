"""Find workloads and their images. `words`: names, parts of names, or images; none: all."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.images import Pin, short_name
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads, row_of
from tools.queries.looking.scoping import (
    known_namespaces,
    named,
    nearest_objects,
    pick_cluster,
    pick_namespaces,
)
from tools.queries.result import MAX_LINE, MAX_TEXT, Result, WorkloadRow, Workloads
from tools.queries.wording import fence, fitting, gaps_text, names, one_line, place, source_text

MAX_ROWS = 200
MIN_PART = 3
"""Characters of a word that may be a part of a name."""
UNPINNED = "not pinned"


class Arguments(BaseModel):
    """What to find."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )
    words: list[str] = Field(default_factory=list[str], max_length=30)
    kind: str = Field(default="", max_length=40, description="Only this kind, e.g. Deployment.")
    images: Literal["", "no tag", "latest", "tag", "digest", "not pinned"] = Field(default="")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """List and match; counts are of all that was looked at."""
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    found, gaps = await read_workloads(reader, namespaces)
    known, more = await known_namespaces(context, reader)
    rows = tuple(
        row_of(item, live=reader.source == "live")
        for item in found
        if not arguments.kind or item.ref.kind.lower() == arguments.kind.lower()
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.ref.kind] = counts.get(row.ref.kind, 0) + 1
    words = [word.strip().lower() for word in arguments.words if word.strip()]
    kept = tuple(row for row in rows if _wanted(row, arguments.images))
    matched = tuple(row for row in kept if any(_matches(row, word) for word in words))
    unmatched = tuple(
        word for word in words if word not in known and not any(_matches(row, word) for row in rows)
    )
    everything = matched if words else kept
    data = Workloads(
        reader.name,
        named(namespaces),
        everything[:MAX_ROWS],
        len(everything),
        counts,
        tuple(known[:500]),
        unmatched,
        parts=tuple(
            row
            for row in kept
            if row not in matched and any(_holds(row, word) for word in unmatched)
        )[:MAX_ROWS],
    )
    gaps = (*gaps, *(gap for gap in more if gap not in gaps))
    head = f"cluster {reader.name} ({source_text(reader.source)})"
    return Result(_text(head, data, rows, arguments, gaps_text(gaps)), data, gaps)


def _wanted(row: WorkloadRow, images: str) -> bool:
    """Tell whether one of its images is given as asked."""
    if not images:
        return True
    pins = {image.pin for image in row.images}
    return bool(pins - {Pin.DIGEST}) if images == UNPINNED else images in pins


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


def _holds(row: WorkloadRow, word: str) -> bool:
    """Tell whether a word that names nothing is a part of a workload's name or image."""
    named = f"{row.ref.namespace}/{row.ref.name}".lower()
    return len(word) >= MIN_PART and (
        word in named or any(word in image.image.lower() for image in row.images)
    )


def _text(
    head: str, data: Workloads, rows: tuple[WorkloadRow, ...], arguments: Arguments, gaps: str
) -> str:
    where = names(data.namespaces) if data.namespaces else "all namespaces"
    looked = ", ".join(f"{count} {kind}" for kind, count in sorted(data.counts.items()))
    pins = [image.pin for row in rows for image in row.images]
    given = ", ".join(f"{pins.count(pin)} {pin}" for pin in Pin if pin in pins)
    only = f" with an image given as {arguments.images}" if arguments.images else ""
    lines = [
        f"{head}, {where}: looked at {looked or 'no workloads'}; {data.total} match{only}.{gaps}",
        f"images of all that was looked at: {given or 'none'}",
        f"namespaces: {names(data.known_namespaces, 40)}",
    ]
    lines += [
        f"{word!r} is a namespace: name it in namespaces for all that is in it"
        for word in arguments.words
        if word in data.known_namespaces and not any(_matches(row, word) for row in rows)
    ]
    for word in data.unmatched:
        held = any(_holds(row, word) for row in data.parts)
        near = nearest_objects(word, (row.ref for row in rows))
        lines.append(
            f"nothing is named {word!r}"
            + ("; it is a part of names below" if held else f". {near}".rstrip())
        )
    room = MAX_TEXT - sum(len(line) + 1 for line in lines) - 400
    for label, listed, total in (
        ("workloads", data.rows, data.total),
        ("workloads that hold a word as a part", data.parts, len(data.parts)),
    ):
        shown, _ = fitting([_line(row) for row in listed], room)
        if shown:
            lines.append(fence(label, "\n".join(shown)))
            room -= len(lines[-1])
        if total > len(shown):
            lines.append(f"({total - len(shown)} more; name namespaces, a kind or words)")
    return "\n".join(lines)


def _line(row: WorkloadRow) -> str:
    pods = f", {row.pods} pods" if row.pods else ""
    images = ", ".join(
        f"{image.container}={one_line(image.image, MAX_LINE)} ({image.pin})" for image in row.images
    )
    return f"- {place(row.ref)}{pods}, account {row.service_account}, images: {images or 'none'}"
