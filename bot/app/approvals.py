"""`oakum approvals`: proposals listed, shown and, on sandboxes, decided on by the system's user.

Used by `bot.cli.approvals`.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.app.building import now, open_store
from bot.app.policy import policy_file
from bot.app.terminal import system_user, terminal_actor
from bot.errors import BadSettings
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.approval.deciding import Ground, Told
    from bot.store.database import Database
    from bot.store.proposals import Case

MOST = 100
"""Proposals that are listed at once."""


class Word(StrEnum):
    """What somebody says of a proposal at a terminal."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    START = "start"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Listed:
    """Proposals, and what they wait for."""

    cases: "tuple[Case, ...]"
    not_looked_at: int
    """Asked for, and no executor looked at them yet."""
    alive: bool
    """An executor gave a sign of life lately."""


async def listed(settings: Settings, every: bool) -> Listed:
    """List open proposals, or all, the newest first, at most MOST."""
    from bot.approval import proposals
    from bot.store import listing, signs
    from bot.store.proposals import MOVES, State

    states = list(State) if every else list(MOVES)
    async with _store(settings) as db:
        found = [await proposals.get(db, one) for one in await listing.newest(db, states, MOST)]
        return Listed(
            cases=tuple(case for case in found if case is not None),
            not_looked_at=await listing.not_looked_at(db),
            alive=await signs.alive(db, signs.EXECUTOR, now()),
        )


async def shown(settings: Settings, proposal: str) -> "Case":
    """Give one proposal, named by its id or the start of it. Raises BadSettings for none or several."""
    async with _store(settings) as db:
        return await _case(db, proposal)


async def said(settings: Settings, word: Word, proposal: str, reason: str) -> "Told":
    """Say something of a proposal as the operating system's user. Raises BadSettings for an unknown one."""
    from bot.approval import deciding
    from bot.approval.policy.votes import Verdict
    from tools import redact

    actor = terminal_actor(system_user())
    plain = redact.text(reason)
    async with _store(settings) as db:
        found = (await _case(db, proposal)).proposal.id
        ground = _ground(settings, db)
        if word is Word.APPROVE:
            return await deciding.vote(ground, found, actor, Verdict.APPROVE, plain)
        if word is Word.REJECT:
            return await deciding.vote(ground, found, actor, Verdict.DENY, plain)
        if word is Word.START:
            return await deciding.start(ground, found, actor)
        if word is Word.UNDO:
            return await deciding.undo(ground, found, actor)
        return await deciding.withdraw(ground, found, actor, plain)


def _ground(settings: Settings, db: "Database") -> "Ground":
    from bot.approval.deciding import Ground

    policy = policy_file(settings, time.monotonic)
    return Ground(db, policy.now if policy else lambda: None, now())


async def _case(db: "Database", proposal: str) -> "Case":
    from bot.approval import proposals
    from bot.store import listing

    found = await listing.starting(db, proposal, 2)
    case = await proposals.get(db, found[0]) if len(found) == 1 else None
    if case is None:
        several = f"{proposal} is the start of several" if found else f"No proposal is {proposal}"
        raise BadSettings(several, "See: oakum approvals list --all")
    return case


@asynccontextmanager
async def _store(settings: Settings) -> "AsyncGenerator[Database, None]":
    db = await open_store(settings)
    try:
        yield db
    finally:
        await db.close()
