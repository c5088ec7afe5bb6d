"""One approved proposal: asked the policy about, claimed, written step by step, verified, ended.

Before each write its intent is committed, after it what came of it; so whoever takes over, this process
after a crash too, reads how far it came and finds out the rest from the cluster. Used by `loop`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec

from bot.approval import proposals
from bot.approval.executing import Gate
from bot.approval.sealed_case import case_of
from bot.approval.transitions import Reply
from bot.errors import StoreUnavailable
from bot.executor.ending import FIND_OUT, broken_off
from bot.executor.holding import Hold, LetGo
from bot.executor.judging import may_go
from bot.executor.parts import Parts
from bot.executor.undoing import undone
from bot.store.operations import Phase, Step
from bot.store.proposals import Case, State
from tools import vocabulary
from tools.change.apply import Confirmed, apply
from tools.change.apply import confirm as rehearsed_again
from tools.change.recover import recover
from tools.change.verify import Watch, verify
from tools.changes import Intent, Outcome, OutcomeKind, Seal
from tools.errors import ToolsError
from tools.plans import Done
from tools.types import RiskLevel

ATTEMPTS = 3
"""How often a write is begun again whose result was not known, and which was not done."""
ASKED_LASTS_S = 10.0
"""For so long the policy's word is good, as long as the policy is the same; then it is asked again."""
LONGEST_PAUSE_S = 15.0
"""Between two looks at a cluster or a store that does not answer."""

T = TypeVar("T")


class _Refused(Exception):
    """The policy does not let a step go, right before it would have been sent."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(slots=True)
class _Word:
    """When the policy last let this execution go."""

    at: datetime | None
    """None: not in this process."""
    version: str
    """Of the policy that was asked."""
    risk: RiskLevel = RiskLevel.LOW
    """What the change has become by now, if that is more than it was sealed with."""


@dataclass(frozen=True, slots=True)
class _Work:
    """An execution in this process's hands."""

    parts: Parts
    hold: Hold
    case: Case
    seal: Seal
    done: tuple[Done, ...]
    """What an undo takes back."""
    word: _Word

    @property
    def id(self) -> str:
        return self.case.proposal.id

    @property
    def cluster(self) -> str:
        return self.seal.cluster


async def begin(parts: Parts, proposal: str) -> bool:
    """Take an approved proposal to execute it, if the policy lets it go now; False: not now, or never."""
    case = await proposals.get(parts.db, proposal)
    policy = parts.policy()
    if case is None or case.proposal.state is not State.APPROVED:
        return False
    if policy is None:
        return False
    if case.proposal.until is None or parts.clock() >= case.proposal.until:
        await proposals.expire(parts.db, proposal, parts.clock(), parts.key)
        return False
    decision = await may_go(parts, policy, case)
    if not decision.allowed:
        if not decision.temporary:
            await proposals.refuse(parts.db, parts.turn(), proposal, " ".join(decision.reasons))
        return False
    gate = Gate(case.proposal.digest, policy.version, stopped=policy.kill_switch)
    claimed = await proposals.claim(parts.db, parts.turn(), proposal, gate)
    return claimed.reply is Reply.DONE


async def carry_out(parts: Parts, proposal: str, hold: Hold, *, just_asked: bool) -> Outcome:
    """Bring an execution that is in this process's hands to its end, from wherever it stands.

    `just_asked`: the policy let it go a moment ago. Raises LetGo where somebody else has to go on.
    """
    policy = parts.policy()
    word = _Word(parts.clock() if just_asked else None, policy.version if policy else "")
    work = await _work(parts, proposal, hold, word)
    outcome = await _steps(work)
    await _ended(work, outcome)
    return outcome


async def _work(parts: Parts, proposal: str, hold: Hold, word: _Word) -> _Work:
    case = await proposals.get(parts.db, proposal)
    if case is None:
        raise LetGo
    before = await undone(parts.db, case.proposal, vocabulary.decode(case.proposal.action))
    seal = msgspec.json.decode(case.proposal.seal, type=Seal)
    return _Work(parts, hold, case, seal, before.done if before else (), word)


