"""What is said once beside a card, because an edit of a card notifies nobody. Pure; used by `delivery`."""

from collections.abc import Iterable

from bot.approval import wording
from bot.approval.sealed_case import rule_of
from bot.slack.proposals.cards import TITLE_MAX, View, is_private, object_line, when
from bot.slack.proposals.cards_people import calls, person
from bot.slack.proposals.literal import literal
from bot.slack.render import Rendered
from bot.store.proposals import Case, State

WANTED = "wanted"
REMINDER = "reminder"
EXPIRED = "expired"
ENDED = "ended"
STANDS_STILL = "stands-still"
_ENDS = frozenset({State.DONE, State.BLOCKED, State.DENIED, State.HANDED_OVER})


def due_with(case: Case) -> Iterable[str]:
    """List what is to be said now that a card shows this; each is said once, however often listed."""
    state = case.proposal.state
    if state is State.PENDING and not is_private(case.proposal):
        yield WANTED
    if state is State.EXECUTING and case.proposal.reason:
        yield STANDS_STILL
    if state in _ENDS:
        yield f"{ENDED}-{state.value}"


def note(kind: str, case: Case, view: View) -> Rendered | None:
    """Give a note's message; None where it has nothing to say any more."""
    proposal = case.proposal
    asker = person(proposal.account, view.team)
    title = literal(wording.title(proposal), TITLE_MAX)
    if kind in {WANTED, REMINDER}:
        if proposal.state is not State.PENDING or proposal.until is None or is_private(proposal):
            return None
        ask = "approval is wanted" if kind == WANTED else "still waits for approval"
        text = (
            f"{_approvers(case, view)}{ask}: *{title}* on {object_line(proposal.target)}"
            f"{_risk(case)}, until {when(proposal.until, view.profile)}"
        )
    elif kind == EXPIRED:
        if proposal.state is not State.EXPIRED:
            return None
        text = f"{_approvers(case, view)}{asker} expired without approval: *{title}*"
    elif kind == f"{ENDED}-{proposal.state.value}":
        text = f"{asker} {literal(wording.status(case), 200)}: *{title}*"
        ending = wording.ending_of(case)
        if ending is not None and ending.suggest_undo:
            text += ". It is not as it was to be: press Undo on the card to take it back."
    elif kind == STANDS_STILL:
        if proposal.state is not State.EXECUTING or not proposal.reason:
            return None
        text = f"{asker} {literal(wording.status(case), 200)}: *{title}*. {literal(proposal.reason, 400)}"
    else:
        return None
    section = {"type": "mrkdwn", "text": text, "verbatim": True}
    return Rendered(text, ({"type": "section", "text": section},))


def _risk(case: Case) -> str:
    rehearsal = wording.rehearsal_of(case.proposal)
    return f", risk {rehearsal.risk.level.value}" if rehearsal is not None else ""


def _approvers(case: Case, view: View) -> str:
    rule = rule_of(view.policy, case.proposal)
    if view.policy is None or rule is None:
        return ""
    called = calls(view.policy, rule.approve, case.proposal, view.team)
    return f"{called} " if called else ""
