"""Answers from verdicts: what fails in a scope or on named objects, and how many.

Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Generator, Sequence

from bot.agent.offline import objects, words
from bot.agent.offline.guided import guidance, read_controls
from bot.agent.offline.hardening import SETTINGS
from bot.agent.offline.reading import Ask
from bot.agent.offline.talk import Call, Got, Plan, Talk, ask
from bot.agent.offline.target import Target, about_of, resolve
from tools.queries.result import (
    ControlRead,
    Explained,
    Found,
    Scanned,
    Workloads,
)
from tools.queries.wording import names
from tools.types import Verdict

_FAILS = re.compile(
    r"fail|violat|break|non-?compliant|insecure|problem|issue|finding|pass|check", re.I
)
_SUBJECT = re.compile(
    r"^\W*(?:and )?(?:is|does|can|has|are|do|did|why is|what about)\s+(?:the\s+)?(?:deployment |pod |workload )?([A-Za-z0-9][\w.-]*)",
    re.I,
)
_WHY = re.compile(r"\bwhy\b|matter|dangerous|risk|warum|wieso|gefährlich", re.I)


def look(talk: Talk, question: Ask) -> Plan:
    """Answer what fails one control, or all of them, in a scope."""
    about = about_of(talk, question) if question.benchmark == "cis-1.12" else ()
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    named = _SUBJECT.match(question.text)
    if named and named[1].lower() in target.unknown and not target.rows:
        known = f" Namespaces: {names(target.known, 12)}." if target.known else ""
        return f"I found nothing named `{named[1].lower()}` in what I may see.{known}"
    if not about and question.benchmark == "cis-1.12" and not target.rows and not target.namespaces:
        about = yield from _about_by_search(talk, question)
        if about is None:
            return (yield from guidance(talk, question))
    if target.lost and not about and question.benchmark == "cis-1.12":
        return (yield from guidance(talk, question))
    if target.rows:
        return (yield from _verdict_on(talk, question, target, about))
    return (yield from _verdict_on_scope(question, target, about))


def count(talk: Talk, question: Ask) -> Plan:
    """Answer with a number made by code, and where most of it is."""
    about = about_of(talk, question)
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    if not about and not _FAILS.search(question.text):
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
        benchmark=_benchmark(question),
        only=only,
    )
    if not isinstance(got.data, Scanned):
        return got.failed
    data = got.data
    tally = data.tally
    what = _noun(data)
    what = what.removesuffix("s") if tally.objects_failing == 1 else what
    rule = (
        f"CIS {', '.join(about)}"
        if about
        else ("at least one pod check" if only else "at least one check")
    )
    pods = f" They have {tally.pods_failing} running pods." if tally.pods_failing else ""
    if not pods and only and re.search(r"\bpods?\b", question.text, re.I):
        pods = " Each stands for the pods made from its template; no running pods were seen here."
    top = tally.by_namespace[: question.top or 3]
    most = ", ".join(f"{name or '(cluster-scoped)'} ({number})" for name, number in top)
    if what.startswith("namespace"):
        most = names((name for name, _ in tally.by_namespace), question.top or 12)
    return words.join(
        f"**{tally.objects_failing}** {what} in {words.scope_of(data.scan)} fail{'s' * (tally.objects_failing == 1)} {rule}.{pods}",
        f"{'They are' if what.startswith('namespace') else 'Most'}: {most}."
        if most and (not namespaces or len(namespaces) > 1)
        else "",
        "" if question.terse else words.looked_at(data.scan),
        words.not_looked_at(data.scan.gaps),
        target.note,
    )


def _about_by_search(
    talk: Talk, question: Ask
) -> Generator[list[Call], list[Got], tuple[str, ...] | None]:
    """Let the guidance say which control a question without a known topic is about.

    None where the best hit is nothing that objects can answer; empty for a scan of everything.
    """
    if _FAILS.search(question.text) or re.search(
        r"\b(?:scan|audit|secure|overview|posture|worst|top|most|safe|fine|ok|okay|compliant|hardened|sicher)\b",
        question.text,
        re.I,
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
    seen = yield from objects.explained(target, rows, about)
    lines = [_one_verdict(item, about) for item in seen]
    if not any(item.verdicts for item in seen) and about:
        spaces = tuple(dict.fromkeys(row.ref.namespace for row in rows))
        wider = Target(target.cluster, spaces, note=target.note)
        return (yield from _verdict_on_scope(question, wider, about))
    failing = [found for item in seen for found in words.by_verdict(item, Verdict.FAIL)]
    worst = objects.worst(seen[0]) if seen else []
    reads = (
        yield from read_controls(list(about[:1]) or worst[:1])
        if failing or _WHY.search(question.text)
        else _none()
    )
    more = len(target.rows) - len(rows)
    return words.join(
        "\n".join(lines),
        f"{more} more of that name were not looked at; name the namespace." if more > 0 else "",
        *(
            part
            for item in reads
            for part in (words.why(item), words.fix(item), words.source(item))
        ),
        words.not_looked_at(seen[0].scan.gaps) if seen else "",
        target.note,
    )


def _none() -> Generator[list[Call], list[Got], list[ControlRead]]:
    return []
    yield  # pyright: ignore[reportUnreachable]


def _one_verdict(item: Explained, about: Sequence[str]) -> str:
    """One object's outcome in one line."""
    failing = words.by_verdict(item, Verdict.FAIL)
    where = f"{words.place(item.ref)} (cluster {item.ref.cluster})"
    if not about:
        if not failing:
            return f"- {where} fails none of the {len(item.verdicts)} checks that apply to it."
        return (
            f"- {where} fails {objects.checks(failing)}: CIS {words.controls_of(failing)}.\n"
            + words.rows(failing, len(failing))
        )
    named = ", ".join(about)
    decided = words.settings(item.settings, [name for c in about for name in SETTINGS.get(c, ())])
    values = f" In effect: {decided}." if decided else ""
    if failing:
        reasons = " ".join(found.reason for found in failing[:4])
        return f"{where} fails CIS {words.controls_of(failing)}: {reasons}{values}"
    unknown = words.by_verdict(item, Verdict.UNKNOWN)
    if unknown:
        return f"{where}: CIS {named} is unknown: {unknown[0].reason}"
    if item.verdicts and not words.by_verdict(item, Verdict.PASS):
        return f"{where}: CIS {named} does not apply to it. {item.verdicts[0].reason}{values}"
    if not item.verdicts:
        return f"{where}: CIS {named} is not judged on it."
    return f"{where} passes CIS {named}.{values}"


