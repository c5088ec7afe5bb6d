"""The lexical side of search: words as people and manifests write them, ranked by BM25.

Knows nothing of controls or guides: texts in, scores out. Only door to bm25s and the stemmer. Used
by `search`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import bm25s
import numpy as np
import snowballstemmer

MAX_WORDS = 400
"""A question is cut here; texts of the library are indexed whole."""

_STOP = """
a about after all also always am an and another any anybody anyone anything are as asap ask
asked at away back be because been before being both but by came can cannot cant come could did
didnt do does doesnt doing done dont down each either else even ever every for from get gets
getting give given go goes going gone got guy guys had has hasnt have havent having he hello
help her here hey hi him his how however i id idea if ill im in into is isnt it its itself ive
just keep know let lets like look looks lot made make makes many may maybe me mean might mine
more most much must my need needs never no nor not now of off ok okay on one ones only or other
our ours out over own please quite rather re really right said same saw say says see seem seems
seen shall she should shouldnt show simply since so some somebody someone something still such
sure take tell than thank thanks that thats the their them then there theres these they theyre
thing things think this those though through thx to told too took tried try trying two under
until up upon us use used uses using very via want wanted wants was wasnt way we well were weve
what whats when where whether which while who whom whose why will wise with within without wont
would wouldnt yes yet you your yours
"""
STOP_WORDS = frozenset(_STOP.split())
"""Words that say nothing of the subject: grammar, and what people wrap round a question."""

_WORD = re.compile(r"[A-Za-z0-9]+(?:[._/:-][A-Za-z0-9]+)*")
_PART = re.compile(r"[._/:-]+")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_stemmer = snowballstemmer.stemmer("english")


def tokens(text: str) -> list[str]:
    """Split text into search words: stems, parts of camelCase and dotted names, and names whole.

    `allowPrivilegeEscalation` gives `allowprivilegeescalation`, `allow`, `privileg`, `escal`, so
    that both spellings of a person find it.
    """
    found: list[str] = []
    for word in _WORD.findall(text.replace("'", "").replace("’", "")):
        found += _forms(word)
    return found


@lru_cache(maxsize=20_000)
def _forms(word: str) -> tuple[str, ...]:
    """Give every form one written word is found by."""
    pieces = [piece for piece in _PART.split(word) if piece]
    forms: list[str] = []
    if len(pieces) > 1:
        forms.append(word.lower())
    for piece in pieces:
        lower = piece.lower()
        camel = _CAMEL.findall(piece)
        if len(camel) > 1:
            forms.append(lower)
            forms += [
                _stem(each) for each in camel if each.lower() not in STOP_WORDS and len(each) > 1
            ]
        elif lower not in STOP_WORDS and len(lower) > 1:
            forms.append(_stem(piece))
    return tuple(forms)


def _stem(word: str) -> str:
    return _stemmer.stemWord(word.lower())


class LexicalIndex:
    """Texts, ready to be ranked. Building the shipped library takes a fraction of a second."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        self._bm25 = bm25s.BM25(k1=1.2, b=0.6)
        self._bm25.index([tokens(text) for text in texts], show_progress=False)
        self._known = frozenset(self._bm25.vocab_dict)

    def scores(self, question: str) -> np.ndarray:
        """Score every text, in the order given; 0 where nothing matches."""
        words = [word for word in tokens(question)[:MAX_WORDS] if word in self._known]
        if not words:
            return np.zeros(self._size, dtype=np.float32)
        return self._bm25.get_scores(words)
