"""`python -m tests.lab.enter FOLDER`: leave behind the process that holds the lab.

It is nobody's child, so that it lives as long as it should and not as long as who started it. It
notes its own pid first, so that whatever happens later `down` finds it; joins the lab's cgroups; then
turns into `unshare`, whose one child is process 1 of the lab (`tests.lab.inside`) and dies with it.
"""

import os
import sys
from pathlib import Path

from tests.lab import cgroups, processes

PID_FILE = "pid"
CGROUPS_FILE = "cgroups"
_NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")


def main(folder: Path) -> None:
    """Return at once, with the holder on its way."""
    if os.fork():
        return
    os.setsid()
    _hold(folder)


def _hold(folder: Path) -> None:
    itself = processes.process(os.getpid())
    assert itself is not None
    processes.write(folder / PID_FILE, itself)
    (folder / CGROUPS_FILE).write_text("".join(f"{path}\n" for path in cgroups.folders()))
    cgroups.join()
    inside = [sys.executable, "-m", "tests.lab.inside", str(folder)]
    os.execvp(
        "unshare", ["unshare", *_NAMESPACES, "--fork", "--mount-proc", "--kill-child", *inside]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
