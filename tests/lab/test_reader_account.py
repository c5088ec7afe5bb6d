"""The account of deploy/rbac/reader.yaml on a real server: enough for everything, and no more.

Used grants and refusals are read from the API server's audit log, not from what the reader says.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.lab import audit
from tests.lab.audit import Access
from tests.lab.cluster import Lab
from tools.cluster.connect import connect
from tools.cluster.reader import Reader
from tools.objects.kinds import KINDS, Kind
from tools.scan import scan
from tools.types import ClusterConfig, ClusterSource, Scan

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MANIFESTS = Path(__file__).parent / "manifests"
RBAC = Path(__file__).parents[2] / "deploy" / "rbac"
USER = "system:serviceaccount:oakum:oakum-reader"
READ = [kind for kind in KINDS.values() if not kind.opt_in and not kind.folder_only]
CONSTRAINT = Access("constraints.gatekeeper.sh", "readingconstraint", "list")


@pytest.fixture(scope="module")
def account(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a kubeconfig of the shipped account, in a cluster that holds one object of every kind."""
    files = (MANIFESTS / "engines.yaml", MANIFESTS / "every-kind.yaml", RBAC / "reader.yaml")
    lab.kubectl("apply", "-f", str(files[0]))
    lab.kubectl("wait", "--for=condition=Established", "-f", str(files[0]), "--timeout=60s")
    lab.kubectl("wait", "--for=delete", "namespace/oakum", "--timeout=90s")
    lab.fresh_namespace("reading")
    for file in files[1:]:
        lab.kubectl("apply", "-f", str(file))
    yield kubeconfig(lab, tmp_path_factory.mktemp("account") / "kubeconfig")
    for file in reversed(files):
        lab.kubectl("delete", "--wait=false", "--ignore-not-found", "-f", str(file))


@pytest.fixture
async def reader(account: Path) -> AsyncIterator[Reader]:
    opened = await connect(
        ClusterConfig("lab", ClusterSource.KUBECONFIG, kubeconfig=str(account), logs=True)
    )
    yield opened
    await opened.close()


@pytest.fixture
def with_gatekeeper(lab: Lab) -> Iterator[None]:
    """Grant what is for clusters with Gatekeeper, for one test."""
    file = str(RBAC / "reader-gatekeeper.yaml")
    lab.kubectl("apply", "-f", file)
    yield
    lab.kubectl("delete", "-f", file)


def kubeconfig(lab: Lab, file: Path) -> Path:
    """Write the admin's kubeconfig with the account's token in place of the admin's credentials."""
    view: dict[str, Any] = json.loads(
        lab.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    )
    token = lab.kubectl("create", "token", "oakum-reader", "-n", "oakum", "--duration=1h").strip()
    view["users"] = [{"name": view["users"][0]["name"], "user": {"token": token}}]
    file.write_text(json.dumps(view))
    return file


async def read_everything(reader: Reader) -> None:
    """List every kind and get one object of each, as the queries do."""
    for kind in READ:
        listing = await reader.list(kind)
        assert listing.objects or kind.plural == "*", f"the cluster holds no {kind.kind}"
        if kind.plural != "*":
            found = listing.objects[0].metadata
            assert await reader.get(kind, found.namespace or "", found.name), kind.kind
    await reader.events("reading")


async def scan_all(reader: Reader) -> Scan:
    return await scan(reader, benchmark="cis-1.12", now=lambda: datetime.now(UTC))


async def test_every_grant_is_used_and_only_what_was_not_granted_is_refused(
    reader: Reader, audit_log: Path
) -> None:
    start = audit.end(audit_log)
    await scan_all(reader)
    await read_everything(reader)
    found = audit.requests(audit_log, USER, start)
    refused = {request.access for request in found if not request.allowed}
    assert audit.used(found) == audit.granted((RBAC / "reader.yaml").read_text())
    assert refused == {CONSTRAINT}


async def test_with_the_extra_for_gatekeeper_nothing_is_refused(
    reader: Reader, audit_log: Path, with_gatekeeper: None
) -> None:
    start = audit.end(audit_log)
    result = await scan_all(reader)
    found = audit.requests(audit_log, USER, start)
    assert [request for request in found if not request.allowed] == []
    assert CONSTRAINT in {request.access for request in found}
    assert result.objects["Constraint"] == 1
    assert result.gaps == ()


async def test_the_scan_sees_what_runs_and_says_what_it_could_not_see(reader: Reader) -> None:
    result = await scan_all(reader)
    privileged = [
        finding.ref.name
        for finding in result.findings
        if finding.check == "privileged_container" and finding.ref.namespace == "reading"
    ]
    assert privileged == ["one"]
    assert [gap.kind for gap in result.gaps] == ["Constraint"]


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.kind)
async def test_each_kind_can_be_read(reader: Reader, kind: Kind) -> None:
    listing = await reader.list(kind)
    if kind.plural != "*":
        assert listing.objects
        assert listing.gaps == ()


async def test_logs_are_refused_even_where_the_configuration_opens_them(reader: Reader) -> None:
    answer = await reader.logs("reading", "one")
    assert not isinstance(answer, str)
    assert answer.refused


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/secrets",
        "/api/v1/namespaces/reading/secrets",
        "/api/v1/namespaces/reading/secrets/one",
        "/api/v1/configmaps",
        "/api/v1/namespaces/kube-system/configmaps/kubeadm-config",
        "/api/v1/namespaces/reading/pods/one/log",
        "/api/v1/namespaces/reading/pods/one/exec?command=sh&stdout=true",
        "/api/v1/namespaces/reading/pods/one/attach?stdout=true",
        "/api/v1/namespaces/reading/pods/one/proxy/",
        "/api/v1/nodes/oakum-lab/proxy/pods",
        "/api/v1/pods?watch=true",
        "/apis/certificates.k8s.io/v1/certificatesigningrequests",
    ],
)
def test_what_is_not_granted_is_forbidden(lab: Lab, account: Path, path: str) -> None:
    answer = lab.try_kubectl("get", "--raw", path, f"--kubeconfig={account}")
    assert answer.returncode != 0
    assert "Forbidden" in answer.stderr
    assert "not-to-be-seen" not in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("delete", "pod", "one", "-n", "reading"),
        ("label", "namespace", "reading", "seen=true"),
        ("create", "token", "worker", "-n", "reading"),
        ("run", "two", "--image=lab.local/busybox:1", "-n", "reading"),
        ("scale", "deployment", "one", "--replicas=1", "-n", "reading"),
        ("get", "pods", "-n", "reading", "--as=system:admin"),
        ("create", "clusterrolebinding", "mine", "--clusterrole=cluster-admin", "--user=me"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_nothing_can_be_changed(lab: Lab, account: Path, arguments: tuple[str, ...]) -> None:
    answer = lab.try_kubectl(*arguments, f"--kubeconfig={account}")
    assert answer.returncode != 0
    assert "forbidden" in answer.stderr.lower()
