"""How values lie in columns: times, text from outside, and typed bodies as JSON bytes.

The same on SQLite and Postgres. Holds no table and no statement. Used by `tables` and by the files
that keep typed bodies.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


class Instant(TypeDecorator[datetime]):
    """An aware time, stored in UTC with microseconds; on SQLite as text that sorts by time.

    A naive time is a defect of ours and raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a time in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read an aware time in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return cast("datetime", moment).astimezone(UTC)


class OutsideText(TypeDecorator[str]):
    """Text that people or programs wrote. What no database takes (see `storable`) is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make the text storable."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Replace lone surrogates (not UTF-8) with `?` and NUL (refused by Postgres) with U+FFFD."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def encode(value: object) -> bytes:
    """Write one of our types, or plain JSON data, as JSON bytes."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_storable_parts(msgspec.to_builtins(value)))


def decode(body: bytes, kind: type[T]) -> T | None:
    """Read what `encode` wrote; None where it was written in a shape we no longer know."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        return None


def _storable_parts(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        parts = cast("Mapping[object, object]", value)
        return {_storable_parts(key): _storable_parts(part) for key, part in parts.items()}
    if isinstance(value, list | tuple):
        return [_storable_parts(part) for part in cast("list[object]", value)]
    return value
