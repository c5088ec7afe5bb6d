"""YAML read so that every complaint names its line and key, and nothing is guessed.

Refused beyond what YAML refuses: a key twice, aliases, anchors, tags, a second document, nesting
deeper than 12. A value has the type that is asked of it, or it is refused: no text is made of a
number and none of a truth value. Knows nothing of policies; used by the other readers here.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import cast

import yaml

from bot.errors import BadPolicy

MAX_BYTES = 256_000
"""A longer text is refused."""

MAX_DEPTH = 12
_ROOT = "the file"
_SHOWN = 60
_TAG = "tag:yaml.org,2002:"
_DIGITS = re.compile(r"(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file, with the path that leads to it."""

    node: yaml.Node
    path: str

    @property
    def line(self) -> int:
        """Give the line that it stands on, counted from 1."""
        return self.node.start_mark.line + 1

    def error(self, what: str, hint: str = "") -> BadPolicy:
        """Make the error that refuses the file for this value."""
        return BadPolicy(self.line, self.path or _ROOT, what, hint)

    def entries(self, form: "Callable[[Value], str] | None" = None) -> "dict[str, Value]":
        """Give a mapping's values by key, in the file's order; `form` reads a key, else any text."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"must hold keys and values, not {_form(self.node)}")
        found: dict[str, Value] = {}
        for key, value in self._pairs():
            named = Value(key, self.path)
            name = form(named) if form else named.text()
            path = f"{self.path}.{name}" if self.path else name
            if name in found:
                raise Value(key, path).error("stands here twice", "Keep one of them.")
            found[name] = Value(value, path)
        return found

    def _pairs(self) -> "list[tuple[yaml.Node, yaml.Node]]":
        return cast("list[tuple[yaml.Node, yaml.Node]]", self.node.value)

    def fields(self, required: Collection[str], optional: Collection[str]) -> "dict[str, Value]":
        """Give a mapping's values; a key that is unknown or missing is refused."""
        found = self.entries()
        known = [*required, *optional]
        for (node, _), (name, value) in zip(self._pairs(), found.items(), strict=True):
            if name not in known:
                near = difflib.get_close_matches(name, known, 1) or [", ".join(known)]
                raise Value(node, value.path).error("is not a key known here", f"Known: {near[0]}.")
        for name in required:
            if name not in found:
                raise self.error(f"lacks the key {name}")
        return found

    def items(self) -> "tuple[Value, ...]":
        """Give a list's values."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"must be a list, not {_form(self.node)}")
        nodes = cast("list[yaml.Node]", self.node.value)
        return tuple(Value(n, f"{self.path}[{i}]") for i, n in enumerate(nodes, start=1))

    def text(self, pattern: re.Pattern[str] | None = None, form: str = "") -> str:
        """Give a text; `form` says in words what the pattern asks for."""
        shown = self._scalar("str", "text", "Put it in quotes where it is meant as text.")
        if not shown or not shown.isprintable():
            raise self.error("must be one line of visible text")
        if pattern is not None and not pattern.fullmatch(shown):
            raise self.error(f"{quoted(shown)} is not {form}")
        return shown

    def moment(self) -> str:
        """Give a date or time as it is written, whether YAML takes it for text or for a time."""
        if self.node.tag == f"{_TAG}timestamp":
            return str(self.node.value)
        return self.text()

    def number(self, least: int, most: int) -> int:
        """Give a whole number within bounds, both included."""
        shown = self._scalar("int", "a whole number", f"Between {least} and {most}.")
        if not _DIGITS.fullmatch(shown) or not least <= int(shown) <= most:
            raise self.error(f"must be a whole number from {least} to {most}, not {quoted(shown)}")
        return int(shown)

    def flag(self) -> bool:
        """Give a truth value, written true or false."""
        shown = self._scalar("bool", "true or false", "")
        if shown not in ("true", "false"):
            raise self.error(f"must be written true or false, not {quoted(shown)}")
        return shown == "true"

    def choice(self, known: Collection[str]) -> str:
        """Give one of some words."""
        shown = self.text()
        if shown not in known:
            near = difflib.get_close_matches(shown, known, 1) or [", ".join(known)]
            raise self.error(f"{quoted(shown)} is not known here", f"Known: {near[0]}.")
        return shown

    def _scalar(self, tag: str, wanted: str, hint: str) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != f"{_TAG}{tag}":
            raise self.error(f"must be {wanted}, not {_form(self.node)}", hint)
        return str(self.node.value)


def quoted(text: str) -> str:
    """Show a text of the file in a message: escaped and short."""
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _form(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if node.tag == f"{_TAG}null":
        return "nothing"
    return f"the {node.tag.removeprefix(_TAG)} {quoted(str(node.value))}"


def read(text: str) -> Value:
    """Read one document of keys and values. Raises BadPolicy."""
    try:
        if len(text.encode()) > MAX_BYTES:
            raise BadPolicy(1, _ROOT, f"is longer than {MAX_BYTES:,} bytes", "Shorten it.")
        _check_events(text)
        node = cast(
            "yaml.Node | None",
            yaml.compose(text, Loader=yaml.CSafeLoader),  # pyright: ignore[reportUnknownMemberType] - untyped
        )
    except UnicodeEncodeError as error:
        raise BadPolicy(_line_at(text, error.start), _ROOT, "holds a broken character") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"is not valid YAML: {error.problem or 'it ends too early'}"
        raise BadPolicy(line, _ROOT, what, "Mend that line.") from error
    except yaml.YAMLError as error:
        line = _line_at(text, getattr(error, "position", 0))
        raise BadPolicy(line, _ROOT, "holds a character that YAML refuses") from error
    if node is None:
        raise BadPolicy(1, _ROOT, "is empty", "See deploy/policy.yaml.")
    return Value(node, "")


def _check_events(text: str) -> None:
    """Refuse what could make the tree large, endless or of foreign types, before it is built."""
    depth = documents = 0
    events = cast(
        "Iterator[yaml.Event]",
        yaml.parse(text, Loader=yaml.CSafeLoader),  # pyright: ignore[reportUnknownMemberType] - untyped
    )
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadPolicy(line, _ROOT, "uses an anchor or alias", "Write the value out.")
        if getattr(event, "tag", None):
            raise BadPolicy(line, _ROOT, "uses a tag", "Take the tag away.")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise BadPolicy(line, _ROOT, "holds a second document", "Keep one document a file.")
        depth += isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
        depth -= isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
        if depth > MAX_DEPTH:
            raise BadPolicy(line, _ROOT, f"is nested deeper than {MAX_DEPTH}", "Flatten it.")


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
