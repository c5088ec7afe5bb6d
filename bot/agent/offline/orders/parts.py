"""Cuts a message into its orders, and what is said beside them. Pure. Used by `reading` and `plan`."""

import re
from collections.abc import Sequence

from bot.agent.offline.orders.tokens import Sort, Token
from bot.agent.offline.orders.vocabulary import (
    AGAIN,
    ALL_WORDS,
    CHANGES,
    FILLERS,
    GREETINGS,
    HARDEN,
    OPENERS,
    POLITE,
    SAFER,
    STATES,
    TELLING,
    VERBS,
    WISHES,
)


def may_order(tokens: Sequence[Token]) -> bool:
    """Tell whether a message could order something, before its names are looked up."""
    for part in parts_of(tokens):
        texts = {each.text for each in part}
        if part[0].text in VERBS or texts & (STATES | POLITE | {"->", "off"}):
            return True
        if not part[-1].written or (_numbered(part) and "to" in texts):
            return True
    return any(each.text == ":" for each in tokens)


def parts_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Cut a message where it breaks; what opens a part politely, and what only greets, is left out."""
    parts: list[list[Token]] = [[]]
    for index, token in enumerate(tokens):
        if token.sort is not Sort.BREAK:
            parts[-1].append(token)
        elif token.text == ":" and not _is_topic(parts[-1]):
            continue
        elif token.text == ":" and len(parts) > 1 and any(map(_is_topic, parts[:-1])):
            parts[-1].append(Token(":", written=":"))
        elif index + 1 < len(tokens):
            parts.append([])
    for part in parts:
        for token in part:
            if token.sort is Sort.WORD:
                token.text = _mended(token.text)
    opened = [part for part in map(_opened, parts) if part]
    return [part for part in opened if not all(each.text in GREETINGS for each in part)]


def _is_topic(part: Sequence[Token]) -> bool:
    """Tell whether a part only names what the next is on: `web in shop: 3 replicas`."""
    return (
        bool(part)
        and part[0].text not in VERBS
        and all(
            _is_named(each)
            or each.text in FILLERS
            or each.text in GREETINGS
            or each.sort is Sort.CLUSTER
            for each in part
        )
    )


def _mended(word: str) -> str:
    """Give the word of a change that was mistyped: letters swapped, or one doubled or not."""
    if word in ALL_WORDS or len(word) < 5:
        return word
    near = [
        each
        for each in ALL_WORDS
        if each[0] == word[0] and abs(len(each) - len(word)) <= 1 and _alike(each, word)
    ]
    return near[0] if len(near) == 1 else word


def _alike(one: str, other: str) -> bool:
    return sorted(one) == sorted(other) or re.sub(r"(.)\1", r"\1", one) == re.sub(
        r"(.)\1", r"\1", other
    )


def _opened(part: list[Token]) -> list[Token]:
    """Take away what opens a part politely; a wish leaves that it must be."""
    wished = False
    while part:
        texts = [each.text for each in part[:8]]
        length = next((len(one) for one in _OPENING if texts[: len(one)] == one), 0)
        if not length:
            break
        wished = wished or texts[:length] in WISHES
        part = part[length:]
    return [*part, Token("must")] if wished and part else part


_OPENING = sorted((*OPENERS, *WISHES, ["the"], ["a"], ["an"]), key=len, reverse=True)


def _begins(part: Sequence[Token]) -> bool:
    """Tell whether a part begins an order: with a verb, or with what is to be of an object."""
    if part[0].text in VERBS:
        return True
    texts = {each.text for each in part}
    if not any(_is_named(each) for each in part):
        return False
    if not part[-1].written and part[-1].text == "must":
        return True
    named = next((each for each in part if each.text not in FILLERS), part[0])
    if _is_named(named) and (
        texts & STATES or "->" in texts or ("to" in texts and _numbered(part))
    ):
        return True
    return bool(texts & POLITE or texts & {"off", "on"}) and bool(_changes_of(part))


def _is_named(token: Token) -> bool:
    return token.sort in (Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.KIND)


def _points(part: Sequence[Token]) -> bool:
    return any(_is_named(each) or each.sort is Sort.IT for each in part)


def grouped(parts: Sequence[list[Token]]) -> tuple[list[list[Token]], list[list[Token]]]:
    """Put parts together that are one order; what is said beside them is a remark."""
    groups: list[list[Token]] = []
    remarks: list[list[Token]] = []
    topic = parts[0] if len(parts) > 1 and _is_topic(parts[0]) else []
    if topic:
        first = parts[1]
        groups.append(first + topic if first[0].text in VERBS else [*topic, Token("must"), *first])
    shared = (
        [each for each in topic if each.sort is Sort.NAMESPACE] if not _has_objects(topic) else []
    )
    for part in parts[2 if topic else 0 :]:
        before = groups[-1] if groups else []
        again = _confirms(part)
        if (
            again
            and not before
            and remarks
            and has_object(remarks[-1])
            and _changes_of(remarks[-1])
        ):
            groups.append([*remarks.pop(), *part, Token("must")])
        elif _is_apart(before, part) and not (again and before):
            own = any(each.sort is Sort.NAMESPACE for each in part)
            groups.append(_stated(part, before) + ([] if own else shared))
        elif not before or _is_remark(part):
            remarks.append(part)
        elif not again:
            before += part
    return groups, remarks


def _has_objects(part: Sequence[Token]) -> bool:
    return any(each.sort in (Sort.OBJECT, Sort.NAME) for each in part)


def _is_apart(before: Sequence[Token], part: Sequence[Token]) -> bool:
    """Tell whether a part is an order by itself, and not more of the one before it."""
    goes_on = bool(before) and _goes_on(before, part)
    if _begins(part):
        return not (goes_on and not (_points(before) and _points(part)))
    if not before or _is_remark(part):
        return False
    if _counted(part) and _counted(before) and _points(part):
        return True
    return (
        before[0].text != "deploy"
        and bool(_changes_of(before))
        and bool(_changes_of(part) - _changes_of(before))
    )


def _stated(part: Sequence[Token], before: Sequence[Token]) -> list[Token]:
    """Give a part without a verb that of the order before it, or what says that it is to be."""
    if part[0].text in VERBS or {each.text for each in part} & STATES:
        return list(part)
    if before and before[0].text in VERBS and _counted(before):
        return [before[0], *part]
    return [*part, Token("must")]


def _confirms(part: Sequence[Token]) -> bool:
    """Tell whether a part only says once more that what stands before it is to be: `please add one`, `fix that`."""
    return part[0].text in AGAIN and all(
        each.sort is Sort.IT or each.text in FILLERS | {"one", "so", "off", "out"}
        for each in part[1:]
    )


def _is_remark(part: Sequence[Token]) -> bool:
    """Tell whether a part behind an order only says how things are: it names nothing, and gives no number."""
    return not untold(part) and not (_counted(part) or any(map(_is_named, part)))


def untold(part: Sequence[Token]) -> list[str]:
    """List the words of a remark that say more than how things are."""
    settings = SAFER if _changes_of(part) else frozenset[str]()
    known = TELLING | FILLERS | GREETINGS | settings
    return [each.written for each in part if each.sort is Sort.WORD and each.text not in known] + [
        each.written for each in part if each.sort is Sort.NOWHERE
    ]


def _numbered(part: Sequence[Token]) -> bool:
    return any(each.sort is Sort.NUMBER for each in part)


def _counted(part: Sequence[Token]) -> bool:
    return any(each.sort in (Sort.NUMBER, Sort.CONTROL, Sort.AMOUNT) for each in part)


def _goes_on(before: Sequence[Token], part: Sequence[Token]) -> bool:
    """Tell whether two parts with verbs of their own are one change: both harden, or both give amounts."""
    both = _changes_of(before) & _changes_of(part)
    return bool(both & {"fix", "set_resources", "pod_security_labels"})


def _changes_of(part: Sequence[Token]) -> set[str]:
    texts = [each.text for each in part if each.sort not in (Sort.OBJECT, Sort.NAME)]
    found = {
        each.name
        for each in CHANGES
        if each.needs and all(any(text in group for text in texts) for group in each.needs)
    }
    if any(pattern.search(" ".join(texts)) for _, _, pattern in HARDEN):
        found.add("fix")
    return found


def has_object(part: Sequence[Token]) -> bool:
    """Tell whether a part names an object, or what was spoken of."""
    return any(each.sort in (Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.IT) for each in part)
