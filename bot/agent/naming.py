"""Finds what is written as the name of an object, and tells whether anything supports it.

One tokenizer for prose and code: a chunk is what stands between blanks, quotes and brackets; its shape
says what it is (image reference, path, flag, field, version, slashed or hyphened word, plain word), and
its place whether a name is expected there. Only what is shaped or placed as a name and resolves nowhere
is taken out. Linear: each chunk is looked at with its neighbours. Used by `bot.agent.grounding`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.agent.allowed import Allowed, catalogue_words
from bot.agent.commands import TOOL, Role, roles
from bot.agent.language import code_words, compound, ordinary, stopword
from bot.agent.normalise import latin
from bot.agent.vocabulary import (
    APPLICATIONS,
    KIND_WORDS,
    KINDS,
    PAIRS,
    PREDICATES,
    REGISTRIES,
    SOFTWARE,
    SUBJECT_WORDS,
    SUBRESOURCES,
    VERBS,
)

_CHUNK = re.compile(r"(?:[^\s`*\"'“”‘’(){}\[\]|,;!?…—–=]|(?<=[A-Za-z])['’](?=[A-Za-z]))+")
_CODE = re.compile(r"`+([^`\n]{1,300})`+")
UNKNOWN = re.compile(
    r"\b(?:no|not|none|never|nothing|unknown|cannot|without|neither|nor|n't|kein\w*|nicht|unbekannt|nirgends)\b|n['’]t\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.?!])\s")
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$\{?\w|\.\.\.|(?:^|[/:@])(?:[A-Z][A-Z0-9_]*|your[\w-]*|YOUR[\w-]*)(?=$|[/:@])"
)
_NUMERIC = re.compile(r"[v~<>+-]?\d[\d.:/%x-]*(?:[a-zA-Z]{1,2})?[+%]?")
_DIGEST = re.compile(r"(?:.*@)?sha(?:256|512):[0-9a-f]{12,}")
_SYSTEM = re.compile(r"system:serviceaccounts?:(.+)")
_IMAGE = re.compile(r"((?:[\w.-]+(?::\d+)?/)*[a-z0-9][\w.-]*)(?::([\w][\w.-]*))?(@.*)?")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}|\d+(?:\.\d+){3}|localhost")
_FILE = re.compile(
    r".*\.(?:ya?ml|json|sh|md|txt|sock|conf|cfg|crt|key|pem|log|toml|go|py|rego|tf|tpl|env|lock|tgz|gz)"
)
_SYSTEM_PATH = (
    "etc",
    "var",
    "proc",
    "sys",
    "run",
    "usr",
    "dev",
    "home",
    "tmp",
    "opt",
    "lib",
    "bin",
    "mnt",
)
_LOWER = re.compile(r"[a-z][a-z0-9]*")
_HYPHENED = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)+")
_TO_KIND = re.compile(r"[ \t]?[*_\"'“‘`:(\[=]{0,3}[ \t]?[*_\"'“‘`]{0,3}")
_BLANK = re.compile(r"[*_\"'”’`)]{0,4}[ \t]+[*_\"'“‘`]{0,3}")
_COMMA = re.compile(r"[*_\"'”’`)]{0,4}[ \t]?,[ \t]?[*_\"'“‘`]{0,3}")
_HEAD = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+[*_`\"]{0,3}")
_AFTER_HEAD = re.compile(r"[*_`\"]{0,3}[ \t]*(?::|—|–|\(|$)")
_AND = frozenset({"and", "or", "und", "oder", "&", "plus"})
_OPENING = frozenset(
    {
        "and",
        "but",
        "because",
        "while",
        "since",
        "that",
        "whereas",
        "if",
        "when",
        "weil",
        "dass",
        "so",
    }
)
_CLAUSE = re.compile(r"[.;:!?,—–]")
_POSSESSIVE = re.compile(r"['’]s$")
_TRAILING = ".:/_\\"
_DETERMINED = frozenset(
    [
        "the",
        "a",
        "an",
        "our",
        "your",
        "its",
        "their",
        "this",
        "that",
        "each",
        "every",
        "das",
        "die",
        "der",
    ]
)
_NAMED_KINDS = frozenset(
    [
        "deployment",
        "deployments",
        "namespace",
        "namespaces",
        "pod",
        "pods",
        "statefulset",
        "daemonset",
        "cronjob",
        "workload",
        "workloads",
    ]
)
_ENGLISH = re.compile(r"(?i)\b(?:the|is|are|and|of|to|in|a|as|it|runs?|has)\b")
_OTHER = re.compile(
    r"(?i)\b(?:der|die|das|und|ist|nicht|ein|eine|le|les|la|et|est|el|los|que|il|di|het|een|den|mit)\b"
)


def is_english(text: str) -> bool:
    """Tell whether plain words of a text may be looked up as English ones."""
    return len(_ENGLISH.findall(text)) >= len(_OTHER.findall(text))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of one line and where it stands."""

    text: str
    start: int
    end: int
    code: tuple[int, int] | None
    """The span in backticks it stands in, backticks included."""

    @property
    def lower(self) -> str:
        """The one spelling that names are looked up in."""
        return (self.text if self.text.isascii() else latin(self.text)).replace("\\", "").lower()


