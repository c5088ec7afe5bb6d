"""Whether the library can answer a question at all, or honestly should not try.

A question is compared with the library and with short descriptions of matters that lie elsewhere
(`elsewhere.yaml`); a logistic function of the comparison decides. Its weights are fitted by
`python -m tests.bench.fit_answerable` on tests/eval/retrieval-tune.jsonl; held-out figures stand in
the tests. Pure. Used by `search`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.lexical import tokens

_SMOOTH = 0.3
PASSAGE_WEIGHT = 0.3
"""How much a word in a passage says against the same word in a title, term or question."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question looks like against both sides."""

    inside_words: float
    """Best BM25 score among rows."""
    outside_words: float
    """Best BM25 score among descriptions of other matters."""
    odds: float
    """Sum over its words of the log odds of standing in the library rather than elsewhere."""
    inside_meaning: float = 0.0
    """Best cosine among rows, in standard deviations from the mean of `Calibration`."""
    outside_meaning: float = 0.0
    """Best cosine among descriptions of other matters, likewise."""


WORDS = (0.488, -0.597, 0.366, -2.541)
"""Weights of inside_words, outside_words, odds, and the constant: without embeddings."""
WORDS_AND_MEANING = (0.293, -0.252, 0.314, 2.129, -1.097, -1.920)
"""Weights of all five, and the constant: with embeddings."""
WORDS_LEAST = -1.25
"""Below this a question is not answered, without embeddings. On the tuning file it keeps 90% of its
(deliberately hard) questions and refuses 95%."""
MEANING_LEAST = -1.75
"""Below this a question is not answered, with embeddings: keeps 93% of them and refuses 95%."""


class WordOdds:
    """How much each word speaks for the library, from the documents of both sides that hold it."""

    def __init__(
        self, profiles: Sequence[str], passages: Iterable[str], outside: Sequence[str]
    ) -> None:
        self._inside: Counter[str] = Counter()
        self._outside: Counter[str] = Counter()
        for text in profiles:
            self._inside.update(set(tokens(text)))
        for text in passages:
            for word in set(tokens(text)):
                self._inside[word] += PASSAGE_WEIGHT  # pyright: ignore[reportArgumentType] (a Counter holds floats)
        for text in outside:
            self._outside.update(set(tokens(text)))
        self._shift = math.log(len(outside) + 2 * _SMOOTH) - math.log(len(profiles) + 2 * _SMOOTH)

    def of(self, question: str) -> float:
        """Sum the log odds of a question's known words; 0 when none is known."""
        total = 0.0
        for word in dict.fromkeys(tokens(question)):
            inside, outside = self._inside[word], self._outside[word]
            if inside or outside:
                total += math.log(inside + _SMOOTH) - math.log(outside + _SMOOTH) + self._shift
        return total


def by_words(evidence: Evidence) -> bool:
    """Decide without embeddings."""
    return words_score(evidence) >= WORDS_LEAST


def by_meaning(evidence: Evidence) -> bool:
    """Decide with embeddings."""
    return meaning_score(evidence) >= MEANING_LEAST


def words_score(evidence: Evidence) -> float:
    """Give the log odds that the question can be answered, from words alone."""
    inside, outside, odds, constant = WORDS
    return (
        inside * evidence.inside_words
        + outside * evidence.outside_words
        + odds * evidence.odds
        + constant
    )


def meaning_score(evidence: Evidence) -> float:
    """Give the log odds that the question can be answered, from words and meaning."""
    values = (
        evidence.inside_words,
        evidence.outside_words,
        evidence.odds,
        evidence.inside_meaning,
        evidence.outside_meaning,
        1.0,
    )
    return sum(weight * value for weight, value in zip(WORDS_AND_MEANING, values, strict=True))


def calibrate(inside: NDArray[np.float32], outside: NDArray[np.float32]) -> dict[str, float]:
    """Work out mean and deviation of best cosines for one embedding, so that weights fit any.

    Every text of both sides is asked as if it were a question, without itself; both sides count
    alike. Rows are unit vectors.
    """
    within = _best_others(inside)
    across = (inside @ outside.T).max(axis=1), (outside @ inside.T).max(axis=1)
    apart = _best_others(outside)
    inside_mean, inside_deviation = _spread(within, across[1])
    outside_mean, outside_deviation = _spread(across[0], apart)
    return {
        "inside_mean": inside_mean,
        "inside_deviation": inside_deviation,
        "outside_mean": outside_mean,
        "outside_deviation": outside_deviation,
    }


def standardise(
    inside: float, outside: float, calibration: Mapping[str, float]
) -> tuple[float, float]:
    """Turn two cosines into deviations from the mean of `calibrate`."""
    return (
        (inside - calibration["inside_mean"]) / calibration["inside_deviation"],
        (outside - calibration["outside_mean"]) / calibration["outside_deviation"],
    )


def _best_others(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give each row's best cosine with another row that is not the same text."""
    cosines = rows @ rows.T
    return np.where(cosines > 0.999, -1.0, cosines).max(axis=1).astype(np.float32)


def _spread(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Give the mean and deviation over two groups that weigh the same."""
    mean = float(one.mean() + other.mean()) / 2
    variance = float(((one - mean) ** 2).mean() + ((other - mean) ** 2).mean()) / 2
    return mean, max(variance**0.5, 1e-6)
