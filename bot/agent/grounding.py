"""Takes out of a model's text whatever nothing supports: control numbers, advisories, names, links.

The text is checked whole, after the model's turn has ended, and nothing of it is shown before. What is
taken out is replaced by a mark and counted; it is never repeated, not even to say what it was. Text that
our own code composed is only made inert. Pure; linear in the text. Used by `bot.agent.loop`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.agent import forms
from bot.agent.allowed import Allowed, known_controls, known_versions
from bot.agent.commands import TOOL, Role, roles
from bot.agent.defuse import MARK, defuse_links, defuse_mentions, mask
from bot.agent.language import ordinary
from bot.agent.naming import CODE, Line, without
from bot.agent.normalise import normalise
from bot.agent.sentences import UNKNOWN, is_english, tabled
from bot.agent.shapes import Chunk, Names, chunks
from bot.agent.vocabulary import BREAKING, CONNECTING, KINDS, LISTING, VERSION_WORDS

CONTROL, CVE, NAME, LINK = "control number", "CVE id", "object name", "link"

_FENCE = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,})([^\n`]*).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_DOCUMENT = re.compile(r"(?m)^---")
_RUNS = re.compile(r"kind[\"']?:\s*[\"']?(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|CronJob)\b")
_NEW_NAME = re.compile(
    r"metadata[\"']?:\s*(?:\{[^}\n]{0,200}?)?[\"']?name[\"']?:\s*[\"']?([a-z0-9.-]{1,253})"
)
_TO_BE_MADE = re.compile(
    r"(?i)\b(?:create|add|introduce|define|make|consider|named?|call)\b[^.`\n|]{0,40}?\b(?:an?|new|another|it|one)\b"
    r"[^.`\n|]{0,60}?(?:e\.g\.,? |i\.e\. )?`([a-z0-9][a-z0-9-]{1,62})`"
)
_HOLDERS = re.compile(
    r"(\s*(?:-[ ])?)[\"']?(?:subjects|roleRef|imagePullSecrets|secretRef|configMapRef)[\"']?:"
)
_HELD = re.compile(r"\bname[\"']?:[ ]*[\"']?([a-zA-Z0-9][\w.:@-]*)")
_PLACED = re.compile(
    r"(?:\b(?:namespace|serviceAccountName|serviceAccount|secretName|claimName|nodeName)[\"']?[ ]?[:=][ ]?"
    r"|(?<=\s)-n[= ]|--namespace[= ])[\"']?([a-z0-9][a-z0-9.-]*)"
)
_IMAGE = re.compile(r"\bimage[\"']?:[ ]*[\"']?([^\s\"',{}\[\]]+)")
_PLAIN_FENCE = frozenset({"", "text", "console", "plain", "output"})
_CODED = re.compile(r"[={};$]|^\s*[-\w.\"'/]+:(?:\s|$)|^\s*[#/<]")
_COMMENT = re.compile(r"(?<=\s)#\s|^\s*#\s")
_AFFECTED = re.compile(
    r"(?i)\b(?:affected|suffer\w*|vulnerable|has|have|contains?|carr(?:y|ies)|applies|found|exposed?)\b"
)
_BEFORE = 60
"""Most characters before a bare number that say what it is."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """A text that may be shown."""

    text: str
    removed: tuple[str, ...]
    """What sort of thing was taken out, once for each; never the thing itself."""


def ground(text: str, allowed: Allowed, hosts: frozenset[str]) -> Grounded:
    """Check a text of a model and give back what may be shown of it.

    Args:
        text: of the model; any length.
        allowed: what results, passages and the person named.
        hosts: where links may lead beside the sources of what was found.
    """
    plain = mask(normalise(text))
    fences = list(_FENCE.finditer(plain))
    made = frozenset([*(name for fence in fences for name in _made(fence[0])), *_to_be_made(plain)])
    checker = _Checker(Names(allowed, made, is_english(plain)))
    pieces: list[str] = []
    at = 0
    for fence in fences:
        pieces.append(checker.prose(plain[at : fence.start()]))
        pieces.append(checker.code_block(fence[0], fence[2].strip().lower()))
        at = fence.end()
    pieces.append(checker.prose(plain[at:]))
    pieces = [checker.without_struck(piece) for piece in pieces]
    return _inert("".join(pieces), hosts | allowed.hosts, checker.known_text, checker.removed)


def _made(code: str) -> Iterator[str]:
    """Give the names of what a block of code would make, but for workloads: those run or do not."""
    for document in _DOCUMENT.split(code):
        if not _RUNS.search(document):
            yield from _NEW_NAME.findall(document)


def _to_be_made(text: str) -> Iterator[str]:
    """Give the names that the text itself gives to what it says should be created."""
    yield from (found[1].lower() for found in _TO_BE_MADE.finditer(text))
    for line in text.split("\n"):
        if TOOL.search(line):
            yield from (
                line[at:].split()[0].strip("`\"'").lower()
                for at, role in roles(line)
                if role is Role.NEW
            )


def inert(text: str, allowed: Allowed, hosts: frozenset[str]) -> Grounded:
    """Make a text inert that our own code composed of typed results: no links, mentions or secrets."""
    known = Names(allowed, frozenset(), english=False)
    return _inert(mask(normalise(text)), hosts | allowed.hosts, known.linked, [])


def _inert(
    text: str, hosts: frozenset[str], known: Callable[[str], bool], removed: list[str]
) -> Grounded:
    linked, links = defuse_links(text, hosts, known)
    return Grounded(mask(defuse_mentions(linked)).strip(), (*removed, *[LINK] * links))


Act = Callable[[re.Match[str], str], str]
"""Gives what stands instead of a match in its sentence."""


class _Checker:
    """One pass over one text."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._allowed = names.allowed
        self.removed: list[str] = []
        self._struck: set[str] = set()
        """Names taken out that are no word of the language: they go wherever else they stand."""

    def without_struck(self, text: str) -> str:
        """Take out what was found elsewhere in this answer to be the name of nothing."""
        wrong = ((chunk.start, chunk.end) for chunk in chunks(text) if chunk.lower in self._struck)
        return without(text, wrong, self._name_out)

    def prose(self, text: str) -> str:
        """Check text outside code blocks."""
        text = self._numbered(_unescaped(text))
        return "\n".join(
            Line(line, self._names, cells).checked(self._name_out)
            for line, cells in tabled(text.split("\n"))
        )

    def code_block(self, text: str, language: str) -> str:
        """Check a code block: names only where they are written as such, numbers always."""
        checked: list[str] = []
        holders = -1
        for line in self._numbered(text).split("\n"):
            begins = _HOLDERS.match(line)
            indent = len(line) - len(line.lstrip(" "))
            if begins:
                holders = len(begins[1])
            elif indent < holders or (
                indent == holders and line.strip()[:1] not in ("-", "]", "}")
            ):
                holders = -1
            checked.append(self._code_line(line, language, holders >= 0))
        return "\n".join(checked)

    def known_text(self, token: str) -> bool:
        """Tell whether a host or image reference stands in results or passages."""
        return self._names.linked(token)

    def _code_line(self, line: str, language: str, holders: bool = False) -> str:
        if TOOL.search(line):
            return without(line, self._wrong_in_command(line), self._name_out)
        if comment := _COMMENT.search(line):
            code, said = line[: comment.start()], line[comment.start() :]
            return self._code_line(code, language, holders) + Line(said, self._names).checked(
                self._name_out
            )
        if (
            language in _PLAIN_FENCE
            and not _CODED.search(line)
            and not line.lstrip().startswith(("```", "~~~"))
        ):
            return Line(line, self._names).checked(self._name_out)
        return without(line, self._wrong_in_code(line, holders), self._name_out)

    def _wrong_in_command(self, line: str) -> Iterator[tuple[int, int]]:
        found = dict(roles(line))
        for chunk in chunks(line):
            if not self._names.commanded(chunk, found.get(chunk.start)):
                yield chunk.start, chunk.end

    def _wrong_in_code(self, line: str, holders: bool) -> Iterator[tuple[int, int]]:
        placed = {found.start(1): Role.NAME for found in _PLACED.finditer(line)}
        if holders:
            placed |= {found.start(1): Role.NAME for found in _HELD.finditer(line)}
        images = {found.start(1) for found in _IMAGE.finditer(line)}
        for chunk in chunks(line):
            role = placed.get(chunk.start)
            checked = role or self._names_an_object(chunk)
            fine = self._names.image(chunk.text, True) if chunk.start in images else None
            if fine is False or (checked and not self._names.commanded(chunk, role)):
                yield chunk.start, chunk.end

    @staticmethod
    def _names_an_object(chunk: Chunk) -> bool:
        kind, slash, _ = chunk.lower.partition("/")
        return bool(slash and kind in KINDS) or chunk.lower.startswith("system:serviceaccount")

    def _name_out(self, name: str) -> str:
        for part in re.split(r"[/:@`*]", name.lower()):
            if re.fullmatch(r"[a-z0-9-]{3,63}", part) and not (
                self._names.known(part) or ordinary(part)
            ):
                self._struck.add(part)
        return self._out(NAME)

    def _out(self, what: str) -> str:
        self.removed.append(what)
        return MARK

    def _numbered(self, text: str) -> str:
        for expression, act in (
            (forms.CVE_AGAIN, self._cve_again),
            (forms.CVE, self._cve),
            (forms.ADVISORY, self._advisory),
            (forms.OF, self._of),
            (forms.LED, self._led),
            (forms.BARE, self._bare),
        ):
            text = _replace(expression, act, text)
        return text

    def _unknown_of_theirs(self, token: str, sentence: str) -> bool:
        """Tell whether it is the person's own word, said to be unknown."""
        return token in self._allowed.asked and bool(UNKNOWN.search(sentence))

    def _cve(self, match: re.Match[str], sentence: str) -> str:
        name = f"CVE-{match[1]}-{match[2]}"
        if name in self._allowed.cves or self._explained(name.lower(), sentence):
            return match[0]
        return self._out(CVE)

    def _explained(self, token: str, sentence: str) -> bool:
        """Tell whether it is the person's own word, and nothing here is said to be affected by it."""
        if not _AFFECTED.search(sentence):
            return token in self._allowed.asked
        return self._unknown_of_theirs(token, sentence)

    def _cve_again(self, match: re.Match[str], sentence: str) -> str:
        return self._cve(match, sentence) if re.search(r"(?i)cve", sentence) else match[0]

    def _advisory(self, match: re.Match[str], sentence: str) -> str:
        name = match[0].lower().strip("*`")
        if name in self._allowed.words or self._explained(name, sentence):
            return match[0]
        return self._out(CVE)

    def _control(self, number: str, sentence: str) -> bool:
        """Tell whether a number may stand as that of a control or section."""
        known = number in known_controls() or number in self._allowed.controls
        if known or number in self._allowed.numbers:
            return True
        return self._unknown_of_theirs(number, sentence)

    def _of(self, match: re.Match[str], sentence: str) -> str:
        number = forms.digits(match[1])
        if number in known_versions() or self._control(number, sentence):
            return match[0]
        return match[0].replace(match[1], self._out(CONTROL), 1)

    def _led(self, match: re.Match[str], sentence: str) -> str:
        further = forms.NUMBER.sub(lambda found: self._one_more(found[0], sentence), match[6])
        number = forms.digits(match[4])
        led_by = f"{match[1]}{match[2]}".lower()
        benchmark = "benchmark" in led_by or "cis" in led_by
        version = benchmark and number.removesuffix(".0") in known_versions()
        before = match[2].lower().split()
        of_software = bool(before) and before[-1].strip("(,") in VERSION_WORDS - CONNECTING
        plain = of_software and not benchmark and number.count(".") < 2
        if version or plain or self._control(number, sentence):
            return match[0][: match.start(6) - match.start()] + further
        return f"{match[1]}{match[2]}{self._out(CONTROL)}{further}"

    def _one_more(self, number: str, sentence: str) -> str:
        return number if self._control(forms.digits(number), sentence) else self._out(CONTROL)

    def _bare(self, match: re.Match[str], sentence: str) -> str:
        number = forms.digits(match[1])
        if self._control(number, sentence) or number in self._allowed.words:
            return match[0]
        before = match.string[max(0, match.start() - _BEFORE) : match.start()]
        before = _CELL_OR_LINE.split(before)[-1]
        found = forms.BEHIND.search(before)
        word = found[0].strip("*_`\"'( \t~v").lower() if found else ""
        if word.endswith(",") or word in LISTING | CONNECTING:
            others = [forms.digits(other[0]) for other in forms.NUMBER.finditer(before)]
            speaks = forms.SPEAKS_OF_CONTROLS.search(sentence)
            claimed = bool(speaks) or (bool(others) and others[-1] in known_controls())
        else:
            claimed = not word or word in BREAKING
        return self._out(CONTROL) if claimed else match[0]


def _unescaped(text: str) -> str:
    """Take Markdown's backslashes out of prose, as whoever draws it does."""
    pieces: list[str] = []
    at = 0
    for code in CODE.finditer(text):
        pieces += [_ESCAPE.sub(r"\1", text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*pieces, _ESCAPE.sub(r"\1", text[at:])])


_CELL_OR_LINE = re.compile(r"[\n|]")
_NEAR = 400
"""Most characters of a sentence on each side of a match that say what is meant."""
_END = re.compile(r"\n|\. ")


def _replace(expression: re.Pattern[str], act: Act, text: str) -> str:
    """Substitute, handing each match the sentence it stands in."""
    ends = [0, *(found.end() for found in _END.finditer(text)), len(text)]

    def one(match: re.Match[str]) -> str:
        start = ends[bisect_right(ends, match.start()) - 1]
        end = ends[min(bisect_right(ends, match.end()), len(ends) - 1)]
        return act(match, text[max(start, match.start() - _NEAR) : min(end, match.end() + _NEAR)])

    return expression.sub(one, text)
