"""Command lines: a command and its arguments are one line, however they are split over lists.

An option whose name says secret is followed by a credential; so are some short options and words of
known programs (`commands.toml`), `-p` of a program that is told a user too, and the second half of
`-u NAME:CREDENTIAL`. Pure.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.redaction.names import WORDS, Says, holds, is_odd, is_path, is_reference, says

_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_SHORT: dict[str, str] = {
    program: letters for programs, letters in _DATA["short"].items() for program in programs.split()
}
_SEQUENCES = [line.split() for line in _DATA["positional"]["sequences"].split("\n") if line]
_LAST: dict[str, str] = _DATA["last"]
_USERS_OF: dict[str, str] = {
    program: letters
    for programs, letters in _DATA["users"]["short"].items()
    for program in programs.split()
}
_STARTS = frozenset(sequence[0] for sequence in _SEQUENCES)
_USERS = frozenset(_DATA["users"]["options"].split())
_OPTION = re.compile(r"(-{1,2}|/(?=\w+:))([A-Za-z][\w.\-]{0,80})")
_PAIR = re.compile(r"[\w.@\\-]{0,64}([:%,])(\S+)")
_LOGINS = frozenset(_DATA["login"]["programs"].split())
_PORT = re.compile(r"(?:[\d.:/-]|\$\{?\w+\}?)+(?:tcp|udp)?")
_SETTINGS = frozenset(_DATA["settings"]["words"].split())
_OPTIONS = frozenset(_DATA["settings"]["options"].split())
_ARTICLES = frozenset(_DATA["settings"]["articles"].split())
_NEAR = 8
"""How far apart two words of a sequence may stand."""

Cut = tuple[int, int, int]
"""Which word, and from where to where in it, is a credential."""


def cuts(words: Sequence[str]) -> Iterator[Cut]:
    """Yield what of the words of one command line is a credential."""
    programs = [re.split("[/=]", word)[-1] for word in words if word[:1] != "-"]
    letters = "".join(_SHORT.get(program, "") for program in programs[:12])
    if "login" in programs and not _LOGINS.isdisjoint(programs):
        letters += "p"
    told_user = any(re.fullmatch(r"-[uU]\S*|--user(?:name)?(?:=.*)?", word) for word in words)
    for at, word in enumerate(words):
        if option := _OPTION.match(word):
            yield from _of_option(words, at, option, letters, told_user)
            if any(word == f"-{_USERS_OF[one]}" for one in programs if one in _USERS_OF):
                yield from _second_half("".join(words[at + 1 : at + 2]), at + 1, 0)
        elif _directive(word) and "".join(words[at - 1 : at]).lower() not in _ARTICLES:
            yield from _next(words, at + 1, Says.ALWAYS if word in _SETTINGS else Says.ODD)
    if not _STARTS.isdisjoint(programs):
        yield from _positional(words)
    for program, letter in _LAST.items():
        if program in programs and any(re.match(rf"-\w*{letter}", word) for word in words):
            yield len(words) - 1, 0, len(words[-1])


def _directive(word: str) -> bool:
    """Tell whether a bare word can only be a setting's name: requirepass, aws_secret_access_key."""
    return word in _SETTINGS or (
        bool(re.fullmatch(r"[a-z][a-z0-9]*_[a-z0-9_.]+", word)) and says(word) >= Says.ASSIGNED
    )


def _of_option(
    words: Sequence[str], at: int, option: re.Match[str], letters: str, told_user: bool
) -> Iterator[Cut]:
    """Yield what one option holds, in its own word or in the next."""
    word, name, rest = words[at], option[2], words[at][option.end() :]
    short = name[0] if len(option[1]) == 1 else ""
    yield from _of_user(words, at, name, rest)
    told = short == "p" and told_user and (rest[:1] == "=" or (not rest and is_odd(name[1:])))
    if told or (short and short in letters and word[2:]):
        start = 2 + (word[2:3] in ("=", ":"))
        if word[start:] and not is_reference(word[start:]) and not _PORT.fullmatch(word[start:]):
            yield at, start, len(word)
    elif rest or at + 1 >= len(words):
        return
    elif short and name == short and (short in letters or (short == "p" and told_user)):
        if not _PORT.fullmatch(words[at + 1]):
            yield from _next(words, at + 1, Says.ALWAYS)
    elif name == "from-literal" and "=" in words[at + 1]:
        yield at + 1, words[at + 1].index("=") + 1, len(words[at + 1])
    else:
        yield from _next(words, at + 1, Says.ASSIGNED if word in _OPTIONS else says(name))
        if name == "pass" and at + 3 == len(words) and is_odd(words[-1]):
            yield from _next(words, at + 2, Says.ALWAYS)


def _of_user(words: Sequence[str], at: int, name: str, rest: str) -> Iterator[Cut]:
    """Yield the credential that an option for a user holds: `-u a:b`, `-ua:b`, `--user=a:b`."""
    end = len(words[at]) - len(rest)
    if name in _USERS and not rest and at + 1 < len(words):
        yield from _second_half(words[at + 1], at + 1, 0)
    elif name in _USERS and len(name) > 1 and rest[:1] in ("=", ":"):
        yield from _second_half(words[at], at, end + 1)
    elif name[0] == "u" and words[at][1] != "-" and rest[:1] == ":":
        yield from _second_half(words[at], at, 2)


def _next(words: Sequence[str], at: int, said: Says) -> Iterator[Cut]:
    """Yield the word at which a credential stands; `=` may stand between, a dash at its front."""
    if at < len(words) and words[at] == "=":
        at += 1
    if at >= len(words) or said is Says.NOTHING:
        return
    value = words[at]
    if value.startswith("-") and (_OPTION.match(value) and not re.search(r"[^\w.=:/,\-]", value)):
        return
    if holds(said, value, assigned=value.lower() not in WORDS["prose"]):
        yield at, 0, len(value)


def _second_half(word: str, at: int, start: int) -> Iterator[Cut]:
    """Yield the credential of `NAME:CREDENTIAL`; `1000:1000` and `nobody:nogroup` are none."""
    found = _PAIR.fullmatch(word, start)
    if not found or is_reference(found[2]) or is_path(word[start:]) or "://" in word:
        return
    first, second = word[start : found.start(1)], found[2]
    group = second.isdigit() or second in (first, "root", "wheel", "nogroup", "staff", "users")
    if not group and (found[1] != "," or is_odd(second)):
        yield at, found.start(2), len(word)


def _positional(words: Sequence[str]) -> Iterator[Cut]:
    plain = [at for at, word in enumerate(words) if word[:1] != "-"]
    names = [words[at].rsplit("/", 1)[-1] for at in plain]
    for first, *others in _SEQUENCES:
        for start, name in enumerate(names):
            if name != first:
                continue
            found = _followed(names, start + 1, others)
            if found and not is_reference(words[plain[found]]) and "=" not in words[plain[found]]:
                yield plain[found], 0, len(words[plain[found]])


def _followed(names: Sequence[str], at: int, sequence: Sequence[str]) -> int:
    """Find the credential of a sequence; 0 where the words do not follow it."""
    for step in sequence:
        if step not in ("*", "!"):
            near = names[at : at + _NEAR]
            at = at + near.index(step) if step in near else len(names)
        if at >= len(names):
            return 0
        at += 1
    return at - 1
