"""Tells words of the language from names of objects.

What is a word is known from our own guidance and catalogue, from the lists of words of this folder, and
from how words are composed (`bot.agent.vocabulary`). Pure but for reading these once. Used by
`bot.agent.naming`.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from bot.agent.allowed import catalogue_words
from bot.agent.offline.question.stopwords import STOP
from bot.agent.vocabulary import (
    APPLICATIONS,
    BOUND,
    COMPOUNDS,
    ENDING,
    HEADS,
    JOINING,
    KIND_WORDS,
    MAKERS,
    ORDERING,
    ORDINARY,
    SOFTWARE,
    SUBRESOURCES,
    VERBS,
)
from knowledge.documents import FOLDER, read_folder

_CODE = re.compile(r"(?ms)^```.*?^```|`[^`\n]*`")
_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ENDINGS = (("ies", "y"), ("ied", "y"), *((end, "") for end in ("s", "es", "ed", "ing", "ly", "ion", "ions", "al")),
            *((end, "e") for end in ("ed", "ing", "ion", "ions", "able", "al")), ("est", ""), ("est", "e"), ("able", ""), ("ness", ""), ("ment", ""),
            ("ments", ""), ("ally", ""), ("ically", "ic"), ("ility", "le"), ("ly", "le"), ("ation", "e"), ("ations", "e"), ("ation", ""))  # fmt: skip
_PARTICIPLES = ("ed", "able", "ible", "less", "ful", "ly")
_PUBLISHED = Path(__file__).resolve().parents[2] / "tools" / "bootstrap.jsonl"
HOUSEHOLD = frozenset({"my", "your", "example", "sample", "some", "placeholder"})


@cache
def _prose() -> frozenset[str]:
    """Words of our guidance outside code, and of the catalogue's titles."""
    guides, _ = read_folder(FOLDER)
    return frozenset(
        word for guide in guides for word in _WORD.findall(_CODE.sub(" ", f"{guide.title}\n{guide.body}").lower())
    )  # fmt: skip


@cache
def _known() -> frozenset[str]:
    listed = (Path(__file__).parent / "ordinary.txt").read_text(encoding="utf-8").split()
    return _prose() | STOP | frozenset(listed) | code_words()


@cache
def field_words() -> frozenset[str]:
    """Give the fields of Kubernetes' objects that are one lower-case word: after the kubernetes package."""
    return frozenset((Path(__file__).parent / "fields.txt").read_text(encoding="utf-8").split())


@cache
def code_words() -> frozenset[str]:
    """Give what may stand in backticks without any result: fields, values, verbs, well-known software."""
    guides, _ = read_folder(FOLDER)
    spans = (
        word
        for guide in guides
        for span in re.findall(r"`([^`\n]+)`", guide.body)
        for word in re.findall(r"[a-z][a-z0-9-]*", span.lower())
    )
    return (
        frozenset(spans)
        | catalogue_words()
        | ORDINARY
        | SOFTWARE
        | COMPOUNDS
        | VERBS
        | SUBRESOURCES
        | _published_names()
    )


def _published_names() -> frozenset[str]:
    """Names of the roles, bindings and accounts that Kubernetes itself makes."""
    found = re.findall(r'"name": ?"([^"]+)"', _PUBLISHED.read_text(encoding="utf-8"))
    return frozenset(name.lower() for name in found)


def stopword(word: str) -> bool:
    """Tell whether a word is one that names nothing anywhere: of grammar, or a kind."""
    return word in STOP or word in KIND_WORDS


@lru_cache(maxsize=20_000)
def ordinary(word: str) -> bool:
    """Tell whether a lower-case word without a hyphen is one of the language, in any of its forms."""
    known = _known()
    if word in known or len(word) < 3:
        return True
    if word.startswith("un") and word[2:] in known:
        return True
    for ending, instead in _ENDINGS:
        if word.endswith(ending):
            stem = word[: -len(ending)] + instead
            doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in known
            if len(stem) > 2 and (stem in known or doubled):
                return True
    return False


def of_others(word: str, part: bool) -> bool:
    """Tell whether a word with hyphens names a part of well-known software, or a rule by what it orders.

    Args:
        word: `argocd-cm`, `strimzi-cluster-operator`, `disallow-latest-tag`.
        part: whether any part may stand here, not only what is installed with the software.
    """
    first, second, *_ = word.split("-")
    made = first in MAKERS or f"{first}-{second}" in MAKERS
    return made if word.rpartition("-")[2] in _INSTALLED else part and (made or first in ORDERING)


_INSTALLED = frozenset({"operator", "controller", "webhook", "cainjector", "manager"})


@lru_cache(maxsize=20_000)
def compound(word: str, strict: bool) -> bool:
    """Tell whether a lower-case word with hyphens is one of the language, not a name.

    Args:
        word: `read-only`, `node-level`.
        strict: where a name is expected (in code, after a kind, claimed to be something), being made
            of two words of the language is not enough.
    """
    one = word.removesuffix("s")
    if (
        not {word, one}.isdisjoint(COMPOUNDS | _known())
        or word in code_words()
        or word in _prose()
        or one in _prose()
    ):
        return True
    if word.replace("-", "") in code_words():
        return True
    first, *middle, last = word.split("-")
    if first in APPLICATIONS:
        return False
    if (
        first in HOUSEHOLD
        or any(part in JOINING for part in middle)
        or {last, last.removesuffix("s")} & ENDING
    ):
        return True
    if (first in BOUND or first.endswith("est")) and (last not in HEADS or first in _ALWAYS):
        return True
    if len(last) > 4 and last.endswith(_PARTICIPLES):
        return True
    if strict or last in HEADS or last.isdigit():
        return False
    return all(len(part) > 2 and ordinary(part) for part in (first, *middle, last))


_ALWAYS_TEXT = (
    "non multi over under re de self cross per pre inter intra anti semi sub third two three all"
)
_ALWAYS = frozenset(_ALWAYS_TEXT.split())
