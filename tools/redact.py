"""The one redactor: masks credentials in text and in Kubernetes objects before anything shows them.

Masked are environment values, values whose name says that they are secret, credentials that have a
known form (private keys, JWT, cloud and vendor tokens, passwords in URLs), the same behind base64,
hex or percent encoding, and long random strings. Kept are image references and digests, uids,
resource versions, hash suffixes of pods, checksums that are named as such. Both directions are
measured by tests/tools/redact. Every expression is linear in its input: they meet logs.

Called by the readers and by whatever lets outside text in; `contains_secret` is the exit check of
what lets text out. Holds no I/O and knows no kind of object but by the names of its fields.
"""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from tools.labels import identifies
from tools.randomness import is_random

MASK = "[redacted]"
"""What stands for a masked value. One word, so that masked text keeps its shape."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which kubectl keeps a whole object."""

_Span = tuple[int, int]
_ROUNDS = 4
_DEPTH = 3

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,60}-----(?:[^-]|-(?!----END))*+(?:-{5}END [A-Z0-9 ]{1,60}-{5})?"
)
_WRAPPED = re.compile(
    r"(?<![\w+/])([A-Za-z0-9+/]{48,}+)(?:(?:\\r|\\n|[\r\n])++[ \t]*+[A-Za-z0-9+/]{48,}+)*+"
    r"(?:(?:\\r|\\n|[\r\n])++[ \t]*+[A-Za-z0-9+/]{2,}+(?:={1,2}|(?=[ \t]*+(?:[\r\n\\\"']|$))))?+"
)
_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _either(words: str) -> str:
    """Give the words of one entry of the data as alternatives."""
    return "|".join(_DATA[words].split())


_KNOWN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_DATA['forms'].values())})")
_SLACK_HOOK = re.compile(r"(?i)hooks\.slack\.com/(?:services|workflows)/([\w/-]+)")
_URL = re.compile(
    rf"(?i)(?:{_either('databases')})[a-z0-9+:]{{0,24}}://[^\s:@/\"'<>]*+:((?!\[redacted\]@)[^\s\"'<>]++)"
    r"|[a-z0-9+]://[^\s:@/\"'<>]*+:((?!\[redacted\]@)[^\s@/\"'<>]++)@"
)
_AUTHORIZATION = re.compile(
    r"(?i)authorization[\"'\\]{0,4}[ \t]{0,3}[:=][ \t]{0,3}[\"'\\]{0,4}"
    r"(?:(?:bearer|basic|token|digest|negotiate|apikey|key)[ \t]++)([^\s\"'\\,]++)"
)
_BEARER = re.compile(r"(?i)\b(?:bearer|apikey)(?:[ \t]++|%20)([\w.~+/-]{7,}+={0,2})")
_BASIC = re.compile(r"(?i)\bbasic(?:[ \t]++|%20)([A-Za-z0-9+/]{6,}+={0,2})")
_PASSWORD_OPTION = re.compile(
    r"\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass|docker login|redis-cli|curl|wget|ldapsearch)\b"
    r"[^\n|;&]{0,300}?\s(?:-p[ \t]?|-a[ \t]|-w[ \t]|(?:-u|--user)[ \t=]?[\"']?[^\s:\"']{0,64}:)([^\s\"']++)"
)
_SPOKEN = re.compile(
    r"(?i)\b(?:login[ \t]++\S{1,100}\s++pass(?:word|wd)[ \t]++|pass(?:word|wd|phrase)[ \t]++(?:is[ \t]++)?[\"'`])"
    r"([^\s\"'`]++)"
)
_NAME_VALUE = re.compile(
    r"(?i)name\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3}(?!\W{0,4}(?:net|kernel|fs|vm|user)\.)[^,}\n]{1,120}?[,\n][ \t\n]{0,40}"
    r"\\{0,3}[\"']?value\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3}(\\{0,3}\"(?:[^\"\\\n]|\\[^\"])*+|[^\s\"\\,}]++)"
)

