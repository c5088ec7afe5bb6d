"""Handover: whether a change that somebody else was to make has been made, by reading alone.

For what Oakum computes and shows but must not do: RBAC, and objects that an owner would write back.
Reads with the account that reads, for the executor's may not see these. Used by `bot.executor`, now
and then until the time for it is over.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import UNSET

from tools import vocabulary
from tools.change import evidence
from tools.change.objects import overruled
from tools.changes import Outcome, OutcomeKind
from tools.cluster.reader import Reader
from tools.errors import ToolsError
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object
from tools.types import Operation, Verb

_NOT_YET = "It has not been made yet."


async def handed_over(
    action: bytes,
    operations: Iterable[Operation],
    answers: Iterable[str],
    reader: Reader,
    clock: Callable[[], datetime],
) -> Outcome:
    """Look once: VERIFIED where all is as it was handed over and the checks pass, else UNVERIFIED.

    `operations` and `answers` are those of the rehearsal. The outcome names no operation of ours.
    """
    try:
        for operation in operations:
            lacking = await _lacking(operation, reader)
            if lacking:
                return Outcome(OutcomeKind.UNVERIFIED, "", lacking)
        target = vocabulary.decode(action).target
        judged = await evidence.judge(answers, target, (), reader, clock)
    except ToolsError as error:
        return Outcome(OutcomeKind.UNVERIFIED, "", f"It could not be looked at: {error.public}")
    if judged.failing:
        reason = f"Made, but not shown to pass: {'; '.join(judged.failing)}."
        return Outcome(OutcomeKind.UNVERIFIED, "", reason, findings=judged.findings)
    return Outcome(OutcomeKind.VERIFIED, "", findings=judged.findings)


async def _lacking(operation: Operation, reader: Reader) -> str:
    """Say what of an operation is not there; empty where all is."""
    target = operation.target
    found = await reader.get(KINDS[target.kind], target.namespace, target.name)
    if operation.verb is Verb.DELETE:
        uid = as_object(found.get("metadata")).get("uid") if found else UNSET
        return _NOT_YET if uid == target.uid else ""
    if found is None:
        return (
            _NOT_YET if operation.verb is Verb.CREATE else f"{target.kind} {target.name} is gone."
        )
    return _NOT_YET if overruled(operation, found) else ""
