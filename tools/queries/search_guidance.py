"""Search the hardening guidance by a `question` in plain words; says so when it holds nothing on it."""

from pydantic import BaseModel, ConfigDict, Field

from knowledge.catalogue import benchmark_names, control
from knowledge.errors import UnknownControl
from knowledge.types import Control, Guide, Hit
from tools.queries.context import QueryContext
from tools.queries.result import MAX_TEXT, Found, Result
from tools.queries.wording import cap, fitting

_PASSAGES_ROOM = 2_000
"""Characters kept for further passages beside the best page."""


class Arguments(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=500)
    limit: int = Field(default=5, ge=1, le=10)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Ask the library: the best page whole, passages of others that match well, no weak ones."""
    found = await context.search(arguments.question, arguments.limit)
    hits = tuple(hit for hit in found.hits if not hit.weak)
    controls = tuple(item for hit in hits if (item := _control(hit)) is not None)
    if not hits:
        note = found.note or "The guidance holds nothing on this."
        return Result(
            f"Nothing found. {note} Say so; do not answer from memory.", Found((), (), note)
        )
    passages = tuple(hit.passage for hit in hits)
    guide = context.guide_for(hits[0].passage.document)
    page = _page(hits[0], guide)
    others = [
        f"{_head(hit)}\n{hit.passage.text}"
        for hit in hits[1:]
        if guide is None or hit.passage.document != guide.id
    ]
    shown, left = fitting(others, MAX_TEXT - len(page) - 300) if others else ([], 0)
    rest = f"\n\n({left} more passages; ask more closely)" if left else ""
    note = f"\n\n{found.note}" if found.note else ""
    beside = ["Of other pages, less close:", *shown] if shown else []
    text = "\n\n".join(["Best page, whole:", page, *beside]) + rest + note
    return Result(text, Found(passages, controls, found.note, guide))


def _page(hit: Hit, guide: Guide | None) -> str:
    """Give the whole guide of a hit; of a control without one its facts."""
    body = guide.body if guide else hit.passage.text
    return f"{_head(hit)}\n{cap(body, MAX_TEXT - _PASSAGES_ROOM)}"


def _head(hit: Hit) -> str:
    found = _control(hit)
    number = f"{found.benchmark} {found.id} {found.title}" if found else "no control"
    source = " ".join(hit.passage.sources) or "our own words"
    return f"[{hit.rank}] {hit.passage.title} | {number} | page {hit.passage.document} | source {source}"


def _control(hit: Hit) -> Control | None:
    """Find the control of a hit in whichever benchmark has it."""
    if hit.control is None:
        return None
    for benchmark in benchmark_names():
        try:
            return control(benchmark, hit.control)
        except UnknownControl:
            continue
    return None
