"""Runs chat tasks through the real conversation and judges what a machine can judge of them.

A task is one JSON line: id, user_says, setup (a folder of manifests under `folders/`, or a path), kind,
must_contain, must_not, and optionally earlier (what the person asked before in the thread). Items:
`draft:` is what the answer left in the table of drafts, as JSON: `draft:{"action": "scale", "of":
"Deployment shop/web", "replicas": 2}` where one of its drafts has these fields, `draft:none` where there
is none, `draft:1` for how many;
`text:` stands in the answer in any letter case; `evidence:` is what was read, by the recorded steps;
`fact:` and must_not in prose are for a reader, so they are printed and not counted. A must_not of the form
`text:` must not stand in the answer.

A task may name `clusters` (name to folder) in place of the one cluster that `setup` makes, and
`namespaces` where the person may see these only.

    python -m tests.eval.runner TASKS.jsonl [--folders DIR] [--model offline|scripted] [--show]
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.agent.limits import Limits
from bot.agent.loop import make_agent
from bot.conversation import Parts, answer
from bot.store.database import open_database
from bot.types import Answer, Place, Progress, Request, ThreadKey
from knowledge.search import open_library
from knowledge.types import IndexConfig
from tests.fakes.openai import FakeOpenAI, Turn, say
from tests.fakes.proposing import DEVELOPER, proposing, submitted_as
from tools import vocabulary
from tools.cluster.manifests.reader import open_folder
from tools.queries.looking.memory import MemoryScans
from tools.queries.proposing.titles import place
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

HERE = Path(__file__).parent
CLUSTER = "demo"
_LISTING = ("find_workloads", "scan_scope", "explain_finding", "namespaces")


@dataclass
class Judged:
    """One task's outcome."""

    task: Mapping[str, Any]
    answer: Answer
    met: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)


def load(path: Path) -> list[dict[str, Any]]:
    """Read tasks, one JSON object a line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


async def parts_for(folders: Mapping[str, Path], store: Path, **more: Any) -> Parts:
    """Make everything that answers, over one folder of manifests for each cluster's name."""
    configs = [
        ClusterConfig(name=name, source=ClusterSource.FOLDER, folder=str(folder))
        for name, folder in folders.items()
    ]
    library = open_library(IndexConfig(folder=store / "index"))
    return Parts(
        readers={config.name: await open_folder(config) for config in configs},
        search=library.search,
        guide_for=library.guide_for,
        past=MemoryScans(),
        now=lambda: datetime.now(UTC),
        db=await open_database(f"sqlite+aiosqlite:///{store / 'eval.db'}", ""),
        limits=Limits(questions_per_day=100_000, tokens_per_day=10**9),
        **(proposing() | more),
    )


async def put(
    parts: Parts, thread: str, number: int, text: str, seen: Collection[str] = ()
) -> Answer:
    """Ask one question in a thread; with namespaces that may be seen, otherwise all."""
    request = Request(
        id=f"{thread}-{number}",
        thread=ThreadKey("local", "eval", thread),
        place=Place.TERMINAL,
        person=f"evaluator of {thread}",
        text=text,
        scope=Scope(dict.fromkeys(parts.readers, frozenset(seen) or ALL)),
        asked_at=datetime.now(UTC),
        actor=DEVELOPER,
    )
    return await answer(request, _silent, parts)


async def run_task(task: Mapping[str, Any], parts: Parts, scripted: bool) -> Judged:
    """Answer one task, by rules or by a model that says what the rules said, and judge it."""
    thread = str(task["id"])
    earlier: Sequence[str] = task.get("earlier", ())
    seen: Sequence[str] = task.get("namespaces", ())
    for number, text in enumerate(earlier):
        await put(parts, thread, number, text, seen)
    given = await put(parts, thread, 100, task["user_says"], seen)
    if scripted:
        given = await _scripted(task, parts, given, earlier)
    return judge(task, given, await _drafts(parts, given))


async def _drafts(parts: Parts, given: Answer) -> list[dict[str, Any]]:
    """What an answer left in the table of drafts, with its object in one word."""
    rows = await submitted_as(parts.db, given.proposals)
    drafts = [vocabulary.decode(row) for row in rows]
    return [json.loads(vocabulary.encode(draft)) | {"of": place(draft.target)} for draft in drafts]


async def _scripted(
    task: Mapping[str, Any], parts: Parts, given: Answer, earlier: Sequence[str]
) -> Answer:
    """Have a model over HTTP make the same calls and say the same, through the same loop."""
    turns = [
        Turn(calls=((step.query, json.dumps(dict(step.arguments))),), text="Looking at it.")
        for step in given.steps
    ]
    async with FakeOpenAI([*turns, say(given.text)]) as endpoint:
        again = replace(parts, agent=make_agent(endpoint.model()), model="scripted")
        thread = f"{task['id']}-scripted"
        seen: Sequence[str] = task.get("namespaces", ())
        for number, text in enumerate(earlier):
            await put(parts, thread, number, text, seen)
        return await put(again, thread, 100, task["user_says"], seen)


def judge(
    task: Mapping[str, Any], given: Answer, drafts: Sequence[Mapping[str, Any]] = ()
) -> Judged:
    """Compare an answer, and what it left, with what its task wants."""
    judged = Judged(task, given)
    text = given.text.lower()
    for item in task["must_contain"]:
        sort, _, wanted = item.partition(":")
        if sort == "fact":
            judged.by_hand.append(item)
            continue
        if sort == "draft":
            held = drafted(wanted, drafts)
        else:
            held = wanted.lower() in text if sort == "text" else evidence(wanted, given)
        (judged.met if held else judged.missed).append(item)
    for item in task["must_not"]:
        sort, _, wanted = item.partition(":")
        if sort != "text":
            judged.by_hand.append(f"not: {item}")
        elif wanted.lower() in text:
            judged.broken.append(item)
    return judged


