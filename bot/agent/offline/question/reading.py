"""Reads a question by rules: what kind it is, what it is about, which names it may hold.

Knows no cluster: whether a word names something there is found out by asking. Pure. Used by
`bot.agent.offline.plans`.
"""

import re
from dataclasses import dataclass

from bot.agent.allowed import known_controls
from bot.agent.offline.question import phrases, verbs
from bot.agent.offline.question.phrases import Wish
from bot.agent.offline.question.stopwords import STOP
from bot.agent.offline.question.topics import Topic, spelled, topics_of


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as it was read."""

    text: str
    wish: Wish
    topics: tuple[Topic, ...]
    controls: tuple[str, ...]
    """Numbers written in the question."""
    words: tuple[str, ...]
    """What may be names, lower case, in order."""
    places: tuple[str, ...]
    """Those of `words` that stand where a namespace would."""
    sure: tuple[str, ...]
    """Those of `places` that are called a namespace, or end a short question."""
    follows: bool
    """True when it leans on what was said before."""
    benchmark: str = "cis-1.12"
    top: int = 0
    """How many are wanted (`top three`); 0 when not said."""
    terse: bool = False
    """Just the number, just the names."""
    negated: bool = False
    """Asks for those that are fine."""

    @property
    def about(self) -> tuple[str, ...]:
        """Controls asked about, by number or by topic."""
        numbers = [control for topic in self.topics for control in topic.controls]
        return self.controls or tuple(dict.fromkeys(numbers))


def read(text: str) -> Ask:
    """Read a question; always gives something, at worst guidance to search for."""
    mended = spelled(text)
    topics = tuple(topics_of(text))
    controls = tuple(
        dict.fromkeys(n for n in phrases.NUMBER.findall(text) if n in known_controls())
    )
    words, places = _names(text, topics)
    wish = _wish(mended, topics, controls, words)
    bare = not (words or topics or controls)
    shows = (Wish.FIX, Wish.EXPLAIN, Wish.CHANGE, Wish.SETTINGS, Wish.LOGS, Wish.EVENTS)
    follows = bool(
        phrases.PRONOUN.search(text)
        or phrases.OPENER.search(text)
        or (len(text.split()) <= 3 and not topics)
        or (bare and wish in shows)
    )
    return Ask(
        text=text,
        wish=wish,
        topics=topics,
        controls=controls,
        words=words,
        places=places,
        sure=places if len(text.split()) <= 9 else _called_so(text, places),
        follows=follows,
        benchmark=_benchmark(mended),
        top=_top(text),
        terse=bool(phrases.TERSE.search(text)),
        negated=bool(phrases.NEGATED.search(mended)),
    )


def _wish(
    text: str, topics: tuple[Topic, ...], controls: tuple[str, ...], words: tuple[str, ...]
) -> Wish:
    if controls and phrases.WRITTEN.search(text):
        return Wish.EXPLAIN
    if verbs.asked(text, topics):
        return Wish.RIGHTS
    if controls and phrases.LEVEL.search(text) and not words:
        return Wish.GUIDANCE
    whole = phrases.WORST.search(text) or (phrases.OVERVIEW.search(text) and not topics)
    if whole and not phrases.COUNT.search(text) and not phrases.COMPARE.search(text):
        return Wish.SCAN
    looks = _about_cluster(text, words)
    if not looks and _not_of_objects(text, any(not topic.group for topic in topics)):
        return Wish.GUIDANCE
    return _plain_wish(text, words) or _judging_wish(text, topics, words, looks)


def _plain_wish(text: str, words: tuple[str, ...]) -> Wish | None:
    """Read wishes that a phrase gives away; None for the rest."""
    if phrases.CONTROL_WANTED.search(text):
        return Wish.GUIDANCE
    if len(words) > 1 and phrases.COMPARE.search(text):
        return Wish.EXPLAIN
    for wish, pattern in phrases.RULES:
        if pattern.search(text):
            return wish
    if phrases.FIX.search(text):
        return Wish.FIX
    why = words and phrases.WHY_NAMED.search(text)
    if why or (phrases.EXPLAIN.search(text) and (words or phrases.PRONOUN.search(text))):
        return Wish.EXPLAIN
    return None


def _judging_wish(
    text: str, topics: tuple[Topic, ...], words: tuple[str, ...], looks: bool
) -> Wish:
    """Tell apart counting, looking at the cluster, and asking the guidance."""
    if phrases.COUNT.search(text) and (
        topics or phrases.OBJECTS.search(text) or phrases.FAILS.search(text)
    ):
        return Wish.COUNT
    named = phrases.NAMED.match(text)
    if named and named[1].lower() in words:
        return Wish.SCAN
    if phrases.GUIDANCE.search(text) and not looks and not (words and len(text.split()) <= 3):
        return Wish.GUIDANCE
    asked = (
        phrases.SCAN.search(text)
        or phrases.PRONOUN.search(text)
        or phrases.OBJECTS.search(text)
        or words
    )
    return Wish.SCAN if asked else Wish.GUIDANCE


def _not_of_objects(text: str, narrow: bool) -> bool:
    """Tell whether a question is on what no object shows, or is a story that asks for advice."""
    if phrases.CONTROL_PLANE.search(text) or (phrases.NODE_SIDE.search(text) and not narrow):
        return True
    return len(text.split()) > phrases.LONG and not phrases.COUNT.search(text)


def _about_cluster(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a question that sounds like one on guidance is on a cluster all the same."""
    starts = re.match(
        r"^\W*(?:and |so |ok |please |hey |hi )*(?:how many|which|what(?!'?s\b| (?:is|are|was|does|do|about|should|would|can|if)\b)|who|list|show|find|scan|check|are there|is there|is any(?:thing|one|body)|does any\w*|do any|welche|zeig|gibt es)\b",
        text,
        re.I,
    )
    control = phrases.CONTROL_WANTED.search(text)
    return bool(starts and not control and phrases.OBJECTS.search(text))


