"""What one question may use, and the counter that stops it there.

Used by `bot.agent.loop`; the limits of a day are kept by `bot.conversation`.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.errors import LimitReached


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question, and one person in one day, may use."""

    steps: int = 12
    """Model turns."""
    calls: int = 24
    """Queries."""
    identical_calls: int = 3
    """Times that the same query with the same arguments is run."""
    tokens: int = 120_000
    """Of the model, in and out."""
    seconds: float = 180.0
    """Wall time."""
    questions_per_day: int = 200
    tokens_per_day: int = 2_000_000
    cost_per_day: float = 0.0
    """In the currency of the prices; 0 for no limit."""
    input_price: float = 0.0
    """Of a million tokens; 0 when unknown."""
    output_price: float = 0.0
    """Of a million tokens; 0 when unknown."""


@dataclass
class Budget:
    """Counts what one question has used; raises LimitReached at the first step past a limit."""

    limits: Limits
    clock: Callable[[], float]
    """Monotonic seconds."""
    started: float = 0.0
    steps: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seen: Counter[str] = field(default_factory=Counter[str])

    def step(self) -> None:
        """Count one model turn about to start."""
        self.check_time()
        if self.steps >= self.limits.steps:
            raise _reached(f"{self.limits.steps} model turns")
        if self.input_tokens + self.output_tokens >= self.limits.tokens:
            raise _reached(f"{self.limits.tokens} tokens")
        self.steps += 1

    def call(self) -> None:
        """Count one query about to run."""
        self.check_time()
        if self.calls >= self.limits.calls:
            raise _reached(f"{self.limits.calls} queries")
        self.calls += 1

    def repeated(self, query: str, arguments: Mapping[str, object]) -> bool:
        """Count a query with its arguments; true when it ran as often as it may."""
        key = f"{query} {json.dumps(arguments, sort_keys=True, default=str)[:2_000]}"
        self.seen[key] += 1
        if self.seen[key] > self.limits.identical_calls * 2:
            raise _reached(f"the same query {self.seen[key]} times")
        return self.seen[key] > self.limits.identical_calls

    def spend(self, input_tokens: int, output_tokens: int) -> None:
        """Count what a model turn cost."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens

    def check_time(self) -> None:
        """Stop when the wall time is over."""
        if self.clock() - self.started >= self.limits.seconds:
            raise _reached(f"{self.limits.seconds:g} seconds")

    def left_s(self) -> float:
        """Seconds until the wall time is over; never negative."""
        return max(0.0, self.limits.seconds - (self.clock() - self.started))


def cost(limits: Limits, input_tokens: int, output_tokens: int) -> float | None:
    """Give what tokens cost, or None where no price is configured."""
    if not limits.input_price and not limits.output_price:
        return None
    return (input_tokens * limits.input_price + output_tokens * limits.output_price) / 1_000_000


def _reached(what: str) -> LimitReached:
    return LimitReached(
        f"I stopped at the limit of {what} for one question.", "Ask for less at once."
    )
