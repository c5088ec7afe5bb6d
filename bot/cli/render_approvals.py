"""How proposals look at a terminal: a table, a page, and facts for programs. Nothing is decided here.

Names from clusters are stripped of control characters. Used by `approvals`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from bot.approval import differences, wording
from bot.cli.render import captured, trimmed
from bot.store.proposals import Case, Proposal
from bot.store.reviews import Review
from tools.types import Target
from tools.visible import visible

ID_SHOWN = 8


def table(cases: Sequence[Case]) -> str:
    """Render proposals as a table."""
    screen, text = captured()
    rows = Table(box=box.SIMPLE_HEAD)
    for name in ("id", "state", "what", "where", "asked by", "until"):
        rows.add_column(name, overflow="fold")
    for case in cases:
        proposal = case.proposal
        rows.add_row(
            proposal.id[:ID_SHOWN],
            escape(_plain(wording.status(case))),
            escape(_plain(wording.title(proposal))),
            escape(_plain(_where(proposal.target))),
            escape(_plain(proposal.requester)),
            _time(proposal.until),
        )
    screen.print(rows)
    return trimmed(text)


def page(case: Case) -> str:
    """Render all that is known of a proposal."""
    proposal = case.proposal
    lines = [
        f"{wording.title(proposal)} ({proposal.id})",
        f"{proposal.target.kind}/{proposal.target.name}, {_where(proposal.target)}",
        "",
        f"{wording.status(case)}. {proposal.reason}".strip(),
    ]
    if proposal.until is not None:
        lines.append(f"Until {_time(proposal.until)}")
    lines.append(f"Asked for by {proposal.requester} ({'/'.join(proposal.account)})")
    lines += [_review(case.proposal, one) for one in case.reviews]
    if proposal.started_by:
        lines.append(f"Started by {proposal.started_by}")
    lines += [*_rehearsed(case), *_executed(case)]
    return "\n".join(_plain(line) for line in lines)


def facts(case: Case) -> dict[str, Any]:
    """Give a proposal as JSON has it."""
    proposal = case.proposal
    target = proposal.target
    rehearsal = wording.rehearsal_of(proposal)
    ending = wording.ending_of(case)
    return {
        "id": proposal.id,
        "title": wording.title(proposal),
        "state": proposal.state.value,
        "outcome": proposal.outcome,
        "reason": proposal.reason,
        "cluster": target.cluster,
        "namespace": target.namespace,
        "kind": target.kind,
        "name": target.name,
        "requester": proposal.requester,
        "submitted_at": proposal.submitted_at.isoformat(),
        "changed_at": proposal.changed_at.isoformat(),
        "until": proposal.until.isoformat() if proposal.until else None,
        "needed": proposal.needed,
        "digest": proposal.digest,
        "undo_of": proposal.undo_of,
        "risk": rehearsal.risk.level.value if rehearsal else None,
        "changes": list(differences.lines(rehearsal.diff)) if rehearsal else [],
        "reviews": [
            {
                "person": one.person,
                "verdict": one.verdict,
                "reason": one.reason,
                "at": one.at.isoformat(),
            }
            for one in case.reviews
        ],
        "steps": [
            {"id": one.id, "outcome": one.outcome, "audit_id": one.audit_id} for one in case.steps
        ],
        "findings": [
            {"check": one.check, "verdict": one.verdict.value, "reason": one.reason}
            for one in (ending.findings if ending else ())
        ],
    }


def _rehearsed(case: Case) -> list[str]:
    rehearsal = wording.rehearsal_of(case.proposal)
    if rehearsal is None:
        return []
    lines = ["", "Changes:", *(f"  {one}" for one in differences.lines(rehearsal.diff))]
    if rehearsal.hint:
        lines.append(f"What can be done: {rehearsal.hint}")
    if rehearsal.answers:
        lines.append(f"Fixes: {', '.join(rehearsal.answers)}")
    lines += [f"Stays open: {one}" for one in rehearsal.left]
    lines.append(f"Risk: {rehearsal.risk.level.value}. {' '.join(rehearsal.risk.reasons)}")
    lines += [f"Disrupts: {one}" for one in rehearsal.disruption.facts]
    if rehearsal.undo:
        lines.append(f"Undo: {rehearsal.undo}")
    lines += [f"Note: {one}" for one in rehearsal.notes]
    lines += [f"The cluster warns: {one}" for one in (*rehearsal.warnings, *rehearsal.preview)]
    patch = differences.patch_text(rehearsal.diff) if rehearsal.diff else ""
    if rehearsal.manifest:
        patch = differences.yaml_text(rehearsal.manifest)
    return [*lines, "", *patch.splitlines()]


def _executed(case: Case) -> list[str]:
    lines = [
        f"Step {one.id}: {one.outcome or one.phase.value} {one.audit_id}" for one in case.steps
    ]
    ending = wording.ending_of(case)
    if ending is not None:
        lines += [
            f"Checked: {one.check}: {one.verdict.value} {one.reason}" for one in ending.findings
        ]
    return ["", *lines] if lines else []


def _review(proposal: Proposal, review: Review) -> str:
    reason = f": {review.reason}" if review.reason else ""
    return f"{wording.verdict(proposal, review)} {review.person} at {_time(review.at)}{reason}"


def _where(target: Target) -> str:
    return f"{target.cluster}/{target.namespace}" if target.namespace else target.cluster


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}" if moment else ""


def _plain(text: str) -> str:
    """Write as escapes what would steer a terminal, and what nobody would see."""
    shown = visible(text)
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown
    )
