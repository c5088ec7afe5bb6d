"""What this machine must have to run the lab, and how it gets it.

`NEEDED` is the one list. Used before building and starting, and by the fixture that skips.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.lab.errors import LabError

_APT_TIMEOUT_S = 600
_NAMESPACES = (
    "unshare",
    "--mount",
    "--pid",
    "--net",
    "--uts",
    "--ipc",
    "--cgroup",
    "--fork",
    "true",
)


class Needed(NamedTuple):
    """One Debian package and the file by which it is recognised."""

    package: str
    program: str
    """A program on the path, or an absolute path."""


NEEDED = (
    Needed("containerd", "containerd"),
    Needed("runc", "runc"),
    Needed("containernetworking-plugins", "/usr/lib/cni/bridge"),
    Needed("iptables", "iptables"),
    Needed("conntrack", "conntrack"),
    Needed("socat", "socat"),
    Needed("ethtool", "ethtool"),
    Needed("busybox-static", "busybox"),
    Needed("iproute2", "ip"),
    Needed("util-linux", "unshare"),
    Needed("mount", "mount"),
)
"""Every package of Debian and Ubuntu that the lab uses. Go is needed too, from anywhere."""


def find(program: str) -> str | None:
    """Find a program, also where only root usually looks; None when it is not there."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    return shutil.which(program, path=path)


def missing() -> tuple[str, ...]:
    """Name the packages of `NEEDED` that are not here."""
    return tuple(needed.package for needed in NEEDED if not find(needed.program))


def why_not() -> str:
    """Say in one sentence why this machine cannot run the lab; empty when it can."""
    if sys.platform != "linux":
        return "the lab needs Linux; this is " + sys.platform
    if os.geteuid() != 0:
        return "the lab needs root, to make namespaces and mounts"
    if not find("go"):
        return "the lab needs Go on the path, to build Kubernetes"
    lacking = missing()
    if lacking and not find("apt-get"):
        return "the lab needs these packages and cannot install them: " + ", ".join(lacking)
    if find("unshare") and subprocess.run(_NAMESPACES, capture_output=True).returncode:
        return (
            "the lab needs the right to make namespaces: a whole machine or a privileged container"
        )
    return ""


def install(say: Callable[[str], None]) -> None:
    """Install what is missing with apt-get. Raises `LabError` where that fails."""
    lacking = missing()
    if not lacking:
        return
    say("installing " + ", ".join(lacking))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "--no-install-recommends", *lacking]
    for attempt in (["apt-get", "update"], command):
        done = subprocess.run(
            attempt, env=environment, capture_output=True, text=True, timeout=_APT_TIMEOUT_S
        )
        if done.returncode:
            raise LabError(f"{' '.join(attempt)} failed: {done.stderr.strip()[-500:]}")
    if still := missing():
        raise LabError("apt-get ended well, but these are still missing: " + ", ".join(still))


def is_static(program: Path) -> bool:
    """Tell whether an ELF program runs without a loader, so that it can be an image by itself."""
    done = subprocess.run(["ldd", str(program)], capture_output=True, text=True)
    return done.returncode != 0
