import pytest

from bot.accounts import Account, Actor
from bot.approval import standing

ANN = Account("T1", "U1")


@pytest.mark.parametrize("groups", [None, frozenset[Account](), frozenset({Account("T1", "S1")})])
@pytest.mark.parametrize("fact", [True, False, None])
def test_what_is_written_is_read_back(groups: frozenset[Account] | None, fact: bool | None):
    actor = Actor(ANN, groups, fact, False, None, fact)

    assert standing.read(standing.write(actor), ANN) == actor


@pytest.mark.parametrize("stored", [b"", b"{}", b"[[], null, []]", b"\xff"])
def test_what_cannot_be_read_vouches_for_nothing(stored: bytes):
    assert standing.read(stored, ANN) == standing.unknown(ANN)


def test_facts_of_one_account_say_nothing_of_another():
    stored = standing.write(Actor(ANN, frozenset(), False, False, False, False))

    assert standing.read(stored, Account("T1", "U2")) == standing.unknown(Account("T1", "U2"))
