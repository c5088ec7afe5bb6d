"""Edits files of a folder in a Git checkout: each edit is a commit on a new branch `oakum/OPERATION`.

The work tree, the index, HEAD and every branch of people are left alone: whoever keeps manifests in Git
wants to look at a change and merge it, not to find it in the files. The branch is made in one step, so
that after a crash there is a whole commit or none. What is read is HEAD with every file as a commit of
Oakum's that begins there last left it; once HEAD has moved (merged, or gone on), HEAD is read. A commit
stands on HEAD, or on what last changed the same file, or on the earlier steps of its own change: so a
branch carries what was approved, what an undo takes back, and nothing of anybody else: what people put
on a branch stays there, and a commit counts as Oakum's only where it changes the one file that it names.
A file that differs from HEAD in the work tree is refused: the commit would be based on what nobody
sees. Commits are not signed and nothing is pushed. Used by `writer`.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, cast

from dulwich.diff_tree import tree_changes
from dulwich.errors import NotGitRepository
from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from tools.cluster.manifests.store import Edit, Last, Put, check_operation_id, digest, exclusive
from tools.errors import Moved, NotEditable, NotSent

BRANCHES = b"refs/heads/oakum/"
"""Below it a branch for each operation."""

_AUTHOR = b"Oakum <oakum@localhost>"
_OPERATION = "Oakum-Operation"
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
        self._viewed: tuple[object, TemporaryDirectory[str]] | None = None
        self._known: dict[bytes, bool] = {}
        """By commit id, whether it is one of Oakum's."""

    def committed(self) -> bool:
        """Tell whether HEAD has the folder."""
        try:
            head = self._repo.head()
            return not self._place or bool(self._entry(head, ""))
        except KeyError:
            return False

    def view(self) -> Path:
        """Give the manifests as last edited in a folder of their own."""
        head, edited = self._repo.head(), self._edited()
        state = (head, {file: commit.id for file, commit in edited.items()})
        if self._viewed is None or self._viewed[0] != state:
            self.close_view()
            self._viewed = (state, TemporaryDirectory(prefix="oakum-"))
            self._lay_out(head, edited, Path(self._viewed[1].name))
        folder = Path(self._viewed[1].name)
        return folder if self._root.is_dir() else folder / self._root.name

    def fetch(self, file: str) -> bytes:
        """Read a file as last edited."""
        found = self._now(file)
        if found is None:
            raise NotEditable(f"{file} is not in Git.", "Commit it first.")
        return found

    def check(self, file: str, *, new: bool) -> tuple[str, ...]:
        """Refuse what has changes that are not committed, and what is no regular file."""
        head, now = self._blob(self._repo.head(), file), self._now(file)
        if (now is not None) == new:
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
        last = self._edited().get(file)
        if last is None:
            return ()
        branch = f"oakum/{_trailer(last, _OPERATION)}"
        return (f"{branch} changed {file} and is not merged: this stands on it.",)

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
        if self._now(edit.file) != edit.before:
            raise Moved(f"{edit.file} is no longer as it was read.")
        commit = self._commit(self._base(edit.file, operation_id), edit, operation_id)
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
        steps = {c.id: n for line in self._lines() for n, c in enumerate(reversed(line), 1)}
        found: list[tuple[int, int, Commit, str]] = []
        for name in self._names():
            for depth, commit in enumerate(self._line(self._refs[BRANCHES + name])):
                if _trailers(commit) == (name.decode(), subject):
                    above = steps.get(commit.id, 0)
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

    def _lines(self) -> Iterator[list[Commit]]:
        """Give, newest first, the commits of Oakum's that lead from HEAD to each of its branches.

        What people put on top is passed over; what they put below makes it no line of Oakum's.
        """
        head = self._repo.head()
        for name in self._names():
            line: list[Commit] = []
            for commit in self._line(self._refs[BRANCHES + name]):
                if commit.id == head:
                    yield line
                    break
                if self._is_ours(commit):
                    line.append(commit)
                elif line:
                    break

    def _is_ours(self, commit: Commit) -> bool:
        """Tell whether a commit names an operation, and changes one file of this folder: that it names."""
        if commit.id not in self._known:
            named = bool(_trailer(commit, _OPERATION))
            self._known[commit.id] = named and self._changed(commit) == {
                self._path(_file_of(commit))
            }
        return self._known[commit.id]

    def _changed(self, commit: Commit) -> set[bytes | None]:
        """Name every file that a commit changes; none for a merge or a first commit."""
        if len(commit.parents) != 1 or commit.parents[0] not in self._objects:
            return set()
        before = cast(Commit, self._objects[commit.parents[0]]).tree
        changes = tree_changes(self._objects, before, commit.tree)
        return {side.path for change in changes for side in (change.old, change.new) if side}

    def _newest(self, wanted: Callable[[Commit], bool]) -> list[Commit]:
        """Give the longest line down from a commit that is wanted; empty where none is."""
        found: list[Commit] = []
        for line in self._lines():
            at = next((n for n, commit in enumerate(line) if wanted(commit)), len(line))
            found = max(found, line[at:], key=len)
        return found

    def _edited(self) -> dict[str, Commit]:
        """Give, by file, the commit of Oakum's that last changed it."""
        found: dict[str, tuple[int, Commit]] = {}
        for line in self._lines():
            for steps, commit in enumerate(reversed(line), 1):
                if steps > found.get(_file_of(commit), (0, commit))[0]:
                    found[_file_of(commit)] = steps, commit
        return {file: commit for file, (_, commit) in found.items()}

    def _now(self, file: str) -> bytes | None:
        """Read a file as last edited; None where there is none."""
        last = self._edited().get(file)
        return self._blob(last.id if last else self._repo.head(), file)

    def _base(self, file: str, operation_id: str) -> bytes:
        """Give the commit to build on: what last changed the file, with earlier steps of the same change.

        Raises Moved where a file of those steps was changed on that line too.
        """
        change = _change_of(operation_id)
        line = self._newest(lambda commit: _file_of(commit) == file)
        steps = self._newest(
            lambda commit: bool(self._series) or _change_of(_trailer(commit, _OPERATION)) == change
        )
        shorter, longer = sorted((line, steps), key=len)
        if not shorter or shorter[0].id in {commit.id for commit in longer}:
            return longer[0].id if longer else self._repo.head()
        base = line[0].id
        for commit in reversed([each for each in steps if each not in line]):
            base = self._again(commit, base).id
        return base

    def _again(self, commit: Commit, base: bytes) -> Commit:
        """Write a commit of ours once more on top of another."""
        operation_id, subject = _trailers(commit)
        file = _file_of(commit)
        before = self._blob(commit.parents[0], file)
        if self._blob(base, file) != before:
            raise Moved(f"{file} is no longer as it was read.")
        edit = Edit(file, subject, before, self._blob(commit.id, file))
        return self._commit(base, edit, operation_id)

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

    def _path(self, file: str) -> bytes:
        return "/".join(filter(None, (self._place, file))).encode()

    def _entry(self, commit: bytes, file: str) -> tuple[int, bytes] | None:
        tree: Any = cast(Commit, self._objects[commit]).tree
        try:
            return tree_lookup_path(self._objects.__getitem__, tree, self._path(file))
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

    def _lay_out(self, head: bytes, edited: Mapping[str, Commit], folder: Path) -> None:
        """Write the manifests of HEAD into a folder, as last edited; links are left out."""
        tree: Any = cast(Commit, self._objects[head]).tree
        prefix = f"{self._place}/" if self._place else ""
        for entry in iter_tree_contents(self._objects, tree):
            name = entry.path.decode(errors="surrogateescape")
            inside = name.removeprefix(prefix)
            if not name.startswith(prefix) or inside in edited or entry.mode not in _REGULAR:
                continue
            if _is_read(inside):
                if entry.sha not in self._objects:
                    raise OSError(2, "the Git repository is a partial clone without this file")
                _write(folder / inside, cast(Blob, self._objects[entry.sha]).data)
        for file, commit in edited.items():
            data = self._blob(commit.id, file)
            if data is not None and _is_read(file):
                _write(folder / file, data)

    def _commit(self, tip: bytes, edit: Edit, operation_id: str) -> Commit:
        """Write a commit with the edit on top of another; no branch has it yet."""
        parent = cast(Commit, self._objects[tip])
        path = self._path(edit.file).split(b"/")
        commit = Commit()
        commit.tree = self._tree(parent.tree, path, edit.after)
        commit.parents = cast(Any, [tip])
        commit.author = commit.committer = _AUTHOR
        commit.commit_time = commit.author_time = int(datetime.now(UTC).timestamp())
        commit.commit_timezone = commit.author_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = (
            f"Change {edit.subject}\n\nApproved and carried out by Oakum.\n\n"
            f"{_OPERATION}: {operation_id}\nOakum-Object: {edit.subject}\n"
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


def _is_read(file: str) -> bool:
    """Tell whether a file is read as a manifest: by its ending, and nothing hidden."""
    hidden = any(part.startswith(".") or not part for part in file.split("/"))
    return not hidden and file.lower().endswith(_SUFFIXES)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _lines(data: bytes | None) -> bytes | None:
    """Give a file with line ends as Git keeps them; checkouts may have others."""
    return None if data is None else data.replace(b"\r\n", b"\n")


def _trailers(commit: Commit) -> tuple[str, str]:
    """Give the operation and the object that a commit of Oakum's names."""
    return _trailer(commit, _OPERATION), _trailer(commit, "Oakum-Object")


def _change_of(operation_id: str) -> str:
    """Give an operation's id without the number of its step."""
    return operation_id.partition(".")[0]


def _file_of(commit: Commit) -> str:
    return _trailer(commit, "Oakum-File")


def _trailer(commit: Commit, key: str) -> str:
    for line in commit.message.decode(errors="replace").splitlines()[1:]:
        if line.startswith(f"{key}: "):
            return line.removeprefix(f"{key}: ")
    return ""
