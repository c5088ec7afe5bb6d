"""A message whose words are linked -> the changes that it orders, or what of it is not understood. Pure.

Used by `plan`.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.agent.offline.orders.tokens import Sort, Token
from tools.discovery import checks
from tools.queries.result import WorkloadRow, Workloads

_DATA = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))
_FILLERS = frozenset(_DATA["fillers"].split())
_WISHES = [each.split("|") for each in _DATA["wishes"].split()]
_OPENERS = sorted((each.split("|") for each in _DATA["openers"].split()), key=len, reverse=True)
_STATES = frozenset(_DATA["states"].split())
_GREETINGS = frozenset(_DATA["greetings"].split())
_BLOCKERS = frozenset(_DATA["blockers"].split())
_POLITE = frozenset(("please", "pls", "plz"))
_QUOTES = frozenset(('"', "“", "”", ">"))
_REMARKS = frozenset(
    "it it's its they they're theyre nobody noone someone somebody everyone we we're were i i'm im there that's this".split()
)
"""What a remark begins with that says why."""
_AGAIN = frozenset(
    "add do make set fix take get change switch turn stop mend correct remove".split()
)
_ASKING = frozenset(
    "which what who whom whose how why when where show list tell explain scan check find are is does do".split()
)
_STATING = frozenset("is are was were has have had hangs keeps looks got".split())
_WORKLOADS = frozenset(
    ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod", "ReplicaSet")
)
_SURE = frozenset(
    "scale restart bounce delete remove pause resume suspend unpause unsuspend pin label isolate harden fix secure "
    "disable drop deploy revoke destroy kill".split()
)
"""Verbs that hardly begin anything but an order."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One change and the words that order it."""

    name: str
    verbs: frozenset[str]
    needs: tuple[frozenset[str], ...]
    words: frozenset[str]
    kind: str
    states: bool


_CHANGES = [
    _Change(
        name,
        frozenset(each["verbs"].split()),
        tuple(frozenset(group.split()) for group in each["needs"]),
        frozenset(each["words"].split()),
        each.get("kinds", ""),
        each.get("states", False),
    )
    for name, each in _DATA["change"].items()
]
_HARDEN = [
    (each["setting"], "off" in each, re.compile(rf"(?<![\w-])(?:{each.get('off') or each['on']})(?![\w-])"))
    for each in _DATA["harden"]
]  # fmt: skip
_HARDENING = {key: frozenset(value.split()) for key, value in _DATA["hardening"].items()}
_VERBS = frozenset().union(
    *(each.verbs for each in _CHANGES),
    _HARDENING["verbs"],
    {"stop", "disable", "drop", "remove", "strip", "take", "turn", "add", "enable", "apply", "require", "revoke", "prevent"},
)  # fmt: skip


