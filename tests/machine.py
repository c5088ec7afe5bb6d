"""Installs what the tests need from this machine: Debian packages when root, the local Slack server.

`make test` runs it (`python -m tests.machine`) before the tests; without the right to install it
says what is missing, and the tests concerned skip (in CI they fail).
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fakes.postgres import programs
from tests.lab.machine import NEEDED, Needed, find

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "deploy" / "demo"

OTHERS = (
    Needed("chromium", "chromium"),
    Needed("nodejs", "node"),
    Needed("npm", "npm"),
    Needed("git", "git"),
)
"""What tests need beside the lab's and Postgres' packages."""


def missing_packages() -> list[str]:
    """List the Debian packages that this machine lacks."""
    lacking = {needed.package for needed in (*NEEDED, *OTHERS) if not find(needed.program)}
    if programs() is None:
        lacking.add("postgresql")
    return sorted(lacking)


def install_packages(packages: list[str]) -> None:
    """Install Debian packages without asking, services not started."""
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        check=True,
        env=quiet,
        stdout=subprocess.DEVNULL,
    )


def install_local_slack() -> None:
    """Install the local Slack server beside the demo, from its lock file."""
    if platform.system() != "Linux" or platform.machine() != "x86_64" or not shutil.which("npm"):
        print("The local Slack server needs Linux on x64 and npm; its tests will be skipped.")
        return
    if not (DEMO / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack").exists():
        print("Installing the local Slack server ...", flush=True)
        subprocess.run(["npm", "ci", "--silent", "--prefix", str(DEMO)], check=True)


def main() -> int:
    """Install what is missing, as far as allowed."""
    if packages := missing_packages():
        if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
            install_packages(packages)
        else:
            print(f"Missing, and not mine to install: {' '.join(packages)}.")
            print("The tests that need them will say so and be skipped.")
    install_local_slack()
    return 0


if __name__ == "__main__":
    sys.exit(main())
