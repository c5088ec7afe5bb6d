"""A folder of manifests -> the Kubernetes objects in it, each with the file and line it came from.

Takes YAML and JSON, documents one after another, lists of every kind, dumps of kubectl, subfolders.
What cannot be read is named, with the kind that it concerns, and the rest still counts; Secrets are
dropped as they are met. Holds no judgement. Used by `reader`.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from tools import redact
from tools.cluster.manifests import json_documents
from tools.cluster.manifests.files import TEMPLATE, Found, could_hold, files, system_says
from tools.cluster.manifests.unread import (
    Unread,
    held_in,
    kind_of,
    looks_like_an_object,
    why_inside,
    why_unread,
)
from tools.cluster.manifests.yaml_documents import Budget, Damage, Document, Repeated, documents
from tools.errors import UnknownName
from tools.objects.kinds import KINDS, Kind
from tools.types import ANY_KIND, ClusterConfig, Gap

MARKER = "OAKUM-SNAPSHOT.yaml"
"""The file by which a folder says that Oakum wrote it, redacted, and what it lacks."""
MAX_FILES = 20_000
MAX_YAML_BYTES = 64 * 2**20
MAX_JSON_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 512 * 2**20
"""Of all objects together, as JSON."""
MAX_GAPS_A_FILE = 10
_NAMED = 5
"""How many objects of one gap are named."""

_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
_PLACEHOLDER = re.compile(r"[{}$()<>\[\]%\s]")
_KEY_SHOWN = 60
_FORMLESS = "it says no kind or apiVersion, and looks like an object"


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
    marker: dict[str, Any] | None = None
    """What MARKER says, where there is one."""
    total_bytes: int = 0
    budget: Budget = field(default_factory=Budget)
    twice: dict[tuple[str, str, str], list[str]] = field(
        default_factory=dict[tuple[str, str, str], list[str]]
    )
    """By kind, namespace and name, where objects stand that do not count, as a later one does."""
    unread: dict["_Alike", list[tuple[str, str]]] = field(
        default_factory=dict["_Alike", list[tuple[str, str]]]
    )
    """Names and places of objects that nothing reads and that matter, those of one sort together."""


class _Alike(Struct, frozen=True):
    """A sort of objects that make one gap."""

    api_version: str
    kind: str
    namespace: str
    unread: Unread


class _Header(Struct, rename="camel"):
    api_version: Any = None
    kind: Any = None
    metadata: Any = None
    items: Raw = Raw()


_HEADER = msgspec.json.Decoder(_Header)
"""Made here, before any thread uses it (see `tools.objects.kinds.DECODERS`)."""


class _Part(Struct, frozen=True):
    """One object on its way in, with what its list says for it."""

    raw: bytes
    file: str
    line: int
    item_lines: tuple[int, ...] = ()
    repeated: tuple[Repeated, ...] = ()
    kind: str = ""
    api_version: str = ""

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


def unopened(config: ClusterConfig, error: OSError) -> UnknownName:
    """Say that a configured folder cannot be opened, and what to do."""
    return UnknownName(
        f"The folder {config.folder} of cluster {config.name} cannot be opened: "
        f"{error.strerror or 'unknown reason'}.",
        "Check the path; it is taken from where oakum was started.",
    )


def read_folder(root: Path, apply_namespace: str = "") -> Contents:
    """Read every manifest below a folder, or one file. Blocks; raises OSError if there is nothing."""
    contents = Contents(apply_namespace)
    for number, file in enumerate(files(root, contents.gaps)):
        if number >= MAX_FILES:
            _stop(contents, f"{MAX_FILES:,} files")
            break
        _read_file(file, contents)
        if _is_full(contents):
            _stop(contents, f"{MAX_TOTAL_BYTES // 2**20} MiB of objects")
            break
    _keep_last(contents)
    contents.gaps += [_gap_of(alike, places) for alike, places in contents.unread.items()]
    return contents


def _stop(contents: Contents, limit: str) -> None:
    contents.gaps.append(Gap("the rest of the folder", f"it holds more than {limit}", ANY_KIND))


def _is_full(contents: Contents) -> bool:
    return contents.total_bytes > MAX_TOTAL_BYTES


def _read_file(file: Found, contents: Contents) -> None:
    """Read one file into the contents."""
    is_json = file.name.lower().endswith(".json")
    limit = MAX_JSON_BYTES if is_json else MAX_YAML_BYTES
    try:
        if not file.path.is_file():
            contents.gaps.append(Gap(file.name, "it is not a regular file", ANY_KIND))
            return
        if file.path.stat().st_size > limit:
            why = f"it is larger than {limit // 2**20} MiB"
            contents.gaps.append(Gap(file.name, why, ANY_KIND))
            return
        data = _utf8(file.path.read_bytes())
    except OSError as error:
        contents.gaps.append(Gap(file.name, system_says(error), ANY_KIND))
        return
    if file.in_chart and b"{{" in data:
        contents.gaps.append(Gap(file.name, TEMPLATE, ANY_KIND))
        return
    before = len(contents.gaps)
    (_read_json if is_json else _read_yaml)(data, file.name, contents)
    extra = len(contents.gaps) - before - MAX_GAPS_A_FILE
    if extra > 0:
        del contents.gaps[before + MAX_GAPS_A_FILE :]
        why = f"{extra} more places in it could not be read"
        contents.gaps.append(Gap(file.name, why, ANY_KIND))


def _utf8(data: bytes) -> bytes:
    """Give UTF-8 for the UTF-16 in which some shells of Windows save what kubectl prints."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        return data.decode("utf-16").encode()
    except UnicodeError:
        return data


