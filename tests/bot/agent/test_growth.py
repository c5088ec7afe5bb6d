"""Checking grows with the text: eight times the text takes far less than eight times eight."""

import time
from collections.abc import Callable

import pytest

from bot.agent.allowed import Allowed
from bot.agent.claims import claims_change
from bot.agent.grounding import ground

PIECES = [
    "ledger-api is privileged ",
    "`ghost-db` ",
    "is root, ",
    "Deployments a-b, c-d and ",
    "It is so. ",
    "CVE 2021 ",
    "control 5.9.9, ",
    "| pay-roll ",
    "`",
    "< ",
    "<",
    "[",
    "\n",
    " ",
    "5.",
    "a/",
    "kubectl get pods x ",
    "```\n",
    "DSA-1:",
    "I have now ",
    "| Namespace ",
    "create a x ",
    "`x`, ",
    "name: x\nsubjects:\n",
]
WHOLE = 1_500
"""Characters of the short text."""
TIMES = 8
MOST = 5 * TIMES
"""A quadratic one would take 64 times as long."""


def _took(act: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        act(text)
        best = min(best, time.process_time() - started)
    return best


def _grounded(text: str) -> object:
    return ground(text, Allowed(names={"web"}), frozenset())


@pytest.mark.parametrize("act", [_grounded, claims_change])
@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text(act: Callable[[str], object], piece: str) -> None:
    text = piece * (WHOLE // len(piece))
    act(text)
    short, long = _took(act, text), _took(act, text * TIMES)
    assert long < MOST * max(short, 0.002)