@dataclass(frozen=True)
class Names:
    """What resolves in one answer."""

    allowed: Allowed
    introduced: frozenset[str]
    """Names that the answer itself gives to what it proposes to make."""
    english: bool

    def resolves(self, token: str) -> bool:
        """Tell whether a result, a passage, the catalogue or well-known software has this word."""
        allowed = self.allowed
        return token in allowed.names or token in allowed.words or token in code_words()

    def known(self, token: str, claimed: bool = False) -> bool:
        """Tell whether a name may stand; the asker's own words may not where something is claimed of them."""
        if self.resolves(token):
            return True
        return not claimed and (token in self.allowed.asked or token in self.introduced)

    def object(self, token: str) -> bool:
        """Tell whether a name may stand where only an object's can: not for being software alone."""
        if token in APPLICATIONS and token not in self.allowed.names | self.allowed.words:
            return token in self.allowed.asked
        return self.known(token)

    def image(self, reference: str) -> bool:
        """Tell whether an image may be named: one that was read, or well-known software."""
        match = _IMAGE.fullmatch(reference)
        if match is None or self.known(reference):
            return match is not None
        repository, digest = match[1].lower(), match[3]
        if digest and _DIGEST.fullmatch(digest) and not self.known(digest[1:]):
            return False
        bare = repository.removeprefix("docker.io/").removeprefix("library/")
        host, _, rest = repository.partition("/")
        if any(
            self.known(item)
            for item in (repository, bare, f"docker.io/{bare}", f"docker.io/library/{bare}")
        ):
            return True
        public = host in REGISTRIES or not _HOST.fullmatch(host)
        return public and any(
            part in SOFTWARE for part in (rest if host in REGISTRIES else repository).split("/")
        )

    def slashed(self, word: str, strict: bool) -> bool:
        """Tell whether words around slashes may stand: no names, or known ones."""
        token = word.lower()
        parts = [part for part in token.split("/") if part]
        if (
            not parts
            or self.known(token)
            or token in PAIRS
            or re.fullmatch(r"v\d+\w*", parts[-1])
            or _FILE.fullmatch(token)
        ):
            return True
        if parts[0] in KINDS:
            rest = [part.partition(":")[0] for part in parts[1:]]
            return all(
                self.object(part) or part in SUBRESOURCES or part in VERBS or part in KINDS
                for part in rest
            )
        if word != token or any("_" in part for part in parts):
            return not all(self._like_a_name(part) for part in parts)
        if "." in parts[0] and not self._a_word(parts[0]):
            return (
                parts[0].endswith((".k8s.io", "kubernetes.io"))
                or (parts[0] in REGISTRIES and self.image(token))
                or self.image(token)
            )
        if parts[0].startswith(_SYSTEM_PATH) and parts[0] in _SYSTEM_PATH:
            return True
        if any(part in self.allowed.names and (strict or not ordinary(part)) for part in parts):
            return all(self.known(part) for part in parts)
        return any(part in SOFTWARE for part in parts) or all(map(self._a_word, parts))

    def _a_word(self, part: str) -> bool:
        if self.known(part) or _NUMERIC.fullmatch(part) or re.fullmatch(r"[a-z]+-\d[\d.]*", part):
            return True
        return compound(part, strict=True) if "-" in part else ordinary(part)

    def _like_a_name(self, part: str) -> bool:
        return _LOWER.fullmatch(part) is not None and not self.known(part) and not ordinary(part)

    def shaped(self, text: str, strict: bool) -> bool | None:
        """Judge a chunk by its shape alone: whether it may stand; None where its place decides."""
        token = text.lower()
        if not re.search(r"[A-Za-z]", text) or _NUMERIC.fullmatch(text) or self.resolves(token):
            return True
        if (
            _DIGEST.fullmatch(token)
            and "/" not in token
            and not token.partition("@")[0].replace("sha256", "")
        ):
            return self.known(token)
        if _PLACEHOLDER.search(text) or re.match(r"[-/~.<@$#&\\%+^]|[a-zA-Z]+:[/\\]", text):
            return True
        if system := _SYSTEM.fullmatch(token):
            return all(self.known(part) for part in system[1].split(":") if part)
        if re.match(r"[\w.-]+:\d+/|\d+(?:\.\d+){3}", token):
            return True
        if re.fullmatch(r"[^@/:]+@[\w.-]+", token):
            return not _HYPHENED.fullmatch(token.partition("@")[0])
        if "@" in token or re.fullmatch(
            r"[\w./-]+:(?:[\w.-]*\d[\w.-]*|latest|stable|edge|main|nightly)", token
        ):
            return self.image(text) if _IMAGE.fullmatch(text) and text == token else True
        if "/" in token:
            return self.slashed(text, strict)
        if ":" in token:
            parts = token.split(":")
            return all(
                not _HYPHENED.fullmatch(part) or self.known(part) or compound(part, strict=True)
                for part in parts
            )
        if "." in token:
            return ".svc" not in token or all(
                self.known(part) for part in token.partition(".svc")[0].split(".")
            )
        return True if "_" in token.strip("_") else None


