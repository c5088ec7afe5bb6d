"""One field of a YAML or JSON text: set or removed by the marks of its node, all other text kept.

New block text is written at the indent of what stands beside it, with the line ends of the file. Entries
of a list that stay keep their own text. What is not understood raises `Unfit`; `text` compares
the result besides. Pure.
"""

import json
import re
from typing import Any

import yaml
from msgspec import Struct

from tools.cluster.manifests.export import as_yaml
from tools.cluster.manifests.yaml_documents import mapping_key, scalar
from tools.errors import ToolsError
from tools.planning.patching import as_list, same
from tools.types import FieldPath

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NO_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


class Unfit(ToolsError):
    """A text that cannot be changed in the fields concerned alone; `public` says why."""


class Source(Struct, frozen=True):
    """A file's text, and where in it the nodes' marks count from."""

    text: str
    start: int
    is_json: bool

    @property
    def newline(self) -> str:
        """Give how lines end here."""
        return "\r\n" if "\r\n" in self.text[self.start :] else "\n"

    def begin(self, node: Any) -> int:
        """Give the index of a node's first character."""
        return self.start + node.start_mark.index

    def end(self, node: Any) -> int:
        """Give the index after a node's last character, without what follows a block collection."""
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            return self.start + node.end_mark.index
        last = node.value[-1]
        if not isinstance(last, tuple):
            return self.end(last)
        if self.begin(last[1]) < self.begin(last[0]):
            raise Unfit("it uses YAML anchors there")
        return self.end(last[1])

    def line_start(self, index: int) -> int:
        """Give where the line of an index begins."""
        return self.text.rfind("\n", 0, index) + 1

    def after_line(self, index: int) -> int:
        """Give where the next line begins; the index itself at the beginning of one."""
        if index and self.text[index - 1] == "\n":
            return index
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def replaced(self, start: int, end: int, new: str) -> str:
        """Give the whole text with a stretch replaced."""
        return self.text[:start] + new + self.text[end:]

    def with_lines(self, start: int, end: int, lines: str) -> str:
        """Give the whole text with whole lines replaced; `lines` does not end in a line end."""
        before, after = self.text[:start], self.text[end:]
        if before and not before.endswith("\n"):
            before += self.newline
        ended = bool(after) or self.text.endswith("\n")
        return f"{before}{lines}{self.newline if ended else ''}{after}"


def put_value(source: Source, root: Any, path: FieldPath, value: Any) -> str:
    """Set a field to a value, adding it at the end of its mapping where it is not there."""
    holder = _walk(root, path[:-1])
    key = path[-1]
    if isinstance(key, int):
        return _replace(source, holder, None, holder.value[key], value)
    found = _member(holder, key)
    if found is None:
        return _add(source, holder, key, value)
    if source.begin(found[1]) < source.begin(found[0]):
        raise Unfit("it uses YAML anchors there")
    return _replace(source, holder, found[0], found[1], value)


def remove_key(source: Source, root: Any, path: FieldPath) -> str:
    """Remove a field; a mapping that had no other is written `{}`."""
    holder = _walk(root, path[:-1])
    keys = [_name(key) for key, _ in holder.value]
    if path[-1] not in keys:
        return source.text
    if len(keys) == 1:
        return put_value(source, root, path[:-1], {})
    index = keys.index(str(path[-1]))
    if holder.flow_style:
        return _cut_flow(source, holder, index)
    key, value = holder.value[index]
    if source.begin(value) < source.begin(key):
        raise Unfit("it uses YAML anchors there")
    start, end = source.begin(key), source.after_line(source.end(value))
    first = source.line_start(start)
    if not source.text[first:start].strip():
        return source.replaced(first, end, "")
    following = source.begin(holder.value[index + 1][0])
    if source.text[end:following].strip():
        return source.replaced(start, end, source.newline)
    return source.replaced(start, following, "")


