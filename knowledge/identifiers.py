"""Exact identifiers in a question: control numbers, other tools' numbers, CVEs, field and flag names.

Pure. Used by `search`, which puts rows found here before all others.
"""

import re
from dataclasses import dataclass

from knowledge.library import Row

_NUMBER = re.compile(r"(?<![\w.:/-])(\d(?:\.\d{1,2}){1,2})(?![\w:/-]|\.\d)")
_NUMBER_ALONE = re.compile(
    r"\s*(?:cis|control|kube-?bench|check|rule|section|benchmark|[\s#:-])*\s*", re.I
)
_NAMED = re.compile(
    r"(?:cis|control|controls|benchmark|section|check|rule|kube-?bench)\W*(?:v?1\.12\W*)?$", re.I
)
_VERSION = re.compile(r"(?:\bv|version|release|kubernetes|k8s|etcd|\bgo|image|chart)\W*$", re.I)
_ALIAS = re.compile(r"\b(?:AVD-)?(K[SC]V)-?0*(\d{1,4})\b|\b(C)-(\d{4})\b", re.I)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.I)
_FIELD = re.compile(r"--[a-z][a-z0-9-]+|\b[a-z]+(?:[A-Z]+[a-z0-9]*)+\b")
_MAX_SHARED = 3
"""A field name that more controls than this have (`securityContext`) identifies none of them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that a question names."""

    certain: tuple[int, ...] = ()
    """By number or CVE, in the question's order: these come first whatever else is asked."""
    likely: tuple[int, ...] = ()
    """By a field or flag name inside a longer question."""
    unknown: str = ""
    """A number or CVE that nothing here has, where the question is nothing but that."""


class Identifiers:
    """Looks identifiers up in the rows of one library."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._fields: dict[str, list[int]] = {}
        for at, row in enumerate(rows):
            self._add_row(at, row)
        self._fields = {name: at for name, at in self._fields.items() if len(at) <= _MAX_SHARED}

    def find(self, question: str) -> Found:
        """Find the rows that a question names exactly."""
        certain: list[int] = []
        missing: list[str] = []
        rest = question
        for name, written in [*_numbers(question), *_names(question)]:
            rows = self._numbers.get(name, [])
            certain += [at for at in rows if at not in certain]
            if not rows:
                missing.append(written)
            rest = rest.replace(written, " ")
        if missing and not certain and _NUMBER_ALONE.fullmatch(rest):
            return Found(unknown=missing[0])
        fields = [
            at for name in _FIELD.findall(question) for at in self._fields.get(name.lower(), [])
        ]
        likely = [at for at in dict.fromkeys(fields) if at not in certain]
        if not certain and likely and self._only_names(question):
            return Found(certain=tuple(likely))
        return Found(tuple(certain), tuple(likely))

    def _only_names(self, question: str) -> bool:
        """Tell whether a question is just a field name, with hardly a word around it."""
        left = _FIELD.sub(" ", question).replace("?", " ").split()
        return len(left) <= 1

    def _add_row(self, at: int, row: Row) -> None:
        for control in row.controls:
            self._add(self._numbers, control.id.lower(), at)
            for alias in control.aliases:
                for name, _ in _names(alias):
                    self._add(self._numbers, name, at)
        for field in _FIELD.findall(row.controls[0].setting) if row.controls else ():
            self._add(self._fields, field.lower(), at)
        texts = (*row.short_texts, *(passage.text for passage in row.passages))
        for cve in {found.lower() for text in texts for found in _CVE.findall(text)}:
            self._add(self._numbers, cve, at)

    @staticmethod
    def _add(table: dict[str, list[int]], name: str, at: int) -> None:
        rows = table.setdefault(name, [])
        if at not in rows:
            rows.append(at)


def _numbers(question: str) -> list[tuple[str, str]]:
    """Find control numbers as (id, as written); versions of software are left alone."""
    found: list[tuple[str, str]] = []
    for match in _NUMBER.finditer(question):
        before = question[: match.start()]
        alone = _NUMBER_ALONE.fullmatch(before + question[match.end() :].rstrip("?!. ")) is not None
        named = _NAMED.search(before) is not None
        long = match[1].count(".") == 2 and _VERSION.search(before) is None
        if alone or named or long:
            found.append((match[1], match[0]))
    return found


def _names(text: str) -> list[tuple[str, str]]:
    """Find other tools' numbers and CVEs as (normal form, as written)."""
    found = [(match[0].lower(), match[0]) for match in _CVE.finditer(text)]
    for match in _ALIAS.finditer(text):
        kind = (match[1] or match[3]).lower()
        number = int(match[2] or match[4])
        found.append((f"{kind}-{number}", match[0]))
    return found
