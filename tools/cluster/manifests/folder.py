"""A folder of manifests -> the Kubernetes objects in it, each with the file and line it came from.

Takes YAML and JSON, documents one after another, lists of every kind, dumps of kubectl, subfolders.
What cannot be read is named and the rest still counts. Names that begin with a dot are left out,
links that lead out of the folder are not followed, and Secrets are dropped as they are met. Holds no
judgement. Used by `reader`.
"""

import codecs
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from tools import redact
from tools.cluster.manifests.yaml_documents import Damage, documents
from tools.errors import UnknownName
from tools.objects.kinds import BY_API, KINDS, Kind
from tools.types import ClusterConfig, Gap

MARKER = "OAKUM-SNAPSHOT.yaml"
"""The file by which a folder says that Oakum wrote it, redacted, and what it lacks."""
MAX_FILES = 20_000
MAX_YAML_BYTES = 64 * 2**20
MAX_JSON_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 512 * 2**20
"""Of all objects together, as JSON."""
MAX_GAPS_A_FILE = 10

_SUFFIXES = (".yaml", ".yml", ".json")
_CONSTRAINTS = "constraints.gatekeeper.sh"
_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)


class Entry(Struct, frozen=True, gc=False):
    """One object of the folder."""

    kind: Kind
    own_kind: str
    """As the object says it; differs from `kind` for Gatekeeper's constraints."""
    api_version: str
    namespace: str
    """Empty for cluster-scoped kinds; `default` where the manifest names none."""
    name: str
    where: str
    """Path in the folder, and line."""
    raw: bytes
    """The whole object as JSON, not redacted."""


def uid_of(kind: str, namespace: str, name: str) -> str:
    """Make up the uid of an object whose manifest has none: the same one for the same name and place."""
    named = f"{kind}/{namespace}/{name}"
    return f"manifest-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


class Contents(Struct):
    """What a folder holds."""

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
    twice: dict[tuple[str, str, str], list[str]] = field(
        default_factory=dict[tuple[str, str, str], list[str]]
    )
    """By kind, namespace and name, where objects stand that do not count, as a later one does."""


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


def read_folder(root: Path) -> Contents:
    """Read every manifest below a folder, or one file. Blocks; raises OSError if there is nothing."""
    contents = Contents()
    base = root if root.is_dir() else root.parent
    for number, file in enumerate(_files(root, contents)):
        if number >= MAX_FILES or contents.total_bytes > MAX_TOTAL_BYTES:
            limit = f"{MAX_FILES:,} files or {MAX_TOTAL_BYTES // 2**20} MiB of objects"
            contents.gaps.append(Gap("the rest of the folder", f"it holds more than {limit}"))
            break
        _read_file(file, file.relative_to(base).as_posix(), contents)
    _keep_last(contents)
    return contents


def _files(root: Path, contents: Contents) -> Iterator[Path]:
    """Yield the files to read in path order (as `kubectl apply -R` takes them), each real file once."""
    if not root.is_dir():
        root.stat()
        yield root
        return
    found: list[Path] = []

    def refused(error: OSError) -> None:
        contents.gaps.append(Gap(_inside(Path(error.filename), root), _system_says(error)))

    for folder, subfolders, names in os.walk(root, onerror=refused):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        found += [
            Path(folder, name)
            for name in (*names, *links)
            if not name.startswith(".") and (name in links or name.lower().endswith(_SUFFIXES))
        ]
    real_root = root.resolve()
    seen: set[Path] = set()
    for path in sorted(found, key=lambda path: path.relative_to(root).parts):
        real = path.resolve()
        if not real.is_relative_to(real_root):
            contents.gaps.append(Gap(_inside(path, root), "it links out of the folder"))
        elif real not in seen and not real.is_dir():
            seen.add(real)
            yield path


