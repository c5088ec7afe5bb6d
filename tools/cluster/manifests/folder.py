"""A folder of manifests -> the Kubernetes objects in it, each with the file and line it came from.

Takes YAML and JSON, documents one after another, lists of every kind, dumps of kubectl, subfolders.
What cannot be read is named, with the kind that it concerns, and the rest still counts; Secrets are
dropped as they are met. Holds no judgement. Used by `reader`.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tools.cluster.manifests import json_documents
from tools.cluster.manifests.contents import Alike, Contents, Entry, gap_of, keep_last, put
from tools.cluster.manifests.files import TEMPLATE, Found, could_hold, files, system_says
from tools.cluster.manifests.placeholders import unfilled, unfilled_values
from tools.cluster.manifests.unread import (
    Unread,
    held_in,
    kind_of,
    looks_like_an_object,
    may_be_elsewhere,
    why_inside,
    why_unread,
)
from tools.cluster.manifests.yaml_documents import Damage, Document, Repeated, documents
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

_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
_PLACEHOLDER = re.compile(r"[{}$()<>\[\]%\s]")
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105  # the type of a Secret
_LAST_LINE = 2**31
_KEY_SHOWN = 60
_FORMLESS = "it says no kind or apiVersion, and looks like an object"


class _Header(Struct, rename="camel"):
    api_version: Any = None
    kind: Any = None
    metadata: Any = None
    type: Any = None
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
    keep_last(contents)
    _place_tokens(contents)
    contents.gaps += [gap_of(alike, places) for alike, places in contents.unread.items()]
    return contents


def _place_tokens(contents: Contents) -> None:
    """Take a token without a namespace to be in any, as nobody says where it goes."""
    for name in [name for place, name in contents.token_secrets if not place]:
        contents.token_secrets |= {(each, name) for each in contents.named_namespaces}


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
    if unfilled_values(data):
        contents.gaps.append(Gap(file.name, TEMPLATE, ANY_KIND))
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
        held = [
            item for item in _items(part, Raw(part.raw), "", "") if item.raw[:1] in (b"{", b"[")
        ]
        for item in held:
            _take(item, contents)
        if not held:
            contents.skipped.append(part.where)
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
        _keep(part, api_version, kind, header, contents)


def _formless(part: _Part, kind: Any, contents: Contents) -> None:
    """Name a document that does not say what it is, where it looks like an object."""
    if not looks_like_an_object(part.raw):
        contents.skipped.append(part.where)
        return
    concerns = ANY_KIND
    if (
        isinstance(kind, str)
        and kind in KINDS
        and not part.repeated
        and held_in(part.raw) in ("", "Pod")
    ):
        concerns = kind
    contents.gaps.append(Gap(part.where, _FORMLESS, concerns))


def _items(part: _Part, items: Raw, kind: str, api_version: str) -> Iterator[_Part]:
    """Yield the entries of a list; those of a typed list need not say their kind."""
    raws: list[Raw] = []
    if bytes(items)[:1] == b"[":
        raws = msgspec.json.decode(items, type=list[Raw])
    lines = _lines(part, raws)
    for raw, line, end in zip(raws, lines, [*lines, _LAST_LINE][1:], strict=True):
        repeated = tuple(each for each in part.repeated if line <= each.line < end)
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


def _keep(
    part: _Part, api_version: str, own_kind: str, header: _Header, contents: Contents
) -> None:
    """Keep one object, unless it is a Secret (of which name and type say enough) or nothing reads its kind."""
    meta: dict[str, Any] = header.metadata if isinstance(header.metadata, dict) else {}
    said = meta.get("namespace")
    namespace = said if isinstance(said, str) else ""
    if namespace:
        contents.named_namespaces.add(namespace)
    name = meta.get("name") or meta.get("generateName")
    if (api_version, own_kind.casefold()) == ("v1", "secret"):
        if header.type == _TOKEN:
            contents.token_secrets.add((namespace or contents.apply_namespace, str(name)))
        return
    kind = kind_of(own_kind, api_version)
    subject = "/".join(each for each in (namespace, name) if isinstance(each, str) and each)
    alike = (api_version, own_kind, namespace if kind is None or kind.namespaced else "")
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
        if unfilled(part.raw, kind):
            place = (namespace or contents.apply_namespace) if kind.namespaced else ""
            contents.gaps.append(Gap(f"{where} {subject}", TEMPLATE, kind.kind, place))
        put(Entry(kind, own_kind, api_version, namespace, name, part.where, part.raw), contents)


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
        if may_be_elsewhere(unread, part.raw, alike[2]):
            alike = (*alike[:2], "")
        places = contents.unread.setdefault(Alike(*alike, unread), [])
        places.append((subject, part.where))
