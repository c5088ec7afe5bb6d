"""Findings as blocks with their buttons, and what a press on one shows.

Everything that comes from a cluster is shown as code or escaped. Pure; used by `render` and `presses`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.inert import inert
from bot.slack.mrkdwn import PIECE_MAX, code, escape, units
from tools.types import Evidence, Finding, ResourceRef, Verdict

SHOWN = 5
"""Findings with buttons in one message."""
EXPLAIN = "finding.explain"
EVIDENCE = "finding.evidence"
FIX = "finding.fix"
MORE = "findings.more"
_NAME_MAX = 120
_REASON_MAX = 300
_EVIDENCE_SHOWN = 10

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a finding's button says: the finding's place in the answer, and a mark to know it by."""

    index: int
    mark: str


def blocks_of(
    findings: Sequence[Finding], first: int, room: int, total: int, *, fixes: bool = False
) -> tuple[list[Block], int, int]:
    """Draw findings from `first` on; gives blocks, how many were drawn, and their size in units.

    `total`: how many there are with those that are not kept.

    `fixes`: changes can be proposed here, so a failing finding offers that.
    """
    blocks: list[Block] = []
    size = drawn = 0
    for index in range(first, min(first + SHOWN, len(findings))):
        text = summary(findings[index])
        cost = units(text) + 20
        if size + cost > room:
            break
        blocks += [_section(text), _buttons(index, findings[index], fixes)]
        size += cost
        drawn += 1
    left = len(findings) - first - drawn
    if left > 0 and drawn:
        value = str(first + drawn)
        label = f"{total - first - drawn} more"
        blocks.append({"type": "actions", "elements": [_button(label, MORE, value)]})
    return blocks, drawn, size


def summary(finding: Finding) -> str:
    """Say in mrkdwn what was found, where, and why."""
    title = escape(finding.check.replace("_", " ")[:_NAME_MAX].capitalize())
    controls = ", ".join(one[:30] for one in finding.controls[:6])
    verdict = "unknown" if finding.verdict is Verdict.UNKNOWN else finding.severity.value
    head = f"*{title}* · {verdict}" + (f" · {escape(controls)}" if controls else "")
    where = place(finding.ref)
    if finding.container:
        where += f", container {code(_short(finding.container, _NAME_MAX))}"
    reason = escape(inert(_short(finding.reason, _REASON_MAX), frozenset()))
    return "\n".join(line for line in (head, where, _literal(reason)) if line)


def place(ref: ResourceRef) -> str:
    """Name an object in mrkdwn, its cluster and namespace with it."""
    named = code(f"{_short(ref.kind, 60)}/{_short(ref.name, _NAME_MAX)}")
    inside = f" in {code(_short(ref.namespace, 70))}" if ref.namespace else ""
    return f"{named}{inside} (cluster {code(_short(ref.cluster, 70))})"


def evidence_text(finding: Finding) -> str:
    """Show the fields that decided, as they were read, within one section."""
    lines = [summary(finding), ""]
    size = units(lines[0])
    for number, item in enumerate(finding.evidence):
        line = _evidence_line(item)
        if number == _EVIDENCE_SHOWN or size + units(line) > PIECE_MAX - 200:
            lines.append(f"and {len(finding.evidence) - number} more fields")
            break
        lines.append(line)
        size += units(line) + 1
    if not finding.evidence:
        lines.append("No single field decided; the reason above is all there is.")
    return "\n".join(lines)


def question(finding: Finding) -> str:
    """Word the question that a press on Explain asks in the thread."""
    control = f"control {finding.controls[0]}" if finding.controls else f"check {finding.check}"
    inside = f" in namespace {finding.ref.namespace}" if finding.ref.namespace else ""
    return (
        f"Explain the finding {finding.check} ({control}) of "
        f"{finding.ref.kind}/{finding.ref.name}{inside} of cluster {finding.ref.cluster}: "
        "why does it matter and how is it fixed?"
    )


def fix_question(finding: Finding) -> str:
    """Word the question that a press on Propose a fix asks in the thread."""
    inside = f" in namespace {finding.ref.namespace}" if finding.ref.namespace else ""
    return (
        f"Propose a fix for {finding.check} on {finding.ref.kind}/{finding.ref.name}{inside} "
        f"of cluster {finding.ref.cluster}."
    )


def read_value(value: str) -> Pressed | None:
    """Read a button's value; None where it is not one of ours."""
    try:
        index, mark = json.loads(value)
    except (ValueError, TypeError):
        return None
    if not isinstance(index, int) or not isinstance(mark, str):
        return None
    return Pressed(index, mark)


def same(finding: Finding, pressed: Pressed) -> bool:
    """Tell whether a finding is the one that a button was made for."""
    return _mark(finding) == pressed.mark


def _mark(finding: Finding) -> str:
    """Hash the fingerprint, so that no name from a cluster stands in a button."""
    return hashlib.sha256(finding.fingerprint.encode("utf-8", "replace")).hexdigest()[:16]


def _evidence_line(item: Evidence) -> str:
    line = f"• {code(_short(item.path, 200))} = {code(_short(item.value, 300))}"
    return line if item.ref is None else f"{line} of {place(item.ref)}"


def _buttons(index: int, finding: Finding, fixes: bool) -> Block:
    value = json.dumps([index, _mark(finding)])
    elements = [
        _button("Explain", f"{EXPLAIN}.{index}", value),
        _button("Evidence", f"{EVIDENCE}.{index}", value),
    ]
    if fixes and finding.verdict is Verdict.FAIL:
        elements.append(_button("Propose a fix", f"{FIX}.{index}", value))
    return {"type": "actions", "elements": elements}


def _button(text: str, action: str, value: str) -> Block:
    shown = {"type": "plain_text", "text": text}
    return {"type": "button", "text": shown, "action_id": action, "value": value}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _short(text: str, most: int) -> str:
    text = inert(text, frozenset())
    return text if len(text) <= most else text[: most - 1] + "…"


def _literal(text: str) -> str:
    """Keep formatting signs of data from styling what stands around them."""
    return text.replace("*", "∗").replace("_", "_\u2060").replace("~", "∼")
