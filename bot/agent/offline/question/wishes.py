"""Reads which change is asked for, in English and German, and the facts that it needs. Pure.

Used by `bot.agent.offline.answers.changes`.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.agent.offline.question.narrowing import LESS
from bot.agent.offline.question.phrases import NUMBER, WORDS
from bot.agent.offline.question.stopwords import STOP
from bot.agent.offline.question.topics import topics_of
from tools.objects.kinds import KINDS


class Sort(StrEnum):
    """What is to be done."""

    DEPLOY = "deploy"
    SUBJECT = "subject"
    NARROW = "narrow"
    SCALE = "scale"
    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"
    RESOURCES = "set_resources"
    PIN = "pin_images"
    ACCOUNT = "own_service_account"
    LABELS = "pod_security_labels"
    DENY = "deny_traffic"
    DELETE = "delete"
    FIX = "fix"


_KIND = (
    r"deployments?|statefulsets?|daemonsets?|cron ?jobs?|jobs?|pods?|network ?polic(?:y|ies)|"
    r"service ?accounts?|role ?bindings?|workloads?|apps?|replicasets?"
)
_SORTS: tuple[tuple[Sort, re.Pattern[str]], ...] = tuple(
    (sort, re.compile(pattern, re.I))
    for sort, pattern in (
        (Sort.DEPLOY, r"\bdeploy\b(?!ment)|\bausroll\w*|\bsha256:[0-9a-f]{64}"),
        (Sort.SUBJECT, r"\b(?:remove|take|drop|entfern\w*|nimm|revoke)\b.{0,120}\b(?:from|out of|aus|von)\b.{0,40}\b(?:cluster ?)?role ?bindings?\b"),
        (Sort.NARROW, LESS.pattern + r"|\b(?:narrow|restrict|limit|reduce|shrink|einschränk\w*)\b.{0,40}\b(?:cluster ?)?roles?\b(?! ?binding)"),
        (Sort.LABELS, r"\b(?:label|enforce|pod security|baseline|restricted)\b.*\b(?:baseline|restricted|privileged)\b|\blabel\b.*\b(?:namespace|ns|namensraum)\b|\bpod security labels?\b|\b(?:hold|keep)\b.{1,60}\bto\b.{0,20}\b(?:baseline|restricted)\b"),
        (Sort.DENY, r"\bdefault[- ]deny\b|\b(?:lock down|isolate|secure)\b.{0,60}\bonly\b.{0,30}\b(?:talk|connect|reach|send)|\b(?:deny|block|isolate|forbid|verbiete|sperre|blockiere|isoliere)\b.{0,60}\b(?:traffic|ingress|egress|network|namespace|ns|verkehr|namensraum)\b|\b(?:add|create|set|erstelle|lege)\b.{0,30}\bnetwork ?polic|\bnetwork ?policy\b.{0,30}\banlegen"),
        (Sort.ACCOUNT, r"\b(?:own|dedicated|separate|eigene\w*)\b.{0,20}\bservice ?(?:account|konto)"),
        (Sort.PIN, r"\bpin\b|\bpinn\w*|\bby digest\b|\bto (?:its|their|a|the) digests?\b|fixier\w*"),
        (Sort.RESOURCES, r"\b(?:cpu|memory|mem|ram|resources?|speicher|prozessor)\b.{0,60}\b(?:limits?|requests?|grenzen?)\b|-grenze|\b(?:limits?|requests?)\b.{0,60}(?:\d ?(?:m|mi|gi|cores?|cpus?)\b|\b(?:cpu|memory|ram|speicher)\b)|\b(?:set|add|give|setze)\b.{0,30}\b(?:limits|requests)\b"),
        (Sort.SCALE, r"\b(?:scale|bump|skalier\w*|hochfahren|runterfahren)\b|\breplicas?\b|\breplikas?\b"),
        (Sort.RESUME, r"\b(?:resume|unpause|unsuspend|fortsetz\w*|setze?\b.{0,40}\bfort)\b"),
        (Sort.PAUSE, r"\b(?:pause|suspend|pausier\w*|anhalten)\b"),
        (Sort.RESTART, r"\brestart\w*|\bbounce\b|\bneu ?start\w*|\bstarte\b.{0,60}\bneu\b|\broll(?:ing)? restart"),
        (Sort.DELETE, rf"\b(?:delete|lösch\w*|get rid of)\b|\b(?:remove|entfern\w*|kill|drop|evict)\b(?=\W+(?:the |whole |entire |das |den |die |ganzen? )*(?:[\w.-]+ )?(?:{_KIND}|namespaces?|namensraum)\b)"),
    )
)  # fmt: skip

_NAMED = re.compile(
    r"\b(network ?polic(?:y|ies)|service ?accounts?|cluster ?role ?bindings?|role ?bindings?|"
    r"cluster ?roles?|roles?|deployments?|statefulsets?|daemonsets?|cron ?jobs?|jobs?|pods?|"
    r"namespaces?|persistent ?volumes?(?: ?claims?)?|secrets?|config ?maps?)[\s/]+"
    r"(?:named |called |namens )?([`'\"]?)([A-Za-z0-9][\w.:-]*[A-Za-z0-9])",
    re.I,
)
_WORDED = [kind for kind in KINDS.values() if not kind.folder_only]
"""Words such as rollout and revision mean other things in a question."""
_KINDS = {kind.kind.lower(): kind.kind for kind in _WORDED} | {
    kind.plural: kind.kind for kind in _WORDED if kind.plural != "*"
}
UNREADABLE = ("secret", "secrets")
_BEFORE_KIND = re.compile(
    rf"(?<![\w.-])[`'\"]?([A-Za-z0-9][\w.:-]*[A-Za-z0-9])[`'\"]?\s+({_KIND}|cluster ?roles?(?: ?bindings?)?|roles?|namespaces?)(?![\w-])",
    re.I,
)

_NUMBER_OF = re.compile(
    r"(?:\bto|\bauf|\bwith|\bmit|=|:|\bat|\breplicas?|\breplikas?)\s*(\d{1,4})\b|"
    r"\b(\d{1,4})\s*(?:replicas?|replikas?|pods?|copies|instances|instanzen)\b",
    re.I,
)
_WORD = re.compile(
    rf"\b(?:{'|'.join(WORDS)})\b(?=\W*(?:replicas?|replikas?|pods?|copies|instan\w+|$))", re.I
)
_ZERO = re.compile(r"\b(?:to|auf) (?:zero|null)\b|\bscale\b.{0,40}\bdown to nothing\b", re.I)
_UID = re.compile(
    r"(?:\b(?:uid|user(?:[- ]?id)?|runAsUser|nutzer|benutzer)\b\s*(?:id|number|is|=|:|ist)?\s*|"
    r"\b(?:run(?:s|ning)? )?(?:as|als) )(\d{1,10})\b",
    re.I,
)
_CONTAINER = re.compile(r"\bcontainer\s+[`'\"]?([a-z0-9][a-z0-9-]*)", re.I)
_VOLUME = re.compile(
    r"\b(?:volume|volumen)\s+[`'\"]?([a-z0-9][a-z0-9-]*)|"
    r"[`'\"]([a-z0-9][a-z0-9-]*)[`'\"]?\s+(?:may|can|darf|kann)\b",
    re.I,
)
_EMPTY = re.compile(r"\bempty\b|emptydir|\bleer\w*", re.I)
_SURE = re.compile(r"\b(?:confirm(?:ed)?|bestätig\w*)\b", re.I)
_IMAGE = re.compile(r"[\w.:/-]+@sha256:[0-9a-f]{64}")
_PORT = re.compile(r"\bport\s*(?:is|=|:)?\s*(\d{2,5})\b", re.I)
_CALLED = re.compile(
    r"\b(?:deploy|called|named|namens|app|application|service)\s+(?:an? |the )?(?:app(?:lication)? |new )*"
    r"(?:called |named )?[`'\"]?((?!(?:from|image|in|into|to|with|an?|the)\b)[a-z0-9][a-z0-9-]*)(?![\w.:/@-])",
    re.I,
)
_INTO = re.compile(
    r"\b(?:in|into|to|im|nach)\s+(?:the\s+)?(?:namespaces?\s+|ns\s+)?[`'\"]?([a-z0-9][a-z0-9-]*)(?![\w.:/@-])",
    re.I,
)
_SUBJECT = re.compile(r"\b(user|group|service ?account|nutzer|gruppe)\s+[`'\"]?([^\s`'\"]+)", re.I)
_SUBJECTS = {"user": "User", "nutzer": "User", "group": "Group", "gruppe": "Group"}
_AMOUNT = re.compile(
    r"\b(\d+(?:\.\d+)?)\s*(m|millicores?|cores?|cpus?|mi|mib|gi|gib)\b(?!\w)", re.I
)
_AMOUNT_SORT = re.compile(r"\b(limits?|requests?|grenzen?)\b", re.I)
_LEVEL = re.compile(r"\b(baseline|restricted)\b", re.I)
_MODE = re.compile(r"\b(enforce|warn|audit)\b", re.I)
_READ_ONLY = re.compile(r"read-?only (?:root|file)|root ?file ?system|readOnlyRootFilesystem", re.I)
_EVERYTHING = re.compile(
    r"\b(?:harden|secure|everything|all of|all findings|all (?:the )?problems|härte\w*|absicher\w*|alles)\b",
    re.I,
)

_PLAIN = frozenset({Sort.SCALE, Sort.RESTART, Sort.PAUSE, Sort.DELETE})
"""Of these one sentence may ask for several, and hold the words of none but those."""
_FIXES = re.compile(
    r"\b(?:fix\w*|mend|remed\w+|harden\w*|secur\w+|safe\w*|lock\w*|repair\w*|solve|resolve|correct|compliant|pass(?:es)?|"
    r"finding\w*|problem\w*|beheb\w*|reparier\w*|härt\w*|absicher\w*|sicher\w*|stop|stopp\w*|as (?:user|uid)|uid|confirm\w*|"
    r"bestätig\w*)\b",
    re.I,
)
_CHECK = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_LOOSENS = re.compile(
    r"\b(?:make|run|enable|allow|give|grant|add|set|let|turn on|switch on|erlaub\w*|aktivier\w*|gib|mach\w*)\b.{0,60}"
    r"\b(?:privileged?|privilegiert|(?:as|to|als) root|root user|cluster-?admin|host ?(?:network|pid|ipc|path)\w*|net_\w+|sys_\w+|"
    r"capabilit\w+|(?:privilege )?escalation)\b",
    re.I,
)
_AGAINST = re.compile(
    r"\b(?:not|no|non|un\w+|stop\w*|without|drop\w*|off|less|disable|forbid|deny|never|remove|false|fix\w*|0|ohne|nicht|kein\w*|"
    r"propose|pass\w*|entfern\w*)\b|non-?root|n['’]t\b",
    re.I,
)
_UNPROTECTS = re.compile(
    r"\b(?:disable|turn off|switch off|remove|drop|delete|deaktivier\w*|entfern\w*)\b.{0,30}"
    r"\b(?:seccomp|pod security|policies|non-?root|runasnonroot|read-?only|apparmor|selinux|rbac|admission)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it was asked for."""

    sort: Sort
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """Arguments of the query, without the object."""
    kind: str = ""
    """Written out with the name; empty: a workload."""
    name: str = ""
    also: tuple[Sort, ...] = ()
    """What the text seems to want beside it."""


