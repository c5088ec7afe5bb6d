"""What the lab is made of, which version of each, and where its files are kept.

The Go modules behind these versions are pinned by `modules/*/go.mod` and `go.sum`: a version changes
here and there together. Used by every module of the lab.
"""

import hashlib
import os
import platform
from pathlib import Path
from typing import NamedTuple

KUBERNETES = "1.34.4"
ETCD = "3.6.5"
COREDNS = "1.12.1"
PAUSE = "3.10.1"
"""The tag that kubeadm of this version asks for; the program is our own (`modules/pause`)."""

MODULES = Path(__file__).parent / "modules"
ROOT = Path(__file__).parents[2]
"""The repository: the folder that `python -m tests.lab` starts in."""


class Program(NamedTuple):
    """One program that the lab builds."""

    name: str
    module: str
    """Folder under `modules` that pins it."""
    package: str
    """Go import path."""


PROGRAMS = (
    Program("pause", "pause", "."),
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    Program("etcdctl", "etcd", "go.etcd.io/etcd/etcdctl/v3"),
    Program("coredns", "coredns", "github.com/coredns/coredns"),
    *(
        Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}")
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kube-proxy",
            "kubelet",
            "kubectl",
            "kubeadm",
        )
    ),
)


def cache() -> Path:
    """Give the folder that outlives a lab: programs, images, logs of the last failure."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "oakum-lab"


def architecture() -> str:
    """Name this machine's processor as Go and image registries do."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def build_key() -> str:
    """Name one set of programs: the version and a digest of everything that pins them."""
    digest = hashlib.sha256(architecture().encode())
    for file in sorted(MODULES.glob("*/*")):
        digest.update(str(file.relative_to(MODULES)).encode())
        digest.update(file.read_bytes())
    return f"{KUBERNETES}-{digest.hexdigest()[:10]}"
