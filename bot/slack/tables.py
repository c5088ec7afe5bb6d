"""Tables as blocks or as CSV files, and the files that go into a thread.

Pure; used by `render`.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.inert import inert
from bot.slack.mrkdwn import PIECE_MAX, escape, units
from bot.types import Table
from tools.reports.csv_report import safe_cell
from tools.types import Finding, Gap

_ROWS_MAX = 25
"""Rows drawn in a message (Slack takes 100); longer tables are read better as the file beside them."""
_TABLE_MAX = 9_000
"""Units of one table block (Slack takes 10,000 characters over its cells)."""
_COLUMNS_MAX = 20
_CELL_MAX = 120
_WIDTH_MAX = 40

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file for the thread."""

    name: str
    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as blocks. `whole` is False where rows, columns or words were left out."""

    blocks: tuple[Block, ...]
    size: int
    """UTF-16 units over all blocks."""
    whole: bool


def draw_modern(table: Table, room: int) -> Drawn:
    """Draw a table block within `room` units; only the first rows where all do not fit."""
    room = min(room, _TABLE_MAX)
    columns = table.columns[:_COLUMNS_MAX] or ("-",)
    listed = table.page
    width = len(columns)
    rows = [_cells(columns, width)]
    size = units(table.title) + sum(units(cell) for cell in rows[0])
    whole = width == len(table.columns) and not table.skip
    for row in listed:
        cells = _cells(row, width)
        cost = sum(units(cell) for cell in cells)
        if len(rows) > _ROWS_MAX or size + cost > room:
            whole = False
            break
        rows.append(cells)
        size += cost
        whole = whole and all(len(cell) <= _CELL_MAX for cell in row) and len(row) <= width
    if size > room:
        return Drawn((), 0, whole=False)
    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]
    title = _titled(table.titled(len(rows) - 1, table.skip))
    return Drawn((*title, {"type": "table", "rows": cells}), size, whole)


def draw_classic(table: Table, room: int) -> Drawn:
    """Draw a table as preformatted text in one section, within `room` and a section's limit."""
    width = min(len(table.columns), 6)
    listed = table.page[:_ROWS_MAX]
    shown = [_cells(row, width) for row in (table.columns, *listed)]
    widths = [min(_WIDTH_MAX, max(len(row[column]) for row in shown)) for column in range(width)]
    lines: list[str] = []
    room = min(room, PIECE_MAX) - 10
    size = units(table.title)
    whole = width == len(table.columns) and len(table.rows) == len(listed)
    for row in shown:
        padded = (cell[:most].ljust(most) for cell, most in zip(row, widths, strict=True))
        line = escape("  ".join(padded).rstrip().replace("`", "'"))
        if size + units(line) + 1 > room:
            whole = False
            break
        size += units(line) + 1
        lines.append(line)
    longest = max((len(cell) for row in listed for cell in row), default=0)
    if len(lines) < 2:
        return Drawn((), 0, whole=False)
    text = "```\n" + "\n".join(lines) + "\n```"
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    title = _titled(table.titled(len(lines) - 1, table.skip))
    return Drawn((*title, block), size + 10, whole and longest <= _WIDTH_MAX)


def _titled(title: str) -> tuple[Block, ...]:
    if not title.strip():
        return ()
    shown = escape(
        inert(title if len(title) <= 150 else title[:100] + "…" + title[-49:], frozenset())
    )
    text = {"type": "mrkdwn", "text": f"*{shown}*", "verbatim": True}
    return ({"type": "context", "elements": [text]},)


def _cells(row: Sequence[str], width: int) -> list[str]:
    """Give exactly `width` cells, each on one line, none empty, none too long."""
    flat = (" ".join(inert(cell, frozenset()).split()) or "-" for cell in row[:width])
    cells = [cell if len(cell) <= _CELL_MAX else cell[: _CELL_MAX - 1] + "…" for cell in flat]
    return cells + ["-"] * (width - len(cells))


def table_file(table: Table, prefix: str, number: int) -> Attachment:
    """Give a table whole, as CSV."""
    title = table.titled(len(table.rows))
    title = " ".join(inert(title, frozenset()).split())[:100] or "Table"
    return Attachment(f"{prefix}-table-{number}.csv", title, _csv([table.columns, *table.rows]))


def findings_file(findings: Sequence[Finding], total: int, prefix: str) -> Attachment:
    """Give every finding as CSV, with all its evidence; the title says where they are not all."""
    head = ("severity", "verdict", "check", "controls", "cluster", "namespace", "kind", "name")
    rows: list[Sequence[str]] = [(*head, "container", "reason", "evidence")]
    for one in findings:
        evidence = "; ".join(f"{item.path} = {item.value}" for item in one.evidence)
        ref = one.ref
        where = (ref.cluster, ref.namespace, ref.kind, ref.name)
        what = (one.severity.value, one.verdict.value, one.check, " ".join(one.controls))
        rows.append((*what, *where, one.container, one.reason, evidence))
    title = "All findings"
    if total > len(findings):
        title = f"Findings 1 to {len(findings)} of {total}"
    return Attachment(f"{prefix}-findings.csv", title, _csv(rows))


def gaps_file(gaps: Iterable[Gap], prefix: str) -> Attachment:
    """Give everything that was not looked at as CSV."""
    rows: list[Sequence[str]] = [("what", "why", "kind", "namespace")]
    rows += [(gap.what, gap.why, gap.kind, gap.namespace) for gap in gaps]
    return Attachment(f"{prefix}-not-looked-at.csv", "What was not looked at", _csv(rows))


def text_file(text: str, prefix: str) -> Attachment:
    """Give an answer's text whole."""
    return Attachment(f"{prefix}-answer.txt", "The whole answer", text)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return out.getvalue().encode("utf-8", "replace").decode("utf-8")
