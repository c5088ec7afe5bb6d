"""Freeze windows: times in which nothing is executed, by the wall clock of a named place.

Where a clock change makes a wall time happen twice or not at all, the wider reading of the window
holds. Pure: the time comes in. Used by the policy's decisions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WallTime:
    """A time of the week."""

    day: int
    """0 is Monday."""
    at: time


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week from one time until another, over Sunday night where it comes round."""

    start: WallTime
    end: WallTime


@dataclass(frozen=True, slots=True)
class Once:
    """From one wall time until another; both without a zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """One window and where it holds."""

    name: str
    zone: ZoneInfo
    window: Weekly | Once
    clusters: frozenset[str]
    namespaces: frozenset[str] | None
    """None: every namespace, and what belongs to no namespace."""
    undo_allowed: bool
    """Whether an approved undo may still run."""


def ends(freeze: Freeze, now: datetime) -> datetime | None:
    """Give the moment (UTC) at which the freeze that holds now ends; None where it does not hold.

    The window begins with its first moment and is over at its end.
    """
    for start, end in _spans(freeze, now):
        if _earliest(start, freeze.zone) <= now < (over := _latest(end, freeze.zone)):
            return over
    return None


def _spans(freeze: Freeze, now: datetime) -> list[tuple[datetime, datetime]]:
    """Give the wall-clock spans that may hold now."""
    window = freeze.window
    if isinstance(window, Once):
        return [(window.start, window.end)]
    today = now.astimezone(freeze.zone).date()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time())
    spans: list[tuple[datetime, datetime]] = []
    for week in (monday - _WEEK, monday, monday + _WEEK):
        start, end = _in_week(window.start, week), _in_week(window.end, week)
        spans.append((start, end if end > start else end + _WEEK))
    return spans


def _in_week(moment: WallTime, monday: datetime) -> datetime:
    return datetime.combine(monday.date() + timedelta(days=moment.day), moment.at)


def _earliest(wall: datetime, zone: ZoneInfo) -> datetime:
    return min(_both(wall, zone))


def _latest(wall: datetime, zone: ZoneInfo) -> datetime:
    return max(_both(wall, zone))


def _both(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Give the moments (UTC) that a wall time can mean; the same one twice but at a clock change."""
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
