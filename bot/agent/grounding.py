"""Takes out of a text whatever nothing supports: control numbers, CVE ids, names of objects, links.

The text is checked whole, after the model's turn has ended, and nothing of it is shown before. What is
taken out is replaced by a mark and counted; it is never repeated, not even to say what it was. Pure.
Used by `bot.agent.loop` for every word a model writes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.agent import forms
from bot.agent.allowed import Allowed, catalogue_words, known_controls, known_versions
from bot.agent.defuse import defuse_links, defuse_mentions, mask
from bot.agent.normalise import latin, normalise
from bot.agent.vocabulary import CONNECTING, ORDINARY, PAIRS, VERSION_WORDS

CONTROL, CVE, NAME, LINK = "control number", "CVE id", "object name", "link"
MARK = "[not verified]"

_UNKNOWN = re.compile(
    r"\b(?:no|not|none|never|nothing|unknown|cannot|without|neither|nor|n't|kein\w*|nicht|"
    r"unbekannt|nirgends)\b|n['’]t\b",
    re.I,
)
_FENCE = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)")
_CODE = re.compile(r"`+([^`\n]{1,300})`+")
_NAME = re.compile(r"^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$")
_SLASHED = re.compile(
    r"(?<![\w./:@<-])([A-Za-z][\w.-]*(?:/[A-Za-z0-9][\w.-]*){1,3}"
    r"(?:[:@][\w.:-]+)?)(?![\w/@-])"
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


Act = Callable[[re.Match[str], str], str]
"""Gives what stands instead of a match in its sentence."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """A text that may be shown."""

    text: str
    removed: tuple[str, ...]
    """What sort of thing was taken out, once for each; never the thing itself."""


def ground(text: str, allowed: Allowed, hosts: frozenset[str]) -> Grounded:
    """Check a text and give back what may be shown of it.

    Args:
        text: of the model; any length.
        allowed: what results, passages and the person named.
        hosts: where links may lead beside the sources of what was found.
    """
    removed: list[str] = []
    checker = _Checker(allowed, removed)
    plain = mask(normalise(text))
    pieces: list[str] = []
    at = 0
    for fence in _FENCE.finditer(plain):
        pieces.append(checker.prose(plain[at : fence.start()]))
        pieces.append(checker.code_block(fence[0]))
        at = fence.end()
    pieces.append(checker.prose(plain[at:]))
    linked, links = defuse_links("".join(pieces), hosts | allowed.hosts, checker.known_text)
    removed += [LINK] * links
    return Grounded(mask(defuse_mentions(linked)).strip(), tuple(removed))


class _Checker:
    """One pass over one text."""

    def __init__(self, allowed: Allowed, removed: list[str]) -> None:
        self._allowed = allowed
        self._removed = removed

    def prose(self, text: str) -> str:
        """Check text outside code blocks."""
        text = _unescaped(text)
        for expression, act in (
            *self._numbers(),
            (_CODE, self._code),
            (forms.SUBJECT, self._subject),
            (_SLASHED, self._slashed),
            (forms.KINDED, self._kinded),
            (forms.BEFORE_KIND, self._before_kind),
            (forms.MARKED, self._marked),
            (forms.LISTED, self._listed),
            (forms.POD_MADE, self._pod_made),
        ):
            text = _replace(expression, act, text)
        return text

    def _numbers(self) -> tuple[tuple[re.Pattern[str], Act], ...]:
        return (
            (forms.CVE_AGAIN, self._cve_again),
            (forms.CVE, self._cve),
            (forms.GHSA, self._ghsa),
            (forms.OF, self._of),
            (forms.LED, self._led),
            (forms.BARE, self._bare),
        )

    def code_block(self, text: str) -> str:
        """Check a code block: names only where they are written as such, numbers always."""
        for expression, act in (
            *self._numbers(),
            (forms.SUBJECT, self._subject),
            (_SLASHED, self._slashed_in_code),
            (forms.COMMAND, self._command),
            (forms.IN_CODE, self._namespace_in_code),
        ):
            text = _replace(expression, act, text)
        return text

    def known_text(self, token: str) -> bool:
        """Tell whether a host or image reference stands in results or passages."""
        return self._resolves(token.lower()) or token.lower() in self._allowed.words

    def _out(self, what: str) -> str:
        self._removed.append(what)
        return MARK

    def _resolves(self, token: str) -> bool:
        allowed = self._allowed
        if token in allowed.names or token in allowed.words or token in ORDINARY:
            return True
        return token in catalogue_words()

    def _unknown_of_theirs(self, token: str, sentence: str) -> bool:
        """Tell whether it is the person's own word, said to be unknown."""
        return token in self._allowed.asked and bool(_UNKNOWN.search(sentence))

    def _cve(self, match: re.Match[str], sentence: str) -> str:
        name = f"CVE-{match[1]}-{match[2]}"
        if name in self._allowed.cves or self._unknown_of_theirs(name.lower(), sentence):
            return match[0]
        return self._out(CVE)

    def _cve_again(self, match: re.Match[str], sentence: str) -> str:
        return self._cve(match, sentence) if re.search(r"(?i)cve", sentence) else match[0]

    def _ghsa(self, match: re.Match[str], sentence: str) -> str:
        name = match[0].lower()
        if name in self._allowed.words or self._unknown_of_theirs(name, sentence):
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
        before = sentence[: sentence.find(match[1])].lower().split()
        word = before[-1].strip("(,:\"'-") if before else ""
        of_controls = bool(forms.SPEAKS_OF_CONTROLS.search(sentence))
        if word in VERSION_WORDS and not (of_controls and word in CONNECTING):
            return match[0]
        return self._out(CONTROL)

    def _code(self, match: re.Match[str], sentence: str) -> str:
        inner = match[1].strip()
        words = inner.split()
        if len(words) == 1:
            return match[0] if self._code_word(inner, sentence) else self._out(NAME)
        for word in words:
            bare = word.strip("\"',;:(){}[]")
            if forms.looks_named(bare) and not self._code_word(bare, sentence):
                return self._out(NAME)
        inside = _replace(forms.COMMAND, self._command, match[0])
        return _replace(forms.IN_CODE, self._namespace_in_code, inside)

    def _code_word(self, word: str, sentence: str) -> bool:
        """Tell whether one word in backticks may stand: no name, or a name that resolves."""
        plain = (word if word.isascii() else latin(word)).replace("\\", "")
        token = plain.strip("\"'").lower()
        if self._resolves(token) or self._unknown_of_theirs(token, sentence):
            return True
        if not plain.isascii():
            return False
        if token.startswith(("/", "~/", "./")):
            inner = token.lstrip("~./")
            return inner.split("/")[0] not in _KINDS or self._resolves(inner)
        if re.fullmatch(r"v?\d{1,4}(?:[.:]\d+)*%?|0x[0-9a-f]+", token):
            return token.count(".") not in (1, 2) or token in self._allowed.words
        if "/" in token:
            return self._slashed_ok(plain, sentence)
        return not _NAME.match(token if "-" in plain.strip("-") else plain)

    def _slashed(self, match: re.Match[str], sentence: str) -> str:
        return match[0] if self._slashed_ok(match[1], sentence) else self._out(NAME)

    def _slashed_ok(self, word: str, sentence: str) -> bool:
        token = word.strip(".").lower()
        if self._resolves(token) or self._unknown_of_theirs(token, sentence):
            return True
        parts = token.split("/")
        if token in PAIRS or re.fullmatch(r"v\d+\w*", parts[-1]):
            return True
        if word != word.lower() and parts[0] not in _kind_words():
            return True
        if parts[0].startswith(("etc", "var", "proc", "sys", "run", "usr", "dev", "home", "tmp")):
            return parts[0] in ORDINARY
        ordinary = all(part in ORDINARY or part in catalogue_words() for part in parts)
        return ordinary and parts[0] not in _kind_words() and parts[0] not in self._allowed.names

    def _slashed_in_code(self, match: re.Match[str], sentence: str) -> str:
        kind = match[1].split("/")[0].lower()
        if kind in _kind_words() and not self._slashed_ok(match[1], sentence):
            return self._out(NAME)
        return match[0]

    def _namespace_in_code(self, match: re.Match[str], sentence: str) -> str:
        if self._resolves(match[1]) or self._unknown_of_theirs(match[1], sentence):
            return match[0]
        return match[0].replace(match[1], self._out(NAME))

    def _command(self, match: re.Match[str], sentence: str) -> str:
        """Check the objects that a command is pointed at; one that makes something names it freely."""
        if forms.MAKING.search(match[0]):
            return match[0]

        def named(found: re.Match[str]) -> str:
            kept = self._named(found[3], sentence) or forms.is_language(found[3])
            return found[0] if kept else f"{found[1]}{found[2]}{self._out(NAME)}"

        return forms.COMMANDED.sub(named, match[0])

    def _subject(self, match: re.Match[str], sentence: str) -> str:
        parts = [part for part in (match[2], match[3]) if part]
        if all(self._named(part.rstrip("."), sentence) for part in parts):
            return match[0]
        return f"{match[1]}:{self._out(NAME)}"

    def _named(self, name: str, sentence: str) -> bool:
        """Tell whether a name may stand."""
        return self._resolves(name.lower()) or self._unknown_of_theirs(name.lower(), sentence)

    def _invented(self, name: str, sentence: str) -> bool:
        """Tell whether a word in prose is written as a name and is none that is known."""
        lower = name.lower()
        if not forms.looks_named(lower) or forms.is_language(lower):
            return False
        technical = all(part in ORDINARY or part in catalogue_words() for part in lower.split("-"))
        return not technical and not self._named(lower, sentence)

    def _kinded(self, match: re.Match[str], sentence: str) -> str:
        name = match[4]
        further = forms.WORD.sub(
            lambda found: self._out(NAME) if self._invented(found[0], sentence) else found[0],
            match[6],
        )
        marked = bool(match[3]) or "named" in match[2] or "called" in match[2]
        wrong = self._invented(name, sentence)
        if marked and name == name.lower():
            wrong = not self._named(name, sentence)
        if wrong:
            return f"{match[1]}{match[2]}{self._out(NAME)}{further}"
        return match[0][: match.start(6) - match.start()] + further

    def _before_kind(self, match: re.Match[str], sentence: str) -> str:
        return self._out(NAME) + match[2] if self._invented(match[1], sentence) else match[0]

    def _marked(self, match: re.Match[str], sentence: str) -> str:
        return self._out(NAME) if self._invented(match[2], sentence) else match[0]

    def _listed(self, match: re.Match[str], sentence: str) -> str:
        return match[1] + self._out(NAME) if self._invented(match[2], sentence) else match[0]

    def _pod_made(self, match: re.Match[str], sentence: str) -> str:
        return match[0] if self._named(match[1], sentence) else self._out(NAME)


