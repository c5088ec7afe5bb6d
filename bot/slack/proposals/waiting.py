"""What waits for approval, for people who ask for the list: the oldest first, each with a way to its card.

Made from stored rows and the policy in force; no model is asked. Used by `commands`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.approval import proposals, wording
from bot.approval.sealed_case import rule_of
from bot.approval.transitions import approvals
from bot.errors import BotError, StoreUnavailable
from bot.slack.desk import Desk
from bot.slack.mrkdwn import units
from bot.slack.proposals.cards import View, object_line, when
from bot.slack.proposals.cards_people import names, person
from bot.slack.proposals.literal import literal
from bot.store import outbox, waiting
from bot.store.proposals import Case, State
from bot.telemetry import logger
from tools.scope import Scope

MOST = 10
"""Changes that one list names."""
MOST_READ = 300
"""Changes of the clusters in scope that are looked at."""
_ROOM = 3_800
"""UTF-16 units of one list."""
NO_POLICY = "Changes cannot be proposed here: no policy says who may."
NOTHING = "Nothing that may be seen here waits for approval."
_UNREADABLE = (
    "What waits cannot be read from here just now. Each change has its card in the thread where it was "
    "asked for."
)
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """One pending proposal."""

    case: Case
    link: str = ""
    """Address of its card; empty where it is not known."""


async def told(desk: Desk, scope: Scope, channel: str) -> str:
    """List in mrkdwn what waits and may be seen; none leads into a private conversation of others."""
    policy = desk.policy()
    if policy is None:
        return NO_POLICY
    try:
        cases = await _seen(desk, scope)
    except StoreUnavailable as error:
        _log.warning("what waits is not read", why=error.public)
        return _UNREADABLE
    found = [Waits(case, await _link(desk, case, channel)) for case in cases[:MOST]]
    view = View(
        policy=policy, alive=True, team=desk.me.team, profile=desk.config.profile, now=desk.now()
    )
    return waiting_list(found, len(cases), view)


def waiting_list(found: Sequence[Waits], total: int, view: View) -> str:
    """Write in mrkdwn the proposals that are given, as far as there is room; `total`: as many wait."""
    if not found:
        return NOTHING
    is_one = total == 1
    lines = [f"*{total} {'change waits' if is_one else 'changes wait'} for approval, oldest first*"]
    shown, size = 0, 0
    for one in found:
        line = _line(one, view)
        size += units(line) + 1
        if size > _ROOM:
            break
        lines.append(line)
        shown += 1
    if total > shown:
        lines.append(f"…and {total - shown} more; these come first.")
    return "\n".join(lines)


def _line(one: Waits, view: View) -> str:
    proposal = one.case.proposal
    rehearsal = wording.rehearsal_of(proposal)
    rule = rule_of(view.policy, proposal)
    facts = [
        f"{approvals(one.case.reviews)} of {wording.counted(proposal.needed, 'approval')}",
        f"by {names(rule.approve)}" if rule is not None else "",
        f"until {when(proposal.until, view.profile)}" if proposal.until is not None else "",
        f"risk {rehearsal.risk.level.value}" if rehearsal is not None else "",
        f"asked for by {person(proposal.account, view.team)}",
    ]
    head = f"• *{literal(wording.title(proposal), 150)}* on {object_line(proposal.target)}"
    way = f" <{one.link}|Open its card>" if one.link else ""
    return f"{head}\n   {', '.join(fact for fact in facts if fact)}.{way}"


async def _seen(desk: Desk, scope: Scope) -> list[Case]:
    """Read what is pending and may be seen, the oldest first. Raises StoreUnavailable."""
    rows = await waiting.in_state(desk.db, State.PENDING)
    near = [row.id for row in rows if row.cluster in scope.clusters][:MOST_READ]
    cases = [await proposals.get(desk.db, one) for one in near]
    return [
        case
        for case in cases
        if case is not None
        and case.proposal.state is State.PENDING
        and scope.shows(case.proposal.target.ref)
    ]


async def _link(desk: Desk, case: Case, channel: str) -> str:
    """Find the address of a card; empty where there is none, or in somebody's private conversation."""
    proposal = case.proposal
    place = proposal.thread.channel
    private = place.startswith("D") and place != channel
    if private or proposal.thread.team != desk.me.team:
        return ""
    ts = await outbox.message_of(desk.db, proposal.id)
    if not ts:
        return ""
    try:
        answer = await desk.outlet.call("chat.getPermalink", channel=place, message_ts=ts)
    except BotError as error:
        _log.info("no link to a card", proposal=proposal.id, why=error.public)
        return ""
    return str(answer.get("permalink") or "")
