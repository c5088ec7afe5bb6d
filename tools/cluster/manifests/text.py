"""Changes the text of a manifest: the lines of the fields concerned, and not a byte of any other.

Works on marks of libyaml's nodes, one field after another, in block and flow style, so in JSON too. What
comes out is read again and compared: the object is exactly the one wanted and every other document is
as it was, or nothing comes out at all (`Unfit`): anchors, tags and odd forms end there. Comments inside a
value that is replaced or removed go with it. Pure. Used by `writer`.
"""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import yaml
from msgspec import UNSET, Struct

from tools.cluster.manifests.nodes import Source, Unfit, put_value, remove_key
from tools.cluster.manifests.yaml_documents import Damage, Document, documents, stretches
from tools.planning.patching import as_list, as_object, put, same, value_at
from tools.types import Change


class Place(Struct, frozen=True):
    """Where an object stands in a file."""

    document: int
    """Which document, from 0; damaged ones do not count."""
    item: int | None = None
    """Which entry of its `items`, where it is a list."""


class _Read(Struct, frozen=True):
    """One document: what it says, and where."""

    value: Any
    node: Any
    start: int
    end: int
    """Of the stretch of text that holds it."""
    alone: bool
    """The only document of its stretch."""


def objects(text: str) -> Iterator[tuple[Place, dict[str, Any], int]]:
    """Give every object of a file with its place and line (from 1), those of lists one by one."""
    for number, read in enumerate(_read(text)):
        value = as_object(read.value)
        base = text.count("\n", 0, read.start) + 1
        if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
            nodes = _items(read.node)
            for index, item in enumerate(as_list(value["items"])):
                if isinstance(item, dict) and index < len(nodes):
                    yield Place(number, index), as_object(item), base + nodes[index].start_mark.line
        elif value:
            yield Place(number), value, base + read.node.start_mark.line


def edited(text: str, place: Place, changes: Iterable[Change], *, is_json: bool) -> str:
    """Give the text with fields of one object changed. Raises Unfit where that cannot be done cleanly.

    The changes' paths are of the object; UNSET as `after` removes.
    """
    kept = tuple(changes)
    result = text
    try:
        for change in kept:
            result = _with(result, place, change, is_json)
    except (yaml.YAMLError, IndexError, ValueError, TypeError) as error:
        raise Unfit("it is written in a form that cannot be changed field by field") from error
    _compare(text, result, place, lambda obj: _wanted(obj, kept), is_json)
    return result


def without(text: str, place: Place, *, is_json: bool) -> str:
    """Give the text without one object; empty where it held nothing else. Raises Unfit."""
    reads = _read(text)
    read = reads[place.document]
    if place.item is not None:
        left = [*as_list(as_object(read.value)["items"])]
        del left[place.item]
        whole = Place(place.document)
        return edited(text, whole, (Change(("items",), UNSET, left),), is_json=is_json)
    if len(reads) == 1:
        return ""
    if not read.alone:
        raise Unfit("it shares its part of the file with another document")
    result = text[: read.start] + text[read.end :]
    others = [each.value for number, each in enumerate(reads) if number != place.document]
    if not same([each.value for each in _read(result)], others):
        raise Unfit("other documents of the file would read differently")
    return result


def parsed(text: str, place: Place) -> dict[str, Any] | None:
    """Give the object at a place of a text; None where there is none."""
    return next((obj for found, obj, _ in objects(text) if found == place), None)


def _read(text: str) -> list[_Read]:
    found: list[_Read] = []
    for start, end in stretches(text):
        part = text[start:end]
        read = list(documents(part))
        if not read or any(isinstance(each, Damage) for each in read):
            continue
        try:
            nodes: list[Any] = list(yaml.compose_all(part, Loader=yaml.CSafeLoader))
            values = [_unshared(each.value) for each in read if isinstance(each, Document)]
        except (yaml.YAMLError, msgspec.MsgspecError, ValueError, OverflowError):
            continue
        if len(nodes) == len(values):
            alone = len(nodes) == 1
            pairs = zip(values, nodes, strict=True)
            found += [_Read(value, node, start, end, alone) for value, node in pairs]
    return found


def _unshared(value: Any) -> Any:
    """Give a copy in which what an alias names stands by itself, as on a server."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _items(node: Any) -> list[Any]:
    """Give the nodes of a list's entries."""
    if not isinstance(node, yaml.MappingNode):
        return []
    for key, value in node.value:
        if key.value == "items" and isinstance(value, yaml.SequenceNode):
            return value.value
    return []


def _with(text: str, place: Place, change: Change, is_json: bool) -> str:
    """Make one change in the text."""
    read = _read(text)[place.document]
    path = change.path if place.item is None else ("items", place.item, *change.path)
    source = Source(text, read.start, is_json)
    if change.after is UNSET:
        return remove_key(source, read.node, path)
    return put_value(source, read.node, path, change.after)


def _wanted(obj: Any, changes: Iterable[Change]) -> Any:
    result = copy.deepcopy(obj)
    for change in changes:
        put(result, change.path, copy.deepcopy(change.after))
    return result


def _compare(
    before: str, after: str, place: Place, wanted: Callable[[Any], Any], is_json: bool
) -> None:
    """Raise Unfit unless the object reads as wanted and everything else as before."""
    expected = [each.value for each in _read(before)]
    document = expected[place.document]
    if place.item is None:
        expected[place.document] = wanted(document)
    else:
        items = [*value_at(document, ("items",))]
        items[place.item] = wanted(items[place.item])
        expected[place.document] = {**document, "items": items}
    if not same([each.value for each in _read(after)], expected):
        raise Unfit("its other values hang on the same text (anchors, tags or a merge key)")
    if is_json:
        try:
            found = json.loads(after)
        except ValueError as error:
            raise Unfit("what came out was no JSON") from error
        if not same(found, expected[0]):
            raise Unfit("what came out was another object")
