"""The parts of the lab that need no cluster: what would otherwise go wrong only now and then."""

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.lab import audit, build, cluster, machine, processes, versions
from tests.lab.audit import Access
from tests.lab.errors import LabError
from tests.lab.images import Content, Image, write
from tests.lab.pod_security import pods_of, reasons


def silent(_: str) -> None: ...


def test_a_pid_file_names_one_process_and_not_the_next_of_that_number(tmp_path: Path) -> None:
    own = processes.process(os.getpid())
    assert own is not None
    processes.write(tmp_path / "pid", own)
    assert processes.read(tmp_path / "pid") == own
    processes.write(tmp_path / "pid", own._replace(started=own.started - 1))
    assert processes.read(tmp_path / "pid") is None
    processes.write(tmp_path / "pid", own._replace(boot="another"))
    assert processes.read(tmp_path / "pid") is None


def test_only_the_process_that_was_meant_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        found = processes.process(running.pid)
        assert found is not None
        assert found.pid in processes.children(os.getpid())
        assert processes.kill(found._replace(started=0))
        assert running.poll() is None
        assert processes.kill(found)
        assert processes.process(running.pid) is None


def test_down_without_a_lab_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cluster.down(silent)
    assert cluster.running() is None
    assert cluster.owner() == ""


def test_a_cached_folder_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def breaks(folder: Path, _: object) -> None:
        (folder / "half").touch()
        raise LabError("the disk is full")

    def works(folder: Path, _: object) -> None:
        (folder / "whole").touch()

    with pytest.raises(LabError):
        build.cached("key", "bin", silent, breaks)
    folder = build.cached("key", "bin", silent, works)
    assert [file.name for file in folder.iterdir()] == ["whole"]
    assert [file.name for file in folder.parent.iterdir()] == ["bin"]
    assert build.cached("key", "bin", silent, breaks) == folder


def test_a_new_folder_of_a_family_replaces_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("images-1", "images-2", "store-2"):
        build.cached("key", name, silent, lambda *_: None)
    assert {file.name for file in (versions.cache() / "key").iterdir()} == {"images-2", "store-2"}


def test_an_image_holds_its_files_and_folders_under_its_name(tmp_path: Path) -> None:
    contents = (Content("bin/busybox", b"program"), Content("bin/sh", link="busybox"))
    write(Image("lab.local/x:1", contents, command=("sh",)), tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        config = json.load(archive.extractfile(manifest["Config"]))
        with tarfile.open(fileobj=archive.extractfile(manifest["Layers"][0])) as layer:
            assert layer.getnames() == ["bin", "bin/busybox", "bin/sh"]
            assert layer.getmember("bin/sh").linkname == "busybox"
            assert layer.getmember("bin/busybox").mode & 0o111
    assert manifest["RepoTags"] == ["lab.local/x:1"]
    assert config["config"]["Cmd"] == ["sh"]


@pytest.mark.parametrize(
    ("system", "user", "programs", "said"),
    [
        ("darwin", 0, "all", "needs Linux"),
        ("linux", 1000, "all", "needs root"),
        ("linux", 0, "none", "needs Go"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, system: str, user: int, programs: str, said: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(machine, "find", lambda name: f"/{name}" if programs == "all" else None)
    assert said in machine.why_not()


def test_every_module_is_pinned_by_sums_and_names_no_registry() -> None:
    for module in {program.module for program in versions.PROGRAMS}:
        text = (versions.MODULES / module / "go.mod").read_text()
        assert module == "pause" or (versions.MODULES / module / "go.sum").exists()
        assert not re.search(r"https?://|GOPROXY", text)
    kubernetes = (versions.MODULES / "kubernetes" / "go.mod").read_text()
    assert f"k8s.io/kubernetes v{versions.KUBERNETES} " in kubernetes
    etcd = (versions.MODULES / "etcd" / "go.mod").read_text()
    assert f"go.etcd.io/etcd/server/v3 v{versions.ETCD} " in etcd
    coredns = (versions.MODULES / "coredns" / "go.mod").read_text()
    assert f"github.com/coredns/coredns v{versions.COREDNS}" in coredns


def test_a_refusal_is_taken_apart_reason_by_reason() -> None:
    message = (
        'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces '
        "(hostNetwork=true, hostPID=true), unrestricted capabilities (containers "
        '"a", "b" must set securityContext.capabilities.drop=["ALL"]; container "c" must not '
        'include "NET_RAW" in securityContext.capabilities.add), hostPort (container "d" uses '
        "hostPorts 1, 2), runAsUser=0 (pod must not set runAsUser=0)"
    )
    assert reasons(message) == [
        "host namespaces",
        "unrestricted capabilities",
        "hostPort",
        "runAsUser=0",
    ]


def test_every_workload_gives_the_pod_that_it_would_make() -> None:
    template = {
        "metadata": {"name": "left out", "labels": {"a": "b"}},
        "spec": {
            "serviceAccountName": "left-out",
            "containers": [{"name": "c"}],
            "ephemeralContainers": [{"name": "e", "targetContainerName": "c"}],
        },
    }
    cron = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}}
    items = {
        "kind": "List",
        "items": [cron, {"kind": "Deployment", "spec": {"template": template}}],
    }
    (first, second) = pods_of(items)
    assert first == second
    assert first["metadata"] == {"labels": {"a": "b"}}
    assert first["spec"] == {"containers": [{"name": "c"}, {"name": "e"}]}
    assert list(pods_of({"kind": "Service", "spec": {"ports": []}})) == []


def test_the_audit_log_is_read_from_a_place_on_and_never_half_a_line(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    event = {
        "verb": "list",
        "requestURI": "/api/v1/pods",
        "user": {"username": "one"},
        "objectRef": {"resource": "pods", "subresource": "log"},
        "responseStatus": {"code": 403},
        "annotations": {"authorization.k8s.io/decision": "forbid"},
    }
    log.write_text(json.dumps({**event, "user": {"username": "earlier"}}) + "\n")
    start = audit.end(log)
    with log.open("a") as file:
        file.write(json.dumps(event) + "\n" + json.dumps(event)[:40])
    (found,) = audit.requests(log, "one", start)
    assert found.access == Access("", "pods/log", "list")
    assert (found.code, found.allowed) == (403, False)
    assert audit.requests(log, "earlier", start) == []
