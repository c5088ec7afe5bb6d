"""The executor's loop: a turn every half second, and beside it one task for each proposal in hand.

A turn only looks and hands out: it gives a sign of life, signs what serve wrote, ends what has expired,
takes over what broke off, and begins what waits; drafts come last, for anything may stand in them. A
slow rollout therefore holds up nothing else. What fails is an incident; the loop goes on. Used by
`bot.app.executing`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from bot import telemetry
from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.errors import StoreUnavailable
from bot.executor import handovers, stranded
from bot.executor.carrying import begin, carry_out
from bot.executor.edge import at_edge
from bot.executor.ending import given_up
from bot.executor.holding import LetGo, held, pause, release
from bot.executor.parts import Parts
from bot.executor.rehearsing import rehearse_draft
from bot.store import ledger, overview, signs
from bot.store.ledger import Head
from bot.store.proposals import Proposal
from bot.store.waiting import Waiting

MOST_REHEARSALS = 8
MOST_EXECUTIONS = 32
"""At once in one process; what is more waits its turn."""
SHARE = 4
"""One cluster has a fourth of these at most, so that one that does not answer holds up no other."""
MOST_BREAKS = 3
"""An execution that ends in an incident so often in a row in one process is given up."""
LONGEST_PAUSE_S = 10.0
"""Between two turns while the store is away."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_log = telemetry.logger(__name__)


