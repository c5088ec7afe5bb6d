"""Answers from verdicts: what fails in a scope or on named objects, and how many.

Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Generator, Sequence

from bot.agent.offline.answers import objects
from bot.agent.offline.answers.guided import guidance
from bot.agent.offline.answers.scoped import WHY, noun, verdict_on_scope
from bot.agent.offline.answers.standards import read_controls
from bot.agent.offline.question.phrases import FAILS, GUIDANCE, OVERVIEW
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Call, Got, Plan, Talk, ask
from bot.agent.offline.target import Target, about_of, resolve
from bot.agent.offline.wording import words
from bot.agent.offline.wording.hardening import SETTINGS
from tools.queries.result import (
    ControlRead,
    Explained,
    Found,
    Scanned,
    Workloads,
)
from tools.queries.wording import names
from tools.types import Severity, Verdict

_SUBJECT = re.compile(
    r"^\W*(?:and )?(?:is|does|can|has|are|do|did|why is|what about)\s+(?:the\s+)?(?:deployment |pod |workload )?([A-Za-z0-9][\w.-]*)",
    re.I,
)


def look(talk: Talk, question: Ask) -> Plan:
    """Answer what fails one control, or all of them, in a scope."""
    about = about_of(talk, question) if question.benchmark == "cis-1.12" else ()
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    if target.lost and (known := (yield from objects.by_name(target, question.benchmark))):
        return (yield from _verdict_on_known(question, target, known, about))
    named = _SUBJECT.match(question.text)
    if named and named[1].lower() in target.unknown and not target.rows:
        if len(question.text.split()) > 6 and GUIDANCE.search(question.text):
            return (yield from guidance(talk, question, target.nothing))
        known = f" Namespaces: {names(target.known, 12)}." if target.known else ""
        return f"I found nothing named `{named[1].lower()}` in what I may see.{known}"
    if not about and question.benchmark == "cis-1.12" and not target.rows and not target.namespaces:
        about = yield from _about_by_search(talk, question)
        if about is None:
            return (yield from guidance(talk, question))
    if target.lost and not about and question.benchmark == "cis-1.12":
        return (yield from guidance(talk, question, target.nothing))
    if target.rows:
        return (yield from _verdict_on(talk, question, target, about))
    return (yield from verdict_on_scope(question, target, about))


def count(talk: Talk, question: Ask) -> Plan:
    """Answer with a number made by code, and where most of it is."""
    about = about_of(talk, question)
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    if not about and not FAILS.search(question.text):
        return (yield from _count_workloads(question, target))
    namespaces = list(target.namespaces)
    only = (
        "pods"
        if not about and re.search(r"\bpods?\b|workload|deployment", question.text, re.I)
        else ""
    )
    got = yield from ask(
        "scan_scope",
        cluster=target.cluster,
        namespaces=namespaces,
        controls=list(about),
        benchmark=question.benchmark,
        only=only,
    )
    if not isinstance(got.data, Scanned):
        return got.failed
    return words.join(
        _number(got.data, question, about, only),
        "" if question.terse else words.looked_at(got.data.scan),
        words.not_looked_at(got.data.scan.gaps),
        target.note,
    )


def _number(data: Scanned, question: Ask, about: Sequence[str], only: str) -> str:
    """Say how many fail what, and where most of them are."""
    tally, where = data.tally, words.scope_of(data.scan)
    severity = next(
        (s for s in Severity if re.search(rf"\b{s.value}\b", question.text, re.I)), None
    )
    if severity and not about:
        number = tally.by_severity.get(severity.value, 0)
        return f"**{number}** {severity.value} findings in {where}."
    what, judged = noun(data), _judged(data, about)
    of = f" of {judged}" if judged > tally.objects_failing else ""
    what = what.removesuffix("s") if tally.objects_failing == 1 and not of else what
    any_check = "at least one pod check" if only else "at least one check"
    rule = f"CIS {', '.join(about)}" if about else any_check
    pods = f" They have {tally.pods_failing} pods." if tally.pods_failing else ""
    if not pods and only and re.search(r"\bpods?\b", question.text, re.I):
        pods = " Each stands for the pods made from its template; no pods were seen here."
    top = tally.by_namespace[: question.top or 3]
    most = ", ".join(f"{name or '(cluster-scoped)'} ({number})" for name, number in top)
    lead = "Most"
    if what.startswith("namespace"):
        lead = "They are"
        most = names((name for name, _ in tally.by_namespace), question.top or 12)
    fails = "fails" if tally.objects_failing == 1 else "fail"
    return words.join(
        f"**{tally.objects_failing}**{of} {what} in {where} {fails} {rule}.{pods}",
        f"{lead}: {most}." if most and len(data.scan.namespaces) != 1 else "",
    )


def _judged(data: Scanned, about: Sequence[str]) -> int:
    """Count the objects that one control was judged on; 0 where several were asked for."""
    if len(about) != 1:
        return 0
    counts = words.verdict_of(data.scan, about[0])[1]
    return sum(number for kind, number in counts.items() if kind is not Verdict.NOT_APPLICABLE)


def _about_by_search(
    talk: Talk, question: Ask
) -> Generator[list[Call], list[Got], tuple[str, ...] | None]:
    """Let the guidance say which control a question without a known topic is about.

    None where the best hit is nothing that objects can answer; empty for a scan of everything.
    """
    if (
        FAILS.search(question.text)
        or OVERVIEW.search(question.text)
        or re.search(
            r"\b(?:scan|audit|secure|overview|posture|worst|top|most|safe|fine|ok|okay|compliant|hardened|sicher)\b",
            question.text,
            re.I,
        )
    ):
        return ()
    if re.match(r"\W*who\b", question.text, re.I):
        return None
    found = yield from ask("search_guidance", question=question.text[:500], limit=6)
    hits = found.data.controls if isinstance(found.data, Found) else ()
    if hits and hits[0].checks and hits[0].benchmark == "cis-1.12":
        return (hits[0].id,)
    return None


def _verdict_on(talk: Talk, question: Ask, target: Target, about: Sequence[str]) -> Plan:
    """Answer about named workloads."""
    rows = objects.together(target.rows, question.words)
    seen = yield from objects.explained(target, rows, about, question.benchmark)
    if not any(item.verdicts for item in seen) and about:
        spaces = tuple(dict.fromkeys(row.ref.namespace for row in rows))
        wider = Target(target.cluster, spaces, note=target.note)
        return (yield from verdict_on_scope(question, wider, about))
    return (yield from _verdict_on_known(question, target, seen, about))


def _verdict_on_known(
    question: Ask, target: Target, seen: Sequence[Explained], about: Sequence[str]
) -> Plan:
    """Word the outcome of objects that were looked at one by one."""
    bad = next((item for item in seen if words.by_verdict(item, Verdict.FAIL)), None)
    failing = words.by_verdict(bad, Verdict.FAIL) if bad else []
    worst = objects.worst(bad) if bad else []
    reads = (
        yield from read_controls(worst[:1] or list(about[:1]), question.benchmark)
        if failing or WHY.search(question.text)
        else _none()
    )
    more = max(0, len(target.rows) - objects.MAX_OBJECTS)
    length = 330 if WHY.search(question.text) else words.SHORT
    return words.join(
        *(_one_verdict(item, about) for item in seen),
        f"{more} more of that name were not looked at; name the namespace." if more else "",
        *(words.why(item, length) for item in reads),
        (bad and objects.fragment_text(bad)) or "\n\n".join(words.fix(item) for item in reads),
        *(words.source(item) for item in reads),
        words.not_looked_at(seen[0].scan.gaps) if seen else "",
        target.note,
    )


def _none() -> Generator[list[Call], list[Got], list[ControlRead]]:
    return []
    yield  # pyright: ignore[reportUnreachable]


def _one_verdict(item: Explained, about: Sequence[str]) -> str:
    """One object's outcome: a line, and what decided below it."""
    failing = words.by_verdict(item, Verdict.FAIL)
    benchmark = item.scan.benchmark
    where = f"{words.place(item.ref)} (cluster {item.ref.cluster})"
    if not about:
        by = "" if benchmark.startswith("cis") else f" of {benchmark}"
        if not failing:
            admitted = ", so it would be admitted" if by else ""
            return f"**{where} fails none of the {len(item.verdicts)} checks{by} that apply to it{admitted}.**"
        refused = ", so its pods would be refused where that level is enforced" if by else ""
        head = f"**{where} fails {objects.checks(failing)}{by}{refused}:**"
        return head + "\n" + words.reasons(failing, benchmark, words.MAX_ROWS)
    named = ", ".join(about)
    decided = words.settings(item.settings, [name for c in about for name in SETTINGS.get(c, ())])
    values = f" In effect: {decided}." if decided else ""
    if failing:
        reasons = " ".join(found.reason for found in failing[:4])
        passed = words.controls_of(words.by_verdict(item, Verdict.PASS))
        other = f" It passes CIS {passed}." if passed else ""
        return f"**{where} fails CIS {words.controls_of(failing)}:** {reasons}{values}{other}"
    unknown = words.by_verdict(item, Verdict.UNKNOWN)
    if unknown:
        return f"{where}: CIS {named} is unknown: {unknown[0].reason}"
    if item.verdicts and not words.by_verdict(item, Verdict.PASS):
        return f"{where}: CIS {named} does not apply to it. {item.verdicts[0].reason}{values}"
    if not item.verdicts:
        return f"{where}: CIS {named} is not judged on it."
    return f"**{where} passes CIS {named}.**{values}"


