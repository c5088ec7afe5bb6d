"""Takes a message apart that wants more than one thing: changes side by side, a question and a change. Pure.

What stands in quotes is never an order, and what a question governs (`who can create pods and delete them`)
is part of it. Used by `bot.agent.offline.plans`.
"""

import re
from dataclasses import dataclass

from bot.agent.offline.question.decisions import read_spoken
from bot.agent.offline.question.orders import BEGINS
from bot.agent.offline.question.phrases import PRONOUN, Wish
from bot.agent.offline.question.reading import read
from bot.agent.offline.question.wishes import Sort, read_change

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)|^>.*$|\([^)]*\)", re.M)
_BETWEEN = re.compile(
    r"(?P<stop>\s*[,;]\s*|\.\s+)?(?P<word>(?<!\S)(?:(?:and|then|also|plus|und|dann|sowie|außerdem),?\s+)+)?"
    r"(?P<please>(?:please|bitte)\s+)?",
    re.I,
)
_ORDER = re.compile(BEGINS, re.I)
_LOOKS = re.compile(
    r"^\W*(?:please |bitte )?(?:which|who(?! can| may)|list|show|check|find|scan|how many|are there|is there|is any\w*|"
    r"what (?:images?|pods?|workloads?|is|are|runs?)|welche|zeig\w*|prüfe?|gibt es)\b",
    re.I,
)
_ASKS = re.compile(
    r"^\W*(?:which|who|what|show|list|how many|tell me|why|welche|wer|zeig\w*|warum)\b", re.I
)


MOST_CUTS = 12
"""Places looked at where another wish could begin; what comes after them stays with the last."""


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    end: int
    """Of what stands between two wishes."""
    stop: str
    """A comma, semicolon or full stop; empty for none."""
    word: bool
    """True where a word joins them, `and`."""


def clauses(text: str) -> list[str]:
    """Give what is wanted, each in a text of its own; one text where it is one thing."""
    parts = [text]
    for cut in reversed(_cuts(text)[:MOST_CUTS]):
        left, right = parts[0][: cut.start].rstrip(), parts[0][cut.end :]
        if _apart(left, right, cut):
            parts[:1] = [left, right]
    return _joined(parts)


def _cuts(text: str) -> list[_Cut]:
    """Give every place where another wish could begin."""
    plain = _QUOTED.sub(lambda found: "x" * len(found[0]), text)
    return [
        _Cut(found.start(), found.end(), (found["stop"] or "").strip(), bool(found["word"]))
        for found in _BETWEEN.finditer(plain)
        if (found["stop"] or found["word"]) and found.start() > 0 and found.end() < len(plain)
    ]


def _apart(left: str, right: str, cut: _Cut) -> bool:
    """Tell whether two texts are two wishes."""
    if len(left.split()) < 2:
        return False
    before, order = read(left).wish, bool(_ORDER.search(right))
    if before is Wish.CHANGE or (before is Wish.APPROVALS and read_spoken(left).word):
        return order or ((cut.word or cut.stop == ".") and bool(_ASKS.search(right)))
    asked = bool(_LOOKS.search(left)) and before not in (Wish.RIGHTS, Wish.APPROVALS)
    firm = cut.stop in (".", ";") or bool(cut.stop and cut.word)
    return asked and firm and order and "?" not in right and bool(read(right).words)


def _joined(parts: list[str]) -> list[str]:
    """Put a change that names no object to the one before: in its text where it is of the same sort."""
    made: list[str] = []
    for part in parts:
        ask = read(part)
        if not made or ask.words or ask.wish is not Wish.CHANGE:
            made.append(part)
        elif read_change(part).sort is read_change(made[-1]).sort and _alike(part):
            made[-1] = f"{made[-1]} and {part}"
        else:
            made.append(part if PRONOUN.search(part) else f"{part.rstrip(' .!')} for it")
    return made


def _alike(part: str) -> bool:
    return read_change(part).sort in (Sort.FIX, Sort.RESOURCES)
