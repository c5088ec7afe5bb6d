"""Reads the `freezes` of a policy file: weekly windows and single ones, each with a time zone."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.approval.policy.file import forms
from bot.approval.policy.file.strict_yaml import Value, quoted
from bot.approval.policy.freeze import DAYS, Freeze, Once, WallTime, Weekly
from bot.approval.policy.rules import ClusterTerms

_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]{1,30}(/[A-Za-z0-9_+-]{1,30}){1,2}")
_WEEKLY = re.compile(rf"({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")


def read(entries: Sequence[Value], clusters: Mapping[str, ClusterTerms]) -> tuple[Freeze, ...]:
    """Read the windows. Raises BadPolicy."""
    found: dict[str, Freeze] = {}
    for entry in entries:
        freeze = _freeze(entry, clusters)
        if freeze.name in found:
            raise entry.error(
                f"the name {quoted(freeze.name)} is taken", "Give each freeze its own."
            )
        found[freeze.name] = freeze
    return tuple(found.values())


def _freeze(entry: Value, clusters: Mapping[str, ClusterTerms]) -> Freeze:
    parts = entry.fields(
        ("name", "zone", "clusters", "from", "until"), ("namespaces", "undo_allowed")
    )
    return Freeze(
        name=forms.title(parts["name"]),
        zone=_zone(parts["zone"]),
        window=_window(parts["from"], parts["until"]),
        clusters=forms.clusters(parts["clusters"], clusters),
        namespaces=forms.any_or(parts["namespaces"], forms.namespace)
        if "namespaces" in parts
        else None,
        undo_allowed="undo_allowed" in parts and parts["undo_allowed"].flag(),
    )


def _zone(value: Value) -> ZoneInfo:
    key = value.text(_ZONE, "a time zone as Europe/Berlin or UTC")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise value.error(f"{quoted(key)} is not known here", "As Europe/Berlin or UTC.") from error


def _window(start: Value, end: Value) -> Weekly | Once:
    first, last = _moment(start), _moment(end)
    if isinstance(first, WallTime) and isinstance(last, WallTime):
        if first == last:
            raise end.error("is the same time as `from`", "Leave an end; the kill switch has none.")
        return Weekly(first, last)
    if isinstance(first, datetime) and isinstance(last, datetime):
        if last <= first:
            raise end.error("is not after `from`")
        return Once(first, last)
    raise end.error("must be of the same form as `from`: both of the week, or both dates")


def _moment(value: Value) -> WallTime | datetime:
    """Read `fri 16:00` or `2026-12-20 00:00`."""
    written = value.moment()
    if weekly := _WEEKLY.fullmatch(written):
        day, hour, minute = weekly.groups()
        return WallTime(DAYS.index(day), time(int(hour), int(minute)))
    try:
        if _DATE.fullmatch(written):
            # The zone stands beside it: a wall time, given its zone where it is compared.
            found = datetime.fromisoformat(written)
            if 2000 <= found.year <= 2200:
                return found
    except ValueError:
        pass
    raise value.error(f"{quoted(written)} is no time here", "As fri 16:00, or 2026-12-20 00:00.")
