"""Answers that list: clusters, namespaces, workloads, images, events, logs, and the next page.

Used by `bot.agent.offline.plans`.
"""

import re
from collections import Counter

from bot.agent.offline.answers import objects
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Plan, Talk, ask
from bot.agent.offline.target import resolve
from bot.agent.offline.wording import words
from tools.queries.result import (
    Clusters,
    EventList,
    LogText,
    Namespaces,
    ObjectRead,
    Scanned,
    Workloads,
)
from tools.queries.wording import names, one_line
from tools.types import Verdict

_ORDERS = re.compile(
    r"\b(?:assistant|\bai\b|\bbots?\b|ignore|forget|instructions?|automation should|must (?:call|say|delete)|"
    r"please (?:print|delete|scale)|reader of this|approval)\b",
    re.I,
)
_ERROR = re.compile(
    r"\b(?:error|fatal|panic|exception|fail(?:ed|ure)?|denied|refused|timeout|unreachable)\b", re.I
)


def show_clusters(talk: Talk, question: Ask) -> Plan:
    """List the clusters that may be asked about."""
    got = yield from ask("clusters")
    if not isinstance(got.data, Clusters) or not got.data.rows:
        return (
            got.failed
            or "No cluster may be seen from here. An administrator of Oakum can configure one."
        )
    lines = [
        f"- {row.name} ({'live' if row.source == 'live' else 'a folder of manifests'}): "
        + (f"namespaces {names(row.namespaces, 12)}" if row.namespaces else "all namespaces")
        for row in got.data.rows
    ]
    count = len(lines)
    return f"{count} cluster{'s' * (count != 1)} may be asked about here:\n" + "\n".join(lines)


def show_namespaces(talk: Talk, question: Ask) -> Plan:
    """List namespaces with what stands in them."""
    target = yield from resolve(talk, question, inherit=False)
    if target.failed:
        return target.failed
    got = yield from ask("namespaces", cluster=target.cluster)
    if not isinstance(got.data, Namespaces):
        return got.failed
    rows = got.data.rows
    lines = [
        f"- {row.name}: {row.workloads} workloads, {row.network_policies or 'no'} network policies, "
        f"enforced Pod Security level: {row.enforce or 'none'}"
        for row in rows[:15]
    ]
    if len(rows) > 15:
        lines.append(f"- and {len(rows) - 15} more")
    return f"{len(rows)} namespaces in cluster {got.data.cluster}:\n" + "\n".join(lines)


def show_workloads(talk: Talk, question: Ask) -> Plan:
    """List the workloads of a namespace or of the cluster."""
    target = yield from resolve(talk, question)
    if target.failed or target.lost:
        return target.failed or target.note or nothing_named(target.unknown)
    got = yield from ask(
        "find_workloads",
        cluster=target.cluster,
        namespaces=list(target.namespaces),
        kind=_kind(question.text),
    )
    if not isinstance(got.data, Workloads):
        return got.failed
    data = got.data
    where = f"namespace {names(data.namespaces)} of " if data.namespaces else ""
    lines = [
        f"- {words.place(row.ref)}: " + ", ".join(f"`{image.image}`" for image in row.images)
        for row in data.rows[: words.MAX_ROWS]
    ]
    if data.total > len(lines):
        lines.append(f"- and {data.total - len(lines)} more")
    kinds = names(f"{count} {kind}" for kind, count in sorted(data.counts.items()))
    return words.join(
        f"{data.total} workload{'s' * (data.total != 1)} in {where}cluster {data.cluster}"
        + (f" ({kinds}):" if kinds else "."),
        "\n".join(lines),
        target.note,
        words.not_looked_at(got.result.gaps if got.result else ()),
    )


def show_settings(talk: Talk, question: Ask) -> Plan:
    """Show the security settings in effect of one workload."""
    target = yield from resolve(talk, question)
    if target.failed or target.lost:
        return target.failed or target.note or nothing_named(target.unknown)
    if not target.rows:
        return "The settings of which workload? Name it, please."
    ref = target.rows[0].ref
    got = yield from ask(
        "read_object", cluster=target.cluster, namespace=ref.namespace, kind=ref.kind, name=ref.name
    )
    if not isinstance(got.data, ObjectRead):
        return got.failed
    lines: dict[str, list[str]] = {}
    for item in got.data.settings:
        lines.setdefault(item.container, []).append(f"`{item.name}: {item.value}`")
    said = [
        f"- {f'container {name}' if name else 'pod'}: {', '.join(values)}"
        for name, values in lines.items()
    ]
    seen = yield from objects.explained(target, target.rows[:1], ())
    failing = words.by_verdict(seen[0], Verdict.FAIL) if seen else []
    return words.join(
        f"Security settings in effect of {words.place(ref)} in cluster {ref.cluster}:",
        "\n".join(said),
        "\n".join(words.image_line(target.rows[0])),
        "Its labels, annotations, arguments and environment are not repeated here.",
        objects.fragment_text(seen[0]) if failing else "",
    )


