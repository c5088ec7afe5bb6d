"""Which changes were asked for, as far as the person asking may see them, and where each stands.

Everything is read from stored rows, and from the policy who may approve; nothing is decided here. Used by
`bot.conversation`, which hands it to the queries.
"""

from dataclasses import dataclass, replace

from bot.approval import proposals, wording
from bot.approval.policy.people import LOCAL_TEAM
from bot.approval.policy.rules import Policy
from bot.approval.policy.votes import Verdict
from bot.approval.sealed_case import rule_of
from bot.errors import StoreUnavailable
from bot.store import listing
from bot.store.database import Database
from bot.store.proposals import MOVES, Case, Draft, State
from bot.telemetry import incident
from bot.types import Place, Request
from tools import vocabulary
from tools.errors import BadAction, NotAllowed
from tools.queries.proposing.titles import place, title
from tools.queries.result import ProposalRow, Proposals, WhichProposals
from tools.types import Target

MOST_READ = 1_000
MOST_SHOWN = 20
ID_SHOWN = 8
"""Signs of an id by which people name a proposal at a terminal."""

UNREADABLE = (
    "What was asked for cannot be read from here.",
    "Each change has its card in the thread where it was asked for.",
)
"""The store is away, or this process may not read approvals in it."""
_WAITING = frozenset({None, State.DRAFT, State.PENDING})
_NOT_LOOKED_AT = "Waits for an executor, which tries it out first"


@dataclass(frozen=True, slots=True)
class Seen:
    """Who looks, and with what: the store, the policy in force, the request."""

    db: Database
    policy: Policy | None
    request: Request


async def listed(seen: Seen, which: WhichProposals) -> Proposals:
    """List the newest changes that fit and that the asker may see. Raises NotAllowed."""
    try:
        clusters = sorted(seen.request.scope.clusters)
        every = await listing.asked_for(seen.db, clusters, MOST_READ)
        fit = [one for one in every if _fits(seen, which, *one)]
        rows = [await _row(seen, draft) for draft, _ in fit[:MOST_SHOWN]]
    except StoreUnavailable as error:
        incident(error, request=seen.request.id)
        raise NotAllowed(*UNREADABLE) from error
    return Proposals(which, tuple(rows), len(fit))


def _fits(seen: Seen, which: WhichProposals, draft: Draft, state: State | None) -> bool:
    target = draft.target
    standing = {
        "waiting": state in _WAITING,
        "open": state is None or state in MOVES,
        "ended": state is not None and state not in MOVES,
    }
    return (
        seen.request.scope.shows(target.ref)
        and standing.get(which.standing, True)
        and (not which.mine or _mine(seen.request, draft))
        and (not which.here or draft.thread == seen.request.thread)
        and which.cluster in ("", target.cluster)
        and which.namespace in ("", target.namespace, *([target.name] if _is_place(target) else ()))
        and which.kind.lower() in ("", target.kind.lower())
        and which.name in ("", target.name)
    )


def _is_place(target: Target) -> bool:
    return target.kind == "Namespace"


def _mine(request: Request, draft: Draft) -> bool:
    return request.actor is not None and tuple(request.actor.account) == draft.account


async def _row(seen: Seen, draft: Draft) -> ProposalRow:
    asked, case = _asked(seen.request, draft), await proposals.get(seen.db, draft.id)
    if case is None:
        return asked
    proposal = case.proposal
    rule = rule_of(seen.policy, case.proposal)
    starts = rule is not None and rule.execute is not None
    return replace(
        asked,
        state=proposal.state.value,
        open=proposal.state in MOVES,
        status=wording.status(case, waits_for_start=starts),
        approved=_said(case, Verdict.APPROVE),
        rejected=_said(case, Verdict.DENY),
        approvers=rule.approve.names if rule else (),
        changed_at=proposal.changed_at,
        until=proposal.until,
        why=_why(case),
        undoable=wording.can_be_undone(case),
    )


def _asked(request: Request, draft: Draft) -> ProposalRow:
    """Give what is known of a change that no executor has looked at yet."""
    return ProposalRow(
        id=draft.id[:ID_SHOWN],
        ref=draft.target.ref,
        title=_title(draft),
        state="asked",
        open=True,
        status=_NOT_LOOKED_AT,
        requester=draft.requester,
        mine=_mine(request, draft),
        here=draft.thread == request.thread,
        card=_card(request, draft),
        approved=(),
        rejected=(),
        approvers=(),
        asked_at=draft.submitted_at,
        changed_at=draft.submitted_at,
        until=None,
    )


def _card(request: Request, draft: Draft) -> str:
    if request.place is Place.TERMINAL or draft.thread.team == LOCAL_TEAM:
        return f"`oakum approvals show {draft.id[:ID_SHOWN]}`"
    where = "this thread" if draft.thread == request.thread else "the thread where it was asked for"
    return f"its card in {where}"


def _title(draft: Draft) -> str:
    try:
        return title(vocabulary.decode(draft.action))
    except BadAction:
        return f"change {place(draft.target)}"


def _said(case: Case, verdict: Verdict) -> tuple[str, ...]:
    return tuple(one.person for one in case.reviews if one.verdict == verdict)


def _why(case: Case) -> str:
    """Give why it is as it is: the reason of who rejected it, else the proposal's own."""
    rejected = [one.reason for one in case.reviews if one.verdict == Verdict.DENY and one.reason]
    return case.proposal.reason or next(iter(rejected), "")
