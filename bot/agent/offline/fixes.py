"""How something would be fixed, in words: this version changes nothing, and says so.

Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Sequence

from bot.agent.offline import objects, words
from bot.agent.offline.guided import SELF, guidance
from bot.agent.offline.reading import Ask
from bot.agent.offline.standards import read_controls
from bot.agent.offline.talk import Plan, Talk
from bot.agent.offline.target import Target, about_of, resolve
from tools.queries.result import ControlRead
from tools.queries.wording import names
from tools.types import Verdict


def show_fix(talk: Talk, question: Ask) -> Plan:
    """Show how it would be fixed: words and a fragment; nothing is applied."""
    about = about_of(talk, question)
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    if target.rows:
        return (yield from _fix_rows(target, question, about))
    reads = yield from read_controls(about[:3])
    if not reads:
        return (yield from guidance(talk, question))
    return words.join(*(_fix_text(item) for item in reads), target.note)


def refuse_change(talk: Talk, question: Ask) -> Plan:
    """Say that nothing can be changed here, and show what a person would change."""
    head = (
        "I cannot change anything: changes are not available in this version, so nothing was done."
    )
    target = yield from resolve(talk, question)
    about = about_of(talk, question)
    if target.failed or target.lost:
        return words.join(head, target.failed or target.note or _not_found(target))
    scaled = re.search(r"\b(?:scale|skaliere|replicas?)\b.*?\b(\d{1,5})\b", question.text, re.I)
    if scaled and target.rows:
        ref = target.rows[0].ref
        return words.join(
            head,
            f"To run {words.place(ref)} in cluster {ref.cluster} with {scaled[1]} replicas, a person would set:\n"
            f"```yaml\nspec:\n  replicas: {scaled[1]}\n```",
        )
    wants_fix = re.search(
        r"fix|harden|patch|secure|behebe|repariere|set|enforce|disable|enable|add|remove|make",
        question.text,
        re.I,
    )
    if target.rows and wants_fix:
        fixed = yield from _fix_rows(target, question, about)
        return words.join(head, f"What a person would change:\n\n{fixed}")
    reads = yield from read_controls(about[:2])
    named = names(words.place(row.ref) for row in target.rows)
    return words.join(
        head, f"You asked about {named}." if named else "", *(_fix_text(item) for item in reads)
    )


def _fix_rows(target: Target, question: Ask, about: Sequence[str]) -> Plan:
    """How one or more workloads would be fixed."""
    rows = objects.together(target.rows, question.words)[:2]
    seen = yield from objects.explained(target, rows, about)
    reads = yield from read_controls(
        list(about[:2]) or (objects.worst(seen[0])[:1] if seen else [])
    )
    parts: list[str] = []
    for item in seen:
        failing = words.by_verdict(item, Verdict.FAIL)
        where = f"{words.place(item.ref)} (cluster {item.ref.cluster})"
        if not failing:
            parts.append(
                f"{where} fails nothing{' of CIS ' + ', '.join(about) if about else ''}, so there is nothing to fix."
            )
            continue
        parts.append(
            f"{where} fails CIS {words.controls_of(failing)}: {' '.join(found.reason for found in failing[:3])}"
        )
        parts.append(
            objects.fragment_text(item, failing) or "\n\n".join(words.fix(read) for read in reads)
        )
    return words.join(*parts, *(words.source(read) for read in reads), target.note)


def _fix_text(item: ControlRead) -> str:
    title = f"**{words.number(item.control)}: {item.control.title}.**"
    return words.join(title, words.fix(item, whole=True), words.source(item))


def _not_found(target: Target) -> str:
    return (
        f"I also found nothing named {names((f'`{item}`' for item in target.unknown), 3)}."
        if target.unknown
        else SELF
    )
