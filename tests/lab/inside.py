"""`python -m tests.lab.inside FOLDER`: process 1 of the lab, in namespaces of its own.

Mounts what must not be the machine's, starts containerd, imports the images, runs kubeadm and the
kubelet, and then collects the dead for as long as the lab lives. What it did stands in
FOLDER/steps, line by line; how it ended in FOLDER/result. Started by `tests.lab.enter` only.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab import cgroups, kubeadm, network, store
from tests.lab.errors import LabError

STEPS_FILE = "steps"
RESULT_FILE = "result"
IMAGES_FILE = "images"
"""One line: the folder of image files."""
PROGRAMS_FILE = "programs"
"""One line: the folder of programs."""
HIDDEN = (
    "/etc/kubernetes",
    "/etc/cni",
    "/opt/cni",
    "/var/lib/kubelet",
    "/var/lib/etcd",
    "/var/lib/containerd",
    "/var/lib/cni",
    "/var/log/pods",
    "/var/log/containers",
)
"""Folders of the machine that the lab covers with its own."""

_PLUGINS = Path("/usr/lib/cni")
_POLL_S = 0.05
_DEVICE_TIMEOUT_S = 60.0
_CONTAINERD_TIMEOUT_S = 120.0
_KUBEADM_TIMEOUT_S = 600.0


def main(folder: Path) -> None:
    """Bring the cluster up and stay."""
    try:
        _bring_up(folder)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        (folder / RESULT_FILE).write_text(f"{error}\n")
        return
    (folder / RESULT_FILE).write_text("")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _bring_up(folder: Path) -> None:
    programs = (folder / PROGRAMS_FILE).read_text().strip()
    os.environ["PATH"] = f"{programs}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin"
    _wait(lambda: network.exists(network.INSIDE), _DEVICE_TIMEOUT_S, "the network device")
    _step(folder, "mounting")
    _mount(folder)
    _name(folder)
    _containerd_with_images(folder)
    _step(folder, "running kubeadm")
    _kubeadm(folder)
    admin = Path("/etc/kubernetes/admin.conf").read_text()
    _written(folder / "admin.conf", admin)


def _mount(folder: Path) -> None:
    network.run("mount", "--make-rshared", "/")
    for hidden in HIDDEN:
        own = folder / "machine" / hidden.lstrip("/")
        own.mkdir(parents=True)
        network.run("mount", "--bind", str(own), hidden)
    network.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    hierarchies = cgroups.hierarchies()
    network.run("mount", "-t", "sysfs", "sysfs", "/sys")
    cgroups.mount_inside(hierarchies)
    plugins = Path("/opt/cni/bin")
    plugins.mkdir()
    for plugin in _PLUGINS.iterdir():
        (plugins / plugin.name).symlink_to(plugin)
    configuration = Path("/etc/cni/net.d/10-lab.conflist")
    configuration.parent.mkdir()
    configuration.write_text(kubeadm.pod_network())


def _name(folder: Path) -> None:
    socket.sethostname(kubeadm.NODE_NAME)
    network.run("ip", "link", "set", "lo", "up")
    network.address_inside()
    _written(folder / "resolv.conf", f"nameserver {network.GATEWAY}\n")
    hosts = f"127.0.0.1 localhost\n{network.NODE} {kubeadm.NODE_NAME}\n"
    network.run("mount", "--bind", _written(folder / "hosts", hosts), "/etc/hosts")


def _containerd_with_images(folder: Path) -> None:
    image_files = Path((folder / IMAGES_FILE).read_text().strip())
    own = folder / "machine" / "var/lib/containerd"
    kept = store.kept(image_files)
    if kept.is_dir():
        _step(folder, "starting containerd")
        store.fill(kept, own)
    else:
        _step(folder, "importing images, this once")
        importing = _containerd(folder)
        _import_images(image_files)
        importing.terminate()
        importing.wait(_CONTAINERD_TIMEOUT_S)
        store.keep(own, kept)
        _step(folder, "starting containerd")
    _containerd(folder)


def _containerd(folder: Path) -> subprocess.Popen[bytes]:
    configuration = _written(folder / "containerd.toml", kubeadm.containerd())
    started = _start(folder, "containerd", "-c", configuration)
    socket_file = Path("/run/containerd/containerd.sock")
    _wait(lambda: _listens(socket_file), _CONTAINERD_TIMEOUT_S, "containerd")
    return started


def _import_images(folder: Path) -> None:
    def load(file: Path) -> None:
        network.run("ctr", "--namespace", "k8s.io", "images", "import", str(file))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(load, sorted(folder.glob("*.tar"))):
            pass


def _kubeadm(folder: Path) -> None:
    """Run kubeadm, and the kubelet as soon as kubeadm has written its configuration."""
    configuration = _written(folder / "kubeadm.yaml", kubeadm.init(folder))
    command = ("kubeadm", "init", "--config", configuration, "--ignore-preflight-errors=all")
    running = _start(folder, *command)
    flags = Path("/var/lib/kubelet/kubeadm-flags.env")
    wanted = (Path("/var/lib/kubelet/config.yaml"), flags)
    _wait(
        lambda: all(file.exists() for file in wanted) or running.poll() is not None,
        _KUBEADM_TIMEOUT_S,
        "kubeadm to configure the kubelet",
    )
    if running.poll() is None:
        _step(folder, "starting the kubelet")
        arguments = flags.read_text().partition("=")[2].strip().strip('"').split()
        _start(
            folder,
            "kubelet",
            "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
            "--kubeconfig=/etc/kubernetes/kubelet.conf",
            "--config=/var/lib/kubelet/config.yaml",
            *arguments,
        )
    if running.wait(_KUBEADM_TIMEOUT_S):
        raise LabError(f"kubeadm init failed: {_tail(folder / 'log' / 'kubeadm.log')}")


def _start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    with (folder / "log" / f"{command[0]}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _written(file: Path, text: str) -> str:
    file.write_text(text)
    return str(file)


def _listens(file: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(file))
        except OSError:
            return False
    return True


def _wait(done: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise LabError(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(_POLL_S)


def _step(folder: Path, text: str) -> None:
    with (folder / STEPS_FILE).open("a") as steps:
        steps.write(f"{text}\n")


def _tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def _arguments(argv: Sequence[str]) -> Path:
    if len(argv) != 2 or os.getpid() != 1:
        raise SystemExit("tests.lab.inside is started by python -m tests.lab up, not by hand")
    return Path(argv[1])


if __name__ == "__main__":
    main(_arguments(sys.argv))
