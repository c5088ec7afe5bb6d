"""Scans for queries: made once per question and scope, counted, paged, and cut to what may be seen.

Used by the queries that speak of findings.
"""

import asyncio
import re
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
from tools.posture import by_number, ordered
from tools.queries.context import QueryContext
from tools.queries.looking.listings import told
from tools.queries.result import Scanned, Tally
from tools.queries.wording import titles
from tools.scan import scan
from tools.scope import Scope
from tools.types import ALL, Finding, Gap, Namespaces, Scan, Severity, Subject, Verdict

PAGE = 25
"""Most findings of one page: as many as a message draws as a table."""
_PREFIX = re.compile(r"(?:(?:CIS|section|control)\s*)+", re.I)
_UNSEEN = "What decides this may not be shown here."
_WORST_FIRST = tuple(reversed(Severity))
_GROUPS = {
    "pods": (Subject.WORKLOAD,),
    "rbac": (Subject.ROLE, Subject.BINDING, Subject.SERVICE_ACCOUNT),
    "namespaces": (Subject.NAMESPACE,),
}


async def scan_once(
    context: QueryContext,
    reader: Reader,
    namespaces: Namespaces,
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
    namespaces: Namespaces,
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
    made = structs.replace(made, findings=visible(made.findings, context))
    await context.past.save(made)
    return made


def find_controls(benchmark: str, asked: Sequence[str]) -> tuple[Control, ...]:
    """Look controls up by number; a section (`5` or `5.2`) stands for all of its controls.

    Raises:
        UnknownName: no such control or benchmark, with the nearest.
    """
    try:
        everything = catalogue.controls(benchmark)
        found: list[Control] = []
        for name in asked:
            wanted = _PREFIX.sub("", name.strip()).rstrip(".")
            section = [item for item in everything if f"{item.section}.".startswith(f"{wanted}.")]
            found += section or [catalogue.control(benchmark, wanted)]
    except KnowledgeError as error:
        raise UnknownName(error.public, error.hint) from error
    return tuple(dict.fromkeys(found))


def of_group(finding: Finding, only: str) -> bool:
    """Tell whether a finding belongs to `pods`, `rbac` or `namespaces`; empty means all."""
    if not only:
        return True
    return checks()[finding.check].check.subject in _GROUPS[only]


def of_group_only(control: str, data: Scanned) -> bool | None:
    """Tell whether a control is answered by the checks that count in a page alone.

    None where other checks answer it too, False where only others do.
    """
    found = catalogue.control(data.scan.benchmark, control).checks
    if not data.only:
        return True
    own = {checks()[name].check.subject in _GROUPS[data.only] for name in found}
    return None if len(own) > 1 else own == {True}


def visible(findings: Iterable[Finding], context: QueryContext) -> tuple[Finding, ...]:
    """Keep the findings that the asker may see now, whoever asked for the scan.

    One that an object elsewhere decides stays without that object, and without the reason that names it.
    """
    return tuple(
        _as_seen(item, context.scope) for item in findings if context.scope.shows(item.ref)
    )


def _as_seen(finding: Finding, scope: Scope) -> Finding:
    shown = tuple(e for e in finding.evidence if e.ref is None or scope.shows(e.ref))
    if len(shown) == len(finding.evidence):
        return finding
    return structs.replace(finding, reason=_UNSEEN, evidence=shown)


def cut_to_scope(made: Scan, context: QueryContext) -> Scan:
    """Give a kept scan as the asker may see it; what was counted over more than that is left out."""
    seen = context.scope.clusters[made.cluster]
    if seen is ALL or context.scope.covers(made.cluster, made.scope):
        return made
    own = sorted(seen if made.scope is ALL else seen.intersection(made.scope))
    if not own:
        raise UnknownName("There is no scan of that id.", "Run scan_scope first.")
    gaps = (
        *told(made.gaps, seen),
        Gap("the rest of that scan", "it went over more than may be seen here"),
    )
    return structs.replace(
        made,
        namespaces=tuple(own),
        findings=visible(made.findings, context),
        controls=(),
        summary={},
        objects={},
        built_in={},
        gaps=gaps,
    )


def tally(findings: Sequence[Finding], benchmark: str, *, live: bool) -> Tally:
    """Count failing findings: distinct objects, by namespace, by control, by severity.

    Pods are counted of a live cluster only: nothing runs in a folder, a bare Pod neither.
    """
    failing = [item for item in findings if item.verdict is Verdict.FAIL]
    objects = {(f.ref.kind, f.ref.namespace, f.ref.name) for f in failing}
    per_namespace = Counter(
        name if kind == "Namespace" else namespace for kind, namespace, name in objects
    )
    severities = Counter(item.severity for item in failing)
    known = titles(benchmark)
    rank: dict[str, int] = {}
    per_control: Counter[str] = Counter()
    for item in failing:
        for control in item.controls:
            per_control[control] += 1
            rank[control] = max(rank.get(control, 0), item.severity.rank)
    pods = {(f.ref.kind, f.ref.namespace, f.ref.name): f.pods for f in failing}
    return Tally(
        objects_failing=len(objects),
        pods_failing=sum(pods.values()) if live else 0,
        by_namespace=tuple(sorted(per_namespace.items(), key=lambda pair: (-pair[1], pair[0]))),
        by_control=tuple(
            (control, known.get(control, ""), count)
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
    source = context.readers[scanned.cluster].source
    return Scanned(
        scan=scanned,
        source=source,
        only=only,
        controls=controls,
        rows=ordered(kept),
        offset=offset,
        shown=PAGE,
        tally=tally(kept, scanned.benchmark, live=source == "live"),
        listed=listed,
    )
