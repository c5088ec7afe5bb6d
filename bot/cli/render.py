"""How things look at a terminal: tables, answers, progress. Text in, text out; nothing is decided here.

The only place that knows rich. Used by the subcommands of this folder.
"""

import io
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bot.types import Answer
from bot.types import Table as Rows
from knowledge.types import SearchResult
from tools import posture
from tools.types import ControlResult, Finding, Scan, Severity, Verdict

MAX_ROWS = 50
"""Findings shown in a table; the rest is counted, and JSON or CSV hold all."""

_COLOUR = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}


def console() -> Console:
    """Give the terminal, or plain text of 120 columns where the output is piped."""
    if sys.stdout.isatty():
        return Console()
    return Console(width=120, color_system=None, force_terminal=False)


@contextmanager
def working(what: str) -> Generator[None, None, None]:
    """Show that something is going on, on the error stream, when a person is there to see it."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield
        return
    with screen.status(f"{what} ..."):
        yield


def _captured() -> tuple[Console, io.StringIO]:
    """Give a console that writes into a string, as wide and as colourful as the terminal."""
    real = console()
    text = io.StringIO()
    colours = "truecolor" if real.color_system else None
    return Console(
        file=text, width=real.width, force_terminal=real.is_terminal, color_system=colours
    ), text


def scan_table(scan: Scan) -> str:
    """Render a scan for people: totals, failing controls, the worst findings, what was not seen."""
    screen, text = _captured()
    counts = scan.summary
    screen.print(
        f"[bold]{escape(scan.cluster)}[/], {scan.benchmark}: "
        f"[red]{counts[Verdict.FAIL]} fail[/], [yellow]{counts[Verdict.UNKNOWN]} unknown[/], "
        f"[green]{counts[Verdict.PASS]} pass[/], "
        f"{counts[Verdict.NOT_APPLICABLE]} not applicable"
    )
    failing = [c for c in scan.controls if c.verdict is Verdict.FAIL]
    if failing:
        screen.print(_control_table(failing))
    worst = posture.ordered(scan.findings)
    shown = [f for f in worst if f.verdict is Verdict.FAIL][:MAX_ROWS]
    if shown:
        screen.print(_finding_table(shown))
    more = counts[Verdict.FAIL] - len(shown)
    if more > 0:
        screen.print(f"... and {more} more failing; --format json or csv holds all of them.")
    if not failing:
        screen.print("Nothing that was looked at fails.")
    unknown = sum(c.verdict is Verdict.UNKNOWN for c in scan.controls)
    if unknown:
        screen.print(
            f"{unknown} controls are unknown: they need a person, nodes or another source."
        )
    for gap in scan.gaps:
        if not gap.refused:
            screen.print(f"[yellow]Not looked at[/]: {escape(gap.what)}: {escape(gap.why)}")
    return text.getvalue()


def _control_table(controls: list[ControlResult]) -> Table:
    table = Table(
        "control",
        "title",
        "fail",
        "unknown",
        "pass",
        title="Failing controls",
        title_justify="left",
    )
    for control in controls:
        counts = control.counts
        table.add_row(
            control.id,
            control.title,
            str(counts[Verdict.FAIL]),
            str(counts[Verdict.UNKNOWN]),
            str(counts[Verdict.PASS]),
        )
    return table


def _finding_table(findings: list[Finding]) -> Table:
    table = Table("severity", "control", "where", "what", title="Findings", title_justify="left")
    for finding in findings:
        ref = finding.ref
        place = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
        table.add_row(
            Text(finding.severity.value, style=_COLOUR[finding.severity]),
            ", ".join(finding.controls),
            Text(f"{ref.kind} {place}"),
            Text(finding.reason),
        )
    return table


def search_table(result: SearchResult) -> str:
    """Render search hits: rank, control, title, and where the words are from."""
    screen, text = _captured()
    if not result.hits:
        screen.print(escape(result.note or "Nothing in the guidance answers that."))
        return text.getvalue()
    table = Table("", "control", "title", "source")
    for hit in result.hits:
        source = hit.passage.sources[0] if hit.passage.sources else ""
        table.add_row(str(hit.rank), hit.control or "", Text(hit.passage.title), Text(source))
    screen.print(table)
    if result.note:
        screen.print(escape(result.note))
    screen.print(f"[dim]embedding: {escape(result.embedding)}[/]")
    return text.getvalue()


def answer(given: Answer) -> str:
    """Render an answer: words, tables, what was not looked at, sources, which model."""
    screen, text = _captured()
    screen.print(Markdown(given.text))
    for rows in given.tables:
        screen.print(_rows(rows))
    for gap in given.not_looked_at:
        screen.print(f"[yellow]Not looked at[/]: {escape(gap.what)}: {escape(gap.why)}")
    sources = dict.fromkeys(c.source for c in given.citations if c.source)
    if sources:
        screen.print("[dim]Sources: " + escape(", ".join(sources)) + "[/]")
    used = given.usage
    tokens = used.input_tokens + used.output_tokens
    cost = f", {tokens} tokens" if tokens else ""
    screen.print(f"[dim]model: {escape(given.model)}, {len(given.steps)} steps{cost}[/]")
    return text.getvalue()


def _rows(rows: Rows) -> Table:
    table = Table(*rows.columns, title=Text(rows.title), title_justify="left")
    for row in rows.rows[:MAX_ROWS]:
        table.add_row(*(Text(cell) for cell in row))
    if len(rows.rows) > MAX_ROWS:
        table.caption = f"{len(rows.rows) - MAX_ROWS} more rows"
    return table


def snapshot_summary(counts: Mapping[str, int], folder: Path, gaps: int) -> None:
    """Say what a snapshot holds and what is missing from it."""
    screen = console()
    total = sum(counts.values())
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()) if number)
    screen.print(f"Wrote {total} objects to {folder} (redacted): {kinds or 'none'}.")
    if gaps:
        screen.print(f"[yellow]{gaps} things could not be read; OAKUM-SNAPSHOT.yaml names them.[/]")
