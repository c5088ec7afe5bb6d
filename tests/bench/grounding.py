"""What grounding takes out of answers: true words that go, invented names that stay, time per kilobyte.

    python -m tests.bench.grounding [SET ...] [--show]

A set is two files of `tests/eval/grounding`: `true-SET.txt`, answers in which all is true, and
`invented-SET.txt`, answers with invented names and ids in `{{ }}`. Each answer starts with a line
`=== FOLDER | QUESTION` and is grounded on what the queries really give on that folder, and on lines
`seen: log NAMESPACE/POD CONTAINER: TEXT`, `seen: event NAMESPACE OBJECT REASON MESSAGE` and
`seen: object KIND NAMESPACE/NAME` behind it.
"""

import argparse
import asyncio
import difflib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.agent import toolbox
from bot.agent.allowed import Allowed, catalogue_hosts
from bot.agent.grounding import LINK, ground
from tests.fakes.desk import shared_library
from tools.cluster.manifests.reader import open_folder
from tools.queries.context import QueryContext, Scope
from tools.queries.looking.memory import MemoryScans
from tools.queries.result import EventList, EventRow, LogText, Result, Scanned, Workloads
from tools.types import ALL, ClusterConfig, ClusterSource

HERE = Path(__file__).resolve().parents[1] / "eval"
HAFEN = HERE.parents[1] / "deploy" / "demo" / "hafen"
SETS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
MOST_PASSING = 0.05
_PLANTED = re.compile(r"\{\{(.+?)\}\}")
_SEEN = re.compile(
    r"seen: (?:log (?P<where>\S+)/(?P<pod>\S+) (?P<container>\S+): (?P<text>.*)"
    r"|object (?P<kind>\S+) (?P<in>\S+)/(?P<name>\S+)"
    r"|event (?P<namespace>\S+) (?P<object>\S+) (?P<reason>\S+) (?P<message>.*))\n"
)
_CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("clusters", {}),
    ("namespaces", {}),
    ("find_workloads", {}),
    ("scan_scope", {}),
    ("who_can", {"verbs": ["get"], "resource": "secrets"}),
    ("who_can", {"verbs": ["list"], "resource": "pods"}),
    ("who_can", {"verbs": ["create"], "resource": "pods/exec"}),
)
_PAGES = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Case:
    """One answer of a model."""

    folder: str
    question: str
    text: str
    planted: tuple[str, ...]
    seen: tuple[Result | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of one answer."""

    case: Case
    shown: str
    removed: int
    """Taken out, links aside."""
    passing: tuple[str, ...]
    """Of the planted ones."""


def cases(name: str) -> Iterator[Case]:
    """Read one file of answers."""
    for part in re.split(r"(?m)^=== ", (HERE / "grounding" / f"{name}.txt").read_text("utf-8"))[1:]:
        head, _, text = part.partition("\n")
        folder, _, question = head.partition(" | ")
        seen = tuple(_seen(folder, match) for match in _SEEN.finditer(text))
        text = _SEEN.sub("", text)
        planted = tuple(_PLANTED.findall(text))
        yield Case(folder, question, _PLANTED.sub(r"\1", text).strip(), planted, seen)


def _seen(folder: str, match: re.Match[str]) -> Result | None:
    read = match.groupdict()
    if read["kind"]:
        return _object(folder, read["kind"], read["in"], read["name"])
    if read["pod"]:
        return Result(
            "", LogText("demo", read["where"], read["pod"], read["container"], read["text"], 1)
        )
    row = EventRow("", "Warning", read["reason"], read["object"], "1", read["message"])
    return Result("", EventList("demo", read["namespace"], (row,), cut=False))


@cache
def _context(folder: str) -> QueryContext:
    place = HAFEN if folder == "hafen" else HERE / "folders" / folder
    config = ClusterConfig(name="demo", source=ClusterSource.FOLDER, folder=str(place))
    library = shared_library()
    return QueryContext(
        readers={"demo": asyncio.run(open_folder(config))},
        scope=Scope({"demo": ALL}),
        search=library.search,
        guide_for=library.guide_for,
        past=MemoryScans(),
        now=datetime.now(UTC),
    )


def _call(folder: str, query: str, arguments: dict[str, object]) -> Result | None:
    return asyncio.run(toolbox.call(query, arguments, _context(folder))).result


@cache
def _read(folder: str) -> tuple[Result, ...]:
    """What the queries give on a folder, every page of the findings."""
    results = [_call(folder, query, arguments) for query, arguments in _CALLS]
    scan = next(
        item.data.scan.id for item in results if item is not None and isinstance(item.data, Scanned)
    )
    results += [
        _call(folder, "list_findings", {"scan_id": scan, "offset": offset}) for offset in _PAGES
    ]
    return tuple(item for item in results if item is not None)


@cache
def _object(folder: str, kind: str, namespace: str, name: str) -> Result | None:
    return _call(folder, "read_object", {"kind": kind, "namespace": namespace, "name": name})


def _read_for(case: Case) -> Iterator[Result | None]:
    """What a model reads to answer this question: lists, and each object that it speaks of."""
    yield from case.seen
    yield _call(case.folder, "search_guidance", {"question": case.question})
    for result in _read(case.folder):
        yield result
        if isinstance(result.data, Workloads):
            for ref in (row.ref for row in result.data.rows):
                if re.search(rf"(?<![\w-]){ref.name}(?![\w-])", f"{case.question} {case.text}"):
                    yield _object(case.folder, ref.kind, ref.namespace, ref.name)


@cache
def allowed_for(case: Case) -> Allowed:
    """What an answer to this question may name."""
    allowed = Allowed()
    allowed.add_said(case.question)
    for result in _read_for(case):
        if result is not None:
            allowed.take(result)
    return allowed


def score(case: Case) -> Scored:
    """Ground one answer."""
    checked = ground(case.text, allowed_for(case), catalogue_hosts())
    passing = tuple(
        name
        for name in case.planted
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", checked.text)
    )
    return Scored(case, checked.text, sum(what != LINK for what in checked.removed), passing)


def _microseconds_per_kilobyte() -> float:
    texts = [(case.text, allowed_for(case)) for case in cases("true-first")]
    ground(*texts[0], catalogue_hosts())
    started = time.perf_counter()
    for text, allowed in texts:
        ground(text, allowed, catalogue_hosts())
    taken = time.perf_counter() - started
    return taken * 1e6 / (sum(len(text.encode()) for text, _ in texts) / 1024)


def _show(scored: Scored) -> None:
    before, after = scored.case.text.splitlines(), scored.shown.splitlines()
    print(f"--- {scored.case.folder}: {scored.case.question}", *scored.passing)
    print(*difflib.unified_diff(before, after, lineterm="", n=0), sep="\n")


def main() -> int:
    """Print the figures; fails where a true word goes or too many invented names stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    worst = 0
    for name in options.sets:
        true = [score(case) for case in cases(f"true-{name}")]
        damaged = [item for item in true if item.removed]
        invented = [score(case) for case in cases(f"invented-{name}")]
        planted = sum(len(item.case.planted) for item in invented)
        passing = sum(len(item.passing) for item in invented)
        print(
            f"{name} set: something true taken out of {len(damaged)} of {len(true)} answers; "
            f"{passing} of {planted} invented names pass"
        )
        for item in (*damaged, *(item for item in invented if item.passing)):
            if options.show:
                _show(item)
        worst = max(worst, int(bool(damaged) or passing > MOST_PASSING * planted))
    print(f"grounding: {_microseconds_per_kilobyte():.0f} microseconds a kilobyte")
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
