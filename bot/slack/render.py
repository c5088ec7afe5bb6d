"""An Answer as a Slack message: blocks, plain text beside them, and files for what is too long.

Within Slack's limits by construction: each part has its room, the rooms together stay under what one
message takes, and what does not fit goes whole into a file. Two profiles, and `bare` when both are
refused. Pure; used by the worker and by `presses`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.slack import findings as finding_blocks
from bot.slack.config import Profile
from bot.slack.inert import allowed, inert
from bot.slack.mrkdwn import code, escape, pieces, units
from bot.slack.tables import (
    Attachment,
    Drawn,
    draw_classic,
    draw_modern,
    findings_file,
    gaps_file,
    table_file,
    text_file,
)
from bot.types import Answer, Citation, Table
from tools.types import Gap

TEXT_ROOM = 6_000
FINDINGS_ROOM = 2_800
TABLE_ROOM = 1_800
NOTES_ROOM = 900
"""UTF-16 units; together under the 13,200 that one message takes over all its blocks. What text and
findings leave goes to the tables."""
FALLBACK_MAX = 3_000
"""Of the plain text beside the blocks, which notifications and old clients show."""
BARE_MAX = 12_000
HELPFUL = "answer.helpful"
NOT_HELPFUL = "answer.not_helpful"
FEEDBACK = "answer.feedback"
FORGET = "thread.forget"
_CITATIONS_SHOWN = 5
_GAPS_SHOWN = 3

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message. Empty `blocks`: the text is all."""

    text: str
    blocks: tuple[Block, ...]
    files: tuple[Attachment, ...] = ()


def render(
    answer: Answer, profile: Profile, hosts: frozenset[str], prefix: str, *, fixes: bool = False
) -> Rendered:
    """Give the message for an answer; `prefix` begins the names of its files.

    `fixes`: changes can be proposed here.
    """
    text = inert(answer.text, hosts).strip() or "There is no answer to show."
    blocks, cut = _text_blocks(text, profile)
    files = [text_file(text, prefix)] if cut else []
    listed, shown, used = finding_blocks.blocks_of(
        answer.findings, 0, FINDINGS_ROOM, _total(answer), fixes=fixes
    )
    blocks += listed
    if shown < len(answer.findings) and not _covered(answer):
        files.append(findings_file(answer.findings, _total(answer), prefix))
    left = TEXT_ROOM - min(units(text), TEXT_ROOM) + FINDINGS_ROOM - used
    drawn, more = _tables(answer.tables, profile, prefix, TABLE_ROOM + left)
    blocks += drawn
    files += more
    if len(answer.not_looked_at) > _GAPS_SHOWN:
        files.append(gaps_file(answer.not_looked_at, prefix))
    blocks += _notes(answer, hosts, files)
    blocks += _feedback(profile)
    return Rendered(_fallback(text, FALLBACK_MAX), tuple(blocks), tuple(files))


def bare(rendered: Rendered, answer: Answer, hosts: frozenset[str]) -> Rendered:
    """Give the same as text only, for a workspace that refuses the blocks."""
    return replace(rendered, text=_fallback(inert(answer.text, hosts), BARE_MAX), blocks=())


def more_findings(answer: Answer, first: int, *, fixes: bool = False) -> Rendered:
    """Give the next page of an answer's findings."""
    blocks, shown, _ = finding_blocks.blocks_of(
        answer.findings, first, FINDINGS_ROOM, _total(answer), fixes=fixes
    )
    text = f"Findings {first + 1} to {first + shown} of {_total(answer)}"
    return Rendered(text, tuple(blocks))


def partial(text: str, note: str, profile: Profile, hosts: frozenset[str]) -> Rendered:
    """Give an answer that is still being made: the paragraphs so far, and what happens now."""
    shown = inert(text, hosts).strip()
    blocks = _text_blocks(shown, profile)[0] if shown else []
    line = f"_{_note(note)}_"
    blocks.append(_context([line]))
    return Rendered(_fallback(shown, FALLBACK_MAX) if shown else line, tuple(blocks))


def said(text: str, hosts: frozenset[str] = frozenset()) -> Rendered:
    """Give a short message of our own: a refusal, a reason, a thank-you."""
    return Rendered(_fallback(inert(text, hosts), FALLBACK_MAX), ())


def _note(note: str) -> str:
    flat = " ".join(inert(note, frozenset()).split())[:150]
    return escape(flat).replace("_", "_\u2060")


def _text_blocks(text: str, profile: Profile) -> tuple[list[Block], bool]:
    if profile is Profile.CLASSIC:
        found, cut = pieces(text, TEXT_ROOM)
        return [_section(piece) for piece in found], cut
    kept = _kept(text, TEXT_ROOM)
    return [{"type": "markdown", "text": kept}], len(kept) < len(text)


