"""JSON bytes -> its documents one after another, each as its own bytes, in time that grows with the text.

Keys that stand twice in an object are found, with the line that a YAML reader gives them: JSON is YAML.
Knows nothing of Kubernetes. Used by `folder`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tools.cluster.manifests.yaml_documents import Damage, Document, Repeated
from tools.cluster.manifests.yaml_documents import documents as yaml_documents

_BLANK = re.compile(r"[ \t\r\n]*")
_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)


class Text(Struct, frozen=True):
    """One document."""

    line: int
    raw: bytes
    repeated: tuple[Repeated, ...] = ()


def documents(data: bytes) -> Iterator[Text | Damage]:
    """Give every document; those before damage count, what follows it is not looked for."""
    if not data.strip():
        return
    try:
        msgspec.json.decode(data, type=Raw)
    except _ERRORS as error:
        if "trailing characters" in str(error):
            yield from _stream(data)
        else:
            yield _damage(data, str(error))
        return
    yield Text(1, data, _repeated(data.decode(), 0))


def _stream(data: bytes) -> Iterator[Text | Damage]:
    """Take documents that stand one after another, as kubectl does."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        yield Damage(data.count(b"\n", 0, error.start) + 1, "it is not UTF-8 text")
        return
    decoder, position, line = _Decoder(), 0, 1
    while (start := _past_blank(text, position)) < len(text):
        line += text.count("\n", position, start)
        try:
            end = decoder.end_of(text, start)
            raw = text[start:end].encode()
            msgspec.json.decode(raw, type=Raw)
        except json.JSONDecodeError as error:
            why = f"it does not parse as JSON: {error.msg}"
            yield Damage(line + text.count("\n", start, error.pos), why)
            return
        except _ERRORS:
            yield Damage(line, "it does not parse as JSON")
            return
        yield Text(line, raw, _places(text[start:end], line - 1) if decoder.doubled else ())
        line += text.count("\n", start, end)
        position = end


def _past_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


class _Decoder:
    """Finds where a document ends, and whether a key stands twice in it; keeps no value."""

    def __init__(self) -> None:
        self.doubled = False
        self._decoder = json.JSONDecoder(object_pairs_hook=self._pairs)

    def end_of(self, text: str, start: int) -> int:
        """Give the index after the document that begins here. Raises ValueError, RecursionError."""
        self.doubled = False
        return self._decoder.raw_decode(text, start)[1]

    def _pairs(self, pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1 and len({key for key, _ in pairs}) < len(pairs):
            self.doubled = True


def _repeated(text: str, lines_before: int) -> tuple[Repeated, ...]:
    decoder = _Decoder()
    try:
        decoder.end_of(text, _past_blank(text, 0))
    except (ValueError, RecursionError):
        return ()
    return _places(text, lines_before) if decoder.doubled else ()


def _places(text: str, lines_before: int) -> tuple[Repeated, ...]:
    """Give where keys stand twice; the first line of the text where that cannot be told."""
    found = next(yaml_documents(text), None)
    if not isinstance(found, Document) or not found.repeated:
        return (Repeated(lines_before + 1, "of a mapping", 1),)
    return tuple(Repeated(r.line + lines_before, r.key, r.depth) for r in found.repeated)


def _damage(raw: bytes, message: str) -> Damage:
    """Give the line and reason of a JSON error."""
    why, _, byte = message.partition(" (byte ")
    position = byte.rstrip(")")
    if "runcated" in why:
        return Damage(raw.rstrip().count(b"\n") + 1, "it does not parse as JSON: it is cut off")
    line = raw.count(b"\n", 0, int(position)) + 1 if position.isdigit() else 1
    return Damage(line, f"it does not parse as JSON: {why.removeprefix('JSON is malformed: ')}")