def _unescaped(text: str) -> str:
    """Take Markdown's backslashes out of prose, as whoever draws it does."""
    pieces: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        pieces += [_ESCAPE.sub(r"\1", text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*pieces, _ESCAPE.sub(r"\1", text[at:])])


def _replace(expression: re.Pattern[str], act: Act, text: str) -> str:
    """Substitute, handing each match the sentence it stands in."""

    def one(match: re.Match[str]) -> str:
        start = max(text.rfind("\n", 0, match.start()), text.rfind(". ", 0, match.start())) + 1
        ends = [
            at for at in (text.find("\n", match.end()), text.find(". ", match.end())) if at >= 0
        ]
        return act(match, text[start : min(ends, default=len(text))])

    return expression.sub(one, text)


def _kind_words() -> frozenset[str]:
    return _KINDS


_KINDS_TEXT = (
    "pod pods po deployment deployments deploy statefulset statefulsets sts daemonset daemonsets ds "
    "replicaset replicasets rs job jobs cronjob cronjobs cj namespace namespaces ns serviceaccount "
    "serviceaccounts sa role roles clusterrole clusterroles rolebinding rolebindings "
    "clusterrolebinding clusterrolebindings networkpolicy networkpolicies netpol service services svc "
    "ingress ingresses secret secrets configmap configmaps cm node nodes"
)
_KINDS = frozenset(_KINDS_TEXT.split())
