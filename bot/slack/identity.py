"""Who asks, and what they may see there.

A person is known from Slack's envelope and users.info only. What Slack does not tell means no; while
Slack is down the question waits (SlackDown). Answers of Slack are kept five minutes; what the policy
judges (`actor`) less. Used by the worker, commands and presses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.accounts import Account, Actor
from bot.approval import standing
from bot.errors import BotError, NotServed
from bot.slack.config import SlackConfig
from bot.slack.outlet import Outlet, SlackRefused
from bot.types import Place
from tools.scope import Scope, union

KEPT_S = 300.0
ACTOR_KEPT_S = 60.0
"""Of who asks; who presses is looked up anew after PRESSER_KEPT_S."""
PRESSER_KEPT_S = 20.0
_KEPT_MAX = 10_000
_PAGES_MAX = 20

_GUEST = ("is_restricted", "is_ultra_restricted")
_ROLES = frozenset({"is_admin", "is_owner", "is_primary_owner", *_GUEST})


@dataclass(frozen=True, slots=True)
class Self:
    """Who we are in this workspace, from auth.test."""

    user: str
    bot: str
    team: str
    enterprise: str = ""


class Identity:
    """Decides who is served and with which scope. `clock` gives growing seconds."""

    def __init__(
        self, config: SlackConfig, outlet: Outlet, me: Self, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._outlet = outlet
        self._me = me
        self._clock = clock
        self._memberships: dict[str, tuple[float, frozenset[str]]] = {}
        self._accounts: dict[str, tuple[float, dict[str, Any]]] = {}
        self._groups: tuple[float, dict[str, frozenset[Account]]] | None = None

    async def scope(self, person: str, channel: str, place: Place) -> Scope:
        """Give what a person may see in a place; raises NotServed with the reason to tell them."""
        reason = await self._refusal(person)
        if reason:
            raise NotServed(reason)
        if place is Place.CHANNEL:
            return self._of_channel(channel)
        found = union(
            self._config.channels[one]
            for one in await self._channels_of(person)
            if one in self._config.channels
        )
        if not found.clusters:
            raise NotServed(
                "You are in none of the channels that Oakum is set up for, so there is no cluster "
                "it may show you here.",
                "Ask in such a channel, or have this one's administrators add you.",
            )
        return found

    async def actor(self, person: str, kept_s: float = ACTOR_KEPT_S) -> Actor:
        """Give what Slack vouches for about an account; what cannot be learnt is None.

        `kept_s` is how old an answer of Slack may be.
        """
        try:
            user = await self._account(person, kept_s)
        except BotError:
            return standing.unknown(Account(self._me.team, person))
        return described(user, person, self._me, await self._groups_of(person, kept_s))

    async def _account(self, person: str, kept_s: float) -> dict[str, Any]:
        known = self._accounts.get(person)
        if known is not None and self._clock() - known[0] < kept_s:
            return known[1]
        asked_at = self._clock()
        answer = await self._outlet.call("users.info", user=person)
        user: dict[str, Any] = answer.get("user") or {}
        if len(self._accounts) >= _KEPT_MAX:
            self._accounts.clear()
        self._accounts[person] = (asked_at, user)
        return user

    async def _groups_of(self, person: str, kept_s: float) -> frozenset[Account] | None:
        known = self._groups
        if known is None or self._clock() - known[0] >= kept_s:
            asked_at = self._clock()
            try:
                answer = await self._outlet.call("usergroups.list", include_users=True)
            except BotError:
                return None
            members = grouped(answer.get("usergroups"), self._me.team)
            known = self._groups = (asked_at, members)
        return known[1].get(person, frozenset())

    def _of_channel(self, channel: str) -> Scope:
        found = self._config.channels.get(channel)
        if found is None or not found.clusters:
            raise NotServed(
                "This channel is not set up for Oakum.",
                f"An administrator names the clusters that {channel} may see under slack.channels.",
            )
        return found

    async def _refusal(self, person: str) -> str:
        """Say why a person is not served; empty where they are."""
        try:
            user = await self._account(person, KEPT_S)
        except SlackRefused:
            return "Slack did not tell who you are just now, so nothing is shown. Try again soon."
        return refusal(user, self._config, self._me)

    async def _channels_of(self, person: str) -> frozenset[str]:
        """List the channels that a person is in; none where Slack does not say."""
        known = self._memberships.get(person)
        if known is not None and known[0] > self._clock():
            return known[1]
        try:
            found = await self._read_channels(person)
        except SlackRefused:
            return frozenset()
        if len(self._memberships) >= _KEPT_MAX:
            self._memberships.clear()
        self._memberships[person] = (self._clock() + KEPT_S, found)
        return found

    async def _read_channels(self, person: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = None
        for _ in range(_PAGES_MAX):
            page = await self._outlet.call(
                "users.conversations",
                user=person,
                types="public_channel,private_channel",
                limit=200,
                cursor=cursor,
            )
            found |= {str(one["id"]) for one in page.get("channels", [])}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None or set(self._config.channels) <= found:
                break
        return frozenset(found)


def refusal(user: dict[str, Any], config: SlackConfig, me: Self) -> str:
    """Say why a person, as users.info shows them, is not served; empty where they are."""
    if not user or user.get("deleted"):
        return "This account is not active, so nothing is shown."
    if user.get("is_bot") or user.get("is_workflow_bot"):
        return "Oakum does not answer other bots."
    if not config.serve_other_organisations and _foreign(user, me):
        return "Oakum does not answer people of other organisations here."
    guest = user.get("is_restricted") or user.get("is_ultra_restricted")
    if guest and not config.serve_guests:
        return "Oakum does not answer guests of this workspace."
    return ""


def described(
    user: dict[str, Any], person: str, me: Self, groups: frozenset[Account] | None
) -> Actor:
    """Give the facts that users.info tells of an account; a fact that it leaves out is None.

    Slack tells all roles of a member together: where it tells any, one that it leaves out is not held.
    """
    if not user:
        return standing.unknown(Account(me.team, person))
    guest = [user.get(key, False) for key in _GUEST] if _ROLES & user.keys() else []
    bot = [user[key] for key in ("is_bot", "is_workflow_bot") if key in user]
    return Actor(
        account=Account(str(user.get("team_id") or me.team), person),
        groups=groups,
        is_guest=any(guest) if guest else None,
        is_bot=any(bot) if bot else None,
        is_deactivated=bool(user["deleted"]) if "deleted" in user else None,
        is_foreign=_foreign(user, me),
    )


def grouped(groups: object, team: str) -> dict[str, frozenset[Account]]:
    """Turn usergroups.list round: by user the groups that they are in."""
    found: dict[str, set[Account]] = {}
    for group in groups if isinstance(groups, list) else []:
        for user in group.get("users") or []:
            found.setdefault(str(user), set()).add(Account(team, str(group.get("id", ""))))
    return {user: frozenset(held) for user, held in found.items()}


def _foreign(user: dict[str, Any], me: Self) -> bool:
    if user.get("is_stranger"):
        return True
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id", "")
    same_enterprise = bool(me.enterprise) and enterprise == me.enterprise
    return user.get("team_id") != me.team and not same_enterprise
