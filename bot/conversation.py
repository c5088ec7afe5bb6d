"""One question, from Request to Answer: history, day's budget, agent, and what is remembered of it.

The configured model answers; where it is down, the offline model does and says so. Used by `bot.app`,
which hands it to every place where people ask.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.agent import loop
from bot.agent.allowed import Allowed
from bot.agent.assembly import assemble
from bot.agent.claims import claims_change
from bot.agent.history import MAX_QUESTION, MAX_TURNS, messages
from bot.agent.limits import Budget, Limits, cost
from bot.agent.offline.model import OfflineModel
from bot.agent.remembering import facts, may_be_told
from bot.approval import asking, telling
from bot.approval.listed import Seen, listed
from bot.approval.policy.rules import Policy, PolicyNow
from bot.errors import ModelUnavailable, StoreUnavailable
from bot.store import threads, usage
from bot.store.database import Database
from bot.store.threads import ASSISTANT, PERSON, Turn
from bot.telemetry import incident
from bot.types import Answer, Progress, Report, Request
from tools.cluster.reader import Reader
from tools.queries.context import (
    GuideFor,
    ListProposals,
    PastScans,
    QueryContext,
    Search,
    no_proposals,
)
from tools.queries.looking.listings import Listings
from tools.queries.result import NotPlanned, Planned
from tools.reports.json_report import finding
from tools.scope import Scope
from tools.types import Gap
from tools.visible import visible_json


def no_policy() -> Policy | None:
    """Say that no policy is configured: nothing can be proposed."""
    return None


async def nobody() -> bool:
    """Say that no executor is at work."""
    return False


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering needs; made once by `bot.app`."""

    readers: Mapping[str, Reader]
    """By cluster name; a question sees only those in its scope."""
    search: Search
    guide_for: GuideFor
    past: PastScans
    now: Callable[[], datetime]
    db: Database | None = None
    """None: no memory of threads, no daily limits (one command without a store)."""
    agent: loop.Agent | None = None
    """The configured model bound to the queries (`loop.make_agent`); None: the offline model."""
    model: str = loop.OFFLINE
    """Name of the configured model."""
    offline: loop.Agent = field(default_factory=lambda: loop.make_agent(OfflineModel()))
    limits: Limits = field(default_factory=Limits)
    link_hosts: frozenset[str] = frozenset()
    """Hosts that links may lead to, beside those of cited sources."""
    logs_open: frozenset[str] = frozenset()
    """Clusters whose pod logs the configuration opens."""
    clock: Callable[[], float] = time.monotonic
    policy: PolicyNow = no_policy
    """The policy in force: who may propose what."""
    executor_alive: Callable[[], Awaitable[bool]] = nobody
    """Tells whether somebody would rehearse a draft."""


async def answer(request: Request, report: Report, parts: Parts) -> Answer:
    """Answer one question and remember it; progress and checked paragraphs go to `report`.

    Raises nothing that a model, a cluster or the store may cause: each ends in a sentence.
    """
    refused = await _over_today(request, parts)
    if refused:
        await report(Progress("text", refused))
        return Answer(text=refused, model=parts.model)
    earlier, trouble = await _history(request, parts)
    context = _context(request, parts, earlier)
    try:
        given, found = await _ask(request, report, parts, context, earlier)
    finally:
        for reader in context.readers.values():
            await reader.close()
    if trouble:
        given = replace(given, not_looked_at=(*given.not_looked_at, trouble))
    await _remember(request, given, found, parts)
    return given


async def _ask(
    request: Request, report: Report, parts: Parts, context: QueryContext, earlier: list[Turn]
) -> tuple[Answer, dict[str, Any]]:
    """Let the configured model answer; the offline one where there is none or it fails."""
    if parts.agent is None:
        return await _run(request, report, parts, context, earlier, (parts.offline, loop.OFFLINE))
    try:
        return await _run(request, report, parts, context, earlier, (parts.agent, parts.model))
    except ModelUnavailable as error:
        number = incident(error, request=request.id, model=parts.model)
        said = (
            f"{error.public} {error.hint} (Incident {number}.) What follows was found without it."
        )
        await report(Progress("text", said))
        given, found = await _run(
            request, report, parts, context, earlier, (parts.offline, loop.OFFLINE)
        )
        given = replace(given, text=f"{said}\n\n{given.text}", incident=given.incident or number)
        return given, found


