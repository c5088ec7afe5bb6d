"""What a test may break, switch off or count."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Failure:
    """The next `times` calls of a method fail."""

    times: int
    status: int = 500
    error: str = ""
    """Slack's word, with status 200; empty for a bare HTTP status."""
    retry_after: int = 1
    """Seconds, sent with status 429."""
    applied: bool = False
    """The call takes effect although its answer is lost."""


@dataclass
class Faults:
    """Everything is off by default."""

    unknown_methods: set[str] = field(default_factory=set)
    """Answered with unknown_method."""
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    stream_age_s: float = 300.0
    """A stream older than this is dead."""
    copies: int = 1
    """How often each envelope is delivered although it was acknowledged."""
    reorder: bool = False
    """Deliver after a random delay of up to 50 ms, so that events overtake each other."""
    connections_down: bool = False
    """apps.connections.open answers 500."""
    slow_s: dict[str, float] = field(default_factory=dict)
    """Seconds that a method takes to answer."""
    late_s: dict[str, float] = field(default_factory=dict)
    """Seconds that a method's answer is held back after it took effect."""
    modern_blocks: bool = True
    """False: markdown, table and context_actions are invalid_blocks, as in an older workspace."""
    ack_within_s: float = 3.0
    """Unacknowledged for so long, an envelope is sent again."""
    retry_after_s: tuple[float, ...] = (0.05, 0.5, 1.0)
    """Pauses before the three redeliveries (Slack: at once, 1 min, 5 min)."""

    def fail(self, method: str, times: int = 1, **how: object) -> None:
        """Let the next calls of a method fail; keywords as in Failure."""
        self.failures.setdefault(method, []).append(Failure(times, **how))  # type: ignore[arg-type]

    def take(self, method: str) -> Failure | None:
        """Use up one planned failure."""
        planned = self.failures.get(method, [])
        while planned and planned[0].times <= 0:
            planned.pop(0)
        if not planned:
            return None
        planned[0].times -= 1
        return planned[0]