def _verdict_on_scope(question: Ask, target: Target, about: Sequence[str]) -> Plan:
    """Answer about namespaces or the whole cluster."""
    got = yield from ask(
        "scan_scope",
        cluster=target.cluster,
        namespaces=list(target.namespaces),
        controls=list(about),
        benchmark=_benchmark(question),
    )
    if not isinstance(got.data, Scanned):
        return got.failed
    data = got.data
    if data.total > words.MAX_ROWS and not question.terse:
        yield from ask("list_findings", scan_id=data.scan.id, controls=list(about))
    worst = [control for control, _, _ in data.tally.by_control] or list(about)
    wanted = data.tally.objects_failing or _WHY.search(question.text)
    reads = yield from read_controls(worst[:1] if wanted else [], data.scan.benchmark)
    passing = ""
    if question.negated and about:
        passing = yield from _passing(target, data)
    return words.join(
        _head(data, about),
        _body(data, about),
        passing,
        *(
            part
            for item in reads
            for part in (words.why(item), words.fix(item), words.source(item))
            if not question.terse
        ),
        words.looked_at(data.scan),
        words.not_looked_at(data.scan.gaps),
        target.note,
    )


def _head(data: Scanned, about: Sequence[str]) -> str:
    """Say in the first sentence how many of how many fail what, where."""
    where = words.scope_of(data.scan)
    failing = data.tally.objects_failing
    if len(about) == 1 and not words.is_section(about[0]):
        verdict, counts, reason = words.verdict_of(data.scan, about[0])
        title = next((item.title for item in data.scan.controls if item.id == about[0]), "")
        rule = f"{words.number(about[0], data.scan.benchmark)} ({title})"
        judged = sum(
            number for kind, number in counts.items() if kind is not Verdict.NOT_APPLICABLE
        )
        if verdict is Verdict.FAIL:
            return f"**{counts[Verdict.FAIL]} of {judged} {_noun(data)} in {where} fail{'s' * (counts[Verdict.FAIL] == 1)} {rule}:**"
        if verdict is Verdict.PASS and judged == 1:
            return f"**{where[0].upper()}{where[1:]} passes {rule}.**"
        if verdict is Verdict.PASS:
            return f"**None of the {judged} {_noun(data, about[0])} in {where} fails {rule}.**"
        why = reason or next((item.reason for item in data.page), "")
        said = "does not apply to anything" if verdict is Verdict.NOT_APPLICABLE else "is unknown"
        return f"**{rule} {said} in {where}.** {why}".strip()
    rule = (
        "at least one of CIS " + ", ".join(about)
        if about
        else f"at least one check of {data.scan.benchmark}"
    )
    if not failing:
        return f"**Nothing in {where} fails {rule}.**"
    severities = ", ".join(f"{number} {name}" for name, number in data.tally.by_severity.items())
    return f"**{failing} objects in {where} fail {rule}** ({severities})."


