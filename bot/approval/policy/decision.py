"""A decision and why: what every function of the policy that says yes or no gives back.

Holds data only. Used by the whole folder, and by whoever tells a person the reason.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, never without a reason."""

    allowed: bool
    reasons: tuple[str, ...]
    """Whole sentences, safe to show to the person concerned; the deciding one first."""
    rule: str = ""
    """Name of the policy's rule that decided; empty where none matched or none was reached."""
    temporary: bool = False
    """A refusal that may turn into consent by itself: a freeze ends, Slack answers again."""


def refused(reason: str, rule: str = "") -> Decision:
    """Say no, for as long as policy, people and proposal stay what they are."""
    return Decision(False, (reason,), rule)


def not_now(reason: str, rule: str = "") -> Decision:
    """Say no, for the time being."""
    return Decision(False, (reason,), rule, temporary=True)


def allowed(*reasons: str, rule: str = "") -> Decision:
    """Say yes."""
    return Decision(True, reasons, rule)
