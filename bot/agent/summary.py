"""What was found, in words made by code from typed results: for answers that a model did not finish.

Used by `bot.agent.loop`.
"""

from collections.abc import Sequence

from tools.queries.result import (
    Clusters,
    ControlRead,
    Explained,
    Found,
    Namespaces,
    NotPlanned,
    Planned,
    Proposals,
    Result,
    Scanned,
    Workloads,
)
from tools.queries.rights import Access, Rights
from tools.queries.wording import names, place
from tools.types import Verdict

MAX_LINES = 12


def found_so_far(results: Sequence[Result]) -> str:
    """List what the results hold, one line each; says so when there is nothing."""
    lines = list(dict.fromkeys(line for item in results if (line := _line(item))))
    if not lines:
        return "Nothing was found yet."
    more = f"\n- and {len(lines) - MAX_LINES} more results" if len(lines) > MAX_LINES else ""
    return "\n".join(f"- {line}" for line in lines[:MAX_LINES]) + more


def _line(result: Result) -> str:
    match result.data:
        case Clusters(rows):
            return f"Clusters: {names(row.name for row in rows)}."
        case Namespaces(cluster, rows):
            return f"Namespaces of {cluster}: {names(row.name for row in rows)}."
        case Workloads() as data:
            listed = names((place(row.ref) for row in data.rows), 8)
            return f"Workloads in {data.cluster}: {data.total} match" + (
                f": {listed}." if listed else "."
            )
        case Scanned() as data:
            return _scan_line(data)
        case Explained() as data:
            return _explained_line(data)
        case Access() | Rights() as data:
            return _access_line(data)
        case Planned() | NotPlanned() as data:
            return _change_line(data)
        case Proposals(_, rows, total):
            return f"Asked for, {total} in all: {names((row.title for row in rows), 5) or 'none'}."
        case ControlRead() | Found() as data:
            return _guidance_line(data)
        case _:
            return ""


def _access_line(data: Access | Rights) -> str:
    if isinstance(data, Access):
        held = names(dict.fromkeys(place(row.ref) for row in data.rows), 8)
        return f"Roles that allow {data.verb} on {data.resource}: {held or 'none'}."
    held = names(dict.fromkeys(f"{place(row.ref)} {row.where}" for row in data.rows), 8)
    return f"{data.subject} holds: {held or 'nothing'}."


def _explained_line(data: Explained) -> str:
    failing = [item for item in data.verdicts if item.verdict is Verdict.FAIL]
    controls = names(", ".join(item.controls) for item in failing)
    return f"{place(data.ref)} fails {controls or 'nothing that was looked at'}."


def _guidance_line(data: ControlRead | Found) -> str:
    if isinstance(data, ControlRead):
        return f"{data.control.benchmark} {data.control.id}: {data.control.title}."
    if not data.passages:
        return ""
    return f"Guidance: {names((item.title for item in data.passages), 3)}."


def _change_line(data: Planned | NotPlanned) -> str:
    if isinstance(data, Planned):
        return f"Worked out, nothing changed: {data.title}."
    return f"Not proposed: {data.title}. {data.refusal.public}"


def _scan_line(data: Scanned) -> str:
    where = names(data.scan.namespaces) if data.scan.namespaces else "all namespaces"
    controls = names((f"{i} ({count})" for i, _, count in data.tally.by_control), 8)
    worst = names((place(item.ref) for item in data.rows if item.verdict is Verdict.FAIL), 5)
    return f"Scan of {data.scan.cluster}, {where}: {data.tally.objects_failing} objects fail" + (
        f"; controls: {controls}; first: {worst}." if controls else "."
    )
