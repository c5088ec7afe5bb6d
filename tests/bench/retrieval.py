"""Measures search on any folder of question files: `python -m tests.bench.retrieval --eval FOLDER`.

A file holds JSON lines `{"id", "question", "gold": [...]}`: control ids, topic words of guides, or
NONE for a question that must be answered with nothing.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from knowledge import catalogue
from knowledge.search import Library, open_library
from knowledge.types import EmbeddingConfig, EmbeddingKind, Hit, IndexConfig

TOLD = 5
"""Rows that a model is given, less the weak ones."""
TOP = 10
"""A hit is a gold control among this many first rows."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a question file."""

    id: str
    text: str
    gold: tuple[str, ...]

    @property
    def group(self) -> str:
        """What its gold is about: a section of the benchmark, a topic, or NONE."""
        first = self.gold[0]
        if first == "NONE":
            return "NONE"
        return f"section {first[0]}" if re.match(r"\d", first) else "topics"


@dataclass(slots=True)
class Figures:
    """What was measured."""

    hits: dict[str, list[bool]] = field(default_factory=dict)
    """By group; for NONE true means answered with nothing."""
    misses: list[str] = field(default_factory=list)
    told: list[bool] = field(default_factory=list)
    """For questions with an answer: whether one is among the rows that are not weak."""
    rows_told: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    exact: list[bool] = field(default_factory=list)
    embedding: str = ""

    def share(self, group: str) -> float:
        """Give the share of questions of a group that went well; 1 where there are none."""
        rows = self.hits.get(group, [])
        return sum(rows) / len(rows) if rows else 1.0

    def overall(self) -> float:
        """Give recall over everything that has an answer."""
        rows = [hit for group, each in self.hits.items() if group != "NONE" for hit in each]
        return sum(rows) / len(rows) if rows else 1.0


def read_questions(paths: Sequence[Path]) -> list[Question]:
    """Read question files; lines without the three keys are refused."""
    found: list[Question] = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                row = json.loads(line)
                found.append(Question(row["id"], row["question"], tuple(row["gold"])))
    return found


async def measure(library: Library, questions: Sequence[Question]) -> Figures:
    """Ask every question once, after one to warm up, and every exact identifier."""
    figures = Figures(embedding=await library.ready())
    await library.search("privileged containers")
    for question in questions:
        started = time.perf_counter()
        result = await library.search(question.text, TOP)
        figures.seconds.append(time.perf_counter() - started)
        names = [name for hit in result.hits for name in _names(library, hit)]
        good = not names if question.group == "NONE" else bool(set(question.gold) & set(names))
        figures.hits.setdefault(question.group, []).append(good)
        if question.group != "NONE":
            strong = [hit for hit in result.hits[:TOLD] if not hit.weak]
            told = {name for hit in strong for name in _names(library, hit)}
            figures.told.append(bool(told & set(question.gold)))
            figures.rows_told.append(len(strong))
        if not good:
            seen = ", ".join(dict.fromkeys(names[:4])) or "nothing"
            figures.misses.append(
                f"{question.id} {'/'.join(question.gold)} got {seen}: {question.text}"
            )
    for text, gold in exact_questions():
        result = await library.search(text, 1)
        figures.exact.append(bool(result.hits) and gold in _names(library, result.hits[0]))
        if not figures.exact[-1]:
            figures.misses.append(f"exact {gold}: {text}")
    return figures


def exact_questions() -> list[tuple[str, str]]:
    """Give identifier questions: numbers in three spellings, numbers of other tools, slugs' fields."""
    found: list[tuple[str, str]] = []
    for control in catalogue.controls("cis-1.12"):
        found += [(control.id, control.id), (f"CIS {control.id}", control.id)]
        found.append((f"what does control {control.id} ask for?", control.id))
    owners: dict[str, set[str]] = {}
    for control in catalogue.controls("cis-1.12"):
        for alias in control.aliases:
            owners.setdefault(alias, set()).add(control.id)
    found += [(alias, next(iter(ids))) for alias, ids in owners.items() if len(ids) == 1]
    return found


def _names(library: Library, hit: Hit) -> list[str]:
    """Give what a hit may be called in a gold list: its controls, or its guide's topic."""
    names = [hit.control] if hit.control else []
    guide = library.guide_for(hit.passage.document)
    if guide is not None and guide.topic:
        names.append(guide.topic)
    return names


def report(figures: Figures) -> str:
    """Word the figures, misses last."""
    milliseconds = sorted(each * 1000 for each in figures.seconds)
    p95 = milliseconds[int(len(milliseconds) * 0.95)] if milliseconds else 0.0
    lines = [f"embedding                {figures.embedding}"]
    for group in sorted(figures.hits):
        label = "NONE answered by nothing" if group == "NONE" else f"recall@{TOP} {group}"
        rows = figures.hits[group]
        lines.append(f"{label:<24} {figures.share(group):6.1%}  ({sum(rows)} of {len(rows)})")
    lines += [
        f"recall@{TOP} all            {figures.overall():6.1%}",
        f"among rows that are told {sum(figures.told) / max(1, len(figures.told)):6.1%}  "
        f"({sum(figures.rows_told) / max(1, len(figures.rows_told)):.1f} rows a question)",
        f"exact identifiers @1     {sum(figures.exact) / len(figures.exact):6.1%}  ({len(figures.exact)})",
        f"latency                  p50 {statistics.median(milliseconds):.1f} ms, p95 {p95:.1f} ms",
    ]
    lines += [f"  miss {each}" for each in figures.misses]
    return "\n".join(lines)


async def _main(arguments: argparse.Namespace) -> None:
    paths = sorted(arguments.eval.glob("*retrieval*.jsonl")) or sorted(
        arguments.eval.glob("*.jsonl")
    )
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            config = IndexConfig(
                folder=arguments.index or Path(folder),
                embedding=EmbeddingConfig(
                    EmbeddingKind(arguments.embedding), arguments.model_folder
                ),
            )
            library = open_library(config)
            figures = await measure(library, read_questions([path]))
            library.close()
        print(f"{path.name}\n{report(figures)}\n")


def main() -> None:
    """Parse the command line and print one block per file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="folder of *.jsonl")
    parser.add_argument("--embedding", choices=["none", "local"], default="none")
    parser.add_argument("--model-folder", type=Path, help="holds model.safetensors, tokenizer.json")
    parser.add_argument("--index", type=Path, help="keep the index here between runs")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
