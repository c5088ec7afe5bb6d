"""The chart as the real helm renders it. Helm is built once from its Go module, pinned in `helm/`."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import build, versions

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "oakum"
POLICY = CHART.parents[1] / "policy.yaml"
_MODULE = Path(__file__).parent / "helm"
_PACKAGE = "helm.sh/helm/v3/cmd/helm"
_BUILD_TIMEOUT_S = 1800

VALUES = {
    "image": f"registry.example/oakum@sha256:{'0' * 64}",
    "store": "postgresql+psycopg://oakum@db.example:5432/oakum",
}
"""The least that the chart asks for."""


def helm() -> Path:
    """Give the program, building it first where needed; skips where it cannot be."""
    digest = hashlib.sha256(versions.architecture().encode())
    for file in sorted(_MODULE.iterdir()):
        digest.update(file.read_bytes())
    program = versions.cache() / f"helm-{digest.hexdigest()[:10]}"
    if program.exists():
        return program
    if not shutil.which("go"):
        pytest.skip(
            "helm is not built yet, and Go is not installed (Debian: apt-get install golang)"
        )
    with build.locked(versions.cache() / "helm.lock", print):
        if not program.exists():
            _build(program)
    return program


def rendered(values: dict[str, Any], folder: Path, namespace: str = "oakum") -> str:
    """Render the chart with values, as `helm template` does. Raises ValueError with what helm said."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    kubernetes = ("--kube-version", versions.KUBERNETES)
    return run(
        folder, "template", "oakum", str(CHART), "-n", namespace, "-f", str(file), *kubernetes
    )


def run(folder: Path, *arguments: str) -> str:
    """Run helm with a folder of its own; what it printed. Raises ValueError with what went wrong."""
    own = {f"HELM_{each}_HOME": str(folder) for each in ("CACHE", "CONFIG", "DATA")}
    command = [str(helm()), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **own}
    )
    if done.returncode:
        raise ValueError(done.stdout + done.stderr)
    return done.stdout


def _build(program: Path) -> None:
    """Build helm aside and put it in place whole."""
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
    }
    aside = program.with_suffix(".making")
    command = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(aside), _PACKAGE]
    done = subprocess.run(
        command,
        cwd=_MODULE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_BUILD_TIMEOUT_S,
    )
    if done.returncode:
        raise RuntimeError(f"building helm failed: {done.stderr.strip()[-1500:]}")
    aside.replace(program)
