"""How an execution is called that did not get through: by what was done before it broke off.

Pure. Used by `carrying`, `loop` and `stranded`.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.store.operations import Phase, Step
from tools.changes import Outcome, OutcomeKind
from tools.types import Target

NO_CLUSTER = "The executor no longer has an account for cluster"
FIND_OUT = timedelta(hours=1)
"""For so long it is looked for what came of a write; then people are told that it is not known."""


def broken_off(done: Iterable[Step], step: Step, outcome: Outcome) -> Outcome:
    """Give the end of an execution at a step that was not applied.

    With steps done before it, it is no longer true that nothing changed: what exists is named, and
    an undo takes back just that.
    """
    names = ", ".join(_named(one.target) for one in done)
    if not names:
        return outcome
    kind = OutcomeKind.UNKNOWN if outcome.kind is OutcomeKind.UNKNOWN else OutcomeKind.FAILED
    reason = f"Done: {names}. Not done: {_named(step.target)} and what follows. {outcome.reason}"
    if kind is OutcomeKind.UNKNOWN:
        reason = f"Done: {names}. Not known: {_named(step.target)}. {outcome.reason}"
    return Outcome(kind, outcome.operation_id, reason, suggest_undo=True)


def given_up(steps: Sequence[Step], why: str) -> Outcome:
    """Give the end of an execution that cannot be gone on with, by what is known of its steps."""
    done = [one for one in steps if one.outcome == OutcomeKind.APPLIED]
    if len(done) == len(steps):
        return Outcome(OutcomeKind.UNVERIFIED, done[-1].id, why)
    step = next(one for one in steps if one.outcome != OutcomeKind.APPLIED)
    sent = any(one.phase is Phase.INTENDED for one in steps)
    kind = OutcomeKind.UNKNOWN if sent else OutcomeKind.FAILED
    return broken_off(done, step, Outcome(kind, step.id, why))


def without_cluster(cluster: str, steps: Sequence[Step]) -> str:
    """Say what is not known of an execution whose cluster is not open here any more, and what can be done."""
    done = ", ".join(_named(one.target) for one in steps if one.outcome == OutcomeKind.APPLIED)
    sent = ", ".join(_named(one.target) for one in steps if one.phase is Phase.INTENDED)
    known = [f"Done: {done}."] if done else []
    if sent:
        known.append(f"Whether {sent} was changed is not known.")
    elif not done:
        known.append("Nothing was changed yet.")
    return (
        f"{NO_CLUSTER} {cluster}. {' '.join(known)} Put the cluster back into its settings, and Oakum finds "
        "out and goes on; or look at the object yourself: after an hour this ends by what is known."
    )


def _named(target: Target) -> str:
    return f"{target.kind} {target.name}"