def _body(data: Scanned, about: Sequence[str]) -> str:
    """Name what fails; by control where there is more than one."""
    failing = words.failing(data)
    if len(about) == 1 or (len(about) <= 6 and about and len(failing) <= words.MAX_ROWS):
        numbered = [
            f"{words.row(item)} [CIS {', '.join(item.controls)}]"
            if len(about) > 1
            else words.row(item)
            for item in failing[: words.MAX_ROWS]
        ]
        total = sum(number for _, _, number in data.tally.by_control)
        if total > len(numbered):
            numbered.append(f"- and {total - len(numbered)} more")
        return "\n".join(numbered)
    lines = [
        f"- {words.number(control, data.scan.benchmark)} {title}: {number} fail"
        for control, title, number in data.tally.by_control[: words.MAX_ROWS]
    ]
    if len(data.tally.by_control) > len(lines):
        lines.append(f"- and {len(data.tally.by_control) - len(lines)} more controls")
    worst = names(dict.fromkeys(words.place(item.ref) for item in failing), 6)
    most = names(
        (f"{name or '(cluster-scoped)'} ({number})" for name, number in data.tally.by_namespace), 5
    )
    tail = f"\nWorst first: {worst}." if worst else ""
    return (
        "\n".join(lines)
        + tail
        + (f"\nBy namespace: {most}." if len(data.tally.by_namespace) > 1 else "")
    )


def _passing(target: Target, data: Scanned) -> Generator[list[Call], list[Got], str]:
    """Name the workloads that do not fail, where the question may mean those."""
    got = yield from ask(
        "find_workloads", cluster=target.cluster, namespaces=list(target.namespaces)
    )
    if not isinstance(got.data, Workloads) or data.total > len(data.page):
        return ""
    bad = {(item.ref.kind, item.ref.namespace, item.ref.name) for item in data.page}
    good = [
        words.place(row.ref)
        for row in got.data.rows
        if (row.ref.kind, row.ref.namespace, row.ref.name) not in bad
    ]
    return f"Not failing: {names(good, 10)}." if good else ""


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
        return f"**{running}** running pods of {data.total} workloads in {where}."
    if kind and kind[1].lower() != "pod":
        return f"**{counts.get(kind[1].lower(), 0)}** {kind[1]}s in {where}."
    listed = names(f"{number} {name}" for name, number in sorted(data.counts.items()))
    return f"**{data.total}** workloads in {where}" + (f" ({listed})." if listed else ".")


def _noun(data: Scanned, control: str = "") -> str:
    if control in ("5.2.1", "5.3.2"):
        return "namespaces"
    if control.startswith("5.1.") and control not in ("5.1.5", "5.1.6"):
        return "bindings" if control in ("5.1.1", "5.1.7") else "roles"
    if control.startswith(("5.2.", "5.1.6", "5.4.1", "5.6.2", "5.6.3")):
        return "workloads"
    kinds = {item.ref.kind for item in words.failing(data)}
    if kinds and kinds <= {"Namespace"}:
        return "namespaces"
    if kinds and kinds <= {"Role", "ClusterRole"}:
        return "roles"
    if kinds and kinds <= {"RoleBinding", "ClusterRoleBinding"}:
        return "bindings"
    if kinds and kinds <= {"ServiceAccount"}:
        return "service accounts"
    pods = {
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
        "CronJob",
        "Pod",
    }
    return "workloads" if kinds and kinds <= pods else "objects"


def _benchmark(question: Ask) -> str:
    return question.benchmark
