"""Questions on the benchmarks themselves: what one asks beyond another, two controls, unknown numbers.

Used by `bot.agent.offline.answers.guided`.
"""

import re
from collections.abc import Generator, Sequence

from bot.agent.allowed import known_controls
from bot.agent.offline.question.phrases import COMPARE, CONTROL_PLANE, LED, Wish
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Call, Got, Plan
from bot.agent.offline.wording import words
from knowledge import catalogue
from tools.queries.result import ControlRead
from tools.queries.wording import names

_SAME = re.compile(
    r"\bsame\b|\bdiffer|\bversus\b|\bvs\b|unterschied|gleich|compare|instead of", re.I
)
_LEVELS = re.compile(r"(?=.*\bbaseline\b)(?=.*\brestricted\b)", re.I | re.S)
_ASKS_UNCHECKED: tuple[tuple[str, str, str], ...] = (
    (
        r"\b(?:memory|cpu|resources?|ram|speicher)\b.{0,20}\b(?:limits?|requests?|quotas?)|\b(?:limits?|requests?)\b.{0,20}\b(?:memory|cpu|ram)\b|resource ?quotas?|limit ?ranges?|\b(?:without|no|missing|have|has|set|sets|lack\w*)\b.{0,12}\blimits?\b|\boom\w*",
        "limits or requests of memory and CPU",
        "a ResourceQuota or LimitRange in each namespace, or the field `resources` of each container",
    ),
    (
        r"(?:read-?only|writ\w+)(?: to| into)?(?: its| their| the)?[\s-]*(?:own |root[\s-]*)*(?:file[\s-]?system|rootfs|fs\b)|readonlyrootfilesystem",
        "a read-only root file system (`readOnlyRootFilesystem`)",
        "the field `securityContext.readOnlyRootFilesystem` of each container",
    ),
    (
        r"\b(?:liveness|readiness|startup|health)[\s-]?(?:probes?|checks?)|\bprobes\b",
        "liveness or readiness probes",
        "the fields `livenessProbe` and `readinessProbe` of each container",
    ),
    (
        r"pod ?disruption|\bpdbs?\b|single replica|anti-?affinity|autoscal\w+|\bhpas?\b",
        "availability (replicas, disruption budgets, autoscaling)",
        "PodDisruptionBudgets and the field `replicas`",
    ),
    (
        r"pull ?polic\w+(?!.{0,30}(?:admission|plug))",
        "the pull policy of each container",
        "the field `imagePullPolicy`; at admission CIS 1.2.11 asks for AlwaysPullImages",
    ),
)
"""What people ask and neither benchmark checks in objects: words for it, its name, what to look at."""


def special(question: Ask) -> Plan | None:
    """Give the plan for a question on the benchmarks themselves; None for all others."""
    unknown = [n for n in LED.findall(question.text) if n not in known_controls()]
    if unknown and not question.controls and not question.topics:
        return _unknown(unknown[0])
    sections = bool(question.controls) and all(words.is_section(c) for c in question.controls)
    if sections and question.wish is Wish.GUIDANCE:
        return _section(question.controls[0])
    if _LEVELS.search(question.text) and (
        COMPARE.search(question.text) or _SAME.search(question.text)
    ):
        return _levels()
    if len(question.controls) > 1 and (
        COMPARE.search(question.text) or _SAME.search(question.text)
    ):
        return _two(question.controls)
    return None


def unchecked(question: Ask) -> str:
    """Say that no check exists for what a question asks; empty for all else."""
    text = question.text
    if question.topics or question.controls or CONTROL_PLANE.search(text):
        return ""
    for pattern, name, look in _ASKS_UNCHECKED:
        if re.search(pattern, text, re.I):
            return words.join(
                f"**I have no check on {name}, so I cannot tell from a scan.** Neither CIS Kubernetes Benchmark 1.12 "
                "nor the Pod Security Standards ask for it.",
                f"What would show it: {look}. I looked at nothing for this answer.",
            )
    return ""


def say_unchecked(question: Ask) -> Plan:
    """Answer that no check exists."""
    yield from ()
    return unchecked(question)


def read_controls(
    ids: Sequence[str], benchmark: str = "cis-1.12"
) -> Generator[list[Call], list[Got], list[ControlRead]]:
    """Look several controls up at once; unknown ones are left out."""
    wanted = [item for item in dict.fromkeys(ids) if not words.is_section(item)]
    if not wanted:
        return []
    calls = [Call("explain_control", {"control": item, "benchmark": benchmark}) for item in wanted]
    got = yield calls
    return [item.data for item in got if isinstance(item.data, ControlRead)]


def _unknown(number: str) -> Plan:
    yield from ()
    section = number.rpartition(".")[0]
    near = [item.id for item in catalogue.controls("cis-1.12") if item.section == section]
    last = f" Section {section} ends at {near[-1]}." if near else " Its sections are 1 to 5."
    return (
        f"There is no control {number} in the CIS Kubernetes Benchmark 1.12.{last} "
        "Older editions numbered some controls otherwise: tell me what it is about, and I look for today's number."
    )


def _section(number: str) -> Plan:
    yield from ()
    held = [
        item
        for item in catalogue.controls("cis-1.12")
        if item.section == number or item.id.startswith(f"{number}.")
    ]
    lines = [f"- {item.id} {item.title}" for item in held[:20]]
    more = [f"- and {len(held) - 20} more"] if len(held) > 20 else []
    return (
        f"**Section {number} of the CIS Kubernetes Benchmark 1.12 holds {len(held)} controls:**\n"
        + "\n".join([*lines, *more])
    )


def _levels() -> Plan:
    baseline = {item.id: item for item in catalogue.controls("pss-baseline")}
    added = [item for item in catalogue.controls("pss-restricted") if item.id not in baseline]
    reads = yield from read_controls([item.id for item in added], "pss-restricted")
    lines = [
        f"- {read.control.id}: {read.control.title} (`{words.setting_of(read.control)}`)"
        for read in reads
    ]
    held = names((item.title for item in baseline.values()), 12)
    return words.join(
        "**The Pod Security Standard restricted asks all that baseline asks, and more.** Baseline keeps known ways to the "
        f"node shut: {held}.",
        "Restricted adds:\n" + "\n".join(lines),
        "Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    )


def _two(controls: Sequence[str]) -> Plan:
    reads = yield from read_controls(controls[:3])
    said = [
        words.join(
            f"**{words.number(read.control)}: {read.control.title}.** {words.asks(read)}",
            words.why(read, words.SHORT),
        )
        for read in reads
    ]
    return words.join(
        f"{names(words.number(read.control) for read in reads)} are separate controls.",
        *said,
        *(words.source(read) for read in reads[:1]),
    )
