"""Names and values: what a name promises, and whether a value can be what it promises.

The rules, from strict to lenient (`names.toml` has the words):

- `password`, `pass`, `pw` and the like, glued or not, in the larger European and East Asian languages:
  the value is masked whatever it is.
- `secret`, `token`, `credentials`, `api key`: it is masked where it is assigned (with `=`, in quotes, in
  a field of its own); behind a colon in running text only where it looks odd.
- `auth`, `cookie`, `signature`, `salt`, `session`: only where it looks odd.
- `pin`, `otp`: where it is digits. `key` alone: where it is made of chance.
- A name that ends in a word about credentials (`secretName`, `token-file`, `password_policy`) has none.

Kept under any name are references: variables, templates, placeholders in words, paths, files,
addresses of stores. Words of settings (`oauth2`, `get,list`) are kept where the name says less than a
password or a token. What only begins like a reference (`$ecret1`, `/aB3x/9Q`) is a value. Pure.
"""

import re
import tomllib
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from tools.redaction.randomness import is_chance

WORDS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
}


class Says(IntEnum):
    """What a name says of the value beside it; see the module."""

    NOTHING = 0
    CHANCE = 1
    DIGITS = 2
    ODD = 3
    NAMED = 4
    ASSIGNED = 5
    ALWAYS = 6


