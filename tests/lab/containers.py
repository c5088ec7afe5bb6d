"""Containerd's client inside the lab that is up, and images that look as if they came from a registry."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab import cluster, enter, processes
from tests.lab.errors import LabError


def ctr(*arguments: str) -> str:
    """Run containerd's client in the lab and give what it printed. Raises `LabError`."""
    holder = processes.read(cluster.folder() / enter.PID_FILE)
    inside = processes.children(holder.pid) if holder else []
    if not inside:
        raise LabError("the lab is not up")
    command = ["nsenter", "-t", str(inside[0]), "-m", "ctr", "--namespace", "k8s.io", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise LabError(f"ctr {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def pulled(image: str, repository: str) -> Iterator[str]:
    """Name an image of the lab by tag and by digest of a repository, as a pull would; gives the digest.

    The tag is `1`. Both names are gone afterwards.
    """
    [line] = [one for one in ctr("images", "ls").splitlines() if one.split()[0] == image]
    digest = line.split()[2]
    names = (f"{repository}:1", f"{repository}@{digest}")
    for name in names:
        ctr("images", "tag", "--force", image, name)
    try:
        yield digest
    finally:
        ctr("images", "rm", *names)
