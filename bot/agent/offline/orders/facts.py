"""The numbers, amounts and new names of an order. Pure. Used by `reading`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bot.agent.offline.orders.tokens import Sort, Token
from bot.agent.offline.orders.vocabulary import FILLERS
from bot.agent.offline.wording import questions


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why nothing is drafted, for the person."""

    why: str


TAKES_CONTAINER = ("set_resources", "pin_images")


def called_in(part: Sequence[Token], change: str) -> Token | None:
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
            and other.text not in FILLERS
            and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", other.text)
        )
        if one.text in before and plain:
            return other
    return None


def container_in(part: Sequence[Token]) -> str:
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
    if any(one.text == "from" and other.sort is not Sort.NUMBER for one, other in pairwise(part)):
        return Unclear("Say the number of replicas alone.")
    apart = {"up", "down"} & set(texts) and not {"to", "->", "with"} & set(texts)
    counted = any(each.sort is Sort.NUMBER for each in part)
    if (
        "by" in texts
        or "more" in texts
        or part[0].text in ("add", "drop", "take")
        or (apart and counted)
    ):
        return Unclear("Say how many replicas it is to have in all.")
    numbers = [
        each.number
        for index, each in enumerate(part)
        if each.sort is Sort.NUMBER
        and not (
            texts[index + 1 : index + 2] == ["->"]
            or (texts[index - 1 : index] == ["from"] and "to" in texts[index:])
        )
    ]
    if len(numbers) > 1:
        return Unclear("Say one number of replicas for each workload.")
    return {"replicas": numbers[0]} if numbers else {}


def _resources(part: Sequence[Token]) -> dict[str, Any] | Unclear:
    """Give amounts by the field that they are for: each behind its bound, or each before it."""
    head = ["limit"] if part[0].text in ("limit", "cap", "restrict") else []
    said = [each for each in part[len(head) :] if each.text in _BOUNDS or each.sort in _AMOUNTS]
    bounds = head + [_BOUNDS.get(each.text, "") for each in said]
    if bounds and not bounds[0]:
        said, bounds = said[::-1], bounds[::-1]
    given = [None] * len(head) + [None if each.text in _BOUNDS else each for each in said]
    amounts: dict[str, Any] = {}
    bound = ""
    for number, (name, token) in enumerate(zip(bounds, given, strict=True)):
        if name and not (number + 1 < len(given) and given[number + 1]):
            return _WHICH_BOUND
        bound = name or bound
        found = _amount(token, part) if token else None
        if token and (not found or f"{bound}_{found[0]}" in amounts):
            return Unclear(
                "Say each amount once, with its unit and what it is of: memory 256Mi, cpu 200m."
            )
        if found:
            amounts[f"{bound}_{found[0]}"] = found[1]
    if amounts and not bound:
        return _WHICH_BOUND
    container = container_in(part)
    return amounts | ({"container": container} if container else {})


_WHICH_BOUND = Unclear(
    "Is that a request or a limit? For example: memory limit 256Mi, cpu request 100m."
)
_AMOUNTS = (Sort.AMOUNT, Sort.NUMBER)
_BOUNDS: dict[str, str] = {
    "limit": "limit",
    "limits": "limit",
    "request": "request",
    "requests": "request",
    "ask": "request",
}
_RESOURCES: dict[str, str] = {
    "cpu": "cpu_millicores",
    "cpus": "cpu_millicores",
    "memory": "memory_mib",
    "mem": "memory_mib",
    "ram": "memory_mib",
}


def _amount(token: Token, part: Sequence[Token]) -> tuple[str, int] | None:
    """Give the field and value of an amount; None where its unit is not that of what is named beside it."""
    at = next(index for index, each in enumerate(part) if each is token)
    since = max((i + 1 for i, each in enumerate(part[:at]) if each.sort in _AMOUNTS), default=0)
    beside = (*reversed(part[since:at]), *part[at + 1 : at + 2])
    named = next((_RESOURCES[each.text] for each in beside if each.text in _RESOURCES), "")
    found = re.fullmatch(r"([\d.]+)([a-z]*)", token.text)
    if not found or not float(found[1]):
        return None
    value, unit = float(found[1]), found[2]
    memory = unit[:2] in ("mi", "gi") and not unit.startswith("milli")
    field = "memory_mib" if memory else "cpu_millicores"
    if named not in ("", field) or (not unit and named != field):
        return None
    scale = (1024 if unit[0] == "g" else 1) if memory else (1 if unit[:1] == "m" else 1000)
    return field, round(value * scale)


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
    if "privileged" in texts:
        return Unclear(questions.LESS_SAFE)
    if (apart := _by_mode(texts)) is not None:
        return apart
    levels = {each for each in texts if each in _LEVELS}
    modes = [each for each in texts if each in ("warn", "audit")]
    modes += ["enforce"] if any(each.startswith("enforc") for each in texts) or not modes else []
    if len(levels) != 1:
        return Unclear(questions.WHICH_LEVEL)
    return dict.fromkeys(sorted(modes), levels.pop())


def _by_mode(texts: Sequence[str]) -> dict[str, Any] | None:
    """Give a level for each mode where several are said: `enforce baseline and warn restricted`."""
    said = [each for each in texts if each in _MODES or each in _LEVELS]
    found: dict[str, Any] = {
        one: other for one, other in pairwise(said) if one in _MODES and other in _LEVELS
    }
    levels = [each for each in texts if each in _LEVELS]
    return found if len(found) == len(levels) > 1 else None


_LEVELS = ("baseline", "restricted")
_MODES = ("enforce", "warn", "audit")


def _deny(part: Sequence[Token]) -> dict[str, Any] | Unclear:
    if any(
        one.text in ("to", "from") and other.sort is Sort.NAMESPACE for one, other in pairwise(part)
    ):
        return Unclear(
            "I can deny a namespace's traffic as a whole, not that to or from another one."
        )
    texts = {each.text for each in part}
    out = texts & {"egress", "outgoing", "outbound"} or {"both", "directions"} <= texts
    into = texts & {"ingress", "incoming", "inbound", "all", "both", "directions", "default-deny"}
    if out and not into:
        return Unclear("I can deny ingress, or ingress and egress; egress alone I cannot.")
    return {"egress": True} if out else {}


def _pin(part: Sequence[Token]) -> dict[str, Any]:
    container = container_in(part)
    return {"containers": [container]} if container else {}


FACTS = {
    "scale": _scale,
    "set_resources": _resources,
    "pod_security_labels": _labels,
    "deny_traffic": _deny,
    "pin_images": _pin,
    "deploy": _deploy,
}
