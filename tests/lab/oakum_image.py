"""Makes Oakum's own image for the lab, from the built wheel and what the lock names.

As deploy/Dockerfile does, but from this machine: its Python, and the packages as they are installed
here. No shell, no package manager, nothing that Oakum does not need. `loaded` puts it into the lab.
"""

import importlib.metadata
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import versions
from tests.lab.containers import ctr
from tests.lab.errors import LabError
from tests.lab.images import Content, Image, libraries_of, write

NAME = "lab.local/oakum:1"
USER = "10001:10001"
"""As in deploy/Dockerfile."""

_PACKAGES = "opt/oakum"
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "ensurepip", "lib2to3")
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


@contextmanager
def loaded() -> Iterator[str]:
    """Give the image's name; the lab that is up has it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="oakum-image-") as folder:
        archive = Path(folder) / "oakum.tar"
        write(_image(Path(folder)), archive)
        ctr("images", "import", str(archive))
    try:
        yield NAME
    finally:
        ctr("images", "rm", NAME)


def _image(folder: Path) -> Image:
    standard = Path(sysconfig.get_path("stdlib"))
    contents = [
        Content(f"usr/local/bin/{_PYTHON}", source=str(Path(sys.executable).resolve())),
        *_tree(standard, f"usr/local/lib/{_PYTHON}"),
        *_packages(),
        *_wheel(folder),
    ]
    own = {content.source for content in contents}
    linked = [c.source for c in contents if ".so" in Path(c.source).name or "/bin/" in c.path]
    libraries = {str(each) for source in linked for each in libraries_of(Path(source))}
    contents += [Content(each.lstrip("/"), source=each) for each in sorted(libraries - own)]
    return Image(
        NAME,
        tuple(contents),
        entrypoint=(f"/usr/local/bin/{_PYTHON}", "-m", "bot"),
        user=USER,
        environment=(f"PYTHONPATH=/{_PACKAGES}", "PYTHONDONTWRITEBYTECODE=1"),
    )


def _tree(folder: Path, to: str) -> Iterator[Content]:
    """Take the standard library without what no program needs at run time."""
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if parts[0] in _LEFT_OUT or parts[0].startswith("config-") or "__pycache__" in parts:
            continue
        if file.is_file():
            yield Content(f"{to}/{'/'.join(parts)}", source=str(file.resolve()))


def _packages() -> Iterator[Content]:
    """Take the files of every package of the lock that is for this system."""
    for name in dict.fromkeys(_LOCKED.findall((versions.ROOT / "requirements.lock").read_text())):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            source = Path(str(file.locate()))
            if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
                continue
            yield Content(f"{_PACKAGES}/{file.as_posix()}", source=str(source.resolve()))


def _wheel(folder: Path) -> Iterator[Content]:
    """Build Oakum's own wheel and take what is in it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=versions.ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise LabError(f"building the wheel failed: {done.stderr.strip()[-500:]}")
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            yield Content(f"{_PACKAGES}/{name}", archive.read(name))
