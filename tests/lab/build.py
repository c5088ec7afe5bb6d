"""Builds the lab's programs from Go modules, once per set of versions.

Cold it takes about nine minutes on two cores and four gigabytes of Go's own caches; afterwards the
programs are found in the cache folder. Two builds at once wait for each other.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import versions
from tests.lab.errors import LabError

_BUILD_TIMEOUT_S = 3600
_VERSION_PACKAGE = "k8s.io/component-base/version"


def programs(say: Callable[[str], None]) -> Path:
    """Give the folder of programs, building them first where needed. Raises `LabError`."""
    return cached(versions.build_key(), "bin", say, _build)


def built() -> Path | None:
    """Give the folder of programs if it is there already."""
    folder = versions.cache() / versions.build_key() / "bin"
    return folder if folder.is_dir() else None


def cached(
    key: str,
    name: str,
    say: Callable[[str], None],
    make: Callable[[Path, Callable[[str], None]], None],
) -> Path:
    """Give a cached folder; where it is not there, `make` it aside and put it in place whole.

    Others of its family (`images-...`) are then of no use and go.
    """
    folder = versions.cache() / key / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(versions.cache() / "build.lock", say):
        if folder.is_dir():
            return folder
        for left in folder.parent.glob(f"making-{name}-*"):
            shutil.rmtree(left)
        aside = Path(tempfile.mkdtemp(prefix=f"making-{name}-", dir=folder.parent))
        make(aside, say)
        aside.replace(folder)
        family = name.partition("-")[0]
        for older in folder.parent.glob(f"{family}-*"):
            if older != folder:
                shutil.rmtree(older)
    return folder


@contextmanager
def locked(file: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock that vanishes with this process; wait while another process holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that holds {file}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(folder: Path, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    for number, program in enumerate(versions.PROGRAMS, 1):
        say(f"building {program.name} ({number} of {len(versions.PROGRAMS)})")
        _go_build(program, folder / program.name)
    say(f"built in {time.monotonic() - started:.0f} s")


def _go_build(program: versions.Program, output: Path) -> None:
    flags = "-s -w"
    if program.module == "kubernetes":
        major, minor, _ = versions.KUBERNETES.split(".")
        stamps = {"gitVersion": f"v{versions.KUBERNETES}", "gitMajor": major, "gitMinor": minor}
        flags += "".join(f" -X {_VERSION_PACKAGE}.{key}={value}" for key, value in stamps.items())
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
    }
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(output), program.package]
    done = subprocess.run(
        command,
        cwd=versions.MODULES / program.module,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_BUILD_TIMEOUT_S,
    )
    if done.returncode:
        raise LabError(f"building {program.name} failed: {done.stderr.strip()[-1500:]}")