_WORD = (
    r"pass(?:word|wd|phrase|code)|pwd|(?<=[_.-])pass|(?<=[_.-])pw"
    r"|(?:api|access|private|signing|encryption|secret|account|shared|master|client|licen[sc]e|auth|ssh|crypt|hmac)"
    r"[_.-]?key|secret|token|credential|authorization|auth|conn(?:ection)?[_.-]?str(?:ing)?|(?<![a-z])dsn|cookie|jwt|bearer"
    r"|(?<![a-z])sig(?:nature)?|session[_.-]?(?:id|key)|(?<![a-z])otp|webhook"
)
_STRONG = re.compile(r"(?i)pass|pwd|pw$|key|conn|dsn|jwt")
_KEY = re.compile(rf"(?i)(?:{_WORD})")
_ASSIGNED = re.compile(
    rf"(?i)(?<!checksum/)(?P<word>{_WORD})(?P<rest>[\w.\-]{{0,60}}+)(?P<sep>[\"'\\\]]{{0,4}}[ \t]{{0,3}}(?:=>|:=|[:=])[ \t]{{0,8}})"
    r"(?:[|>][+-]?\n[ \t]{1,40}+)?"
    r"(?:\\{1,3}[\"'](?P<escaped>[^\"'\\\n]*+)"
    r"|\"(?P<double>(?:[^\"\\]|\\.)*+)\"?"
    r"|'(?P<single>[^'\n]*+)'?"
    r"|(?P<bare>[^\s\"'\\,;&|<>{}()\[\]](?:[^\s\"'&;,<>\\]|[,;](?!\s|[\w.-]+=|$))*+))"
)
_FLAG = re.compile(
    r"(?<![^\s\"'=<`(,\[])-{1,2}([A-Za-z][\w.-]{1,60}+)[ \t]++(?:\"([^\"\n]*+)|'([^'\n]*+)|([^\s\"'-][^\s\"']*+))"
)
_HARMLESS_END = re.compile(rf"(?i)(?:{_either('endings')})s?$")
_HARMLESS_VALUE = re.compile(
    r"(?i)^(?:true|false|null|none|nil|yes|no|on|off|~|-|\.\.\.|undefined|unset|empty|\*+|x{3,}|<.*|\{\{.*"
    r"|\$[\w({].*|%\(?\w.*|/(?:[\w.-]+/)+[\w.-]+|\[redacted\].*|redacted|optional|required)$"
)
_PROSE = re.compile(rf"(?i)^(?:{_either('prose')})\W*$")

_TOKEN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+={0,2}")
_HEX = re.compile(r"^(?:[0-9a-f]+|[0-9A-F]+)$")
_PERCENT = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>%]*+%[0-9A-Fa-f]{2}[^\s\"'<>]*+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_WORTH_A_LOOK = re.compile(r"[A-Za-z0-9+/_-]{16}|[:=@%]|-[A-Za-z]|(?i:bearer|basic|pass)")


def text(value: str) -> str:
    """Mask what is secret in a message, a log or any other text; the rest stays as it is.

    Applying it twice changes nothing more.
    """
    return _rounds(value, exact=False)


def contains_secret(value: str) -> bool:
    """Tell whether `text` would still mask something: the exit check of what leaves the process."""
    return text(value) != value


def names_secret(name: str) -> bool:
    """Tell whether a field, variable, header or flag of that name holds a credential.

    Names of files, of objects and of settings about credentials (`secretName`, `token-file`) do not.
    """
    if _HARMLESS_END.search(name):
        return False
    return any(_whole_word(found.group(), name[found.end() :]) for found in _KEY.finditer(name))


def _rounds(value: str, exact: bool) -> str:
    """Mask until nothing more is found; `exact` leaves out the rule for random strings."""
    if len(value) < 6 or not _WORTH_A_LOOK.search(value):
        return value
    visible = _INVISIBLE.sub("", value)
    for _ in range(_ROUNDS):
        masked = _mask(visible, _spans(visible, exact, _DEPTH))
        if masked == visible:
            break
        value = visible = masked
    return value


def _spans(value: str, exact: bool, depth: int) -> Iterator[_Span]:
    """Yield every stretch of text that holds a credential, in no order."""
    yield from (found.span() for found in _PEM.finditer(value))
    yield from (found.span() for found in _KNOWN.finditer(value))
    for expression in (_SLACK_HOOK, _PASSWORD_OPTION, _SPOKEN, _AUTHORIZATION, _NAME_VALUE):
        yield from _last_groups(expression, value)
    yield from _in_urls(value)
    yield from _in_schemes(value)
    yield from _assigned(value)
    yield from _flags(value)
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
        and _rounds(value, True) != value
    )


