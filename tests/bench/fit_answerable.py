"""Fits the weights in knowledge/answerable.py: `python -m tests.bench.fit_answerable --model-folder PATH`.

Positive: the answerable questions of tests/eval/retrieval-tune.jsonl, and each guide's questions,
asked of a library that has lost them. Negative: that file's NONE questions, once as they are and once
without the nearest description of another matter, so that what nobody described is learned too.
Prints the weights and, for some thresholds, how much is kept and refused, here and (for comparison,
never for choosing) on the held-out file.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge import answerable
from knowledge.answerable import Evidence
from knowledge.embed import LocalEmbedder, Vectors
from knowledge.library import Contents, elsewhere, read
from knowledge.ranking import Meaning, Ranker
from tests.bench.retrieval import Question, read_questions

EVAL = Path(__file__).resolve().parents[1] / "eval"
FOLDS = 5
GUIDE_WEIGHT = 0.5
"""A guide's question counts half: it is ours, and tidier than what people write."""

Rows = NDArray[np.float64]


class Cosines:
    """Embeds each text once, and keeps the matrices of the library asked last."""

    def __init__(self, model: LocalEmbedder) -> None:
        self._model = model
        self._known: dict[str, Vectors] = {}
        self._last: tuple[Ranker, Vectors, Vectors, dict[str, float]] | None = None

    def library(self, ranker: Ranker) -> tuple[Vectors, Vectors, dict[str, float]]:
        """Give a library's vectors, those of other matters, and their calibration."""
        if self._last is None or self._last[0] is not ranker:
            inside, outside = self.of(ranker.texts), self.of(ranker.outside)
            self._last = (ranker, inside, outside, answerable.calibrate(inside, outside))
        return self._last[1:]

    def of(self, texts: Sequence[str]) -> Vectors:
        """Give one vector per text."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._model.embed(fresh), strict=True))
        return np.stack([self._known[text] for text in texts])


def evidence(ranker: Ranker, cosines: Cosines, question: str) -> Evidence:
    """Compare one question with a library."""
    inside, outside, calibration = cosines.library(ranker)
    vector = cosines.of([question])[0]
    meaning = Meaning(
        [(0, float((inside @ vector).max()))], float((outside @ vector).max()), calibration
    )
    return ranker.evidence(question, meaning)


def values(found: Evidence) -> list[float]:
    """Give the five numbers in the order of `answerable.WORDS_AND_MEANING`."""
    return [
        found.inside_words,
        found.outside_words,
        found.odds,
        found.inside_meaning,
        found.outside_meaning,
    ]


def examples(contents: Contents, cosines: Cosines) -> tuple[Rows, Rows, Rows]:
    """Give features, labels and weights of everything that is fitted on."""
    outside = elsewhere()
    ranker = Ranker(contents, outside)
    rows: list[tuple[list[float], float, float]] = []
    for question in read_questions([EVAL / "retrieval-tune.jsonl"]):
        answerable_one = question.group != "NONE"
        rows.append((values(evidence(ranker, cosines, question.text)), float(answerable_one), 1.0))
        if not answerable_one:
            nearest = int((cosines.of(outside) @ cosines.of([question.text])[0]).argmax())
            poorer = Ranker(contents, [each for at, each in enumerate(outside) if at != nearest])
            rows.append((values(evidence(poorer, cosines, question.text)), 0.0, 1.0))
    asked = [question for guide in contents.guides for question in guide.questions]
    for fold in range(FOLDS):
        held = set(asked[fold::FOLDS])
        poorer = Ranker(without(contents, held), outside)
        rows += [
            (values(evidence(poorer, cosines, each)), 1.0, GUIDE_WEIGHT) for each in sorted(held)
        ]
    features, labels, weights = zip(*rows, strict=True)
    return np.array(features), np.array(labels), np.array(weights)


def without(contents: Contents, questions: set[str]) -> Contents:
    """Give a library whose rows have lost some questions."""
    rows = tuple(
        replace(row, short_texts=tuple(text for text in row.short_texts if text not in questions))
        for row in contents.rows
    )
    return replace(contents, rows=rows)


def fit(features: Rows, labels: Rows, weights: Rows) -> Rows:
    """Fit a logistic regression (ridge 0.5 on standardised features) by Newton's method."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    table = np.c_[(features - mean) / deviation, np.ones(len(features))]
    ridge = np.diag([0.5] * features.shape[1] + [1e-6])
    found = np.zeros(table.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (weights * (chance - labels)) + ridge @ found
        bend = (table * (weights * chance * (1 - chance))[:, None]).T @ table + ridge
        found -= np.linalg.solve(bend, slope)
    return np.r_[found[:-1] / deviation, found[-1] - (found[:-1] * mean / deviation).sum()]


def shares(scores: Rows, good: Rows, least: float) -> str:
    """Word how much is kept and refused at a threshold."""
    kept = (scores[good == 1] >= least).mean()
    refused = (scores[good == 0] < least).mean()
    return f"least {least:5.2f}: keeps {kept:6.1%}, refuses {refused:6.1%}"


def judge(ranker: Ranker, cosines: Cosines, questions: Sequence[Question]) -> tuple[Rows, Rows]:
    """Give features and labels of a question file."""
    table = np.array([values(evidence(ranker, cosines, each.text)) for each in questions])
    return table, np.array([float(each.group != "NONE") for each in questions])


def main() -> None:
    """Fit both decisions and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-folder", type=Path, required=True)
    cosines = Cosines(LocalEmbedder(parser.parse_args().model_folder))
    contents = read(None)
    features, labels, weights = examples(contents, cosines)
    ranker = Ranker(contents, elsewhere())
    sets = {
        name: judge(ranker, cosines, read_questions([EVAL / f"retrieval-{name}.jsonl"]))
        for name in ("tune", "own")
    }
    for name, columns in (("WORDS", [0, 1, 2]), ("WORDS_AND_MEANING", [0, 1, 2, 3, 4])):
        found = fit(features[:, columns], labels, weights)
        print(f"{name} = ({', '.join(f'{each:.3f}' for each in found)})")
        for label, (table, good) in sets.items():
            scores = table[:, columns] @ found[:-1] + found[-1]
            for each in np.arange(0.0, -2.3, -0.25):
                print(f"  {label:<5} {shares(scores, good, float(each))}")


if __name__ == "__main__":
    main()
