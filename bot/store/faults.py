"""What a database says when it does not work, as one `StoreUnavailable` with a clear sentence.

The driver's own words (which may hold a password, a path or a row) are chained as the cause and never
shown. A statement of ours that is wrong stays what it is: a defect. Used by `database` and `migrate`.
"""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from bot.errors import StoreUnavailable

_BUSY = (
    "The database is busy: another process holds it.",
    "Try again in a few seconds; if it stays so, look for a process that keeps it locked.",
)
_FULL = (
    "The database cannot be written: its disk is full.",
    "Free space where the database lies, then ask again.",
)
_READ_ONLY = (
    "The database cannot be written: it is read-only.",
    "Check the permissions of the database file and its folder, or of the Postgres server.",
)
_DAMAGED = (
    "The database file is damaged or is not a database.",
    "Move the file away and restore it from a backup; without it Oakum starts with an empty one.",
)
_FAILING = (
    "The database cannot be read or written: its disk fails.",
    "Look at the machine's disk; the log has what the database said.",
)
_NOT_OPENED = (
    "The database file cannot be opened.",
    "Check that its folder exists and that this user may read and write there.",
)
_REFUSED = (
    "The database does not accept these credentials, or they do not allow it.",
    "Check the user, password and database name in the store's address.",
)
_DOWN = (
    "The database does not answer.",
    "Check that it is running and that the store's address is right.",
)

_BY_WORDS = (
    ("database is locked", _BUSY),
    ("database table is locked", _BUSY),
    ("database or disk is full", _FULL),
    ("readonly database", _READ_ONLY),
    ("malformed", _DAMAGED),
    ("not a database", _DAMAGED),
    ("no such table", _DAMAGED),
    ("disk i/o error", _FAILING),
    ("unable to open", _NOT_OPENED),
    ("password authentication failed", _REFUSED),
    ("does not exist", _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
)
"""SQLite gives no usable code through every layer, and Postgres none for a refused connection."""

_BY_STATE = (
    ("55P03", _BUSY),
    ("57014", _BUSY),
    ("40", _BUSY),
    ("53100", _FULL),
    ("58", _FAILING),
    ("25006", _READ_ONLY),
    ("XX001", _DAMAGED),
    ("XX002", _DAMAGED),
    ("28", _REFUSED),
    ("42501", _REFUSED),
    ("3D", _REFUSED),
)
"""Starts of SQLSTATE codes, https://www.postgresql.org/docs/current/errcodes-appendix.html."""

_WRONG = ("syntax error", "no such column", "no column named", "already exists")
"""SQLite reports a wrong statement as if it could not work."""

_DEFECTS = (exc.ProgrammingError, exc.IntegrityError, exc.DataError, exc.NotSupportedError)


@contextmanager
def explained() -> Generator[None, None, None]:
    """Turn what the driver raises inside into StoreUnavailable; defects of ours pass through."""
    try:
        yield
    except exc.DBAPIError as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise StoreUnavailable(*sentence) from error
    except exc.TimeoutError as error:
        raise StoreUnavailable(*_BUSY) from error
    except TimeoutError as error:
        raise StoreUnavailable(*_DOWN) from error
    except OSError as error:
        raise StoreUnavailable(*_NOT_OPENED) from error


def _sentence(error: exc.DBAPIError) -> tuple[str, str] | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    for start, sentence in _BY_STATE:
        if state.startswith(start):
            return sentence
    if isinstance(error, _DEFECTS):
        return None
    words = str(error.orig).lower()
    if any(part in words for part in _WRONG):
        return None
    for part, sentence in _BY_WORDS:
        if part in words:
            return sentence
    return _DOWN