def _mask(value: str, spans: Iterable[_Span]) -> str:
    """Replace the stretches, overlapping ones as one."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end <= start or end <= done or value[start:end] == MASK:
            continue
        if start >= done:
            pieces += (value[done:start], MASK)
        done = max(done, end)
    return "".join(pieces) + value[done:] if pieces else value


def _last_groups(expression: re.Pattern[str], value: str) -> Iterator[_Span]:
    for found in expression.finditer(value):
        start, end = found.span(found.lastindex or 0)
        raw = value[start:end]
        kept = len(raw) - len(raw.lstrip("\\\"'"))
        if not _HARMLESS_VALUE.match(raw[kept:]):
            yield start + kept, end


def _in_urls(value: str) -> Iterator[_Span]:
    """Yield passwords of URLs; those of databases may hold slashes and at signs."""
    for found in _URL.finditer(value):
        start, end = found.span(found.lastindex or 0)
        if found.lastindex == 1:
            end = value.rfind("@", start, end)
        if end > start and not _HARMLESS_VALUE.match(value[start:end]):
            yield start, end


def _in_schemes(value: str) -> Iterator[_Span]:
    """Yield what follows `Bearer` and `Basic` where it is a credential and not a word."""
    for found in _BEARER.finditer(value):
        if _odd(found.group(1).rstrip(".")):
            yield found.span(1)
    for found in _BASIC.finditer(value):
        if ":" in _decoded_base64(found.group(1)):
            yield found.span(1)


def _assigned(value: str) -> Iterator[_Span]:
    """Yield values that stand behind a name that says secret, as in `password=...`."""
    for found in _ASSIGNED.finditer(value):
        kind = found.lastgroup or "bare"
        start, end = found.span(kind)
        raw = value[start:end]
        if kind == "bare":
            end -= len(raw) - len(raw.rstrip(")]}.,:"))
            raw = value[start:end]
        if _is_value(
            found.group("word"), found.group("rest"), found.group("sep"), raw, kind == "bare"
        ):
            yield start, end


def _is_value(word: str, rest: str, separator: str, value: str, bare: bool) -> bool:
    if not value or _HARMLESS_VALUE.match(value) or not _whole_word(word, rest):
        return False
    if _HARMLESS_END.search(rest):
        return False
    if rest[:1] in ("s", "S") and value.isdigit():
        return False
    if not bare or "=" in separator:
        return word.lower() != "auth" or bool(rest) or _odd(value)
    if _STRONG.search(word):
        return not _PROSE.match(value)
    return len(value) >= 6 and _odd(value)


def _whole_word(word: str, rest: str) -> bool:
    """Tell whether the word ends where a new word or nothing begins: `tokenizer` is no token."""
    if rest[:1] in ("s", "S"):
        rest = rest[1:]
    first = rest[:1]
    return not first.isalpha() or first.isupper() != word[-1].isupper()


def _odd(value: str) -> bool:
    """Tell whether a value is more than a word of prose: digits, inner capitals or symbols."""
    return not re.fullmatch(r"[A-Za-z]?[a-z]*(?:[-.'][a-z]+)*\W*", value)


def _flags(value: str) -> Iterator[_Span]:
    """Yield values of `--password VALUE`."""
    for found in _FLAG.finditer(value):
        if names_secret(found.group(1)):
            span = found.span(found.lastindex or 0)
            if not _HARMLESS_VALUE.match(value[slice(*span)]):
                yield span


def _tokens(value: str, exact: bool, depth: int) -> Iterator[_Span]:
    """Yield tokens that are random, or that decode to something secret."""
    for found in _TOKEN.finditer(value):
        token = found.group()
        random = not exact and is_random(value, found.start(), token)
        if random or (depth and any(_is_secret(inner, depth - 1) for inner in _decoded(token))):
            yield found.span()


def _wrapped(value: str) -> Iterator[_Span]:
    """Yield base64 that goes over several lines, its short last line too."""
    for found in _WRAPPED.finditer(value):
        if is_random(value, found.start(), found.group(1)):
            yield found.span()


def _decoded(token: str) -> Iterator[str]:
    yield _decoded_base64(token)
    if len(token) % 2 == 0 and _HEX.match(token):
        yield _printable(bytes.fromhex(token))


def _decoded_base64(token: str) -> str:
    """Decode base64 of either alphabet; empty where it is none or not text."""
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _printable(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _printable(raw: bytes) -> str:
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        return ""
    return decoded if all(c.isprintable() or c in "\r\n\t" for c in decoded) else ""


_PLAIN_FIELDS = frozenset(
    (
        *("uid", "resourceVersion", "image", "imageID", "containerID", "name", "generateName"),
        *("namespace", "apiVersion", "kind", "fieldPath", "nodeName", "selfLink", "hostname"),
        *("serviceAccountName", "controller-revision-hash", "pod-template-hash"),
    )
)
"""Fields whose random look is no secret: only credentials of a known form are masked in them."""
_HASH_FIELD = re.compile(r"(?:[Hh]ash|checksum|digest|revision|mirror|[a-z]I[Dd]|[_./-]id|UUID)$")


def document(obj: dict[str, Any]) -> dict[str, Any]:
    """Mask one Kubernetes object, or any part of one: a new object, deep.

    Environment values and the last-applied annotation are masked whole, whatever they hold; labels
    and selectors only where they have a credential's own form.
    """
    secret = obj.get("kind") == "Secret"
    return {
        _plain(key): MASK if secret and key in ("data", "stringData") else _field(key, value)
        for key, value in obj.items()
    }


def _field(key: str, value: Any, *, named: bool = True) -> Any:
    """Mask the value of one field by its own form and, where `named`, by the field's name."""
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        if not identifies(key, inner):
            return document(inner)
        return {_plain(name): _field(name, each, named=False) for name, each in inner.items()}
    if isinstance(value, list):
        return _items(key, cast("list[Any]", value))
    if key == LAST_APPLIED:
        return MASK
    if isinstance(value, bool) or value is None:
        return value
    plain = key in _PLAIN_FIELDS or key.startswith("checksum/")
    if named and not plain and names_secret(key) and not _HARMLESS_VALUE.match(str(value)):
        return MASK if str(value) else value
    if not isinstance(value, str):
        return value
    if plain or _HASH_FIELD.search(key):
        return _plain(value)
    return _json(value) if value[:1] in ("{", "[") else text(value)