def _damaged(where: str, why: str, data: bytes, contents: Contents) -> None:
    """Name a place that cannot be read; it decides nothing where no object can have been there."""
    contents.gaps.append(Gap(where, why, ANY_KIND if could_hold(data) else ""))


def _read_json(data: bytes, name: str, contents: Contents) -> None:
    for found in json_documents.documents(data.removeprefix(codecs.BOM_UTF8)):
        if isinstance(found, Damage):
            _damaged(f"{name}:{found.line}", found.why, data, contents)
            continue
        _take(_Part(found.raw, name, found.line, (), found.repeated), contents)
        if _is_full(contents):
            return


def _read_yaml(data: bytes, name: str, contents: Contents) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _damaged(f"{name}:{line}", "it is not UTF-8 text", data, contents)
        return
    if name == MARKER:
        contents.marker = _marker(text)
        return
    hint = f"; {TEMPLATE}" if "{{" in text else ""
    for found in documents(text, contents.budget):
        if isinstance(found, Damage):
            why = f"it does not parse as YAML: {found.why}{hint}"
            _damaged(f"{name}:{found.line}", why, data, contents)
        elif isinstance(found.value, dict | list):
            _take_yaml(found, name, contents)
        elif found.value is not None:
            contents.skipped.append(f"{name}:{found.line}")
        if _is_full(contents):
            return


def _take_yaml(found: Document, name: str, contents: Contents) -> None:
    try:
        raw = msgspec.json.encode(found.value)
    except _DECODE_ERRORS:
        why = "it holds values that JSON cannot express"
        contents.gaps.append(Gap(f"{name}:{found.line}", why, ANY_KIND))
        return
    _take(_Part(raw, name, found.line, found.item_lines, found.repeated), contents)


def _marker(text: str) -> dict[str, Any]:
    for found in documents(text):
        if not isinstance(found, Damage) and isinstance(found.value, dict):
            return found.value
    return {}


def _take(part: _Part, contents: Contents) -> None:
    """Take one object, or every object of a list."""
    if part.raw[:1] == b"[":
        for item in _items(part, Raw(part.raw), "", ""):
            _take(item, contents)
        return
    try:
        header = _HEADER.decode(part.raw)
    except _DECODE_ERRORS:
        contents.skipped.append(part.where)
        return
    api_version = header.api_version or part.api_version
    kind = header.kind or part.kind
    if not (isinstance(api_version, str) and isinstance(kind, str) and api_version and kind):
        _formless(part, kind, contents)
    elif kind.endswith("List") and bytes(header.items)[:1] in (b"[", b"n"):
        outer = tuple(each for each in part.repeated if each.depth == 1)
        _say_repeated(msgspec.structs.replace(part, repeated=outer), kind, None, "", contents)
        for item in _items(part, header.items, kind.removesuffix("List"), api_version):
            _take(item, contents)
    else:
        _keep(part, api_version, kind, header.metadata, contents)


def _formless(part: _Part, kind: Any, contents: Contents) -> None:
    """Name a document that does not say what it is, where it looks like an object."""
    if not looks_like_an_object(part.raw):
        contents.skipped.append(part.where)
        return
    concerns = ANY_KIND
    if isinstance(kind, str) and kind in KINDS and held_in(part.raw) in ("", "Pod"):
        concerns = kind
    contents.gaps.append(Gap(part.where, _FORMLESS, concerns))


