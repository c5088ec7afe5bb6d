"""An object as it stands in a file -> whether something that is read of it is still to be filled in.

Templates of charts, envsubst, kustomize and others leave their marks where a value belongs. Only the
fields that a kind's struct decodes count: arguments, values of variables, data and annotations may
hold such signs and mean them. Pure. Used by `folder`.
"""

import re
from typing import Any

import msgspec
from msgspec import inspect

from tools.objects.kinds import Kind

_MARK = re.compile(
    r"\{\{|\{%|\[\[|\$[A-Za-z_{(]|<%|<[\w .-]+>|__[A-Z]\w*__|^([@%])[A-Za-z][\w.]*\1$|#\{|^\(\("
)
_MAY_HOLD = re.compile(rb"\{\{|\{%|\[\[|\$|<|\\u003c|__|\"[@%][A-Za-z]|#\{|\(\(")
"""What stands in the JSON of every object that has a mark."""
_IN_A_COMMENT = re.compile(rb"(?m)^[^#\n]*[:-][ \t]+#(?:@ |\{\w)")
"""`hostPID: #@ data.values.pid` of ytt and `privileged: #{flag}#` of Azure Pipelines: no value, for YAML."""
_TEXTS = ("ConfigMap", "Event")


def unfilled_values(data: bytes) -> bool:
    """Tell whether a file has a placeholder where YAML sees a comment, and so no value."""
    return _IN_A_COMMENT.search(data) is not None


def unfilled(raw: bytes, kind: Kind) -> bool:
    """Tell whether a field that is read holds a placeholder; `raw` is the whole object as JSON."""
    if kind.kind in _TEXTS or not _MAY_HOLD.search(raw):
        return False
    quiet = {"annotations", "labels"} if kind.namespaced else {"annotations"}
    return _marked(msgspec.json.decode(raw), inspect.type_info(kind.struct), quiet)


def _marked(value: Any, form: inspect.Type, quiet: set[str]) -> bool:
    """Look into what the form reads of a value; text where none belongs does not decode at all."""
    if isinstance(form, inspect.UnionType):
        return any(_marked(value, each, quiet) for each in form.types)
    if isinstance(value, str):
        read = isinstance(form, inspect.StrType | inspect.AnyType)
        return read and _MARK.search(value) is not None
    if isinstance(value, list) and isinstance(form, inspect.ListType):
        entries: list[Any] = value
        return any(_marked(each, form.item_type, quiet) for each in entries)
    if not isinstance(value, dict):
        return False
    fields: dict[str, Any] = value
    if isinstance(form, inspect.DictType):
        return any(_marked(each, form.value_type, quiet) for each in fields.values())
    return isinstance(form, inspect.StructType) and any(
        _marked(fields[field.encode_name], field.type, quiet)
        for field in form.fields
        if field.encode_name in fields and field.encode_name not in quiet
    )