def _names(text: str, topics: tuple[Topic, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Collect what may be names: words that are no ordinary ones and no part of a topic."""
    text = phrases.TERMS.sub(lambda match: " " * len(match[0]), text)
    spans = [match.span() for topic in topics for match in topic.pattern.finditer(text)]
    named = {word.lower() for word in phrases.NAME_PLACE.findall(text)}
    words: list[str] = []
    for match in phrases.TOKEN.finditer(text):
        word = match[0].replace("’", "'").strip("./:-'").lower().removesuffix("'s")
        quoted = text[max(0, match.start() - 1) : match.start()] in ("`", "'", '"')
        inside = any(start <= match.start() and match.end() <= end for start, end in spans)
        if not word or word.isdigit():
            continue
        if phrases.NUMBER.fullmatch(word) or (phrases.AMOUNT.fullmatch(word) and not quoted):
            continue
        if quoted or word in named or not ({word, spelled(word)} & STOP or inside):
            words.append(word)
    places = [
        found.lower()
        for found in (*phrases.PLACE.findall(text), *phrases.PLACE_AFTER.findall(text))
    ]
    kept = [
        place for place in places if (place in named or place not in STOP) and not place.isdigit()
    ]
    if kept:
        kept += [
            word.lower()
            for word in phrases.AND.findall(text)
            if word.lower() not in STOP and word.lower() in words
        ]
    if re.search(
        r"(?:in|im|namespace|ns)\s+(?:the\s+)?[`'\"]?default\b(?!\s+(?:service|sa\b))|default[\s-]+namespace",
        text,
        re.I,
    ):
        words.append("default")
        kept.append("default")
    kept = [place for place in kept if place in words or place == "default"]
    return tuple(dict.fromkeys(words))[:20], tuple(dict.fromkeys(kept))


def _called_so(text: str, places: tuple[str, ...]) -> tuple[str, ...]:
    """Places that stand beside the word namespace."""
    return tuple(
        place
        for place in places
        if re.search(
            rf"\b(?:namespaces?|ns)\s+[`'\"]?{re.escape(place)}\b|\b{re.escape(place)}[`'\"]?\s+(?:namespaces?|ns)\b",
            text,
            re.I,
        )
    )


def _benchmark(text: str) -> str:
    if re.search(r"\brestricted\b", text, re.I):
        return "pss-restricted"
    if re.search(r"\bbaseline\b", text, re.I):
        return "pss-baseline"
    return "cis-1.12"


def _top(text: str) -> int:
    found = phrases.TOP.search(text)
    if not found:
        return 0
    word = (found[1] or found[2]).lower()
    return phrases.WORDS.get(word) or int(word) if word in phrases.WORDS or word.isdigit() else 0
