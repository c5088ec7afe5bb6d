"""Lines and sentences: statements of SQL, lines of known files, addresses, calls, what people write.

`lines.toml` has the expressions, by what their last group must look like to be a credential. Pure.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.redaction.names import Says, is_odd, is_reference, says

_INSERT = re.compile(
    r"(?i)\binsert\s+into\s+\S{1,80}\s{0,8}\(([^()\n]{1,500}+)\)\s{0,8}values\s{0,8}\(([^()\n]{1,2000}+)\)"
)
_CALL = re.compile(r"(?<![\w.])([\w.]{3,60}+)\(\s{0,4}[\"'`]([^\"'`\n]++)[\"'`]\s{0,4}\)")

_SIGN = re.compile(r"\d|[!$%^&*#?+~]")
_SECRET = re.compile(r"(?m)^[ \t]{0,40}kind:[ \t]{1,4}Secret[ \t\r]*$")
_DATA = re.compile(r"(?m)^([ \t]{0,40}+)(?:data|stringData):[ \t\r]*\n((?:\1[ \t][^\n]*+\n?)++)")
_ENTRY = re.compile(r"(?m)^[ \t]{1,60}+[\w.\-]{1,253}+:[ \t]+(\S[^\n]*+)$")


def told(value: str) -> Iterator[tuple[int, int]]:
    """Yield every stretch that a line or a sentence says is a credential, in no order."""
    for judge, expressions in _LINES:
        for expression in expressions:
            for found in expression.finditer(value):
                start, end = found.span(found.lastindex or 0)
                end = start + len(value[start:end].rstrip(".,;:)"))
                if judge(value[start:end]) and not is_reference(value[start:end]):
                    yield start, end
    yield from _inserted(value)
    yield from _in_manifest(value)
    for found in _CALL.finditer(value):
        said, inner = says(found[1]), found[2]
        if (said is Says.ALWAYS or (said is Says.ASSIGNED and is_odd(inner))) and not is_reference(
            inner
        ):
            yield found.span(2)


def _inserted(value: str) -> Iterator[tuple[int, int]]:
    """Yield values of columns whose names say secret."""
    for found in _INSERT.finditer(value):
        columns, rest = found[1].split(","), found.start(2)
        for column, inner in zip(columns, found[2].split(","), strict=False):
            if says(column.strip(" `\"'")) >= Says.NAMED and inner.strip(" '\""):
                yield (
                    rest + len(inner) - len(inner.lstrip(" '\"")),
                    rest + len(inner.rstrip(" '\"")),
                )
            rest += len(inner) + 1


def _in_manifest(value: str) -> Iterator[tuple[int, int]]:
    """Yield what a Secret holds that stands in a text as YAML."""
    if _SECRET.search(value):
        for block in _DATA.finditer(value):
            for found in _ENTRY.finditer(value, *block.span(2)):
                yield found.span(1)


def telling(value: str) -> bool:
    """Tell whether a word of a sentence has letters and, inside, digits or signs: no word, no number."""
    inner = value if value[-1:].isdigit() else value[:-1]
    return is_odd(value) and any(map(str.isalpha, value)) and bool(_SIGN.search(inner))


def _loud(value: str) -> bool:
    """Tell whether a value has letters, digits and signs as made passwords have."""
    return all(re.search(kind, value) for kind in (r"[A-Za-z]", r"\d", r"[!$%^&*#?+~]"))


_JUDGES: dict[str, Callable[[str], bool]] = {
    "any": bool,
    "odd": is_odd,
    "telling": telling,
    "loud": _loud,
}
_LINES = [
    (_JUDGES[name], [re.compile(expression) for expression in expressions.values()])
    for name, expressions in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    ).items()
]
