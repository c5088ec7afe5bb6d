"""Explain one `control` by number or slug: what it asks, why, how to fix it, which check answers it."""

from pydantic import BaseModel, ConfigDict, Field

from knowledge import catalogue
from knowledge.errors import UnknownBenchmark, UnknownControl
from knowledge.types import Control, Guide
from tools.errors import UnknownName
from tools.queries.context import QueryContext
from tools.queries.result import ControlRead, Result
from tools.queries.wording import cap


class Arguments(BaseModel):
    """Which control."""

    model_config = ConfigDict(extra="forbid")

    control: str = Field(min_length=1, max_length=60)
    benchmark: str = Field(default="cis-1.12", max_length=40, description="The benchmark's name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Look the control up; an unknown one is answered with the nearest."""
    try:
        control = catalogue.control(arguments.benchmark, arguments.control)
    except (UnknownControl, UnknownBenchmark) as error:
        raise UnknownName(error.public, error.hint) from error
    guide = context.guide_for(control.id)
    return Result(cap(f"{facts(control)}\n\n{_guidance(guide)}"), ControlRead(control, guide))


def facts(control: Control) -> str:
    """Give the bare facts of a control, one a line."""
    level = f"level {control.level}, " if control.level else ""
    answered = ", ".join(control.checks) if control.checks else f"no check: {control.unchecked}"
    return (
        f"{control.benchmark} {control.id}: {control.title}\n"
        f"({level}{control.assessment.value}, layer {control.layer}, "
        f"evidence from {control.evidence_source})\n"
        f"setting: {control.setting or '-'}\nexpected: {control.expected or '-'}\n"
        f"answered by: {answered}\nsources: {' '.join(control.sources) or '-'}"
    )


def _guidance(guide: Guide | None) -> str:
    if guide is None:
        return "No guidance is written for this control yet; the facts above are all there is."
    return f"# {guide.title} ({guide.id})\n{guide.body}\nsources: {' '.join(guide.sources)}"
