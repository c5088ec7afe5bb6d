"""Tells of an answer's sentences what they speak of, and of its tables which columns hold names.

Used by `bot.agent.naming` and `bot.agent.grounding`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from bot.agent.language import ordinary
from bot.agent.shapes import Chunk
from bot.agent.vocabulary import THINGS

UNKNOWN = re.compile(
    r"\b(?:no|not|none|never|nothing|unknown|cannot|without|neither|nor|n't|kein\w*|nicht|unbekannt|nirgends)\b|n['’]t\b",
    re.I,
)
ADVICE = re.compile(
    r"(?i)(?:(?:^|[.:;*>)`] ?|\b(?:can|could|should|would|to|you|or|then) )(?:use|install|try|consider)"
    r"|\b(?:switch(?:ing)? to|replaced? (?:it |them )?(?:with|by)|migrat\w+|instead|recommend\w*|official\w*|upstream\w*|project|projects"
    r"|maintain\w*|alternatives?|open[- ]source|e\.g|for (?:example|instance)|archived|community|vendors?|published"
    r"|tools?|plugins?|normally|typical(?:ly)?|usual(?:ly)?|sample|samples|shipped|built[- ]in|known as|z\. ?B|etwa|beispielsweise))\b"
)
"""What a sentence has that speaks of software at large."""
_RULED = re.compile(r"[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*")
COLUMNS_TEXT = "namespace namespaces deployment pod serviceaccount group user subject node cronjob statefulset daemonset secret"
COLUMNS = frozenset({*COLUMNS_TEXT.split(), "service account"})
_SENTENCE = re.compile(r"(?<=[.?!])(?<!e\.g\.)(?<!i\.e\.)(?<!z\.B\.)(?<!vs\.)\s")
_SHORT = 5
"""Most words of what is no whole sentence."""
_ENGLISH = re.compile(r"(?i)\b(?:the|is|are|and|of|to|in|a|as|it|runs?|has)\b")
_OTHER = re.compile(
    r"(?i)\b(?:der|die|das|und|ist|nicht|ein|eine|le|les|la|et|est|el|los|que|il|di|het|een|den|mit)\b"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence speaks of."""

    denied: bool
    """It says that something is not there."""
    advised: bool
    """It speaks of software at large, not of what is there."""
    large: bool
    """It is a whole one that speaks of things, and of nothing that was read."""


class Sentences:
    """The sentences of one line."""

    def __init__(self, text: str, chunks: Sequence[Chunk], known: Set[str]) -> None:
        self._ends = [*(found.end() for found in _SENTENCE.finditer(text)), len(text) + 1]
        words: list[list[Chunk]] = [[] for _ in self._ends]
        for chunk in chunks:
            words[bisect_right(self._ends, chunk.start)].append(chunk)
        spans = pairwise([0, *self._ends])
        self._sentences = [
            Sentence(
                denied=bool(UNKNOWN.search(text[start:end])),
                advised=bool(ADVICE.search(text[start:end])),
                large="|" not in text and _large(held, known),
            )
            for (start, end), held in zip(spans, words, strict=True)
        ]

    def at(self, chunk: Chunk) -> Sentence:
        """Give the sentence in which a chunk stands."""
        return self._sentences[bisect_right(self._ends, chunk.start)]


def _large(words: Sequence[Chunk], known: Set[str]) -> bool:
    read = any(word.lower in known and (word.code or not ordinary(word.lower)) for word in words)
    return len(words) > _SHORT and not read and any(word.lower in THINGS for word in words)


def is_english(text: str) -> bool:
    """Tell whether plain words of a text may be looked up as English ones."""
    return len(_ENGLISH.findall(text)) >= len(_OTHER.findall(text))


def tabled(lines: Sequence[str]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Give each line with its cells in columns of names: those whose head is a kind, where a table is."""
    columns: set[int] = set()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if "|" not in line:
            columns = set()
            yield line, []
            continue
        bars = [-1, *(at for at, sign in enumerate(line) if sign == "|"), len(line)]
        cells = [(start + 1, end) for start, end in pairwise(bars)]
        if _RULED.fullmatch(below):
            heads = (line[start:end].strip(" *_`").lower().split(" (")[0] for start, end in cells)
            columns = {at for at, head in enumerate(heads) if head in COLUMNS}
            yield line, []
        else:
            yield line, [cell for at, cell in enumerate(cells) if at in columns]
