"""`python -m tests.lab up|down|env|status`: a real cluster by hand.

up      build what is missing (minutes, once), start the cluster, wait until it takes pods
env     print what a shell must set: eval "$(python -m tests.lab env)"; kubectl get nodes
status  say whether a lab is up
down    remove it, whole or what a crash left of it
"""

import argparse
import shlex
import sys

from tests.lab import cluster, machine
from tests.lab.errors import LabError


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"lab: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Do what the command line asks; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("up", "down", "env", "status"))
    what = parser.parse_args().what
    try:
        return {"up": _up, "down": _down, "env": _env, "status": _status}[what]()
    except LabError as error:
        say(str(error))
        return 1


def _up() -> int:
    if reason := machine.why_not():
        raise LabError(reason)
    with cluster.holding(say):
        cluster.up(say)
    say('use it with: eval "$(python -m tests.lab env)"')
    return 0


def _down() -> int:
    with cluster.holding(say):
        cluster.down(say)
    return 0


def _env() -> int:
    lab = cluster.running()
    if lab is None:
        raise LabError("no lab is up: python -m tests.lab up")
    for name, value in cluster.environment(lab).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _status() -> int:
    lab = cluster.running()
    if lab is None:
        say("left in pieces: python -m tests.lab down" if cluster.folder().exists() else "not up")
        return 1
    say(f"up, started by {cluster.owner()}, files in {cluster.folder()}")
    print(lab.kubectl("get", "nodes", "-o", "wide"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
