"""Takes text apart into chunks, and tells of a chunk by its shape whether anything supports it.

A chunk is what stands between blanks, quotes and brackets, in prose and in code alike. Its shape says what
it is: image reference, path, flag, field, version, e-mail, kind/name, words around a slash. Each is held
against what results, passages, the catalogue and the asker name. Used by `bot.agent.naming` and
`bot.agent.grounding`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.agent.allowed import Allowed
from bot.agent.commands import Role
from bot.agent.language import HOUSEHOLD, code_words, compound, field_words, ordinary
from bot.agent.normalise import latin
from bot.agent.vocabulary import (
    APPLICATIONS,
    CALLED,
    HEADS,
    KEY_DOMAINS,
    KINDS,
    ORDINARY,
    PAIRS,
    REGISTRIES,
    SOFTWARE,
    SUBRESOURCES,
    VERBS,
)

CHUNK = re.compile(r"(?:[^\s`*\"'“”‘’(){}\[\]|,;!?…—–=]|(?<=[A-Za-z])['’](?=[A-Za-z]))+")
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$\{?\w|\.\.\.|(?:^|[/:@])(?:[A-Z][A-Z0-9_]*|your[\w-]*|YOUR[\w-]*)(?=$|[/:@])"
)
_NUMERIC = re.compile(r"[v~<>+-]?\d[\d.:/%x-]*(?:[a-zA-Z]{1,2})?[+%]?")
_DIGEST = re.compile(r"(?:.*@)?sha(?:256|512):[0-9a-f]{12,}")
_SYSTEM = re.compile(r"system:serviceaccounts?:(.+)")
_LINK = re.compile(r"[\w.-]+:\d+/|\d+(?:\.\d+){3}")
_MAIL = re.compile(r"[^@/:]+@[\w.-]+")
_TAGGED = re.compile(r"[\w./-]+:(?:[\w.-]*\d[\w.-]*|latest|stable|edge|main|nightly)")
_WORKS = frozenset({"test", "config", "data", "dev", "prod", "staging", "deployment"})
_FOLDERS_TEXT = (
    "overlays base bases charts environments envs manifests clusters infrastructure templates configs policies helm src "
    "docs scripts examples components releases k8s kubernetes kustomize argocd terraform modules tests vendor build dist"
)
_FOLDERS = frozenset(_FOLDERS_TEXT.split())
"""Where a path begins that stays inside a repository."""
_EXAMPLES = ("@example.com", "@example.org", "@example.net", "@company.com")
_LONGEST = 512
"""Longer chunks name nothing that Kubernetes could hold."""
_IMAGE = re.compile(r"((?:[\w.-]+(?::\d+)?/)*[a-z0-9][\w.-]*)(?::([\w][\w.-]*))?(@.*)?")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}|\d+(?:\.\d+){3}|localhost")
_FILE = re.compile(
    r".*\.(?:ya?ml|json|sh|md|txt|sock|conf|cfg|crt|key|pem|log|toml|go|py|rego|tf|tpl|env|lock|tgz|gz)"
)
_NUMBERED = re.compile(r"([a-z0-9-]{1,200})-\d{1,3}")
"""A pod of a StatefulSet (`db-0`), or a claim of one (`data-db-0`)."""
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
LOWER = re.compile(r"[a-z][a-z0-9]*")
HYPHENED = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)+")
_POSSESSIVE = re.compile(r"['’]s$")
_TRAILING = ".:/_\\"


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
        if allowed.numbered and (made := _NUMBERED.fullmatch(token)):
            parts = made[1].split("-")
            if any("-".join(parts[start:]) in allowed.numbered for start in range(len(parts))):
                return True
        if token in allowed.names or token in allowed.words:
            return True
        return token in code_words() or token in field_words()

    def known(self, token: str, claimed: bool = False) -> bool:
        """Tell whether a name may stand; the asker's own words may not where something is claimed of them."""
        if self.resolves(token):
            return True
        return not claimed and (token in self.allowed.asked or token in self.introduced)

    def object(self, token: str) -> bool:
        """Tell whether a name may stand where only an object's can: not for being a word or an application alone."""
        if token in APPLICATIONS or (ordinary(token) and token not in ORDINARY | SOFTWARE):
            return self.read(token)
        return self.known(token)

    def read(self, token: str) -> bool:
        """Tell whether a result, the asker or the answer itself has a name, not a passage's words."""
        allowed = self.allowed
        return token in allowed.names or token in allowed.asked or token in self.introduced

    def read_or_said(self, token: str) -> bool:
        """Tell whether a result, a passage, the asker or the answer itself brought a name up."""
        return self.read(token) or token in self.allowed.words

    def image(self, reference: str, advised: bool = False) -> bool:
        """Tell whether an image may be named: one that was read, well-known software, or public where it is advised."""
        if _PLACEHOLDER.search(reference):
            return True
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
        if rest and self.known(host) and all(self.known(part) for part in rest.split("/")):
            return True
        path = rest if host in REGISTRIES else repository
        return path.partition("/")[0] in SOFTWARE or (advised and host in REGISTRIES)

    def linked(self, token: str) -> bool:
        """Tell whether a host with a path may stand: an image that may be named, and no link."""
        reference = re.sub(r"(?:@sha256)?[@:]?$", "", token)
        if self.known(token.lower()) or (_IMAGE.fullmatch(reference) and self.image(reference)):
            return True
        host, _, path = reference.partition("/")
        plain = re.fullmatch(r"[\w./:-]{1,120}", path)
        return bool(plain) and (
            host in REGISTRIES or (host.endswith(KEY_DOMAINS) and "/" not in path)
        )

    def commanded(self, chunk: "Chunk", role: Role | None) -> bool:
        """Judge a word of a command: a name where one is expected; else only its shape."""
        token = chunk.lower
        if role is Role.NEW or (role and not re.search(r"[a-z]", chunk.text)):
            return True
        example = _PLACEHOLDER.search(chunk.text) or token.endswith(_EXAMPLES)
        if role is Role.NAME and not example and not self.read_or_said(token):
            named = re.sub(r"^system:(?:serviceaccounts?|node):", "", token)
            parts = [part for part in re.split(r"[/.:]", named) if part]
            return all(self.object(part) or part.split("-")[0] in HOUSEHOLD for part in parts)
        parts = re.split(r"[/:@]", token)
        path = "/" in token and len(parts) == token.count("/") + 1 and "." not in parts[0]
        if path and parts[0] not in KINDS and parts[0] not in self.allowed.names:
            return True
        return self.shaped(chunk.text if chunk.text.isascii() else token, strict=True) is not False

    def slashed(self, word: str, strict: bool, advised: bool = False) -> bool:
        """Tell whether words around slashes may stand: no names, or known ones."""
        token = word.lower().replace("\\", "")
        parts = [part for part in token.split("/") if part]
        if (
            not parts
            or self.known(token)
            or token in PAIRS
            or re.fullmatch(r"v\d+\w*", parts[-1])
            or _FILE.fullmatch(token)
            or parts[0].endswith(KEY_DOMAINS)
            or parts[0] in ("application", "text", "multipart")
            or (parts[0] in _FOLDERS and parts[0] not in self.allowed.names)
        ):
            return True
        if parts[0] in REGISTRIES:
            return self.image(token, advised)
        if parts[0].partition(".")[0] in KINDS:
            rest = [part.partition(":")[0] for part in parts[1:]]
            return all(
                self.object(part) or part in SUBRESOURCES or part in VERBS or part in KINDS
                for part in rest
            )
        if word != token or any("_" in part for part in parts):
            return not all(self._like_a_name(part) for part in parts)
        if "." in parts[0] and not self._a_word(parts[0]):
            return self.image(token, advised)
        if parts[0] in _SYSTEM_PATH:
            return True
        if (
            len(parts) == 2
            and parts[0] in self.allowed.names
            and parts[1] in (HEADS | CALLED | APPLICATIONS) - _WORKS
        ):
            return self.read(parts[1])
        if any(part in self.allowed.names and (strict or not ordinary(part)) for part in parts):
            return all(
                self.object(part) or part in parts[:index] for index, part in enumerate(parts)
            )
        return any(part in SOFTWARE for part in parts) or all(map(self._a_word, parts))

    def _a_word(self, part: str) -> bool:
        if (
            part in self.allowed.names | self.allowed.words
            or _NUMERIC.fullmatch(part)
            or re.fullmatch(r"[a-z]+-\d[\d.]*", part)
        ):
            return True
        return compound(part, strict=True) if "-" in part else ordinary(part)

    def _like_a_name(self, part: str) -> bool:
        return LOWER.fullmatch(part) is not None and not self.known(part) and not ordinary(part)

    def shaped(self, text: str, strict: bool, advised: bool = False) -> bool | None:
        """Judge a chunk by its shape alone: whether it may stand; None where its place decides.

        Args:
            text: the chunk.
            strict: whether a name is expected where it stands.
            advised: whether its sentence advises what could be used, not what is there.
        """
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
        return self._composed(text, token, strict, advised)

    def _composed(self, text: str, token: str, strict: bool, advised: bool) -> bool | None:
        """Judge a chunk by the signs between its words."""
        if _LINK.match(token):
            return True
        if _MAIL.fullmatch(token):
            return not HYPHENED.fullmatch(token.partition("@")[0])
        if "_" in token and "/" not in token:
            return True
        if "@" in token or _TAGGED.fullmatch(token):
            return text != token or not _IMAGE.fullmatch(text) or self.image(text, advised)
        if "/" in token:
            return self.slashed(text, strict, advised)
        if ":" in token:
            return all(self._a_word(part) for part in token.split(":") if "-" in part)
        if "." in token:
            host = token.partition(".svc")
            return (
                not host[1]
                or self.known(token)
                or all(self.known(part) for part in host[0].split("."))
            )
        return True if "_" in token.strip("_") else None


def chunks(text: str, codes: Sequence[tuple[int, int]] = ()) -> Iterator[Chunk]:
    """Take a line apart; `codes` are its spans in backticks."""
    spans = iter([*codes, (len(text) + 1, 0)])
    code = next(spans)
    for match in CHUNK.finditer(text):
        while code[1] and code[1] <= match.start():
            code = next(spans)
        body = match[0] if match[0].endswith("...") else match[0].rstrip(_TRAILING)
        body = _POSSESSIVE.sub("", body)
        start = match.start() + len(body) - len(body.lstrip("_"))
        end = match.start() + len(body)
        if re.search(r"\w", body):
            yield Chunk(text[start:end], start, end, code if code[0] <= start < code[1] else None)
