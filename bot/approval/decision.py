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


def refused(reason: str, rule: str = "") -> Decision:
    """Say no."""
    return Decision(False, (reason,), rule)


def allowed(*reasons: str, rule: str = "") -> Decision:
    """Say yes."""
    return Decision(True, reasons, rule)
