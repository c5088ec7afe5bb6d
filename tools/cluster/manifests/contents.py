"""What a folder of manifests holds: objects by kind, each with its place, and what is missing of them.

Holds which of two objects of one name counts, and where one goes that names no namespace. Filled by
`folder`; used by `reader` and `writer`.
"""

import hashlib
from typing import Any

import msgspec
from msgspec import Struct, field

from tools import redact
from tools.cluster.manifests.unread import Unread
from tools.cluster.manifests.yaml_documents import Budget
from tools.objects.kinds import Kind
from tools.types import Gap

_NAMED = 5
"""How many objects of one gap are named."""


class Entry(Struct, frozen=True, gc=False):
    """One object of the folder."""

    kind: Kind
    own_kind: str
    """As the object says it; differs from `kind` for Gatekeeper's constraints."""
    api_version: str
    namespace: str
    """Empty for cluster-scoped kinds; where the manifest names none, the one that objects are applied
    to, else `default`."""
    name: str
    where: str
    """Path in the folder, and line."""
    raw: bytes
    """The whole object as JSON, not redacted."""
    placed: bool = True
    """Its namespace is certain: the manifest names it, or whoever opened the folder does."""


def uid_of(kind: str, namespace: str, name: str) -> str:
    """Make up the uid of an object whose manifest has none: the same one for the same name and place."""
    named = f"{kind}/{namespace}/{name}"
    return f"manifest-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


class Contents(Struct):
    """What a folder holds."""

    apply_namespace: str = ""
    """Where objects without a namespace go; empty where nobody says."""
    entries: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])
    """By kind name, in path order, no object twice."""
    gaps: list[Gap] = field(default_factory=list[Gap])
    named_namespaces: set[str] = field(default_factory=set[str])
    """Namespaces that some object names in its metadata; `default` where one names none."""
    others: dict[str, int] = field(default_factory=dict[str, int])
    """How many objects of kinds that are not read, by apiVersion and kind."""
    skipped: list[str] = field(default_factory=list[str])
    """Files and lines of documents that are no Kubernetes objects: values of charts and the like."""
    token_secrets: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Namespace and name of Secrets whose type says that they hold the token of a service account;
    one that says no namespace is held for each that is named."""
    marker: dict[str, Any] | None = None
    """What MARKER says, where there is one."""
    total_bytes: int = 0
    budget: Budget = field(default_factory=Budget)
    twice: dict[tuple[str, str, str], list[str]] = field(
        default_factory=dict[tuple[str, str, str], list[str]]
    )
    """By kind, namespace and name, where objects stand that do not count, as a later one does."""
    unread: dict["Alike", list[tuple[str, str]]] = field(
        default_factory=dict["Alike", list[tuple[str, str]]]
    )
    """Names and places of objects that nothing reads and that matter, those of one sort together."""


class Alike(Struct, frozen=True):
    """A sort of objects that make one gap."""

    api_version: str
    kind: str
    namespace: str
    unread: Unread


def put(entry: Entry, contents: Contents) -> None:
    """Put an object where its manifest, or whoever opened the folder, says that it goes."""
    if entry.kind.namespaced:
        applied = entry.namespace or contents.apply_namespace
        contents.named_namespaces.add(applied or "default")
        entry = msgspec.structs.replace(entry, namespace=applied or "default", placed=bool(applied))
    elif entry.namespace:
        entry = msgspec.structs.replace(entry, namespace="")
    contents.entries.setdefault(entry.kind.kind, []).append(entry)
    contents.total_bytes += len(entry.raw)


def gap_of(alike: Alike, places: list[tuple[str, str]]) -> Gap:
    """Name the objects of one sort: their kind, how many, the first of them and where they stand."""
    kind, api_version = redact.text(alike.kind), redact.text(alike.api_version)
    subject, where = places[0]
    what = f"{where}: {kind} {subject} ({api_version})"
    if len(places) > 1:
        named = ", ".join(f"{each} ({place})" for each, place in places[:_NAMED])
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        what = f"{len(places)} {kind} ({api_version}): {named}{more}"
    return Gap(what, alike.unread.why, alike.unread.concerns, alike.namespace)


def keep_last(contents: Contents) -> None:
    """Leave one object of each name, the last in path order, and name the others."""
    for kind, entries in contents.entries.items():
        last: dict[tuple[str, str, str], Entry] = {}
        for entry in entries:
            key = (entry.own_kind, entry.namespace, entry.name)
            if b'"generateName"' in entry.raw and not _has_name(entry.raw):
                key = (entry.own_kind, entry.namespace, entry.where)
            earlier = last.pop(key, None)
            if earlier:
                contents.twice.setdefault(key, []).append(earlier.where)
                contents.gaps.append(_twice(earlier, entry))
            last[key] = entry
        contents.entries[kind] = list(last.values())


def _twice(earlier: Entry, entry: Entry) -> Gap:
    """Name an object that does not count; where the two say the same it decides nothing."""
    subject = f"{entry.own_kind} {'/'.join(filter(None, (entry.namespace, entry.name)))}"
    same = msgspec.json.decode(earlier.raw) == msgspec.json.decode(entry.raw)
    why = f"the same object stands in {entry.where}, which counts"
    kind = "" if same else entry.kind.kind
    return Gap(f"{earlier.where}: {subject}", why, kind, entry.namespace if entry.placed else "")


def _has_name(raw: bytes) -> bool:
    return bool(msgspec.json.decode(raw)["metadata"].get("name"))
