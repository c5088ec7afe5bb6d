"""One scan: reads each kind once, feeds every check in one pass, and keeps what could not be looked at.

Reading is async; judging goes through threads in chunks, so that the event loop stays free. Holds no
rule of a benchmark. Used by the queries, the terminal and, later, schedules.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field, structs

from knowledge import catalogue
from knowledge.errors import UnknownBenchmark, UnknownControl
from knowledge.types import Control
from tools import redact
from tools.access import BINDING_KINDS, ROLE_KINDS
from tools.cluster.absent import absent
from tools.cluster.reader import Listing, Reader
from tools.discovery import CheckModule, checks
from tools.errors import ToolsError, UnknownName
from tools.inventory import Judged, Read, build
from tools.objects.kinds import KINDS, PLUGIN_POLICIES
from tools.pod_security import standard_of
from tools.types import (
    ALL,
    PASSED,
    ControlResult,
    Finding,
    Judgement,
    Namespaces,
    ResourceRef,
    Scan,
    Subject,
    Verdict,
)
from tools.workload import POLICY_KINDS, WORKLOAD_KINDS, Inventory, Item, judge_whole, name_of

CHUNK = 250
"""Objects judged between two returns to the event loop."""
READS_AT_ONCE = 6
"""Kinds read side by side; the reader limits its own requests besides."""
_FINGERPRINT_DIGITS = 16

_SUBJECT_KINDS: Mapping[Subject, tuple[str, ...]] = {
    Subject.WORKLOAD: WORKLOAD_KINDS,
    Subject.ROLE: ROLE_KINDS,
    Subject.BINDING: BINDING_KINDS,
    Subject.SERVICE_ACCOUNT: ("ServiceAccount",),
    Subject.NAMESPACE: ("Namespace",),
    Subject.OBJECT: (),
    Subject.CLUSTER: (),
}
_CONTEXT_KINDS: Mapping[Subject, tuple[str, ...]] = {Subject.ROLE: BINDING_KINDS}
"""Read for what findings say besides. In a whole cluster their absence changes no verdict."""
_FAR_KINDS = frozenset({"ClusterRole", "ClusterRoleBinding"})
_EVIDENCE_FOR_NAMESPACES = frozenset({"Namespace", *POLICY_KINDS, *PLUGIN_POLICIES, *_FAR_KINDS})
"""Cluster-scoped kinds that a scan of some namespaces reads all the same."""
_POD_SECURITY = "pss-"
"""Begins the names of the benchmarks whose rules follow the version of Kubernetes."""
_HOLLOW = Judgement(Verdict.UNKNOWN, "The object shows no container, so there is little to judge.")
_WHOLE_CLUSTER = "It is judged for a whole cluster, not for some of its namespaces."
_FAR = "ClusterRoleBindings, which hold in every namespace, decide it: scan the whole cluster."


class _Run(Struct):
    """One check of one scan: what it needs and what it has found so far."""

    id: str
    module: CheckModule
    controls: tuple[str, ...]
    kinds: tuple[str, ...]
    """Whose absence makes its controls unknown."""
    left_out: bool
    """A check of the whole cluster in a scan of some namespaces."""
    far: bool = False
    """Something given by a ClusterRoleBinding does not pass, in a scan of some namespaces."""
    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    findings: list[Finding] = field(default_factory=list[Finding])
    masked: dict[str, str] = field(default_factory=dict[str, str])
    """Reasons as they are shown, which are mostly alike."""


class _Plan(Struct, frozen=True):
    """What one scan asks for."""

    benchmark: str
    controls: tuple[Control, ...]
    runs: Mapping[str, _Run]
    namespaces: Namespaces
    keep_all: bool


class _Work(Struct, frozen=True):
    """Some subjects and the checks that judge them."""

    subjects: Sequence[Any]
    runs: Sequence[_Run]
    hollow: bool = False
    """Workloads that show no container: what is wrong is a fail, the rest is unknown, not pass."""
    far: bool = False
    """Given by ClusterRoleBindings in a scan of some namespaces: not named, only noted."""


async def scan(
    reader: Reader,
    *,
    benchmark: str = "cis-1.12",
    namespaces: Namespaces = ALL,
    controls: tuple[str, ...] = (),
    keep_all: bool = False,
    now: Callable[[], datetime],
) -> Scan:
    """Judge one cluster by one benchmark.

    With namespaces, cluster-scoped objects are left out but for these Namespaces themselves. A RoleBinding
    there is judged for the ClusterRole that it gives; what a ClusterRoleBinding gives is not named, because
    it lies outside, and makes the controls that it decides unknown. With controls, only these are judged.
    `keep_all` keeps passing and not applicable findings beside the others; all are always counted.

    A namespace that is not there is a gap. Raises UnknownName for a benchmark or control that is not
    there, with the nearest names and nothing judged, and where `namespaces` is empty: none is not all;
    ClusterUnreachable and AccessRefused as the reader does.
    """
    if not namespaces:
        raise UnknownName("No namespace is named to look into.")
    started = now()
    live = reader.source == "live"
    plan = await asyncio.to_thread(_plan, benchmark, controls, namespaces, keep_all, live)
    standard = standard_of(await reader.version())
    missing = await absent(reader, namespaces)
    read = await _read(reader, plan, standard.minor)
    judged = await asyncio.to_thread(build, read)
    await _judge(plan, judged)
    named = () if namespaces is ALL else namespaces
    findings = tuple(found for run in plan.runs.values() for found in run.findings)
    unread = (gap for listing in read.listings.values() for gap in listing.gaps)
    return Scan(
        id=_scan_id(reader.name, benchmark, named, started),
        cluster=reader.name,
        benchmark=benchmark,
        namespaces=named,
        started_at=started,
        finished_at=now(),
        summary=_total(run.counts for run in plan.runs.values()),
        controls=tuple(_conclude(each, plan.runs, judged.inventory) for each in plan.controls),
        findings=findings,
        gaps=tuple(dict.fromkeys((*missing, *unread))),
        objects=_looked_at(read),
        built_in=judged.access.built_in,
        kubernetes=standard.said if benchmark.startswith(_POD_SECURITY) else "",
    )


def _looked_at(read: Read) -> dict[str, int]:
    """Count by kind what lies in the scope; of cluster-scoped rights a scan of namespaces says nothing."""
    near = (kind for kind in read.listings if read.namespaces is ALL or kind not in _FAR_KINDS)
    return {kind: _in_scope(read, kind) for kind in near}


def _in_scope(read: Read, kind: str) -> int:
    """Count the objects of a kind that lie in the namespaces scanned; a Namespace lies in itself."""
    objects = read.objects(kind)
    if read.namespaces is ALL or KINDS[kind].namespaced:
        return len(objects)
    return sum(
        kind == "Namespace" and name_of(each.metadata) in read.namespaces for each in objects
    )


def fingerprint(check: str, ref: ResourceRef, container: str) -> str:
    """Give a finding's stable key: 16 hexadecimal digits."""
    parts = (check, ref.cluster, ref.kind, ref.namespace, ref.name, container)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_FINGERPRINT_DIGITS]


