"""Forms: what is a credential wherever it stands. `forms.toml` has those of vendors and of hashes. Pure."""

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.redaction.names import is_odd, is_reference

_FORMS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,60}-----(?:[^-]|-(?!----END))*+(?:-{5}END [A-Z0-9 ]{1,60}-{5})?"
)
_KNOWN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_FORMS['forms'].values())})")
_HOOK = re.compile(
    r"(?i)(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks"
    r"|webhook\.office\.com/webhookb2|outlook\.office\.com/webhook)/([\w/@.-]+)"
)
_URL = re.compile(
    rf"(?i)(?:{'|'.join(_FORMS['databases'].split())})[a-z0-9+:]{{0,24}}://[^\s:@/\"'<>]*+:((?!\[redacted\]@)[^\s\"'<>]++)"
    r"|[a-z0-9+]://[^\s:@/\"'<>]*+:((?!\[redacted\]@)[^\s@/\"'<>]++)@"
    r"|[a-z0-9+]://((?=[^\s@/]{0,200}\d)[A-Za-z0-9_\-]{20,200}+)@"
)
_SCHEME = re.compile(
    r"(?i)\b(?:(bearer|apikey|splunk|negotiate|sharedaccesssignature|genie-?key|ssws)|(basic|digest))(?:[ \t]++|%20)([\w.~+/=-]{5,}+)"
)
_HEADER = re.compile(
    r"(?i)authorization[\"'\\]{0,4}[ \t]{0,3}[:=][ \t]{0,3}[\"'\\]{0,4}[A-Za-z][\w-]{1,30}+[ \t]++([^\s\"'\\,]++)"
)


def by_form(value: str) -> Iterator[tuple[int, int]]:
    """Yield what is a credential by its own form."""
    yield from (found.span() for found in _PEM.finditer(value))
    yield from (found.span() for found in _KNOWN.finditer(value))
    yield from (found.span(1) for found in _HOOK.finditer(value))
    if "://" in value:
        yield from _in_urls(value)
    yield from _in_schemes(value)


def _in_urls(value: str) -> Iterator[tuple[int, int]]:
    """Yield passwords of URLs; those of databases may hold slashes and at signs."""
    for found in _URL.finditer(value):
        start, end = found.span(found.lastindex or 0)
        if found.lastindex == 1:
            end = value.rfind("@", start, end)
        if end > start and not is_reference(value[start:end]):
            yield start, end


def _in_schemes(value: str) -> Iterator[tuple[int, int]]:
    """Yield what follows `Bearer` and `Basic` where it is a credential and not a word."""
    for found in _SCHEME.finditer(value):
        said = found[3].rstrip(".")
        if found[2]:
            if ":" in decoded_base64(said):
                yield found.span(3)
        elif len(said) > 6 and is_odd(said) and not is_reference(said):
            yield found.span(3)
    for found in _HEADER.finditer(value):
        if not is_reference(found[1]):
            yield found.span(1)


def decoded_base64(token: str) -> str:
    """Decode base64 of either alphabet; empty where it is none or not text."""
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return printable(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def printable(raw: bytes) -> str:
    """Decode UTF-8; empty where it is none or not for people to read."""
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        return ""
    return decoded if all(c.isprintable() or c in "\r\n\t" for c in decoded) else ""