def _walk(node: Any, path: FieldPath) -> Any:
    for part in path:
        if isinstance(part, int) and isinstance(node, yaml.SequenceNode):
            node = node.value[part]
            continue
        found = _member(node, str(part))
        if found is None:
            raise Unfit("it takes fields from elsewhere (a YAML merge key)")
        node = found[1]
    return node


def _member(node: Any, key: str) -> tuple[Any, Any] | None:
    """Find a mapping's entry; the last of that name counts."""
    if not isinstance(node, yaml.MappingNode):
        raise Unfit("it does not hold fields where some were expected")
    found = [(k, v) for k, v in node.value if _name(k) == key]
    return found[-1] if found else None


def _name(key: Any) -> str:
    if not isinstance(key, yaml.ScalarNode):
        raise Unfit("it has a key that is no text")
    return mapping_key(key.value, plain=not key.style)


def _add(source: Source, holder: Any, key: str, value: Any) -> str:
    """Add a field at the end of a mapping."""
    if not holder.value:
        return source.replaced(
            source.begin(holder), source.end(holder), _flow({key: value}, source)
        )
    last_key, last = holder.value[-1]
    end = source.end(last)
    if holder.flow_style:
        gap = source.text[source.line_start(source.begin(last_key)) : source.begin(last_key)]
        own_line = not gap.strip() and len(holder.value) > 0
        between = f",{source.newline}{gap}" if own_line else ", "
        named = f"{_flow_key(key, source)}: {_flow(value, source, gap if own_line else None)}"
        return source.replaced(end, end, between + named)
    if source.begin(last) < source.begin(last_key):
        raise Unfit("it uses YAML anchors there")
    column = holder.value[0][0].start_mark.column
    at = source.after_line(end)
    return source.with_lines(at, at, _block({key: value}, column, source))


def _replace(source: Source, holder: Any, key: Any, node: Any, value: Any) -> str:
    """Put a new value in the place of a node."""
    begin, end = source.begin(node), source.end(node)
    if isinstance(node, yaml.SequenceNode) and node.value and isinstance(value, list) and value:
        kept = _relisted(source, node, as_list(value))
        if kept is not None:
            return kept
    in_block = not holder.flow_style
    opened = not isinstance(node, yaml.ScalarNode) and not node.flow_style
    if in_block and key is not None and isinstance(value, dict | list) and value:
        return _as_block(source, key, (begin, end), value, holder.value[0][0].start_mark.column)
    new = _scalar(value, source) if in_block else _flow(value, source)
    if opened or getattr(node, "style", None) in ("|", ">"):
        return _inline(source, key, begin, source.after_line(end), new)
    return source.replaced(begin, end, f" {new}" if source.text[begin - 1] == ":" else new)


def _as_block(source: Source, key: Any, span: tuple[int, int], value: Any, column: int) -> str:
    """Write a collection below its key, in the place of what stands there."""
    begin, end = span
    colon = source.text.index(":", source.start + key.end_mark.index) + 1
    stop = source.after_line(end)
    first_line = source.after_line(colon)
    if begin < first_line:
        rest = source.text[end : min(stop, first_line)].rstrip("\r\n")
        remark = f" {rest.strip()}" if rest.strip().startswith("#") else ""
    else:
        remark = source.text[colon:first_line].rstrip()
    if any(sign in remark.partition("#")[0] for sign in "&!"):
        raise Unfit("it uses YAML anchors there")
    head = source.text[source.line_start(colon - 1) : colon] + remark
    indent = column if isinstance(value, list) else column + 2
    body = _block(value, indent, source)
    return source.with_lines(source.line_start(colon - 1), stop, f"{head}{source.newline}{body}")


