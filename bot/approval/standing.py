"""What Slack vouched for when somebody asked or pressed, as stored beside what they said."""

import msgspec

from bot.accounts import Account, Actor


def write(actor: Actor) -> bytes:
    """Give the JSON of an actor, groups sorted."""
    groups = None if actor.groups is None else sorted(actor.groups)
    facts = (actor.is_guest, actor.is_bot, actor.is_deactivated, actor.is_foreign)
    return msgspec.json.encode([actor.account, groups, facts])


def read(stored: bytes, account: Account) -> Actor:
    """Read the facts that are stored for an account; of anything else nothing is known of it."""
    try:
        known, groups, facts = msgspec.json.decode(stored, type=_Stored)
    except msgspec.DecodeError:
        return unknown(account)
    if Account(*known) != account:
        return unknown(account)
    named = None if groups is None else frozenset(Account(*group) for group in groups)
    return Actor(account, named, *facts)


def account_of(stored: bytes) -> Account | None:
    """Give the account that stored facts are of; None where nothing is stored."""
    try:
        return Account(*msgspec.json.decode(stored, type=_Stored)[0])
    except msgspec.DecodeError:
        return None


def unknown(account: Account) -> Actor:
    """Give an account of which nothing could be learnt."""
    return Actor(account, None, None, None, None, None)


_Fact = bool | None
_Stored = tuple[tuple[str, str], list[tuple[str, str]] | None, tuple[_Fact, _Fact, _Fact, _Fact]]
