"""Changes that were asked for: where each stands, and which card a word that would decide is meant for.

Nothing is decided from words. Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Sequence
from typing import Any

from bot.agent.offline.question.decisions import Spoken, Word, read_spoken
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Got, Plan, Talk, ask
from bot.agent.offline.wording import words
from tools.queries.list_proposals import moment
from tools.queries.result import ProposalRow, Proposals
from tools.queries.wording import names, one_line

MOST = 5
"""Changes that one answer tells of."""
_HEADS = {
    Word.APPROVE: "Nothing is approved by words here: that takes Approve on the change's own card, pressed by "
    "somebody whom the policy names.",
    Word.REJECT: "Nothing is rejected by words here: that takes Reject on the change's own card, pressed by "
    "somebody whom the policy names.",
    Word.WITHDRAW: "Nothing is withdrawn by words here: whoever asked for a change presses Withdraw on its card.",
    Word.UNDO: "Nothing is undone by words here: that takes Undo on the change's own card, which makes a proposal "
    "of its own.",
}
_NOTHING = "No change that was asked for and that may be seen here fits that."


def tell(talk: Talk, question: Ask) -> Plan:
    """Say where the changes stand that are meant, from what is stored; of a word, where it counts."""
    spoken = read_spoken(question.text)
    head = _HEADS[spoken.word] if spoken.word else ""
    got = yield from _looked_up(question, spoken)
    if not isinstance(got.data, Proposals):
        return words.join(head, got.failed)
    named = [row for row in got.data.rows if _named(row, question.words)]
    none = any(_as_name(word, question.text) for word in question.words)
    rows = _meant(named or ([] if none else list(got.data.rows)), spoken)
    if not rows:
        others = names((row.title for row in got.data.rows), MOST)
        there = f"There are: {others}." if others else ""
        return words.join(head, f"{_NOTHING} {there}".strip())
    lines = [_line(row, spoken.word) for row in rows[:MOST]]
    rest = got.data.total - len(got.data.rows) + len(rows) - len(lines)
    if rest > 0:
        lines.append(f"- and {rest} more: `oakum approvals list`")
    return words.join(head, "\n".join(lines))


def _looked_up(question: Ask, spoken: Spoken) -> Any:
    """List what may be meant: of this thread first, where nothing is named and something is said of it."""
    facts: dict[str, Any] = {"mine": spoken.mine and spoken.word in (None, Word.WITHDRAW)}
    if spoken.word is None and spoken.waiting:
        facts["standing"] = "waiting"
    got = Got(None, "")
    if not any(_as_name(word, question.text) for word in question.words) and (
        spoken.word or question.follows or spoken.mine
    ):
        got = yield from ask("list_proposals", here=True, **facts)
    if not isinstance(got.data, Proposals) or not got.data.rows:
        got = yield from ask("list_proposals", **facts)
    return got


def _named(row: ProposalRow, wanted: Sequence[str]) -> bool:
    """Tell whether its object is named; that its namespace is too leaves no other."""
    ref = row.ref
    own = {ref.name.lower(), f"{ref.namespace}/{ref.name}".lower(), row.id}
    places = [word for word in wanted if word == ref.namespace.lower()]
    others = [word for word in wanted if word not in places]
    return bool(own & set(wanted)) or bool(places and not others)


def _as_name(word: str, text: str) -> bool:
    """Tell whether a word stands where the name of an object would."""
    stands = rf"\b(?:of|for|on|about|von|vom|bei|für|an|in)\s+(?:\w+\s+)?[`'\"]?{re.escape(word)}(?![\w-])"
    return bool(re.search(r"[-/\d]", word) or re.search(stands, text, re.I))


def _meant(rows: list[ProposalRow], spoken: Spoken) -> list[ProposalRow]:
    """Keep those that a word can be about, where there are any: open ones, or those that can be undone."""
    if spoken.word is None:
        return rows
    able = [row for row in rows if _button(row, spoken.word)]
    return able or rows


def _button(row: ProposalRow, word: Word) -> bool:
    match word:
        case Word.APPROVE | Word.REJECT:
            return row.state == "pending"
        case Word.WITHDRAW:
            return row.state in ("asked", "draft", "pending", "approved")
        case Word.UNDO:
            return row.undoable


def _line(row: ProposalRow, word: Word | None) -> str:
    """Tell of one change all that is known of its way."""
    approved = names(row.approved) or "nobody"
    facts = [
        f"asked for by {row.requester} at {moment(row.asked_at)}",
        f"approved by {approved}" if row.approved or row.state != "asked" else "",
        f"rejected by {names(row.rejected)}" if row.rejected else "",
        f"{names(row.approvers, 6)} may approve it"
        if row.state == "pending" and row.approvers
        else "",
        f"until {moment(row.until)}" if row.open and row.until else "",
        f"ended at {moment(row.changed_at)}" if not row.open else "",
        f"why: {one_line(row.why, 200).rstrip('.')}" if row.why else "",
    ]
    told = "; ".join(fact for fact in facts if fact)
    press = f" {_press(row, word)}" if word else f" See {row.card}."
    return f"- {row.title} (cluster {row.ref.cluster}): {row.status}. {told[:1].upper()}{told[1:]}.{press}"


def _press(row: ProposalRow, word: Word) -> str:
    """Say which button is the one, or that there is none now."""
    if _button(row, word):
        return f"{word.value}: {row.card}."
    if word is Word.UNDO and row.open:
        return f"Nothing of it was carried out; it can be withdrawn: {row.card}."
    return f"It cannot be {_PAST[word]} as it stands: {row.card}."


_PAST = {
    Word.APPROVE: "approved",
    Word.REJECT: "rejected",
    Word.WITHDRAW: "withdrawn",
    Word.UNDO: "undone",
}
