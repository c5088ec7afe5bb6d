"""The words of orders, from `vocabulary.toml`. Constants only. Used by the other files of this folder."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

_DATA = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))
_WORDS = {key: value.split() for key, value in _DATA.items() if isinstance(value, str)}
FILLERS, GREETINGS, TELLING, STATES, POLITE, SURE = (
    frozenset(_WORDS[key])
    for key in ("fillers", "greetings", "telling", "states", "polite", "sure")
)
AGAIN, ASKING, IT, NO_PLACES, NO_NAMES = (
    frozenset(_WORDS[key]) for key in ("again", "asking", "it", "no_places", "no_names")
)
NUMBERS: list[str] = _WORDS["numbers"]
WISHES = [each.split("|") for each in _WORDS["wishes"]]
OPENERS = sorted((each.split("|") for each in _WORDS["openers"]), key=len, reverse=True)
QUOTES = frozenset(('"', "“", "”", ">"))
WORKLOADS = frozenset(
    ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod", "ReplicaSet")
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change and the words that order it."""

    name: str
    verbs: frozenset[str]
    needs: tuple[frozenset[str], ...]
    words: frozenset[str]
    kind: str
    states: bool


CHANGES = [
    Change(
        name,
        frozenset(each["verbs"].split()),
        tuple(frozenset(group.split()) for group in each["needs"]),
        frozenset(each["words"].split()),
        each.get("kinds", ""),
        each.get("states", False),
    )
    for name, each in _DATA["change"].items()
]
_NOT, _BETWEEN = ("|".join(_DATA["hardening"][key].split()) for key in ("negations", "between"))
HARDEN = [
    (each["setting"], "off" in each, re.compile(rf"(?<![\w-])(?P<negated>(?:{_NOT}) (?:(?:{_BETWEEN}) )*)?(?:{each.get('off') or each['on']})(?![\w-])"))
    for each in _DATA["harden"]
]  # fmt: skip
HARDENING = {key: frozenset(value.split()) for key, value in _DATA["hardening"].items()}
VERBS = frozenset().union(
    *(each.verbs for each in CHANGES),
    HARDENING["verbs"],
    {"stop", "disable", "drop", "remove", "strip", "take", "turn", "add", "enable", "apply", "require", "revoke", "prevent"},
)  # fmt: skip
SAFER = frozenset().union(
    *(words for key, words in HARDENING.items() if key not in ("negations", "between")),
    FILLERS,
    STATES,
)
ALL_WORDS = VERBS.union(
    *(each.words for each in CHANGES),
    *HARDENING.values(),
    FILLERS,
    TELLING,
    GREETINGS,
    STATES,
)
