"""A real Kubernetes cluster of one node, made by kubeadm in namespaces of this machine.

`up`, `down` and `running` are what the command (`python -m tests.lab`) and the fixture (`fixtures`)
call. There is at most one lab on a machine; `holding` keeps two callers apart. Everything of a lab
lies in one folder, hangs on one process, and is gone when `down` has returned, also after a crash.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.lab import build, cgroups, enter, inside, kubeadm, machine, network, processes, versions
from tests.lab.errors import LabError
from tests.lab.images import images

Say = Callable[[str], None]
"""Takes one line of progress."""

_POLL_S = 0.1
_ENTER_TIMEOUT_S = 30.0
_START_TIMEOUT_S = 900.0
_KUBECTL_TIMEOUT_S = 120.0
_OWNER_FILE = "owner"
_MADE_FILE = "made-folders"


@dataclass(frozen=True, slots=True)
class Lab:
    """A cluster that tests may do with as they like."""

    kubeconfig: Path
    """Of an administrator."""
    kubectl_program: str
    audit_log: Path | None
    """The API server's audit log, one JSON object a line; None where the cluster is not ours."""

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl as the administrator and give what it printed. Raises `LabError`."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        if done.returncode:
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def fresh_namespace(self, name: str, labels: Mapping[str, str] = MappingProxyType({})) -> None:
        """Make a namespace that takes pods; one of that name that is being deleted is waited for."""
        self.kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=90s")
        metadata = {"name": name, "labels": dict(labels)}
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self.kubectl("create", "-f", "-", stdin=json.dumps(document))
        account = ("serviceaccount/default", "--namespace", name)
        self.kubectl("wait", "--for=create", *account, "--timeout=60s")

    def try_kubectl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, whatever comes of it."""
        command = [self.kubectl_program, "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_KUBECTL_TIMEOUT_S,
            env={**os.environ, "NO_PROXY": f"{os.environ.get('NO_PROXY', '')},{network.NODE}"},
        )


def folder() -> Path:
    """Name the folder that holds the lab while it is up."""
    return versions.cache() / "run"


@contextmanager
def holding(say: Say) -> Iterator[None]:
    """Keep other callers of `up` and `down` on this machine out; ends with the process at latest."""
    with build.locked(versions.cache() / "run.lock", say):
        yield


def running() -> Lab | None:
    """Give the lab that is up; None where there is none or it has not come up well."""
    home = folder()
    programs = build.built()
    if not processes.read(home / enter.PID_FILE) or not programs:
        return None
    if not (home / "admin.conf").exists():
        return None
    return Lab(home / "admin.conf", str(programs / "kubectl"), home / "audit" / "audit.log")


def owner() -> str:
    """Say who started the lab that is there or was left; empty where there is nothing."""
    file = folder() / _OWNER_FILE
    return file.read_text().strip() if file.exists() else ""


def up(say: Say, owner: str = "hand") -> Lab:
    """Start the lab and wait until pods can be made. The caller is `holding`. Raises `LabError`."""
    if reason := machine.why_not():
        raise LabError(reason)
    if processes.read(folder() / enter.PID_FILE):
        raise LabError("a lab is up already: python -m tests.lab status")
    machine.install(say)
    programs = build.programs(say)
    image_files = images(programs, say)
    down(say)
    network.refuse_taken()
    started = time.monotonic()
    try:
        _start(programs, image_files, owner)
        _await_result(say)
        lab = running()
        assert lab is not None
        _await_node(lab)
    except BaseException:
        kept = _keep_logs()
        down(say)
        say(f"logs are kept in {kept}")
        raise
    say(f"up after {time.monotonic() - started:.0f} s")
    return lab


def down(say: Say) -> None:
    """Remove all that there is of a lab, whole or in pieces. The caller is `holding`.

    Raises `LabError` where something would not go; what is left is then still found next time.
    """
    home = folder()
    if not home.exists():
        return
    if holder := processes.read(home / enter.PID_FILE):
        say("stopping the lab")
        _kill(holder)
    network.disconnect()
    _remove_cgroups(home)
    if mounts := _mounts_below(home):
        raise LabError(f"not removing {home}: something is still mounted there: {mounts}")
    for path in _lines(home / _MADE_FILE):
        with suppress(OSError):
            Path(path).rmdir()
    shutil.rmtree(home)


def environment(lab: Lab) -> dict[str, str]:
    """Give what a shell must set to use the lab."""
    programs = Path(lab.kubectl_program).parent
    return {"KUBECONFIG": str(lab.kubeconfig), "PATH": f"{programs}:{os.environ.get('PATH', '')}"}


def _start(programs: Path, image_files: Path, owner: str) -> None:
    home = folder()
    home.mkdir(mode=0o700)
    for name in ("log", "audit"):
        (home / name).mkdir()
    (home / _OWNER_FILE).write_text(owner)
    (home / inside.PROGRAMS_FILE).write_text(str(programs))
    (home / inside.IMAGES_FILE).write_text(str(image_files))
    (home / "audit" / "policy.yaml").write_text(kubeadm.AUDIT_POLICY)
    (home / _MADE_FILE).write_text("".join(f"{path}\n" for path in _make_mount_points()))
    with (home / "log" / "lab.log").open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", "tests.lab.enter", str(home)],
            cwd=versions.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )
    first = _await_first()
    cgroups.settle([Path(path) for path in _lines(home / enter.CGROUPS_FILE)])
    network.connect(first)


def _await_first() -> int:
    """Wait for process 1 of the lab and give its pid out here."""
    home = folder()
    deadline = time.monotonic() + _ENTER_TIMEOUT_S
    while time.monotonic() < deadline:
        holder = processes.read(home / enter.PID_FILE)
        found = processes.children(holder.pid) if holder else []
        if found and _has_own_network(found[0]):
            return found[0]
        time.sleep(0.02)
    raise LabError(f"the lab did not start: {(home / 'log' / 'lab.log').read_text()[-500:]}")


def _has_own_network(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    except FileNotFoundError:
        return False


def _await_result(say: Say) -> None:
    home = folder()
    deadline = time.monotonic() + _START_TIMEOUT_S
    said = 0
    while not (home / inside.RESULT_FILE).exists():
        for step in _lines(home / inside.STEPS_FILE)[said:]:
            say(step)
            said += 1
        if not processes.read(home / enter.PID_FILE):
            raise LabError(f"the lab ended: {(home / 'log' / 'lab.log').read_text()[-500:]}")
        if time.monotonic() > deadline:
            raise LabError(f"the cluster was not up after {_START_TIMEOUT_S:.0f} s")
        time.sleep(_POLL_S)
    if error := (home / inside.RESULT_FILE).read_text():
        raise LabError(error.strip())


def _await_node(lab: Lab) -> None:
    """Wait until a pod made in `default` would be taken and run."""
    wait = ("wait", "--timeout=100s")
    lab.kubectl(*wait, "--for=condition=Ready", f"node/{kubeadm.NODE_NAME}")
    lab.kubectl(*wait, "--for=create", "serviceaccount/default", "--namespace=default")


def _kill(holder: processes.Process) -> None:
    """Kill the holder: the kernel then ends process 1 and with it everything in the namespace."""
    inner = [found for pid in processes.children(holder.pid) if (found := processes.process(pid))]
    for one in (holder, *inner):
        if not processes.kill(one):
            raise LabError(f"process {one.pid} of the lab does not end")


def _remove_cgroups(home: Path) -> None:
    found = [Path(path) for path in _lines(home / enter.CGROUPS_FILE)]
    deadline = time.monotonic() + 10
    while stuck := cgroups.remove(found):
        if time.monotonic() > deadline:
            raise LabError(f"these cgroups do not go: {', '.join(map(str, stuck))}")
        time.sleep(_POLL_S)


def _make_mount_points() -> list[Path]:
    """Make the folders that the lab will cover; those that were not there, deepest first."""
    made: list[Path] = []
    for hidden in inside.HIDDEN:
        path = Path(hidden)
        for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
            missing.mkdir()
            made.insert(0, missing)
    return made


def _keep_logs() -> Path:
    kept = versions.cache() / "last-failure"
    if kept.exists():
        shutil.rmtree(kept)
    with suppress(FileNotFoundError):
        shutil.copytree(folder() / "log", kept)
    return kept


def _mounts_below(home: Path) -> list[str]:
    points = [line.split()[4] for line in _lines(Path("/proc/self/mountinfo"))]
    return [point for point in points if point.startswith(f"{home}/")]


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []
