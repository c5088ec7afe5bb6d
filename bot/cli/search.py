"""`oakum search`: ask the guidance index; one row per control, or an honest nothing."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import Config
from bot.errors import BadSettings

if TYPE_CHECKING:
    from knowledge.search import Library
    from knowledge.types import SearchResult

MAX_BATCH_LINES = 10_000
"""A longer batch is refused."""


class Form(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSON = "json"


def search(
    question: Annotated[
        str | None, typer.Argument(help="A question, a control number, a field.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Most rows.")] = 10,
    form: Annotated[Form, typer.Option("--format", help="How to write the result.")] = Form.TEXT,
    batch: Annotated[
        Path | None,
        typer.Option(help='A file of JSON lines {"id", "question"}; writes JSON lines.'),
    ] = None,
    config: Config = None,
) -> None:
    """Search the guidance and the benchmark's controls.

    Examples:

    oakum search "why is a privileged container dangerous?"

    oakum search 5.2.2 --format json
    """
    import asyncio

    from bot.app import building

    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question or --batch FILE")
    if question is not None and not question.strip():
        raise typer.BadParameter("the question is empty")
    library = building.open_library(building.at_terminal(config))
    if batch is not None:
        asyncio.run(_batch(library, _questions(batch), limit))
        return
    from bot.cli import render

    with render.working("Searching"):
        result = asyncio.run(library.search(question or "", limit))
    if form is Form.JSON:
        sys.stdout.write(json.dumps(rows(result), ensure_ascii=False, indent=2) + "\n")
        if result.note:
            typer.echo(f"oakum: {result.note}", err=True)
        return
    sys.stdout.write(render.search_list(result))


def rows(result: "SearchResult") -> list[dict[str, Any]]:
    """Give the public JSON form: rank, control, passage, title, score, source."""
    return [
        {
            "rank": hit.rank,
            "control": hit.control,
            "passage": hit.passage.id,
            "title": hit.passage.title,
            "score": round(hit.score, 4),
            "source": hit.passage.sources[0] if hit.passage.sources else "",
        }
        for hit in result.hits
    ]


async def _batch(library: "Library", questions: list[tuple[object, str]], limit: int) -> None:
    for name, question in questions:
        result = await library.search(question, limit)
        sys.stdout.write(
            json.dumps({"id": name, "results": rows(result)}, ensure_ascii=False) + "\n"
        )


def _questions(file: Path) -> list[tuple[object, str]]:
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The file {file} cannot be read", "Check its path.") from error
    if len(lines) > MAX_BATCH_LINES:
        raise BadSettings(f"{file} has more than {MAX_BATCH_LINES:,} lines", "Split it.")
    questions: list[tuple[object, str]] = []
    for number, line in enumerate(lines, start=1):
        try:
            asked: Any = json.loads(line)
            questions.append((asked["id"], str(asked["question"])))
        except (ValueError, TypeError, KeyError) as error:
            raise BadSettings(
                f"Line {number} of {file} is not a JSON object with id and question",
                "Mend that line.",
            ) from error
    return questions