_SAFER = frozenset().union(*_HARDENING.values(), _FILLERS, _STATES)
_CIS = re.compile(r"5(?:\.\d+){2}")
_ALL_WORDS = _VERBS.union(
    *(each.words for each in _CHANGES),
    *_HARDENING.values(),
    _FILLERS,
    _BLOCKERS,
    _GREETINGS,
    _STATES,
    _REMARKS,
)


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


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why nothing is drafted, for the person."""

    why: str


def may_order(tokens: Sequence[Token]) -> bool:
    """Tell whether a message could order something, before its names are looked up."""
    texts = {each.text for each in tokens}
    return bool(
        texts & _VERBS or texts & _STATES or texts & _POLITE or "->" in texts or ":" in texts
    )


def read(tokens: Sequence[Token], found: Workloads) -> list[Order] | Unclear | None:
    """Read the orders of a message; None where it is none."""
    asks = any(each.text == "?" for each in tokens)
    begin = " ".join(each.text for each in tokens[:6])
    if asks and not re.search(r"\b(?:can|could|would|will) (?:you|u)\b|\bplease\b|\bpls\b", begin):
        return None
    if any(each.text in _QUOTES for each in tokens):
        return None
    parts = _parts([each for each in tokens if each.text != "?"])
    groups, remarks = _grouped(parts)
    if not groups or any(part[0].text in _ASKING for part in remarks):
        return None
    orders: list[Order] = []
    for part in groups:
        one = _order(part, found)
        if one is None:
            return Unclear(_not_handled((each.written for each in part), found)) if orders else None
        if isinstance(one, Unclear):
            return one
        orders.append(one)
    stopped = next((word for part in remarks for word in _blocked(part)), "")
    if stopped:
        return Unclear(_not_handled([stopped], found))
    return _filled(orders, [each for part in remarks for each in part])


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """Cut a message where it breaks; what opens a part politely, and what only greets, is left out."""
    parts: list[list[Token]] = [[]]
    for index, token in enumerate(tokens):
        if token.sort is not Sort.BREAK:
            parts[-1].append(token)
        elif token.text == ":" and not _is_topic(parts[-1]):
            continue
        elif index + 1 < len(tokens):
            parts.append([])
    for part in parts:
        for token in part:
            if token.sort is Sort.WORD:
                token.text = _mended(token.text)
    opened = [part for part in map(_opened, parts) if part]
    return [part for part in opened if not all(each.text in _GREETINGS for each in part)]


def _is_topic(part: Sequence[Token]) -> bool:
    """Tell whether a part only names what the next is on: `web in shop: 3 replicas`."""
    return bool(part) and all(
        _is_named(each)
        or each.text in _FILLERS
        or each.text in _GREETINGS
        or each.sort is Sort.CLUSTER
        for each in part
    )


def _mended(word: str) -> str:
    """Give the word of a change that was mistyped: letters swapped, or one doubled or not."""
    if word in _ALL_WORDS or len(word) < 5:
        return word
    near = [
        each
        for each in _ALL_WORDS
        if each[0] == word[0] and abs(len(each) - len(word)) <= 1 and _alike(each, word)
    ]
    return near[0] if len(near) == 1 else word


def _alike(one: str, other: str) -> bool:
    return sorted(one) == sorted(other) or re.sub(r"(.)\1", r"\1", one) == re.sub(
        r"(.)\1", r"\1", other
    )


def _opened(part: list[Token]) -> list[Token]:
    while len(part) > 1 and part[0].text in ("the", "a", "an"):
        part = part[1:]
    texts = [each.text for each in part]
    for opener in _OPENERS:
        if texts[: len(opener)] == opener and (len(texts) > len(opener) or len(opener) == 1):
            return _opened(part[len(opener) :])
    for wish in _WISHES:
        if texts[: len(wish)] == wish and len(texts) > len(wish):
            return [*_opened(part[len(wish) :]), Token("must")]
    return part


def _begins(part: Sequence[Token]) -> bool:
    """Tell whether a part begins an order: with a verb, or with what is to be of an object."""
    if part[0].text in _VERBS:
        return True
    texts = {each.text for each in part}
    if not any(_is_named(each) for each in part):
        return False
    if not part[-1].written and part[-1].text == "must":
        return True
    named = next((each for each in part if each.text not in _FILLERS), part[0])
    if _is_named(named) and (
        texts & _STATES or "->" in texts or ("to" in texts and _numbered(part))
    ):
        return True
    return bool(texts & _POLITE or texts & {"off", "on"}) and bool(_kinds_of_change(part))


def _is_named(token: Token) -> bool:
    return token.sort in (Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.KIND)


def _points(part: Sequence[Token]) -> bool:
    return any(_is_named(each) or each.sort is Sort.IT for each in part)


def _grouped(parts: Sequence[list[Token]]) -> tuple[list[list[Token]], list[list[Token]]]:
    """Put parts together that are one order; what is said beside them is a remark."""
    groups: list[list[Token]] = []
    remarks: list[list[Token]] = []
    topic: list[Token] = []
    for number, part in enumerate(parts):
        before = groups[-1] if groups else []
        if _is_topic(part) and not groups and number + 1 < len(parts):
            topic = list(part)
        elif topic and not groups:
            groups.append(
                part + topic if part[0].text in _VERBS else [*topic, Token("must"), *part]
            )
        elif _confirms(part) and before:
            continue
        elif (
            _confirms(part)
            and remarks
            and _has_object(remarks[-1])
            and _kinds_of_change(remarks[-1])
        ):
            groups.append([*remarks.pop(), *part, Token("must")])
        elif _begins(part):
            if before and _goes_on(before, part) and not (_points(before) and _points(part)):
                before += part
            else:
                groups.append(_stated(part, before))
        elif before and _is_remark(part):
            remarks.append(part)
        elif before and _numbered(part) and _numbered(before) and _points(part):
            groups.append(_stated(part, before))
        elif (
            before
            and before[0].text != "deploy"
            and _kinds_of_change(before)
            and _kinds_of_change(part)
            and not _goes_on(before, part)
            and not _kinds_of_change(part) & _kinds_of_change(before)
        ):
            groups.append([*part, Token("must")])
        elif before:
            before += part
        else:
            remarks.append(part)
    return groups, remarks


def _stated(part: Sequence[Token], before: Sequence[Token]) -> list[Token]:
    """Give a part without a verb that of the order before it, or what says that it is to be."""
    if part[0].text in _VERBS or {each.text for each in part} & _STATES:
        return list(part)
    if before and before[0].text in _VERBS and _numbered(before):
        return [before[0], *part]
    return [*part, Token("must")]


def _confirms(part: Sequence[Token]) -> bool:
    """Tell whether a part only says once more that what stands before it is to be: `please add one`, `fix that`."""
    return part[0].text in _AGAIN and all(
        each.sort is Sort.IT or each.text in _FILLERS | {"one", "so", "off", "out"}
        for each in part[1:]
    )


def _is_remark(part: Sequence[Token]) -> bool:
    """Tell whether a part behind an order only says why: it names nothing, and gives no number."""
    says = part[0].text in _REMARKS or any(each.text in _STATING for each in part)
    return says and not any(
        _is_named(each) or each.sort in (Sort.NUMBER, Sort.AMOUNT, Sort.CONTROL, Sort.NOWHERE)
        for each in part
    )


def _blocked(part: Sequence[Token]) -> list[str]:
    return [each.written for each in part if each.text in _BLOCKERS]


def _numbered(part: Sequence[Token]) -> bool:
    return any(each.sort is Sort.NUMBER for each in part)


def _goes_on(before: Sequence[Token], part: Sequence[Token]) -> bool:
    """Tell whether two parts with verbs of their own are one change: both harden, or both give amounts."""
    both = _kinds_of_change(before) & _kinds_of_change(part)
    return bool(both & {"fix", "set_resources", "pod_security_labels"})


def _kinds_of_change(part: Sequence[Token]) -> set[str]:
    texts = [each.text for each in part if each.sort not in (Sort.OBJECT, Sort.NAME)]
    found = {
        each.name
        for each in _CHANGES
        if each.needs and all(any(text in group for text in texts) for group in each.needs)
    }
    if any(pattern.search(" ".join(texts)) for _, _, pattern in _HARDEN):
        found.add("fix")
    return found


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
        made.append(order)
    return made


def _order(part: Sequence[Token], found: Workloads) -> Order | Unclear | None:
    """Read one order whole; the reading that leaves the fewest words decides what is said."""
    nowhere = next((each for each in part if each.sort is Sort.NOWHERE), None)
    left: list[list[str]] = []
    sure = part[0].text in _SURE
    for change in _CHANGES:
        if not _fits(change, part):
            continue
        over = _over(part, change)
        sure = sure or bool(change.needs and _has_object(part))
        if over:
            left.append(over)
            continue
        if nowhere:
            return _no_such_place(nowhere, found)
        return _made(change, part, found)
    settings = _settings(part)
    if settings is not None and (part[0].text in _HARDENING["verbs"] or settings.asked):
        if nowhere and not settings.left:
            return _no_such_place(nowhere, found)
        if settings.wrong:
            return Unclear(_LESS_SAFE)
        if not settings.left:
            return _fix(settings, part, found)
        left.append(settings.left)
        sure = sure or (bool(settings.asked) and _has_object(part))
    if not sure:
        return None
    if not left:
        return Unclear(_NO_SUCH_CHANGE)
    return Unclear(_not_handled(min(left, key=len), found))


_LESS_SAFE = "I propose nothing that makes a workload or its cluster less safe."
_NO_SUCH_CHANGE = (
    "I know no such change. What I can propose: a fix of what is flagged, replicas, a restart, a pause, CPU and "
    "memory, images pinned to their digests, a service account of its own, Pod Security labels, denied traffic, a "
    "new application, a deletion, and less access."
)


def _has_object(part: Sequence[Token]) -> bool:
    return any(each.sort in (Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.IT) for each in part)


def _fits(change: _Change, part: Sequence[Token]) -> bool:
    texts = {word for each in part for word in (each.text, *each.text.split("="))}
    if change.kind == "Namespace" and any(each.rows and not each.also for each in part):
        return False
    begins = part[0].text in change.verbs or (change.states and bool(texts & _STATES))
    if part[0].text not in change.verbs and part[0].text in _VERBS:
        begins = False
    return begins and all(texts & group for group in change.needs)


def _over(part: Sequence[Token], change: _Change) -> list[str]:
    """List the words of an order that a change does not handle."""
    kinds = {row.ref.kind for each in part for row in each.rows}
    kinds |= {each.kind for each in part if each.sort is Sort.NAME} | {"Namespace"}
    words = change.verbs | change.words | {"container", "containers", "sidecar", _container(part)}
    words |= _FILLERS - ({"service"} if change.name == "delete" else set())
    takes = _NAMED | _TAKES.get(change.name, frozenset())
    called = _called(part, change.name)
    return [
        each.written
        for each in part
        if each.sort not in takes
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
    listed = list(dict.fromkeys(words))
    said = ", ".join(f"`{word}`" for word in listed[:6])
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


def _made(change: _Change, part: Sequence[Token], found: Workloads) -> Order | Unclear:
    facts = _FACTS[change.name](part) if change.name in _FACTS else {}
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
    if change.name == "own_service_account" and (called := _called(part, change.name)):
        part = [each for each in part if each is not called]
        facts["account"] = called.text
    return _of_objects(change.name, part, facts)


def _of_namespaces(
    change: _Change, part: Sequence[Token], facts: dict[str, Any]
) -> Order | Unclear:
    places = [each.text for each in part if each.sort is Sort.NAMESPACE or each.text in each.also]
    stray = [
        each.written
        for each in part
        if each.sort in (Sort.OBJECT, Sort.NAME) and each.text not in places
    ]
    if stray:
        return Unclear(f"`{stray[0]}` is no namespace; that change is of a namespace.")
    others = tuple(("Namespace", "", place) for place in dict.fromkeys(places))
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
    called = _called(part, "deploy")
    image = next((each.written for each in part if each.sort is Sort.IMAGE), "")
    if len(places) != 1 or not called or not image or "port" not in facts:
        return Unclear(
            "To deploy an application I need a name, a namespace, an image by digest and a port."
        )
    return Order("deploy", {**facts, "image": image}, (), (("Deployment", places[0], called.text),))


def _of_objects(change: str, part: Sequence[Token], facts: dict[str, Any]) -> Order | Unclear:
    """Make an order of workloads, where exactly those that are there are named."""
    named = [each for each in part if each.sort is Sort.OBJECT]
    others = [each for each in part if each.sort is Sort.NAME]
    if others and (change != "delete" or named):
        return Unclear(f"There is no {others[0].kind} `{others[0].written}` to do that with.")
    if others:
        return _of_names(change, part, facts)
    places = {each.text for each in part if each.sort is Sort.NAMESPACE}
    kinds = {each.kind for each in part if each.sort is Sort.KIND and each.kind in _WORKLOADS} - {
        "Pod"
    }
    rows: list[WorkloadRow] = []
    for token in named:
        inside = [
            row
            for row in token.rows
            if (not places or row.ref.namespace in places) and (not kinds or row.ref.kind in kinds)
        ]
        if not inside:
            there = ", ".join(
                f"{row.ref.kind} {row.ref.namespace}/{row.ref.name}" for row in token.rows[:6]
            )
            return Unclear(f"`{token.written}` is not there. There is: {there}.")
        if len({(row.ref.namespace, row.ref.kind) for row in inside}) > max(1, len(places)):
            return Unclear(_several(token.written, inside))
        rows += inside
    if (
        not rows
        and places
        and change == "delete"
        and not any(each.sort is Sort.IT for each in part)
    ):
        return Order(change, facts, (), tuple(("Namespace", "", place) for place in places))
    it = any(each.sort is Sort.IT for each in part) and not rows
    return Order(change, facts, tuple(dict.fromkeys(rows)), (), it)


def _several(name: str, rows: Sequence[WorkloadRow]) -> str:
    listed = ", ".join(f"{row.ref.kind} {row.ref.namespace}/{row.ref.name}" for row in rows[:8])
    return f"{name} is the name of several workloads: {listed}. Which one is meant?"


def _called(part: Sequence[Token], change: str) -> Token | None:
    """Find the new name that an order gives."""
    if change not in ("own_service_account", "deploy"):
        return None
    before = (
        "call",
        "called",
        "name",
        "named",
        *(("as", "deploy", "app") if change == "deploy" else ()),
    )
    words = [each for each in part if each.sort is not Sort.IT]
    for one, other in pairwise(words):
        plain = (
            other.sort in (Sort.WORD, Sort.OBJECT, Sort.NAME)
            and other.text not in _FILLERS
            and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", other.text)
        )
        if one.text in before and plain:
            return other
    return None


def _container(part: Sequence[Token]) -> str:
    """Give the container that an order names."""
    texts = [each.text for each in part]
    for index, text in enumerate(texts):
        if text in ("container", "sidecar"):
            after, before = texts[index + 1 : index + 2], texts[max(0, index - 1) : index]
            known = {image.container for each in part for row in each.rows for image in row.images}
            for one in (*after, *before):
                if one in known:
                    return one
            return next(iter((*after, *before)), "")
    return ""


def _scale(part: Sequence[Token]) -> dict[str, Any] | Unclear:
    texts = [each.text for each in part]
    if "by" in texts or part[0].text in ("add", "drop", "take"):
        return Unclear("Say how many replicas it is to have in all.")
    numbers = [
        each.number
        for index, each in enumerate(part)
        if each.sort is Sort.NUMBER
        and not (
            texts[index + 1 : index + 2] == ["->"]
            or (texts[index - 1 : index] == ["from"] and "to" in texts[index:])
            or texts[index - 1 : index] == ["of"]
            and "instead" in texts[index - 2 : index]
        )
    ]
    if len(numbers) > 1:
        return Unclear("Say one number of replicas for each workload.")
    return {"replicas": numbers[0]} if numbers else {}


def _resources(part: Sequence[Token]) -> dict[str, Any] | Unclear:
    """Give amounts by the field that they are for, as the words stand."""
    amounts: dict[str, int] = {}
    bound, what = "", ""
    if part[0].text in ("limit", "cap", "restrict"):
        bound = "limit"
    waiting: list[tuple[str, int]] = []
    for token in part:
        if token.text in ("limit", "limits", "request", "requests", "ask"):
            bound = "request" if token.text == "ask" else token.text.removesuffix("s")
            for field_, value in waiting:
                amounts.setdefault(f"{bound}_{field_}", value)
            waiting = []
        elif token.text in ("cpu", "cpus"):
            what = "cpu_millicores"
        elif token.text in ("memory", "mem", "ram"):
            what = "memory_mib"
        elif token.sort in (Sort.AMOUNT, Sort.NUMBER):
            given = _amount(token, what)
            if given is None:
                return Unclear("Say each amount with its unit, as 256Mi or 200m.")
            if bound:
                amounts[f"{bound}_{given[0]}"] = given[1]
            else:
                waiting.append(given)
    if waiting:
        return Unclear(
            "Is that a request or a limit? For example: memory limit 256Mi, cpu request 100m."
        )
    container = _container(part)
    return amounts | ({"container": container} if container else {})


def _amount(token: Token, what: str) -> tuple[str, int] | None:
    if token.sort is Sort.NUMBER:
        return ("cpu_millicores", token.number * 1000) if what == "cpu_millicores" else None
    found = re.fullmatch(r"([\d.]+)([a-z]+)", token.text)
    if not found:
        return None
    value, unit = float(found[1]), found[2]
    if unit[:2] in ("mi", "gi") and not unit.startswith("milli"):
        return "memory_mib", round(value * (1024 if unit[0] == "g" else 1))
    return "cpu_millicores", round(value * (1 if unit[0] == "m" else 1000))


def _deploy(part: Sequence[Token]) -> dict[str, Any]:
    """Give the numbers of a new application by the word beside them."""
    facts: dict[str, Any] = {}
    for one, other in pairwise(part):
        if other.sort is Sort.NUMBER and one.text in ("port", "user", "uid", "replicas"):
            facts["user" if one.text == "uid" else one.text] = other.number
        elif one.sort is Sort.NUMBER and other.text in ("replica", "replicas", "pods", "copies"):
            facts["replicas"] = one.number
    return facts


def _labels(part: Sequence[Token]) -> dict[str, Any] | Unclear:
    texts = [word for each in part for word in each.text.split("=")]
    if (apart := _by_mode(texts)) is not None:
        return apart
    levels = {each for each in texts if each in ("baseline", "restricted", "privileged")}
    modes = [each for each in texts if each in ("warn", "audit")]
    modes += ["enforce"] if any(each.startswith("enforc") for each in texts) or not modes else []
    if len(levels) != 1:
        return Unclear("Which level is it to be held to: baseline or restricted?")
    return dict.fromkeys(sorted(modes), levels.pop())


def _by_mode(texts: Sequence[str]) -> dict[str, Any] | None:
    """Give a level for each mode where several are said: `enforce baseline and warn restricted`."""
    found: dict[str, Any] = {}
    for one, other in pairwise([each for each in texts if each in _MODES or each in _LEVELS]):
        if one in _MODES and other in _LEVELS:
            found[one] = other
    levels = [each for each in texts if each in _LEVELS]
    return found if len(found) == len(levels) > 1 else None


_LEVELS = ("baseline", "restricted", "privileged")
_MODES = ("enforce", "warn", "audit")


def _deny(part: Sequence[Token]) -> dict[str, Any]:
    texts = {each.text for each in part}
    return {"egress": True} if texts & {"egress", "outgoing", "outbound", "both"} else {}


def _pin(part: Sequence[Token]) -> dict[str, Any]:
    container = _container(part)
    return {"containers": [container]} if container else {}


_FACTS = {
    "scale": _scale,
    "set_resources": _resources,
    "pod_security_labels": _labels,
    "deny_traffic": _deny,
    "pin_images": _pin,
    "deploy": _deploy,
}


@dataclass(frozen=True, slots=True)
class _Settings:
    """What an order wants to be made safer."""

    settings: tuple[str, ...]
    controls: tuple[str, ...]
    everything: bool
    left: list[str]
    wrong: bool
    """It would be made less safe."""
    uid: int
    volume: str
    """May become an empty folder."""

    @property
    def asked(self) -> bool:
        return bool(self.settings or self.controls)


def _settings(part: Sequence[Token]) -> _Settings | None:
    """Read what an order says of settings; None where it says nothing of any."""
    said = [each for each in part if each.sort in (Sort.WORD, Sort.KIND, Sort.NUMBER, Sort.CONTROL)]
    text = " ".join(each.text for each in said)
    settings: list[str] = []
    directions: set[bool] = set()
    for setting, off, pattern in _HARDEN:
        if pattern.search(text):
            settings.append(setting)
            directions.add(off)
            text = pattern.sub(" | ", text)
    rest = {word for word in text.split() if word != "|"}
    controls = [each.written for each in said if each.sort is Sort.CONTROL]
    everything = bool(_HARDENING["whole"] & rest) and not (settings or controls)
    fixes = bool(rest & _HARDENING["fixes"])
    if not (settings or controls or everything or fixes):
        return None
    volume, uid = _volume(part), _uid(said)
    known = {*controls, volume, _container(part), *([str(uid)] if uid else [])} | _kind_words(part)
    left = [each.written for each in said if each.text in rest - _SAFER - known]
    left += [each for each in controls if not _CIS.fullmatch(each) and each not in checks()]
    wrong = not volume and _is_wrong(directions, rest, fixes)
    settings += ["host-paths"] if volume else []
    named = tuple(dict.fromkeys(settings))
    return _Settings(named, tuple(controls), everything, left, wrong, uid, volume)


def _kind_words(part: Sequence[Token]) -> set[str]:
    """Give the words that are kinds of the objects named."""
    kinds = {row.ref.kind for each in part for row in each.rows} | {"Namespace"}
    return {each.text for each in part if each.sort is Sort.KIND and each.kind in kinds}


def _uid(said: Sequence[Token]) -> int:
    """Give the user id that an order names; 0 for none."""
    numbers = [each.number for each in said if each.sort is Sort.NUMBER]
    text = " ".join(each.text for each in said)
    return (
        numbers[0] if len(numbers) == 1 and re.search(r"\b(?:user|uid|id|runasuser)\b", text) else 0
    )


def _is_wrong(directions: set[bool], rest: set[str], fixes: bool) -> bool:
    """Tell whether what is wanted is less safe, or may be: something dangerous on, or a guard off."""
    turned, added = rest & _HARDENING["off"], rest & _HARDENING["on"]
    if True in directions and not turned and (added or not fixes):
        return True
    return directions == {False} and bool(turned) and not added


def _volume(part: Sequence[Token]) -> str:
    """Give the volume that an order lets become an empty folder."""
    texts = [each.text for each in part]
    if not {"empty", "emptydir"} & set(texts) or not {"volume", "volumes"} & set(texts):
        return ""
    index = next(index for index, text in enumerate(texts) if text in ("volume", "volumes"))
    return next(iter(texts[index + 1 : index + 2]), "")


def _fix(settings: _Settings, part: Sequence[Token], found: Workloads) -> Order | Unclear:
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
        container = _container(part)
        facts["run_as"] = [{"uid": settings.uid, **({"container": container} if container else {})}]
    if any(each.sort is Sort.NAME for each in part):
        return _of_names("fix", part, facts)
    return _of_objects("fix", part, facts)