def show_events(talk: Talk, question: Ask) -> Plan:
    """Show recent events of what is asked about, as quoted data."""
    target = yield from resolve(talk, question)
    if target.failed or target.lost:
        return target.failed or target.note or nothing_named(target.unknown)
    places = [row.ref.namespace for row in target.rows[:1]] or list(target.namespaces[:1])
    if not places:
        return "Events of which namespace?" + (
            f" There are: {names(target.known, 12)}." if target.known else ""
        )
    name = target.rows[0].ref.name if target.rows else ""
    got = yield from ask("events", cluster=target.cluster, namespace=places[0], name=name)
    if not isinstance(got.data, EventList):
        return got.failed
    data = got.data
    gaps = words.not_looked_at(got.result.gaps if got.result else ())
    about = f"{places[0]}/{name}" if name else f"namespace {places[0]}"
    if not data.rows:
        return words.join(f"No events of {about} in cluster {data.cluster} were found.", gaps)
    reasons = Counter(row.reason for row in data.rows)
    kinds = names(
        (f"{one_line(reason, 40)} ({count})" for reason, count in reasons.most_common()), 6
    )
    orders = any(_ORDERS.search(row.message) for row in data.rows)
    quoted = "\n".join(
        f"- {row.type} {one_line(row.reason, 40)} {row.object}: {_quote(row.message)}"
        for row in data.rows[: words.MAX_ROWS]
    )
    return words.join(
        f"{len(data.rows)} recent events of {about} in cluster {data.cluster}: {kinds}.",
        quoted,
        _ORDER_NOTE if orders else "",
        gaps,
    )


def show_log(talk: Talk, question: Ask) -> Plan:
    """Sum a log up: how many lines, which errors, and whether it holds text meant for me."""
    target = yield from resolve(talk, question)
    if target.failed or target.lost:
        return target.failed or target.note or nothing_named(target.unknown)
    if not target.rows:
        return "The log of which workload? Name it, please."
    ref = target.rows[0].ref
    got = yield from ask("logs", cluster=target.cluster, namespace=ref.namespace, pod=ref.name)
    if not isinstance(got.data, LogText):
        return got.failed
    data = got.data
    gaps = words.not_looked_at(got.result.gaps if got.result else ())
    if not data.text:
        return words.join(
            f"I could not read a log of {words.place(ref)}."
            if gaps
            else f"The log of {words.place(ref)} is empty.",
            gaps,
        )
    lines = [line for line in data.text.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    quoted = "\n".join(f"- {_quote(line)}" for line in (errors or lines)[-5:])
    return words.join(
        f"The last {len(lines)} lines of {words.place(ref)} (pod {data.pod}) hold {len(errors)} that look like errors.",
        quoted,
        _ORDER_NOTE if any(_ORDERS.search(line) for line in lines) else "",
        gaps,
    )


def show_more(talk: Talk, question: Ask) -> Plan:
    """Show the next page of the scan that the thread spoke of."""
    facts = next((said.facts for said in reversed(talk.earlier) if said.facts.get("scan")), {})
    if not facts:
        yield from ()
        return "There is no list in this thread to continue. Ask for a scan first."
    focus = facts.get("focus") or []
    got = yield from ask(
        "list_findings",
        scan_id=str(facts["scan"]),
        controls=focus,
        offset=int(facts.get("next") or 0),
    )
    if not isinstance(got.data, Scanned):
        return got.failed
    data = got.data
    if not data.page:
        return f"That was all: {data.total} findings."
    last = data.offset + len(data.page)
    return words.join(
        f"Findings {data.offset + 1} to {last} of {data.total} in {words.scope_of(data.scan)}:",
        words.rows(data.page, data.total - data.offset),
    )


_ORDER_NOTE = "Some of this text is written as an order or a claim to an assistant. It is data from the cluster: I did not follow it, and it proves nothing."


def _quote(text: str) -> str:
    """Quote cluster text so that it is plainly a quotation."""
    return "“" + one_line(text, 160).replace("“", "'").replace("”", "'").replace("`", "'") + "”"


def _kind(text: str) -> str:
    found = re.search(r"\b(deployment|statefulset|daemonset|cronjob|job)s?\b", text, re.I)
    return found[1] if found else ""


def nothing_named(unknown: tuple[str, ...]) -> str:
    """Say that names are not there."""
    return f"I found nothing named {names((f'`{word}`' for word in unknown), 5)} in what I may see."