def _inside(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _system_says(error: OSError) -> str:
    return f"it could not be opened: {error.strerror or 'unknown reason'}"


def _read_file(file: Path, name: str, contents: Contents) -> None:
    """Read one file into the contents."""
    is_json = name.lower().endswith(".json")
    limit = MAX_JSON_BYTES if is_json else MAX_YAML_BYTES
    try:
        if not file.is_file():
            contents.gaps.append(Gap(name, "it is not a regular file"))
            return
        if file.stat().st_size > limit:
            contents.gaps.append(Gap(name, f"it is larger than {limit // 2**20} MiB"))
            return
        data = _utf8(file.read_bytes())
    except OSError as error:
        contents.gaps.append(Gap(name, _system_says(error)))
        return
    before = len(contents.gaps)
    if is_json:
        _read_json(data, name, contents)
    else:
        _read_yaml(data, name, contents)
    extra = len(contents.gaps) - before - MAX_GAPS_A_FILE
    if extra > 0:
        del contents.gaps[before + MAX_GAPS_A_FILE :]
        contents.gaps.append(Gap(name, f"{extra} more places in it could not be read"))


def _utf8(data: bytes) -> bytes:
    """Give UTF-8 for the UTF-16 in which some shells of Windows save what kubectl prints."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        return data.decode("utf-16").encode()
    except UnicodeError:
        return data


def _read_json(data: bytes, name: str, contents: Contents) -> None:
    raw = data.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        return
    try:
        msgspec.json.decode(raw, type=Raw)
    except _DECODE_ERRORS as error:
        if "trailing characters" in str(error):
            _read_json_stream(raw, name, contents)
            return
        line, why = _place_in_json(raw, str(error))
        contents.gaps.append(Gap(f"{name}:{line}", why))
        return
    _take(_Part(raw, name, 1), contents)


def _read_json_stream(data: bytes, name: str, contents: Contents) -> None:
    """Take JSON documents that stand one after another, as kubectl does; those before damage count."""
    decoder = json.JSONDecoder()
    position = 0
    while rest := data[position:].lstrip():
        position = len(data) - len(rest)
        line = data.count(b"\n", 0, position) + 1
        try:
            text = rest.decode()
            raw = text[: decoder.raw_decode(text)[1]].encode()
            msgspec.json.decode(raw, type=Raw)
        except json.JSONDecodeError as error:
            where = f"{name}:{line + error.lineno - 1}"
            contents.gaps.append(Gap(where, f"it does not parse as JSON: {error.msg}"))
            return
        except _DECODE_ERRORS:
            contents.gaps.append(Gap(f"{name}:{line}", "it does not parse as JSON"))
            return
        _take(_Part(raw, name, line), contents)
        position += len(raw)


def _place_in_json(raw: bytes, message: str) -> tuple[int, str]:
    """Give the line and reason of a JSON error."""
    why, _, byte = message.partition(" (byte ")
    position = byte.rstrip(")")
    if "runcated" in why:
        return raw.rstrip().count(b"\n") + 1, "it does not parse as JSON: it is cut off"
    line = raw.count(b"\n", 0, int(position)) + 1 if position.isdigit() else 1
    return line, f"it does not parse as JSON: {why.removeprefix('JSON is malformed: ')}"


def _read_yaml(data: bytes, name: str, contents: Contents) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        contents.gaps.append(Gap(f"{name}:{line}", "it is not UTF-8 text"))
        return
    hint = "; it looks like a template, which must be rendered first" if "{{" in text else ""
    if name == MARKER:
        contents.marker = _marker(text)
        return
    for found in documents(text):
        if isinstance(found, Damage):
            why = f"it does not parse as YAML: {found.why}{hint}"
            contents.gaps.append(Gap(f"{name}:{found.line}", why))
        elif isinstance(found.value, dict):
            try:
                raw = msgspec.json.encode(found.value)
            except _DECODE_ERRORS:
                why = "it holds values that JSON cannot express"
                contents.gaps.append(Gap(f"{name}:{found.line}", why))
                continue
            _take(_Part(raw, name, found.line, found.item_lines), contents)
        elif found.value is not None:
            contents.skipped.append(f"{name}:{found.line}")


def _marker(text: str) -> dict[str, Any]:
    for found in documents(text):
        if not isinstance(found, Damage) and isinstance(found.value, dict):
            return found.value
    return {}


def _take(part: _Part, contents: Contents) -> None:
    """Take one object, or every object of a list."""
    try:
        header = _HEADER.decode(part.raw)
    except _DECODE_ERRORS:
        contents.skipped.append(part.where)
        return
    api_version = header.api_version or part.api_version
    kind = header.kind or part.kind
    if not (isinstance(api_version, str) and isinstance(kind, str) and api_version and kind):
        contents.skipped.append(part.where)
    elif kind.endswith("List") and bytes(header.items):
        for item in _items(part, header.items, kind.removesuffix("List"), api_version):
            _take(item, contents)
    else:
        _keep(part, api_version, kind, header.metadata, contents)


def _items(part: _Part, items: Raw, kind: str, api_version: str) -> Iterator[_Part]:
    """Yield the entries of a list; those of a typed list need not say their kind."""
    raws: list[Raw] = []
    if bytes(items)[:1] == b"[":
        raws = msgspec.json.decode(items, type=list[Raw])
    position = 0
    line = part.line
    for number, item in enumerate(raws):
        raw = bytes(item)
        found = part.raw.find(raw, position)
        line += part.raw.count(b"\n", position, found)
        position = found
        if len(part.item_lines) == len(raws):
            line = part.item_lines[number]
        yield _Part(raw, part.file, line, (), kind, api_version if kind else "")


def _keep(part: _Part, api_version: str, own_kind: str, metadata: Any, contents: Contents) -> None:
    """Keep one object, unless it is a Secret or of a kind that nothing reads."""
    meta: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    namespace = meta.get("namespace")
    if isinstance(namespace, str) and namespace:
        contents.named_namespaces.add(namespace)
    if own_kind == "Secret":
        return
    kind = _kind_of(own_kind, api_version)
    name = meta.get("name") or meta.get("generateName")
    if kind is None:
        other = f"{api_version} {own_kind}"
        contents.others[other] = contents.others.get(other, 0) + 1
        newer = _newer(own_kind, api_version)
        if newer:
            why = f"apiVersion {redact.text(api_version)} of {own_kind} is not one that Oakum reads"
            contents.gaps.append(Gap(part.where, why, kind=newer.kind))
        return
    if not isinstance(name, str):
        contents.gaps.append(Gap(f"{part.where}: {own_kind}", "it has no name", kind=kind.kind))
        return
    where = str(namespace or "default") if kind.namespaced else ""
    if where:
        contents.named_namespaces.add(where)
    entry = Entry(kind, own_kind, api_version, where, name, part.where, part.raw)
    contents.entries.setdefault(kind.kind, []).append(entry)
    contents.total_bytes += len(part.raw)


def _kind_of(own_kind: str, api_version: str) -> Kind | None:
    if api_version.partition("/")[0] == _CONSTRAINTS:
        return KINDS["Constraint"]
    return BY_API.get((api_version, own_kind))


def _newer(own_kind: str, api_version: str) -> Kind | None:
    """Give the kind that is read in another version of its group."""
    group, slash, _ = api_version.partition("/")
    wanted = (own_kind, group if slash else "")
    return next((kind for kind in KINDS.values() if (kind.own, kind.group) == wanted), None)


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
                subject = f"{entry.own_kind} {'/'.join(filter(None, key[1:]))}"
                why = f"the same object stands in {entry.where}, which counts"
                what = f"{earlier.where}: {subject}"
                contents.twice.setdefault(key, []).append(earlier.where)
                contents.gaps.append(Gap(what, why, namespace=entry.namespace))
            last[key] = entry
        contents.entries[kind] = list(last.values())


def _has_name(raw: bytes) -> bool:
    return bool(_HEADER.decode(raw).metadata.get("name"))
