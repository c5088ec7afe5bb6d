"""Named objects looked at one by one: which are meant, what fails, which fragment would fix it.

Used by the plans of `bot.agent.offline` that speak of workloads by name.
"""

import re
from collections.abc import Generator, Sequence, Sized

from bot.agent.offline.question.phrases import KIND_NAMES, WRITTEN
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Call, Got, Talk, ask
from bot.agent.offline.target import Target, clusters_in
from bot.agent.offline.wording import words
from tools.queries.result import Explained, WorkloadRow
from tools.types import Verdict

MAX_OBJECTS = 4
"""Named objects that are looked at one by one."""
MAX_NOTES = 8
"""Of what is said beside a fix."""
PLACE = re.compile(r"\bin namespace ([a-z0-9][a-z0-9-]*)")


def explained(
    target: Target, rows: Sequence[WorkloadRow], about: Sequence[str], benchmark: str = ""
) -> Generator[list[Call], list[Got], list[Explained]]:
    """Look at several objects at once."""
    calls = [
        Call(
            "explain_finding",
            {
                "name": row.ref.name,
                "namespace": row.ref.namespace,
                "kind": row.ref.kind,
                "fix": True,
                **({"cluster": row.ref.cluster} if target.cluster else {}),
                **({"controls": list(about)} if about else {}),
                **({"benchmark": benchmark} if benchmark else {}),
            },
        )
        for row in rows
    ]
    got = yield calls
    return [item.data for item in got if isinstance(item.data, Explained)]


def by_name(target: Target, benchmark: str) -> Generator[list[Call], list[Got], list[Explained]]:
    """Look for what no workload is named, among all that is judged: roles, bindings, accounts."""
    wanted = [word for word in target.unknown if "-" in word or ":" in word][:2]
    if not wanted:
        return []
    more = {"cluster": target.cluster} if target.cluster else {}
    got = yield [
        Call("explain_finding", {"name": word, "benchmark": benchmark, "fix": True, **more})
        for word in wanted
    ]
    return [item.data for item in got if isinstance(item.data, Explained)]


def written(
    talk: Talk, question: Ask
) -> Generator[list[Call], list[Got], tuple[Target, list[Explained]]]:
    """Look at the one object that a question writes out as Kind/name, of any kind that is judged."""
    found = WRITTEN.search(question.text)
    if not found:
        return Target(), []
    named = clusters_in(question.text, talk.clusters) if len(talk.clusters) > 1 else []
    target = Target(talk.cluster or (named[0] if named else ""))
    call = {
        "kind": KIND_NAMES[found[1].lower()],
        "name": found[2],
        "benchmark": question.benchmark,
        "fix": True,
    }
    if place := PLACE.search(question.text):
        call["namespace"] = place[1]
    more = {"controls": list(question.controls)} if question.controls else {}
    more |= {"cluster": target.cluster} if target.cluster else {}
    got = yield from ask("explain_finding", **call, **more)
    return target, [got.data] if isinstance(got.data, Explained) else []


def together(rows: Sequence[WorkloadRow], asked: Sequence[str]) -> list[WorkloadRow]:
    """Choose which of many objects of the same names are meant: those that stand together."""
    if len(rows) <= MAX_OBJECTS:
        return list(rows)
    places: dict[str, list[WorkloadRow]] = {}
    for row in rows:
        places.setdefault(row.ref.namespace, []).append(row)
    best = max(places.values(), key=lambda found: len({row.ref.name for row in found} & set(asked)))
    wanted = len({row.ref.name for row in rows} & set(asked))
    if wanted > 1 and len({row.ref.name for row in best}) == wanted:
        return best[:MAX_OBJECTS]
    return list(rows[:MAX_OBJECTS])


def worst(item: Explained) -> list[str]:
    """Give the controls that an object fails, worst first."""
    return [control for found in words.by_verdict(item, Verdict.FAIL) for control in found.controls]


def checks(failing: Sized) -> str:
    """Count checks in words."""
    return "1 check" if len(failing) == 1 else f"{len(failing)} checks"


def fragment_text(item: Explained) -> str:
    """Show how an object would be fixed, as a proposal would do it; empty where nothing is known."""
    fix = item.fix
    if fix is None:
        return ""
    made = f"Fix (test it first; null takes a field out):\n```yaml\n{fix.fragment}\n```"
    notes = "\n".join(f"- {note}" for note in fix.notes[:MAX_NOTES])
    return words.join(made if fix.fragment else "Fix:", notes)
