"""Free text: where credentials stand in a message, a log, a file or a sentence.

Known shapes are parsed first and kept: references of images, `Kind namespace/name`, a host's port,
names with hash suffixes, digests, versions, quantities. Of what is left, a value is masked where
something beside it says what it is: a name before it (`=`, `:`, `=>`, `->`, a table, XML, a call), an
option, a statement of SQL, a user before it in an address or a line of a known file.

What is debatable is decided so. In sentences a password is masked where `password` (in the languages of
`names.toml`) comes before `:`, `=`, `is`, `for ... is` or the value itself, and the value has digits,
inner capitals or signs, or stands in quotes. A word such as `required` or `expired` there is prose.
`admin / VALUE` after login, credentials or user is one where VALUE has letters, digits and signs. A
plain word in a sentence without any of this is kept: no rule could tell it from prose. `secret-token:k7`
is an image only where something says so: a registry, a path, a version, `image` before it. Every expression
is linear in its input. Pure.
"""

import re
from collections.abc import Iterator

from tools.images import parse
from tools.redaction.commands import cuts
from tools.redaction.lines import telling, told
from tools.redaction.names import WORDS, Says, holds, is_odd, is_reference, says

Span = tuple[int, int]

_NAMED = re.compile(
    r"(?<![\w.\-/$@])([\w.\-/$@]{1,120}+)(?:\[\d{0,6}\]| ?\([^()\n]{1,40}\))?"
    r"([\"'\])}\\]{0,4}[ \t]{0,8}(?:=>|:=|:[ \t]?[A-Za-z]\w{0,20}\??[ \t]=(?!=)|==|->|=|＝|::(?=[ \t])|:(?!:)|：)[ \t]{0,8})"
)
_VALUE = re.compile(
    r"(?:&\w{1,40}+[ \t]+|!!\w{1,20}+[ \t]+)?(?:[|>][+-]?\n[ \t]{1,40}+|\\\n[ \t]{0,40}+"
    r"|(?:\n[ \t]{1,40}+|\{\s{0,40})[\\\"']{0,4}(?:value|current|plain\w{0,6}|raw|text|data)[\\\"']{0,4}\s{0,4}:\s{0,4})?"
    r"(?:\\{1,3}[\"'](?P<escaped>[^\"'\\\n]*+)"
    r"|[br]?\"(?:\"\")?(?P<double>(?:[^\"\\]|\\.)*+)"
    r"|[br]?'(?:'')?(?P<single>[^'\n]*+)"
    r"|(?P<bare>(?:<[^\s<>]*+>)?(?![\[(]|\{(?!\{))(?:\$\{[^{}\s]*+\}|\$?\{\{[^{}\n]*+\}\}|[^\s\"'&;,<>\\|}]|[|](?=\S)|[}](?![\s,\"'}]|$)"
    r"|[<>](?![/\s])|[,;](?!\s|[\w.\-]+=|$)|&(?![\w.\-]+=|\s|$)|'(?=\w))*+))"
)
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?[ \t]*+(?:#[^\n]*+)?\r?\n")
_LINE = re.compile(r"( *+)([^\n]*+)\n?")
_SPAN = re.compile(r"`([^`\n]*+)`")
"""Code in a sentence; with blanks it is a command, and what stands in it is judged by itself."""
_ADJACENT = re.compile(r"(?:\"[^\"\n]++\"|'[^'\n]++')++")
"""What a shell joins to the quoted text before it: `'sun''shine'`."""
_SHOWN = re.compile(
    r"<[A-Za-z]\w{0,20} [^<>\n]{1,300}+>(?=\s|$)|\d{1,9} (?:byte|bit|char|key)\w*\b"
)
"""A value that only says where it comes from or how long it is, as `kubectl describe` writes it."""
_FLOW = re.compile(r"\[\s{0,20}([^\]\[\n{}]{1,2000}+)")
_BELOW = re.compile(
    r"\n[ \t]{0,40}+(?:- [ \t]{0,4}+)?([^\s:\[\]{}]{1,400}+(?:\n[ \t]{0,40}+- [^\s:\[\]{}]{1,400}+){0,50})(?=[ \t]*(?:\n|$))"
)
_ATTRIBUTE = re.compile(
    r"<\w{1,40}+\s[^<>]{0,200}?(?:name|key)=[\"']([\w.\-]{1,80}+)[\"'][^<>]{0,200}?>([^<\n]{1,4000}+)</"
)
_ELEMENT = re.compile(
    r"<([\w.:-]{1,80}+)(?:\s[^<>]{0,300}+)?>\s{0,20}(?:<!\[CDATA\[)?([^<\]]{1,4000}+)"
)
_LISTED = re.compile(
    r"(\b\w{2,20}+\s?\(\s{0,4})?([\"'])([\w.\-$]{1,80}+)\2\s{0,8},\s{0,20}([\"'])([^\"'\n]*+)"
)
_CELL = re.compile(r"\|[ \t]{0,20}`?([\w.\-]{1,80}+)`?[ \t]{0,20}\|[ \t]{0,20}`?([^\s|`]++)")
_CORE = re.compile(r"(?i)password|secret|token|pass|auth")
_SPACED = re.compile(
    r"(?i)(?<![\w.\-/@=])(\$?[\w.\-]{0,60}(?:pass\w{0,10}|pwd?|psk|key|token|auth|secret|authtok|\bpw|creds|credentials))[\"']?"
    r"([ \t]{1,8})(?:[-–~>|][ \t]{1,4})?(?![-=:|])(?:\"([^\"\n]*+)|'([^'\n]*+)|([^\s\"']++))"
)
_PART = re.compile(
    rf"(?<![\w.\-/])(?i:({'|'.join(WORDS['pair_names'])})|({'|'.join(WORDS['pair_values'])}))"
    r"(?![\w\-])(?:\\{0,3}[\"']?[ \t]{0,3}(?:[:=][ \t]{0,3}|>)|[ \t]?(?=\"))"
)
_NAME = re.compile(r"\\{0,3}[\"']?([\w.\-/]{1,120}+)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
"""What a name in a pair is when the pair is an environment variable: its value is masked always."""
_BETWEEN = 300
"""How far apart the two halves of a pair may stand."""
_COMMAND = re.compile(
    r"[^\n|;&]++(?:\n[ \t]{0,40}- [^\n|;&]*+|\\\n[^\n|;&]*+|(?<=[^\s])&(?=\S)[^\n|;&]*+)*+"
)
_SHELL_WORD = re.compile(
    r"\"((?:[^\"\\\n]|\\.)*+)\"(?![\w'\"-])|'([^'\n]*+)'(?![\w'\"-])"
    r"|(?:[^\s\"'`,=\[\](){}<>]|=(?!-)|,(?=[\w$])|'[^'\n]*+'|\"[^\"\n]*+\")++|[\[(){}]"
)
_MAX_WORDS = 2000
_AROUND = 300
_STOP = re.compile(r"[\s\"'`,;()<>{}\[\]=|\\]")
_TAG = re.compile(
    r"v?\d+(?:[._-]\w+)*|latest\S*|(?:\w+-){1,4}[0-9a-f]{6,40}(?:-\w+)*|[0-9a-f]{7,40}(?:-\w+)*|\w{1,20}"
)
_VERSION = re.compile(r"v\d\S*|\d+\.\d\S*|latest\S*|(?:[a-z]+-)+[0-9a-f]{6,40}\S*")
_WORD_BEFORE = re.compile(r"(\w+) \Z")
_PULLED = re.compile(r"(?i)\bimages?[\"']{0,2}(?:[ \t]?[:=])?[ \t]?[\"']?$")
_OBJECT = re.compile(r"[a-z0-9][a-z0-9./\-]*")
_KIND = re.compile(
    r"(?:[A-Z][a-z]+[A-Z]\w*|Pod|Deployment|Service|Secret|Role|Job|Namespace|Node|User|Group|Container|[Cc]ontainer|Rollout)[ \t]$"
)


def spans(value: str, *, placed: bool) -> Iterator[Span]:
    """Yield every stretch that something beside it says is a credential, in no order.

    `placed` is true for the value of one field, a file perhaps: there a colon assigns.
    """
    yield from _named(value, placed)
    yield from _pairs(value)
    yield from _commands(value)
    if "<" in value:
        yield from _judged(_ELEMENT, value, assigned=True)
        yield from _judged(_ATTRIBUTE, value, assigned=True)
    if "|" in value:
        yield from _judged(_CELL, value, assigned=False)
    yield from _listed(value)
    yield from _spaced(value, placed)
    yield from told(value)


def _named(value: str, placed: bool) -> Iterator[Span]:
    """Yield values that stand behind a name that says secret, as in `password=...`."""
    at = 0
    while found := _NAMED.search(value, at):
        at = found.end()
        said = _says(value, found.start(), found[1])
        if said is Says.NOTHING:
            continue
        if block := _block(value, found, said):
            at = block[1]
            yield block
            continue
        match = _VALUE.match(value, at)
        kind = (match.lastgroup if match else None) or "bare"
        start, end = match.span(kind) if match else (at, at)
        separator = found[2]
        if kind == "bare":
            at = max(at, end)
            start, end = _unwrapped(value, start, end)
        assigned = placed or kind != "bare" or separator.strip("\"'\\)]} \t") not in (":", "：")
        counted = found[1][-1:] in "sS" and value[start:end].isdigit()
        if counted or ("->" in separator and not is_odd(value[start:end])):
            continue
        if kind != "bare" and separator[-1] == "=" and (more := _ADJACENT.match(value, end + 1)):
            at = end = more.end()
        image = said is Says.ODD and in_image(value, start)
        if holds(said, value[start:end], assigned=assigned) and not (
            image or _kept(value, found, start)
        ):
            if kind == "bare" and found[1].lower().endswith(("phrase", "mnemonic")):
                line = value.find("\n", end)
                at = end = line if line >= 0 else len(value)
            yield start, end
        elif said > Says.NAMED and kind == "bare" and start == end:
            yield from _items(value, at, said)


def _unwrapped(value: str, start: int, end: int) -> Span:
    """Give a bare value without what closes around it, or nothing for a command in backticks."""
    if value[start : start + 1] == "`" and (code := _SPAN.match(value, start)):
        return (start, start) if " " in code[1] else code.span(1)
    end = start + len(value[start:end].rstrip(")].,:"))
    return start, end - (value[start:end].endswith("}") and "{" not in value[start:end])


def _block(value: str, found: re.Match[str], said: Says) -> Span | None:
    """Give the lines of a block scalar of YAML that stands behind a name: those indented below it."""
    head = _BLOCK.match(value, found.end())
    if not head:
        return None
    line = value.rfind("\n", 0, found.start()) + 1
    indent = len(value[line : found.start()]) - len(value[line : found.start()].lstrip(" "))
    start = end = head.end()
    while end < len(value) and (below := _LINE.match(value, end)):
        if below[2].strip() and len(below[1]) <= indent:
            break
        end = below.end()
    body = value[start:end].rstrip()
    if not any(
        holds(said, each.strip(), assigned=True) for each in body.splitlines() if each.strip()
    ):
        return None
    return start + len(body) - len(body.lstrip()), start + len(body)


def _items(value: str, at: int, said: Says) -> Iterator[Span]:
    """Yield the items of a list, or the line, that follows a name and its colon."""
    flow, below = _FLOW.match(value, at), _BELOW.match(value, at)
    found = flow or below
    if below and said is Says.ALWAYS and holds(said, below[1], assigned=False):
        yield below.span(1)
    elif found and is_odd(found[1].strip("\"' ")) and (said is Says.ALWAYS or ":" not in found[1]):
        yield found.span(1)


def _says(value: str, start: int, name: str) -> Says:
    """Tell what a name says, with the word before it where it is only `key`."""
    before = _WORD_BEFORE.search(value, max(0, start - 20), start)
    alone = before and name.lower() in ("key", "code", "phrase")
    return says(f"{before[1]}_{name}" if before and alone else name)


def _kept(value: str, found: re.Match[str], start: int) -> bool:
    """Tell whether `name:value` is no name and value but an image, an object or a host's port."""
    separator = found[2]
    if _SHOWN.match(value, start):
        return True
    if separator[-1:] == ":":
        if "arn:" in value[_word_start(value, found.start()) : found.start()]:
            return True
        before = value[max(0, found.start() - 20) : found.start()]
        if in_image(value, start) or _PULLED.search(before):
            return True
        if re.match(r"\d{1,5}(?:[/\s\"',?]|$)", value[start : start + 7]) and (
            "/" in found[1] or "." in found[1]
        ):
            return True
    if "=" in separator or separator[:1] in "\"'":
        return False
    return bool(_OBJECT.fullmatch(found[1])) and bool(
        _KIND.search(value[max(0, found.start() - 60) : found.start()])
    )


def _word_start(value: str, at: int) -> int:
    before = [found.end() for found in _STOP.finditer(value, max(0, at - _AROUND), at)]
    return before[-1] if before else max(0, at - _AROUND)


def in_image(value: str, at: int) -> bool:
    """Tell whether a place lies in a reference of an image that has a tag or a digest."""
    start = _word_start(value, at)
    after = _STOP.search(value, at, at + _AROUND)
    end = after.start() if after else min(len(value), at + _AROUND)
    word = value[start:end].rstrip(".,:;")
    for prefix in ("docker-pullable://", "oci://", "docker://"):
        word = word.removeprefix(prefix)
    ref = parse(word)
    if ref is None or not (ref.tag or ref.digest):
        return False
    plain = "/" in ref.name and "." in ref.name.split("/")[0]
    shape = _TAG if "/" in ref.name else _VERSION
    return plain or bool(ref.digest) or bool(shape.fullmatch(ref.tag))


def _pairs(value: str) -> Iterator[Span]:
    """Yield values of `name: X, value: Y` in either order, in JSON, YAML, XML or a block of HCL."""
    parts = list(_PART.finditer(value))
    at = 0
    while at + 1 < len(parts):
        one, other = parts[at], parts[at + 1]
        if bool(one[1]) == bool(other[1]) or other.start() - one.end() > _BETWEEN:
            at += 1
            continue
        at += 2
        name, place = (one, other) if one[1] else (other, one)
        named = _NAME.match(value, name.end())
        found = _VALUE.match(value, place.end())
        if not named or not found or not found.lastgroup:
            continue
        start, end = found.span(found.lastgroup)
        if place[0][-1] == ">":
            end = value.find("<", start) if "<" in value[start : start + 4000] else end
        elif found.lastgroup == "bare":
            end = start + len(value[start:end].rstrip(")]},"))
        said = Says.ALWAYS if _VARIABLE.fullmatch(named[1]) else says(named[1])
        if holds(said, value[start:end], assigned=True):
            yield start, end


def _commands(value: str) -> Iterator[Span]:
    """Yield what options and programs take as a credential, command by command."""
    for line in _COMMAND.finditer(value):
        words: list[Span] = []
        for found in _SHELL_WORD.finditer(line[0]):
            start, end = found.span(found.lastindex or 0)
            if line[0][start:end] != "-" and len(words) < _MAX_WORDS:
                words.append((start, end))
        if len(words) < 2:
            continue
        for word, start, end in cuts([line[0][a:b] for a, b in words]):
            offset = line.start() + words[word][0]
            yield offset + start, offset + end


def _judged(expression: re.Pattern[str], value: str, *, assigned: bool) -> Iterator[Span]:
    for found in expression.finditer(value):
        last = found.lastindex or 0
        inner = found[last]
        if holds(says(found[1]), inner, assigned=assigned) and (assigned or is_odd(inner)):
            yield found.span(last)


def _listed(value: str) -> Iterator[Span]:
    """Yield values of `define('DB_PASSWORD', '...')` and of `["--password", "..."]`."""
    at = 0
    while found := _LISTED.search(value, at):
        at = found.end(3) + 1
        said, inner = says(found[3]), found[5]
        sure = bool(found[1]) or found[3].startswith("-")
        if (said is Says.ODD and not found[1]) or (said is not Says.ALWAYS and not sure):
            continue
        key = value[found.end(5) + 1 : found.end(5) + 3].lstrip()[:1] == ":"
        if not key and holds(said, inner, assigned=sure) and (sure or is_odd(inner)):
            yield found.span(5)


def _spaced(value: str, placed: bool) -> Iterator[Span]:
    """Yield values that only white space parts from their name, as files of directives have them."""
    for found in _SPACED.finditer(value):
        said = _says(value, found.start(), found[1])
        if said < Says.ODD:
            continue
        group = found.lastindex or 0
        start, end = found.span(group)
        if group == 5:
            end = start + len(value[start:end].rstrip(".,;:)`}"))
        inner = value[start:end]
        if is_reference(inner) or inner.lower() in ("is", "as", "for", "was"):
            continue
        before = value[max(0, found.start() - 60) : found.start()].rpartition("\n")[2]
        first = not before.strip()
        compound = re.search(r"[^\W\d]", _CORE.sub("", found[1]))
        set_by = re.search(r"(?:\b(?:ENV|ARG|set|setenv|\w*header)[ \t]+)$", before)
        quoted, closed = group != 5, first and value[end : end + 1] == ";"
        keyed = found[1].lower() == "key" and len(inner) > 7
        by_hand = set_by and (quoted or is_odd(inner))
        alone = value[end : end + 2].strip("\"';")[:1] in ("", "\n", "\r")
        pair = re.fullmatch(r"[\w.@\-]{1,64}:(\S+)", inner)
        if said is Says.ODD:
            if pair and not pair[1].isdigit() and (first or placed or is_odd(pair[1])):
                yield start + pair.start(1), end
        elif said is Says.ALWAYS:
            whole = first and alone and (compound or placed) and holds(said, inner, assigned=False)
            if (quoted and (first or is_odd(inner))) or telling(inner) or whole or by_hand:
                yield start, end
        elif by_hand or ((closed or keyed) and telling(inner)):
            yield start, end
