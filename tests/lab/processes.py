"""Processes by pid and start time, so that a number used again by another process is never killed."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_START_TIME = 19
"""Index of the start time among the fields of /proc/PID/stat after the name (see proc(5))."""


class Process(NamedTuple):
    """One process of this machine since its last start."""

    pid: int
    started: int
    """Clock ticks since boot."""
    boot: str
    """The kernel's id of this boot."""


def process(pid: int) -> Process | None:
    """Look a running process up; None where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Process(pid, int(fields[_START_TIME]), boot)


def write(file: Path, one: Process) -> None:
    """Note a process in a pid file, at once whole."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{one.pid} {one.started} {one.boot}\n")
    fresh.replace(file)


def read(file: Path) -> Process | None:
    """Read a pid file; None when the process it names runs no more."""
    try:
        pid, started, boot = file.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    noted = Process(int(pid), int(started), boot)
    return noted if process(noted.pid) == noted else None


def children(pid: int) -> list[int]:
    """List the children of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in task.read_text().split()]
    return found


def kill(one: Process, timeout_s: float = 30.0) -> bool:
    """Kill a process and wait until it is gone; False when it is still there after the time."""
    if process(one.pid) == one:
        os.kill(one.pid, signal.SIGKILL)
    deadline = time.monotonic() + timeout_s
    while process(one.pid) == one:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