def _inline(source: Source, key: Any, begin: int, stop: int, new: str) -> str:
    """Write a short value in the place of text that spans lines."""
    if key is None:
        return source.with_lines(
            source.line_start(begin), stop, source.text[source.line_start(begin) : begin] + new
        )
    colon = source.text.index(":", source.start + key.end_mark.index) + 1
    first = source.line_start(colon - 1)
    below = source.after_line(colon)
    remark = source.text[colon:below].strip() if begin >= below else ""
    said = f"  {remark}" if remark.startswith("#") else ""
    return source.with_lines(first, stop, f"{source.text[first:colon]} {new}{said}")


def _relisted(source: Source, node: Any, values: list[Any]) -> str | None:
    """Write a list anew, keeping the text of entries that stay; None where that cannot be told."""
    there = [_value(each) for each in node.value]
    texts = _flow_chunks(source, node) if node.flow_style else _block_chunks(source, node)
    if texts is None:
        return None
    parts: list[str] = []
    position = 0
    for value in values:
        found = next((i for i in range(position, len(there)) if same(there[i], value)), None)
        if found is None:
            column = node.start_mark.column
            parts.append(
                _flow(value, source) if node.flow_style else _block([value], column, source)
            )
        else:
            parts.append(texts[found])
            position = found + 1
    if not node.flow_style:
        start = source.line_start(source.begin(node))
        stop = source.after_line(source.end(node))
        return source.with_lines(start, stop, source.newline.join(parts))
    first = source.begin(node.value[0])
    gap = source.text[source.line_start(first) : first]
    between = f",{source.newline}{gap}" if not gap.strip() else ", "
    return source.replaced(first, source.end(node.value[-1]), between.join(parts))


def _flow_chunks(source: Source, node: Any) -> list[str]:
    return [source.text[source.begin(each) : source.end(each)] for each in node.value]


def _block_chunks(source: Source, node: Any) -> list[str] | None:
    """Give the lines of each entry of a block list, with the comments that follow it."""
    starts: list[int] = []
    for entry in node.value:
        dash = source.text.rfind("-", 0, source.begin(entry))
        start = source.line_start(dash)
        if dash < 0 or dash - start != node.start_mark.column or source.text[start:dash].strip():
            return None
        starts.append(start)
    stops = [*starts[1:], source.after_line(source.end(node))]
    chunks = [source.text[a:b] for a, b in zip(starts, stops, strict=True)]
    return [chunk.removesuffix("\n").removesuffix("\r") for chunk in chunks]


def _value(node: Any) -> Any:
    """Give what a node says, for comparing entries of a list."""
    if isinstance(node, yaml.MappingNode):
        return {_name(key): _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    return scalar(node.value, plain=not node.style)


def _cut_flow(source: Source, holder: Any, index: int) -> str:
    """Cut a field out of a flow mapping that has others."""
    key, value = holder.value[index]
    if index:
        return source.replaced(source.end(holder.value[index - 1][1]), source.end(value), "")
    return source.replaced(source.begin(key), source.begin(holder.value[1][0]), "")


def _block(value: Any, column: int, source: Source) -> str:
    """Write a collection as lines at a column, without a last line end."""
    lines = as_yaml(value).rstrip("\n").split("\n")
    return source.newline.join(" " * column + line if line else line for line in lines)


def _scalar(value: Any, source: Source) -> str:
    """Write a value on the rest of a line of block style."""
    if isinstance(value, str):
        written = as_yaml([value]).rstrip("\n").removeprefix("- ")
        return written if "\n" not in written else json.dumps(value, ensure_ascii=False)
    return _flow(value, source)


def _flow(value: Any, source: Source, indent: str | None = None) -> str:
    """Write a value as JSON, which YAML reads too; over several lines where an indent is given."""
    if indent is not None and source.is_json:
        lines = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
        return (source.newline + indent).join(lines)
    if isinstance(value, dict):
        pairs = (f"{_flow_key(str(k), source)}: {_flow(v, source)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each, source) for each in as_list(value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _flow_key(key: str, source: Source) -> str:
    if source.is_json or not _PLAIN_KEY.fullmatch(key) or key.lower() in _NO_WORDS:
        return json.dumps(key, ensure_ascii=False)
    return key
