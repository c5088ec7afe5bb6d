"""The one redactor: masks credentials in Kubernetes objects and in text before anything shows them.

Structure first. In an object a value is judged at its place: by the name of its field, of the variable,
header or pair that it belongs to, of the option before it in a command and its arguments, and a file in
a ConfigMap by its own lines. Environment values, binary data and what a Secret holds are masked whatever
they are. Labels and selectors are what objects choose each other by, and readable by whoever may read
the object: there a name decides only over values that look like a credential. Text is judged by
`tools.redaction.texts`, which says how what is debatable is decided.

`text` is for what others wrote: logs, messages, people, models. `known` is the exit check for what our
own code composed of values that were masked before: only forms that are credentials wherever they stand.
Both are measured by tests/tools/redact and tests/bench/redaction.py. Holds no I/O.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import unquote

from tools.images import parse
from tools.redaction import texts
from tools.redaction.commands import cuts
from tools.redaction.forms import by_form, decoded_base64, printable
from tools.redaction.names import WORDS, Says, holds, is_odd, says
from tools.redaction.randomness import is_random

MASK = "[redacted]"
"""What stands for a masked value. One word, so that masked text keeps its shape."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which kubectl keeps a whole object."""

_Span = tuple[int, int]
_ROUNDS = 6
_DEPTH = 3
_WRAPPED = re.compile(
    r"(?<![\w+/-])([A-Za-z0-9+/]{48,}+)(?:(?:\\r|\\n|[\r\n])++[ \t]*+[A-Za-z0-9+/]{48,}+)*+"
    r"(?:(?:\\r|\\n|[\r\n])++[ \t]*+[A-Za-z0-9+/]{2,}+(?:={1,2}|(?=[ \t]*+(?:[\r\n\\\"']|$))))?+"
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+={0,6}")
_HEX = re.compile(r"^(?:[0-9a-f]+|[0-9A-F]+)$")
_BASE32 = re.compile(r"^[A-Z2-7]{16,}={0,6}$")
_PERCENT = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>%]*+%[0-9A-Fa-f]{2}[^\s\"'<>]*+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_WORTH_A_LOOK = re.compile(r"[A-Za-z0-9+/_-]{16}|[\s:=@%|<(\"']|[^\x00-\x7f]|[-$][A-Za-z0-9]")


def text(value: str) -> str:
    """Mask what is secret in a message, a log or any other text; the rest stays as it is.

    Applying it twice changes nothing more.
    """
    return _rounds(value)


def known(value: str) -> str:
    """Mask only what is a credential wherever it stands: keys, tokens of vendors, passwords in URLs."""
    return _mask(value, by_form(value))


def contains_secret(value: str) -> bool:
    """Tell whether `text` would still mask something: the exit check of what leaves the process."""
    return text(value) != value


def names_secret(name: str) -> bool:
    """Tell whether a field, variable, header or flag of that name holds a credential.

    Names of files, of objects and of settings about credentials (`secretName`, `token-file`) do not.
    """
    return says(name) >= Says.ODD


def _rounds(value: str, *, exact: bool = False, placed: bool = False) -> str:
    """Mask until nothing more is found; `exact` leaves out the rule for random strings."""
    if len(value) < 4 or not _WORTH_A_LOOK.search(value):
        return value
    visible = _INVISIBLE.sub("", value)
    for _ in range(_ROUNDS):
        masked = _mask(visible, _spans(visible, exact, _DEPTH, placed=placed))
        if masked == visible:
            break
        value = visible = masked
    return value


def _spans(value: str, exact: bool, depth: int, *, placed: bool = False) -> Iterator[_Span]:
    """Yield every stretch of text that holds a credential, in no order."""
    yield from by_form(value)
    yield from texts.spans(value, placed=placed)
    if not exact:
        yield from _wrapped(value)
    yield from _tokens(value, exact, depth)
    if depth and "%" in value:
        for found in _PERCENT.finditer(value):
            if _is_secret(unquote(found.group()), depth - 1):
                yield found.span()


def _is_secret(value: str, depth: int) -> bool:
    value = _INVISIBLE.sub("", value)
    return (
        any(start < end for start, end in _spans(value, True, depth))
        and _rounds(value, exact=True) != value
    )


def _mask(value: str, spans: Iterable[_Span]) -> str:
    """Replace the stretches, overlapping ones as one."""
    pieces: list[str] = []
    done = 0
    for one in sorted(spans):
        start, end = _around_masks(value, *one)
        if end <= start or end <= done:
            continue
        if start >= done:
            pieces += (value[done:start], MASK)
        done = max(done, end)
    return "".join(pieces) + value[done:] if pieces else value


def _around_masks(value: str, start: int, end: int) -> _Span:
    """Give a stretch that cuts no mask in two; nothing where it begins in one."""
    size = len(MASK)
    at = value.find(MASK, max(0, start - size + 1), start + size)
    if 0 <= at <= start:
        return end, end
    at = value.find(MASK, max(0, end - size + 1), end + size - 1)
    return start, max(end, at + size) if 0 <= at < end else end


def _tokens(value: str, exact: bool, depth: int) -> Iterator[_Span]:
    """Yield tokens that are random, or that decode to something secret."""
    for found in _TOKEN.finditer(value):
        token = found.group()
        random = not exact and is_random(value, found.start(), token)
        if random and texts.in_image(value, found.start()):
            continue
        if random or (depth and any(_is_secret(inner, depth - 1) for inner in _decoded(token))):
            yield found.span()


def _wrapped(value: str) -> Iterator[_Span]:
    """Yield base64 that goes over several lines, its short last line too."""
    for found in _WRAPPED.finditer(value):
        if is_random(value, found.start(), found.group(1)) and not texts.in_image(
            value, found.start()
        ):
            yield found.span()


def _decoded(token: str) -> Iterator[str]:
    yield decoded_base64(token)
    if len(token) % 2 == 0 and _HEX.match(token):
        yield printable(bytes.fromhex(token))
    if _BASE32.match(token):
        bare = token.rstrip("=")
        try:
            yield printable(base64.b32decode(bare + "=" * (-len(bare) % 8)))
        except (binascii.Error, ValueError):
            return


_HASH_FIELD = re.compile(r"(?:[Hh]ash|checksum|digest|revision|mirror|[a-z]I[Dd]|[_./-]id|UUID)$")
_LABELS = frozenset({"labels", "matchLabels", "matchExpressions", "selector", "nodeSelector"})
_SEALED = frozenset({"stringData", "binaryData"})
_VALUES = WORDS["pair_values"] | {"content", "data"}
_VARIABLES = re.compile(r"(?i)\w*(?:envs?|environment|env(?:ironment)?_?var(?:iable)?s?)")
"""Fields that hold environment variables, of Kubernetes, of charts and of custom resources."""
_ACCOUNTS = re.compile(
    r"(?i)(?:.*[._-])?(?:users?|accounts?|logins?)(?:\.(?:conf|ini|txt|list|db))"
)
_ACCOUNT = re.compile(r"(?m)^([\w.@\-]{1,64}+[ \t]{0,8}[:=][ \t]{0,8})([^\s:]++)(?=[ \t]*$)")
_LINES = ("command", "args")


def document(obj: dict[str, Any]) -> dict[str, Any]:
    """Mask one Kubernetes object, or any part of one: a new object, deep."""
    kind = str(obj.get("kind") or "")
    paired = [
        value
        for name, value in obj.items()
        if name.lower() in WORDS["pair_names"] and isinstance(value, str)
    ]
    hidden = max(map(says, paired), default=Says.NOTHING)
    masked: dict[str, Any] = {}
    for key, value in obj.items():
        if key in _SEALED or (kind in ("Secret", "SecretList") and key == "data"):
            masked[_exact(key)] = MASK if value else value
        elif kind == "SecretList" and key == "items" and isinstance(value, list):
            masked[key] = [_secret(one) for one in cast("list[Any]", value)]
        elif hidden and key.lower() in _VALUES:
            masked[_exact(key)] = _under(hidden, value)
        else:
            masked[_exact(key)] = field(key, value)
    _command_line(obj, masked)
    return masked


def _secret(item: Any) -> Any:
    """Mask an item of a list of Secrets, which need not say what it is."""
    if not isinstance(item, dict):
        return field("", item)
    return document({"kind": "Secret", **cast("dict[str, Any]", item)})


def _command_line(obj: dict[str, Any], masked: dict[str, Any]) -> None:
    """Mask a command and its arguments as the one command line that they are."""
    words = [(name, at, word) for name in _LINES for at, word in _strings(obj.get(name))]
    for index, start, end in cuts([word for _, _, word in words]):
        name, at, word = words[index]
        cut = word[:start] + MASK + word[end:]
        masked[name][at] = cut if masked[name][at] in (word, cut) else MASK


def _strings(value: Any) -> list[tuple[int, str]]:
    if not isinstance(value, list):
        return []
    return [(at, one) for at, one in enumerate(cast("list[Any]", value)) if isinstance(one, str)]


def field(key: str, value: Any) -> Any:
    """Mask the decoded value of one field by the field's name and by its own form."""
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        if key in _LABELS and all(isinstance(each, str) for each in inner.values()):
            return {_exact(name): _label(name, str(each)) for name, each in inner.items()}
        if key == "env" or (_VARIABLES.fullmatch(key) and any(map(str.isupper, inner))):
            return {
                _exact(name): field(name, each) if isinstance(each, dict) else each and MASK
                for name, each in inner.items()
            }
        said = says(key)
        return _under(said, inner) if said >= Says.NAMED else document(inner)
    if isinstance(value, list):
        return _items(key, cast("list[Any]", value))
    if isinstance(value, bool) or value is None:
        return value
    said = Says.ALWAYS if key == LAST_APPLIED else says(key)
    counted = isinstance(value, int) and said < Says.ALWAYS and said is not Says.DIGITS
    plain = key in WORDS["plain_fields"] or key.startswith("checksum/") or counted
    if not plain and holds(said, str(value), assigned=True):
        return MASK
    if not isinstance(value, str):
        return value
    if plain or _HASH_FIELD.search(key):
        return _identifier(key, value)
    if _ACCOUNTS.fullmatch(key):
        value = _ACCOUNT.sub(rf"\1{MASK}", value)
    return _json(value)


def _label(name: str, value: str) -> str:
    """Mask a label where it has a credential's form, or its name says one and it has letters and digits."""
    telling = any(map(str.isdigit, value)) and is_odd(value) and says(name) >= Says.NAMED
    return MASK if telling else text(value)


def _under(said: Says, value: Any, key: str = "") -> Any:
    """Mask all that stands under a name that says secret, but for what points elsewhere."""
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        return {
            name: field(name, each)
            if name.lower() in WORDS["beside"]
            or (
                not isinstance(each, str)
                and says(name) is Says.NOTHING
                and not isinstance(each, dict | list)
            )
            or (_ends(name) and not isinstance(each, dict))
            else _under(said, each, name)
            for name, each in inner.items()
        }
    if isinstance(value, list):
        return [_under(said, one, key) for one in cast("list[Any]", value)]
    if isinstance(value, bool) or value is None:
        return value
    return MASK if holds(said, str(value), assigned=True) else field(key, value)


def _ends(name: str) -> bool:
    """Tell whether a name describes a credential by its last word."""
    last = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return bool(last) and last[-1].lower() in WORDS["endings"]


def _json(value: str) -> str:
    """Mask the text of one field, as JSON where it is some, as annotations hold it."""
    if value[:1] not in ("{", "["):
        return _rounds(value, placed=True)
    try:
        inner = json.loads(value)
        masked = field("", inner)
        return _rounds(
            value if masked == inner else json.dumps(masked, separators=(",", ":")), placed=True
        )
    except ValueError:
        return _rounds(value, placed=True)
    except RecursionError:
        return MASK


def _items(key: str, values: list[Any]) -> list[Any]:
    if key == "httpHeaders" or _VARIABLES.fullmatch(key):
        return [_pair(item, whole=key != "httpHeaders") for item in values]
    said = says(key)
    if said >= Says.NAMED:
        return [_under(said, item, key if said > Says.NAMED else "") for item in values]
    masked = [field(key, item) for item in values]
    words = [item for item in values if isinstance(item, str)]
    if len(words) == len(values) == 2 and says(words[0]) >= Says.ASSIGNED and is_odd(words[1]):
        masked[1] = MASK
    _command_line({"args": values}, {"args": masked})
    return masked


def _pair(item: Any, whole: bool) -> Any:
    """Mask a `{name, value}`: an environment variable always, a header by its name."""
    if not isinstance(item, dict):
        name, assigned, _ = str(item).partition("=")
        return name + assigned + MASK if whole and assigned else field("", item)
    given = cast("dict[str, Any]", item)
    masked = document(given)
    said = Says.ALWAYS if whole else says(str(given.get("name")))
    if str(given.get("name")).lower().endswith("key"):
        said = Says.ALWAYS
    for key, value in given.items():
        there = key.lower() not in ("name", "valuefrom") if whole else key.lower() == "value"
        if there and value and said is not Says.NOTHING:
            masked[key] = MASK
    return masked


def _identifier(key: str, value: str) -> str:
    """Mask a name or an id where it has a credential's form, or mixes cases by chance as no name does."""
    if key == "image" and parse(value):
        return _mask(value, (*by_form(value), *_tokens(value, True, _DEPTH)))
    mixed = value.lower() != value and not key.startswith(("image", "container"))
    return text(value) if mixed else _exact(value)


def _exact(value: str) -> str:
    """Mask credentials of a known form only."""
    return _rounds(value, exact=True)
