"""Edits files of a plain folder: compared, written beside, and renamed into place.

A record of each edit lies in `.oakum/` of the folder (which readers leave out, and Git too): before the
rename it says what is about to be done, and the file written beside is still there; afterwards that file
is gone. So after a crash at any point it is known whether an edit was made. A record also holds the file
as it was, secrets and all, for its owner alone to read; its name ends in nothing that kubectl applies.
Between the last comparison and the rename, a few microseconds, an editor that takes no part in this
could still save: no file system offers more. Used by `writer`.
"""

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from tools.cluster.manifests.store import Edit, Last, Put, check_operation_id, digest, exclusive
from tools.errors import Moved, NoAnswer, NotEditable, NotSent

RECORDS = ".oakum"
"""The subfolder of records."""
MAX_RECORDS = 500
"""Older ones are deleted: their operations then count as not made here."""


class _Record(Struct, frozen=True):
    """One edit that is about to be made, or was."""

    operation_id: str
    subject: str
    file: str
    beside: str
    """Path of the file that is renamed, from the folder."""
    before: bytes | None
    after_digest: str


_RECORD = msgspec.json.Decoder(_Record)


class PlainStore:
    """A folder of manifests, or one file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._base = root if root.is_dir() else root.parent
        self._records = self._base / RECORDS

    def view(self) -> Path:
        """Give the folder itself."""
        return self._root

    def fetch(self, file: str) -> bytes:
        """Read a file; NotEditable where that is not possible."""
        try:
            return (self._base / file).read_bytes()
        except OSError as error:
            raise NotEditable(f"{file} cannot be read: {error.strerror}.") from error

    def check(self, file: str, *, new: bool) -> tuple[str, ...]:
        """Refuse links, what is read-only, and a new file where there is one."""
        path = self._base / file
        place = self._base
        for part in Path(file).parts:
            place = place / part
            if place.is_symlink():
                raise NotEditable(f"{file} is a link, or lies behind one: it is not edited.")
        if new:
            if path.exists():
                raise NotEditable(f"{file} is there already.")
        elif not path.is_file():
            raise NotEditable(f"{file} is gone.")
        elif not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise NotEditable(f"{file} is read-only.", "Make it writable if it may be edited.")
        if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(
            path.parent, os.W_OK
        ):
            raise NotEditable(f"Oakum's executor may not write {file}.")
        return ()

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other executors out."""
        if self._records.is_symlink():
            raise NotSent(f"{RECORDS} of the folder is a link: records are not written behind it.")
        try:
            self._records.mkdir(mode=0o700, exist_ok=True)
            (self._records / ".gitignore").write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise _not_sent(error) from error
        with exclusive(self._records / "lock"):
            yield

    def put(self, edit: Edit, operation_id: str) -> Put:
        """Make the edit."""
        check_operation_id(operation_id)
        target = self._base / edit.file
        try:
            number = self._tidy(edit.subject)
            record = self._record(edit, operation_id, number)
            beside = self._base / record.beside
            if edit.after is not None:
                _write(beside, edit.after, target)
            _write(self._records / f"{number:012d}.record", msgspec.json.encode(record), None)
        except OSError as error:
            raise _not_sent(error) from error
        try:
            self._compare(edit, target)
            if edit.before is None:
                os.link(beside, target)
                beside.unlink()
            elif edit.after is None:
                target.rename(beside)
            else:
                beside.replace(target)
        except Moved:
            self._tidy(edit.subject)
            raise
        except FileExistsError as error:
            self._tidy(edit.subject)
            raise Moved(f"{edit.file} is there by now.") from error
        except OSError as error:
            if _made(record, self._base):
                raise NoAnswer(f"{edit.file} may be edited.", "Look at it.") from error
            raise _not_sent(error) from error
        _sync(target.parent)
        return Put()

    def last(self, subject: str) -> Last | None:
        """Name the last operation that edited an object."""
        for _, record in reversed(self._all()):
            if record.subject == subject and _made(record, self._base):
                return Last(record.operation_id, record.before, record.after_digest)
        return None

    def close(self) -> None:
        """Nothing is held open."""

    def _record(self, edit: Edit, operation_id: str, number: int) -> _Record:
        after = digest(edit.after)
        beside = _beside(edit.file, number, removed=not after)
        return _Record(operation_id, edit.subject, edit.file, beside, edit.before, after)

    def _all(self) -> list[tuple[Path, _Record]]:
        """Give all records that can be read and are ours, in the order they were made."""
        found: list[tuple[Path, _Record]] = []
        for path in sorted(self._records.glob("*.record")):
            try:
                record = _RECORD.decode(path.read_bytes())
                ours = _is_ours(record, int(path.stem))
            except (OSError, ValueError):
                continue
            if ours:
                found.append((path, record))
        return found

    def _tidy(self, subject: str) -> int:
        """Delete what edits of this object left that were not made, and old records; number the next."""
        paths = sorted(self._records.glob("*.record"))
        records = self._all()
        for path, record in records:
            made = _made(record, self._base)
            undone = record.subject == subject and not made
            if made and record.before is None:
                (self._base / record.beside).unlink(missing_ok=True)
            if undone or path in paths[:-MAX_RECORDS]:
                path.unlink()
                if undone or record.beside.startswith(RECORDS):
                    (self._base / record.beside).unlink(missing_ok=True)
        return max((int(path.stem) for path in paths if path.stem.isdecimal()), default=0) + 1

    def _compare(self, edit: Edit, target: Path) -> None:
        """Raise Moved where the file is not as it was read."""
        try:
            now = target.read_bytes()
        except FileNotFoundError:
            now = None
        if now != edit.before:
            raise Moved(f"{edit.file} is no longer as it was read.")


def _beside(file: str, number: int, *, removed: bool) -> str:
    """Name the file that an edit renames, from the folder."""
    folder, _, name = file.rpartition("/")
    if removed:
        return f"{RECORDS}/{number:012d}.removed"
    return f"{folder}/" * bool(folder) + f".{name}.oakum-{number}"


def _is_ours(record: _Record, number: int) -> bool:
    """Tell whether a record names what we name; one that came with the folder could name any file."""
    file = PurePosixPath(record.file)
    inside = bool(file.parts) and not file.is_absolute() and ".." not in file.parts
    return inside and record.beside == _beside(record.file, number, removed=not record.after_digest)


def _made(record: _Record, base: Path) -> bool:
    """Tell whether an edit was made, by where the file that is renamed is."""
    beside = base / record.beside
    if record.after_digest == "":
        return beside.exists()
    target = base / record.file
    if record.before is None and beside.exists() and target.exists():
        return beside.samefile(target)
    return not beside.exists()


def _write(path: Path, data: bytes, like: Path | None) -> None:
    """Write a new file to the disk, with the mode and owner of another where there is one."""
    path.unlink(missing_ok=True)
    private = like is None
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb"
    ) as file:
        if like is not None and like.exists():
            found = like.stat()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), found.st_uid, found.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_sent(error: OSError) -> NotSent:
    return NotSent(f"Nothing was written: {error.strerror or 'the system refused it'}.")
