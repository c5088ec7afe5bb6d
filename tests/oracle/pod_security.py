"""Asks the Pod Security admission library of Kubernetes 1.37 (tests/oracle/psa, built here) about pods.

The library is the authority; our checks must allow and refuse what it does, check by check.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "psa"
MISSING = "the Go tool chain (1.26 or newer) is missing"

CONTROLS = {
    "windowsHostProcess": "host-process",
    "hostNamespaces": "host-namespaces",
    "privileged": "privileged-containers",
    "capabilities_baseline": "capabilities",
    "hostPathVolumes": "host-path-volumes",
    "hostPorts": "host-ports",
    "hostProbesAndHostLifecycle": "host-probes",
    "appArmorProfile": "apparmor",
    "seLinuxOptions": "selinux",
    "procMount": "proc-mount",
    "procMount_restricted": "proc-mount",
    "seccompProfile_baseline": "seccomp",
    "sysctls": "sysctls",
    "restrictedVolumes": "volume-types",
    "allowPrivilegeEscalation": "privilege-escalation",
    "runAsNonRoot": "run-as-non-root",
    "runAsUser": "run-as-user",
    "seccompProfile_restricted": "seccomp-restricted",
    "capabilities_restricted": "capabilities-restricted",
}
"""The library's check id -> our control."""

ONLY = {"procMount_restricted": "restricted"}
"""Checks of one level that take the place of another check of the same control."""


def available() -> bool:
    """Tell whether the program is there or can be built."""
    return _program().exists() or shutil.which("go") is not None


def ask(pods: Iterable[dict[str, Any]], minor: int) -> list[dict[str, Any]]:
    """Judge pods (each with metadata and spec), in order, by the policies of one version.

    Each answer has `checks` (the library's check id -> allowed), `baseline` and `restricted`.
    """
    lines = "".join(json.dumps(pod, default=str) + "\n" for pod in pods)
    done = subprocess.run(
        [_build(), str(minor)], input=lines, capture_output=True, text=True, check=True, timeout=120
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _program() -> Path:
    """Name the program in the cache: another source is another program."""
    files = sorted(SOURCE.iterdir())
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "oakum-oracle" / f"psa-{digest}"


def _build() -> Path:
    """Build the program unless it is in the cache; about a minute the first time."""
    program = _program()
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as aside:
            built = Path(aside) / "psa"
            command = ["go", "build", "-trimpath", "-mod=readonly", "-o", str(built), "."]
            subprocess.run(command, cwd=SOURCE, check=True, timeout=900)
            built.replace(program)
    return program
