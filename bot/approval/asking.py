"""Asks for an action to be proposed: checked against place and policy, kept as a draft, or said why not.

Nothing is rehearsed or carried out here: a draft waits for the executor. One question asked again after a
crash gives the same draft again, which is one draft. Used by `bot.conversation`.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.approval import proposals, standing
from bot.approval.policy.decision import Decision
from bot.approval.policy.rights import needed
from bot.approval.policy.rules import PolicyNow
from bot.approval.policy.sealed import Needed
from bot.approval.sealed_case import policy_case
from bot.errors import StoreUnavailable
from bot.store import seen
from bot.store.database import Database
from bot.store.proposals import Draft
from bot.telemetry import incident
from bot.types import Place, Request
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.errors import NotAllowed
from tools.planning.hardening import Setting
from tools.queries.proposing.titles import title
from tools.types import Action, RiskLevel

MOST_IN_ONE_ANSWER = 5
MOST_IN_ONE_HOUR = 20
"""Drafts of one person in one hour of the clock, so that a misled model cannot flood anybody."""

NO_POLICY = (
    "No approval policy is configured here, so nothing can be proposed. An administrator sets `policy` "
    "to a policy file and starts `oakum execute`."
)
NO_STORE = (
    "There is no store here in which a proposal could wait, so nothing was asked for. At a terminal, ask "
    "with --thread NAME, or in `oakum chat`."
)
NO_ACTOR = "What is known of your account could not be learnt, so nothing was asked for. Ask again."
NO_EXECUTOR = (
    "No executor is running that could rehearse it, so nothing was asked for. An administrator starts "
    "`oakum execute`."
)
PRIVATE = (
    "Nobody else could see its card in this private conversation, and who asks cannot approve, so nothing "
    "was asked for. Ask in a channel."
)
STORE_AWAY = "The store does not answer, so nothing was asked for. Ask again in a while."
TOO_MANY_AT_ONCE = f"One answer asks for at most {MOST_IN_ONE_ANSWER} changes. Ask for the rest."
TOO_MANY = (
    f"You asked for {MOST_IN_ONE_HOUR} changes in this hour; more can be asked for in the next."
)

_PRIVATE = frozenset({Place.DIRECT, Place.PANE})


@dataclass(frozen=True, slots=True)
class Wish:
    """One change that an answer worked out."""

    action: Action
    title: str
    """In words made by code."""
    risk: RiskLevel = RiskLevel.HIGH
    """As it was planned; the executor decides again with its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one wish: a draft's id, or why there is none."""

    wish: Wish
    id: str = ""
    why: str = ""
    """One sentence or two, safe to show to the asker."""
    approvals: int = 0
    """How many people have to approve it, by the rule that is for it."""


ExecutorAlive = Callable[[], Awaitable[bool]]
"""Tells whether an executor gave a sign of life lately."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where things are asked for."""

    db: Database | None
    policy: PolicyNow
    executor_alive: ExecutorAlive
    now: datetime


async def ask(desk: Desk, request: Request, wishes: tuple[Wish, ...]) -> tuple[Asked, ...]:
    """Ask for everything that one answer worked out, each action once; raises nothing."""
    made: list[Asked] = []
    for wish in together(wishes):
        if sum(bool(one.id) for one in made) >= MOST_IN_ONE_ANSWER:
            made.append(Asked(wish, why=TOO_MANY_AT_ONCE))
            continue
        try:
            made.append(await _ask(desk, request, wish))
        except StoreUnavailable as error:
            incident(error, request=request.id)
            made.append(Asked(wish, why=STORE_AWAY))
    return tuple(made)


def together(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Give each action once, and what hardens one object as one action: one card, one rollout."""
    kept: dict[bytes, Wish] = {}
    for wish in wishes:
        key = vocabulary.encode(wish.action)
        if isinstance(wish.action, HardenWorkload):
            key = vocabulary.encode(HardenWorkload(target=wish.action.target, settings=()))
        before = kept.get(key)
        kept[key] = _joined(before, wish) if before else wish
    return tuple(kept.values())


def _joined(before: Wish, wish: Wish) -> Wish:
    """Put two wishes to harden one object together; a later user id of a container holds."""
    one, other = before.action, wish.action
    if not (isinstance(one, HardenWorkload) and isinstance(other, HardenWorkload)):
        return wish
    users = {user.container: user for user in (*one.users, *other.users)}
    action = HardenWorkload(
        target=other.target,
        answers=tuple(dict.fromkeys((*one.answers, *other.answers))),
        settings=tuple(each for each in Setting if each in {*one.settings, *other.settings}),
        users=tuple(users.values()),
        empty_dirs=tuple(dict.fromkeys((*one.empty_dirs, *other.empty_dirs))),
        confirmed=one.confirmed or other.confirmed,
    )
    risk = max(before.risk, wish.risk, key=lambda level: level.rank)
    return Wish(action, title(action), risk)


async def why_not(desk: Desk, request: Request, action: Action, risk: RiskLevel) -> str:
    """Say why an action could not be asked for; empty where it could. Raises nothing."""
    found = await _needed(desk, request, Wish(action, title(action), risk))
    return found if isinstance(found, str) else ""


async def _needed(desk: Desk, request: Request, wish: Wish) -> Needed | str:
    """Give what a wish needs by the policy, or why it cannot be asked for."""
    policy, actor = desk.policy(), request.actor
    if policy is None:
        return NO_POLICY
    if desk.db is None:
        return NO_STORE
    if actor is None:
        return NO_ACTOR
    try:
        action = vocabulary.decode(vocabulary.encode(wish.action))
        vocabulary.within(action, request.scope)
    except NotAllowed as error:
        return error.public
    allowed = needed(policy, policy_case(action, wish.risk), actor)
    if isinstance(allowed, Decision):
        return " ".join(allowed.reasons)
    if request.place in _PRIVATE and not allowed.quorum.requester_counts:
        return PRIVATE
    try:
        return allowed if await desk.executor_alive() else NO_EXECUTOR
    except StoreUnavailable as error:
        incident(error, request=request.id)
        return STORE_AWAY


async def _ask(desk: Desk, request: Request, wish: Wish) -> Asked:
    """Ask for one action. Raises StoreUnavailable."""
    allowed = await _needed(desk, request, wish)
    if isinstance(allowed, str):
        return Asked(wish, why=allowed)
    db, actor, action = desk.db, request.actor, wish.action
    assert db and actor
    if not await _has_room(db, request):
        return Asked(wish, why=TOO_MANY)
    draft = Draft(
        id=draft_id(request, action),
        action=vocabulary.encode(action),
        target=action.target,
        requester=allowed.quorum.requester,
        account=(actor.account.team, actor.account.id),
        thread=request.thread,
        submitted_at=desk.now,
        standing=standing.write(actor),
    )
    await proposals.submit(db, draft)
    return Asked(wish, draft.id, approvals=allowed.quorum.approvals)


def draft_id(request: Request, action: Action) -> str:
    """Give the id of what one question asks for: the same whenever that question is taken up again."""
    asked = f"{request.thread.team}/{request.thread.channel}/{request.thread.thread}/{request.id}"
    return hashlib.sha256(asked.encode() + b"\0" + vocabulary.encode(action)).hexdigest()[:32]


async def _has_room(db: Database, request: Request) -> bool:
    """Take one of the person's places of this hour; False where none is left."""
    hour = f"{request.asked_at:%Y-%m-%dT%H}"
    for number in range(MOST_IN_ONE_HOUR):
        key = f"draft:{request.thread.team}:{request.person}:{hour}:{number}"
        if await seen.first_time(db, key, request.asked_at):
            return True
    return False
