"""Finds what is written as the name of an object, and tells whether anything supports it.

One tokenizer for prose and code: a chunk is what stands between blanks, quotes and brackets; its shape
says what it is (image reference, path, flag, field, version, slashed or hyphened word, plain word), and
its place whether a name is expected there. Only what is shaped or placed as a name and resolves nowhere
is taken out. Linear: each chunk is looked at with its neighbours. Used by `bot.agent.grounding`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.agent.allowed import Allowed, catalogue_words
from bot.agent.commands import TOOL, Role, roles
from bot.agent.language import HOUSEHOLD, code_words, compound, ordinary, stopword
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
CODE = re.compile(r"(?<!`)`{1,9}([^`\n]{1,300})`{1,9}")
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
_LINK = re.compile(r"[\w.-]+:\d+/|\d+(?:\.\d+){3}")
_MAIL = re.compile(r"[^@/:]+@[\w.-]+")
_TAGGED = re.compile(r"[\w./-]+:(?:[\w.-]*\d[\w.-]*|latest|stable|edge|main|nightly)")
_LONGEST = 512
"""Longer chunks name nothing that Kubernetes could hold."""
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
_MARKS = tuple("*_\"'“”‘’`")
_CLAUSE = re.compile(r"[.;:!?,—–]")
_POSSESSIVE = re.compile(r"['’]s$")
_TRAILING = ".:/_\\"
_DETERMINED = frozenset("the a an our your its their this that each every das die der".split())
_NAMED_KINDS = frozenset(
    "deployment deployments namespace namespaces pod pods statefulset daemonset cronjob workload workloads".split()
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
        if token in APPLICATIONS:
            allowed = self.allowed
            return token in allowed.names or token in allowed.words or token in allowed.asked
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

    def commanded(self, chunk: "Chunk", role: Role | None) -> bool:
        """Judge a word of a command: a name where one is expected; else only its shape."""
        token = chunk.lower
        if role is Role.NEW or (role and not re.search(r"[a-z]", chunk.text)):
            return True
        if role is Role.NAME and not _PLACEHOLDER.search(chunk.text):
            parts = [part for part in re.split(r"[/.:]", token) if part]
            return all(self.object(part) or part.split("-")[0] in HOUSEHOLD for part in parts)
        return self.shaped(chunk.text if chunk.text.isascii() else token, strict=True) is not False

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
            return parts[0].endswith((".k8s.io", "kubernetes.io")) or self.image(token)
        if parts[0] in _SYSTEM_PATH:
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
        if (
            len(text) > _LONGEST
            or not re.search(r"[A-Za-z]", text)
            or _NUMERIC.fullmatch(text)
            or self.resolves(token)
        ):
            return True
        if token.startswith("sha") and _DIGEST.fullmatch(token):
            return self.known(token)
        if _PLACEHOLDER.search(text) or re.match(r"[-/~.<@$#&\\%+^]|[a-zA-Z]+:[/\\]", text):
            return True
        if system := _SYSTEM.fullmatch(token):
            return all(self.known(part) for part in system[1].split(":") if part)
        return self._composed(text, token, strict)

    def _composed(self, text: str, token: str, strict: bool) -> bool | None:
        """Judge a chunk by the signs between its words."""
        if _LINK.match(token):
            return True
        if _MAIL.fullmatch(token):
            return not _HYPHENED.fullmatch(token.partition("@")[0])
        if "@" in token or _TAGGED.fullmatch(token):
            return text != token or not _IMAGE.fullmatch(text) or self.image(text)
        if "/" in token:
            return self.slashed(text, strict)
        if ":" in token:
            return all(self._a_word(part) for part in token.split(":") if "-" in part)
        if "." in token:
            host = token.partition(".svc")
            return not host[1] or all(self.known(part) for part in host[0].split("."))
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


def without(text: str, wrong: Iterable[tuple[int, int]], out: Callable[[], str]) -> str:
    """Give a text with what `out` gives in place of each wrong part."""
    pieces: list[str] = []
    at = 0
    for start, end in wrong:
        if start >= at:
            pieces += [text[at:start], out()]
            at = end
    return "".join([*pieces, text[at:]])


class Line:
    """One line of an answer, looked at chunk by chunk."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._codes = [(found.start(), found.end()) for found in CODE.finditer(text)]
        self._chunks = list(chunks(text, self._codes))
        self._open = ""
        """Whether a list of names goes on: empty, `known` or `kind` (of a kind in the plural)."""

        self._ends = [*(found.end() for found in _SENTENCE.finditer(text)), len(text) + 1]
        self._denied = [
            bool(UNKNOWN.search(text[start:end]))
            for start, end in zip([0, *self._ends], self._ends, strict=False)
        ]
        """Of each sentence whether it says that something is not there."""

    def checked(self, out: Callable[[], str]) -> str:
        """Give the line without what nothing supports.

        Args:
            out: counts one name taken out and gives what stands instead.
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
        return not _CHUNK.search(f"{self._text[start : chunk.start]} {self._text[chunk.end : end]}")

    def _claimed(self, chunk: Chunk, following: Chunk | None) -> bool:
        """Tell whether a chunk is said to be something, in a sentence that denies nothing."""
        if following is None or following.lower not in PREDICATES:
            return False
        said = _BLANK.fullmatch(self._text[chunk.end : following.start])
        return bool(said) and not self._denied[bisect_right(self._ends, chunk.start)]

    def _fine(self, index: int, chunk: Chunk) -> bool:
        names, token = self._names, chunk.lower
        previous, following = self._beside(index)
        claimed = self._claimed(chunk, following)
        kinded = self._after_kind(index)
        listed = self._goes_on(previous, chunk)
        expected = kinded or bool(listed) or self._placed(index, chunk)
        strict = expected or claimed or bool(chunk.code)
        fine = names.shaped(chunk.text if chunk.text.isascii() else token, strict)
        if fine is None and not chunk.text.isascii() and not chunk.code:
            fine = True
        elif fine is None and _HYPHENED.fullmatch(token):
            fine = self._hyphened(chunk, token, claimed, expected)
        elif fine is None and not chunk.text.islower():
            fine = not (chunk.code and kinded) or names.known(token, claimed) or ordinary(token)
        elif fine is None:
            fine = self._plain(index, chunk, claimed, kinded, listed)
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
        return compound(token, bool(chunk.code) or expected or claimed)

    def _plain(self, index: int, chunk: Chunk, claimed: bool, kinded: bool, listed: str) -> bool:
        """Judge a lower-case word without a hyphen: by its place, and only where a name is expected."""
        names, token = self._names, chunk.text
        if names.known(token, claimed) or not _LOWER.fullmatch(token):
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
        if ordinary(token):
            return not marked or stopword(token)
        begins = claimed and self._begins(index)
        return not (kinded or listed or begins or self._placed(index, chunk))

    def _near(self, chunk: Chunk) -> tuple[str, str]:
        """What stands close before and behind a chunk."""
        return self._text[max(0, chunk.start - 8) : chunk.start], self._text[
            chunk.end : chunk.end + 8
        ]

    def _placed(self, index: int, chunk: Chunk) -> bool:
        """Tell whether a word stands alone: in bold, in a table, at the head of a line, before a kind."""
        before, after = self._near(chunk)
        if before.endswith("**") and after.startswith("**"):
            return True
        if before.rstrip(' \t*_"').endswith("|") and after.lstrip(' \t*_"').startswith("|"):
            return True
        if index == 0 and _HEAD.fullmatch(self._text[: chunk.start]) and _AFTER_HEAD.match(after):
            return True
        previous, following = self._beside(index)
        if not previous or not following or previous.lower not in _DETERMINED:
            return False
        gaps = self._text[previous.end : chunk.start], self._text[chunk.end : following.start]
        return following.lower in _NAMED_KINDS and all(gap.isspace() for gap in gaps)

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
            before = self._near(chunk)[0].rstrip(" *_`\"'(:")
            self._open = "kind" if before.endswith("s") else "known"
        else:
            self._open = listed or "known"
