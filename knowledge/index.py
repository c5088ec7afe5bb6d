"""The vectors' home: one Chroma folder per build, a pointer file to the current one.

Only door to chromadb, which is imported when vectors are really used (it takes a second). A build
goes into a new folder and is then pointed to in one atomic step; readers reopen when the pointer has
changed; a lock file keeps builders apart, since two of them corrupt Chroma silently. Holds numbers
only, no text: everything here can be built anew. Used by `search`.
"""

import fcntl
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import numpy as np

from knowledge.embed import Vectors
from knowledge.errors import IndexDamaged

POINTER = "current.json"
LOCK = "building.lock"
INSIDE = "inside"
OUTSIDE = "outside"
"""Names of the two collections: the library's texts, and descriptions of other matters."""

_SAME = 0.999
"""Cosine of a stored vector with itself, at the least."""
_AGAIN = "Run `oakum index` to build it anew."


class Pointer(msgspec.Struct, frozen=True):
    """What the pointer file says of the current build."""

    folder: str
    """Name of the build's folder; empty for a build without vectors."""
    fingerprint: str
    """Of the embedding's name and all texts: another value means another library."""
    embedding: str
    counts: dict[str, int]
    """Vectors per collection."""
    calibration: dict[str, float]
    """Mean and deviation of cosines, as the builder worked them out."""


def signature(folder: Path) -> tuple[int, int]:
    """Give the pointer file's time and size, to notice a new build; zeros when there is none."""
    try:
        stat = (folder / POINTER).stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


def read_pointer(folder: Path) -> Pointer | None:
    """Read the pointer; None when nothing was built yet. Raises IndexDamaged."""
    try:
        return msgspec.json.decode((folder / POINTER).read_bytes(), type=Pointer)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise IndexDamaged("The index cannot be read.", _AGAIN) from error


class DenseIndex:
    """One build, open for reading. Blocks; call it off the event loop."""

    def __init__(self, folder: Path, pointer: Pointer) -> None:
        import chromadb
        from chromadb.config import Settings
        from chromadb.errors import ChromaError

        self.pointer = pointer
        self._failures = (ChromaError, OSError, RuntimeError, ValueError)
        home = folder / pointer.folder
        if not (home / "chroma.sqlite3").is_file():
            raise IndexDamaged("The index is damaged.", _AGAIN)
        try:
            self._client = chromadb.PersistentClient(
                str(home), settings=Settings(anonymized_telemetry=False)
            )
            self._collections = {
                name: self._client.get_collection(name, embedding_function=None)
                for name in (INSIDE, OUTSIDE)
            }
        except self._failures as error:
            raise IndexDamaged("The index cannot be opened.", _AGAIN) from error
        for name in (INSIDE, OUTSIDE):
            self._probe(name)

    def _probe(self, collection: str) -> None:
        """Look some stored vectors up by themselves: Chroma opens damaged vector files in silence."""
        count = self.pointer.counts[collection]
        chosen = sorted({0, count // 2, count - 1})
        try:
            found = self._collections[collection].get(
                ids=[str(at) for at in chosen], include=["embeddings"]
            )
            rows = found["embeddings"]
            pairs = zip(found["ids"], rows if rows is not None else (), strict=True)
            stored = {int(name): np.asarray(row, dtype=np.float32) for name, row in pairs}
        except self._failures as error:
            raise IndexDamaged("The index is damaged.", _AGAIN) from error
        for at in chosen:
            near = self.nearest(collection, stored[at], 1) if at in stored else []
            if not near or near[0][1] < _SAME:
                raise IndexDamaged("The index is damaged.", _AGAIN)

    def nearest(self, collection: str, vector: Vectors, count: int) -> list[tuple[int, float]]:
        """Give (position, cosine) of the nearest texts, best first. Raises IndexDamaged."""
        wanted = min(count, self.pointer.counts[collection])
        try:
            answer = self._collections[collection].query(
                query_embeddings=[vector.tolist()], n_results=wanted, include=["distances"]
            )
        except self._failures as error:
            raise IndexDamaged("The index cannot be searched.", _AGAIN) from error
        ids, distances = answer["ids"][0], (answer["distances"] or [[]])[0]
        if len(ids) != wanted:
            raise IndexDamaged("The index is damaged: it has lost entries.", _AGAIN)
        return [(int(name), 1.0 - far) for name, far in zip(ids, distances, strict=True)]

    def close(self) -> None:
        """Let go of Chroma's files."""
        self._client.close()  # pyright: ignore[reportAttributeAccessIssue] (a PersistentClient has it)


def open_dense(folder: Path, fingerprint: str) -> DenseIndex | None:
    """Open the current build if it is of this library and embedding; None when it is not.

    Raises IndexDamaged.
    """
    pointer = read_pointer(folder)
    if pointer is None or pointer.fingerprint != fingerprint or not pointer.folder:
        return None
    return DenseIndex(folder, pointer)


@contextmanager
def building(folder: Path) -> Generator[None]:
    """Be the only builder while this is open. Raises IndexDamaged when another one is at work."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise IndexDamaged(
            "The index folder cannot be written.", "Make it writable or set another folder."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise IndexDamaged(
            "The index is being built by another process.", "Ask again soon."
        ) from error
    try:
        yield
    finally:
        os.close(file)


def write_build(
    folder: Path,
    *,
    fingerprint: str,
    embedding: str,
    vectors: Mapping[str, Vectors],
    calibration: Mapping[str, float],
) -> None:
    """Write a build and point to it; call it inside `building`. Raises IndexDamaged.

    Without vectors only the pointer is written, so that other processes read the library anew.
    """
    name = f"build-{fingerprint[:12]}-{os.getpid()}-{signature(folder)[0]:x}" if vectors else ""
    home = folder / name
    try:
        if vectors:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700)
            _fill(home, vectors)
        pointer = Pointer(
            folder=name,
            fingerprint=fingerprint,
            embedding=embedding,
            counts={key: len(rows) for key, rows in vectors.items()},
            calibration=dict(calibration),
        )
        before = _previous(folder)
        fresh = folder / f"{POINTER}.new"
        fresh.write_bytes(msgspec.json.encode(pointer))
        fresh.replace(folder / POINTER)
    except OSError as error:
        raise IndexDamaged(
            "The index folder cannot be written.", "Make it writable or set another folder."
        ) from error
    _sweep(folder, keep={name, before})


def _fill(home: Path, vectors: Mapping[str, Vectors]) -> None:
    """Put all vectors into a new Chroma folder. Raises IndexDamaged."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    try:
        client = chromadb.PersistentClient(str(home), settings=Settings(anonymized_telemetry=False))
        try:
            for key, rows in vectors.items():
                collection = client.create_collection(
                    key,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": 200}},
                )
                for start in range(0, len(rows), 1000):
                    part = rows[start : start + 1000]
                    ids = [str(start + at) for at in range(len(part))]
                    collection.add(ids=ids, embeddings=part)  # pyright: ignore[reportArgumentType]
        finally:
            client.close()  # pyright: ignore[reportAttributeAccessIssue] (a PersistentClient has it)
    except (ChromaError, RuntimeError, ValueError) as error:
        raise IndexDamaged(
            "The index cannot be built.", "The folder's disk may be full."
        ) from error


def _previous(folder: Path) -> str:
    """Name the build that was current; readers may still have it open."""
    with suppress(IndexDamaged):
        pointer = read_pointer(folder)
        return pointer.folder if pointer else ""
    return ""


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove builds that nobody reads any more."""
    for path in folder.glob("build-*"):
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
