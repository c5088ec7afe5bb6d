"""containerd's own store with every image in it, kept in the cache and linked into each new lab.

Importing the images takes seconds and most of a gigabyte of writes. The store is made once; a lab gets
it as hard links, which is safe because containerd never writes to a file of content or of a finished
layer again. Its databases, which it does write, are copied.
"""

import os
import shutil
from pathlib import Path

from tests.lab import build, versions

_WRITTEN = frozenset({".db"})


def kept(image_files: Path) -> Path:
    """Name the store that belongs to a folder of image files; it may not be there yet."""
    return image_files.with_name(image_files.name.replace("images", "store"))


def fill(store: Path, target: Path) -> None:
    """Give a new lab's containerd what the kept store holds."""
    shutil.copytree(store, target, copy_function=_link, symlinks=True, dirs_exist_ok=True)


def keep(source: Path, store: Path) -> None:
    """Keep the store of a containerd that is stopped now."""

    def make(aside: Path, _: object) -> None:
        fill(source, aside)

    build.cached(versions.build_key(), store.name, _silent, make)


def _link(source: str, target: str) -> None:
    if Path(source).suffix in _WRITTEN:
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def _silent(_: str) -> None:
    """Progress is told by the caller's own steps."""
