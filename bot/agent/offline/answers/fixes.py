"""How something would be fixed, in words: for who asks how, not for it to be done.

Used by `bot.agent.offline.plans`.
"""

from collections.abc import Sequence

from bot.agent.offline.answers import objects
from bot.agent.offline.answers.guided import guidance
from bot.agent.offline.answers.standards import read_controls
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Plan, Talk
from bot.agent.offline.target import Target, about_of, resolve
from bot.agent.offline.wording import words
from tools.queries.result import ControlRead
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
        parts.append(objects.fragment_text(item) or "\n\n".join(words.fix(read) for read in reads))
    return words.join(*parts, *(words.source(read) for read in reads), target.note)


def _fix_text(item: ControlRead) -> str:
    title = f"**{words.number(item.control)}: {item.control.title}.**"
    return words.join(title, words.fix(item, whole=True), words.source(item))
