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
from tools.change.pods import MANIFEST, Seen, look
from tools.changes import Outcome, OutcomeKind
from tools.cluster.reader import Reader
from tools.errors import ToolsError
from tools.objects.kinds import KINDS
from tools.planning.created import other_than_made
from tools.planning.patching import as_object
from tools.plans import Json
from tools.types import Operation, Verb

_NOT_YET = "It has not been made yet."
_ROLLS_OUT = "its rollout is not over, pods of before may still run."


async def handed_over(
    action: bytes,
    operations: Iterable[Operation],
    answers: Iterable[str],
    reader: Reader,
    clock: Callable[[], datetime],
) -> Outcome:
    """Look once: VERIFIED where all is made and rolled out, and the checks pass on the pods too.

    Else UNVERIFIED, with the reason. `operations` and `answers` are those of the rehearsal. The outcome names no operation of ours.
    """
    pods: list[str] = []
    try:
        steps = [(operation, *await _made(operation, reader)) for operation in operations]
        lacking = next((why for _, _, why in steps if why), "")
        if lacking:
            return Outcome(OutcomeKind.UNVERIFIED, "", lacking)
        for operation, obj, _ in steps:
            seen = await look(operation, obj, reader, late=False) if obj else Seen()
            if seen is None or seen.reason:
                why = seen.reason if seen else _ROLLS_OUT
                return Outcome(OutcomeKind.UNVERIFIED, "", f"Made, but not in effect: {why}")
            pods += seen.pods
        target = vocabulary.decode(action).target
        judged = await evidence.judge(answers, target, pods, reader, clock)
    except ToolsError as error:
        return Outcome(OutcomeKind.UNVERIFIED, "", f"It could not be looked at: {error.public}")
    if judged.failing:
        reason = f"Made, but not shown to pass: {'; '.join(judged.failing)}."
        return Outcome(OutcomeKind.UNVERIFIED, "", reason, findings=judged.findings)
    said = MANIFEST if reader.source == "folder" else ""
    return Outcome(OutcomeKind.VERIFIED, "", said, findings=judged.findings)


async def _made(operation: Operation, reader: Reader) -> tuple[Json | None, str]:
    """Give the object of an operation, and say what of the operation is not there; empty where all is."""
    target = operation.target
    found = await reader.get(KINDS[target.kind], target.namespace, target.name)
    if operation.verb is Verb.DELETE:
        uid = as_object(found.get("metadata")).get("uid") if found else UNSET
        return None, _NOT_YET if uid == target.uid else ""
    if found is None:
        gone = f"{target.kind} {target.name} is gone."
        return None, _NOT_YET if operation.verb is Verb.CREATE else gone
    if operation.verb is Verb.PATCH:
        return found, _NOT_YET if overruled(operation, found) else ""
    other = other_than_made(operation.manifest, "", found)
    said = f"{target.kind} {target.name} is there, but other than it was handed over: {other}."
    return found, said if other else ""