def _count_workloads(question: Ask, target: Target) -> Plan:
    if re.search(r"namespaces?\b|namensräume", question.text, re.I) and not target.namespaces:
        got = yield from ask("namespaces", cluster=target.cluster)
        rows = getattr(got.data, "rows", ())
        return (
            f"**{len(rows)}** namespaces in cluster {got.data.cluster}." if got.data else got.failed
        )
    got = yield from ask(
        "find_workloads", cluster=target.cluster, namespaces=list(target.namespaces)
    )
    if not isinstance(got.data, Workloads):
        return got.failed
    data = got.data
    kind = re.search(
        r"\b(deployment|statefulset|daemonset|cronjob|job|pod)s?\b", question.text, re.I
    )
    where = (
        f"namespace {names(data.namespaces)} of cluster {data.cluster}"
        if data.namespaces
        else f"cluster {data.cluster}"
    )
    counts = {name.lower(): number for name, number in data.counts.items()}
    running = sum(row.pods for row in data.rows)
    if kind and kind[1].lower() == "pod" and running and data.total == len(data.rows):
        return f"**{running}** pods of {words.counted(data.total, 'workload')} in {where}."
    if kind and kind[1].lower() != "pod":
        return f"**{words.counted(counts.get(kind[1].lower(), 0), kind[1])}** in {where}."
    listed = names(f"{number} {name}" for name, number in sorted(data.counts.items()))
    many = words.counted(data.total, "workload")
    return f"**{many}** in {where}" + (f" ({listed})." if listed else ".")