def _items(part: _Part, items: Raw, kind: str, api_version: str) -> Iterator[_Part]:
    """Yield the entries of a list; those of a typed list need not say their kind."""
    raws: list[Raw] = []
    if bytes(items)[:1] == b"[":
        raws = msgspec.json.decode(items, type=list[Raw])
    lines = _lines(part, raws)
    for raw, line, following in zip(raws, lines, [*lines[1:], None], strict=True):
        repeated = tuple(
            each
            for each in part.repeated
            if line <= each.line and (following is None or each.line < following)
        )
        own = bytes(raw)
        yield _Part(own, part.file, line, (), repeated, kind, api_version if kind else "")


def _lines(part: _Part, raws: list[Raw]) -> list[int]:
    """Give the line of each entry of a list."""
    if len(part.item_lines) == len(raws):
        return [*part.item_lines]
    found: list[int] = []
    position, line = 0, part.line
    for raw in raws:
        start = part.raw.find(bytes(raw), position)
        line += part.raw.count(b"\n", position, start)
        position = start
        found.append(line)
    return found


def _keep(part: _Part, api_version: str, own_kind: str, metadata: Any, contents: Contents) -> None:
    """Keep one object, unless it is a Secret or of a kind that nothing reads."""
    meta: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    said = meta.get("namespace")
    namespace = said if isinstance(said, str) else ""
    if namespace:
        contents.named_namespaces.add(namespace)
    if own_kind.casefold() == "secret":
        return
    kind = kind_of(own_kind, api_version)
    name = meta.get("name") or meta.get("generateName")
    subject = "/".join(each for each in (namespace, name) if isinstance(each, str) and each)
    alike = (api_version, own_kind, namespace)
    _say_repeated(part, f"{own_kind} {subject}".strip(), kind, namespace, contents)
    if kind is None:
        other = f"{api_version} {own_kind}"
        contents.others[other] = contents.others.get(other, 0) + 1
        _leave(part, subject, alike, why_unread(api_version, own_kind, part.raw), contents)
        return
    _leave(part, subject, alike, why_inside(kind, part.raw), contents)
    where = f"{part.where}: {own_kind}"
    if not isinstance(name, str):
        place = namespace if kind.namespaced else ""
        contents.gaps.append(Gap(where, "it has no name", kind.kind, place))
    elif _PLACEHOLDER.search(name + namespace):
        contents.gaps.append(Gap(where, TEMPLATE, kind.kind))
    else:
        _put(Entry(kind, own_kind, api_version, namespace, name, part.where, part.raw), contents)


def _put(entry: Entry, contents: Contents) -> None:
    """Put an object where its manifest, or whoever opened the folder, says that it goes."""
    if entry.kind.namespaced:
        applied = entry.namespace or contents.apply_namespace
        contents.named_namespaces.add(applied or "default")
        entry = msgspec.structs.replace(entry, namespace=applied or "default", placed=bool(applied))
    elif entry.namespace:
        entry = msgspec.structs.replace(entry, namespace="")
    contents.entries.setdefault(entry.kind.kind, []).append(entry)
    contents.total_bytes += len(entry.raw)


def _say_repeated(
    part: _Part, subject: str, kind: Kind | None, namespace: str, contents: Contents
) -> None:
    """Name keys that stand twice: which of the two counts depends on who reads them."""
    for each in part.repeated:
        certain = kind is not None and each.key not in ("kind", "apiVersion")
        place = namespace if certain and each.key not in ("metadata", "namespace") else ""
        contents.gaps.append(
            Gap(
                f"{part.file}:{each.line}: {subject}",
                f"the key {each.key[:_KEY_SHOWN]} stands twice in one mapping",
                kind.kind if kind and certain else ANY_KIND,
                place if kind is None or kind.namespaced else "",
            )
        )


def _leave(
    part: _Part,
    subject: str,
    alike: tuple[str, str, str],
    unread: Unread | None,
    contents: Contents,
) -> None:
    """Remember an object that nothing reads and that matters."""
    if unread:
        places = contents.unread.setdefault(_Alike(*alike, unread), [])
        places.append((subject, part.where))


def _gap_of(alike: _Alike, places: list[tuple[str, str]]) -> Gap:
    """Name the objects of one sort: their kind, how many, the first of them and where they stand."""
    kind, api_version = redact.text(alike.kind), redact.text(alike.api_version)
    subject, where = places[0]
    what = f"{where}: {kind} {subject} ({api_version})"
    if len(places) > 1:
        named = ", ".join(f"{each} ({place})" for each, place in places[:_NAMED])
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        what = f"{len(places)} {kind} ({api_version}): {named}{more}"
    return Gap(what, alike.unread.why, alike.unread.concerns, alike.namespace)


def _keep_last(contents: Contents) -> None:
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
    return bool(_HEADER.decode(raw).metadata.get("name"))