_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_GLUED = re.compile(rf"(?:{'|'.join(sorted(WORDS['glued'], key=len, reverse=True))})s?$")
_GLUED_ALWAYS = re.compile(r"(?:pass(?:word|wd|wort|phrase)?|pwd?|authtok)s?$")
_REFERENCE = re.compile(
    r"\$\((?s:.)*|\$\{[^{}]*\}.*|\$(?:[A-Z_][A-Z0-9_]*|\d)|\$__\w+\{.*|\{\{.*"
    r"|<[A-Za-z](?:[A-Za-z _./:-]*[A-Za-z])?>|%\(\w+\)s?|%[a-zA-Z]|%[A-Z_]+%|\[redacted\].*"
    r"|\*+|[xX.]{3,}|[-~.?]|\[\]|\{\}|(?:var|local|module|data)\.[a-z_][\w.]*"
)
_ADDRESS = re.compile(r"(?:ref\+)?([a-z][a-z0-9-]*)(?:://|:/?(?=[\w/])|/)")
_WEB = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@?]*")
_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\]\S*")
_PLACE = re.compile(r"(?:/[a-z0-9._-]{1,24})+/?")
_COUNTED = re.compile(r"\d{1,3}$")
_ATTRIBUTE = re.compile(r"(?i)(?:samesite|path|domain|max-age|expires)=\S*")
_ROOT = re.compile(r"^(?:~|\.{1,2}|[A-Za-z]:)?[/\\]+")
_FILE = re.compile(
    r"[\w.@/-]*\.(?:pem|key|crt|cer|txt|json|ya?ml|conf|cfg|ini|env|jks|p12|pfx|pub|sh)"
)
_PLAIN = re.compile(r"[^\W\d_]?[^\W\d_A-Z]*(?:[-.'][^\W\d_A-Z]+)*\W*")
_VERSION = re.compile(r"v?\d+(?:\.\d+)+[\w.+-]*|v\d+\w{0,8}|S-1(?:-\d+)+")
_QUANTITY = re.compile(r"\d+(?:[./]\d+)?(?:[a-zA-Z]{1,3}|%)?(?:\d+(?:m?s|m|h))*")
_OBJECT = re.compile(r"[a-z][a-z0-9]*(?:[-./][a-z0-9]+)+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@lru_cache(maxsize=8192)
def says(name: str) -> Says:
    """Tell what a name says of the value beside it."""
    words = [word.lower() for word in _SPLIT.findall(name[-120:])]
    while len(words) > 1 and words[-1] in WORDS["fillers"]:
        words.pop()
    if not words or words[-1] in WORDS["endings"]:
        return Says.NOTHING
    before = words[-2] if len(words) > 1 else ""
    pointer = before in WORDS["pointers"] and words[-1] in WORDS["named"]
    if pointer or "existing" in words or name.startswith("checksum/") or "public" in words:
        return Says.NOTHING
    last = max(_word(words[-1]), _listed(before + words[-1]))
    if words == ["pass"]:
        return Says.ASSIGNED
    if last is Says.NAMED and before in WORDS["secrets"]:
        return Says.ASSIGNED
    if words[-1] in ("key", "keys"):
        other = Says.ODD if before.isalpha() and before not in WORDS["lookups"] else Says.CHANCE
        last = Says.ASSIGNED if before in WORDS["keys"] else other
        if words[-3:-2] and before == "secret":
            last = Says.ODD
    if last <= Says.CHANCE and _holds_before(words):
        return Says.ODD
    return last


def _holds_before(words: list[str]) -> bool:
    """Tell whether a name holds a credential's name before its last word."""
    return any(_word(word) >= Says.NAMED for word in words[:-1]) or any(
        word in WORDS["keys"] and after == "key" for word, after in pairwise(words)
    )


def _listed(word: str) -> Says:
    found = (kind for kind in reversed(Says) if word in WORDS.get(kind.name.lower(), ()))
    return next(found, Says.NOTHING)


def _word(word: str) -> Says:
    if (listed := _listed(word)) is not Says.NOTHING:
        return listed
    if word.removesuffix("key") in WORDS["keys"] and word.endswith("key"):
        return Says.ASSIGNED
    if word in WORDS["unglued"] or not (found := _GLUED.search(word)) or found.start() < 1:
        return Says.NOTHING
    return Says.ALWAYS if _GLUED_ALWAYS.search(word) else Says.ASSIGNED


def holds(said: Says, value: str, *, assigned: bool) -> bool:
    """Tell whether a value is the credential that the name beside it promises.

    `assigned` is true where the value stands at its place, so that no sentence can be meant.
    """
    if said is Says.NOTHING or not value or is_reference(value):
        return False
    if said is Says.ALWAYS:
        return assigned or value.strip(".,;:!?)").lower() not in WORDS["prose"]
    if said is Says.DIGITS:
        return value.isdigit() and 4 <= len(value) <= 8
    if said is Says.CHANCE:
        return is_chance(value)
    if (value.isdigit() and len(value) < 6) or _sets(said, value):
        return False
    if said is Says.NAMED and _OBJECT.fullmatch(value) and not _UUID.fullmatch(value):
        return False
    return (said >= Says.NAMED and assigned) or is_odd(value)


def _sets(said: Says, value: str) -> bool:
    """Tell whether a value is a setting's: words such as `oauth2`, an attribute of a cookie, a path."""
    words = (_COUNTED.sub("", word) for word in value.lower().split(","))
    loose = said <= Says.ODD and bool(_PLACE.fullmatch(value) or _ATTRIBUTE.match(value))
    return loose or (said <= Says.NAMED and WORDS["kinds"].issuperset(words))


def is_reference(value: str) -> bool:
    """Tell whether a value only says where the credential is, or that there is none."""
    if value.lower() in WORDS["words"] or _REFERENCE.fullmatch(value):
        return True
    if found := _ADDRESS.match(value):
        return found[1] in WORDS["elsewhere"] or bool(_WEB.fullmatch(value))
    return is_path(value)


def is_path(value: str) -> bool:
    """Tell whether a text is a file's path: of a folder that machines have, or with a file's ending."""
    if not _PATH.match(value):
        return bool(_FILE.fullmatch(value))
    if re.search(r"[!%^&#?|<>\s]", value):
        return False
    first = re.split(r"[/\\]", _ROOT.sub("", value), maxsplit=1)[0]
    return first.lower() in WORDS["folders"] or bool(_FILE.fullmatch(value))


def is_odd(value: str) -> bool:
    """Tell whether a value is neither a word nor a version, a quantity or an object's name."""
    bare = value.strip(".,;:!?)(")
    if _UUID.fullmatch(bare):
        return True
    return not any(shape.fullmatch(bare) for shape in (_PLAIN, _VERSION, _QUANTITY, _OBJECT))
