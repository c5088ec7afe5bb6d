"""Makes links and mentions inert, and masks secrets: the last thing done to text before it is shown.

Links survive only to hosts on the list; a foreign one is removed whole, since its path may carry what
must not leave. Used by `bot.agent.grounding`.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from tools.redact import contains_secret
from tools.redact import text as redact

LINK = "[link removed]"
MARK = "[not verified]"
"""What stands instead of a name or number taken out; no link, whatever follows it."""
WITHHELD = "[withheld: it looked like a secret]"

_MARKDOWN = re.compile(
    r"!?\[(?!not verified\])((?:[^\[\]]|\[[^\[\]]*\]){0,500})\]\s?\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?[^()\n]{0,200}\)"
)
_REFERENCE = re.compile(r"(?m)^\s{0,3}\[(?!not verified\])[^\]\n]{1,200}\]:\s*\S.*$")
_SLACK = re.compile(
    r"<([a-zA-Z][\w+.-]{0,30}:[^|>\n]{1,2000}|(?://)?[\w-]+(?:\.[\w-]+)+[^|>\s]{0,2000}(?=\|))(?:\|([^>\n]{0,500}))?>"
)
_HTML = re.compile(
    r"<\s{0,20}/?\s{0,20}(?:a|img|script|iframe|link|meta|form|svg|object|embed)\b[^>]*>?", re.I
)
_URL = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]{1,30}:\s?[/\\]\s?[/\\][^\s`<>\"')\]}]*"
    r"|\b(?:https?|ftp|wss?):/?[^\s/\\.`<>\"')\]}]+\.[^\s`<>\"')\]}]*"
    r"|(?<![\w:/.])//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s`<>\"')\]}]*"
    r"|(?<![\w@/.:-])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:/(?!\d{1,3}\b)[^\s`<>\"')\]}]*|\?[^\s`<>\"')\]}]*)"
)
"""With a scheme however it is slashed, without one behind two slashes, or a path on an address."""
_OTHER = re.compile(
    r"\b(?:javascript|data|vbscript|mailto|tel|slack|file|blob):[^\s`<>)\]]{2,}", re.I
)
_BARE = re.compile(
    r"(?<![\w/.:-])(?:www\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?:com|net|org|io|dev|app|info|biz|co|me|xyz|site|online|cloud|ai|sh|link|click|top|ru|cn|"
    r"de|uk|eu|us|tk|gg|cc|to|ly|test|example|invalid|local|tech|store|shop|space|website|live|pro|"
    r"page|blog|news|zone|world|zip|mov|icu|vip|club|fun|work|one|run|rocks|ninja|host|press|life|"
    r"today|digital|agency|email|network|systems|solutions|services|support|team|studio|design|"
    r"wiki|chat|codes|tools|farm|lol|cfd|sbs|bond|monster|quest|cam|gq|ml|ga|cf|su|in|fr|nl|it|es|"
    r"pl|ch|at|be|br|jp|kr|tw|hk|sg|au|ca|tv|fm|am|im|is|pw|ws|nu|onion)|www\.[a-z0-9.-]*[a-z0-9])(?![\w-])(?::\d+)?(?:[/?#][^\s`<>\"')\]]*)?",
    re.I,
)
_REGISTRY = re.compile(r"(?:docker|oci)://(.+)")
_LOCAL = re.compile(
    r"unix:///(?:var/)?run/[\w./-]+|https://kubernetes\.default\.svc(?:\.cluster\.local)?(?:/[a-z0-9/]{0,40})?"
)
"""What leads nowhere outside: a socket of the machine, the API server as pods see it."""
_FIELD_LIKE = frozenset(
    (
        *(
            "to",
            "me",
            "sh",
            "co",
            "app",
            "top",
            "ai",
            "link",
            "cc",
            "test",
            "local",
            "info",
            "shop",
        ),
        *("zone", "run", "host", "network", "services", "team", "in", "it", "is", "at", "be", "am"),
        *("work", "one", "live", "space", "email", "tools", "systems", "support", "page", "pro"),
        *("es", "pl", "ca", "ml", "cf", "tv", "press", "design", "world", "news", "dev", "wiki"),
    )
)
"""Endings of hosts that are endings of field paths and files too (`egress.to`, `setup.sh`)."""
_BROADCAST = re.compile(r"<\s*!\s*[^>\n]{0,200}>?|<\s*[@#]\s*[A-Za-z0-9][^>\n]{0,200}>?", re.I)
_AT = re.compile(
    r"(?<![\w.])@[\s*_~`\\@]{0,4}(here|channel|everyone|all)(?=[*_~`]{0,3}(?!\w))", re.I
)
_USER = re.compile(r"(?<!\w)@([UW][A-Z0-9]{7,12})\b")

KnownText = Callable[[str], bool]
"""Tells whether a host or image reference stands in results or passages."""


def allowed_host(url: str, hosts: frozenset[str]) -> bool:
    """Tell whether an https link leads to a host on the list, with no trick in its authority."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return False
    if parts.scheme.lower() != "https" or parts.username or parts.password or not host.isascii():
        return False
    if "\\" in url or "%" in parts.netloc or port not in (None, 443):
        return False
    return host in hosts


