"""How a scan is told to the model: counts of every verdict first, then whole findings and where to go on.

Holds no reading and no judging. Used by the queries that give findings.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tools.posture import left_out
from tools.queries.looking.scanning import of_group_only
from tools.queries.result import MAX_TEXT, Result, Scanned
from tools.queries.wording import (
    controls_text,
    fence,
    finding_text,
    fitting,
    gaps_text,
    names,
    place,
    source_text,
    titles,
)
from tools.types import ControlResult, Finding, Verdict

_FENCE_ROOM = 160
_WORDS = {
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "unknown",
    Verdict.PASS: "pass",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def told(data: Scanned) -> Result:
    """Give a page as a result: its text, and of its findings those that the text holds whole."""
    told_before = data.listed and not data.controls
    lines = [line for line in (*_head(data), *(() if told_before else _controls(data))) if line]
    head = "\n".join(lines) + gaps_text(data.scan.gaps)
    listed = _listed(data, MAX_TEXT - len(head) - _FENCE_ROOM)
    data = replace(data, shown=len(listed))
    return Result(f"{head}\n{_page(data, listed)}", data, data.scan.gaps)


def _head(data: Scanned) -> list[str]:
    scanned, tally = data.scan, data.tally
    where = names(scanned.namespaces) if scanned.namespaces else "all namespaces"
    looked = names(f"{count} {kind}" for kind, count in sorted(scanned.objects.items()) if count)
    pods = f" (they have {tally.pods_failing} pods)" if tally.pods_failing else ""
    severities = ", ".join(f"{count} {name}" for name, count in tally.by_severity.items())
    return [
        f"scan {scanned.id}: cluster {scanned.cluster} ({source_text(data.source)}), {where}, "
        f"benchmark {scanned.benchmark}" + (f", {data.only} checks only" if data.only else ""),
        f"judged by Kubernetes {scanned.kubernetes}" if scanned.kubernetes else "",
        f"looked at: {looked}" if looked else "",
        left_out(scanned),
        f"findings: {_totals(data)}"
        + (f"; failing by severity: {severities}" if severities else ""),
        f"{tally.objects_failing} objects fail{pods}; by namespace: "
        + names((f"{name or '(cluster-scoped)'} {n}" for name, n in tally.by_namespace), 25)
        if tally.objects_failing
        else "no object fails"
        if _judged(data)
        else "NOTHING WAS JUDGED here: that is unknown, not clean",
    ]


def _judged(data: Scanned) -> bool:
    """Tell whether any object was judged; not known of a scan that went over more than is shown."""
    counted = data.scan.summary
    return bool(data.rows) or not counted or counted.get(Verdict.PASS, 0) > 0


def _totals(data: Scanned) -> str:
    """Count all findings by verdict; passes only where the scan counted just what is shown here."""
    seen = Counter(item.verdict for item in data.rows)
    counts = {verdict: seen[verdict] for verdict in (Verdict.FAIL, Verdict.UNKNOWN)}
    asked = {item.id for item in data.controls}
    whole = not asked or asked == {item.id for item in data.scan.controls}
    if data.scan.summary and whole and not data.only:
        counts = {verdict: data.scan.summary.get(verdict, 0) for verdict in _WORDS}
    return ", ".join(
        f"{counts[verdict]} {word}" for verdict, word in _WORDS.items() if verdict in counts
    )


def _controls(data: Scanned) -> list[str]:
    """Say how each control came out: counts where objects were judged, reasons where none were."""
    asked = {item.id for item in data.controls}
    results = {
        item.id: item
        for item in data.scan.controls
        if (not asked or item.id in asked) and of_group_only(item.id, data) is not False
    }
    fail = {control: count for control, _, count in data.tally.by_control}
    unknown = Counter(
        control
        for item in data.rows
        if item.verdict is Verdict.UNKNOWN
        for control in item.controls
    )
    lines = [
        f"- {number} {title}: {count} fail, {unknown[number]} unknown"
        + _passes(results.get(number), data)
        for number, title, count in data.tally.by_control
        if not asked or number in asked
    ]
    rest = [item for number, item in results.items() if number not in fail]
    lines += [
        f"- {item.id} {item.title}: 0 fail, {unknown[item.id]} unknown" + _passes(item, data)
        for item in rest
        if unknown[item.id]
    ]
    lines += _others([item for item in rest if not unknown[item.id]])
    if not data.scan.controls:
        lines.append("- how many pass is not known of this scan; scan_scope counts it")
    verdicts = Counter(item.verdict for item in results.values())
    summed = ", ".join(f"{verdicts[verdict]} {word}" for verdict, word in _WORDS.items())
    return [f"controls ({summed}):" if results else "controls:", *lines]


def _passes(result: ControlResult | None, data: Scanned) -> str:
    """Count what passes a control; nothing where another group's checks are counted with it."""
    if result is None or of_group_only(result.id, data) is None:
        return ""
    counts = result.counts
    other = counts.get(Verdict.NOT_APPLICABLE, 0)
    return f", {counts.get(Verdict.PASS, 0)} pass" + (f", {other} not applicable" if other else "")


