"""Random sequences of what people, clocks and executors do, against a small model of what must come of it.

`OAKUM_SEQUENCES` sets how many sequences are run on each database; 40 unless said.
"""

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Reply
from bot.store import ledger
from bot.store.database import open_database
from bot.store.proposals import State
from tests.fakes import approvals as make
from tools.changes import OutcomeKind

SEQUENCES = int(os.environ.get("OAKUM_SEQUENCES", "40"))
PEOPLE = ("ann", "bob", "cho", "dan")
EXPIRY_S = 30 * 60
LEASE_S = 60.0
which = st.integers(0, 2)


@dataclass
class Model:
    """What one proposal must be: the rules once more, in a few lines and without a database."""

    requester: str
    needed: int
    thing: str
    state: State = State.PENDING
    votes: dict[str, Verdict] = field(default_factory=dict)
    at: float = 0.0
    worker: str = ""
    lease: float = 0.0
    still: bool = False
    phase: str = ""
    outcome: str = ""
    executed: int = 0

    def passes(self, now: float) -> float:
        self.at = max(self.at, now)
        return self.at

    def press(self, person: str, verdict: Verdict, now: float) -> Reply:
        if self.state is not State.PENDING:
            return Reply.WRONG_STATE
        if max(self.at, now) >= EXPIRY_S:
            self.passes(now)
            self.state = State.EXPIRED
            return Reply.EXPIRED
        if person == self.requester:
            return Reply.OWN
        if person in self.votes:
            return Reply.ALREADY
        self.passes(now)
        self.votes[person] = verdict
        if verdict is Verdict.DENY:
            self.state = State.DENIED
        elif len(self.votes) == self.needed:
            self.state = State.APPROVED
        return Reply.DONE


