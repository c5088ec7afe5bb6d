"""Search the hardening guidance by a `question` in plain words; says so when it holds nothing on it."""

from pydantic import BaseModel, ConfigDict, Field

from knowledge.catalogue import benchmark_names, control
from knowledge.errors import UnknownControl
from knowledge.types import Control, Hit
from tools.queries.context import QueryContext
from tools.queries.result import Found, Result
from tools.queries.wording import cap, one_line


class Arguments(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=500)
    limit: int = Field(default=5, ge=1, le=10)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Ask the library; never invents a passage."""
    found = await context.search(arguments.question, arguments.limit)
    controls = tuple(item for hit in found.hits if (item := _control(hit)) is not None)
    if not found.hits:
        note = found.note or "The guidance holds nothing on this."
        return Result(
            f"Nothing found. {note} Say so; do not answer from memory.", Found((), (), note)
        )
    blocks = [
        f"[{hit.rank}] passage {hit.passage.id} | control {hit.control or 'none'} | "
        f"{hit.passage.title} | source {_source(hit)}\n{_text(hit)}"
        for hit in found.hits
    ]
    passages = tuple(hit.passage for hit in found.hits)
    return Result(cap("\n\n".join(blocks)), Found(passages, controls, found.note))


def _source(hit: Hit) -> str:
    return hit.passage.sources[0] if hit.passage.sources else "our own words"


def _text(hit: Hit) -> str:
    text = hit.passage.text
    return text if len(text) <= 1_400 else one_line(text, 1_400)


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