def defuse_links(text: str, hosts: frozenset[str], known: KnownText) -> tuple[str, int]:
    """Remove every foreign link; returns the text and how many were removed."""
    links = _Links(hosts, known)
    text = text.replace("\x00", "")
    for expression, act in (
        (_REFERENCE, links.foreign),
        (_MARKDOWN, links.markdown),
        (_SLACK, links.slack),
        (_HTML, links.foreign),
        (_URL, links.url),
        (_OTHER, links.foreign),
        (_BARE, links.bare),
    ):
        text = expression.sub(act, text)
    return re.sub(r"\x00(\d+)\x00", lambda match: links.kept[int(match[1])], text), links.removed


class _Links:
    """One pass over the links of one text; those kept are set aside until all were looked at."""

    def __init__(self, hosts: frozenset[str], known: KnownText) -> None:
        self._hosts = hosts
        self._known = known
        self.kept: list[str] = []
        self.removed = 0

    def foreign(self, _: re.Match[str]) -> str:
        self.removed += 1
        return LINK

    def markdown(self, match: re.Match[str]) -> str:
        label = _label(match[1])
        if not match[0].startswith("!") and allowed_host(match[2], self._hosts):
            return self._keep(match[2], label)
        mark = self.foreign(match)
        return mark if label == "source" else f"{label} {mark}"

    def slack(self, match: re.Match[str]) -> str:
        if allowed_host(match[1], self._hosts):
            return self._keep(match[1], _label(match[2] or ""))
        return self.foreign(match)

    def url(self, match: re.Match[str]) -> str:
        address = match[0].rstrip(".,;:!?*_")
        tail = match[0][len(address) :]
        image = _REGISTRY.match(address)
        if (image and self._known(image[1])) or _LOCAL.fullmatch(address):
            return self._keep(address, "") + tail
        if allowed_host(address, self._hosts):
            return self._keep(address, "") + tail
        return self.foreign(match) + tail

    def bare(self, match: re.Match[str]) -> str:
        address = match[0].rstrip(".,;:!?*_")
        host = match[1].lower()
        if not re.search(r"[/?#]", address) and host.rsplit(".", 1)[-1] in _FIELD_LIKE:
            return match[0]
        plain = host in self._hosts or host.endswith((".k8s.io", ".kubernetes.io"))
        return match[0] if plain or self._known(address) else self.foreign(match)

    def _keep(self, url: str, label: str) -> str:
        self.kept.append(f"[{label}]({url})" if label else url)
        return f"\x00{len(self.kept) - 1}\x00"


def defuse_mentions(text: str) -> str:
    """Make mentions of people, groups and channels plain words."""
    text = _BROADCAST.sub("(mention removed)", text)
    text = _AT.sub(lambda match: match[1], text)
    return _USER.sub("(mention removed)", text)


def mask(text: str) -> str:
    """Mask secrets; what still looks like one is withheld, paragraph by paragraph."""
    masked = redact(text)
    if not contains_secret(masked):
        return masked
    return "\n\n".join(WITHHELD if contains_secret(part) else part for part in masked.split("\n\n"))


def _label(text: str) -> str:
    """Keep a link's words unless they pretend to be an address."""
    words = " ".join(text.split())[:120].strip("[]<>|")
    if not words or "://" in words or _BARE.search(words) or "www." in words.lower():
        return "source"
    return words