def chunks(text: str, codes: Sequence[tuple[int, int]] = ()) -> Iterator[Chunk]:
    """Take a line apart; `codes` are its spans in backticks."""
    spans = iter([*codes, (len(text) + 1, 0)])
    code = next(spans)
    for match in _CHUNK.finditer(text):
        while code[1] and code[1] <= match.start():
            code = next(spans)
        body = match[0] if match[0].endswith("...") else match[0].rstrip(_TRAILING)
        body = _POSSESSIVE.sub("", body)
        start = match.start() + len(body) - len(body.lstrip("_"))
        end = match.start() + len(body)
        if re.search(r"\w", body):
            yield Chunk(text[start:end], start, end, code if code[0] <= start < code[1] else None)


class Line:
    """One line of an answer, looked at chunk by chunk."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._codes = [(found.start(), found.end()) for found in _CODE.finditer(text)]
        self._chunks = list(chunks(text, self._codes))
        self._open = ""
        """Whether a list of names goes on: empty, `known` or `kind` (of a kind in the plural)."""

    @cached_property
    def _negative(self) -> list[tuple[int, bool]]:
        """Where each sentence ends, and whether it says that something is not there."""
        ends = [*(found.end() for found in _SENTENCE.finditer(self._text)), len(self._text) + 1]
        starts = [0, *ends]
        return [
            (end, bool(UNKNOWN.search(self._text[start:end])))
            for start, end in zip(starts, ends, strict=False)
        ]

    def _denied(self, at: int) -> bool:
        return next(denied for end, denied in self._negative if at < end)

    def checked(self, out: Callable[[], str]) -> str:
        """Give the line without what nothing supports.

        Args:
            out: counts one name taken out and gives what stands instead.
        """
        pieces: list[str] = []
        at = 0
        for start, end in self._wrong():
            if start >= at:
                pieces += [self._text[at:start], out()]
                at = end
        return "".join([*pieces, self._text[at:]])

    def _wrong(self) -> Iterator[tuple[int, int]]:
        commanded = self._commanded()
        for index, chunk in enumerate(self._chunks):
            role = commanded.get(chunk.start) if chunk.start in commanded else None
            in_command = any(
                chunk.start >= start and chunk.end <= end for start, end in self._commands
            )
            if in_command:
                fine = self._in_command(chunk, role)
            else:
                fine = self._fine(index, chunk)
            if not fine:
                alone = chunk.code and not _CHUNK.search(
                    self._text[chunk.code[0] : chunk.start]
                    + " "
                    + self._text[chunk.end : chunk.code[1]]
                )
                yield chunk.code if alone and chunk.code else (chunk.start, chunk.end)

    def _commanded(self) -> dict[int, Role]:
        """What the words of commands in backticks stand for, by where they start."""
        self._commands: list[tuple[int, int]] = []
        found: dict[int, Role] = {}
        for start, end in self._codes:
            inner = self._text[start:end]
            if TOOL.search(inner):
                self._commands.append((start, end))
                found |= {
                    start + at: role for at, role in roles(inner.strip("`"), inner.count("`") // 2)
                }
        return found

    def _in_command(self, chunk: Chunk, role: Role | None) -> bool:
        return command_word(self._names, chunk, role)

    def _fine(self, index: int, chunk: Chunk) -> bool:
        names = self._names
        previous, following = self._beside(index)
        claimed = bool(
            following
            and following.lower in PREDICATES
            and _BLANK.fullmatch(self._text[chunk.end : following.start])
        ) and not self._denied(chunk.start)
        kinded = self._after_kind(index)
        listed = self._goes_on(previous, chunk)
        expected = kinded or bool(listed) or self._placed(index, chunk)
        by_shape = names.shaped(
            chunk.text if chunk.text.isascii() else chunk.lower,
            strict=expected or claimed or bool(chunk.code),
        )
        token = chunk.lower
        if by_shape is not None:
            fine = by_shape
        elif not chunk.text.isascii() and not chunk.code:
            fine = True
        elif _HYPHENED.fullmatch(token):
            fine = self._hyphened(chunk, token, claimed, expected)
        elif not chunk.text.islower():
            fine = not (chunk.code and kinded) or names.known(token, claimed) or ordinary(token)
        else:
            fine = self._plain(index, chunk, token, claimed, kinded, listed)
        self._follow(chunk, token, kinded, listed, fine)
        return fine

    def _beside(self, index: int) -> tuple[Chunk | None, Chunk | None]:
        chunks = self._chunks
        return (
            chunks[index - 1] if index else None,
            chunks[index + 1] if index + 1 < len(chunks) else None,
        )

    def _hyphened(self, chunk: Chunk, token: str, claimed: bool, expected: bool) -> bool:
        if self._names.known(token, claimed):
            return True
        inner = chunk.text[1:]
        if not chunk.code and not expected and inner != inner.lower():
            return True
        strict = bool(chunk.code) or expected or claimed
        return compound(token, strict)

    def _plain(
        self, index: int, chunk: Chunk, token: str, claimed: bool, kinded: bool, listed: str
    ) -> bool:
        """Judge a lower-case word without a hyphen: by its place, and only where a name is expected."""
        names = self._names
        if names.known(token, claimed) or not _LOWER.fullmatch(token):
            return True
        alone = chunk.code and chunk.code[1] - chunk.code[0] <= len(
            chunk.text
        ) + 2 + 2 * self._text[chunk.code[0] :].startswith("``")
        if alone:
            return False
        if not names.english:
            return not (kinded and (self._marked(chunk) or (claimed and not ordinary(token))))
        if listed == "kind":
            return stopword(token) or (ordinary(token) and token.endswith(("ed", "ly")))
        if not ordinary(token):
            return not (
                kinded or listed or (claimed and self._begins(index)) or self._placed(index, chunk)
            )
        return not (kinded and self._marked(chunk) and not stopword(token))

    def _marked(self, chunk: Chunk) -> bool:
        before, after = (
            self._text[chunk.start - 1 : chunk.start],
            self._text[chunk.end : chunk.end + 1],
        )
        return bool(before) and before in "*_\"'“‘`" and bool(after) and after in "*_\"'”’`"

    def _placed(self, index: int, chunk: Chunk) -> bool:
        """Tell whether a word stands alone in bold, in a table's cell, at the head of a list's line, or before a kind."""
        before, after = self._text[: chunk.start], self._text[chunk.end :]
        if before.endswith("**") and after.startswith("**"):
            return True
        if before.rstrip(' \t*_"').endswith("|") and after.lstrip(' \t*_"').startswith("|"):
            return True
        if index == 0 and _HEAD.fullmatch(before) and _AFTER_HEAD.match(after):
            return True
        previous, following = self._beside(index)
        if not (
            previous
            and following
            and following.lower in _NAMED_KINDS
            and previous.lower in _DETERMINED
        ):
            return False
        return all(
            gap.isspace()
            for gap in (
                self._text[previous.end : chunk.start],
                self._text[chunk.end : following.start],
            )
        )

    def _begins(self, index: int) -> bool:
        """Tell whether a clause begins with a chunk."""
        if index == 0:
            return True
        previous = self._chunks[index - 1]
        gap = self._text[previous.end : self._chunks[index].start]
        return previous.lower in _OPENING or bool(_CLAUSE.search(gap))

    def _after_kind(self, index: int) -> bool:
        if index == 0:
            return False
        chunk, previous = self._chunks[index], self._chunks[index - 1]
        gap = self._text[previous.end : chunk.start]
        word = previous.lower
        if word in ("named", "called", "namens") and gap.strip("*_\"'`“‘ ") == "":
            return True
        is_kind = word in KIND_WORDS or word in SUBJECT_WORDS
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
        if _COMMA.fullmatch(gap) or (previous.lower in _AND and _BLANK.fullmatch(gap)):
            return self._open
        return ""

    def _follow(self, chunk: Chunk, token: str, kinded: bool, listed: str, fine: bool) -> None:
        """Note whether a list of names begins, goes on or ends at a chunk."""
        if token in _AND and self._open:
            return
        is_name = not fine or (
            token in self._names.allowed.names and token not in catalogue_words()
        )
        if not is_name or stopword(token):
            self._open = ""
        elif kinded:
            before = self._text[: chunk.start].rstrip(" *_`\"'(:")
            self._open = "kind" if before.endswith("s") else "known"
        else:
            self._open = listed or "known"


def command_word(names: Names, chunk: Chunk, role: Role | None) -> bool:
    """Judge a word of a command: a name where one is expected; else only what is shaped as a name."""
    token = chunk.lower
    if role is Role.NEW:
        return True
    if role is Role.NAME:
        if _PLACEHOLDER.search(chunk.text) or not re.search(r"[a-z]", token):
            return True
        return all(
            names.object(part) or compound_placeholder(part)
            for part in re.split(r"[/.]", token)
            if part
        )
    by_shape = names.shaped(chunk.text if chunk.text.isascii() else token, strict=True)
    return by_shape is not False


def compound_placeholder(word: str) -> bool:
    """Tell whether a word stands for a name that the reader puts in."""
    return word.split("-")[0] in ("my", "your", "example", "some")