def _json(value: str) -> str:
    """Mask JSON that stands in a string, as annotations hold it."""
    try:
        inner = json.loads(value)
        masked = _field("", inner)
        return text(value if masked == inner else json.dumps(masked, separators=(",", ":")))
    except ValueError:
        return text(value)
    except RecursionError:
        return MASK


def _items(key: str, values: list[Any]) -> list[Any]:
    if key in ("env", "httpHeaders"):
        return [_pair(item, whole=key == "env") for item in values]
    masked: list[Any] = []
    follows = False
    for item in values:
        if follows and isinstance(item, str) and not item.startswith("-"):
            masked.append(MASK)
        else:
            masked.append(_field(key, item))
        follows = (
            isinstance(item, str)
            and item.startswith("-")
            and "=" not in item
            and names_secret(item)
        )
    return masked


def _pair(item: Any, whole: bool) -> Any:
    """Mask a `{name, value}`: an environment variable always, a header by its name."""
    if not isinstance(item, dict):
        return _field("", item)
    masked = document(cast("dict[str, Any]", item))
    value = masked.get("value")
    if value and (whole or names_secret(str(masked.get("name")))):
        masked["value"] = MASK
    return masked


def _plain(value: str) -> str:
    """Mask credentials of a known form only."""
    return _rounds(value, exact=True)
