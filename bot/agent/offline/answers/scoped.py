"""Answers about namespaces or a whole cluster: what fails, how to fix the first of it, what was read.

Used by `bot.agent.offline.answers.judged`.
"""

import re
from collections.abc import Generator, Sequence

from bot.agent.offline.answers.objects import MAX_NOTES
from bot.agent.offline.answers.standards import read_controls
from bot.agent.offline.question.phrases import WORST
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Call, Got, Plan, ask
from bot.agent.offline.target import Target
from bot.agent.offline.wording import words
from tools.queries.result import ControlRead, Explained, Scanned, Workloads
from tools.queries.wording import names
from tools.types import Finding, Verdict

WHY = re.compile(r"\bwhy\b|matter|dangerous|risk|warum|wieso|gefährlich", re.I)
_KINDS = {
    "deployments?": ("Deployment",),
    "statefulsets?": ("StatefulSet",),
    "daemonsets?": ("DaemonSet",),
    r"cron\s?jobs?": ("CronJob",),
    r"(?<!cron)(?<!cron )jobs?": ("Job", "CronJob"),
    "bare pods?|naked pods?": ("Pod",),
    "workloads?|pods?|apps?|applications?|containers?": (
        *("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"),
        *("ReplicaSet", "ReplicationController"),
    ),
}
"""What is asked for, and the kinds of objects that it means; the first that a question names counts."""
_INIT = re.compile(r"\binit[\s-]?containers?\b", re.I)


def verdict_on_scope(question: Ask, target: Target, about: Sequence[str]) -> Plan:
    """Answer about namespaces or the whole cluster."""
    got = yield from ask(
        "scan_scope",
        cluster=target.cluster,
        namespaces=list(target.namespaces),
        controls=list(about),
        benchmark=question.benchmark,
    )
    if not isinstance(got.data, Scanned):
        return got.failed
    data = got.data
    if data.total > words.MAX_ROWS and not question.terse:
        yield from ask("list_findings", scan_id=data.scan.id, controls=list(about))
    worst = [control for control, _, _ in data.tally.by_control] or list(about)
    wanted = data.tally.objects_failing or WHY.search(question.text)
    reads = yield from read_controls(worst[:1] if wanted else [], data.scan.benchmark)
    passing = ""
    if question.negated and about:
        passing = yield from _passing(target, data)
    kept, of_these = asked_for(words.failing(data), question.text)
    guidance = ""
    if reads and not question.terse:
        guidance = yield from _guidance(reads[0], kept, question)
    return words.join(
        _head(data, about),
        of_these,
        _body(data, kept, about, question),
        passing,
        guidance,
        words.looked_at(data.scan),
        words.not_looked_at(data.scan.gaps),
        target.note,
    )


def asked_for(failing: list[Finding], text: str) -> tuple[list[Finding], str]:
    """Keep what a question asks for by kind (`which cronjobs`), and say so where others fail too."""
    if _INIT.search(text):
        kept = [
            item
            for item in failing
            if any("initContainers" in evidence.path for evidence in item.evidence)
        ]
        return (kept, f"Of these, by an init container: {len(kept)}.") if failing else (failing, "")
    for word, kinds in _KINDS.items():
        if re.search(rf"\b(?:{word})\b", text, re.I):
            kept = [item for item in failing if item.ref.kind in kinds]
            if len(kept) == len(failing) or (len(kinds) > 2 and not kept):
                return failing, ""
            what = "workload" if len(kinds) > 2 else " or ".join(kinds)
            count = len({item.ref for item in kept})
            return kept, f"Of these, {what}{'s' * (count != 1)}: {count or 'none'}."
    return failing, ""


