"""Markdown to Slack's older mrkdwn, in pieces that fit one section each.

Takes text that `inert` has passed; escapes what is left of `&<>`. Pure; used by `render`.
"""

import re

PIECE_MAX = 2_900
"""UTF-16 units in one piece; Slack allows 3,000 in a section."""
_RAW_LINE_MAX = 480
"""Longer lines are broken before they are converted, since escaping can make them six times longer."""
_FENCE = "```"
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https://[^\s()<>|\"'\\`\]]{1,1000})\)")
_BARE = re.compile(r"(?<![|<])https://[^\s()<>|\"'\\`\[\]*]{1,1000}")
_CODE = re.compile(r"(`[^`\n]+`)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_STRUCK = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_BULLET = re.compile(r"^(\s*)[-*+]\s+")
_BOLD_MARK = "\x01"


def units(text: str) -> int:
    """Count UTF-16 units, the largest of the ways in which Slack may count characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """Escape the three signs that mrkdwn gives a meaning to."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Show one value as code, on one line, whatever it holds."""
    flat = " ".join(text.split()).replace("`", "'")
    return f"`{escape(flat)}`" if flat else "`-`"


def pieces(markdown: str, most: int) -> tuple[list[str], bool]:
    """Convert, and give pieces of at most PIECE_MAX units, `most` in all; True where some was cut."""
    packed: list[str] = []
    current: list[str] = []
    size = total = 0
    fenced = False
    for line in _lines(markdown):
        opens = line == _FENCE
        cost = units(line) + 1
        if total + cost + 8 > most:
            _close(packed, current, fenced)
            return packed, True
        if size + cost + 8 > PIECE_MAX:
            _close(packed, current, fenced)
            current, size = ([_FENCE], 4) if fenced and not opens else ([], 0)
            if fenced and opens:
                fenced = False
                continue
        current.append(line)
        size += cost
        total += cost
        fenced = fenced != opens
    _close(packed, current, fenced)
    return packed, False


def _close(packed: list[str], lines: list[str], fenced: bool) -> None:
    text = "\n".join([*lines, _FENCE] if fenced else lines).strip("\n")
    if text.strip() and text.strip("`\n ") != "":
        packed.append(text)


def _lines(markdown: str) -> list[str]:
    found: list[str] = []
    fenced = table = False
    for raw in markdown.split("\n"):
        line = raw.rstrip()
        is_row = not fenced and line.lstrip().startswith("|")
        if is_row != table and not fenced:
            found.append(_FENCE)
            table = is_row
        if line.lstrip().startswith(_FENCE) and not table:
            fenced = not fenced
            found.append(_FENCE)
            continue
        verbatim = fenced or table
        parts = _broken(line)
        found += [
            escape(part.replace(_FENCE, "'''")) if verbatim else _line(part) for part in parts
        ]
    if fenced or table:
        found.append(_FENCE)
    return found


def _broken(line: str) -> list[str]:
    if len(line) <= _RAW_LINE_MAX:
        return [line]
    return [line[start : start + _RAW_LINE_MAX] for start in range(0, len(line), _RAW_LINE_MAX)]


def _line(line: str) -> str:
    heading = _HEADING.match(line)
    if heading:
        inner = _inline(heading[1].replace("*", ""))
        return f"*{inner}*" if inner.strip() else ""
    return _inline(_BULLET.sub(r"\1• ", line))


def _inline(text: str) -> str:
    return "".join(
        f"`{escape(part[1:-1])}`" if _CODE.fullmatch(part) else _styled(part)
        for part in _CODE.split(text.replace(_FENCE, "'''"))
    )


def _styled(text: str) -> str:
    kept: list[str] = []

    def keep(shown: str) -> str:
        kept.append(shown)
        return f"\x00{len(kept) - 1}\x00"

    def bare(match: re.Match[str]) -> str:
        url = match[0].rstrip(".,;:!?")
        return keep(f"<{url}>") + match[0][len(url) :]

    text = _LINK.sub(lambda match: keep(f"<{match[2]}|{escape(match[1])}>"), text)
    text = _BARE.sub(bare, text)
    text = _BOLD.sub(rf"{_BOLD_MARK}\2{_BOLD_MARK}", text)
    text = _ITALIC.sub(r"_\1_", text)
    text = _STRUCK.sub(r"~\1~", text).replace(_BOLD_MARK, "*")
    return re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], escape(text))