def _scan_id(cluster: str, benchmark: str, namespaces: tuple[str, ...], started: datetime) -> str:
    """Give a scan's id from what makes it one of its kind."""
    parts = (cluster, benchmark, ",".join(namespaces), started.isoformat())
    return "scan-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def _plan(
    benchmark: str,
    control_ids: tuple[str, ...],
    namespaces: Namespaces,
    keep_all: bool,
    live: bool,
) -> _Plan:
    """Choose controls, checks and kinds. Raises UnknownName."""
    try:
        chosen = tuple(
            dict.fromkeys(catalogue.control(benchmark, each) for each in control_ids)
        ) or catalogue.controls(benchmark)
    except (UnknownBenchmark, UnknownControl) as error:
        raise UnknownName(error.public, error.hint) from error
    modules = checks()
    answered: dict[str, list[str]] = {}
    for control in chosen:
        for check_id in control.checks:
            answered.setdefault(check_id, []).append(control.id)
    runs = {
        check_id: _Run(
            id=check_id,
            module=modules[check_id],
            controls=tuple(ids),
            kinds=_kinds_of(modules[check_id], namespaces is not ALL, live),
            left_out=namespaces is not ALL and modules[check_id].check.subject is Subject.CLUSTER,
        )
        for check_id, ids in answered.items()
    }
    return _Plan(benchmark, chosen, runs, namespaces, keep_all)


