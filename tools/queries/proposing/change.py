"""From what is wanted of an object to a change that could be proposed: looked up, planned, said.

Changes nothing, sends nothing, stores nothing. The plan is made here only to answer at once where there
is none; it is made again from the object of that moment when it is rehearsed. Used by the queries that
propose.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, structs

from tools import vocabulary
from tools.admission import preview, weighed
from tools.around import read_around
from tools.cluster.reader import Reader
from tools.errors import NotAllowed, UnknownName
from tools.objects.kinds import KINDS, Kind
from tools.planning.patching import as_object, dotted
from tools.plans import Around, Json, Plan, Reason, Refusal
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads
from tools.queries.looking.scoping import nearest, pick_cluster, pick_namespace, pick_namespaces
from tools.queries.proposing.titles import title
from tools.queries.read_object import find_kind
from tools.queries.result import NotPlanned, Planned, Result
from tools.queries.wording import cap, fence, names, one_line, place
from tools.types import Action, Finding, Operation, ResourceRef, Target, Verb
from tools.workload import WORKLOAD_KINDS

HIDDEN = "(not shown here)"
"""Stands for the name of a cluster-scoped object where the asker may see only namespaces."""

_FIELDS = 12
"""Most fields of a plan that a model is told."""
_VALUE = 300
"""Most characters of one value."""
_USER_WORD = re.compile(
    r"\b(?:uid|users?|run\s?as\w*|nutzer\w*|benutzer\w*|id)\b|\bas \d|\bals \d", re.I
)
_SURE = re.compile(
    r"(?<![\w./-])(?<!cluster )(?<!namespace )(?:confirm(?:ed|s)?|bestätig\w*)(?![\w/-]|\.\w)", re.I
)
"""A word of its own, and no name: the questions that buttons ask hold names of a cluster."""
_NOT = re.compile(r"\b(?:not|never|no|nicht|kein\w*|nie|cannot)\b|n['’]t\b|\?", re.I)
_EMPTY = re.compile(r"\bempty\b|emptydir|\bleer\w*", re.I)
_SHORT = 4
"""Words of a message that is the answer to a question, such as `uid?`."""


async def find_object(
    context: QueryContext, cluster: str, kind: str, namespace: str, name: str
) -> tuple[Reader, Target]:
    """Find the one object meant, within what the asker may see; without a kind it is a workload.

    The target has no uid yet. An object of a named kind and place may be missing: the plan says so.

    Raises:
        UnknownName: no such cluster, namespace or workload, or several of that name.
    """
    reader = pick_cluster(context, cluster)
    if not kind:
        return reader, await _workload(context, reader, namespace, name)
    known = find_kind(kind)
    inside = await _place_of(context, reader, known, namespace, name)
    return reader, Target(reader.name, known.group_version, known.kind, inside, name)


async def _workload(context: QueryContext, reader: Reader, namespace: str, name: str) -> Target:
    """Find a workload by its name alone."""
    asked = [namespace] if namespace else []
    found, _ = await read_workloads(reader, await pick_namespaces(context, reader, asked))
    refs = [each.ref for each in found if each.ref.name == name]
    if len(refs) == 1:
        return _target(refs[0])
    if refs:
        raise UnknownName(
            f"{name!r} is the name of several workloads.",
            f"Which: {names(place(ref) for ref in refs)}?",
        )
    known = {each.ref.name for each in found}
    where = f"namespace {namespace!r}" if namespace else f"cluster {reader.name!r}"
    raise UnknownName(
        f"There is no workload {name!r} in {where} that may be seen here.",
        f"Nearest: {names(nearest(name, known))}." if known else "",
    )


async def _place_of(
    context: QueryContext, reader: Reader, kind: Kind, namespace: str, name: str
) -> str:
    """Give the namespace of an object of a kind; a Namespace has to be one that may be seen."""
    if kind.kind == "Namespace":
        await pick_namespace(context, reader, name)
        return ""
    if kind.namespaced and namespace:
        return await pick_namespace(context, reader, namespace)
    if kind.namespaced:
        return await _only_place(context, reader, kind, name)
    if not context.scope.sees(reader.name, ""):
        raise UnknownName(f"{kind.kind} is cluster-scoped and may not be seen from here.")
    return ""


async def _only_place(context: QueryContext, reader: Reader, kind: Kind, name: str) -> str:
    """Find the namespace of the one object of a kind and name that may be seen."""
    listing = await reader.list(kind, await pick_namespaces(context, reader, []))
    there = [each.metadata for each in listing.objects]
    places = [each.namespace or "" for each in there if each.name == name]
    if len(places) == 1 and not listing.gaps:
        return places[0]
    said = f"{kind.kind} {name!r}"
    if places:
        raise UnknownName(f"{said} is in {names(sorted(places))}.", "Say which namespace is meant.")
    if listing.gaps:
        raise UnknownName(
            f"In which namespace is {said}?", "Say it; not all of them could be read."
        )
    near = names(nearest(name, {each.name or "" for each in there}))
    raise UnknownName(
        f"There is no {said} that may be seen here.", f"Nearest: {near}." if near else ""
    )


def _target(ref: ResourceRef) -> Target:
    return Target(ref.cluster, ref.api_version, ref.kind, ref.namespace, ref.name)


async def propose(
    context: QueryContext,
    reader: Reader,
    action: Action,
    left: Sequence[str] = (),
    failing: Sequence[Finding] = (),
) -> Result:
    """Plan an action on what the reader gives: a change to propose, or why there is none.

    Args:
        context: of the question.
        reader: of the action's cluster.
        action: without a uid.
        left: what it leaves as it is, said beside.
        failing: what the object fails now; what the plan does not answer is said.

    Raises BadAction for what is outside the vocabulary, and what the reader raises.
    """
    planned, made = await planned_on(context, reader, action)
    target = planned.target
    ref = target.ref
    if isinstance(made, Refusal):
        return not_planned(ref, title(planned), made)
    seen = await preview(made.operations[0], reader, context.now)
    made = structs.replace(
        made,
        risk=weighed(made.risk, seen, ()),
        notes=(*made.notes, *(f"Would be refused: {one}" for one in seen)),
    )
    rest = (*left, *made.left, *_still_failing(failing, made, target.kind))
    data = Planned(ref, title(planned), planned, made, rest)
    closed = await context.why_not(planned, made.risk.level)
    if closed:
        return not_planned(ref, data.title, Refusal(Reason.NOT_OPEN, closed), data)
    return Result(_planned_text(data), data)


def _still_failing(failing: Sequence[Finding], plan: Plan, kind: str) -> Iterator[str]:
    """Say what the object fails all the same, worst first; of a workload the plan says it itself."""
    if kind in WORKLOAD_KINDS:
        return
    for item in failing:
        if item.check not in plan.answers:
            yield f"{item.reason.rstrip('.')} ({', '.join(item.controls)})."


async def planned_on(
    context: QueryContext, reader: Reader, action: Action
) -> tuple[Action, Plan | Refusal]:
    """Plan an action on the object as the reader gives it; the action comes back with its uid."""
    _in_scope(context, action)
    target = action.target
    obj = await reader.get(KINDS[target.kind], target.namespace, target.name)
    uid = str(as_object(as_object(obj).get("metadata")).get("uid") or "")
    known = structs.replace(action, target=structs.replace(target, uid=uid))
    meant = vocabulary.decode(vocabulary.encode(known))
    around = await read_around(meant, obj, reader, context.now, ())
    return meant, vocabulary.plan(meant, obj, _as_seen(context, around))


def _in_scope(context: QueryContext, action: Action) -> None:
    """Decode an action and refuse places that the asker may not see."""
    vocabulary.decode(vocabulary.encode(action))
    try:
        vocabulary.within(action, context.scope)
    except NotAllowed as error:
        raise UnknownName(
            "There is no such object in what may be seen here.", error.hint
        ) from error


def _as_seen(context: QueryContext, around: Around) -> Around:
    """Take the names of cluster-scoped objects out where the asker may see only namespaces."""
    if all(context.scope.sees(name, "") for name in context.readers):
        return around
    others = {
        kind: [_nameless(each) for each in found] if not KINDS[kind].namespaced else found
        for kind, found in around.others.items()
    }
    return structs.replace(around, others=others)


def _nameless(obj: Json) -> Json:
    return {**obj, "metadata": {**as_object(obj.get("metadata")), "name": HIDDEN}}


def not_planned(
    ref: ResourceRef, wanted: str, refusal: Refusal, worked_out: Planned | None = None
) -> Result:
    """Give a refusal as a result; `worked_out` is what it would be, where only asking is closed."""
    data = NotPlanned(ref, wanted, refusal, worked_out)
    lines = [
        f"NOT PROPOSED: {wanted} (cluster {ref.cluster}).",
        f"Reason ({refusal.reason.value}): {one_line(refusal.public, 400)}",
        f"What can be done: {one_line(refusal.hint, 400)}" if refusal.hint else "",
    ]
    if refusal.manifest:
        written = msgspec.json.format(msgspec.json.encode(refusal.manifest)).decode()
        lines.append("For its owner to make again:\n" + fence("manifest", written[:3_000]))
    if worked_out:
        lines += ["What it would change, for people to do by hand:", *_facts(worked_out)]
    return Result(cap("\n".join(line for line in lines if line)), data)


def only_judged(ref: ResourceRef) -> Result:
    """Say that a kind of TEMPLATED_KINDS is judged and not changed."""
    return refused(
        ref,
        f"Change {place(ref)}",
        Reason.NO_SAFE_FIX,
        f"Oakum judges a {ref.kind} and does not change it.",
        "Change its pod template by hand; its findings say what to set.",
    )


def refused(ref: ResourceRef, wanted: str, reason: Reason, public: str, hint: str = "") -> Result:
    """Refuse before any plan is made."""
    return not_planned(ref, wanted, Refusal(reason, public, hint))


def _planned_text(data: Planned) -> str:
    """Say what would happen; and that nothing did."""
    lines = [
        f"WORKED OUT, NOTHING CHANGED: {data.title} (cluster {data.ref.cluster}).",
        "After this answer it is handed on to be rehearsed; a card with the exact change follows "
        "and people decide there. Say that it is asked for, never that it is done or approved.",
        *_facts(data),
    ]
    return cap("\n".join(line for line in lines if line))


def _facts(data: Planned) -> list[str]:
    """Say what a plan comes to, line by line; some may be empty."""
    plan = data.plan
    return [
        f"risk: {plan.risk.level.value}: {' '.join(plan.risk.reasons)}",
        f"disruption: {' '.join(plan.disruption.facts) or 'none'}",
        f"fixes checks: {names(plan.answers) or 'none'}",
        f"undo: {plan.undo}",
        f"a patch for somebody else: {plan.handover}" if plan.handover else "",
        *(f"note: {note}" for note in plan.notes),
        *(f"stays open: {one}" for one in data.left),
        fence("plan", "\n".join(_changes(plan.operations))),
    ]


def changed_fields(operations: Sequence[Operation]) -> tuple[str, ...]:
    """Say what operations set, from what to what, and what they create or delete; on redacted objects."""
    found: dict[str, None] = {}
    for each in operations:
        if each.verb is Verb.PATCH:
            found |= {
                f"{dotted(change.path)}: {_value(change.before)} -> {_value(change.after)}": None
                for change in each.changes
            }
        else:
            found[f"{each.verb.value} {each.target.kind} {each.target.name}"] = None
    return tuple(found)


def _value(value: Any) -> str:
    if value is UNSET:
        return "(not set)"
    return one_line(msgspec.json.encode(value, order="sorted").decode(), _VALUE)


def _changes(operations: Sequence[Operation]) -> list[str]:
    fields = changed_fields(operations)
    more = [f"and {len(fields) - _FIELDS} more"] if len(fields) > _FIELDS else []
    return [*fields[:_FIELDS], *more]


def said_user(context: QueryContext, uid: int, container: str = "") -> bool:
    """Tell whether the asker named this user id: in words about users, or as a short reply."""
    number = re.compile(rf"(?<![\w.:/@-]){uid}(?![\w:/@-]|\.\d)")
    return any(
        number.search(text)
        and (len(text.split()) <= _SHORT or _USER_WORD.search(text) or _names(text, container))
        for text in context.said
    )


def said_empty(context: QueryContext, volume: str) -> bool:
    """Tell whether the asker said that this volume may become an empty folder."""
    return any(
        _names(text, volume) and _EMPTY.search(text) and not _NOT.search(text)
        for text in context.said
    )


def said_confirmed(context: QueryContext, name: str) -> bool:
    """Tell whether the asker confirmed it: just now, or naming the object."""
    last = len(context.said) - 1
    return any(
        _SURE.search(text) and not _NOT.search(text) and (number == last or _names(text, name))
        for number, text in enumerate(context.said)
    )


def said_word(context: QueryContext, word: str) -> bool:
    """Tell whether the asker wrote this word, as it stands."""
    return any(_names(text, word) for text in context.said)


def _names(text: str, word: str) -> bool:
    return bool(word) and bool(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text))
