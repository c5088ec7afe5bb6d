import pytest

from bot.agent.limits import Budget, Limits, cost
from bot.errors import LimitReached


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_limit_stops_at_its_first_step_past() -> None:
    clock = Clock()
    budget = Budget(Limits(steps=2, calls=2, tokens=100, seconds=10), clock)
    budget.step()
    budget.step()
    with pytest.raises(LimitReached, match="2 model turns"):
        budget.step()
    budget.call()
    budget.call()
    with pytest.raises(LimitReached, match="2 queries"):
        budget.call()
    clock.now = 10.0
    with pytest.raises(LimitReached, match="10 seconds"):
        budget.call()
    assert budget.left_s() == 0.0


def test_tokens_stop_before_the_next_turn() -> None:
    budget = Budget(Limits(tokens=100), Clock())
    budget.step()
    budget.spend(60, 40)
    with pytest.raises(LimitReached, match="100 tokens"):
        budget.step()


def test_the_same_call_runs_three_times_and_then_ends_the_question() -> None:
    budget = Budget(Limits(identical_calls=3), Clock())
    ran = [budget.repeated("scan_scope", {"a": [1], "b": 2}) for _ in range(6)]
    assert ran == [False, False, False, True, True, True]
    with pytest.raises(LimitReached):
        budget.repeated("scan_scope", {"b": 2, "a": [1]})
    assert not budget.repeated("scan_scope", {"a": [2], "b": 2})


def test_cost_is_unknown_without_prices() -> None:
    assert cost(Limits(), 1_000_000, 1_000_000) is None
    assert cost(Limits(input_price=2.0, output_price=8.0), 500_000, 250_000) == 3.0
