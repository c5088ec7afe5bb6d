"""Edits files of a folder in a Git checkout: each edit is a commit on a new branch `oakum/OPERATION`.

The work tree, the index, HEAD and every branch of people are left alone: whoever keeps manifests in Git
wants to look at a change and merge it, not to find it in the files. The branch is made in one step, so
that after a crash there is a whole commit or none. What is read is the newest branch of Oakum's that
still begins at HEAD, so that a second step or an undo builds on the first; once HEAD has moved (merged,
or gone on), HEAD is read. A file that differs from HEAD in the work tree is refused: the commit would
be based on what nobody sees. Commits are not signed and nothing is pushed. Used by `writer`.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, cast

from dulwich.errors import NotGitRepository
from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from tools.cluster.manifests.store import Edit, Last, Put, check_operation_id, digest, exclusive
from tools.errors import Moved, NotEditable, NotSent

BRANCHES = b"refs/heads/oakum/"
"""Below it a branch for each operation."""

_AUTHOR = b"Oakum <oakum@localhost>"
_MAX_STEPS = 200
_REGULAR = (0o100644, 0o100755, 0o100664)
_SUFFIXES = (".yaml", ".yml", ".json")


def open_branches(root: Path, series: str = "") -> "BranchStore | None":
    """Open the Git repository that has this folder in its last commit; None where none has.

    With a series only branches count whose operation ids begin with it: others are not built upon.
    """
    base = (root if root.is_dir() else root.parent).resolve()
    try:
        repo = Repo.discover(str(base))
    except NotGitRepository:
        return None
    top = Path(repo.path).resolve()
    place = PurePosixPath(base.relative_to(top).as_posix())
    store = BranchStore(repo, "" if str(place) == "." else str(place), root, series)
    if store.committed():
        return store
    store.close()
    return None


class BranchStore:
    """One folder of a Git repository."""

    def __init__(self, repo: Repo, place: str, root: Path, series: str) -> None:
        self._repo = repo
        self._objects: Any = repo.object_store
        self._refs: Any = repo.refs
        self._place = place
        self._root = root
        self._series = series.encode()
        self._viewed: tuple[bytes, TemporaryDirectory[str]] | None = None

    def committed(self) -> bool:
        """Tell whether HEAD has the folder."""
        try:
            head = self._repo.head()
            return not self._place or bool(self._entry(head, ""))
        except KeyError:
            return False

    def view(self) -> Path:
        """Give the manifests of the newest commit in a folder of their own."""
        tip = self._tip()
        if self._viewed is None or self._viewed[0] != tip:
            self.close_view()
            self._viewed = (tip, TemporaryDirectory(prefix="oakum-"))
            self._lay_out(tip, Path(self._viewed[1].name))
        folder = Path(self._viewed[1].name)
        return folder if self._root.is_dir() else folder / self._root.name

    def fetch(self, file: str) -> bytes:
        """Read a file of the newest commit."""
        found = self._blob(self._tip(), file)
        if found is None:
            raise NotEditable(f"{file} is not in Git.", "Commit it first.")
        return found

    def check(self, file: str, *, new: bool) -> None:
        """Refuse what has changes that are not committed, and what is no regular file."""
        head, tip = self._blob(self._repo.head(), file), self._blob(self._tip(), file)
        if (tip is not None) == new:
            raise NotEditable(f"{file} is {'there already' if new else 'not in Git'}.")
        path = Path(self._repo.path) / self._place / file
        try:
            work = path.read_bytes()
        except FileNotFoundError:
            work = None
        except OSError as error:
            raise NotEditable(f"{file} cannot be read: {error.strerror}.") from error
        if _lines(work) != _lines(head):
            raise NotEditable(
                f"{file} has changes that are not committed.", "Commit or drop them first."
            )

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other executors out."""
        try:
            with exclusive(Path(self._repo.commondir()) / "oakum.lock"):
                yield
        except PermissionError as error:
            raise NotSent("Oakum's executor may not write to the Git repository.") from error

    def put(self, edit: Edit, operation_id: str) -> Put:
        """Commit the edit on a branch of its own."""
        check_operation_id(operation_id)
        tip = self._tip()
        if self._blob(tip, edit.file) != edit.before:
            raise Moved(f"{edit.file} is no longer as it was read.")
        commit = self._commit(tip, edit, operation_id)
        name = BRANCHES + operation_id.encode()
        try:
            made: bool = self._refs.add_if_new(name, commit.id)
        except OSError as error:
            raise NotSent(
                "The branch cannot be made: Git refuses it, or a branch named oakum is in its way."
            ) from error
        if not made:
            raise Moved(f"There is a branch oakum/{operation_id} already.")
        said = commit.id.decode()
        note = f"It is commit {said[:10]} on branch oakum/{operation_id}, for somebody to merge."
        return Put(said, note)

    def last(self, subject: str) -> Last | None:
        """Name the last operation that committed an edit of an object, wherever its branch is."""
        head = self._repo.head()
        found: list[tuple[int, int, Commit, str]] = []
        for name in self._names():
            for depth, commit in enumerate(self._line(self._refs[BRANCHES + name])):
                if _trailers(commit) == (name.decode(), subject):
                    above = self._depth(commit.id, head) or 0
                    found.append((commit.commit_time, above, commit, name.decode()))
                if depth >= 20:
                    break
        if not found:
            return None
        _, _, commit, operation_id = max(found, key=lambda each: each[:2])
        file = _file_of(commit)
        before = self._blob(commit.parents[0], file)
        return Last(operation_id, before, digest(self._blob(commit.id, file)))

    def close_view(self) -> None:
        """Delete the laid out manifests."""
        if self._viewed:
            self._viewed[1].cleanup()
            self._viewed = None

    def close(self) -> None:
        """Let go of the repository."""
        self.close_view()
        self._repo.close()

    def _names(self) -> list[bytes]:
        names: list[bytes] = sorted(self._refs.keys(BRANCHES))
        return [name for name in names if name.startswith(self._series)]

    def _tip(self) -> bytes:
        """Give the newest commit of Oakum's that begins at HEAD, or HEAD."""
        head = self._repo.head()
        best = (0, head)
        for name in self._names():
            sha: bytes = self._refs[BRANCHES + name]
            depth = self._depth(sha, head)
            if depth is not None and depth > best[0]:
                best = (depth, sha)
        return best[1]

    def _line(self, sha: bytes) -> Iterator[Commit]:
        """Give a commit and its first parents, as far as a shallow clone has them."""
        for _ in range(_MAX_STEPS):
            if sha not in self._objects:
                return
            commit = cast(Commit, self._objects[sha])
            yield commit
            if not commit.parents:
                return
            sha = commit.parents[0]

    def _depth(self, sha: bytes, head: bytes) -> int | None:
        """Count the steps from HEAD to a commit; None where it does not come from there.

        A line of ours is what people put on top, then commits of ours, then HEAD as it was.
        """
        ours = False
        for depth, commit in enumerate(self._line(sha)):
            if commit.id == head:
                return depth
            if ours and not _trailer(commit, "Oakum-Operation"):
                return None
            ours = ours or bool(_trailer(commit, "Oakum-Operation"))
        return None

    def _entry(self, commit: bytes, file: str) -> tuple[int, bytes] | None:
        path = "/".join(filter(None, (self._place, file))).encode()
        tree: Any = cast(Commit, self._objects[commit]).tree
        try:
            return tree_lookup_path(self._objects.__getitem__, tree, path)
        except KeyError:
            return None

    def _blob(self, commit: bytes, file: str) -> bytes | None:
        """Read a file of a commit; None where there is none. A link is refused."""
        entry = self._entry(commit, file)
        if entry is None:
            return None
        if entry[0] not in _REGULAR:
            raise NotEditable(f"{file} is a link: it is not edited.")
        return cast(Blob, self._objects[entry[1]]).data

    def _lay_out(self, commit: bytes, folder: Path) -> None:
        """Write the manifests of a commit into a folder; links are left out."""
        tree: Any = cast(Commit, self._objects[commit]).tree
        prefix = f"{self._place}/" if self._place else ""
        for entry in iter_tree_contents(self._objects, tree):
            name = entry.path.decode(errors="surrogateescape")
            inside = name.removeprefix(prefix)
            parts = inside.split("/")
            odd = any(part.startswith(".") or not part for part in parts)
            if not name.startswith(prefix) or odd or entry.mode not in _REGULAR:
                continue
            if inside.lower().endswith(_SUFFIXES):
                path = folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                if entry.sha not in self._objects:
                    raise OSError(2, "the Git repository is a partial clone without this file")
                path.write_bytes(cast(Blob, self._objects[entry.sha]).data)

    def _commit(self, tip: bytes, edit: Edit, operation_id: str) -> Commit:
        """Write a commit with the edit on top of another; no branch has it yet."""
        parent = cast(Commit, self._objects[tip])
        path = "/".join(filter(None, (self._place, edit.file))).encode().split(b"/")
        commit = Commit()
        commit.tree = self._tree(parent.tree, path, edit.after)
        commit.parents = cast(Any, [tip])
        commit.author = commit.committer = _AUTHOR
        commit.commit_time = commit.author_time = int(datetime.now(UTC).timestamp())
        commit.commit_timezone = commit.author_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = (
            f"Change {edit.subject}\n\nApproved and carried out by Oakum.\n\n"
            f"Oakum-Operation: {operation_id}\nOakum-Object: {edit.subject}\n"
            f"Oakum-File: {edit.file}\n"
        ).encode()
        self._objects.add_object(commit)
        return commit

    def _tree(self, tree_id: Any, path: list[bytes], data: bytes | None) -> Any:
        """Write a tree that differs in one file; gives its id."""
        old = cast(Tree, self._objects[tree_id]) if tree_id else Tree()
        tree = Tree()
        for item in old.iteritems():
            tree.add(cast(Any, item.path), cast(Any, item.mode), cast(Any, item.sha))
        name = path[0]
        if len(path) > 1:
            below = old[name][1] if name in old else None
            tree.add(name, 0o040000, self._tree(below, path[1:], data))
        elif data is None:
            del tree[name]
        else:
            blob = Blob.from_string(data)
            self._objects.add_object(blob)
            tree.add(name, old[name][0] if name in old else 0o100644, blob.id)
        self._objects.add_object(tree)
        return tree.id


def _lines(data: bytes | None) -> bytes | None:
    """Give a file with line ends as Git keeps them; checkouts may have others."""
    return None if data is None else data.replace(b"\r\n", b"\n")


def _trailers(commit: Commit) -> tuple[str, str]:
    """Give the operation and the object that a commit of Oakum's names."""
    return _trailer(commit, "Oakum-Operation"), _trailer(commit, "Oakum-Object")


def _file_of(commit: Commit) -> str:
    return _trailer(commit, "Oakum-File")


def _trailer(commit: Commit, key: str) -> str:
    for line in commit.message.decode(errors="replace").splitlines()[1:]:
        if line.startswith(f"{key}: "):
            return line.removeprefix(f"{key}: ")
    return ""
