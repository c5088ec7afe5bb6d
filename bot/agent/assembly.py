"""Puts an Answer together: text from the loop; tables, findings, citations and gaps from typed results.

Nothing here reads a model's words but to see which findings and passages they speak of. Pure. Used by
`bot.conversation`.
"""

import re
from collections.abc import Iterable, Sequence

from bot.agent.loop import Outcome
from bot.types import Answer, Citation, Table
from knowledge.types import Passage
from tools import posture
from tools.queries.result import (
    ControlRead,
    Explained,
    Found,
    Namespaces,
    Result,
    Scanned,
    Workloads,
)
from tools.types import Finding, Gap, Verdict

MAX_ROWS = 2_000
"""Findings and rows of a table that an answer carries; its files are whole up to there."""
MAX_CITATIONS = 8
MAX_GAPS = 100
LONG = 10
"""A list past this many rows becomes a table."""
_COUNTING = re.compile(
    r"how many|\bcount\b|\bnumber\b|wie ?viele|anzahl|\bjust\b|\bonly the\b", re.I
)


def assemble(question: str, outcome: Outcome, model: str) -> Answer:
    """Make the Answer of one question.

    Args:
        question: the person's text; decides only whether long lists are wanted as tables.
        outcome: of the loop.
        model: the model's name.
    """
    results = outcome.results
    found = spoken_of(results, outcome.text)
    return Answer(
        text=outcome.text,
        citations=citations(results, outcome.text),
        tables=() if _COUNTING.search(question) else tables(results),
        findings=found[:MAX_ROWS],
        findings_total=len(found),
        scan_id=next(
            (r.data.scan.id for r in reversed(results) if isinstance(r.data, Scanned)), ""
        ),
        steps=outcome.steps,
        not_looked_at=gaps(results),
        model=model,
        usage=outcome.usage,
        taken_out=outcome.removed,
        incident=outcome.incident,
    )


def gaps(results: Iterable[Result]) -> tuple[Gap, ...]:
    """Collect what could not be looked at, each once; deliberate refusals are not listed."""
    found = posture.not_looked_at(gap for result in results for gap in result.gaps)
    return tuple(dict.fromkeys(found))[:MAX_GAPS]


def spoken_of(results: Iterable[Result], text: str) -> tuple[Finding, ...]:
    """Give the failing and unknown findings whose object the text names, each once."""
    lowered = text.lower()
    kept: dict[str, Finding] = {}
    for result in results:
        for finding in _findings(result):
            if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN) and _named(finding, lowered):
                kept.setdefault(finding.fingerprint, finding)
    return tuple(kept.values())


def citations(results: Sequence[Result], text: str) -> tuple[Citation, ...]:
    """Give the passages that an answer rests on: those whose control or title its text names."""
    kept: dict[str, Citation] = {}
    for result in results:
        for citation in _passages(result):
            named = citation.control and re.search(
                rf"(?<![\d.]){re.escape(citation.control)}(?![\d.]*\d)", text
            )
            if named or citation.title in text:
                kept.setdefault(citation.passage, citation)
    return tuple(kept.values())[:MAX_CITATIONS]


def tables(results: Iterable[Result]) -> tuple[Table, ...]:
    """Render lists as tables; the same list once, however often it was asked for."""
    made = [table for result in results if (table := _table(result)) is not None]
    return tuple(dict.fromkeys(made))[:5]


def _findings(result: Result) -> tuple[Finding, ...]:
    match result.data:
        case Scanned(rows=rows):
            return rows
        case Explained(verdicts=verdicts):
            return verdicts
        case _:
            return ()


def _named(finding: Finding, text: str) -> bool:
    name = finding.ref.name.lower()
    return name in text and bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


def _passages(result: Result) -> list[Citation]:
    match result.data:
        case Found(passages=passages):
            return [_citation(item) for item in passages]
        case ControlRead(control=control, guide=guide):
            source = next(iter((guide.sources if guide else ()) or control.sources), "")
            passage = guide.id if guide else f"control:{control.benchmark}/{control.id}"
            return [Citation(passage, guide.title if guide else control.title, control.id, source)]
        case _:
            return []


def _citation(passage: Passage) -> Citation:
    return Citation(
        passage.id,
        passage.title,
        next(iter(passage.controls), None),
        next(iter(passage.sources), ""),
    )


def _table(result: Result) -> Table | None:
    match result.data:
        case Scanned(listed=True) as data if data.page:
            return _findings_table(data)
        case Workloads() as data if len(data.rows) > LONG:
            rows = tuple(
                (
                    row.ref.namespace,
                    row.ref.kind,
                    row.ref.name,
                    str(row.pods or "-"),
                    ", ".join(image.image for image in row.images),
                )
                for row in data.rows
            )
            columns = ("Namespace", "Kind", "Name", "Pods", "Images")
            title = f"Workloads of {data.cluster}"
            return Table(title, columns, rows, (data.cluster,), total=data.total)
        case Namespaces() as data if len(data.rows) > LONG:
            rows = tuple(
                (row.name, str(row.workloads), str(row.network_policies), row.enforce or "-")
                for row in data.rows
            )
            columns = ("Namespace", "Workloads", "Network policies", "Enforced level")
            return Table(f"Namespaces of {data.cluster}", columns, rows, (data.cluster,))
        case _:
            return None


def _findings_table(data: Scanned) -> Table:
    """List all findings, so that a file holds them whole; drawn from the page on."""
    before = 0 if data.offset + data.shown <= MAX_ROWS else data.offset
    rows = tuple(
        (
            item.verdict.value,
            item.severity.value,
            ", ".join(item.controls),
            item.ref.namespace or "-",
            item.ref.kind,
            item.ref.name,
            item.container or "-",
            item.reason,
        )
        for item in data.rows[before : before + MAX_ROWS]
    )
    return Table(
        f"Findings in {data.scan.cluster}",
        ("Verdict", "Severity", "Control", "Namespace", "Kind", "Name", "Container", "Reason"),
        rows,
        (data.scan.cluster,),
        before=before,
        skip=data.offset - before,
        total=data.total,
    )
