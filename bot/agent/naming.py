"""Tells of each chunk of a line by its place whether a name is expected there, and takes out what is none.

A name is expected after a kind and in a list that goes on from there, in backticks, in bold, in a cell of
a table, at the head of a list's line, and where something is claimed of it (`x is privileged`). A word
with hyphens is a name anywhere unless it is one of the language. Linear: each chunk is looked at with its
neighbours. Used by `bot.agent.grounding`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.agent.allowed import catalogue_words
from bot.agent.commands import TOOL, roles
from bot.agent.language import compound, of_others, ordinary, stopword
from bot.agent.sentences import Sentence, Sentences
from bot.agent.shapes import CHUNK, HYPHENED, LOWER, Chunk, Names, chunks
from bot.agent.vocabulary import (
    ACTING,
    AND,
    APPLICATIONS,
    BY_MEANS,
    CALLED,
    DESCRIBING,
    DETERMINED,
    HEADS,
    KIND_WORDS,
    LEADING,
    NAMED_KINDS,
    OPENING,
    PACKAGED,
    PREDICATES,
    QUANTITIES,
    SERVED,
    SOFTWARE,
    SUBJECT_WORDS,
    THINGS,
)

CODE = re.compile(r"(?<!`)`{1,9}([^`\n]{1,300})`{1,9}")
_FIELD = re.compile(
    r"^(?:spec|metadata|status|data|rules|subjects|roleRef|containers)\b|[a-z][A-Z]|\.(?:ya?ml|json|conf|svc|io|log|sh|py)\b|\d\.\d|[/\[\]@:]"
)
_PEOPLE = frozenset({"user", "users", "group", "groups"})
POD = re.compile(
    r"[a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}|[a-z0-9-]+-\d{8}-[a-z0-9]{5}"
)
"""A pod as its ReplicaSet or Job calls it."""
_TO_KIND = re.compile(r"[ \t]?[*_\"'“‘`:(\[=]{0,3}[ \t]?[*_\"'“‘`]{0,3}")
_BLANK = re.compile(r"[*_\"'”’`)]{0,4}[ \t]+[*_\"'“‘`]{0,3}")
_COMMA = re.compile(r"[*_\"'”’`)]{0,4}[ \t]?,[ \t]?[*_\"'“‘`]{0,3}")
_HEAD = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+[*_`\"]{0,3}")
_AFTER_HEAD = re.compile(r"[*_`\"]{0,3}[ \t]*(?::|—|–|\(|in\b|$)")
_MARKS = tuple("*_\"'“”‘’`")
_CLAUSE = re.compile(r"[.;:!?,—–]")


def without(text: str, wrong: Iterable[tuple[int, int]], out: Callable[[str], str]) -> str:
    """Give a text with what `out` gives in place of each wrong part."""
    pieces: list[str] = []
    at = 0
    for start, end in wrong:
        if start >= at:
            pieces += [text[at:start], out(text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word stands."""

    kinded: bool
    """After a kind."""
    listed: str
    """In a list of names: as `Line._open` says."""
    claimed: bool
    """Before what is said of it."""
    expected: bool
    """Where a name is expected, for these or for other reasons."""

    @property
    def strict(self) -> bool:
        """Whether it has to be a name."""
        return self.expected or self.claimed