def read_change(text: str) -> Change:
    """Read a request; what fits nothing else may be a fix (`is_fix`)."""
    sorts = [sort for sort, pattern in _SORTS if pattern.search(text)]
    sort = next(iter(sorts), Sort.FIX)
    kind, name = named(text, sort)
    if sort is Sort.DELETE and not kind and topics_of(text):
        sort = Sort.FIX
    facts = _FACTS[sort](text) if sort in _FACTS else {}
    also = tuple(other for other in sorts[1:] if {sort, other} <= _PLAIN)
    return Change(sort, facts, kind, name, also)


def is_fix(text: str) -> bool:
    """Tell whether a request that is none of the others asks for a fix, by its words or what they are on."""
    return bool(
        _FIXES.search(text) or topics_of(text) or NUMBER.search(text) or _CHECK.search(text)
    )


def loosens(text: str) -> bool:
    """Tell whether a request would make something less safe, which is never worked out."""
    return bool(_LOOSENS.search(text) and not _AGAINST.search(text)) or bool(
        _UNPROTECTS.search(text)
    )


def named(text: str, sort: Sort) -> tuple[str, str]:
    """Give a kind and name that stand side by side; empty for none."""
    for match in _NAMED.finditer(text):
        if not match[2] and match[3].lower() in STOP:
            continue
        word = re.sub(r"\s", "", match[1].lower())
        kind = _KINDS.get(word, "Secret" if word in UNREADABLE else "")
        if sort is Sort.SUBJECT and not kind.endswith("Binding"):
            continue
        if sort is Sort.NARROW and not kind.endswith("Role"):
            continue
        if kind and (kind != "Namespace" or sort in (Sort.LABELS, Sort.DENY, Sort.DELETE)):
            return kind, match[3]
    return _named_before(text) if sort in (Sort.DELETE, Sort.NARROW) else ("", "")


