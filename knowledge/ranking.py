"""One library, ready to be searched: rows ranked by words and, where there are vectors, by meaning.

Holds no files and makes no vectors; its caller brings the cosines. Used by `search`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge import answerable
from knowledge.answerable import Evidence, WordOdds
from knowledge.identifiers import Found, Identifiers
from knowledge.lexical import LexicalIndex
from knowledge.library import Contents, dense_texts
from knowledge.types import Hit, Passage

PASSAGES_SHARE = 0.6
"""Weight of a row's best passage beside its profile in the lexical score. Measured on the tuning set:
0 loses a tenth of the answers, 0.3 to 1 are alike."""
DENSE_SHARE = 0.5
RANK_SHIFT = 10
"""Fusion: DENSE_SHARE / (RANK_SHIFT + dense rank), the rest by lexical rank. Measured on the tuning
set: 0.5 to 0.7 alike, 0.8 and dense alone worse."""
NAMED_BONUS = 0.02
"""Added to a row whose field or flag a longer question names: worth several ranks."""
NAMED_MOST = 2
"""With more rows named so (an error message that lists fields) none of them is meant above others."""

STRONG_WORDS = 0.6
"""Share of the best row's lexical score below which a row is weak. Measured on the tuning set: of five rows
it leaves 2.7 and as many answers as 0.5 does with 3.3."""
STRONG_MEANING = 0.05
"""Distance in cosine from the nearest row, within which a row is not weak whatever its words."""

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the dense side says of one question."""

    inside: Sequence[tuple[int, float]]
    """(position in `Ranker.texts`, cosine), best first; not all need to be there."""
    outside: float
    """Best cosine among descriptions of other matters."""
    calibration: Mapping[str, float]
    """As `answerable.calibrate` worked it out for these vectors."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hits, or why there are none."""

    hits: tuple[Hit, ...] = ()
    unknown: str = ""
    """The number or CVE that was asked for and that nothing here has."""


class Ranker:
    """Ranks the rows of one library. Pure once built; building takes a fraction of a second."""

    def __init__(self, contents: Contents, outside: Sequence[str]) -> None:
        self.rows = contents.rows
        self.outside = tuple(outside)
        self.texts: tuple[str, ...] = tuple(text for row in self.rows for text in dense_texts(row))
        """What gets a vector each."""
        self._text_rows = np.array(
            [at for at, row in enumerate(self.rows) for _ in dense_texts(row)]
        )
        self.passages = [each for row in self.rows for each in row.passages]
        self._passage_rows = np.array(
            [at for at, row in enumerate(self.rows) for _ in row.passages]
        )
        self._first = {at: len(self._passage_rows) - 1 for at in range(len(self.rows))}
        for position in range(len(self._passage_rows) - 1, -1, -1):
            self._first[int(self._passage_rows[position])] = position
        profiles = [row.profile for row in self.rows]
        bodies = [each.text for each in self.passages]
        self._words = LexicalIndex([*profiles, *bodies, *self.outside])
        self._odds = WordOdds(profiles, bodies, self.outside)
        self._identifiers = Identifiers(self.rows)

    def search(self, question: str, limit: int, meaning: Meaning | None) -> Outcome:
        """Rank the rows for a question; no hits when the library cannot answer it."""
        found = self._identifiers.find(question)
        if found.unknown:
            return Outcome(unknown=found.unknown)
        words, passages, outside = self._by_words(question)
        dense = self._by_meaning(meaning)
        if not (found.certain or found.likely):
            evidence = self._evidence(question, words, outside, meaning)
            decide = answerable.by_words if meaning is None else answerable.by_meaning
            if not decide(evidence):
                return Outcome()
        scores = self._fuse(words, dense, found)
        strong = self._strong(words, dense, found)
        order = [int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > 0][:limit]
        hits = [
            Hit(
                rank,
                self.rows[at].control,
                self._best(at, passages),
                round(float(scores[at]), 6),
                weak=rank > 1 and not bool(strong[at]),
            )
            for rank, at in enumerate(order, 1)
        ]
        return Outcome(tuple(hits))

    def evidence(self, question: str, meaning: Meaning | None) -> Evidence:
        """Give what decides whether a question can be answered; for fitting the decision."""
        words, _, outside = self._by_words(question)
        return self._evidence(question, words, outside, meaning)

    def _by_words(self, question: str) -> tuple[Scores, Scores, float]:
        """Score rows, passages, and the best description of another matter."""
        scores = self._words.scores(question).astype(np.float64)
        size, bodies = len(self.rows), len(self.passages)
        rows, passages, outside = np.split(scores, [size, size + bodies])
        best = np.zeros(size)
        np.maximum.at(best, self._passage_rows, passages)
        return rows + PASSAGES_SHARE * best, passages, float(outside.max(initial=0.0))

    def _by_meaning(self, meaning: Meaning | None) -> Scores | None:
        """Score rows by their nearest text; -1 for rows that the dense side did not name."""
        if meaning is None:
            return None
        best = np.full(len(self.rows), -1.0)
        for position, cosine in meaning.inside:
            row = int(self._text_rows[position])
            best[row] = max(best[row], cosine)
        return best

    def _evidence(
        self, question: str, words: Scores, outside: float, meaning: Meaning | None
    ) -> Evidence:
        inside_meaning = outside_meaning = 0.0
        if meaning is not None:
            inside = meaning.inside[0][1] if meaning.inside else 0.0
            inside_meaning, outside_meaning = answerable.standardise(
                inside, meaning.outside, meaning.calibration
            )
        return Evidence(
            inside_words=float(words.max(initial=0.0)),
            outside_words=outside,
            odds=self._odds.of(question),
            inside_meaning=inside_meaning,
            outside_meaning=outside_meaning,
        )

    def _fuse(self, words: Scores, dense: Scores | None, found: Found) -> Scores:
        """Join both rankings; rows named for certain come first, in the question's order."""
        scores = np.where(words > 0, (1 - DENSE_SHARE) / (RANK_SHIFT + _ranks(words)), 0.0)
        if dense is not None:
            scores += np.where(dense > -1, DENSE_SHARE / (RANK_SHIFT + _ranks(dense)), 0.0)
        if len(found.likely) <= NAMED_MOST:
            scores[list(found.likely)] += NAMED_BONUS
        for place, row in enumerate(found.certain):
            scores[row] += 1.0 + (len(found.certain) - place) * 0.1
        return scores

    def _strong(self, words: Scores, dense: Scores | None, found: Found) -> NDArray[np.bool_]:
        """Tell which rows come near the best one, or are named; beside certain ones no other is."""
        named = [*found.certain, *found.likely]
        if found.certain:
            return np.isin(np.arange(len(words)), named)
        strong = (words > 0) & (words >= STRONG_WORDS * words.max(initial=0.0))
        if dense is not None:
            strong |= dense >= dense.max(initial=-1.0) - STRONG_MEANING
        strong[named] = True
        return strong

    def _best(self, row: int, words: Scores) -> Passage:
        """Choose the passage of a row to show: the one that shares most words, else its first."""
        first = self._first[row]
        count = len(self.rows[row].passages)
        return self.passages[first + int(words[first : first + count].argmax())]


def _ranks(scores: Scores) -> Scores:
    """Turn scores into ranks from 1, best first, ties in the library's order."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
