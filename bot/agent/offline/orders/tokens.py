"""A message -> its words, each linked to what it names: an object that is there, a place, a number. Pure.

Used by `reading`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.agent.offline.orders.vocabulary import (
    FILLERS,
    IT,
    NO_NAMES,
    NO_PLACES,
    NUMBERS,
    STATES,
    VERBS,
)
from tools.objects.kinds import KINDS
from tools.queries.result import WorkloadRow, Workloads


class Sort(Enum):
    """What a word is."""

    WORD = "word"
    OBJECT = "object"
    NAME = "name"
    """Of an object that is no workload, beside its kind."""
    NAMESPACE = "namespace"
    CLUSTER = "cluster"
    NOWHERE = "nowhere"
    """Stands for a namespace or cluster, and there is none of that name."""
    KIND = "kind"
    NUMBER = "number"
    AMOUNT = "amount"
    CONTROL = "control"
    IMAGE = "image"
    IT = "it"
    BREAK = "break"
    """Between two parts of a message."""


@dataclass(slots=True)
class Token:
    """One word of a message."""

    text: str
    """In lower case."""
    sort: Sort = Sort.WORD
    written: str = ""
    rows: tuple[WorkloadRow, ...] = ()
    """Workloads of that name."""
    kind: str = ""
    number: int = 0
    placed: bool = False
    """A namespace behind `in`, or called one."""
    place: str = ""
    """Of a name written `namespace/name`."""
    also: frozenset[str] = field(default_factory=frozenset[str])
    """Names of namespaces that it is too."""


_SPOKEN = {
    r"network[ -]?polic(?:y|ies)|netpols?": "networkpolicy",
    r"cluster[ -]?role[ -]?bindings?|crbs?": "clusterrolebinding",
    r"role[ -]?bindings?": "rolebinding",
    r"cluster[ -]?roles?": "clusterrole",
    r"service[ -]?accounts?|svc accounts?|sas?": "serviceaccount",
    r"cron[ -]?jobs?|cj": "cronjob",
    r"stateful[ -]?sets?|sts": "statefulset",
    r"daemon[ -]?sets?|ds": "daemonset",
    r"deployments?|deploy(?=/)|deploy(?= [a-z])(?<=the deploy)": "deployment",
    r"namespaces?|ns": "namespace",
    r"persistent[ -]?volume[ -]?claims?|pvcs?": "persistentvolumeclaim",
    r"config[ -]?maps?|cm(?=[/ ])": "configmap",
}
_SAID = {
    r"^\W*(?:two|three|a few|a couple of) things:?": "",
    r"(?<![\w-])(?:host|node)(?:'?s)?[ -](?=(?:network|pid|ipc|ports?|paths?|process\w*)(?![\w-]))": "host",
    r"(?<![\w-])should(?:n't|nt)(?![\w-])": "should not",
    r"(?<![\w-])must(?:n't|nt)(?![\w-])": "must not",
    r"(?<![\w-])(?:while|when) (?:you're|you are|youre|ur) at it(?![\w-])": "please",
    r"(?<![\w-])no (?:longer|more)(?![\w-])": "not",
    r"\s+any ?(?:more|longer)(?![\w-])": "",
    r"(?<![\w-])apply (?:the|a) fix(?:es)? (?:to|for|on)(?![\w-])": "fix",
    r"(?<![\w-])get (?:it|that|this|them) (?:fixed|mended|done)(?![\w-])": "fix it",
    r"(?:that|this|it)(?: is|'s) not (?:ok|okay|good|fine|acceptable|allowed|right)(?![\w-])": "",
    r"\s*(?:→|->|=>)\s*": " -> ",
    r"(?<![\w-])&&(?![\w-])": ";",
}
"""What is read as the same."""
_KINDS = {kind.kind.lower(): kind.kind for kind in KINDS.values() if not kind.folder_only} | {
    "user": "User", "group": "Group", "secret": "Secret", "sa": "ServiceAccount", "pod": "Pod", "deploy": "Deployment",
    "jobs": "Job", "roles": "Role", "pods": "Pod", "groups": "Group", "users": "User", "secrets": "Secret", "po": "Pod",
    "persistentvolumeclaim": "PersistentVolumeClaim", "configmap": "ConfigMap",
}  # fmt: skip
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod")
_LOOSE = ("Pod", "User", "Secret", "Service", "Node", "Event", "Ingress", "Group")
"""Kinds whose word says something else as often."""
_TOKEN = re.compile(
    r"->|[^\s,;.!?&>\"“”()`:…]+(?:[.:][^\s,;.!?&>\"“”()`:…]+)*|[,;.!?&\n>\"“”()`:…]|\n", re.I
)
_AMOUNT = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s*((?i:mib?|gib?|millicores?|cores?|v?cpus?)|m)(?![\w-])"
)
"""`512M` is none: that is another unit than Mi."""
_CONTROL = re.compile(r"\d+(?:\.\d+){1,3}|[a-z]+(?:_[a-z]+)+")
_IN = frozenset({"in", "within", "inside", "into", "namespace", "from"})
_BREAKS = frozenset(
    {",", ";", ".", "!", "&", "\n", "and", "then", "plus", ":", "afterwards", "+", "also", "…"}
)


def words_of(text: str) -> list[str]:
    """Give what may be names in a text, at most 30, for a query to look up."""
    found = (part for raw in _split(text) for part in (raw.text, raw.text.rpartition("/")[2]))
    kept = (word for word in found if re.fullmatch(r"[a-z0-9][a-z0-9./-]*", word))
    return list(dict.fromkeys(kept))[:30]


def linked(text: str, found: Workloads, clusters: Iterable[str]) -> list[Token]:
    """Link each word of a message to what it names."""
    tokens = _split(text)
    known, there = frozenset(found.known_namespaces), frozenset(each.lower() for each in clusters)
    for index, token in enumerate(tokens):
        before = _beside(tokens, index, -1)
        after = _beside(tokens, index, 1)
        if after is not None and after.text == "namespace":
            then = _beside(tokens, tokens.index(after), 1)
            after = None if then is not None and then.text in known else after
        if token.sort is Sort.KIND and _is_called_like_a_kind(token, before, after, found.rows):
            token.sort = Sort.WORD
        if token.sort is not Sort.WORD:
            continue
        _name(token, before, after, found.rows, known)
        if token.text in there and (
            token.sort is Sort.WORD or (before and before.text in ("cluster", "on"))
        ):
            token.sort = Sort.CLUSTER
        elif token.sort is Sort.WORD and _stands_for_a_place(before, after, token, found):
            token.sort = Sort.NOWHERE
    _name_others(tokens)
    return [
        each
        for each, before in zip(tokens, [None, *tokens], strict=False)
        if not (before and before.sort is Sort.IT and each.text in ("one", "finding"))
    ]


def _split(text: str) -> list[Token]:
    """Split a message into words; kinds of several words are one."""
    spoken = text.replace("’", "'")
    for expression, kind in _SPOKEN.items():
        spoken = re.sub(rf"(?<![\w./-])(?:{expression})(?![\w-])", kind, spoken, flags=re.I)
    for expression, plain in _SAID.items():
        spoken = re.sub(expression, plain, spoken, flags=re.I)
    spoken = _AMOUNT.sub(lambda one: f"{one[1]}{one[2]}", spoken)
    return [_token(found[0]) for found in _TOKEN.finditer(spoken)]


def _token(written: str) -> Token:
    lower = written.lower().removesuffix("'s") if written.lower() != "let's" else "let's"
    token = Token(lower, written=written.removesuffix("'s"))
    if written in _BREAKS or lower in _BREAKS:
        token.sort = Sort.BREAK
    elif (lower.isdecimal() and len(lower) < 10) or lower in NUMBERS:
        token.sort = Sort.NUMBER
        token.number = NUMBERS.index(lower) if lower in NUMBERS else int(lower)
    elif _AMOUNT.fullmatch(written):
        token.sort = Sort.AMOUNT
    elif _CONTROL.fullmatch(lower):
        token.sort = Sort.CONTROL
    elif "@sha256:" in lower:
        token.sort = Sort.IMAGE
    elif lower in _KINDS:
        token.sort, token.kind = Sort.KIND, _KINDS[lower]
    elif lower in IT:
        token.sort = Sort.IT
    return token


def _name(
    token: Token,
    before: Token | None,
    after: Token | None,
    rows: Sequence[WorkloadRow],
    known: frozenset[str],
) -> None:
    """Link a word to workloads and namespaces."""
    *front, name = token.text.split("/")
    kinds = [_KINDS.get(part, "") for part in front]
    kind = next((each for each in kinds if each), "")
    place = next((part for part, each in zip(front, kinds, strict=True) if not each), "")
    if kind and kind not in _WORKLOADS:
        token.sort, token.kind, token.place = Sort.NAME, kind, place
        token.written = token.written.rpartition("/")[2]
        return
    found = tuple(
        row
        for row in rows
        if row.ref.name == name
        and (not kind or row.ref.kind == kind)
        and (not place or row.ref.namespace == place)
    )
    is_place = token.text in known
    placed = is_place and bool(
        (before and before.text in _IN) or (after and after.text == "namespace")
    )
    here = (after and after.text == "namespace") or (before and before.text == "namespace")
    if not front and ((here and not is_place) or (is_place and name == "default" and not placed)):
        return
    if not front and token.text in _WORDS and not _beside_a_workload(before, after):
        return
    if found and not placed:
        token.sort, token.rows, token.kind = Sort.OBJECT, found, kind
        token.also = frozenset({token.text}) if is_place else frozenset()
    elif is_place:
        token.sort, token.placed = Sort.NAMESPACE, placed
    elif kind:
        token.sort, token.kind, token.place = Sort.NAME, kind, place
        token.written = token.written.rpartition("/")[2]


_WORDS = VERBS | FILLERS | STATES | {"not", "no", "never", "without"}
"""A workload of such a name is named with its kind."""


def _beside_a_workload(before: Token | None, after: Token | None) -> bool:
    return any(each is not None and each.kind in _WORKLOADS for each in (before, after))


def _is_called_like_a_kind(
    token: Token, before: Token | None, after: Token | None, rows: Sequence[WorkloadRow]
) -> bool:
    """Tell whether a workload is meant that is called secrets, beside its kind."""
    beside = {each.kind for each in (before, after) if each and each.sort is Sort.KIND}
    return any(row.ref.name == token.text and row.ref.kind in beside for row in rows)


def _stands_for_a_place(
    before: Token | None, after: Token | None, token: Token, found: Workloads
) -> bool:
    """Tell whether a word that names nothing stands where a namespace or a cluster would."""
    said = before.text if before else ""
    if said in ("namespace", "cluster") or (after and after.text in ("namespace", "cluster")):
        return token.text not in NO_PLACES
    return said in ("in", "within", "inside") and token.text not in NO_PLACES


def _beside(tokens: Sequence[Token], index: int, step: int) -> Token | None:
    """Give the next word before or behind one, articles left out."""
    index += step
    while 0 <= index < len(tokens) and tokens[index].text in ("the", "our", "my", "`", '"', "'"):
        index += step
    return tokens[index] if 0 <= index < len(tokens) else None


def _name_others(tokens: list[Token]) -> None:
    """Link names of what is no workload, by the kind beside them."""
    for index, token in enumerate(tokens):
        if token.sort is not Sort.KIND or token.kind in ("Namespace", "Ingress", "Event", "Node"):
            continue
        after = _following(tokens, index)
        before = _beside(tokens, index, -1)
        workload = token.kind in _WORKLOADS
        if after is not None and _may_be_a_name(after, workload):
            _call(after, token.kind)
        elif (
            before is not None
            and token.kind not in (*_WORKLOADS, *_LOOSE)
            and _may_be_a_name(before, workload)
        ):
            _call(before, token.kind)
    tokens[:] = [token for token in tokens if token.text not in ("`", "(", ")")]


def _following(tokens: Sequence[Token], index: int) -> Token | None:
    after = _beside(tokens, index, 1)
    if after is not None and after.text in ("called", "named"):
        after = _beside(tokens, tokens.index(after), 1)
    return after


def _may_be_a_name(token: Token, workload: bool) -> bool:
    if token.sort is Sort.OBJECT:
        return not workload
    if token.text == "default" and token.sort in (Sort.NAMESPACE, Sort.WORD):
        return not workload
    return token.sort in (Sort.WORD, Sort.CONTROL) and token.text not in NO_NAMES


def _call(token: Token, kind: str) -> None:
    token.sort, token.kind, token.rows = Sort.NAME, kind, ()
    place, slash, name = token.written.rpartition("/")
    token.place, token.written = (place, name) if slash else ("", token.written)