def _named_before(text: str) -> tuple[str, str]:
    """Give a kind that follows its name: `the keys rolebinding`."""
    for match in _BEFORE_KIND.finditer(text):
        kind = _KINDS.get(re.sub(r"\s", "", match[2].lower()), "")
        if kind and match[1].lower() not in STOP:
            return kind, match[1]
    return "", ""


def uid_in(text: str) -> int | None:
    """Give the user id that a text names."""
    match = _UID.search(text)
    return int(match[1]) if match else None


def container_in(text: str) -> str:
    """Give the container that a text names."""
    match = _CONTAINER.search(text)
    return match[1] if match else ""


def read_fix(text: str) -> dict[str, Any]:
    """Give what a text says for a fix: user ids, settings, volumes, whether all or sure."""
    facts: dict[str, Any] = {}
    uid = uid_in(text)
    if uid:
        user = {"uid": uid, "container": container_in(text)}
        facts["run_as"] = [{key: value for key, value in user.items() if value}]
        facts["settings"] = ["non-root"]
    if _READ_ONLY.search(text):
        facts["settings"] = [*facts.get("settings", []), "read-only-root"]
    volume = _VOLUME.search(text)
    if volume and _EMPTY.search(text):
        facts["empty_dirs"] = [volume[1] or volume[2]]
        facts["settings"] = [*facts.get("settings", []), "host-paths"]
    if _EVERYTHING.search(text):
        facts["everything"] = True
    return facts | _sure(text)


