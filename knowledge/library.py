"""What search ranks: one row per control, or per guide that has no control, with all that finds it.

Puts guides and control facts together; ranks nothing itself. Used by `identifiers` and `search`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from knowledge import catalogue, documents
from knowledge.types import Control, Guide, Passage

BENCHMARKS = ("cis-1.12", "pss-baseline", "pss-restricted")
"""In the order in which a guide's row takes its number: CIS numbers before slugs."""

DENSE_CHARS = 600
"""Of a passage that gets a vector; short of the local model's 256 tokens."""

_FENCE = re.compile(r"```.*?```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing a question may be about."""

    key: str
    """Control id, or the guide's id where there is no control."""
    control: str | None
    passages: tuple[Passage, ...]
    """What may be shown, in the guide's order; for a control without a guide its bare facts."""
    controls: tuple[Control, ...]
    """Catalogue entries that this row answers for, the first one giving its number."""
    short_texts: tuple[str, ...]
    """Titles, terms and questions: each a way to ask for this row."""

    @property
    def profile(self) -> str:
        """All short texts, settings and names of other tools: what words are matched with."""
        facts = [f"{each.id} {each.setting} {' '.join(each.aliases)}" for each in self.controls]
        return " ".join((*self.short_texts, *facts))


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that was read."""

    rows: tuple[Row, ...]
    guides: tuple[Guide, ...]
    facts: dict[str, Passage]
    """The bare facts of every control, by passage id."""
    problems: tuple[str, ...]
    """One sentence for each file of the person's own folder that could not be used."""


def read(folder: Path | None, clean: Callable[[str], str] = str) -> Contents:
    """Read the shipped library and, if given, a person's own folder of guides.

    Raises BadDocument only for shipped files and for a folder with too many.
    """
    guides, broken = documents.read_folder(documents.FOLDER)
    problems = list(broken)
    if folder is not None:
        own, more = documents.read_folder(folder, clean)
        known = {guide.id for guide in guides}
        guides += tuple(guide for guide in own if guide.id not in known)
        problems += [
            *more,
            *(f"{each.id}.md: that name is taken." for each in own if each.id in known),
        ]
    facts = {passage.id: passage for passage in _all_facts()}
    return Contents(tuple(_rows(guides, facts)), guides, facts, tuple(problems))


def elsewhere() -> tuple[str, ...]:
    """Give short descriptions of what people ask that this library does not answer."""
    text = (Path(__file__).parent / "elsewhere.yaml").read_text(encoding="utf-8")
    return tuple(line for lines in yaml.load(text, yaml.CSafeLoader).values() for line in lines)


def dense_texts(row: Row) -> tuple[str, ...]:
    """Give the texts of a row that are worth a vector: the short ones, then its first passage.

    Later passages cost most of the time of a build and found nothing more (measured).
    """
    if row.passages[0].id.startswith("control:"):
        return row.short_texts
    prose = _FENCE.sub("", row.passages[0].text).strip()
    return (*row.short_texts, f"{row.passages[0].title}. {prose}"[:DENSE_CHARS])


def fact_id(control: Control) -> str:
    """Name the passage that holds a control's bare facts."""
    return f"control:{control.benchmark}/{control.id}"


def _all_facts() -> Iterator[Passage]:
    for benchmark in BENCHMARKS:
        names = catalogue.sections(benchmark)
        for control in catalogue.controls(benchmark):
            yield _facts(control, names[control.section])


def _facts(control: Control, section: str) -> Passage:
    """Word a control's facts; says whether a check answers it."""
    lines = [f"Setting: {control.setting}", f"Expected: {control.expected}"]
    if control.level is not None:
        lines.append(f"Level {control.level}, {control.assessment}.")
    if control.checks:
        lines.append(f"Checked by: {', '.join(control.checks)}.")
    else:
        lines.append(f"No check yet. {control.unchecked}")
    return Passage(
        id=fact_id(control),
        document=control.benchmark,
        title=control.title,
        heading=(section,),
        text="\n".join(lines),
        controls=(control.id,),
        sources=control.sources,
    )


def _rows(guides: tuple[Guide, ...], facts: dict[str, Passage]) -> Iterator[Row]:
    catalogued = {
        f"{benchmark}/{control.id}": control
        for benchmark in BENCHMARKS
        for control in catalogue.controls(benchmark)
    }
    taken: set[str] = set()
    for guide in guides:
        controls = tuple(catalogued[name] for name in guide.controls if name in catalogued)
        yield _guide_row(guide, controls, taken)
        taken.update(control.id for control in controls)
    for control in catalogued.values():
        if control.id in taken:
            continue
        taken.add(control.id)
        bare = facts[fact_id(control)]
        passage = Passage(
            id=bare.id,
            document=bare.document,
            title=bare.title,
            heading=bare.heading,
            text=f"{bare.text}\nNo guidance is written for this control yet.",
            controls=bare.controls,
            sources=bare.sources,
        )
        yield Row(control.id, control.id, (passage,), (control,), (control.title, *control.terms))


def _guide_row(guide: Guide, controls: tuple[Control, ...], taken: set[str]) -> Row:
    """Make a guide's row; a second guide for the same control gets a row of its own name."""
    first = controls[0].id if controls else None
    words = [text for control in controls for text in (control.title, *control.terms)]
    topic = (guide.topic,) if guide.topic else ()
    short = tuple(dict.fromkeys((guide.title, *topic, *words, *guide.questions)))
    key = first if first is not None and first not in taken else guide.id
    return Row(key, first, documents.passages(guide), controls, short)