def _kinds_of(module: CheckModule, scoped: bool, live: bool) -> tuple[str, ...]:
    """List the kinds that a check needs from this source and scope."""
    check = module.check
    given = _CONTEXT_KINDS.get(check.subject, ()) if scoped else ()
    return _readable((*_SUBJECT_KINDS[check.subject], *given, *check.kinds), scoped, live)


def _readable(kinds: Iterable[str], scoped: bool, live: bool) -> tuple[str, ...]:
    """Leave out kinds that this source never gives and that the scope has no place for."""
    return tuple(
        name
        for name in dict.fromkeys(kinds)
        if not (live and (KINDS[name].opt_in or KINDS[name].folder_only))
        and not (scoped and not KINDS[name].namespaced and name not in _EVIDENCE_FOR_NAMESPACES)
    )


async def _read(reader: Reader, plan: _Plan, standard: int) -> Read:
    """Read every kind that the checks need, once."""
    live = reader.source == "live"
    needed = [kind for run in plan.runs.values() if not run.left_out for kind in run.kinds]
    context = {run.module.check.subject for run in plan.runs.values()} & set(_CONTEXT_KINDS)
    besides = [kind for subject in context for kind in _CONTEXT_KINDS[subject]]
    names = _readable((*needed, *besides), plan.namespaces is not ALL, live)
    turns = asyncio.Semaphore(READS_AT_ONCE)

    async def one(name: str) -> Listing:
        kind = KINDS[name]
        async with turns:
            if kind.namespaced:
                return await reader.list(kind, plan.namespaces)
            return _of_scope(await reader.list(kind), plan.namespaces)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(one(name)) for name in names}
    except* ToolsError as errors:
        failure = errors.exceptions[0]
    else:
        listings = {name: task.result() for name, task in tasks.items()}
        return Read(reader.name, live, plan.namespaces, listings, standard)
    raise failure


def _of_scope(listing: Listing, namespaces: Namespaces) -> Listing:
    """Leave out what is missing of namespaces that the scan does not look into."""
    if namespaces is ALL:
        return listing
    gaps = tuple(gap for gap in listing.gaps if gap.namespace in ("", *namespaces))
    return structs.replace(listing, gaps=gaps)


async def _judge(plan: _Plan, judged: Judged) -> None:
    """Run every check over its subjects, chunk by chunk, off the event loop."""
    for work in _work(plan, judged):
        for start in range(0, len(work.subjects), CHUNK):
            await asyncio.to_thread(_judge_chunk, work, start, judged.inventory, plan.keep_all)


def _work(plan: _Plan, judged: Judged) -> Iterator[_Work]:
    """Give what is judged, each with the checks that judge it."""
    inventory = judged.inventory
    by_subject: dict[Subject, list[_Run]] = {}
    for run in plan.runs.values():
        if not run.left_out:
            by_subject.setdefault(run.module.check.subject, []).append(run)
    for run in by_subject.pop(Subject.OBJECT, ()):
        for kind in run.module.check.kinds:
            yield _Work(judged.items.get(kind, ()), [run])
    workloads = by_subject.pop(Subject.WORKLOAD, ())
    yield _Work([each for each in inventory.workloads if each.containers], workloads)
    yield _Work([each for each in inventory.workloads if not each.containers], workloads, True)
    cluster = Item(ResourceRef(inventory.cluster, "", "Cluster", "", inventory.cluster), None)
    subjects: Mapping[Subject, Sequence[Any]] = {
        Subject.ROLE: judged.access.roles,
        Subject.BINDING: judged.access.bindings,
        Subject.SERVICE_ACCOUNT: judged.accounts,
        Subject.NAMESPACE: judged.namespaces,
        Subject.CLUSTER: (cluster,),
    }
    for subject, runs in by_subject.items():
        yield _Work(subjects[subject], runs)
    yield _Work(judged.access.far_roles, by_subject.get(Subject.ROLE, ()), far=True)
    yield _Work(judged.access.far_bindings, by_subject.get(Subject.BINDING, ()), far=True)