async def _run(
    request: Request,
    report: Report,
    parts: Parts,
    context: QueryContext,
    earlier: list[Turn],
    model: tuple[loop.Agent, str],
) -> tuple[Answer, dict[str, Any]]:
    """Run one model over the question; gives the answer and what it leaves for the next one."""
    agent, name = model
    allowed = _allowed(request, earlier)
    budget = Budget(parts.limits, parts.clock, started=parts.clock())
    state = loop.Run(context, budget, allowed, report, name, parts.link_hosts)
    outcome = await loop.run(agent, messages(request, earlier, sorted(context.readers)), state)
    given = assemble(request.text, outcome, name)
    given = await _with_proposals(given, outcome, request, parts, state)
    return given, facts(allowed, outcome, context.scope)


async def _with_proposals(
    given: Answer, outcome: loop.Outcome, request: Request, parts: Parts, state: loop.Run
) -> Answer:
    """Ask for the changes that were worked out, and say by code what was asked for and what was not."""
    found = [item.data for item in outcome.results]
    wishes = tuple(_wish(one) for one in found if isinstance(one, Planned))
    closed = tuple(
        asking.Asked(_wish(one.worked_out), why=one.refusal.public)
        for one in found
        if isinstance(one, NotPlanned) and one.worked_out
    )
    asked = () if outcome.limit else await asking.ask(_desk(parts), request, wishes)
    said = (
        telling.LIMITED
        if outcome.limit and wishes
        else telling.told((*asked, *closed), request.place)
    )
    if not said and claims_change(outcome.text):
        said = telling.NOTHING_CHANGED
    if not said:
        return given
    said = "\n".join(
        filter(None, (state.inert(said).text, telling.looked_up(asked, request.place)))
    )
    await state.report(Progress("text", said))
    ids = tuple(one.id for one in asked if one.id)
    return replace(given, text=f"{given.text}\n\n{said}", proposals=ids)


def _wish(planned: Planned) -> asking.Wish:
    return asking.Wish(planned.action, planned.title, planned.plan.risk.level)


def _context(request: Request, parts: Parts, earlier: list[Turn]) -> QueryContext:
    """Give queries exactly what the person asking may see."""
    visible = {
        name: Listings(reader, request.scope.clusters[name])
        for name, reader in parts.readers.items()
        if name in request.scope.clusters
    }
    return QueryContext(
        readers=visible,
        scope=Scope({name: request.scope.clusters[name] for name in visible}),
        search=parts.search,
        guide_for=parts.guide_for,
        past=parts.past,
        now=request.asked_at,
        logs_open=parts.logs_open,
        said=(*_said(request, earlier), request.text),
        proposals=_proposals(request, parts),
        why_not=partial(asking.why_not, _desk(parts), request),
    )


def _desk(parts: Parts) -> asking.Desk:
    """Give the place where changes are asked for."""
    return asking.Desk(parts.db, parts.policy, parts.executor_alive, parts.now())


def _proposals(request: Request, parts: Parts) -> ListProposals:
    """Give the way to what was asked for, as far as the person asking may see it."""
    if parts.db is None:
        return no_proposals
    return partial(listed, Seen(parts.db, parts.policy(), request))


def _said(request: Request, earlier: list[Turn]) -> list[str]:
    """Give what the asker wrote in this thread before; not what others or we did."""
    return [turn.text for turn in earlier if turn.role == PERSON and turn.person == request.person]


