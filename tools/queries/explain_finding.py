"""Show all that is judged of one object, passes too, with what decided: why it is flagged."""

from pydantic import BaseModel, ConfigDict, Field

from tools.cluster.reader import Reader
from tools.errors import UnknownName
from tools.posture import ordered
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads, settings_of, settings_text
from tools.queries.looking.scanning import find_controls, scan_once, visible
from tools.queries.looking.scoping import nearest_objects, pick_cluster, pick_namespaces
from tools.queries.looking.telling import verdict_lines
from tools.queries.propose_fix import shown
from tools.queries.result import MAX_TEXT, Explained, Result, Setting
from tools.queries.wording import (
    controls_text,
    fence,
    fitting,
    gaps_text,
    names,
    place,
    titles,
)
from tools.types import Finding, ResourceRef, Scan, Verdict


class Arguments(BaseModel):
    """Which object."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=253, description="Exact name.")
    namespace: str = Field(default="", max_length=63, description="Empty for cluster-scoped ones.")
    kind: str = Field(
        default="", max_length=60, description="Needed when two kinds share the name."
    )
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    controls: list[str] = Field(
        default_factory=list[str], max_length=20, description="Only these controls."
    )
    benchmark: str = Field(default="cis-1.12", max_length=40, description="The benchmark's name.")
    fix: bool = Field(default=False, description="Also how it would be fixed, as YAML.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Judge its namespace and keep what concerns the object."""
    focus = find_controls(arguments.benchmark, arguments.controls)
    reader = pick_cluster(context, arguments.cluster)
    asked = [arguments.namespace] if arguments.namespace else []
    namespaces = await pick_namespaces(context, reader, asked)
    made = await scan_once(context, reader, namespaces, (), arguments.benchmark, keep_all=True)
    ref, verdicts = _about(arguments, context, made)
    numbers = {item.id for item in focus}
    kept = tuple(
        item for item in ordered(verdicts) if not numbers or numbers.intersection(item.controls)
    )
    failing = [item for item in kept if item.verdict is Verdict.FAIL]
    fix = None
    if arguments.fix and failing:
        fix = await shown(context, ref, failing, arguments.controls)
    data = Explained(ref, made, kept, await _settings(reader, ref), focus, fix)
    return Result(_text(data), data, made.gaps)


def _about(
    arguments: Arguments, context: QueryContext, made: Scan
) -> tuple[ResourceRef, list[Finding]]:
    """Find the one object meant.

    Raises:
        UnknownName: none of that name, or several kinds or namespaces have it.
    """
    seen = visible(made.findings, context)
    mine = [
        item
        for item in seen
        if item.ref.name == arguments.name
        and (not arguments.kind or item.ref.kind.lower() == arguments.kind.lower())
    ]
    refs = {(item.ref.kind, item.ref.namespace): item.ref for item in mine}
    if not refs:
        raise UnknownName(
            f"Nothing named {arguments.name!r} was judged in "
            f"{arguments.namespace or 'the cluster'} ({made.cluster}).",
            nearest_objects(arguments.name, (item.ref for item in seen)),
        )
    if len(refs) > 1:
        raise UnknownName(
            f"{arguments.name!r} is the name of several objects.",
            f"Which: {names(place(ref) for ref in refs.values())}?",
        )
    return next(iter(refs.values())), mine


async def _settings(reader: Reader, ref: ResourceRef) -> tuple[Setting, ...]:
    if not ref.namespace:
        return ()
    found, _ = await read_workloads(reader, (ref.namespace,))
    return next(
        (settings_of(w) for w in found if w.ref.kind == ref.kind and w.ref.name == ref.name), ()
    )


def _text(data: Explained) -> str:
    by_verdict = {
        verdict: [item for item in data.verdicts if item.verdict is verdict] for verdict in Verdict
    }
    counts = ", ".join(f"{len(items)} {verdict.value}" for verdict, items in by_verdict.items())
    known = titles(data.scan.benchmark)
    lines = [
        f"{place(data.ref)} in cluster {data.ref.cluster}: {counts}{gaps_text(data.scan.gaps)}"
    ]
    for verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
        if by_verdict[verdict]:
            listed = names((controls_text(item, known) for item in by_verdict[verdict]), 40)
            lines.append(f"{verdict.value}: {listed}")
    if data.settings:
        lines.append(f"settings in effect:\n{fence('settings', settings_text(data.settings))}")
    if data.fix:
        fix = fence("fix", data.fix.fragment)
        lines.append(f"how it would be fixed (nothing is asked for):\n{fix}")
        lines += [f"note: {one}" for one in data.fix.notes]
    head = "\n".join(lines)
    told = verdict_lines(
        [*by_verdict[Verdict.FAIL], *by_verdict[Verdict.UNKNOWN]], data.scan.benchmark
    )
    kept, left = fitting(told, MAX_TEXT - len(head) - 300)
    body = fence("verdicts", "\n".join(kept)) if kept else "nothing fails and nothing is unknown"
    rest = f"\n(and {left} more; name controls to see theirs)" if left else ""
    return f"{head}\n{body}{rest}"