def _judge_chunk(work: _Work, start: int, inventory: Inventory, keep_all: bool) -> None:
    """Judge one chunk by every check. What passes is counted and costs nothing more."""
    subjects = work.subjects[start : start + CHUNK]
    free = not (keep_all or work.hollow)
    for run in work.runs:
        judge = run.module.judge
        passed = 0
        for subject in subjects:
            judgement = judge_whole(judge, subject, inventory)
            if work.far:
                run.far = run.far or _is_open(judgement)
            elif judgement is PASSED and free:
                passed += 1
            elif judgement is not None:
                hollow = work.hollow and judgement.verdict is Verdict.PASS
                _record(run, subject, _HOLLOW if hollow else judgement, keep_all)
        run.counts[Verdict.PASS] += passed


def _is_open(judgement: Judgement | None) -> bool:
    """Tell whether something does not pass."""
    return judgement is not None and judgement.verdict in (Verdict.FAIL, Verdict.UNKNOWN)


def _record(run: _Run, subject: Any, judgement: Judgement, keep_all: bool) -> None:
    """Count one judgement, and keep it as a finding where it is to be kept."""
    verdict = judgement.verdict
    run.counts[verdict] += 1
    if not keep_all and verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
        return
    ref: ResourceRef = subject.ref
    if judgement.reason not in run.masked:
        run.masked[judgement.reason] = redact.known(judgement.reason)
    run.findings.append(
        Finding(
            check=run.id,
            controls=run.controls,
            severity=run.module.check.severity,
            verdict=verdict,
            ref=ref,
            container=judgement.container,
            reason=run.masked[judgement.reason],
            evidence=judgement.evidence,
            fingerprint=fingerprint(run.id, ref, judgement.container),
            pods=getattr(subject, "pods", 0),
        )
    )


def _total(counts: Iterable[Mapping[Verdict, int]]) -> dict[Verdict, int]:
    """Add counts up."""
    total = dict.fromkeys(Verdict, 0)
    for each in counts:
        for verdict, count in each.items():
            total[verdict] += count
    return total


def _conclude(control: Control, runs: Mapping[str, _Run], inventory: Inventory) -> ControlResult:
    """Give one control's line: fail over unknown over pass over not applicable."""
    own = [runs[check_id] for check_id in control.checks if check_id in runs]
    counts = _total(run.counts for run in own)
    unread = inventory.unread(dict.fromkeys(kind for run in own for kind in run.kinds))
    reason = ""
    if counts[Verdict.FAIL]:
        verdict = Verdict.FAIL
    elif not own:
        verdict, reason = Verdict.UNKNOWN, control.unchecked
    elif unread:
        verdict, reason = Verdict.UNKNOWN, f"Could not be read: {unread}."
    elif any(run.left_out for run in own):
        verdict, reason = Verdict.UNKNOWN, _WHOLE_CLUSTER
    elif any(run.far for run in own):
        verdict, reason = Verdict.UNKNOWN, _FAR
    elif counts[Verdict.UNKNOWN]:
        verdict = Verdict.UNKNOWN
    elif counts[Verdict.PASS]:
        verdict = Verdict.PASS
    else:
        verdict, reason = Verdict.NOT_APPLICABLE, "No object in this scan that it is about."
    return ControlResult(control.id, control.title, control.section, verdict, counts, reason)