class Executor:
    """One per process."""

    def __init__(self, parts: Parts, stop: asyncio.Event) -> None:
        self._parts = parts
        self._stop = stop
        self._rehearsing: dict[str, asyncio.Task[str]] = {}
        self._executing: dict[str, asyncio.Task[str]] = {}
        self._looking: asyncio.Task[str] | None = None
        self._breaks: dict[str, int] = {}
        """How often in a row an execution ended in an incident here."""
        self._tried_at: dict[str, datetime] = {}
        """When it was last tried to begin what is approved."""
        self._beat_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._head: Head | None = None
        self.trouble = "has not taken a turn yet"
        """Why it does not work just now; empty where it does."""
        self._standing_still: Mapping[str, int] = {}
        """How many executions broke off on each cluster that is not open here any more."""

    def notes(self) -> tuple[str, ...]:
        """Say what stands still although this works."""
        return tuple(stranded.note(*one) for one in self._standing_still.items())

    async def run(self) -> None:
        """Take turns until told to stop, then let what is in hand come to a good place."""
        failures = 0
        while not self._stop.is_set():
            incident = await at_edge(self._turn)
            failures = failures + 1 if incident else 0
            self.trouble = f"the last turn failed (incident {incident})" if incident else ""
            seconds = self._parts.pace.poll_s * 2 ** min(failures, 8)
            await pause(self._parts, self._stop, min(seconds, LONGEST_PAUSE_S))
        await self._drain()

    async def _turn(self) -> None:
        parts = self._parts
        await self._sign_of_life()
        await self._sign()
        await proposals.expire_due(parts.db, parts.clock(), parts.key)
        await self._take_over()
        await self._execute()
        self._look()
        await self._rehearse()

    async def _sign_of_life(self) -> None:
        parts, now = self._parts, self._parts.clock()
        if self._lately(self._beat_at, parts.pace.beat_s):
            return
        await signs.beat(parts.db, signs.EXECUTOR, parts.worker, now)
        self._beat_at = now
        for state, count in (await overview.by_state(parts.db)).items():
            telemetry.PROPOSALS.labels(state.value).set(count)

    async def _sign(self) -> None:
        """Sign what serve wrote before anything is done by it; the head goes to the log."""
        head = await ledger.sign(self._parts.db, self._parts.key)
        if head != self._head:
            self._head = head
            _log.info("ledger", count=head.count, head=f"sha256:{head.mac}")

    async def _take_over(self) -> None:
        parts = self._parts
        left = await proposals.interrupted(parts.db, parts.clock())
        gone = {name for name in {one.cluster for one in left} if not parts.reaches(name)}
        self._standing_still = Counter(one.cluster for one in left if one.cluster in gone)
        for one in left:
            if one.cluster in gone:
                await at_edge(partial(stranded.look, parts, one), one.id)
            elif self._is_free(one):
                answer = await proposals.take_over(parts.db, parts.turn(), one.id)
                if answer.reply is Reply.DONE:
                    work = partial(self._carry_out, one.id, just_asked=False)
                    self._start(self._executing, one.id, one.cluster, work)

    async def _rehearse(self) -> None:
        parts = self._parts
        while len(self._rehearsing) < MOST_REHEARSALS:
            full = _full(self._rehearsing, MOST_REHEARSALS)
            draft = await proposals.claim_draft(parts.db, parts.turn(), parts.app, full)
            if draft is None:
                return
            if draft.id not in self._rehearsing:
                work = partial(self._rehearse_one, draft)
                self._start(self._rehearsing, draft.id, draft.target.cluster, work)

    async def _execute(self) -> None:
        """Try what is approved: first what was not tried yet, then what was tried the longest ago."""
        waiting = await proposals.approved(self._parts.db)
        tried = self._tried_at
        self._tried_at = {one.id: tried[one.id] for one in waiting if one.id in tried}
        for one in sorted(waiting, key=lambda one: tried.get(one.id, _NEVER)):
            lately = self._lately(tried.get(one.id), self._parts.pace.again_s)
            if self._is_free(one) and not lately:
                work = partial(self._execute_one, one.id)
                self._start(self._executing, one.id, one.cluster, work)

    def _look(self) -> None:
        """Look at what was handed over, beside everything else."""
        parts = self._parts
        busy = self._looking is not None and not self._looking.done()
        if not busy and not self._lately(self._looked_at, parts.pace.look_s):
            self._looked_at = parts.clock()
            self._looking = asyncio.create_task(at_edge(partial(handovers.look, parts)))

    def _lately(self, at: datetime | None, seconds: float) -> bool:
        """Tell whether something was so short ago; what lies ahead of a clock that was set back was not."""
        return at is not None and 0.0 <= self._since(at) < seconds

    def _is_free(self, one: Waiting) -> bool:
        """Tell whether there is room, and the proposal is not in hand here."""
        executing = self._executing
        room = len(executing) < MOST_EXECUTIONS
        return (
            room
            and one.id not in executing
            and one.cluster not in _full(executing, MOST_EXECUTIONS)
        )

    def _start(
        self,
        among: dict[str, asyncio.Task[str]],
        proposal: str,
        cluster: str,
        work: Callable[[], Awaitable[None]],
    ) -> None:
        """Begin work of a proposal; its task is named after the cluster."""
        task = asyncio.create_task(at_edge(work, proposal), name=cluster)
        among[proposal] = task
        task.add_done_callback(lambda _: among.pop(proposal, None))

    async def _rehearse_one(self, draft: Proposal) -> None:
        began = self._parts.clock()
        async with held(self._parts, draft.id, self._stop):
            await rehearse_draft(self._parts, draft)
        telemetry.REHEARSAL_SECONDS.observe(self._since(began))

    async def _execute_one(self, proposal: str) -> None:
        self._tried_at[proposal] = self._parts.clock()
        if await begin(self._parts, proposal):
            await self._carry_out(proposal, just_asked=True)

    async def _carry_out(self, proposal: str, *, just_asked: bool) -> None:
        """Carry out what is in hand; what breaks off again and again is ended, so that its objects are free."""
        parts = self._parts
        work = partial(self._carried_out, proposal, just_asked=just_asked)
        number = await at_edge(work, proposal)
        breaks = self._breaks.pop(proposal, 0) + 1
        if not number:
            return
        if breaks < MOST_BREAKS:
            self._breaks[proposal] = breaks
            return
        case = await proposals.get(parts.db, proposal)
        if case is not None:
            why = f"Carrying it out broke off {breaks} times (incident {number})."
            await proposals.finish(parts.db, parts.turn(), proposal, given_up(case.steps, why))

    async def _carried_out(self, proposal: str, *, just_asked: bool) -> None:
        began = self._parts.clock()
        try:
            async with held(self._parts, proposal, self._stop) as hold:
                outcome = await carry_out(self._parts, proposal, hold, just_asked=just_asked)
        except (LetGo, StoreUnavailable):
            await release(self._parts, proposal)
            return
        telemetry.EXECUTIONS.labels(outcome.kind.value).inc()
        telemetry.EXECUTION_SECONDS.observe(self._since(began))
        _log.info("executed", proposal=proposal[:8], outcome=outcome.kind.value)

    def _since(self, began: datetime) -> float:
        return (self._parts.clock() - began).total_seconds()

    async def _drain(self) -> None:
        """Let everything in hand come to its next pause; what does not in time is cut, and found out later."""
        left = {*self._rehearsing.values(), *self._executing.values()}
        left |= {self._looking} if self._looking else set[asyncio.Task[str]]()
        if left:
            _, left = await asyncio.wait(left, timeout=self._parts.pace.drain_s)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _full(tasks: Mapping[str, asyncio.Task[str]], most: int) -> list[str]:
    """Name the clusters that have their share of the work in hand."""
    on = Counter(task.get_name() for task in tasks.values())
    return [cluster for cluster, count in on.items() if count >= most // SHARE]


async def run(parts: Parts, stop: asyncio.Event) -> None:
    """Run an executor until `stop` is set."""
    await Executor(parts, stop).run()