def _scale(text: str) -> dict[str, Any]:
    text = _WORD.sub(lambda match: str(WORDS[match[0].lower()]), text)
    if _ZERO.search(text):
        return {"replicas": 0}
    match = _NUMBER_OF.search(text)
    return {"replicas": int(match[1] or match[2])} if match else {}


def _labels(text: str) -> dict[str, Any]:
    level = _LEVEL.search(text)
    if not level:
        return {}
    modes = {match.lower() for match in _MODE.findall(text)} or {"enforce"}
    return {mode: level[1].lower() for mode in sorted(modes)}


def _deny(text: str) -> dict[str, Any]:
    out = re.search(r"\begress\b|\boutgoing\b|\bto and from\b|ausgehend\w*", text, re.I)
    return {"egress": True} if out else {}


def _account(text: str) -> dict[str, Any]:
    called = re.search(r"\b(?:called|named|namens)\s+[`'\"]?([a-z0-9][a-z0-9.-]*)", text, re.I)
    facts: dict[str, Any] = {"account": called[1]} if called else {}
    return facts | _sure(text)


def _sure(text: str) -> dict[str, Any]:
    return {"confirmed": True} if _SURE.search(text) else {}


def _resources(text: str) -> dict[str, Any]:
    """Give amounts by the field they are for; the container comes from elsewhere."""
    amounts: dict[str, int] = {}
    for match in _AMOUNT.finditer(text):
        before = [found[1].lower() for found in _AMOUNT_SORT.finditer(text[: match.start()])]
        after = _AMOUNT_SORT.search(text[match.end() :])
        sort = before[-1] if before else (after[1].lower() if after else "")
        if sort:
            field_, value = _amount(float(match[1]), match[2].lower())
            kept = "request" if sort.startswith("request") else "limit"
            amounts[f"{kept}_{field_}"] = value
    container = container_in(text)
    return amounts | ({"container": container} if container else {})


def _amount(value: float, unit: str) -> tuple[str, int]:
    if unit.startswith(("mi", "gi")) and not unit.startswith("milli"):
        return "memory_mib", round(value * (1024 if unit.startswith("g") else 1))
    return "cpu_millicores", round(value * (1000 if unit.startswith("c") else 1))


def _pin(text: str) -> dict[str, Any]:
    container = container_in(text)
    return {"containers": [container]} if container else {}


def _deploy(text: str) -> dict[str, Any]:
    image, port, user = _IMAGE.search(text), _PORT.search(text), uid_in(text)
    called = _CALLED.search(text)
    facts: dict[str, Any] = {
        "name": called[1] if called else "",
        "image": image[0] if image else "",
        "namespace": into[1] if (into := _INTO.search(text)) else "",
        "port": int(port[1]) if port else 0,
        "user": user or 0,
        "replicas": int(found[1] or found[2]) if (found := _replicas(text)) else 0,
    }
    return {key: value for key, value in facts.items() if value}


def _replicas(text: str) -> re.Match[str] | None:
    return re.search(r"\b(\d{1,2})\s*(?:replicas?|copies|replikas?)\b|\breplicas?\s*[=:]?\s*(\d{1,2})\b", text, re.I)  # fmt: skip


def _subject(text: str) -> dict[str, Any]:
    match = _SUBJECT.search(text)
    if not match:
        return {}
    kind = _SUBJECTS.get(match[1].lower(), "ServiceAccount")
    namespace, _, name = (
        match[2].rpartition("/") if kind == "ServiceAccount" else ("", "", match[2])
    )
    facts = {"subject_kind": kind, "subject": name}
    return facts | ({"subject_namespace": namespace} if namespace else {})


_FACTS = {
    Sort.FIX: read_fix,
    Sort.SCALE: _scale,
    Sort.LABELS: _labels,
    Sort.DENY: _deny,
    Sort.ACCOUNT: _account,
    Sort.RESOURCES: _resources,
    Sort.PIN: _pin,
    Sort.DEPLOY: _deploy,
    Sort.SUBJECT: _subject,
}
