"""Scans for queries: made once per question and scope, counted, paged, and cut to what may be seen.

Used by the queries that speak of findings.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import structs

from knowledge import catalogue
from knowledge.errors import KnowledgeError
from knowledge.types import Control
from tools.cluster.reader import Reader
from tools.discovery import checks
from tools.errors import UnknownName
from tools.posture import by_number, left_out, ordered
from tools.queries.context import QueryContext
from tools.queries.result import Scanned, Tally
from tools.queries.wording import cap, fence, finding_line, gaps_text, names
from tools.scan import scan
from tools.types import Finding, Gap, Scan, Severity, Subject, Verdict

PAGE = 50
"""Most findings of one page."""
_WORST_FIRST = tuple(reversed(Severity))
_GROUPS = {
    "pods": (Subject.WORKLOAD,),
    "rbac": (Subject.ROLE, Subject.BINDING, Subject.SERVICE_ACCOUNT),
    "namespaces": (Subject.NAMESPACE,),
}


async def scan_once(
    context: QueryContext,
    reader: Reader,
    namespaces: tuple[str, ...],
    controls: tuple[str, ...],
    benchmark: str,
    keep_all: bool = False,
) -> Scan:
    """Scan, or give the same scan that this question made already; kept under its id."""
    key = (reader.name, benchmark, namespaces, controls, keep_all)
    task = context.scans.get(key)
    if task is None:
        task = asyncio.ensure_future(
            _scan_and_keep(context, reader, namespaces, controls, benchmark, keep_all)
        )
        context.scans[key] = task
    return await asyncio.shield(task)


async def _scan_and_keep(
    context: QueryContext,
    reader: Reader,
    namespaces: tuple[str, ...],
    controls: tuple[str, ...],
    benchmark: str,
    keep_all: bool,
) -> Scan:
    made = await scan(
        reader,
        benchmark=benchmark,
        namespaces=namespaces,
        controls=controls,
        keep_all=keep_all,
        now=lambda: datetime.now(UTC),
    )
    await context.past.save(made)
    return made


def find_controls(benchmark: str, asked: Sequence[str]) -> tuple[Control, ...]:
    """Look controls up by number; a section (`5.2`) stands for all of its controls.

    Raises:
        UnknownName: no such control or benchmark, with the nearest.
    """
    try:
        everything = catalogue.controls(benchmark)
        found: list[Control] = []
        for name in asked:
            wanted = name.strip().removeprefix("CIS").strip()
            section = [item for item in everything if item.section == wanted]
            found += section or [catalogue.control(benchmark, wanted)]
    except KnowledgeError as error:
        raise UnknownName(error.public, error.hint) from error
    return tuple(dict.fromkeys(found))


def of_group(finding: Finding, only: str) -> bool:
    """Tell whether a finding belongs to `pods`, `rbac` or `namespaces`; empty means all."""
    if not only:
        return True
    return checks()[finding.check].check.subject in _GROUPS[only]


def visible(findings: Iterable[Finding], context: QueryContext) -> tuple[Finding, ...]:
    """Keep the findings that the asker may see now, whoever asked for the scan."""
    return tuple(item for item in findings if context.scope.shows(item.ref))


def cut_to_scope(made: Scan, context: QueryContext) -> Scan:
    """Give a kept scan as the asker may see it; what was counted over more than that is left out."""
    scope = context.scope
    if scope.covers(made.cluster, made.namespaces):
        return made
    own = scope.clusters[made.cluster] or frozenset()
    gaps = tuple(gap for gap in made.gaps if gap.namespace in own)
    hidden = len(made.gaps) - len(gaps)
    if hidden:
        gaps += (Gap("the rest of that scan", "it went over more than may be seen here"),)
    return structs.replace(
        made,
        namespaces=tuple(sorted(own.intersection(made.namespaces) if made.namespaces else own)),
        findings=visible(made.findings, context),
        controls=(),
        summary={},
        objects={},
        built_in={},
        gaps=gaps,
    )


def tally(findings: Sequence[Finding], scanned: Scan) -> Tally:
    """Count failing findings: distinct objects, by namespace, by control, by severity."""
    failing = [item for item in findings if item.verdict is Verdict.FAIL]
    objects = {(f.ref.kind, f.ref.namespace, f.ref.name) for f in failing}
    per_namespace = Counter(
        name if kind == "Namespace" else namespace for kind, namespace, name in objects
    )
    severities = Counter(item.severity for item in failing)
    titles = {item.id: item.title for item in scanned.controls}
    rank: dict[str, int] = {}
    per_control: Counter[str] = Counter()
    for item in failing:
        for control in item.controls:
            per_control[control] += 1
            rank[control] = max(rank.get(control, 0), item.severity.rank)
    pods = {(f.ref.kind, f.ref.namespace, f.ref.name): f.pods for f in failing}
    return Tally(
        objects_failing=len(objects),
        pods_failing=sum(pods.values()),
        by_namespace=tuple(sorted(per_namespace.items(), key=lambda pair: (-pair[1], pair[0]))),
        by_control=tuple(
            (control, titles.get(control, ""), count)
            for control, count in sorted(
                per_control.items(), key=lambda pair: (-rank[pair[0]], -pair[1], by_number(pair[0]))
            )
        ),
        by_severity={
            severity.value: number for severity in _WORST_FIRST if (number := severities[severity])
        },
    )


def page_of(
    scanned: Scan,
    context: QueryContext,
    *,
    only: str = "",
    controls: tuple[Control, ...] = (),
    offset: int = 0,
    listed: bool = False,
) -> Scanned:
    """Cut one page out of a scan, with the counts of all that it is taken from."""
    numbers = {item.id for item in controls}
    kept = [
        item
        for item in visible(scanned.findings, context)
        if of_group(item, only)
        and (not numbers or numbers.intersection(item.controls))
        and item.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    ]
    rows = ordered(kept)
    return Scanned(
        scan=scanned,
        only=only,
        controls=controls,
        page=tuple(rows[offset : offset + PAGE]),
        offset=offset,
        total=len(rows),
        tally=tally(kept, scanned),
        listed=listed,
    )


def scanned_text(data: Scanned) -> str:
    """Write a page for the model: totals first, then findings fenced as data."""
    scanned = data.scan
    where = names(scanned.namespaces) if scanned.namespaces else "all namespaces"
    looked = ", ".join(
        f"{count} {kind}" for kind, count in sorted(scanned.objects.items()) if count
    )
    counts = data.tally
    lines = [
        f"scan {scanned.id}: cluster {scanned.cluster}, {where}, benchmark {scanned.benchmark}"
        + (f", {data.only} checks only" if data.only else ""),
        f"looked at: {looked or 'nothing'}",
        left_out(scanned),
        f"{counts.objects_failing} objects fail"
        + (f" (they have {counts.pods_failing} running pods)" if counts.pods_failing else "")
        + "; failing findings by severity: "
        + (", ".join(f"{k} {v}" for k, v in counts.by_severity.items()) or "none"),
        "failing objects by namespace: "
        + names((f"{n or '(cluster)'} {c}" for n, c in counts.by_namespace), 25),
        "failing findings by control: "
        + names((f"{i} {t} {c}" for i, t, c in counts.by_control), 25),
        _verdicts(data),
    ]
    if data.page:
        shown = data.page[:30]
        until = data.offset + len(shown)
        lines.append(f"findings {data.offset + 1} to {until} of {data.total}:")
        lines.append(fence("findings", "\n".join(finding_line(item) for item in shown)))
        if until < data.total:
            lines.append(f"(more: list_findings scan_id={scanned.id} offset={until})")
    return cap("\n".join(line for line in lines if line) + gaps_text(scanned.gaps))


def _verdicts(data: Scanned) -> str:
    """Say how each asked-for control came out, passes counted too."""
    asked = {item.id for item in data.controls}
    lines = [
        f"{item.id} {item.title}: {item.verdict.value} ("
        + ", ".join(f"{count} {verdict.value}" for verdict, count in item.counts.items() if count)
        + ")"
        + (f" {item.reason}" if item.reason else "")
        for item in data.scan.controls
        if item.id in asked
    ]
    return "\n".join(lines)
