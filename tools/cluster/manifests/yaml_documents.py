"""YAML text -> plain documents, as kubectl understands them, whatever the text tries.

Values are read as sigs.k8s.io/yaml does (YAML 1.1: `on` and `no` are booleans, `0644` is octal), except
that timestamps stay text, and so do `y` and `n`: no server takes a boolean as a name, and where one is
wanted `loose` reads them. Built from libyaml's events without recursion, because its own composer
overflows the stack on deep nesting; aliases count as often as they are used, so that a few lines
cannot grow into gigabytes. Knows nothing of Kubernetes. Used by `reader`.
"""

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import yaml
from msgspec import Struct

from tools.errors import ToolsError

MAX_DEPTH = 200
"""Levels of nesting in one document; Kubernetes' own limits lie far below."""
MAX_NODES = 3_000_000
"""Values in one document, long texts as several, each alias with all that it stands for."""
_NODE_CHARACTERS = 64

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_BYTE_ORDER_MARK = re.compile("^\ufeff", re.MULTILINE)
"""Where files were put together; kubectl takes it at the beginning of any document."""
_INTEGER = re.compile(r"[-+]?(?:0[bB][01_]+|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|[0-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_TAG = "tag:yaml.org,2002:"


class Document(Struct, frozen=True):
    """One document of a file."""

    line: int
    """Where it begins, from 1."""
    value: Any
    item_lines: tuple[int, ...] = ()
    """Lines of the entries of a top-level `items` list, or of the document's own."""
    repeated: tuple["Repeated", ...] = ()
    """Keys that stand twice in their mapping: parsers differ in which one counts."""


class Repeated(Struct, frozen=True):
    """A key of a mapping that stood in it already."""

    line: int
    key: str
    depth: int
    """Of its mapping; 1 for the document itself."""


class Budget(Struct):
    """What may still be read of one folder; handed from text to text."""

    aliased: int = 1_000_000
    """Values that aliases write out."""
    documents: int = 200_000


class Damage(Struct, frozen=True):
    """One document that could not be read."""

    line: int
    why: str


class _Refused(ToolsError):
    """A document that is understood and still not taken."""


class _Open:
    """A mapping or sequence whose end was not seen yet."""

    __slots__ = ("anchor", "before", "has_merge", "key", "merged", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: str | None = None
        self.has_merge = False
        self.merged: set[str] = set()
        """Keys that a merge key gave and nothing else has so far."""


def documents(text: str, budget: Budget | None = None) -> Iterator[Document | Damage]:
    """Read every document of a text; one that is damaged does not hide those around it.

    Time and memory grow with the text and the budget, whatever the text is.
    """
    left = budget or Budget()
    line = 1
    for start, end in stretches(text):
        part = _BYTE_ORDER_MARK.sub("", text[start:end])
        if part.strip() and not _only_directives(part):
            if left.documents <= 0:
                yield Damage(line, "the folder holds more documents than are read")
                return
            yield from _read(part, line, left)
        line += part.count("\n")


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Give where the text between two `---` lines begins and ends, its first such line included.

    One holds no document, one, or (with `...`) several.
    """
    return pairwise([0, *(found.start() for found in _SEPARATOR.finditer(text)), len(text)])


def scalar(value: str, *, plain: bool) -> Any:
    """Give a scalar without a tag as `documents` reads it; plain is without quotes."""
    return _resolve(value, None) if plain else value


def mapping_key(value: str, *, plain: bool) -> str:
    """Give the key of a mapping as `documents` reads it."""
    return _key(scalar(value, plain=plain))


def _only_directives(part: str) -> bool:
    """Tell whether a stretch holds no document: nothing below its `---` but remarks and directives."""
    body = part[3:] if part.startswith("---") else part
    return all(not row.strip() or row.startswith(("%", "#")) for row in body.splitlines())


def _read(part: str, line: int, budget: Budget) -> Iterator[Document | Damage]:
    builder = _Builder(budget)
    try:
        for event in yaml.parse(part, Loader=yaml.CSafeLoader):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent) and builder.found:
                yield builder.document(line)
                budget.documents -= 1
                if budget.documents < 0:
                    raise _Refused("the folder holds more documents than are read")
                builder = _Builder(budget)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = part.rstrip().count("\n")
        yield Damage(line + min(mark.line if mark else 0, last), error.problem or "it is not YAML")
    except yaml.YAMLError:
        yield Damage(line, "it holds characters that YAML does not allow")
    except _Refused as refusal:
        yield Damage(line + builder.line, refusal.public)


class _Builder:
    """Puts one document together from its events."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._repeated: list[Repeated] = []
        self.found = False
        self.line = 0
        self._first = 0
        self._root: Any = None
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._item_lines: list[int] = []

    def document(self, line: int) -> Document:
        """Give the finished document; `line` is where its text began."""
        items = tuple(line + item for item in self._item_lines)
        repeated = tuple(Repeated(line + r.line, r.key, r.depth) for r in self._repeated)
        return Document(line + self._first, self._root, items, repeated)

    def take(self, event: Any) -> None:
        """Take the next event."""
        if isinstance(event, yaml.ScalarEvent):
            self._at(event)
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._at(event)
            self._begin({}, event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._at(event)
            self._begin([], event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._at(event)
            self._alias(event.anchor)

    def _at(self, event: Any) -> None:
        self.line = event.start_mark.line
        if not self.found:
            self.found, self._first = True, self.line
        elif self._is_entry():
            self._item_lines.append(self.line)
        self._count(1)

    def _is_entry(self) -> bool:
        """Tell whether the next value is an entry of `items`, or of a list that is the document."""
        if len(self._open) == 1:
            return isinstance(self._open[0].value, list)
        return len(self._open) == 2 and self._open[0].key == "items"

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _Refused(f"it holds more than {MAX_NODES:,} values, its aliases written out")

    def _scalar(self, event: Any) -> None:
        plain = event.implicit[0]
        value = _resolve(event.value, event.tag) if plain or event.tag else event.value
        size = len(event.value) // _NODE_CHARACTERS
        self._count(size)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1 + size)
        is_merge = event.value == "<<" and (plain or event.tag == _TAG + "merge")
        self._place(value, is_merge=is_merge)

    def _begin(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise _Refused(f"it is nested deeper than {MAX_DEPTH} levels")
        self._open.append(_Open(value, anchor, self._nodes))

    def _end(self) -> None:
        done = self._open.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._nodes - done.before + 1)
        self._place(done.value)

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            raise _Refused(f"the alias *{anchor} stands inside or before what it names")
        value, nodes = self._anchors[anchor]
        self._count(nodes)
        self._budget.aliased -= nodes
        if self._budget.aliased < 0:
            raise _Refused("the folder's aliases written out hold more values than are read")
        self._place(value)

    def _place(self, value: Any, is_merge: bool = False) -> None:
        """Put a finished value where the document waits for one."""
        if not self._open:
            self._root = value
            return
        holder = self._open[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is None:
            holder.key = "\0<<" if is_merge else _key(value)
            if is_merge and holder.has_merge:
                self._repeat("<<")
            elif not is_merge and holder.key in holder.value:
                if holder.key not in holder.merged:
                    self._repeat(holder.key)
                holder.merged.discard(holder.key)
            holder.has_merge |= is_merge
        elif holder.key == "\0<<":
            self._merge(_merged(value), holder.value, holder.merged)
            holder.key = None
        else:
            holder.value[holder.key] = value
            holder.key = None

    def _merge(self, merged: list[dict[str, Any]], into: dict[str, Any], own: set[str]) -> None:
        """Merge as kubectl does, over the keys before; YAML itself lets these stand, so they are named."""
        before = into.keys() - own
        for key, value in ((key, value) for each in merged for key, value in each.items()):
            if key in before and into[key] != value:
                self._repeat(key)
            into[key] = value
            own.add(key)

    def _repeat(self, key: str) -> None:
        self._repeated.append(Repeated(self.line, key, len(self._open)))


def _merged(value: Any) -> list[dict[str, Any]]:
    """Give the mappings of a merge key, the strongest last."""
    found: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in found):
        raise _Refused("a merge key (<<) takes a mapping or a list of mappings")
    return found[::-1]


def _key(value: Any) -> str:
    """Give a mapping's key as the text that JSON makes of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return str(value)
    raise _Refused("a mapping or list stands where a key belongs")


@lru_cache(maxsize=4096)
def _resolve(value: str, tag: str | None) -> Any:
    """Give the value of a scalar by its tag and form."""
    if tag == _TAG + "binary":
        try:
            return base64.b64decode(value).decode()
        except ValueError as error:
            raise _Refused("a value that says it is binary does not decode to text") from error
    if tag in (_TAG + "str", "!"):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if value[:1] not in "+-.0123456789":
        return value
    return _number(value)


def _number(value: str) -> Any:
    if _INTEGER.match(value):
        digits = value.replace("_", "")
        unsigned = digits.lstrip("+-")
        try:
            if len(unsigned) > 1 and unsigned[0] == "0" and unsigned.isdigit():
                return int(digits, 8)
            return int(digits, 0)
        except ValueError:
            return float(digits) if unsigned.isdigit() else value
    if _FLOAT.match(value):
        return float(value.replace("_", ""))
    return value
