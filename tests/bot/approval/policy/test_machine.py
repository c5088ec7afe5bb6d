"""Random presses, times and mishaps, against a model of twenty lines that anyone can check by eye."""

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bot.accounts import Account
from bot.approval.policy.execution import may_execute
from bot.approval.policy.rights import may_approve
from bot.approval.policy.sealed import Review, Sealed
from bot.approval.policy.votes import Verdict
from tests.fakes.policies import LAB, ONE, POLICY, START, TTL, TWO, actor, seal

SEQUENCES = 10_000
ACCOUNTS = {
    Account("T0HOME", "U0DEV"): "developer",
    Account("T0AWAY", "U0DEV"): "developer",
    Account("T0HOME", "U0LEAD1"): "lead-one",
    Account("T0AWAY", "U0LEAD1"): "lead-one",
    Account("T0HOME", "U0LEAD2"): "lead-two",
    Account("T0HOME", "U0LEAD3"): "lead-three",
    Account("T0HOME", "U0STRANGER"): "",
    Account("T0AWAY", "U0LEAD2"): "",
}
CASES = {"one": (ONE, 1, False), "two": (TWO, 2, False), "lab": (LAB, 1, True)}
REQUESTERS = ("developer", "lead-one", "lead-two")
STEPS_S = (0, 1, 300, 1_799, 1_800, -60)


@dataclass
class Model:
    """What should happen: one vote each, not the requester's, a denial ends it, so does the time."""

    requester: str
    wanted: int
    sandbox: bool
    state: str = "pending"
    voted: set[str] = field(default_factory=set)
    last_s: int = 0

    def open_at(self, now_s: int) -> bool:
        return self.last_s - 2 <= now_s < 1_800

    def press(self, person: str, verdict: Verdict, now_s: int) -> bool:
        own = person == self.requester and not self.sandbox
        if self.state != "pending" or not self.open_at(now_s):
            return False
        if not person or own or person in self.voted:
            return False
        self.voted.add(person)
        self.last_s = max(self.last_s, now_s)
        if verdict is Verdict.DENY:
            self.state = "denied"
        elif len(self.voted) == self.wanted:
            self.state = "approved"
        return True

    def executes(self, now_s: int) -> bool:
        return self.state == "approved" and self.open_at(now_s)


class Pressing:
    """The policy and the model side by side; every step compares them."""

    def __init__(self, case: str, requester: str) -> None:
        chosen, wanted, sandbox = CASES[case]
        self.sealed: Sealed = seal(chosen, requester)
        self.model = Model(requester, wanted, sandbox)
        self.now_s = 0
        self.own_votes = 0

    def press(self, account: Account, verdict: Verdict) -> None:
        now = START + timedelta(seconds=self.now_s)
        pressing = actor(account)
        decision = may_approve(POLICY, self.sealed, pressing, now)
        person = ACCOUNTS[account]
        assert decision.allowed is self.model.press(person, verdict, self.now_s), decision
        assert decision.reasons
        if decision.allowed:
            review = Review(person, pressing, verdict, self.sealed.digest, now)
            self.sealed = replace(self.sealed, reviews=(*self.sealed.reviews, review))
            if person == self.model.requester and not self.model.sandbox:
                self.own_votes += 1

    def check(self) -> None:
        now = START + timedelta(seconds=self.now_s)
        decision = may_execute(POLICY, self.sealed, now, {})
        assert decision.allowed is self.model.executes(self.now_s), decision
        assert self.own_votes == 0


def test_ten_thousand_sequences_come_out_as_the_model_says() -> None:
    assert timedelta(seconds=1_800) == TTL
    rolled = random.Random(20260304)
    executed = 0
    for _ in range(SEQUENCES):
        run = Pressing(rolled.choice(list(CASES)), rolled.choice(REQUESTERS))
        for _ in range(rolled.randint(1, 5)):
            run.press(rolled.choice(list(ACCOUNTS)), rolled.choice(list(Verdict)))
            run.now_s += rolled.choice(STEPS_S) if rolled.random() < 0.2 else 1
        run.check()
        executed += run.model.executes(run.now_s)
    assert SEQUENCES * 0.1 < executed < SEQUENCES * 0.9


class Machine(RuleBasedStateMachine):
    """The same, with sequences that Hypothesis looks for and makes short."""

    @initialize(case=st.sampled_from(list(CASES)), requester=st.sampled_from(REQUESTERS))
    def begin(self, case: str, requester: str) -> None:
        self.run = Pressing(case, requester)

    @rule(account=st.sampled_from(list(ACCOUNTS)), verdict=st.sampled_from(Verdict))
    def press(self, account: Account, verdict: Verdict) -> None:
        self.run.press(account, verdict)

    @rule(step=st.sampled_from(STEPS_S))
    def wait(self, step: int) -> None:
        self.run.now_s += step
        self.run.check()

    @rule()
    def execute(self) -> None:
        self.run.check()


@pytest.mark.parametrize(
    "examples", [100, pytest.param(SEQUENCES, marks=pytest.mark.slow)], ids=str
)
def test_sequences_that_hypothesis_finds(examples: int) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=6,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
