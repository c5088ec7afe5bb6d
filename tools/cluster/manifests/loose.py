"""Loosely written values -> the form of a kind, where nothing is lost by it.

Manifests that people keep are not always ones that a server would take: numbers in quotes, numbers and
booleans where text belongs, null or an empty value of another sort where nothing is meant. Read as
Go's decoder reads null (absent; in a list the zero value) and as the author meant the rest. What would
have to be guessed is left as it is and fails to decode. Used by `reader`, only after strict decoding.
"""

from typing import Any

import msgspec
from msgspec import inspect

_EMPTY: tuple[Any, ...] = (None, "", {}, [])
_TRUTH = {"true": True, "y": True, "false": False, "n": False}


def loosened(value: Any, struct: type[msgspec.Struct]) -> Any:
    """Give a decoded object with its loosely written values in the form that the struct asks for."""
    return _shaped(value, inspect.type_info(struct))


def _shaped(value: Any, wanted: inspect.Type) -> Any:
    """Bring one value into its form, and all that it holds."""
    wanted = _not_null(wanted)
    if isinstance(wanted, inspect.StructType):
        return _object(value, wanted)
    if isinstance(wanted, inspect.ListType):
        if not isinstance(value, list):
            return value
        entries: list[Any] = value
        return [
            _shaped(_zero_if_null(each, wanted.item_type), wanted.item_type) for each in entries
        ]
    if isinstance(wanted, inspect.DictType):
        return _labels(value, wanted)
    return _scalar(value, wanted)


def _labels(value: Any, wanted: inspect.DictType) -> Any:
    if not isinstance(value, dict):
        return value
    given: dict[str, Any] = value
    return {
        key: _shaped(_zero_if_null(each, wanted.value_type), wanted.value_type)
        for key, each in given.items()
    }


def _object(value: Any, wanted: inspect.StructType) -> Any:
    if not isinstance(value, dict):
        return value
    given: dict[str, Any] = value
    return {
        field.encode_name: _shaped(given[field.encode_name], field.type)
        for field in wanted.fields
        if field.encode_name in given and not _is_nothing(given[field.encode_name], field.type)
    }


def _is_nothing(value: Any, wanted: inspect.Type) -> bool:
    """Tell whether a field says nothing: null, or an empty value of another sort."""
    if value is None:
        return True
    form = _not_null(wanted)
    own = str if isinstance(form, inspect.StrType) else dict
    own = list if isinstance(form, inspect.ListType) else own
    return value in _EMPTY and not isinstance(value, own)


def _zero_if_null(value: Any, wanted: inspect.Type) -> Any:
    if value is not None or isinstance(wanted, inspect.AnyType):
        return value
    return "" if isinstance(_not_null(wanted), inspect.StrType) else {}


def _scalar(value: Any, wanted: inspect.Type) -> Any:
    if isinstance(wanted, inspect.StrType) and isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    if isinstance(wanted, inspect.BoolType) and isinstance(value, str):
        return _TRUTH.get(value.lower(), value)
    if isinstance(wanted, inspect.IntType):
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
    return value


def _not_null(wanted: inspect.Type) -> inspect.Type:
    """Give the one type of a field that takes null besides."""
    if not isinstance(wanted, inspect.UnionType):
        return wanted
    [only] = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
    return only
