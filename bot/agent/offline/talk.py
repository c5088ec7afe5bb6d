"""What the offline model is given: the question, what was said before, and what was asked so far.

Used by `bot.agent.offline.model` and the plans.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.queries.result import Result

MOST_READ = 600
"""Characters of a message that rules read: what expressions cost grows faster than the text."""


@dataclass(frozen=True, slots=True)
class Call:
    """One query to ask."""

    query: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Got:
    """What came back."""

    result: Result | None
    text: str
    """For a failed one, the sentence why."""

    @property
    def data(self) -> Any:
        """The typed data; None when it failed."""
        return self.result.data if self.result else None

    @property
    def failed(self) -> str:
        """Why it failed, for a person; empty when it did not."""
        return "" if self.result else self.text.removeprefix("ERROR: ")


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier message of the thread."""

    by_person: bool
    text: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Talk:
    """One question in its thread."""

    question: str
    earlier: tuple[Said, ...]
    clusters: tuple[str, ...]
    """Those that may be asked about."""
    cluster: str = ""
    """The one that this plan is for, where a question is answered for several in turn."""


Plan = Generator[list[Call], list[Got], str]
"""Yields queries, is sent what came back, returns the answer. Run anew from its start for each turn of
the model, with all that came back so far, so it keeps no state and must decide by what it was sent."""


def ask(query: str, **arguments: Any) -> Generator[list[Call], list[Got], Got]:
    """Ask one query inside a plan; arguments that are empty are left out."""
    given = {key: value for key, value in arguments.items() if value}
    got = yield [Call(query, given)]
    return got[0]
