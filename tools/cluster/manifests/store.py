"""What keeps the files of a folder of manifests: the protocol, and what is handed over for one edit.

Two implementations: `plain_store` (a folder) and `branch_store` (a folder in a Git checkout). Both put
one edit at most once, know afterwards which operation did it, and block (call them in a thread). Used by
`writer`.
"""

import hashlib
import re
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from tools.errors import NotAllowed

_OPERATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[0-9]{1,3})?")
"""An id, and the number of a step: nothing that Git would refuse in a branch's name."""


class Edit(Struct, frozen=True):
    """One file as it was read and as it is to be."""

    file: str
    """Path in the folder, with slashes."""
    subject: str
    """The object concerned: kind, namespace and name."""
    before: bytes | None
    """None: there must be no such file."""
    after: bytes | None
    """None: the file is removed."""


class Last(Struct, frozen=True):
    """The last edit of an object that is known to have been made."""

    operation_id: str
    before: bytes | None
    after_digest: str
    """Of the file after it (`digest`)."""


class Put(Struct, frozen=True):
    """What an edit left."""

    id: str = ""
    """Of the commit, where there is one."""
    note: str = ""
    """What people should know of where it is; one sentence."""


class Busy(Exception):
    """Another process edits this folder at this moment."""


class Store(Protocol):
    """Keeps the files of one folder."""

    def view(self) -> Path:
        """Give a folder, or file, to read: all as last edited."""
        ...

    def fetch(self, file: str) -> bytes:
        """Read a file of the view. Raises NotEditable."""
        ...

    def check(self, file: str, *, new: bool) -> tuple[str, ...]:
        """Say what an edit would stand on; NotEditable for a file not to be edited (if new, made)."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep all other editors of this kind out. Raises Busy, NotSent."""
        ...

    def put(self, edit: Edit, operation_id: str) -> Put:
        """Make an edit, under the lock. Raises Moved where the file is another, NotSent, NoAnswer."""
        ...

    def last(self, subject: str) -> Last | None:
        """Name the last operation that edited an object here."""
        ...

    def close(self) -> None:
        """Let go of what is open; safe to call twice."""
        ...


def digest(data: bytes | None) -> str:
    """Digest a file's bytes; empty for none."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def check_operation_id(operation_id: str) -> None:
    """Refuse an id that cannot be part of a file's or branch's name."""
    if not _OPERATION_ID.fullmatch(operation_id):
        raise NotAllowed("That is no operation id.")


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold a lock file; the system lets go of it when the process ends. Raises Busy, OSError."""
    with path.open("a") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield
