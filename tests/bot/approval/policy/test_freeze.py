"""Freezes go by the wall clock of a place, through the days on which clocks change."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.approval.policy.freeze import Freeze, Once, WallTime, Weekly, ends

BERLIN = ZoneInfo("Europe/Berlin")
WEEKEND = Weekly(WallTime(4, time(16)), WallTime(0, time(8)))
OFFICE = Weekly(WallTime(2, time(9)), WallTime(2, time(17)))
NIGHT = Weekly(WallTime(6, time(2, 30)), WallTime(6, time(4)))
UNTIL_NIGHT = Weekly(WallTime(6, time(1)), WallTime(6, time(2, 30)))


def freeze(window: Weekly | Once, zone: ZoneInfo = BERLIN) -> Freeze:
    return Freeze("test", zone, window, frozenset({"prod"}), None, undo_allowed=False)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("window", "at", "until"),
    [
        (WEEKEND, "2026-03-06T14:59:59+00:00", None),
        (WEEKEND, "2026-03-06T15:00:00+00:00", "2026-03-09T07:00+00:00"),
        (WEEKEND, "2026-03-09T06:59:59+00:00", "2026-03-09T07:00+00:00"),
        (WEEKEND, "2026-03-09T07:00:00+00:00", None),
        # Clocks go forward in the night to 29 March: Monday's eight o'clock comes an hour sooner.
        (WEEKEND, "2026-03-27T15:00:00+00:00", "2026-03-30T06:00+00:00"),
        (WEEKEND, "2026-03-30T05:59:59+00:00", "2026-03-30T06:00+00:00"),
        (WEEKEND, "2026-03-30T06:00:00+00:00", None),
        # And back in the night to 25 October.
        (WEEKEND, "2026-10-23T14:00:00+00:00", "2026-10-26T07:00+00:00"),
        (WEEKEND, "2026-10-26T06:30:00+00:00", "2026-10-26T07:00+00:00"),
        (OFFICE, "2026-03-04T07:59:59+00:00", None),
        (OFFICE, "2026-03-04T08:00:00+00:00", "2026-03-04T16:00+00:00"),
        (OFFICE, "2026-03-04T16:00:00+00:00", None),
        (OFFICE, "2026-03-05T12:00:00+00:00", None),
        # Half past two does not exist on 29 March: the freeze begins no later than it could.
        (NIGHT, "2026-03-29T00:59:00+00:00", "2026-03-29T02:00+00:00"),
        (NIGHT, "2026-03-29T01:00:00+00:00", "2026-03-29T02:00+00:00"),
        # It comes twice on 25 October: frozen from the first, or until the second.
        (NIGHT, "2026-10-25T00:29:59+00:00", None),
        (NIGHT, "2026-10-25T00:30:00+00:00", "2026-10-25T03:00+00:00"),
        (UNTIL_NIGHT, "2026-10-25T00:45:00+00:00", "2026-10-25T01:30+00:00"),
        (UNTIL_NIGHT, "2026-10-25T01:29:59+00:00", "2026-10-25T01:30+00:00"),
        (UNTIL_NIGHT, "2026-10-25T01:30:00+00:00", None),
    ],
)
def test_a_weekly_window(window: Weekly, at: str, until: str | None) -> None:
    assert ends(freeze(window), moment(at)) == (moment(until) if until else None)


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-12-18T14:59:59+00:00", False),
        ("2026-12-18T15:00:00+00:00", True),
        ("2027-01-04T06:59:59+00:00", True),
        ("2027-01-04T07:00:00+00:00", False),
    ],
)
def test_a_single_window(at: str, holds: bool) -> None:
    window = Once(datetime(2026, 12, 18, 16), datetime(2027, 1, 4, 8))  # noqa: DTZ001 - wall time
    assert (ends(freeze(window), moment(at)) is not None) is holds


def test_the_same_moment_in_another_zone_is_the_same_moment() -> None:
    here = moment("2026-03-06T15:00:00+00:00")
    for zone in ("Asia/Kolkata", "America/St_Johns", "Pacific/Auckland"):
        assert ends(freeze(WEEKEND), here.astimezone(ZoneInfo(zone))) is not None


def test_days_are_those_of_the_zone() -> None:
    auckland = freeze(
        Weekly(WallTime(0, time()), WallTime(1, time())), ZoneInfo("Pacific/Auckland")
    )
    assert ends(auckland, moment("2026-03-01T11:00:00+00:00")) == moment("2026-03-02T11:00+00:00")
    assert ends(auckland, moment("2026-03-02T11:00:00+00:00")) is None
