"""The sets by which redaction is measured: few planted credentials survive, nothing harmless is touched."""

import pytest

from tests.bench.redaction import MAX_LEAKS, damaged, leaked
from tests.fakes import planted
from tools import redact


@pytest.mark.parametrize("name", planted.SETS)
def test_few_planted_credentials_survive(name: str) -> None:
    for items in (planted.texts(name), planted.objects(name)):
        assert len(leaked(items)) <= MAX_LEAKS * len(items), leaked(items)


@pytest.mark.parametrize("name", planted.SETS)
def test_nothing_harmless_is_touched(name: str) -> None:
    assert damaged(planted.kept(name)) == []


@pytest.mark.parametrize("name", planted.SETS)
def test_redaction_is_final(name: str) -> None:
    for item in planted.texts(name):
        once = redact.text(item.value)
        assert redact.text(once) == once
    for item in planted.objects(name):
        whole = redact.document(item.value)
        assert redact.document(whole) == whole


def test_a_set_holds_enough() -> None:
    """Measured by less, a bound of two in a hundred would say nothing."""
    for name in planted.SETS:
        assert len(planted.texts(name)) + len(planted.objects(name)) >= 150
        assert len(planted.kept(name)) >= 300
