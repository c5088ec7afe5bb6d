"""Which part of a cluster a question and a control are about. Pure.

The same words stand in controls of the API server, the kubelet and etcd: what a question names decides.
Used by `bot.agent.offline.answers.guided`.
"""

import re
from collections.abc import Sequence

from knowledge.types import Control

_PARTS: tuple[tuple[str, str, str], ...] = (
    ("API server", r"\bapi[\s-]?servers?\b|kube-?apiserver|\bthe api\b", r"^1\.2\.|^1\.1\.[12]$"),
    ("controller manager", r"controller[\s-]?managers?", r"^1\.3\.|^1\.1\.(?:3|4|17|18)$"),
    ("scheduler", r"\bschedulers?\b|kube-?scheduler", r"^1\.4\.|^1\.1\.(?:5|6|15|16)$"),
    ("etcd", r"\betcd\b", r"^2\.|^1\.1\.(?:7|8|11|12)$"),
    ("kubelet", r"\bkubelets?\b", r"^4\.2\.|^4\.1\.(?:1|2|5|6|7|8|9|10)$"),
    ("kube-proxy", r"kube-?proxy", r"^4\.3\.|^4\.1\.[34]$"),
    (
        "people",
        r"\b(?:people|humans?|persons?|developers?|devs?|users?|admins?|employees|colleagues|engineers|staff|team|log(?:s|ging)? ?in|sign in|nutzer|entwickler)\b"
        r"(?=.*\b(?:certs?|certificates?|zertifikat\w*|tokens?|kubeconfig))|\bcert\w*.{0,40}\b(?:people|humans?|developers?|devs?|users?)\b",
        r"^3\.1\.",
    ),
    ("audit policy", r"audit(?:ing)?[\s-]+polic\w+", r"^3\.2\."),
)
_PART_WORDS = frozenset(
    [
        "api",
        "server",
        "kubelet",
        "etcd",
        "scheduler",
        "controller",
        "manager",
        "kube",
        "proxy",
        "and",
        "the",
        "for",
        "not",
        "with",
        "only",
        "off",
        "has",
        "file",
    ]
)
_PEER = re.compile(r"\bpeers?\b|etcd members?|between etcd", re.I)


def first(text: str, hits: Sequence[Control]) -> list[Control]:
    """Put controls of the one part that a question names before the others; else keep the order."""
    named = [sections for _, pattern, sections in _PARTS if re.search(pattern, text, re.I)]
    ordered = list(hits)
    if len(named) == 1 and ordered:
        alike = _words(ordered[0])
        ordered.sort(key=lambda item: not (re.match(named[0], item.id) and alike & _words(item)))
    if _PEER.search(text):
        ordered.sort(key=lambda item: "peer" not in f"{item.title} {item.setting}".lower())
    else:
        ordered.sort(key=lambda item: "peer" in item.title.lower())
    return ordered


def alike(one: Control, other: Control) -> bool:
    """Tell whether two controls ask for something alike."""
    return bool(_words(one) & _words(other))


def _words(control: Control) -> set[str]:
    """Words of a control's title and setting that say what is asked, not of which part."""
    found = re.findall(r"[a-z]{3,}", f"{control.title} {control.setting}".lower())
    return {word.rstrip("s") for word in found} - _PART_WORDS
