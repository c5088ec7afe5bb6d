"""Makes text safe to show: no mention calls anybody, no link leads outside the allowed hosts.

Markdown in, Markdown out. Foreign addresses stay readable, written as `hxxps://host[.]name`. What
looks like a mention gets a word joiner (U+2060, invisible) after its first sign. Whatever else nobody
would see stands there as an escape. Pure; used by `render`, `reply` and everything that shows text from
outside.
"""

import re
from urllib.parse import urlsplit

from tools.visible import UNSEEN, escaped

JOINER = "\u2060"
_JOINED = frozenset("<&@]!")
"""The signs after which `_plain` puts one."""
_MENTION = re.compile(r"<(?=[@!#])|&(?=#?\w{1,12};)")
_CALL = re.compile(r"@(?=\s*(?:here|channel|everyone)\b)", re.IGNORECASE)
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https://[^\s()<>|\"'\\`\]]{1,1000})\)")
_BARE = re.compile(r"https://[^\s()<>|\"'\\`\[\]*]{1,1000}+(?![\\(\[<])", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30}):(?=[/\\]{2})", re.IGNORECASE)
_ADDRESS = re.compile(r"((?:hxxps?|\[:\])[:]?[/\\]{2,})([^\s/\\<>|\"'`()\[\]]{1,300})")
_OPAQUE = re.compile(r"\b(mailto|tel|sms|javascript|data|vbscript|slack):(?=\S)", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)
_MACHINE = frozenset(
    {"hxxp", "hxxps", "docker", "containerd", "cri-o", "unix", "oci", "docker-pullable"}
)
"""Schemes that nothing turns into links: ours for what was defused, and those of runtimes."""
_MARK = "\x00"


def inert(text: str, hosts: frozenset[str]) -> str:
    """Give the text with every mention and foreign link made inert."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = UNSEEN.sub(_seen, text.replace("\r\n", "\n").replace("\r", "\n"))
    kept: list[str] = []

    def keep(shown: str) -> str:
        kept.append(shown)
        return f"{_MARK}{len(kept) - 1}{_MARK}"

    def link(match: re.Match[str]) -> str:
        label, url = match[1], match[2]
        return keep(f"[{_plain(label)}]({url})") if allowed(url, hosts) else match[0]

    def bare(match: re.Match[str]) -> str:
        url = match[0].rstrip(".,;:!?")
        if not allowed(url, hosts):
            return match[0]
        return keep(url) + match[0][len(url) :]

    text = _BARE.sub(bare, _LINK.sub(link, text))
    text = _plain(text)
    return re.sub(rf"{_MARK}(\d+){_MARK}", lambda match: kept[int(match[1])], text)


def allowed(url: str, hosts: frozenset[str]) -> bool:
    """Tell whether a link may stay: https, exactly an allowed host, nothing that disguises it."""
    if not url.isascii():
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and port is None and parts.netloc == parts.hostname
    return plain and parts.netloc in hosts


def _seen(sign: re.Match[str]) -> str:
    """Write a sign that nobody sees as an escape; a joiner stays where we put it ourselves."""
    before = sign.string[max(sign.start() - 1, 0) : sign.start()]
    return JOINER if sign[0] == JOINER and before in _JOINED else escaped(sign)


def _plain(text: str) -> str:
    """Defuse everything; nothing in it stays a link or a mention."""
    text = _SCHEME.sub(_unlinked, text)
    text = _ADDRESS.sub(lambda match: match[1] + match[2].replace(".", "[.]"), text)
    text = _OPAQUE.sub(r"\1[:]", text)
    text = _WWW.sub("www[.]", text)
    text = text.replace("](", f"]{JOINER}(").replace("![", f"!{JOINER}[")
    text = _MENTION.sub(lambda match: match[0] + JOINER, text)
    return _CALL.sub(f"@{JOINER}", text)


def _unlinked(match: re.Match[str]) -> str:
    scheme = match[1]
    lower = scheme.lower()
    if lower in _MACHINE:
        return match[0]
    if lower in {"http", "https"}:
        return f"hxxp{'s' if lower == 'https' else ''}:"
    return f"{scheme}[:]"
