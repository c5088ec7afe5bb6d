"""Accounts, and what Slack vouches for about them; the policy makes people of them."""

from dataclasses import dataclass
from typing import NamedTuple


class Account(NamedTuple):
    """A Slack user, or a Slack user group, of one workspace; or a terminal's user, of team `local`."""

    team: str
    id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """One account with the facts about it, as they are now. None: could not be learnt."""

    account: Account
    groups: frozenset[Account] | None
    """The Slack user groups that the account is in."""
    is_guest: bool | None
    is_bot: bool | None
    is_deactivated: bool | None
    is_foreign: bool | None
    """Of another organisation (Slack Connect)."""