def _kept(text: str, most: int) -> str:
    """Cut Markdown after a whole paragraph or line, and close a code fence that is left open."""
    if units(text) <= most:
        return text
    kept = text[: most // 2] if units(text[:most]) > most else text[:most]
    kept = kept[: most - 10]
    for mark in ("\n\n", "\n", " "):
        end = kept.rfind(mark)
        if end > most // 4:
            kept = kept[:end]
            break
    return kept + ("\n```" if kept.count("```") % 2 else "") + "\n…"


def _tables(
    tables: Sequence[Table], profile: Profile, prefix: str, room: int
) -> tuple[list[Block], list[Attachment]]:
    blocks: list[Block] = []
    files: list[Attachment] = []
    modern = profile is Profile.MODERN
    for number, table in enumerate(tables, start=1):
        drawn = _draw(table, room, modern)
        if drawn.blocks:
            blocks += drawn.blocks
            room -= drawn.size + 200
            modern = False
        if not drawn.whole:
            files.append(table_file(table, prefix, number))
    return blocks, files


def _draw(table: Table, room: int, modern: bool) -> Drawn:
    if room < 100 or not table.rows:
        return Drawn((), 0, whole=not table.rows)
    return draw_modern(table, room) if modern else draw_classic(table, room)


def _total(answer: Answer) -> int:
    return answer.findings_total or len(answer.findings)


def _whole(answer: Answer) -> bool:
    """Tell whether the answer carries all that its lists have."""
    return _total(answer) <= len(answer.findings) and all(
        table.total <= len(table.rows) for table in answer.tables
    )


def _covered(answer: Answer) -> bool:
    """Tell whether a table already has a row for each finding."""
    return any(len(table.rows) >= len(answer.findings) for table in answer.tables)


def _notes(answer: Answer, hosts: frozenset[str], files: Sequence[Attachment]) -> list[Block]:
    lines: list[str] = []
    if answer.not_looked_at:
        lines.append(_gaps(answer.not_looked_at))
    if answer.citations:
        lines.append(_sources(answer.citations, hosts))
    if files:
        whole = "In full" if _whole(answer) else "More"
        lines.append(f"{whole} in this thread: {', '.join(code(one.name) for one in files[:4])}")
    if answer.incident:
        lines.append(f"Something of ours failed; the log has it as {code(answer.incident[:40])}.")
    kept: list[str] = []
    size = 0
    for line in lines:
        if size + units(line) <= NOTES_ROOM + 400:
            kept.append(line)
            size += units(line)
    return [_context(kept)] if kept else []


def _gaps(gaps: Sequence[Gap]) -> str:
    shown = "; ".join(f"{_flat(gap.what, 60)} ({_flat(gap.why, 80)})" for gap in gaps[:_GAPS_SHOWN])
    more = f", and {len(gaps) - _GAPS_SHOWN} more" if len(gaps) > _GAPS_SHOWN else ""
    return f"Not looked at: {shown}{more}"


def _sources(citations: Sequence[Citation], hosts: frozenset[str]) -> str:
    shown: list[str] = []
    for one in citations[:_CITATIONS_SHOWN]:
        title = _flat(one.title, 60).replace("|", "/") or "source"
        linked = len(one.source) <= 150 and allowed(one.source, hosts) and ">" not in one.source
        shown.append(f"<{one.source}|{title}>" if linked and "|" not in one.source else title)
    more = len(citations) - _CITATIONS_SHOWN
    return f"Sources: {', '.join(shown)}" + (f", and {more} more" if more > 0 else "")


def _flat(text: str, most: int) -> str:
    flat = " ".join(inert(text, frozenset()).split())
    flat = flat if len(flat) <= most else flat[: most - 1] + "…"
    return escape(flat).replace("*", "∗").replace("_", "_\u2060").replace("`", "'")


def _feedback(profile: Profile) -> list[Block]:
    forget = _button("Forget thread", FORGET, "forget") | {"confirm": _CONFIRM}
    if profile is Profile.CLASSIC:
        helpful = _button("Helpful", HELPFUL, "helpful")
        other = _button("Not helpful", NOT_HELPFUL, "not-helpful")
        return [{"type": "actions", "elements": [helpful, other, forget]}]
    thumbs = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": {"text": _plain("Helpful"), "value": "helpful"},
        "negative_button": {"text": _plain("Not helpful"), "value": "not-helpful"},
    }
    return [
        {"type": "context_actions", "elements": [thumbs]},
        {"type": "actions", "elements": [forget]},
    ]


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


_CONFIRM: Block = {
    "title": _plain("Forget this thread?"),
    "text": _plain(
        "Oakum deletes what it remembers of it, and its files. Messages stay, and so do proposed changes."
    ),
    "confirm": _plain("Forget"),
    "deny": _plain("Keep"),
}


def _button(text: str, action: str, value: str) -> Block:
    return {"type": "button", "text": _plain(text), "action_id": action, "value": value}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(lines: Sequence[str]) -> Block:
    elements = [{"type": "mrkdwn", "text": line, "verbatim": True} for line in lines[:10]]
    return {"type": "context", "elements": elements}


def _fallback(text: str, most: int) -> str:
    found, cut = pieces(text, most)
    return "\n".join(found) + (" …" if cut else "") if found else "…"