async def _steps(work: _Work) -> Outcome:
    """Carry out every step that is not recorded yet, in order, then look at what came of all.

    Nothing follows a step of which the server made something else than its dry run said.
    """
    applied: list[Outcome] = []
    for step in work.case.steps:
        if applied and applied[-1].reason:
            return broken_off(work.case.steps[: len(applied)], step, applied[-1])
        outcome = await _step(work, step)
        if outcome.kind is not OutcomeKind.APPLIED:
            return broken_off(work.case.steps[: len(applied)], step, outcome)
        applied.append(outcome)
    return await _verified(work, applied)


async def _step(work: _Work, step: Step) -> Outcome:
    """Carry out one step, or find out what became of it. What is known is committed."""
    if step.phase is Phase.RECORDED:
        return msgspec.json.decode(step.detail, type=Outcome)
    parts, sent = work.parts, step.phase is Phase.INTENDED
    intent = msgspec.json.decode(step.intent, type=Intent) if sent else _intent(work, step)
    for _ in range(ATTEMPTS):
        if sent and (found := await _found_out(work, intent)):
            return await _recorded(work, found)
        refused = await _let_go(work, step)
        if refused:
            return await _recorded(work, refused) if sent else refused
        if refused := await _intended(work, intent):
            return await _recorded(work, refused)
        before, sent, account = sent, True, parts.accounts[work.cluster]
        sure, wait = partial(_sure, work, step), work.hold.wait
        try:
            outcome = await apply(
                intent, account, clock=parts.clock, wait=wait, sure=sure, sent=before
            )
        except _Refused as stopped:
            outcome = stopped.outcome
        await _recorded(work, outcome)
        if outcome.kind is not OutcomeKind.UNKNOWN:
            return outcome
        await work.hold.wait(1.0)
    if found := await _found_out(work, intent):
        return await _recorded(work, found)
    return Outcome(OutcomeKind.UNKNOWN, step.id, "The cluster gave no whole answer three times.")


def _intent(work: _Work, step: Step) -> Intent:
    until = work.case.proposal.until
    assert until
    return Intent(step.id, work.seal, step.ordinal, until)


async def _let_go(work: _Work, step: Step) -> Outcome | None:
    """Ask and look once more before a step is sent; None: it may be sent.

    As long as nothing is done it has to come out as it was sealed, and is asked about by the risk that it
    has by now. What is done in part comes out otherwise: there the policy alone is asked.
    """
    refused = await _asked(work, step)
    if refused or step.ordinal:
        return refused
    reader, account = work.parts.readers()[work.cluster], work.parts.accounts[work.cluster]

    async def look() -> Confirmed:
        return await rehearsed_again(
            work.seal, reader, account, now=work.parts.clock(), done=work.done
        )

    try:
        again = await _patiently(work, look, until_expiry=True)
    except ToolsError as error:
        return Outcome(OutcomeKind.FAILED, step.id, f"{error.public} {error.hint}".strip())
    if again.other:
        return Outcome(OutcomeKind.STALE, step.id, again.other)
    if again.risk.rank > max(case_of(work.case.proposal).risk.rank, work.word.risk.rank):
        work.word.at, work.word.risk = None, again.risk
    return await _asked(work, step)


async def _intended(work: _Work, intent: Intent) -> Outcome | None:
    """Commit what is about to be sent; None where it may be sent. Raises LetGo."""
    parts = work.parts
    answer = await _stored(work, lambda: proposals.intend(parts.db, parts.turn(), work.id, intent))
    if answer.reply is Reply.DONE:
        return None
    if answer.reply is Reply.EXPIRED:
        reason = "The approval expired before it was sent."
        return Outcome(OutcomeKind.REFUSED, intent.operation_id, reason)
    if answer.reply is Reply.CHANGED:
        reason = "It is not what was approved."
        return Outcome(OutcomeKind.REFUSED, intent.operation_id, reason)
    raise LetGo


