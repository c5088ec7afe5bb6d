"""A message whose words are linked -> the changes that it orders, or what of it is not understood. Pure.

Used by `plan`.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.agent.offline.orders.facts import (
    FACTS,
    TAKES_CONTAINER,
    Unclear,
    called_in,
    container_in,
)
from bot.agent.offline.orders.parts import grouped, has_object, parts_of, untold
from bot.agent.offline.orders.settings import Settings, settings_of
from bot.agent.offline.orders.tokens import Sort, Token
from bot.agent.offline.orders.vocabulary import (
    ASKING,
    CHANGES,
    FILLERS,
    HARDENING,
    QUOTES,
    STATES,
    SURE,
    VERBS,
    WORKLOADS,
    Change,
)
from bot.agent.offline.wording import questions
from tools.queries.result import WorkloadRow, Workloads


@dataclass(frozen=True, slots=True)
class Order:
    """One change of some objects."""

    change: str
    """As in `propose_change`, or `fix`, `remove_subject`."""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    rows: tuple[WorkloadRow, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()
    """Kind, namespace and name of what is no workload."""
    it: bool = False
    """Of what was spoken of before."""


def read(tokens: Sequence[Token], found: Workloads) -> list[Order] | Unclear | None:
    """Read the orders of a message; None where it is none."""
    asks = any(each.text == "?" for each in tokens)
    begin = " ".join(each.text for each in tokens[:6])
    if asks and not re.search(r"\b(?:can|could|would|will) (?:you|u)\b|\bplease\b|\bpls\b", begin):
        return None
    if any(each.text in QUOTES for each in tokens):
        return None
    parts = parts_of([each for each in tokens if each.text != "?"])
    groups, remarks = grouped(parts)
    if not groups or any(part[0].text in ASKING for part in remarks):
        return None
    orders: list[Order] = []
    for part in groups:
        one = _order(part, found)
        if one is None:
            return Unclear(_not_handled((each.written for each in part), found)) if orders else None
        if isinstance(one, Unclear):
            return one
        orders.append(one)
    stopped = next((word for part in remarks for word in untold(part)), "")
    if stopped:
        return Unclear(_not_handled([stopped], found))
    return _filled(orders, [each for part in remarks for each in part])


def _filled(orders: list[Order], said: Sequence[Token]) -> list[Order] | Unclear:
    """Give an order without an object that of the one before it, or what was remarked on."""
    rows = tuple(
        dict.fromkeys(row for each in said if each.sort is Sort.OBJECT for row in each.rows)
    )
    places = {each.text for each in said if each.sort is Sort.NAMESPACE}
    rows = tuple(row for row in rows if not places or row.ref.namespace in places)
    made: list[Order] = []
    for order in orders:
        if (
            order.change == "fix"
            and order.it
            and not order.facts
            and made
            and made[-1].change == "fix"
        ):
            continue
        if not (order.rows or order.others):
            if made:
                if order.change in ("pod_security_labels", "deny_traffic"):
                    return Unclear("Which namespace is meant?")
                order = replace(order, rows=made[-1].rows, others=made[-1].others, it=made[-1].it)
            elif order.change in ("pod_security_labels", "deny_traffic"):
                order = replace(
                    order, others=tuple(("Namespace", "", place) for place in sorted(places))
                )
            elif len(rows) > 1:
                return Unclear(_several(rows[0].ref.name, rows))
            else:
                order = replace(order, rows=rows)
        if not (order.rows or order.others or order.it):
            return Unclear("Name what is to be changed.")
        made.append(order)
    return made


def _order(part: Sequence[Token], found: Workloads) -> Order | Unclear | None:
    """Read one order whole; the reading that leaves the fewest words decides what is said."""
    fitting = [change for change in CHANGES if _fits(change, part)]
    left = {change.name: _over(part, change) for change in fitting}
    settings = settings_of(part)
    safer = settings is not None and (part[0].text in HARDENING["verbs"] or settings.asked)
    if settings and safer:
        left["fix"] = settings.left
    whole = next((name for name, over in left.items() if not over), "")
    nowhere = next((each for each in part if each.sort is Sort.NOWHERE), None)
    if whole and nowhere:
        return _no_such_place(nowhere, found)
    if settings and whole == "fix":
        return Unclear(questions.LESS_SAFE) if settings.wrong else _fix(settings, part)
    if whole:
        return _made(next(each for each in fitting if each.name == whole), part)
    named = has_object(part) and bool(left)
    if part[0].text not in SURE and not named:
        return None
    return Unclear(
        _not_handled(min(left.values(), key=len), found) if left else questions.NO_SUCH_CHANGE
    )


def _fits(change: Change, part: Sequence[Token]) -> bool:
    texts = {word for each in part for word in (each.text, *each.text.split("="))}
    if change.name == "scale" and not any(each.sort is Sort.NUMBER for each in part):
        texts -= {"to", "->"}
    if change.kind == "Namespace" and any(each.rows and not each.also for each in part):
        return False
    begins = part[0].text in change.verbs or (change.states and bool(texts & STATES))
    if part[0].text not in change.verbs and part[0].text in VERBS:
        begins = False
    return begins and all(texts & group for group in change.needs)


def _over(part: Sequence[Token], change: Change) -> list[str]:
    """List the words of an order that a change does not handle."""
    kinds = {row.ref.kind for each in part for row in each.rows}
    kinds |= {each.kind for each in part if each.sort is Sort.NAME} | {"Namespace"}
    words = change.verbs | change.words
    if change.name in TAKES_CONTAINER:
        words |= {"container", "containers", "sidecar", container_in(part)}
    words |= FILLERS - ({"service"} if change.name == "delete" else set())
    takes = _NAMED | _TAKES.get(change.name, frozenset())
    called = called_in(part, change.name)
    return [
        each.written
        for each in part
        if each.written
        and each.sort not in takes
        and each is not called
        and not all(word in words for word in each.text.split("="))
        and not (each.sort is Sort.KIND and each.kind in kinds)
        and not (change.name == "deploy" and each.text == "deploy")
    ]


_NAMED = frozenset((Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.CLUSTER, Sort.NOWHERE, Sort.IT))
_TAKES = {
    "scale": frozenset((Sort.NUMBER,)),
    "set_resources": frozenset((Sort.NUMBER, Sort.AMOUNT)),
    "deploy": frozenset((Sort.NUMBER, Sort.IMAGE)),
}
"""What else a change takes."""


def _not_handled(words: Iterable[str], found: Workloads) -> str:
    """Say what is not handled, and what it may have meant."""
    listed = [word for word in dict.fromkeys(words) if "@" not in word and "//" not in word]
    said = ", ".join(f"`{word}`" for word in listed[:6]) or "all of that"
    there = [*(row.ref.name for row in (*found.rows, *found.parts)), *found.known_namespaces]
    near = [
        close for word in listed for close in difflib.get_close_matches(word.lower(), there, 2, 0.7)
    ]
    hint = (
        f" Did you mean {' or '.join(dict.fromkeys(f'`{each}`' for each in near))}?" if near else ""
    )
    return f"I do not handle {said} in an order.{hint} Say the change alone, with the names as they are there."


def _no_such_place(token: Token, found: Workloads) -> Unclear:
    there = ", ".join(found.known_namespaces[:12])
    return Unclear(f"There is no namespace or cluster `{token.written}`; namespaces: {there}.")


def _made(change: Change, part: Sequence[Token]) -> Order | Unclear:
    facts = FACTS[change.name](part) if change.name in FACTS else {}
    if isinstance(facts, Unclear):
        return facts
    if change.kind == "Namespace":
        return _of_namespaces(change, part, facts)
    if change.kind:
        return _of_names(change.name, part, facts, change.kind)
    if change.name == "remove_subject":
        return _without_subject(part)
    if change.name == "deploy":
        return _deployed(part, facts)
    if any(each.text in ("confirm", "confirmed") for each in part):
        facts["confirmed"] = True
    if change.name == "own_service_account" and (called := called_in(part, change.name)):
        part = [each for each in part if each is not called]
        facts["account"] = called.text
    return _of_objects(change.name, part, facts)


def _of_namespaces(change: Change, part: Sequence[Token], facts: dict[str, Any]) -> Order | Unclear:
    places = [each.text for each in part if each.sort is Sort.NAMESPACE or each.text in each.also]
    stray = [
        each.written
        for each in part
        if each.sort in (Sort.OBJECT, Sort.NAME) and each.text not in places
    ]
    if stray:
        return Unclear(f"`{stray[0]}` is no namespace; that change is of a namespace.")
    if len(places) > len(set(places)):
        return Unclear("Say each namespace once.")
    others = tuple(("Namespace", "", place) for place in places)
    it = any(each.sort is Sort.IT for each in part)
    return Order(change.name, facts, (), others, it)


def _of_names(
    change: str, part: Sequence[Token], facts: dict[str, Any], kind: str = ""
) -> Order | Unclear:
    """Make an order of objects that are named by their kind."""
    places = [each.text for each in part if each.sort is Sort.NAMESPACE]
    named = [each for each in part if each.sort is Sort.NAME and kind in ("", each.kind)]
    if len(places) > 1:
        return Unclear("Say one namespace for each object.")
    plain = next((each.words for each in CHANGES if each.name == change), frozenset[str]())
    stray = [
        each
        for each in part
        if each.sort in (Sort.OBJECT, Sort.NAME) and each not in named and each.text not in plain
    ]
    if stray:
        return _apart(stray[0])
    others = tuple(
        (each.kind, each.place or next(iter(places), ""), each.written) for each in named
    )
    if kind and not others:
        return Unclear(f"Which {kind} is meant? Say its name and namespace.")
    return Order(change, facts, (), others)


def _without_subject(part: Sequence[Token]) -> Order | Unclear:
    named = [each for each in part if each.sort is Sort.NAME]
    subjects = [each for each in named if each.kind in ("User", "Group", "ServiceAccount")]
    bindings = [each for each in named if each.kind.endswith("Binding")]
    if len(subjects) != 1 or len(bindings) != 1 or len(named) > 2:
        return Unclear("Say one user, group or service account, and one binding.")
    who = subjects[0]
    facts = {"subject_kind": who.kind, "subject": who.written}
    if who.place:
        facts["subject_namespace"] = who.place
    return _of_names("remove_subject", [each for each in part if each is not who], facts)


def _deployed(part: Sequence[Token], facts: dict[str, Any]) -> Order | Unclear:
    places = [each.text for each in part if each.sort is Sort.NAMESPACE]
    called = called_in(part, "deploy")
    image = next((each.written for each in part if each.sort is Sort.IMAGE), "")
    stray = [each for each in part if each.sort in (Sort.OBJECT, Sort.NAME) and each is not called]
    if stray or len(places) != 1 or not called or not image or "port" not in facts:
        return Unclear(
            f"{questions.WHAT_TO_DEPLOY} a name, a namespace, an image by digest and a port."
        )
    return Order("deploy", {**facts, "image": image}, (), (("Deployment", places[0], called.text),))


def _of_objects(change: str, part: Sequence[Token], facts: dict[str, Any]) -> Order | Unclear:
    """Make an order of workloads, where exactly those that are there are named."""
    named = [each for each in part if each.sort is Sort.OBJECT]
    others = [each for each in part if each.sort is Sort.NAME]
    if others:
        return _of_others(change, part, facts, others) if not named else _apart(others[0])
    spaces = [each for each in part if each.sort is Sort.NAMESPACE]
    if change == "delete" and named and not all(each.placed for each in spaces):
        return Unclear("Say `in` before a namespace, so that nothing else is deleted.")
    places = {each.text for each in spaces}
    if not named and change == "delete" and any(each.kind == "Namespace" for each in part):
        return Order(change, facts, (), tuple(("Namespace", "", place) for place in places))
    it = any(each.sort is Sort.IT for each in part)
    if places and not (named or it):
        return Unclear("Name the object for each namespace.")
    rows = _rows(named, part, places)
    return rows if isinstance(rows, Unclear) else Order(change, facts, rows, (), it and not rows)


def _of_others(
    change: str, part: Sequence[Token], facts: dict[str, Any], others: Sequence[Token]
) -> Order | Unclear:
    """Make an order of what is no workload; it can be deleted alone."""
    said = f"{others[0].kind} `{others[0].written}`"
    if change != "delete":
        return Unclear(f"There is no {said} to do that with.")
    if any(each.kind in ("User", "Group") for each in others):
        return Unclear(f"{said} cannot be deleted; name the binding.")
    return _of_names(change, part, facts)


def _apart(token: Token) -> Unclear:
    return Unclear(f"`{token.written}` cannot be changed along with the rest; order it by itself.")


def _rows(
    named: Sequence[Token], part: Sequence[Token], places: set[str]
) -> tuple[WorkloadRow, ...] | Unclear:
    """Give the workloads that are named, in the places named; each of both has to be there."""
    kinds = {each.kind for each in part if each.sort is Sort.KIND and each.kind in WORKLOADS}
    kinds -= {"Pod"}
    if len(places) > 1 and len(named) > 1:
        return Unclear("Say one namespace for each object.")
    rows: list[WorkloadRow] = []
    for token in named:
        inside = [
            row
            for row in token.rows
            if (not places or row.ref.namespace in places) and (not kinds or row.ref.kind in kinds)
        ]
        if not inside:
            there = ", ".join(_placed(row) for row in token.rows[:6])
            return Unclear(f"`{token.written}` is not there. There is: {there}.")
        if len({(row.ref.namespace, row.ref.kind) for row in inside}) > max(1, len(places)):
            return Unclear(_several(token.written, inside))
        rows += inside
    stray = places - {row.ref.namespace for row in rows}
    if rows and stray:
        return Unclear(f"Nothing of what you name is in {', '.join(sorted(stray))}.")
    return tuple(dict.fromkeys(rows))


def _placed(row: WorkloadRow) -> str:
    return f"{row.ref.kind} {row.ref.namespace}/{row.ref.name}"


def _several(name: str, rows: Sequence[WorkloadRow]) -> str:
    listed = ", ".join(map(_placed, rows[:8]))
    return f"{name} is the name of several workloads: {listed}. {questions.WHICH_OBJECT}?"


def _fix(settings: Settings, part: Sequence[Token]) -> Order | Unclear:
    facts: dict[str, Any] = {}
    if settings.settings:
        facts["settings"] = list(settings.settings)
    if settings.controls:
        facts["controls"] = list(settings.controls)
    if settings.everything:
        facts["everything"] = True
    if settings.volume:
        facts["empty_dirs"] = [settings.volume]
    if any(each.text in ("confirm", "confirmed") for each in part):
        facts["confirmed"] = True
    if settings.uid:
        container = container_in(part)
        facts["run_as"] = [{"uid": settings.uid, **({"container": container} if container else {})}]
    if any(each.sort is Sort.NAME for each in part):
        return _of_names("fix", part, facts)
    return _of_objects("fix", part, facts)
