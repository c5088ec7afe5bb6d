"""A proposal's card: what would change, why, how risky, who may approve, and what came of it.

Made from the stored case and the policy in force alone, so that it can be drawn anew at any time and by
anybody. Small enough for one message by construction; what is too long goes into a file. Text from
clusters and people is shown as it is, never as formatting. Pure; used by `delivery`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.approval import wording
from bot.approval.policy.execution import stopped
from bot.approval.policy.rules import Policy, Rule
from bot.approval.policy.votes import Verdict as Vote
from bot.approval.sealed_case import case_of, rule_of
from bot.slack.config import Profile
from bot.slack.mrkdwn import units
from bot.slack.proposals import cards_changes, cards_people
from bot.slack.proposals.cards_evidence import checks, evidence
from bot.slack.proposals.literal import literal, named, value
from bot.slack.render import Rendered
from bot.slack.tables import Attachment
from bot.store.proposals import Case, Proposal, State
from bot.store.reviews import Review
from tools.changes import OutcomeKind, Rehearsal
from tools.errors import BadAction
from tools.types import RiskLevel, Target

APPROVE = "proposal.approve"
REJECT = "proposal.reject"
WITHDRAW = "proposal.withdraw"
START = "proposal.start"
UNDO = "proposal.undo"
PATCH = "proposal.patch"
_OPEN = frozenset({State.DRAFT, State.PENDING, State.APPROVED, State.EXECUTING})
_FILE = ", in the attached file"
_LINES_MAX = 6
_LINE_MAX = 250
_STANDING_ROOM = 2_100
_CHANGES_ROOM = 2_100
_ANSWERS_ROOM = 900
_LEFT_ROOM = 1_400
_WEIGHED_ROOM = 2_000
_WARNINGS_ROOM = 1_400
_AFTERWARDS_ROOM = 1_600
_PEOPLE_ROOM = 1_700
"""UTF-16 units; with the head together under the 13,200 that one message takes over all its blocks."""
TITLE_MAX = 560
"""Two names of Kubernetes' longest, 253, and the words about them."""
_MARKS = {
    State.DRAFT: "🔎",
    State.BLOCKED: "⛔",
    State.PENDING: "⏳",
    State.APPROVED: "👍",
    State.DENIED: "❌",
    State.WITHDRAWN: "↩️",
    State.EXPIRED: "⌛",
    State.EXECUTING: "⚙️",
    State.HANDED_OVER: "📄",
}
_GOOD = frozenset({OutcomeKind.VERIFIED.value, OutcomeKind.UNDONE.value})
_RISKS = {RiskLevel.LOW: "🟢", RiskLevel.MEDIUM: "🟡", RiskLevel.HIGH: "🔴"}

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What a card rests on beside the stored case."""

    policy: Policy | None
    """In force now."""
    alive: bool
    """An executor gave a sign of life lately."""
    team: str
    """Our workspace."""
    profile: Profile
    now: datetime
    undo: Case | None = None
    """Of an ended proposal: the newest one that takes it back."""
    unattached: str = ""
    """Why a file that belongs beside the card could not be put there; empty where all are."""


def card(case: Case, view: View) -> Rendered:
    """Draw a proposal as it is stored."""
    proposal = case.proposal
    rehearsal = wording.rehearsal_of(proposal)
    rule = rule_of(view.policy, proposal)
    state = _state_line(case, rule, view)
    blocks = [_section(_head(proposal)), _lined([state, *_standing(case, view)], _STANDING_ROOM)]
    if rehearsal is not None:
        blocks += _rehearsed(case, rehearsal)
    blocks += _afterwards(case)
    blocks += _people(case, rule, view)
    buttons = _buttons(case, rehearsal, rule, view)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    text = f"{literal(wording.title(proposal), TITLE_MAX)}: {_plain_state(case, rule)}"
    return Rendered(text, tuple(blocks), tuple(_files(case, rehearsal)))


def when(moment: datetime, profile: Profile) -> str:
    """Write a moment that each reader sees in their own time zone; classic: in UTC."""
    plain = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if profile is Profile.CLASSIC:
        return plain
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{plain}>"


def object_line(target: Target) -> str:
    """Name an object in mrkdwn, its cluster and namespace with it."""
    inside = f" in {value(target.namespace, 70)}" if target.namespace else ""
    return f"{named(target)}{inside} (cluster {value(target.cluster, 70)})"


def _head(proposal: Proposal) -> str:
    return f"*{literal(wording.title(proposal), TITLE_MAX)}*\n{object_line(proposal.target)}"


def _plain_state(case: Case, rule: Rule | None) -> str:
    starts = rule is not None and rule.execute is not None
    return wording.status(case, waits_for_start=starts)


def _state_line(case: Case, rule: Rule | None, view: View) -> str:
    proposal, profile = case.proposal, view.profile
    if _is_undone(view):
        return "↩️ *Done, and undone since*"
    mark = _MARKS.get(proposal.state)
    if mark is None:
        mark = "✅" if proposal.outcome in _GOOD else "⚠️"
    line = f"{mark} *{literal(_plain_state(case, rule), 200)}*"
    if proposal.state in {State.PENDING, State.APPROVED} and proposal.until is not None:
        line += f", until {when(proposal.until, profile)}"
    if proposal.state is State.HANDED_OVER and proposal.until is not None:
        line += f" until {when(proposal.until, profile)}"
    return line


def _standing(case: Case, view: View) -> list[str]:
    """Say why it stands so, and what keeps it from going on."""
    proposal = case.proposal
    lines: list[str] = []
    if proposal.reason:
        lines.append(literal(proposal.reason, 700))
    lines += _next_steps(proposal, wording.rehearsal_of(proposal), attached=not view.unattached)
    if view.unattached:
        blocked = ", so nobody can approve it yet" if proposal.state is State.PENDING else ""
        why = literal(_sentence(view.unattached), 200)
        lines.append(f"⚠️ Its file could not be put into this thread{blocked}. {why}")
    if proposal.state in _OPEN and not view.alive:
        lines.append("⚠️ The executor gives no sign of life: nothing can be tried out or executed.")
    if proposal.state is State.PENDING and is_private(proposal):
        lines.append(
            "⚠️ Nobody else sees this conversation. Ask for it in a channel, so that others can approve."
        )
    if proposal.state in {State.PENDING, State.APPROVED} and _policy_changed(proposal, view):
        lines.append("⚠️ The policy has changed since, so this has to be proposed again.")
    if view.undo is not None and not _is_undone(view):
        asked = view.undo.proposal
        lines.append(f"Undo {value(asked.id[:8], 8)}: {literal(wording.status(view.undo), 200)}.")
    if proposal.state is State.APPROVED and view.policy is not None:
        lines += [f"⏸️ {literal(one, 300)}" for one in _held(proposal, view.policy, view.now)]
    if proposal.undo_of:
        lines.append(f"Takes back the change {value(proposal.undo_of[:8], 8)}.")
    return lines


def _next_steps(proposal: Proposal, rehearsal: Rehearsal | None, *, attached: bool) -> list[str]:
    """Say what somebody can do about a change that Oakum does not carry out."""
    lines: list[str] = []
    hint = rehearsal.hint if rehearsal is not None else ""
    if hint and proposal.state in {State.BLOCKED, State.HANDED_OVER}:
        lines.append(f"What can be done: {literal(hint, 300)}")
    handed_over = proposal.state is State.HANDED_OVER and rehearsal is not None and rehearsal.diff
    if handed_over and attached:
        lines.append("The patch is whole in a file of this thread.")
    if proposal.state is State.EXPIRED or proposal.outcome == OutcomeKind.STALE:
        lines.append("To go on, ask for it again: it is worked out anew from what is there then.")
    return lines


def _held(proposal: Proposal, policy: Policy, now: datetime) -> tuple[str, ...]:
    """Say what keeps an approved change from being carried out for now."""
    try:
        holding = stopped(policy, case_of(proposal), now, undo=bool(proposal.undo_of))
    except BadAction:
        return ()
    return holding.reasons if holding is not None else ()


def _is_undone(view: View) -> bool:
    return view.undo is not None and view.undo.proposal.outcome == OutcomeKind.UNDONE


def _undo_is_open(view: View) -> bool:
    return view.undo is not None and view.undo.proposal.state in {*_OPEN, State.HANDED_OVER}


def is_private(proposal: Proposal) -> bool:
    """Tell whether those who would have to approve it cannot see its card."""
    return proposal.thread.channel.startswith("D") and not proposal.requester_may_approve


def _policy_changed(proposal: Proposal, view: View) -> bool:
    return view.policy is not None and view.policy.version != proposal.policy_version


def _rehearsed(case: Case, rehearsal: Rehearsal) -> list[Block]:
    """Show what would change and all that speaks for and against it."""
    blocks: list[Block] = []
    shown, left = cards_changes.lines(rehearsal.diff)
    if shown:
        past = case.proposal.state is State.DONE and case.proposal.outcome in {
            *_GOOD,
            OutcomeKind.APPLIED,
            OutcomeKind.UNVERIFIED,
        }
        head = "*What changed*" if past else "*What would change*"
        more = [f"…and {left} more, in the attached patch."] if left else []
        blocks.append(_lined([head, *shown, *more], _CHANGES_ROOM))
    if rehearsal.answers and case.proposal.state is not State.DONE:
        blocks.append(_lined(["*Fixes*", *checks(rehearsal.answers, _FILE)], _ANSWERS_ROOM))
    if rehearsal.left and case.proposal.state is not State.DONE:
        left = [f"• {literal(one, _LINE_MAX)}" for one in rehearsal.left]
        blocks.append(_lined(["*Stays open*", *_most(left, _FILE)], _LEFT_ROOM))
    if rehearsal.diff and case.proposal.state in {*_OPEN, State.HANDED_OVER}:
        blocks.append(_lined(_weighed(rehearsal), _WEIGHED_ROOM))
    warnings = [f"• {literal(one, _LINE_MAX)}" for one in rehearsal.warnings]
    warnings += [f"• would be refused: {literal(one, _LINE_MAX)}" for one in rehearsal.preview]
    if warnings and case.proposal.state is not State.DONE:
        blocks.append(_lined(["*The cluster warns*", *_most(warnings, _FILE)], _WARNINGS_ROOM))
    return blocks


def _weighed(rehearsal: Rehearsal) -> list[str]:
    risk = rehearsal.risk
    reasons = " ".join(_sentence(one) for one in risk.reasons[:_LINES_MAX])
    lines = [f"*Risk* {_RISKS[risk.level]} {risk.level.value}: {literal(reasons, 400)}"]
    facts = [_sentence(one) for one in rehearsal.disruption.facts[:_LINES_MAX]]
    if not facts:
        facts = ["Pods are made again." if rehearsal.disruption.restarts else "Nothing restarts."]
    lines.append(f"*Disrupts* {literal(' '.join(facts), 300)}")
    if rehearsal.undo:
        mark = "" if rehearsal.undoable else "⚠️ "
        lines.append(f"*Undo* {mark}{literal(_sentence(rehearsal.undo), 200)}")
    return [*lines, *_most([f"• {literal(one, _LINE_MAX)}" for one in rehearsal.notes], _FILE)]


def _afterwards(case: Case) -> list[Block]:
    """Show what the checks said on fresh evidence after the change."""
    ending = wording.ending_of(case)
    if ending is None:
        return []
    lines = evidence(ending.findings)
    lines += _most([f"• {literal(one, _LINE_MAX)}" for one in ending.warnings])
    if ending.suggest_undo:
        lines.append("⚠️ It is not as it was to be. Undo takes the change back.")
    return [_lined(["*Checked afterwards*", *lines], _AFTERWARDS_ROOM)] if lines else []


def _people(case: Case, rule: Rule | None, view: View) -> list[Block]:
    proposal = case.proposal
    lines = [f"Asked for by {cards_people.person(proposal.account, view.team)}"]
    if proposal.state is State.PENDING and rule is not None:
        many = wording.counted(proposal.needed, "approval")
        own = "" if proposal.requester_may_approve else ", never by who asked"
        lines.append(f"Needs {many} by {cards_people.names(rule.approve)}{own}")
    if proposal.state is State.APPROVED and rule is not None and rule.execute is not None:
        lines.append(f"To be started by {cards_people.names(rule.execute)}")
    lines += [_said(proposal, one, view) for one in case.reviews[:6]]
    audited = [f", audit id {value(one.audit_id, 50)}" for one in case.steps if one.audit_id]
    lines.append(f"Proposal {value(proposal.id[:8], 8)}{''.join(audited[:3])}")
    text = "\n".join(_fitting(lines, _PEOPLE_ROOM))
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}]


def _said(proposal: Proposal, review: Review, view: View) -> str:
    who = cards_people.person(review.account, view.team)
    did = wording.verdict(proposal, review)
    mark = "❌" if review.verdict == Vote.DENY else "↩️" if "undone" in did else "✅"
    reason = f": {literal(review.reason, 300)}" if review.reason else ""
    return f"{mark} {did} {who} {when(review.at, view.profile)}{reason}"


def _buttons(case: Case, rehearsal: Rehearsal | None, rule: Rule | None, view: View) -> list[Block]:
    proposal = case.proposal
    state = proposal.state
    found: list[Block] = []
    if state is State.PENDING and not view.unattached:
        found.append(_button("Approve", APPROVE, proposal.id, "primary") | _asking(rehearsal))
    if state is State.PENDING:
        found.append(_button("Reject", REJECT, proposal.id, "danger"))
    if state is State.APPROVED and rule is not None and rule.execute and not proposal.started_by:
        found.append(_button("Start", START, proposal.id, "primary"))
    if wording.can_be_undone(case) and not _is_undone(view) and not _undo_is_open(view):
        ending = wording.ending_of(case)
        urgent = "primary" if ending is not None and ending.suggest_undo else ""
        found.append(_button("Undo", UNDO, proposal.id, urgent))
    if rehearsal is not None and rehearsal.diff and state is not State.BLOCKED:
        found.append(_button("Show patch", PATCH, proposal.id))
    if state in {State.DRAFT, State.PENDING, State.APPROVED}:
        found.append(_button("Withdraw", WITHDRAW, proposal.id))
    return found


def _asking(rehearsal: Rehearsal | None) -> Block:
    """Ask once more before a risky approval, which a thumb on a phone gives easily."""
    if rehearsal is not None and rehearsal.risk.level is not RiskLevel.HIGH:
        return {}
    text = "This is of high risk. Once it has the approvals it needs, it is carried out."
    return {
        "confirm": {
            "title": _plain("Approve this change?"),
            "text": _plain(text),
            "confirm": _plain("Approve"),
            "deny": _plain("Not yet"),
        }
    }


def _files(case: Case, rehearsal: Rehearsal | None) -> Iterable[Attachment]:
    """Give what a card needs beside it; of one that has ended nothing is put there again."""
    if rehearsal is None or case.proposal.state not in {*_OPEN, State.BLOCKED, State.HANDED_OVER}:
        return
    prefix = f"oakum-{case.proposal.id[:8]}"
    if rehearsal.manifest:
        yield cards_changes.manifest_file(rehearsal.manifest, prefix)
    handed_over = case.proposal.state is State.HANDED_OVER
    if rehearsal.diff and (handed_over or cards_changes.is_cut(rehearsal)):
        yield cards_changes.patch_file(rehearsal, prefix)


def _most(lines: Sequence[str], where: str = "") -> list[str]:
    left = len(lines) - _LINES_MAX
    return [*lines[:_LINES_MAX], *([f"…and {left} more{where}"] if left > 0 else [])]


def _lined(lines: Sequence[str], room: int) -> Block:
    return _section("\n".join(_fitting(lines, room)))


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """Keep the lines that have room."""
    kept: list[str] = []
    size = 2
    for line in lines:
        size += units(line) + 1
        if size > room:
            return [*kept, "…"]
        kept.append(line)
    return kept


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _button(text: str, action: str, proposal: str, style: str = "") -> Block:
    made: Block = {"type": "button", "text": _plain(text), "action_id": action, "value": proposal}
    return made | ({"style": style} if style else {})


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