async def _recorded(work: _Work, outcome: Outcome) -> Outcome:
    """Commit what came of a step; gives what stands in the store. Raises LetGo where it is not ours."""
    parts = work.parts
    answer = await _stored(work, lambda: proposals.record(parts.db, parts.turn(), work.id, outcome))
    if answer.reply is Reply.DONE:
        return outcome
    case = await proposals.get(parts.db, work.id)
    step = (
        next((one for one in case.steps if one.id == outcome.operation_id), None) if case else None
    )
    if step is None or step.phase is not Phase.RECORDED:
        raise LetGo
    return msgspec.json.decode(step.detail, type=Outcome)


async def _ended(work: _Work, outcome: Outcome) -> None:
    parts = work.parts
    answer = await _stored(work, lambda: proposals.finish(parts.db, parts.turn(), work.id, outcome))
    if answer.reply is not Reply.DONE and answer.state is not State.DONE:
        raise LetGo


async def _asked(work: _Work, step: Step) -> Outcome | None:
    """Ask the policy, as before the execution began, whether a step may be sent; None: it may.

    Its last word counts while it is fresh and the policy the same. What may pass by itself is told and
    waited for until the approval is over. Nothing of the step is done then, so that it ends as refused.
    """
    parts, word, said = work.parts, work.word, ""
    while True:
        policy = parts.policy()
        if policy is None:
            raise LetGo
        if _is_fresh(word, policy.version, parts.clock()):
            return None
        case = await _stored(work, lambda: proposals.get(parts.db, work.id))
        if case is None:
            raise LetGo
        now, decision = parts.clock(), await may_go(parts, policy, case, word.risk)
        if decision.allowed:
            word.at, word.version = now, policy.version
            return None
        until, why = case.proposal.until, " ".join(decision.reasons)
        if not decision.temporary or until is None or parts.clock() >= until:
            return Outcome(OutcomeKind.REFUSED, step.id, why)
        if why != said:
            await proposals.stand_still(parts.db, parts.turn(), work.id, why)
            said = why
        await work.hold.wait(parts.pace.again_s)


def _is_fresh(word: _Word, version: str, now: datetime) -> bool:
    if word.at is None or word.version != version:
        return False
    return 0.0 <= (now - word.at).total_seconds() < ASKED_LASTS_S


async def _found_out(work: _Work, intent: Intent) -> Outcome | None:
    """Find out from the cluster what became of a write; None: it was not done and may be begun again."""
    account = work.parts.accounts[work.cluster]

    async def look() -> Outcome | None:
        return await recover(intent, account, now=work.parts.clock())

    try:
        return await _patiently(work, look)
    except ToolsError as error:
        reason = f"What came of it could not be found out: {error.public}"
        return Outcome(OutcomeKind.UNKNOWN, intent.operation_id, reason)


async def _verified(work: _Work, applied: list[Outcome]) -> Outcome:
    """Look at what every step came to; the first that is not shown to work decides."""
    parts = work.parts
    reader, account = parts.readers()[work.cluster], parts.accounts[work.cluster]
    watch = Watch(reader, account, parts.clock, work.hold.wait)
    seen = applied[-1]
    for ordinal, outcome in enumerate(applied):
        intent = Intent(outcome.operation_id, work.seal, ordinal, parts.clock())
        seen = await verify(intent, outcome, watch)
        if seen.kind is OutcomeKind.UNVERIFIED:
            break
    return seen


async def _patiently(
    work: _Work, look: Callable[[], Awaitable[T]], until_expiry: bool = False
) -> T:
    """Ask a cluster until it answers. Raises its last error where it does not in time."""
    clock, until = work.parts.clock, work.case.proposal.until
    began, pause_s = clock(), 1.0
    while True:
        try:
            return await look()
        except ToolsError:
            late = clock() - began >= FIND_OUT
            if late or (until_expiry and until is not None and clock() >= until):
                raise
        await work.hold.wait(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def _sure(work: _Work, step: Step) -> None:
    """Go on only where the policy still lets it go, and the store says that this process still has it.

    Raises _Refused, LetGo.
    """
    if refused := await _asked(work, step):
        raise _Refused(refused)
    await _stored(work, work.hold.sure)


async def _stored(work: _Work, act: Callable[[], Awaitable[T]]) -> T:
    """Commit or ask something, however long the store is away; what was committed already is answered so."""
    pause_s = 1.0
    while True:
        try:
            return await act()
        except StoreUnavailable:
            await work.hold.wait(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