def _allowed(request: Request, earlier: list[Turn]) -> Allowed:
    """Start with what the thread found before, the person's words, and the clusters in scope."""
    allowed = Allowed()
    for turn in earlier:
        allowed.take_facts(turn.facts)
        if turn.role == PERSON:
            allowed.add_said(turn.text)
    allowed.add_said(request.text)
    allowed.names |= {name.lower() for name in request.scope.clusters}
    return allowed


async def _over_today(request: Request, parts: Parts) -> str:
    """Say that the day's limit of this person is reached; empty when it is not, or nobody knows."""
    if parts.db is None:
        return ""
    try:
        spent = await usage.spent(parts.db, request.person, request.asked_at.date())
    except StoreUnavailable:
        return ""
    limits = parts.limits
    tomorrow = "Ask again tomorrow (UTC), or ask an administrator of Oakum for more."
    if spent.questions >= limits.questions_per_day:
        return f"Your limit of {limits.questions_per_day} questions a day is reached. {tomorrow}"
    if spent.tokens >= limits.tokens_per_day:
        return f"Your limit of {limits.tokens_per_day} tokens a day is reached. {tomorrow}"
    money = cost(limits, spent.tokens, 0)
    if limits.cost_per_day and money is not None and money >= limits.cost_per_day:
        return f"Your limit of {limits.cost_per_day:g} a day is reached. {tomorrow}"
    return ""


async def _history(request: Request, parts: Parts) -> tuple[list[Turn], Gap | None]:
    """Fetch the thread's turns, without an earlier attempt's and what may not be seen any more."""
    if parts.db is None:
        return [], None
    try:
        turns = await threads.history(parts.db, request.thread, MAX_TURNS)
    except StoreUnavailable as error:
        number = incident(error, request=request.id)
        return [], Gap("what was said before in this thread", f"{error.public} ({number})")
    told = [
        turn
        for turn in turns
        if turn.message_ts != request.id
        and (turn.role == PERSON or may_be_told(turn.facts, request.scope))
    ]
    return told, None


async def _remember(request: Request, given: Answer, found: dict[str, Any], parts: Parts) -> None:
    """Append both turns and what they cost; an answer is not lost when the store is."""
    if parts.db is None:
        return
    now = parts.now()
    tokens = given.usage.input_tokens + given.usage.output_tokens
    person, at = request.person, request.asked_at
    asked = Turn(PERSON, person, request.text[:MAX_QUESTION], at, request.id)
    said = Turn(ASSISTANT, person, given.text, now, request.id, found)
    try:
        await threads.append(parts.db, request.thread, asked, now)
        await threads.append(parts.db, request.thread, said, now)
        await usage.add(parts.db, person, at.date(), tokens, 1)
    except StoreUnavailable as error:
        incident(error, request=request.id)


def as_document(given: Answer) -> dict[str, Any]:
    """Give an answer's public machine-readable form; keys may be added, never removed."""
    return {
        "text": given.text,
        "citations": [
            {
                "title": item.title,
                "control": item.control,
                "passage": item.passage,
                "source": item.source,
            }
            for item in given.citations
        ],
        "findings": [finding(item) for item in given.findings],
        "findings_total": given.findings_total or len(given.findings),
        "tables": [
            {
                "title": item.title,
                "columns": list(item.columns),
                "rows": [list(row) for row in item.rows],
                "first": item.before + 1,
                "total": item.total or len(item.rows),
            }
            for item in given.tables
        ],
        "steps": [{"query": item.query, "arguments": dict(item.arguments)} for item in given.steps],
        "not_looked_at": [{"what": gap.what, "why": gap.why} for gap in given.not_looked_at],
        "proposals": list(given.proposals),
        "model": given.model,
        "usage": {
            "input_tokens": given.usage.input_tokens,
            "output_tokens": given.usage.output_tokens,
            "model_calls": given.usage.model_calls,
        },
    }


def as_json(given: Answer) -> str:
    """Write an answer's public form as JSON text."""
    return visible_json(json.dumps(as_document(given), ensure_ascii=False, indent=2))
