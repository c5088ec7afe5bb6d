"""Reads `who can delete pods`: one verb of RBAC on one resource. Pure.

Used by `bot.agent.offline.question.reading` and the plan that answers it.
"""

import re
from collections.abc import Sequence

from bot.agent.offline.question.topics import Topic
from tools.objects.kinds import KINDS

_WHO = re.compile(
    r"\b(?:who|whom|wer|which|what|welche\w*|any(?:body|one)|some(?:body|one)|everybody|everyone|list|show|does|do|can|could|may|is|are|has|have|hat|kann|darf)\b"
    r".{0,60}?\b(?:can|could|may|able to|allowed to|permitted to|has? the (?:right|permission)s?|rights?|permissions?|access|kann|können|darf|dürfen)\b|"
    r"^\W*(?:and |so )?(?:can|could|may|kann|darf)\b",
    re.I,
)
_ME = re.compile(
    r"\b(?:can|could|would|will|kannst) (?:you|oakum|du)\b|\b(?:can|could|may|should|must|kann|dürfen|können) (?:i|we|ich|wir|one|man)\b",
    re.I,
)
_VERBS: tuple[tuple[str, str, str], ...] = (
    (r"\bexec\w*\b|\bshell(?:s| in\w*)?\b|\bkubectl exec", "create", "pods/exec"),
    (r"\battach\b", "create", "pods/attach"),
    (r"port-?\s?forward\w*", "create", "pods/portforward"),
    (r"\bevict\w*", "create", "pods/eviction"),
    (r"\bdebug\b|ephemeral", "patch", "pods/ephemeralcontainers"),
    (
        r"(?:read|see|get|view|lesen|access)\w*\s+(?:the |all |pods?'? |container )*logs?\b",
        "get",
        "pods/log",
    ),
    (r"\bdelet\w+|\bremov\w+|\bkill\w*|lösch\w*", "delete", ""),
    (r"\bscal(?:e|ing)\b|skalier\w*", "patch", "deployments/scale"),
    (r"\bcreat\w+|\badd\b|\bmake\b|\bdeploy\b|erstell\w*|anleg\w*", "create", ""),
    (
        r"\bpatch\w*|\bupdat\w+|\bedit\w*|\bmodif\w+|\bchang\w+|\bwrit\w+|\brestart\w*|ändern|\bcordon\b|\bdrain\b",
        "update",
        "",
    ),
    (r"\bwatch\w*", "watch", ""),
    (r"\blist\b(?=\s+(?:all |the )?\w+s\b)", "list", ""),
    (r"\bread\w*|\bget\b|\bview\b|\bsee\b|\blesen\b|\bsehen\b|\baccess\b", "get", ""),
)
_NOUNS = {
    "network policies": "networkpolicies", "netpols": "networkpolicies", "service accounts": "serviceaccounts",
    "role bindings": "rolebindings", "cluster roles": "clusterroles", "config maps": "configmaps",
    "configmap": "configmaps", "secret": "secrets", "node": "nodes", "events": "events",
    "cluster role bindings": "clusterrolebindings", "persistent volumes": "persistentvolumes", "crds": "customresourcedefinitions",
}  # fmt: skip
_EXTRA = ("secrets", "configmaps", "nodes", "customresourcedefinitions", "endpoints", "leases")


def asked(text: str, topics: Sequence[Topic]) -> tuple[str, str] | None:
    """Give the verb and resource that a question is on; None where a check answers it or it is another."""
    judged = any(
        control.startswith("5.1.")
        for topic in topics
        if not topic.group
        for control in topic.controls
    )
    if judged or _ME.search(text) or not _WHO.search(text):
        return None
    for pattern, verb, resource in _VERBS:
        match = re.search(pattern, text, re.I)
        if match:
            found = (
                resource or resource_in(text[match.end() :][:40]) or _before(text, match.start())
            )
            return (verb, found) if found else None
    return None


def _before(text: str, at: int) -> str:
    """Give what stands before a verb, as German word order has it."""
    return (
        resource_in(text[:at][-30:])
        if re.match(r"^\W*(?:wer|darf|kann|welche)", text, re.I)
        else ""
    )


def resource_in(text: str) -> str:
    """Give the plural of the first kind that a text names, as RBAC writes it; empty for none."""
    lowered = text.lower()
    worded = [each for each in KINDS.values() if each.plural != "*" and not each.folder_only]
    plurals = {kind.plural: kind.plural for kind in worded}
    singles = {kind.kind.lower(): kind.plural for kind in worded}
    known = {**singles, **plurals, **{name: name for name in _EXTRA}, **_NOUNS}
    found = [
        (match.start(), len(word), plural)
        for word, plural in known.items()
        for match in re.finditer(rf"(?<![\w/-]){re.escape(word)}(?![\w/-])", lowered)
    ]
    return min(found, key=lambda item: (item[0], -item[1]))[2] if found else ""