class Approvals(RuleBasedStateMachine):
    """Three proposals by two people on two objects, pressed, timed and executed at random."""

    loop: asyncio.AbstractEventLoop
    db: object
    runs = 0
    executed: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.now, self.steps = 0.0, 0
        run = type(self).runs
        plan = (("ann", 1, "x"), ("bob", 2, "x"), ("ann", 3, "y"))
        self.names = [f"r{run}-{number}" for number in range(3)]
        self.models = [Model(who, needed, f"{thing}{run}") for who, needed, thing in plan]
        for name, model in zip(self.names, self.models, strict=True):
            self.do(
                make.pending(
                    self.db, name, model.thing, needed=model.needed, requester=model.requester
                )
            )

    def do(self, step):
        return self.loop.run_until_complete(step)

    def turn(self, worker):
        return make.Clock(worker, LEASE_S).at(self.now)

    @rule(seconds=st.sampled_from([-1200, -1, 0, 1, 29, 61, 599, 1799]))
    def time_passes(self, seconds):
        self.now += seconds

    @rule(number=which, person=st.sampled_from(PEOPLE), verdict=st.sampled_from(Verdict))
    def press(self, number, person, verdict):
        expected = self.models[number].press(person, verdict, self.now)
        said = self.do(make.press(self.db, person, verdict, self.names[number], seconds=self.now))
        assert said.reply is expected

    @rule(number=which, person=st.sampled_from(PEOPLE[1:]))
    def approve(self, number, person):
        self.press(number, person, Verdict.APPROVE)

    @rule(number=which, person=st.sampled_from(PEOPLE[:2]))
    def withdraw(self, number, person):
        model = self.models[number]
        expected = Reply.NOT_YOURS
        if model.state not in {State.PENDING, State.APPROVED}:
            expected = Reply.WRONG_STATE
        elif person == model.requester:
            expected = Reply.DONE
            model.passes(self.now)
            model.state = State.WITHDRAWN
        now = self.turn("e").now
        said = self.do(proposals.withdraw(self.db, self.names[number], person, "", now))
        assert said.reply is expected

    @rule()
    def sweep(self):
        over = 0
        for model in self.models:
            if model.state in {State.PENDING, State.APPROVED} and self.now >= EXPIRY_S:
                model.passes(self.now)
                model.state = State.EXPIRED
                over += 1
        assert self.do(proposals.expire_due(self.db, self.turn("e").now, make.KEY)) >= over

    @rule(number=which, worker=st.sampled_from(["e1", "e2"]), stopped=st.sampled_from([0, 0, 1]))
    def claim(self, number, worker, stopped):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.APPROVED:
            expected = Reply.WRONG_STATE
        elif max(model.at, self.now) >= EXPIRY_S:
            expected = Reply.EXPIRED
            model.passes(self.now)
            model.state = State.EXPIRED
        elif stopped:
            expected = Reply.STOPPED
        elif any(o.thing == model.thing and o.state is State.EXECUTING for o in self.models):
            expected = Reply.LOCKED
        else:
            model.passes(self.now)
            model.state, model.worker, model.phase = State.EXECUTING, worker, "claimed"
            model.lease = self.now + LEASE_S
            model.executed += 1
        said = self.do(
            make.claim(self.db, self.names[number], self.turn(worker), stopped=bool(stopped))
        )
        assert said.reply is expected

    @rule(number=which, worker=st.sampled_from(["e1", "e2"]))
    def take_over(self, number, worker):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.EXECUTING:
            expected = Reply.WRONG_STATE
        elif model.lease > self.now:
            expected = Reply.NOT_YOURS
        else:
            model.passes(self.now)
            model.worker, model.lease, model.still = worker, self.now + LEASE_S, False
        said = self.do(proposals.take_over(self.db, self.turn(worker), self.names[number]))
        assert said.reply is expected

    @rule(number=which, worker=st.sampled_from(["e1", "e2"]))
    def stand_still(self, number, worker):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.EXECUTING:
            expected = Reply.WRONG_STATE
        elif model.lease > self.now and model.worker != worker:
            expected = Reply.NOT_YOURS
        elif model.still:
            expected = Reply.ALREADY
        else:
            model.passes(self.now)
            model.still = True
        turn = self.turn(worker)
        said = self.do(proposals.stand_still(self.db, turn, self.names[number], "no cluster"))
        assert said.reply is expected

    @rule(number=which, worker=st.sampled_from(["e1", "e2"]))
    def intend(self, number, worker):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.EXECUTING:
            expected = Reply.WRONG_STATE
        elif model.worker != worker or model.lease <= self.now:
            expected = Reply.NOT_YOURS
        elif max(model.at, self.now) >= EXPIRY_S:
            expected = Reply.EXPIRED
        elif model.phase == "recorded":
            expected = Reply.OUT_OF_ORDER
        else:
            model.passes(self.now)
            model.phase, model.outcome, model.still = "intended", "", False
        intent = make.intent(self.names[number], model.thing)
        said = self.do(proposals.intend(self.db, self.turn(worker), self.names[number], intent))
        assert said.reply is expected

    @rule(
        number=which,
        worker=st.sampled_from(["e1", "e2"]),
        kind=st.sampled_from(["applied", "applied", "failed", "unknown"]),
    )
    def record(self, number, worker, kind):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.EXECUTING:
            expected = Reply.WRONG_STATE
        elif model.worker != worker:
            expected = Reply.NOT_YOURS
        elif model.phase == "recorded" or (model.phase == "claimed" and kind != "failed"):
            expected = Reply.OUT_OF_ORDER
        else:
            model.passes(self.now)
            model.outcome = kind
            model.phase = "intended" if kind == "unknown" else "recorded"
        outcome = make.outcome(OutcomeKind(kind), self.names[number])
        said = self.do(proposals.record(self.db, self.turn(worker), self.names[number], outcome))
        assert said.reply is expected

    @rule(
        number=which,
        worker=st.sampled_from(["e1", "e2"]),
        kind=st.sampled_from(["verified", "failed", "stale", "unknown"]),
    )
    def finish(self, number, worker, kind):
        model, expected = self.models[number], Reply.DONE
        if model.state is not State.EXECUTING:
            expected = Reply.WRONG_STATE
        elif model.worker != worker:
            expected = Reply.NOT_YOURS
        elif (
            (model.phase == "intended" and kind != "unknown")
            or (kind == "verified" and model.outcome != "applied")
            or (kind == "stale" and model.outcome == "applied")
        ):
            expected = Reply.UNRESOLVED
        else:
            model.passes(self.now)
            model.state = State.DONE
        outcome = make.outcome(OutcomeKind(kind), self.names[number])
        said = self.do(proposals.finish(self.db, self.turn(worker), self.names[number], outcome))
        assert said.reply is expected

    @invariant()
    def one_is_as_the_model_says(self):
        """Look at them by turns, and at the end at all: looking takes most of the time."""
        self.steps += 1
        self.is_as_its_model_says(self.steps % 3)

    def is_as_its_model_says(self, number):
        model, case = self.models[number], self.do(proposals.get(self.db, self.names[number]))
        assert case.proposal.state is model.state
        assert {r.person: r.verdict for r in case.reviews} == model.votes
        assert model.requester not in model.votes
        assert sum(step.locked for step in case.steps) == (model.state is State.EXECUTING)
        if model.state is State.EXECUTING:
            assert case.proposal.reason == ("no cluster" if model.still else "")

    def teardown(self):
        for number, (name, model) in enumerate(zip(self.names, self.models, strict=True)):
            self.is_as_its_model_says(number)
            type(self).executed[name] = model.executed


@pytest.mark.slow
def test_whatever_happens_in_whatever_order_the_rules_hold(url):
    loop = asyncio.new_event_loop()
    db = loop.run_until_complete(open_database(url))

    class OnThisStore(Approvals):
        pass

    OnThisStore.loop, OnThisStore.db, OnThisStore.executed = loop, db, Counter()
    try:
        run_state_machine_as_test(
            OnThisStore,
            settings=settings(
                max_examples=SEQUENCES,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        loop.run_until_complete(the_ledger_agrees(db, OnThisStore.executed))
    finally:
        loop.run_until_complete(db.close())
        loop.close()


async def the_ledger_agrees(db, executed):
    assert (await ledger.verify(db, make.KEY)).troubles == []
    told = Counter()
    async for page in ledger.pages(db):
        told.update(row.proposal for row in page if row.entry.event == "executing")
    assert told == Counter({name: times for name, times in executed.items() if times})
    assert set(told.values()) <= {1}