class Line:
    """One line of an answer, looked at chunk by chunk."""

    def __init__(self, text: str, names: Names, cells: Sequence[tuple[int, int]] = ()) -> None:
        self._text = text
        self._cells = cells
        """Of a table's row those in columns of names."""

        self._names = names
        self._codes = [(found.start(), found.end()) for found in CODE.finditer(text)]
        self._chunks = list(chunks(text, self._codes))
        self._open = ""
        """Whether a list of names goes on: empty, `known` or `kind` (of a kind in the plural)."""

        self._sentences = Sentences(text, self._chunks, names.allowed.names)

    def checked(self, out: Callable[[str], str]) -> str:
        """Give the line without what nothing supports.

        Args:
            out: notes a name taken out and gives what stands instead.
        """
        return without(self._text, self._wrong(), out)

    def _wrong(self) -> Iterator[tuple[int, int]]:
        commands = {code for code in self._codes if TOOL.search(self._text[code[0] : code[1]])}
        named = {
            start + at: role for start, end in commands for at, role in roles(self._text[start:end])
        }
        for index, chunk in enumerate(self._chunks):
            if chunk.code in commands:
                fine = self._names.commanded(chunk, named.get(chunk.start))
            else:
                fine = self._fine(index, chunk)
            if not fine:
                yield chunk.code if chunk.code and self._alone(chunk) else (chunk.start, chunk.end)

    def _alone(self, chunk: Chunk) -> bool:
        """Tell whether a chunk is all that stands in its backticks."""
        if chunk.code is None:
            return False
        start, end = chunk.code
        return not CHUNK.search(f"{self._text[start : chunk.start]} {self._text[chunk.end : end]}")

    def _claimed(self, chunk: Chunk, following: Chunk | None) -> bool:
        """Tell whether a chunk stands where something is said of it."""
        if following is None or following.lower not in PREDICATES:
            return False
        said = _BLANK.fullmatch(self._text[chunk.end : following.start])
        return bool(said)

    def _fine(self, index: int, chunk: Chunk) -> bool:
        names, token = self._names, chunk.lower
        previous, following = self._beside(index)
        claimed = self._claimed(chunk, following)
        sentence = self._sentences.at(chunk)
        kinded = self._after_kind(index)
        listed = self._goes_on(previous, chunk)
        place = Place(kinded, listed, claimed, kinded or bool(listed) or self._placed(index, chunk))
        fine = names.shaped(
            chunk.text if chunk.text.isascii() else token,
            place.strict or bool(chunk.code),
            sentence.advised,
        )
        if kinded and "<" not in chunk.text and self._named_by_hand(index, chunk):
            fine = names.read_or_said(token) or names.resolves(token)
        own = kinded or listed or self._in_column(chunk) or self._before_kind(index)
        if own and token in APPLICATIONS | CALLED and not self._compounded(index):
            fine = names.read(token)
        elif token in SOFTWARE and not (sentence.advised or sentence.large):
            fine = fine and (names.read_or_said(token) or not self._is_an_object(index, kinded))
        if kinded and token in HEADS and self._alone(chunk):
            fine = names.read_or_said(token)
        if fine is None:
            general = not place.strict and self._general(index, sentence)
            asserted = claimed and not sentence.denied
            fine = general or names.known(token, asserted) or self._by_place(index, place)
        self._follow(chunk, previous, kinded, listed, fine)
        return fine

    def _is_an_object(self, index: int, kinded: bool) -> bool:
        """Tell whether a kind written as Kubernetes writes it makes a workload of a word: DaemonSet falco."""
        previous, following = self._beside(index)
        kind = previous if kinded else following if self._before_kind(index) else None
        return kind is not None and kind.lower in SERVED and kind.text[:1].isupper()

    def _by_place(self, index: int, place: Place) -> bool:
        """Judge a word that nothing is known of, by its form and where it stands."""
        chunk = self._chunks[index]
        token = chunk.lower
        if not chunk.text.isascii() and not chunk.code:
            return True
        if HYPHENED.fullmatch(token):
            if self._hyphened(chunk, token, place.strict or bool(chunk.code), place.expected):
                return True
            packaged = place.kinded and self._chunks[index - 1].lower in PACKAGED
            sure = place.claimed or place.listed
            return not sure and of_others(token, part=packaged or not place.kinded)
        if len(token) == 1 or re.search(r"[a-z][A-Z]", chunk.text):
            return True
        if not chunk.text.islower():
            return not (chunk.code and place.kinded) or ordinary(token)
        return self._plain(index, chunk, place.claimed, place.kinded, place.listed)

    def _general(self, index: int, sentence: Sentence) -> bool:
        """Tell whether a word that stands where no name is expected is spoken of as software, or as a thing."""
        chunk, previous = self._chunks[index], self._beside(index)[0]
        token = chunk.lower
        last = token.rpartition("-")[2]
        if POD.fullmatch(token):
            return False
        if sentence.advised or self._of_a_thing(index) or self._begins_code(chunk):
            return True
        if last in HEADS or last in CALLED or last.isdigit():
            return False
        by_means = previous is not None and previous.lower in BY_MEANS
        large = sentence.large and chunk.text.isascii()
        return (by_means or large) if "-" in token else (large and ordinary(token))

    def _begins_code(self, chunk: Chunk) -> bool:
        """Tell whether a chunk in backticks is a command or the key of a setting, or a word of a command."""
        if chunk.code is None or self._alone(chunk):
            return False
        before = self._text[chunk.code[0] : chunk.start].strip("`")
        return self._text[chunk.end] in " :" if not before else before.split()[0] in SOFTWARE

    def _of_a_thing(self, index: int) -> bool:
        """Tell whether the word beside a chunk says that it is no object: `the flag x-y`, `the x-y plugin`."""
        chunk, previous = self._chunks[index], self._beside(index)[0]
        if previous and previous.lower in THINGS:
            return bool(_BLANK.fullmatch(self._text[previous.end : chunk.start]))
        for following in self._chunks[index + 1 : index + 9]:
            gap = self._text[chunk.end : following.start]
            if following.lower in THINGS:
                return bool(_BLANK.fullmatch(gap))
            if not (
                following.lower in AND
                or (following.code and _COMMA.fullmatch(gap))
                or chunk.lower in AND
            ):
                return False
            chunk = following
        return False

    def _named_by_hand(self, index: int, chunk: Chunk) -> bool:
        """Tell whether a word behind a kind is a name for its dots and underscores, or a person's or group's."""
        inner = chunk.text.strip("_")
        if inner.isupper() or inner in ("e.g", "i.e", "z.B"):
            return False
        if "." in inner or "_" in inner:
            return not _FIELD.search(inner)
        capital = inner != inner.lower() and not ordinary(inner.lower())
        return capital and self._chunks[index - 1].lower in _PEOPLE

    def _beside(self, index: int) -> tuple[Chunk | None, Chunk | None]:
        chunks = self._chunks
        return (
            chunks[index - 1] if index else None,
            chunks[index + 1] if index + 1 < len(chunks) else None,
        )

    @staticmethod
    def _hyphened(chunk: Chunk, token: str, strict: bool, expected: bool) -> bool:
        inner = chunk.text[1:]
        capital = not chunk.code and not expected and inner != inner.lower()
        return capital or compound(token, strict)

    def _plain(self, index: int, chunk: Chunk, claimed: bool, kinded: bool, listed: str) -> bool:
        """Judge a lower-case word without a hyphen: by its place, and only where a name is expected."""
        names, token = self._names, chunk.text
        if not LOWER.fullmatch(token):
            return True
        if self._alone(chunk):
            return False
        marked = (
            kinded and self._near(chunk)[0][-1:] in _MARKS and self._near(chunk)[1][:1] in _MARKS
        )
        if not names.english:
            return not marked and not (kinded and claimed and not ordinary(token))
        if listed == "kind":
            return stopword(token) or (ordinary(token) and token.endswith(("ed", "ly")))
        if self._before_kind(index) and token.endswith(DESCRIBING):
            return True
        if ordinary(token) and token not in APPLICATIONS:
            called = kinded and token in CALLED and not self._compounded(index)
            served = token in CALLED and self._before_kind(index)
            return not (marked or called or served or self._in_column(chunk)) or stopword(token)
        begins = claimed and self._begins(index)
        return not (kinded or listed or begins or self._placed(index, chunk))

    def _before_kind(self, index: int) -> bool:
        """Tell whether a workload's kind follows: `the billing service`, `billing (Deployment)`."""
        chunk, (previous, following) = self._chunks[index], self._beside(index)
        if following is None or following.lower not in SERVED:
            return False
        gap = self._text[chunk.end : following.start].strip('*_`"')
        return gap == " (" or bool(gap == " " and previous and previous.lower in DETERMINED)

    def _compounded(self, index: int) -> bool:
        """Tell whether a word behind a kind goes on into another noun: `the job queue length`, `pod client certificates`."""
        chunk, (_, following) = self._chunks[index], self._beside(index)
        if following is None or following.lower in PREDICATES | KIND_WORDS:
            return False
        blank = _BLANK.fullmatch(self._text[chunk.end : following.start])
        return bool(blank) and not stopword(following.lower)

    def _in_column(self, chunk: Chunk) -> bool:
        """Tell whether a chunk is all that stands in a cell of a column of names."""
        at = bisect_right(self._cells, (chunk.start, len(self._text))) - 1
        if at < 0 or chunk.start >= self._cells[at][1] or chunk.lower in QUANTITIES:
            return False
        cell = self._cells[at]
        around = self._text[cell[0] : chunk.start] + self._text[chunk.end : cell[1]]
        return not around.strip(' \t*_`"')

    def _near(self, chunk: Chunk) -> tuple[str, str]:
        """Give what stands close before and behind a chunk."""
        return self._text[max(0, chunk.start - 8) : chunk.start], self._text[
            chunk.end : chunk.end + 8
        ]

    def _placed(self, index: int, chunk: Chunk) -> bool:
        """Tell whether a word stands alone: in bold, in a table, at the head of a line, before a kind."""
        before, after = self._near(chunk)
        if before.endswith("**") and after.startswith("**"):
            return True
        if self._in_column(chunk) or (
            self._before_kind(index) and after.lstrip('*_`"').startswith(" (")
        ):
            return True
        if before.rstrip(' \t*_"').endswith("|") and after.lstrip(' \t*_"').startswith("|"):
            return True
        if index == 0 and _HEAD.fullmatch(self._text[: chunk.start]) and _AFTER_HEAD.match(after):
            return True
        previous, following = self._beside(index)
        if not previous or not following or previous.lower not in DETERMINED:
            return False
        gaps = self._text[previous.end : chunk.start], self._text[chunk.end : following.start]
        return following.lower in NAMED_KINDS and all(gap.isspace() for gap in gaps)

    def _begins(self, index: int) -> bool:
        """Tell whether a clause begins with a chunk."""
        if index == 0:
            return True
        previous = self._chunks[index - 1]
        gap = self._text[previous.end : self._chunks[index].start]
        return previous.lower in OPENING or bool(_CLAUSE.search(gap))

    def _after_kind(self, index: int) -> bool:
        if index == 0:
            return False
        chunk, previous = self._chunks[index], self._chunks[index - 1]
        gap = self._text[previous.end : chunk.start]
        word = previous.lower
        if word in LEADING and index > 1:
            kind = self._chunks[index - 2]
            plural = kind.lower in KIND_WORDS and kind.lower.endswith("s")
            blank = self._text[kind.end : previous.start].isspace()
            more = self._text[chunk.end : chunk.end + 8].lstrip('*_`" ')
            return bool(plural and blank) and more.startswith((",", "and ", "or "))
        if word in ACTING or (
            word == "by" and index > 1 and self._chunks[index - 2].lower.endswith("ed")
        ):
            return chunk.lower in CALLED and gap.strip("*_\"'`“‘ ") == ""
        if word == "of" and index > 1:
            kind = self._chunks[index - 2].lower
            return (
                kind in NAMED_KINDS and gap.strip("*_\"'`“‘ ") == "" and not ordinary(chunk.lower)
            )
        if word in ("named", "called", "namens") and gap.strip("*_\"'`“‘ ") == "":
            return True
        is_kind = word in KIND_WORDS or word in SUBJECT_WORDS
        if previous.code and previous.text.isupper():
            return False
        joined = len(gap) <= 6 and (_TO_KIND.fullmatch(gap) or _BLANK.fullmatch(gap))
        return bool(
            is_kind
            and joined
            and chunk.lower not in KIND_WORDS
            and chunk.lower not in SUBJECT_WORDS
        )

    def _goes_on(self, previous: Chunk | None, chunk: Chunk) -> str:
        """Tell whether a chunk is one more of a list of names."""
        if not self._open or previous is None:
            return ""
        gap = self._text[previous.end : chunk.start]
        if _COMMA.fullmatch(gap) or (previous.lower in AND and _BLANK.fullmatch(gap)):
            return self._open
        return ""

    def _follow(
        self, chunk: Chunk, previous: Chunk | None, kinded: bool, listed: str, fine: bool
    ) -> None:
        """Note whether a list of names begins, goes on or ends at a chunk."""
        token = chunk.lower
        if token in AND and self._open:
            return
        is_name = not fine or (
            token in self._names.allowed.names and (kinded or token not in catalogue_words())
        )
        if not is_name or stopword(token):
            self._open = ""
        elif kinded:
            led = previous.lower if previous else ""
            self._open = "kind" if led.endswith("s") or led in LEADING else "known"
        else:
            self._open = listed or "known"
