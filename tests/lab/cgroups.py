"""The lab's own cgroup in every hierarchy, so that nothing of it is anybody else's.

It lies below the cgroup of whoever starts the lab and is the root that the lab sees (a cgroup
namespace). Tried on version 1 hierarchies; the version 2 branch follows the kernel's rules but
has not been run.
"""

import subprocess
from pathlib import Path
from typing import NamedTuple

NAME = "oakum-lab"
_MOUNT = Path("/sys/fs/cgroup")


class Hierarchy(NamedTuple):
    """One mounted cgroup hierarchy."""

    controllers: str
    """As /proc/self/cgroup names them: `cpu,cpuacct`, `name=systemd`; empty for version 2."""
    mount: Path
    own: Path
    """The cgroup of this process in it."""


def hierarchies() -> list[Hierarchy]:
    """List what is mounted here, with the place of this process in each."""
    mounts = _mounts()
    found: list[Hierarchy] = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in mounts:
            continue
        own = mounts[controllers] / path.lstrip("/")
        found.append(
            Hierarchy(
                controllers, mounts[controllers], own if own.is_dir() else mounts[controllers]
            )
        )
    return found


def is_version_2(found: list[Hierarchy]) -> bool:
    """Tell whether there is nothing but the unified hierarchy."""
    return all(not hierarchy.controllers for hierarchy in found)


def folders() -> list[Path]:
    """Name the lab's cgroup in each hierarchy, whether it is there or not."""
    return [hierarchy.own / NAME for hierarchy in hierarchies()]


def join() -> None:
    """Make the lab's cgroups and move this process into them."""
    for hierarchy in hierarchies():
        folder = hierarchy.own / NAME
        folder.mkdir(exist_ok=True)
        if "cpuset" in hierarchy.controllers.split(","):
            for setting in ("cpuset.cpus", "cpuset.mems"):
                (folder / setting).write_text((hierarchy.own / setting).read_text())
        (folder / "cgroup.procs").write_text("0")


def settle(folders: list[Path]) -> None:
    """Let pods have controllers in a version 2 hierarchy; nothing to do in version 1.

    Version 2 hands controllers to children only of a cgroup without processes of its own: those of
    the lab so far move one level down. Called from outside, where all of them are seen.
    """
    for folder in folders:
        controllers = folder / "cgroup.controllers"
        if not controllers.exists() or not controllers.read_text().strip():
            continue
        inner = folder / "init"
        inner.mkdir(exist_ok=True)
        for pid in (folder / "cgroup.procs").read_text().split():
            (inner / "cgroup.procs").write_text(pid)
        wanted = " ".join(f"+{name}" for name in controllers.read_text().split())
        (folder / "cgroup.subtree_control").write_text(wanted)


def mount_inside(before: list[Hierarchy]) -> None:
    """Mount the hierarchies anew in a fresh /sys, as the lab sees them."""
    if is_version_2(before):
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", str(_MOUNT)], check=True)
        return
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(_MOUNT)], check=True)
    for hierarchy in before:
        kind = "cgroup" if hierarchy.controllers else "cgroup2"
        target = _MOUNT / (hierarchy.controllers.removeprefix("name=") or "unified")
        target.mkdir()
        options = _options(hierarchy.controllers)
        subprocess.run(["mount", "-t", kind, *options, "cgroup", str(target)], check=True)
        for alias in hierarchy.controllers.split(","):
            link = _MOUNT / alias
            if alias and not alias.startswith("name=") and not link.exists():
                link.symlink_to(target.name)


def remove(folders: list[Path]) -> list[Path]:
    """Remove cgroups that nothing runs in any more, deepest first; those that would not go."""
    stuck: list[Path] = []
    for top in folders:
        inner = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True)
        for folder in (*inner, top):
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                stuck.append(folder)
    return stuck


def _options(controllers: str) -> list[str]:
    if not controllers:
        return []
    return ["-o", f"none,{controllers}" if controllers.startswith("name=") else controllers]


def _mounts() -> dict[str, Path]:
    """Map controllers, as /proc/self/cgroup names them, to mount points."""
    known = {line.split(":")[1] for line in Path("/proc/self/cgroup").read_text().splitlines()}
    mounts: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        kind, _, options = source.split(" ", 2)
        point = Path(fields.split()[4])
        if kind == "cgroup2":
            mounts.setdefault("", point)
        elif kind == "cgroup":
            for controllers in known:
                if controllers and set(controllers.split(",")) <= set(options.split(",")):
                    mounts.setdefault(controllers, point)
    return mounts