def drafted(wanted: str, drafts: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the drafts are as many, or one of them is as a task wants."""
    if wanted == "none" or wanted.isdigit():
        return len(drafts) == (0 if wanted == "none" else int(wanted))
    fields = json.loads(wanted)
    return any(all(draft.get(key) == value for key, value in fields.items()) for draft in drafts)


def evidence(wanted: str, given: Answer) -> bool:
    """Tell from the recorded steps whether something was read.

    Forms: `workloads of NAMESPACE were listed` (or `of all namespaces`), `the log of NAME was read`,
    `events of NAMESPACE were read`, `NAMESPACE was scanned`, `the guidance was searched`,
    `control ID was looked up`, `NAME was explained`, `namespaces were listed`.
    """
    steps = [(step.query, dict(step.arguments)) for step in given.steps if not step.failed]
    forms: list[tuple[str, Any]] = [
        (r"workloads of (?:all namespaces|the cluster) were listed", lambda q, a, m: q in _LISTING and not a.get("namespaces") and not a.get("namespace")),
        (r"workloads of (\S+) were listed", lambda q, a, m: q in _LISTING and m[1] in (*a.get("namespaces", ()), a.get("namespace"), *([m[1]] if not a.get("namespaces") and not a.get("namespace") else []))),
        (r"the log of (\S+) was read", lambda q, a, m: q == "logs" and a.get("pod") == m[1]),
        (r"events of (\S+) were read", lambda q, a, m: q == "events" and a.get("namespace") == m[1]),
        (r"(\S+) was scanned", lambda q, a, m: q == "scan_scope" and (m[1] in a.get("namespaces", ()) or (m[1] == "everything" and not a.get("namespaces")))),
        (r"the guidance was searched", lambda q, a, m: q == "search_guidance"),
        (r"control (\S+) was looked up", lambda q, a, m: q == "explain_control" and a.get("control") == m[1]),
        (r"(\S+) was explained", lambda q, a, m: q == "explain_finding" and a.get("name") == m[1]),
        (r"namespaces were listed", lambda q, a, m: q == "namespaces"),
    ]  # fmt: skip
    for pattern, holds in forms:
        match = re.fullmatch(pattern, wanted)
        if match:
            return any(holds(query, arguments, match) for query, arguments in steps)
    raise ValueError(f"no such form of evidence: {wanted}")


async def _silent(_: Progress) -> None:
    return None


async def run_all(path: Path, folders: Path, scripted: bool) -> list[Judged]:
    """Run a file of tasks; each folder is opened once."""
    outcomes: list[Judged] = []
    opened: dict[tuple[tuple[str, str], ...], Parts] = {}
    with tempfile.TemporaryDirectory() as store:
        for number, task in enumerate(load(path)):
            clusters: Mapping[str, str] = task.get("clusters", {CLUSTER: task["setup"]})
            key = tuple(clusters.items())
            if key not in opened:
                place = Path(store) / str(number)
                place.mkdir()
                sources = {name: folders / folder for name, folder in clusters.items()}
                opened[key] = await parts_for(sources, place)
            outcomes.append(await run_task(task, opened[key], scripted))
        for parts in opened.values():
            if parts.db is not None:
                await parts.db.close()
    return outcomes


def figures(outcomes: Sequence[Judged]) -> tuple[int, int, int]:
    """Items met, items in all, must_not broken."""
    met = sum(len(item.met) for item in outcomes)
    return met, met + sum(len(i.missed) for i in outcomes), sum(len(i.broken) for i in outcomes)


def by_kind(outcomes: Sequence[Judged]) -> dict[str, tuple[int, int]]:
    """Items met and items in all, for each kind of task."""
    kinds = sorted({str(item.task["kind"]) for item in outcomes})
    counted = {kind: figures([o for o in outcomes if o.task["kind"] == kind]) for kind in kinds}
    return {kind: (met, wanted) for kind, (met, wanted, _) in counted.items()}


def main(arguments: Sequence[str]) -> int:
    """Print each miss, and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tasks", type=Path)
    parser.add_argument("--folders", type=Path, default=HERE / "folders")
    parser.add_argument("--model", choices=("offline", "scripted"), default="offline")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args(arguments)
    outcomes = asyncio.run(run_all(given.tasks, given.folders, given.model == "scripted"))
    for item in outcomes:
        if given.show or item.missed or item.broken:
            print(f"{item.task['id']}: {item.task['user_says']}")
            print(f"  missed {item.missed} broken {item.broken} by hand {item.by_hand}")
            if given.show:
                steps = [
                    (step.query, dict(step.arguments), step.failed) for step in item.answer.steps
                ]
                print(f"  steps {steps} taken out {item.answer.taken_out}")
            print("  | " + item.answer.text.replace("\n", "\n  | "))
    met, wanted, broken = figures(outcomes)
    whole = sum(not item.missed and not item.broken for item in outcomes)
    for kind, (had, of) in by_kind(outcomes).items():
        print(f"  {kind}: {had} of {of}")
    print(f"{given.model}: {met} of {wanted} text and evidence items met ({100 * met / max(1, wanted):.0f}%), "
          f"{whole} of {len(outcomes)} tasks whole, {broken} must_not broken")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
