"""What an order wants to be made safer. Pure. Used by `reading`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.offline.orders.facts import container_in
from bot.agent.offline.orders.tokens import Sort, Token
from bot.agent.offline.orders.vocabulary import HARDEN, HARDENING, SAFER
from tools.discovery import checks

_BETWEEN = frozenset(
    ("the", "a", "an", "our", "my", "its", "this", "workload", "workloads", "app", "application")
)
_EMPTIED = ("may", "become", "empty", "folder", "dir", "directory", "emptydir")
_CIS = re.compile(r"5(?:\.\d+){2}")


@dataclass(frozen=True, slots=True)
class Settings:
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
        """Whether a setting or control is named."""
        return bool(self.settings or self.controls)


def settings_of(part: Sequence[Token]) -> Settings | None:
    """Read what an order says of settings; None where it says nothing of any."""
    said = [each for each in part if each.sort in (Sort.WORD, Sort.KIND, Sort.NUMBER, Sort.CONTROL)]
    text = " ".join(each.text for each in said)
    found: list[tuple[str, bool, bool]] = []
    for setting, off, pattern in HARDEN:
        if match := pattern.search(text):
            found.append((setting, off, bool(match["negated"])))
            text = pattern.sub(" | ", text)
    settings = [setting for setting, _, _ in found]
    rest = {word for word in text.split() if word != "|"}
    controls = [each.written for each in said if each.sort is Sort.CONTROL]
    everything = bool(HARDENING["whole"] & rest) and not (settings or controls)
    fixes = bool(rest & HARDENING["fixes"])
    if not (settings or controls or everything or fixes):
        return None
    volume, uid = _volume(part), _uid(said)
    emptied = set(_EMPTIED) if volume else set[str]()
    known = (
        emptied
        | {*controls, volume, container_in(part), *([str(uid)] if uid else [])}
        | _kind_words(part)
    )
    left = [each.written for each in said if each.text in rest - SAFER - known]
    negated = [each for each in found if each[2]]
    left += ["not"] if fixes and negated and len(found) > 1 else []
    left += [each for each in controls if not _CIS.fullmatch(each) and each not in checks()]
    rest |= {"turned on"} if _ends_on(part) else set()
    wrong = not volume and any(_is_wrong(off, no, rest, fixes) for _, off, no in found)
    settings += ["host-paths"] if volume else []
    named = tuple(dict.fromkeys(settings))
    return Settings(named, tuple(controls), everything, left, wrong, uid, volume)


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


def _ends_on(part: Sequence[Token]) -> bool:
    """Tell whether an `on` says that something is to be on, and not on which object."""
    named = (Sort.OBJECT, Sort.NAME, Sort.NAMESPACE, Sort.KIND, Sort.IT, Sort.CLUSTER)
    words = [each for each in part if each.text not in _BETWEEN]
    return any(
        one.text == "on" and (other is None or other.sort not in named)
        for one, other in zip(words, [*words[1:], None], strict=True)
    )


def _is_wrong(off: bool, negated: bool, rest: set[str], fixes: bool) -> bool:
    """Tell whether a setting would be less safe, or may be: something dangerous on, or a guard off."""
    turned, added = rest & HARDENING["off"], rest & HARDENING["on"]
    if not off:
        return negated or (bool(turned) and not added)
    if rest & {"turned on", "true"}:
        return True
    return not negated and not turned and (bool(added) or not fixes or "to" in rest)


def _volume(part: Sequence[Token]) -> str:
    """Give the volume that an order lets become an empty folder."""
    texts = [each.text for each in part]
    if not {"empty", "emptydir"} & set(texts) or not {"volume", "volumes"} & set(texts):
        return ""
    index = next(index for index, text in enumerate(texts) if text in ("volume", "volumes"))
    return next(iter(texts[index + 1 : index + 2]), "")
