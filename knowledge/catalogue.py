"""Benchmarks as shipped: one YAML file each, read strictly, handed out as Controls.

Holds no guidance and searches nothing. Used by `search`, the scan, the queries and the reports.
"""

from difflib import get_close_matches
from functools import cache
from pathlib import Path

import msgspec
import yaml

from knowledge.errors import BadDocument, UnknownBenchmark, UnknownControl
from knowledge.types import Assessment, Control

FOLDER = Path(__file__).parent / "benchmarks"


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """One control as the file writes it."""

    id: str
    title: str
    section: str
    assessment: Assessment
    layer: str
    evidence_source: str
    setting: str
    expected: str
    sources: tuple[str, ...]
    level: int | None = None
    checks: tuple[str, ...] = ()
    unchecked: str = ""
    aliases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """One benchmark file; `name` repeats its stem, `sections` names each section that a control uses."""

    name: str
    title: str
    sections: dict[str, str]
    controls: tuple[_Row, ...]


# Worked out here, before any thread meets them: two that do so at once crash the process (msgspec 0.22).
msgspec.json.Decoder(_File)


def benchmark_names() -> tuple[str, ...]:
    """Name the shipped benchmarks, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def sections(benchmark: str) -> dict[str, str]:
    """Give a benchmark's sections, id to title, in its own order. Raises UnknownBenchmark."""
    return dict(_load(_known(benchmark)).sections)


@cache
def controls(benchmark: str) -> tuple[Control, ...]:
    """Give every control of a benchmark in the benchmark's order.

    Raises UnknownBenchmark, whose hint holds the nearest name, and BadDocument.
    """
    name = _known(benchmark)
    return tuple(_control(name, row) for row in _load(name).controls)


def control(benchmark: str, control_id: str) -> Control:
    """Give one control. Raises UnknownBenchmark, or UnknownControl with the nearest ids."""
    wanted = control_id.strip().lower()
    known = {each.id: each for each in controls(benchmark)}
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = f"Nearest: {', '.join(near)}." if near else f"It has {len(known)} controls."
    raise UnknownControl(f"{benchmark} has no control {control_id.strip()[:40]!r}.", hint)


def parse(text: str, stem: str) -> _File:
    """Read a benchmark file's text. Raises BadDocument, which names the file and the place."""
    try:
        loaded = msgspec.convert(yaml.load(text, yaml.CSafeLoader), _File)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadDocument(f"The benchmark file {stem}.yaml cannot be read: {error}") from error
    problem = _problem(loaded, stem)
    if problem:
        raise BadDocument(f"The benchmark file {stem}.yaml cannot be used: {problem}")
    return loaded


def _problem(loaded: _File, stem: str) -> str:
    """Say what a well-formed file gets wrong; empty when nothing."""
    if loaded.name != stem:
        return f"it calls itself {loaded.name}"
    seen: set[str] = set()
    for row in loaded.controls:
        if row.id in seen:
            return f"control {row.id} stands twice"
        seen.add(row.id)
        if row.section not in loaded.sections:
            return f"control {row.id} is of section {row.section}, which it does not name"
        if bool(row.checks) == bool(row.unchecked):
            return f"control {row.id} needs either checks or the reason why there is none"
    return ""


@cache
def _load(name: str) -> _File:
    return parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name)


def _known(benchmark: str) -> str:
    names = benchmark_names()
    wanted = benchmark.strip().lower()
    if wanted in names:
        return wanted
    near = get_close_matches(wanted, names, n=1, cutoff=0.3) or list(names)
    raise UnknownBenchmark(
        f"There is no benchmark {benchmark.strip()[:40]!r}.", f"Nearest: {', '.join(near)}."
    )


def _control(benchmark: str, row: _Row) -> Control:
    return Control(
        benchmark=benchmark,
        id=row.id,
        title=row.title,
        section=row.section,
        level=row.level,
        assessment=row.assessment,
        layer=row.layer,
        evidence_source=row.evidence_source,
        setting=row.setting,
        expected=row.expected,
        sources=row.sources,
        checks=row.checks,
        unchecked=row.unchecked,
        aliases=row.aliases,
        terms=row.terms,
    )
