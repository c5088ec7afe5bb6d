"""Events of a cluster -> the short rows that queries show, newest first, messages redacted.

Used by both readers. Holds no reading.
"""

from collections.abc import Iterable

from tools import redact
from tools.cluster.reader import Events
from tools.objects.core import Event
from tools.types import Gap

MAX_MESSAGE = 500
"""Characters of one message."""


def newest_first(
    events: Iterable[Event], name: str, limit: int, gaps: tuple[Gap, ...] = ()
) -> Events:
    """Give the newest `limit` events, of one object where a name is given."""
    chosen = [event for event in events if not name or _subject_name(event) == name]
    chosen.sort(key=_seen, reverse=True)
    return Events(tuple(_row(event) for event in chosen[:limit]), gaps, cut=len(chosen) > limit)


def _subject_name(event: Event) -> str:
    return (event.involved_object.name if event.involved_object else "") or ""


def _seen(event: Event) -> str:
    times = (event.last_timestamp, event.event_time, event.first_timestamp)
    return next(filter(None, times), "")


def _row(event: Event) -> dict[str, str]:
    about = event.involved_object
    return {
        "last_seen": _seen(event),
        "type": event.type or "",
        "reason": redact.text(event.reason or ""),
        "object": f"{about.kind}/{about.name}" if about else "",
        "count": str(event.count or 1),
        "message": redact.text(event.message or "")[:MAX_MESSAGE],
    }