def _others(results: Sequence[ControlResult]) -> list[str]:
    """Name the controls without a failing or unknown finding, together where they are alike."""
    groups: dict[tuple[Verdict, str], list[ControlResult]] = {}
    for item in results:
        groups.setdefault((item.verdict, item.reason), []).append(item)
    few = len(results) <= 20
    lines: list[str] = []
    for (verdict, reason), alike in groups.items():
        passing = verdict is Verdict.PASS
        shown: Iterable[str] = (
            f"{item.id} {item.title}" + (f" ({item.counts[verdict]})" if passing else "")
            for item in alike
        )
        if not (few or passing):
            shown = spans([item.id for item in alike])
        lines.append(
            f"- {len(alike)} {_WORDS[verdict]}: {names(shown, 40)}"
            + (f". {reason}" if reason else "")
        )
    return lines


def spans(numbers: Sequence[str]) -> list[str]:
    """Write numbers that follow each other as one: `1.1.1 to 1.1.21`."""
    runs: list[list[str]] = []
    for number in numbers:
        head, _, last = number.rpartition(".")
        follows = last.isdecimal() and runs and runs[-1][-1] == f"{head}.{int(last) - 1}"
        if follows:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]


def _listed(data: Scanned, room: int) -> list[str]:
    """Write the findings of the page, whole, as far as they fit; one at least."""
    known = titles(data.scan.benchmark)
    lines: list[str] = []
    before = ""
    for item in data.page:
        head = (
            f"{controls_text(item, known)} ({item.severity.value}, check {item.check}), "
            f"{_WORDS[item.verdict]}:"
        )
        line = f"- {place(item.ref)}{finding_text(item)}"
        lines.append(line if head == before else f"{head}\n{line}")
        before = head
    return fitting(lines, room)[0]


def _page(data: Scanned, lines: Iterable[str]) -> str:
    """Frame the findings with where they stand among all, and how to get the next."""
    if not data.page:
        return "no findings" if not data.total else f"no findings past {data.total}"
    last = data.offset + data.shown
    more = (
        f"; next: list_findings scan_id={data.scan.id} offset={last}" if last < data.total else ""
    )
    head = f"findings {data.offset + 1} to {last} of {data.total}, worst first{more}:"
    return f"{head}\n{fence('findings', chr(10).join(lines))}"


def verdict_lines(findings: Iterable[Finding], benchmark: str) -> list[str]:
    """Write each finding of one object with its verdict, control and title."""
    known = titles(benchmark)
    return [
        f"{_WORDS[item.verdict]} {controls_text(item, known)} "
        f"({item.severity.value}, check {item.check}){finding_text(item)}"
        for item in findings
    ]
