"""Why an object is flagged, and how two objects differ.

Used by `bot.agent.offline.plans`.
"""

from bot.agent.offline.answers import objects
from bot.agent.offline.answers.guided import guidance
from bot.agent.offline.answers.judged import look
from bot.agent.offline.answers.standards import read_controls
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Plan, Talk
from bot.agent.offline.target import Target, resolve
from bot.agent.offline.wording import words
from tools.queries.result import Explained
from tools.queries.wording import names
from tools.types import Verdict


def explain(talk: Talk, question: Ask) -> Plan:
    """Say why something is flagged, or how two objects differ."""
    exact, found = yield from objects.written(talk, question)
    if found:
        return (yield from _explain_one(found[0], exact))
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    if target.lost and (known := (yield from objects.by_name(target, question.benchmark))):
        return (yield from _explain_one(known[0], target))
    if not target.rows and target.lost:
        return (yield from guidance(talk, question))
    if not target.rows:
        return (yield from look(talk, question))
    rows = objects.together(target.rows, question.words)
    seen = yield from objects.explained(target, rows, question.controls)
    if not seen:
        return f"I could not look at {names(words.place(row.ref) for row in rows)}."
    if len(seen) == 1:
        return (yield from _explain_one(seen[0], target))
    first, *others = sorted(seen, key=lambda item: -len(words.by_verdict(item, Verdict.FAIL)))
    parts = [_compare(first, other) for other in others]
    reads = yield from read_controls(objects.worst(first)[:1])
    return words.join(
        *parts,
        *(words.why(item) for item in reads),
        *(words.source(item) for item in reads),
        words.not_looked_at(first.scan.gaps),
        target.note,
    )


def _explain_one(item: Explained, target: Target) -> Plan:
    """Everything that one object fails, worst first, and how to fix it."""
    failing = words.by_verdict(item, Verdict.FAIL)
    where = f"{words.place(item.ref)} (cluster {item.ref.cluster})"
    if not failing:
        yield from ()
        passed = len(words.by_verdict(item, Verdict.PASS))
        unknown = words.by_verdict(item, Verdict.UNKNOWN)
        return words.join(
            f"{where} fails nothing, but {objects.checks(unknown)} of it could not be decided; {passed} pass:"
            if unknown
            else f"{where} is not flagged: it passes all {passed} checks that apply to it.",
            "\n".join(f"- {', '.join(one.controls)}: {one.reason}" for one in unknown),
            words.not_looked_at(item.scan.gaps),
        )
    reads = yield from read_controls(objects.worst(item)[:1])
    made = objects.fragment_text(item)
    return words.join(
        f"**{where} fails {objects.checks(failing)}:**",
        words.reasons(failing, item.scan.benchmark, 12),
        *(words.why(read) for read in reads),
        *([made] if made else [words.fix(read) for read in reads]),
        *(words.source(read) for read in reads),
        words.not_looked_at(item.scan.gaps),
        target.note,
    )


def _compare(first: Explained, other: Explained) -> str:
    """How one object that fails more differs from another."""
    bad = {c: f for f in words.by_verdict(first, Verdict.FAIL) for c in f.controls}
    also = {c: f for f in words.by_verdict(other, Verdict.FAIL) for c in f.controls}
    only = [control for control in bad if control not in also]
    both = [control for control in bad if control in also]
    theirs = [control for control in also if control not in bad]
    a, b = words.place(first.ref), words.place(other.ref)
    if first.ref.cluster != other.ref.cluster:
        a, b = f"{a} of cluster {first.ref.cluster}", f"{b} of cluster {other.ref.cluster}"
    alone = [found for control, found in bad.items() if control in only]
    has = {(item.name, item.value) for item in first.settings}
    kept = [
        f"`{item.name}: {item.value}`"
        for item in other.settings
        if item.value not in ("(not set)",) and (item.name, item.value) not in has
    ]
    return words.join(
        f"**{a} fails {objects.checks(bad)}, {b} fails {len(also)}; {len(only)} of them only the first:**"
        if only
        else f"**{a} and {b} fail the same checks.**",
        words.reasons(alone, first.scan.benchmark, 9),
        f"{b} sets what {a} does not: {', '.join(dict.fromkeys(kept))}." if kept else "",
        f"Both fail CIS {', '.join(both)}." if both else "",
        f"Only {b} fails CIS {', '.join(theirs)}." if theirs else "",
    )
