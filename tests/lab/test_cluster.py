"""The lab is a real cluster: kubeadm's control plane, an audit log, pods that run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import audit, cluster, versions
from tests.lab.cluster import Lab
from tests.lab.errors import LabError
from tests.lab.images import BUSYBOX

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def namespace(lab: Lab) -> Iterator[str]:
    lab.fresh_namespace("running")
    yield "running"
    lab.kubectl("delete", "namespace", "running", "--wait=false")


def own(lab: Lab) -> None:
    if lab.audit_log is None:
        pytest.skip("this is about the cluster that the lab starts itself")


def test_the_server_has_the_version_that_the_rules_are_of(lab: Lab) -> None:
    version = json.loads(lab.kubectl("version", "-o", "json"))["serverVersion"]
    assert (version["major"], version["minor"].rstrip("+")) == ("1", "34")


def test_the_control_plane_runs_as_kubeadm_makes_it(lab: Lab) -> None:
    own(lab)
    pods = json.loads(lab.kubectl("get", "pods", "-n", "kube-system", "-o", "json"))["items"]
    images = {pod["spec"]["containers"][0]["image"].rpartition("/")[2] for pod in pods}
    assert f"kube-apiserver:v{versions.KUBERNETES}" in images
    assert f"etcd:{versions.ETCD}-0" in images


def test_a_pod_runs(lab: Lab, namespace: str) -> None:
    own(lab)
    command = ["sh", "-c", "echo it runs; sleep 600"]
    container = {"name": "shell", "image": BUSYBOX, "command": command}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": spec}
    lab.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(pod))
    lab.kubectl("wait", "--for=condition=Ready", "pod/one", "-n", namespace, "--timeout=90s")
    assert lab.kubectl("logs", "one", "-n", namespace) == "it runs\n"


def test_a_second_lab_is_refused(lab: Lab) -> None:
    own(lab)
    with pytest.raises(LabError, match="up already"):
        cluster.up(print)


def test_the_audit_log_tells_who_asked_for_what(lab: Lab, audit_log: Path) -> None:
    start = audit.end(audit_log)
    lab.try_kubectl("get", "pods", "--as=system:serviceaccount:default:default", "-n", "default")
    found = audit.requests(audit_log, "kubernetes-admin", start)
    asked = [request for request in found if request.access == audit.Access("", "pods", "list")]
    assert [(request.code, request.allowed) for request in asked] == [(403, False)]
