"""How things look at a terminal: tables, answers, progress. Text in, text out; nothing is decided here.

Here and in `render_approvals` rich is known. Used by the subcommands of this folder.
"""

import io
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape as unmarked
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from bot.types import Answer
from bot.types import Table as Rows
from knowledge import catalogue
from knowledge.types import SearchResult
from tools import posture
from tools.types import ControlResult, Finding, Gap, Scan, Severity, Verdict
from tools.visible import visible

MAX_ROWS = 50
"""Findings shown in a table; the rest is counted, and JSON or CSV hold all."""
MAX_UNKNOWN = 20
"""Unknown findings shown, likewise."""
MAX_GAPS = 20
"""Lines of what was not looked at; the rest is counted."""
MAX_EXCERPT = 220
"""Characters of a passage under a search hit."""

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


def _one_line(text: str) -> str:
    """Give foreign text on one line, with an escape for each sign that a terminal would obey."""
    return visible(text).replace("\n", "\\n")


def _text(text: str, style: str = "") -> Text:
    return Text(_one_line(text), style)


def _plain(text: str) -> str:
    return unmarked(_one_line(text))


@contextmanager
def working(what: str) -> Generator[None, None, None]:
    """Show that something is going on, on the error stream, when a person is there to see it."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield
        return
    with screen.status(f"{what} ..."):
        yield


def captured() -> tuple[Console, io.StringIO]:
    """Give a console that writes into a string, as wide and as colourful as the terminal."""
    real = console()
    text = io.StringIO()
    colours = "truecolor" if real.color_system else None
    return Console(
        file=text, width=real.width, force_terminal=real.is_terminal, color_system=colours
    ), text


def trimmed(text: io.StringIO) -> str:
    """Drop the blanks that rich pads lines with."""
    return "\n".join(line.rstrip() for line in text.getvalue().split("\n"))


def scan_table(scan: Scan) -> str:
    """Render a scan for people: totals, failing controls, the worst findings, what was not seen."""
    screen, text = captured()
    counts = scan.summary
    screen.print(
        f"[bold]{_plain(scan.cluster)}[/], {scan.benchmark}, findings: "
        f"[red]{counts[Verdict.FAIL]} fail[/], [green]{counts[Verdict.PASS]} pass[/], "
        f"[yellow]{counts[Verdict.UNKNOWN]} unknown[/], "
        f"{counts[Verdict.NOT_APPLICABLE]} not applicable",
        highlight=False,
    )
    if scan.kubernetes:
        screen.print(f"Judged by Kubernetes {_plain(scan.kubernetes)}.", highlight=False)
    failing = [c for c in scan.controls if c.verdict is Verdict.FAIL]
    if failing:
        screen.print(_control_table(failing))
    worst = posture.ordered(scan.findings)
    _print_findings(screen, "Findings, worst first", "failing", worst, Verdict.FAIL, MAX_ROWS)
    if not failing:
        screen.print("Nothing that was looked at fails.")
    _print_findings(screen, "Not known", "unknown", worst, Verdict.UNKNOWN, MAX_UNKNOWN)
    _print_unknown(screen, scan)
    left_out = posture.left_out(scan)
    if left_out:
        screen.print(f"{left_out[0].upper()}{left_out[1:]}.", highlight=False)
    _print_gaps(screen, posture.not_looked_at(scan.gaps))
    return trimmed(text)


def _print_findings(
    screen: Console, title: str, what: str, found: Sequence[Finding], verdict: Verdict, most: int
) -> None:
    found = [each for each in found if each.verdict is verdict]
    if found:
        screen.print(_finding_table(title, found[:most]))
    if len(found) > most:
        more = len(found) - most
        screen.print(f"... and {more} more {what}; --format json or csv holds all of them.")


def _print_unknown(screen: Console, scan: Scan) -> None:
    """Say how many controls are unknown for want of a check, and for want of what could not be read."""
    unknown = [c.id for c in scan.controls if c.verdict is Verdict.UNKNOWN]
    unchecked = [i for i in unknown if not catalogue.control(scan.benchmark, i).checks]
    if len(unknown) > len(unchecked):
        ids = ", ".join(each for each in unknown if each not in unchecked)
        screen.print(f"Unknown by what was read: {ids}.", highlight=False)
    if unchecked:
        screen.print(
            f"{len(unchecked)} controls have no check here: they need a person, nodes or another source.",
            highlight=False,
        )


def _print_gaps(screen: Console, gaps: Sequence[Gap]) -> None:
    for gap in gaps[:MAX_GAPS]:
        screen.print(
            f"[yellow]Not looked at[/]: {_plain(gap.what)}: {_plain(gap.why)}", highlight=False
        )
    if len(gaps) > MAX_GAPS:
        screen.print(f"... and {len(gaps) - MAX_GAPS} more that could not be looked at.")


def _table(*columns: str | Column, title: str | Text) -> Table:
    """Make a table without walls, so that it fits into 80 columns."""
    whole = [Column(one) if isinstance(one, str) else one for one in columns]
    for column in whole:
        column.overflow = "fold"
    return Table(*whole, title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)


def _control_table(controls: list[ControlResult]) -> Table:
    numbers = [Column(name, justify="right") for name in ("fail", "pass", "unknown")]
    table = _table("control", "title", *numbers, title="Failing controls")
    for control in controls:
        counts = control.counts
        table.add_row(
            control.id,
            control.title,
            str(counts[Verdict.FAIL]),
            str(counts[Verdict.PASS]),
            str(counts[Verdict.UNKNOWN]),
        )
    return table


def _finding_table(title: str, findings: Sequence[Finding]) -> Table:
    table = _table("severity", "control", "where", "what", title=title)
    for finding in findings:
        ref = finding.ref
        place = f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name
        table.add_row(
            _text(finding.severity.value, style=_COLOUR[finding.severity]),
            ", ".join(finding.controls),
            _text(f"{ref.kind} {place}"),
            _text(finding.reason),
        )
    return table


def search_list(result: SearchResult) -> str:
    """Render search hits: rank, control, title, a sentence of the passage, where it is from."""
    screen, text = captured()
    if not result.hits:
        screen.print(_plain(result.note or "Nothing in the guidance answers that."))
        return trimmed(text)
    for hit in result.hits:
        passage = hit.passage
        number = f"{hit.control}  " if hit.control else ""
        screen.print(
            Text.assemble((f"{hit.rank:>2}  ", "dim"), (number, "bold"), (passage.title, "bold"))
        )
        screen.print(Padding(_text(excerpt(passage.text)), (0, 0, 0, 4)))
        for source in passage.sources[:1]:
            screen.print(_text(f"    {source}", style="dim"), soft_wrap=True)
    if result.note:
        screen.print(_plain(result.note))
    screen.print(f"[dim]embedding: {_plain(result.embedding)}[/]")
    return trimmed(text)


def excerpt(passage: str) -> str:
    """Take the first sentences of a passage, at most MAX_EXCERPT characters, without its code."""
    words = " ".join(re.sub(r"```.*?(```|$)", " ", passage, flags=re.DOTALL).split())
    words = words or " ".join(passage.replace("```", " ").split())
    if len(words) <= MAX_EXCERPT:
        return words
    kept = words[:MAX_EXCERPT]
    ends = [found.end() for found in re.finditer(r"[.](?= )", kept)]
    return kept[: ends[-1]] if ends else kept.rsplit(" ", 1)[0] + " ..."


def answer(given: Answer) -> str:
    """Render an answer: words, tables, what was not looked at, sources, which model."""
    screen, text = captured()
    screen.print(Markdown(visible(given.text)))
    for rows in given.tables:
        screen.print(_rows(rows))
    _print_gaps(screen, given.not_looked_at)
    sources = dict.fromkeys(c.source for c in given.citations if c.source not in given.text)
    if sources:
        screen.print("[dim]Sources: " + _plain(", ".join(sources)) + "[/]")
    tokens = given.usage.input_tokens + given.usage.output_tokens
    if tokens:
        screen.print(f"[dim]{_plain(given.model)}, {tokens:,} tokens[/]", highlight=False)
    return trimmed(text)


def _rows(rows: Rows) -> Table:
    shown = rows.page[:MAX_ROWS]
    table = _table(*rows.columns, title=_text(rows.titled(len(shown), rows.skip)))
    for row in shown:
        table.add_row(*(_text(cell) for cell in row))
    left = (rows.total or len(rows.rows)) - rows.before - rows.skip - len(shown)
    if left > 0:
        table.caption = f"{left} more rows"
    return table


def snapshot_summary(counts: Mapping[str, int], folder: Path, gaps: int) -> None:
    """Say what a snapshot holds and what is missing from it."""
    screen = console()
    total = sum(counts.values())
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()) if number)
    screen.print(f"Wrote {total} objects to {folder} (redacted): {kinds or 'none'}.")
    if gaps:
        screen.print(f"[yellow]{gaps} things could not be read; OAKUM-SNAPSHOT.yaml names them.[/]")
