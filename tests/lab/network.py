"""The one way into the lab: a pair of virtual Ethernet devices.

The addresses are of 198.18.0.0/15, set aside for laboratory networks (RFC 2544), so that they meet
nobody's own. Pods and services have their usual ranges, known inside the namespace only.
"""

import subprocess

from tests.lab.errors import LabError

OUTSIDE = "oaklab0"
INSIDE = "oaklab1"
GATEWAY = "198.18.77.1"
"""This machine, as the lab sees it."""
NODE = "198.18.77.2"
"""The lab's one node, and its API server."""
PREFIX = 30

PODS = "10.244.0.0/16"
NODE_PODS = "10.244.0.0/24"


def run(*command: str) -> str:
    """Run a short command of this machine; raises `LabError` with what it wrote when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def refuse_taken() -> None:
    """Raise `LabError` where something else on this machine has our device or our addresses."""
    if exists():
        raise LabError(f"the device {OUTSIDE} exists already: python -m tests.lab down")
    route = run("ip", "-o", "route", "show", "to", "match", NODE)
    if any(not line.startswith("default") for line in route.splitlines()):
        raise LabError(f"this machine already has a route to {NODE}, the lab's address: {route}")


def connect(pid: int) -> None:
    """Put one end into the network namespace of a process and address the other."""
    pair = ("link", "add", OUTSIDE, "type", "veth", "peer", "name", INSIDE, "netns", str(pid))
    run("ip", *pair)
    run("ip", "addr", "add", f"{GATEWAY}/{PREFIX}", "dev", OUTSIDE)
    run("ip", "link", "set", OUTSIDE, "up")


def address_inside() -> None:
    """Address the end that lies in the namespace of the caller."""
    run("ip", "addr", "add", f"{NODE}/{PREFIX}", "dev", INSIDE)
    run("ip", "link", "set", INSIDE, "up")
    run("ip", "route", "add", "default", "via", GATEWAY)


def exists(device: str = OUTSIDE) -> bool:
    """Tell whether a device is there, in the namespace of the caller."""
    return subprocess.run(["ip", "link", "show", device], capture_output=True).returncode == 0


def disconnect() -> None:
    """Remove the pair where it is left; the kernel may be removing it at this moment itself."""
    try:
        run("ip", "link", "del", OUTSIDE)
    except LabError:
        if exists():
            raise