def _adapted(
    read: ControlRead, failing: Sequence[Finding]
) -> Generator[list[Call], list[Got], str]:
    """Show the fix for the first object that fails a control, else the guidance's own words on it."""
    mine = [item for item in failing if read.control.id in item.controls]
    if not mine:
        return words.fix(read)
    first = mine[0].ref
    got = yield from ask(
        "explain_finding",
        name=first.name,
        kind=first.kind,
        namespace=first.namespace,
        cluster=first.cluster,
        controls=[read.control.id],
        benchmark=read.control.benchmark,
        fix=True,
    )
    fix = got.data.fix if isinstance(got.data, Explained) else None
    notes = "\n".join(f"- {note}" for note in fix.notes[:MAX_NOTES]) if fix else ""
    if fix and fix.fragment:
        shown = f"Fix for {words.place(first)} (test it first; null takes a field out):"
        return words.join(f"{shown}\n```yaml\n{fix.fragment}\n```", notes)
    return words.join(words.fix_words(read) or words.fix(read), notes)


def _guidance(
    read: ControlRead, failing: Sequence[Finding], question: Ask
) -> Generator[list[Call], list[Got], str]:
    short = not WHY.search(question.text)
    fix = yield from _adapted(read, failing)
    return words.join(
        words.why(read, words.SHORT if short else 330),
        fix,
        words.source(read),
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
        if (
            verdict is Verdict.FAIL
            and judged == 1
            and data.scan.namespaces
            and noun(data) == "namespaces"
        ):
            return f"**{where[0].upper()}{where[1:]} fails {rule}:**"
        if verdict is Verdict.FAIL:
            return f"**{counts[Verdict.FAIL]} of {judged} {noun(data)} in {where} fail{'s' * (counts[Verdict.FAIL] == 1)} {rule}:**"
        if verdict is Verdict.PASS and judged == 1:
            return f"**{where[0].upper()}{where[1:]} passes {rule}.**"
        if verdict is Verdict.PASS:
            return f"**None of the {judged} {noun(data, about[0])} in {where} fails {rule}.**"
        why = reason or next((item.reason for item in data.rows), "")
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


def _body(data: Scanned, kept: list[Finding], about: Sequence[str], question: Ask) -> str:
    """Name what fails; by control where there is much of it."""
    several = len(about) != 1
    total = sum(number for _, _, number in data.tally.by_control)
    dropped = len(words.failing(data)) - len(kept)
    if not several or total <= words.MAX_ROWS or (WORST.search(question.text) and kept):
        limit = words.MAX_ROWS if not WORST.search(question.text) else question.top or 5
        lines = [
            words.row(item) + (words.tag(item, data.scan.benchmark) if several else "")
            for item in kept[:limit]
        ]
        left = total - dropped - len(lines)
        return "\n".join([*lines, *([f"- and {left} more"] if left > 0 else [])])
    lines = [
        f"- {words.number(control, data.scan.benchmark)} {title}: {number} fail{'s' * (number == 1)}"
        for control, title, number in data.tally.by_control[: words.MAX_ROWS]
    ]
    if len(data.tally.by_control) > len(lines):
        lines.append(f"- and {len(data.tally.by_control) - len(lines)} more controls")
    first = {item.ref: item for item in reversed(kept)}
    worst = [item for item in kept if first[item.ref] is item][:5]
    rows = [words.row(item) + words.tag(item, data.scan.benchmark) for item in worst]
    most = names(
        (f"{name or '(cluster-scoped)'} ({number})" for name, number in data.tally.by_namespace), 5
    )
    return words.join(
        "\n".join(lines),
        "Worst first:\n" + "\n".join(rows) if rows else "",
        f"By namespace: {most}." if len(data.tally.by_namespace) > 1 else "",
    )


def _passing(target: Target, data: Scanned) -> Generator[list[Call], list[Got], str]:
    """Name the workloads that do not fail, where the question may mean those."""
    got = yield from ask(
        "find_workloads", cluster=target.cluster, namespaces=list(target.namespaces)
    )
    if not isinstance(got.data, Workloads):
        return ""
    bad = {(item.ref.kind, item.ref.namespace, item.ref.name) for item in data.rows}
    good = [
        words.place(row.ref)
        for row in got.data.rows
        if (row.ref.kind, row.ref.namespace, row.ref.name) not in bad
    ]
    return f"Not failing: {names(good, 10)}." if good else ""


def noun(data: Scanned, control: str = "") -> str:
    """Say what a control judges: workloads, roles, namespaces..."""
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
