"""What is known now of the people concerned: by Slack, and by the cluster's own access control.

What cannot be learnt is given as not known; the policy refuses then. Used by `judging` and `rehearsing`.
"""

import asyncio
from collections.abc import Iterable, Sequence

from bot.accounts import Account, Actor
from bot.approval import standing
from bot.approval.policy.grounds import terms
from bot.approval.policy.people import LOCAL_TEAM
from bot.approval.policy.rules import Case, Policy
from bot.approval.policy.sealed import Access
from bot.approval.sealed_case import Facts, recorded
from bot.errors import BotError
from bot.executor.parts import Parts
from tools.change.account import Subject, may
from tools.errors import ToolsError
from tools.types import Operation

ASK_S = 10.0
"""Slack's answer about one account is waited for so long."""


async def facts(parts: Parts, accounts: Iterable[Account]) -> Facts:
    """Ask about accounts afresh; where there is nobody to ask, what was stored of them counts."""
    ask = parts.actor
    if ask is None:
        return recorded
    asked = {account for account in accounts if account.team != LOCAL_TEAM}
    known = dict(
        zip(asked, await asyncio.gather(*(_now(parts, one) for one in asked)), strict=True)
    )

    def fact(account: Account, stored: bytes) -> Actor:
        return known.get(account) or recorded(account, stored)

    return fact


async def _now(parts: Parts, account: Account) -> Actor:
    assert parts.actor is not None
    try:
        return await asyncio.wait_for(parts.actor(account), ASK_S)
    except (BotError, TimeoutError, OSError):
        return standing.unknown(account)


async def access(
    parts: Parts,
    policy: Policy,
    about: Case,
    people: Iterable[str],
    operations: Sequence[Operation],
) -> Access:
    """Ask the cluster whether it allows people (by id) every one of these operations.

    Nothing is asked where the cluster's terms do not want it.
    """
    if not terms(policy, about).access_check:
        return {}
    found: dict[str, bool | None] = {}
    for one in dict.fromkeys(people):
        person = policy.people.get(one)
        if person is not None and person.kubernetes is not None:
            subject = Subject(person.kubernetes.user, person.kubernetes.groups)
            found[one] = await _allows(parts, about.cluster, subject, operations)
    return found


async def _allows(
    parts: Parts, cluster: str, subject: Subject, operations: Sequence[Operation]
) -> bool | None:
    """Give the cluster's answer; None where it gives none, or there is nothing to ask about."""
    try:
        answers = [await may(parts.accounts[cluster], subject, one) for one in operations]
    except ToolsError:
        return None
    return all(answers) if answers else None
