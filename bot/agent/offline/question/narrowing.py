"""Reads what a role is to lose, and what that leaves of its rules, where the words say it exactly. Pure.

`remove delete on secrets from role ci in build`. Whatever is not understood whole gives nothing.
Used by `bot.agent.offline.answers.narrowed`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.agent.offline.question.verbs import resource_in
from bot.agent.vocabulary import SUBRESOURCES, VERBS

_TAKES = r"remove|take|drop|revoke|withdraw|strip|delete|entfern\w*|nimm|entzieh\w*|streich\w*"
LESS = re.compile(
    rf"\b(?:{_TAKES})\b(?P<what>.{{1,120}}?)\s+(?:away )?(?:from|out of|off|aus|von|der|dem)\s+(?:the |der |dem )?(?:[\w.:-]+ )?(?:cluster ?)?role\b(?! ?binding)",
    re.I,
)
"""Takes something out of a role."""
_FILLERS = frozenset(
    [
        "the",
        "a",
        "any",
        "all",
        "on",
        "of",
        "to",
        "for",
        "and",
        "or",
        "from",
        "right",
        "rights",
        "permission",
        "permissions",
        "access",
        "verb",
        "verbs",
        "resource",
        "resources",
        "away",
        "das",
        "die",
        "den",
        "der",
        "recht",
        "rechte",
        "auf",
        "für",
        "und",
        "zum",
        "zu",
        "weg",
    ]
)
_WORD = re.compile(r"[A-Za-z*][\w.*/-]*")
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Loss:
    """Verbs and resources that a role is to lose; of one none named means all."""

    verbs: frozenset[str]
    resources: frozenset[str]


def read_loss(text: str) -> Loss | None:
    """Read what goes; None where a word of it is neither verb, resource nor a filler."""
    found = LESS.search(text)
    if not found:
        return None
    verbs: set[str] = set()
    resources: set[str] = set()
    for word in _WORD.findall(found["what"].lower()):
        resource = _resource(word)
        if word in VERBS - {"exec", _ANY}:
            verbs.add(word)
        elif resource:
            resources.add(resource)
        elif word not in _FILLERS:
            return None
    return Loss(frozenset(verbs), frozenset(resources)) if verbs or resources else None


def _resource(word: str) -> str:
    """Give a resource as RBAC writes it; empty for none."""
    whole, slash, part = word.partition("/")
    known = resource_in(whole)
    if not known or (slash and part not in SUBRESOURCES):
        return ""
    return f"{known}/{part}" if slash else known


def limits_of(rules: Sequence[Any], loss: Loss) -> list[dict[str, Any]] | str:
    """Give what is left of each rule that gives some of it, or the reason why words cannot say that."""
    made: list[dict[str, Any]] = []
    for number, rule in enumerate(rules):
        verbs, resources = _listed(rule, "verbs"), _listed(rule, "resources")
        if not _gives(verbs, loss.verbs) or not _gives(resources, loss.resources):
            continue
        limit = _limit(verbs, resources, loss)
        if limit is None:
            return f"Rule {number} gives {_said(verbs)} on {_said(resources)} as one."
        made.append({"rule": number, **limit})
    return made


def _limit(verbs: list[str], resources: list[str], loss: Loss) -> dict[str, Any] | None:
    """Give what is left of one rule; None where more would go than was said, or it cannot be told."""
    if _whole(resources, loss.resources) and _whole(verbs, loss.verbs):
        return {"remove": True}
    if _whole(resources, loss.resources) and _ANY not in verbs:
        return {"verbs": [verb for verb in verbs if verb not in loss.verbs]}
    if _whole(verbs, loss.verbs) and _ANY not in resources:
        return {"resources": [item for item in resources if item not in loss.resources]}
    return None


def _gives(held: list[str], lost: frozenset[str]) -> bool:
    """Tell whether a list of a rule holds some of what goes."""
    return bool(held) and (not lost or _ANY in held or bool(lost & set(held)))


def _whole(held: list[str], lost: frozenset[str]) -> bool:
    """Tell whether all of a list goes."""
    return not lost or set(held) <= lost


def _listed(rule: Any, key: str) -> list[str]:
    values = cast("Mapping[str, Any]", rule).get(key) if isinstance(rule, Mapping) else None
    return [str(value) for value in cast("list[Any]", values)] if isinstance(values, list) else []


def _said(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values[:8])
