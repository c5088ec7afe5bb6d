"""What this floor speaks in: a question, what happens while it is answered, and the answer.

No Slack or LangChain type appears here. Used by every module of `bot`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.accounts import Actor
from tools.scope import Scope
from tools.types import Finding, Gap


class Place(StrEnum):
    """Where a question was asked."""

    CHANNEL = "channel"
    DIRECT = "direct"
    PANE = "pane"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """One conversation: memory never crosses it. At a terminal: team `local`, channel `terminal`."""

    team: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question, as the place it came from vouches for it."""

    id: str
    """Unique; the key of logs and of the inbox row."""
    thread: ThreadKey
    place: Place
    person: str
    """Slack user id from the envelope, never from text; at a terminal the operating system's user."""
    text: str
    """Redacted."""
    scope: Scope
    asked_at: datetime
    actor: Actor | None = None
    """The asker, as Slack vouches for the account; None: not asked, so nothing can be proposed."""
    context: tuple[str, ...] = ()
    """Messages already in the thread, read once when we have no memory of it: data, not orders."""


@dataclass(frozen=True, slots=True)
class Step:
    """One query that was run for an answer."""

    query: str
    arguments: Mapping[str, object]
    failed: str = ""
    """The error's public sentence, or empty."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that the answer rests on."""

    passage: str
    title: str
    control: str | None
    source: str
    """URL, or empty for our own words."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that code rendered from typed results; shown under the text, or as a file when long."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """All of them, so that a file holds the whole; at most 2,000."""
    clusters: tuple[str, ...] = ()
    """What may be seen only by those who may see these clusters."""
    before: int = 0
    """How many rows of the list stand before these, where the bound left them out."""
    skip: int = 0
    """How many of these stand before the page that is drawn."""
    total: int = 0
    """How many rows the list has; 0: those that are there."""

    @property
    def page(self) -> tuple[tuple[str, ...], ...]:
        """The rows to draw, as far as there is room."""
        return self.rows[self.skip :]

    def titled(self, drawn: int, skip: int = 0) -> str:
        """Give the title over `drawn` of these rows after `skip`: with their numbers unless they are all."""
        total = self.total or len(self.rows)
        first = self.before + skip + 1
        numbers = f": {first} to {first + drawn - 1} of {total}"
        return self.title if drawn >= total else self.title + numbers


@dataclass(frozen=True, slots=True)
class Usage:
    """What a question cost; zero for the offline model."""

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, to any place."""

    text: str
    """Markdown, grounded, redacted and defused; ready to show."""
    citations: tuple[Citation, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Those the answer speaks of, at most 2,000."""
    findings_total: int = 0
    """How many they would be without that bound; 0: those that are there."""
    scan_id: str = ""
    steps: tuple[Step, ...] = ()
    not_looked_at: tuple[Gap, ...] = ()
    proposals: tuple[str, ...] = ()
    model: str = ""
    """The model's name; `offline` when none was used."""
    usage: Usage = Usage()
    taken_out: tuple[str, ...] = ()
    """What grounding removed because nothing supports it."""
    incident: str = ""
    """Set when something of ours failed; the log holds it in full."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Something to show while an answer is made; already grounded, redacted and defused."""

    kind: str
    """`step` (a query started), `note` (a line, at most 150 characters) or `text` (a paragraph of
    the final answer, in order)."""
    text: str


Report = Callable[[Progress], Awaitable[None]]
"""Called with each Progress, in order."""

AnswerQuestion = Callable[[Request, Report], Awaitable[Answer]]
"""What `app` hands to every place where people ask."""
