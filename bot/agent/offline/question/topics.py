"""What people call the things that controls are about. Constants and their matching.

Used by `bot.agent.offline.question.reading`.
"""

import difflib
import re
from dataclasses import dataclass

from bot.agent.offline.question.stopwords import STOP


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be asked about a cluster."""

    name: str
    """Ends the sentence `... fail CIS 5.2.2, <name>`."""
    controls: tuple[str, ...]
    pattern: re.Pattern[str]
    group: bool = False
    """A wider topic; gives way to any narrower one in the same question."""


def _topic(name: str, controls: str, pattern: str, group: bool = False) -> Topic:
    return Topic(name, tuple(controls.split()), re.compile(pattern, re.I), group)


TOPICS: tuple[Topic, ...] = (
    _topic(
        "bindings of cluster-admin",
        "5.1.1",
        r"cluster[\s-]?admin|\bgod mode|full (?:admin|control)|superuser",
    ),
    _topic(
        "access to Secrets",
        "5.1.2",
        r"(?:read|access|list|get|see|view|watch|fetch|lesen|sehen|steal)\w*\s+(?:\w+\s+){0,3}secrets?\b"
        r"|secrets?[\s-]+(?:access|readers?|permissions?)|(?:access|permissions?) (?:to|on|for) (?:\w+ )?secrets?",
    ),
    _topic(
        "wildcards in roles",
        "5.1.3",
        r"(?<!\S)\*(?!\S)|wild[\s-]?cards?|\basterisk|star permissions?|verbs?.{0,12}\*",
    ),
    _topic(
        "rights to create pods",
        "5.1.4",
        r"(?:creat|start|launch|spawn|deploy|erstell|anlegen)\w*\s+(?:new\s+|any\s+)?pods?\b|pods?[\s-]+creat\w+|pods? (?:anlegen|erstellen)",
    ),
    _topic(
        "use of the default service account",
        "5.1.5",
        r"default\s+(?:service[\s-]?accounts?|sa\b|serviceaccounts?)|(?:service[\s-]?account|sa)s?\s+(?:named\s+|called\s+)?default\b|no (?:own|dedicated) service ?account",
    ),
    _topic(
        "mounted service account tokens",
        "5.1.6",
        r"auto[\s-]?mount\w*|/var/run/secrets|mount\w*\s+(?:\w+\s+){0,4}tokens?\b|tokens?\s+(?:\w+\s+){0,3}mount\w*|"
        r"(?:service[\s-]?account|\bsa\b|\bapi)\s+(?:api\s+)?(?:tokens?|credentials)",
    ),
    _topic("use of system:masters", "5.1.7", r"system[:\s-]?masters?"),
    _topic(
        "rights to bind, escalate or impersonate",
        "5.1.8",
        r"impersonat\w*|\bbind\b(?=.{0,25}\b(?:roles?|verbs?|rights?|permissions?)\b)|\b(?:verbs?|rights?) (?:to )?bind\b|"
        r"\bescalate\b(?=.{0,25}\b(?:roles?|verbs?|rights?|permissions?)\b)|\bverbs?\b.{0,12}\bescalate\b|escalat\w+ (?:their|its|own|his) (?:rights|permissions|roles?|privileges)|rbac escalation",
    ),
    _topic(
        "rights to create persistent volumes",
        "5.1.9",
        r"(?:creat\w*|make|access\w*)\s+(?:\w+\s+){0,2}(?:persistent[\s-]?volumes?|pvs?\b)|persistent[\s-]?volumes?",
    ),
    _topic(
        "access to nodes/proxy",
        "5.1.10",
        r"nodes?[\s/-]+(?:sub-?resource )?proxy|proxy (?:sub-?resource|to nodes?)|kubelet api",
    ),
    _topic(
        "approval of certificate requests",
        "5.1.11",
        r"\bcsrs?\b|certificate[\s-]?signing|(?:approv|sign)\w*\s+(?:\w+\s+){0,2}certificates?",
    ),
    _topic("rights over admission webhooks", "5.1.12", r"web[\s-]?hooks?"),
    _topic(
        "rights to create service account tokens",
        "5.1.13",
        r"(?:creat|issu|mint|generat|request)\w*\s+(?:\w+\s+){0,3}tokens?|serviceaccounts?/token|token creat\w+",
    ),
    _topic(
        "Pod Security admission",
        "5.2.1",
        r"pod[\s-]?security[\s-]+(?:admission|labels?|levels?|enforce\w*|polic\w+)|\bpsa\b|enforce[\s-]+labels?|enforc\w+ (?:the )?pod[\s-]security|admission (?:control|polic)\w*|(?:no|without|missing|active) polic(?:y|ies)[\s-]+(?:control|engine|mechanism)",
    ),
    _topic(
        "privileged containers",
        "5.2.2",
        r"privileged|privilegiert\w*|\bpriv(?:ed|'d)?\s+(?:pods?|containers?|mode)",
    ),
    _topic(
        "sharing the host's process IDs",
        "5.2.3",
        r"host[\s-]?pid|process(?:es)? (?:on|of) the (?:machine|node|host|server)\b|host(?:'s)?[\s-]+process(?:es)?(?![\s-]*containers?)|pid[\s-]+namespace|(?:node|host)(?:'s)? process(?:es)?\b(?![\s-]*containers?)",
    ),
    _topic(
        "sharing the host's IPC", "5.2.4", r"host[\s-]?ipc|ipc[\s-]+namespace|shared memory|\bipc\b"
    ),
    _topic(
        "use of the host network",
        "5.2.5",
        r"host[\s-]?net\w*|(?:node|host)(?:'s|s)?[\s-]+netw\w+|network of the (?:host|node)|network namespace|host-?netz\w*|netzwerk des (?:hosts?|knotens?)",
    ),
    _topic(
        "privilege escalation",
        "5.2.6",
        r"allow[\s-]?privilege[\s-]?escalation|\bescalate\b(?!.{0,25}\b(?:roles?|verbs?|rights|permissions)\b)|privilege[\s-]+escalation|escalat\w+ privileges?|set[\s-]?uid|no[\s_-]?new[\s_-]?priv\w*|gain (?:more |new )?privileges|sudo\b|rechteausweitung",
    ),
    _topic(
        "running as root",
        "5.2.7",
        r"\b(?:as|als|to|is|be|non?)[\s-]*root\b|\broot\b(?![\s-]*(?:file|fs|ca|cert|cause|dir))|runas(?:non)?root|run[\s-]?as[\s-]?(?:non[\s-]?root|user)|\buid[\s:=]*0|user (?:id )?0\b|super-?user",
    ),
    _topic("the NET_RAW capability", "5.2.8", r"net[\s_-]?raw|raw sockets?|arp|spoof\w*|\bping\b"),
    _topic(
        "Linux capabilities",
        "5.2.9",
        r"capabilit\w+|\bcaps\b|\bcap_(?!net_raw)\w+|drop[\s-]?all|sys[\s_-]admin|net[\s_-]admin|sys[\s_-]ptrace",
    ),
    _topic(
        "Windows HostProcess containers",
        "5.2.10",
        r"windows|host[\s-]?process[\s-]+containers?|hostprocess",
    ),
    _topic(
        "hostPath volumes",
        "5.2.11",
        r"host[\s-]?paths?|(?:host|node)(?:'s|s)?[\s-]+(?:files?|file[\s-]?systems?|director\w+|disks?|folders?|mounts?|volumes?)|"
        r"mount\w*\s+(?:\w+\s+){0,4}(?:host|node)|(?:docker|containerd|cri)[\s./-]*sock\w*|/var/run(?!/secrets)|/etc from|access to the (?:host|node)|mount\w*\s+(?:\S+\s+){0,4}(?:machine|vm|server)\b",
    ),
    _topic(
        "host ports",
        "5.2.12",
        r"host[\s-]?ports?|ports? (?:on|of) (?:the |a )?(?:host|node)s?|node(?:'s)? ports?\b",
    ),
    _topic(
        "a network plugin that enforces policies",
        "5.3.1",
        r"\bcni\b|network plug-?in|network[\s-]?polic\w+.{0,60}\b(?:no effect|not (?:work|enforc|appli)\w*|ignored|still)\b|enforce\w* network polic\w+",
    ),
    _topic(
        "namespaces without a network policy",
        "5.3.2",
        r"network[\s-]?polic\w+|net[\s-]?pols?\b|netzwerk-?(?:richtlinie|regel|polic)\w*|default[\s-]?deny|segment\w*|firewall\w*|micro-?segment\w*|lateral|(?:talk|connect|reach|call|send|traffic|egress|exfiltrat\w*|outbound)\b.{0,40}\b(?:internet|outside|other namespaces?|each other|everything|anything|one another)|\begress\b|\boutbound\b|east[\s-]west|network isolation|\bisolated\b(?!.{0,15}(?:process|pid))|isolat\w+ (?:on|by) (?:the )?network",
    ),
    _topic(
        "Secrets in environment variables",
        "5.4.1",
        r"secrets?\s+(?:\w+\s+){0,5}(?:env\w*|umgebungs\w*)|env\w*\s+(?:\w+\s+){0,5}secrets?|umgebungs\w*\s+(?:\w+\s+){0,4}secrets?|"
        r"secret[\s-]?key[\s-]?ref|env[\s-]?from|(?:passwords?|credentials)\s+(?:\w+\s+){0,4}env\w*",
    ),
    _topic(
        "an external secret store",
        "5.4.2",
        r"external[\s-]+secrets?|\bvault\b|secret[\s-]+(?:stor\w+|managers?)|sealed[\s-]?secrets?",
    ),
    _topic(
        "seccomp profiles",
        "5.6.2",
        r"seccomp\w*|sec[\s-]comp|syscalls?|system[\s-]calls?|runtime[\s-]?default",
    ),
    _topic("missing security contexts", "5.6.3", r"security[\s-]?contexts?"),
    _topic(
        "use of the default namespace",
        "5.6.4",
        r"default[\s-]+namespaces?|namespaces?\s+(?:named\s+|called\s+)?['\"`]?default\b|(?:in|into|im|inside)\s+(?:the\s+)?['\"`]?default\b(?!\s+(?:service|sa\b|deny|seccomp))",
    ),
    _topic(
        "administrative boundaries between namespaces",
        "5.6.1",
        r"administrative bound\w+|namespace (?:bound\w+|separation|isolation)|multi[\s-]?tenan\w+|(?:separate|isolate)\w* (?:teams|tenants|namespaces)",
    ),
    _topic(
        "image provenance",
        "5.5.1",
        r"image[\s-]?policy[\s-]?webhook|image provenance|trusted (?:registr\w+|images?)|allowed registr\w+",
    ),
    _topic(
        "host namespaces",
        "5.2.3 5.2.4 5.2.5 5.2.11",
        r"(?:host|node)[\s-]+(?:level[\s-]+)?access|host[\s-]?namespaces?|share\w*\s+(?:\w+\s+){0,3}(?:host|node)\b|namespaces of the host",
        True,
    ),
    _topic(
        "RBAC",
        "5.1",
        r"\brbac\b|permissions?|\broles?\b|over-?privileged accounts?|berechtigung\w*|least privilege|access rights",
        True,
    ),
    _topic("service accounts", "5.1.5 5.1.6", r"service[\s-]?accounts?|serviceaccounts?", True),
    _topic("Secrets", "5.1.2 5.4.1", r"\bsecrets?\b|geheimniss\w*", True),
    _topic("pod security", "5.2", r"pod[\s-]?security|pod[\s-]?sicherheit", True),
)
"""Narrow topics first; groups last."""

_FIXABLE_TEXT = (
    "privileged privilegiert privilegierte privilege escalation capabilities capability network policy policies namespace "
    "namespaces seccomp hostpath hostnetwork hostport hostpid secret secrets environment variables "
    "service account accounts webhook webhooks wildcard wildcards impersonate token tokens root "
    "container containers workload workloads deployment deployments security context digest digests "
    "images image cluster clusters benchmark control controls kubelet anonymous"
)
_FIXABLE = _FIXABLE_TEXT.split()


def spelled(text: str) -> str:
    """Mend misspelt words of our trade, for matching only (`priviledged`, `netwrok`)."""

    def mend(match: re.Match[str]) -> str:
        word = match[0].lower()
        if word in _FIXABLE:
            return word
        near = difflib.get_close_matches(word, _FIXABLE, n=1, cutoff=0.84)
        return near[0] if near and near[0][0] == word[0] else match[0]

    return re.sub(r"(?<![\w./-])[A-Za-z]{6,16}(?![\w./-])", mend, text)


def topics_of(text: str) -> list[Topic]:
    """Find what a text is about, narrow topics only where there are any."""
    mended = spelled(text)
    found = [
        topic
        for topic in TOPICS
        if any(_whole(match) for match in topic.pattern.finditer(mended))
        or any(_whole(match) for match in topic.pattern.finditer(text))
    ]
    narrow = [topic for topic in found if not topic.group]
    if any(t.controls == ("5.2.6",) for t in narrow) and not re.search(r"privileged", mended, re.I):
        narrow = [t for t in narrow if t.controls != ("5.2.2",)]
    return narrow or found[:1]


def _whole(match: re.Match[str]) -> bool:
    """Tell whether a match is words of the question, not a piece of some longer name."""
    before = re.search(r"([\w.]+)[-/]$", match.string[: match.start()])
    after = re.match(r"[-/]([\w.]+)", match.string[match.end() :])
    return all(found is None or found[1].lower() in STOP for found in (before, after))
