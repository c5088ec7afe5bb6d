"""What stands in one namespace and acts in another, or in none: a scan of that namespace says so."""

from pathlib import Path

import pytest

from tests.tools.cluster.manifests.test_not_said import FINE, TEMPLATE, made, scanned, write
from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import KINDS
from tools.queries.looking.listings import Listings
from tools.types import ClusterConfig, ClusterSource, Verdict

BINDING = (
    "apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: x}, "
    "roleRef: {kind: ClusterRole, name: cluster-admin}"
)


def in_y(api_version: str, kind: str, body: str) -> str:
    return (
        f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: zq, namespace: y}}\n{body}\n"
    )


@pytest.mark.parametrize(
    ("text", "control"),
    [
        (in_y("helm.toolkit.fluxcd.io/v2", "HelmRelease", "spec: {targetNamespace: x, values: {hostNetwork: true}}"), "5.2.5"),
        (in_y("argoproj.io/v1alpha1", "Application", "spec: {destination: {namespace: x}, source: {helm: {valuesObject: {hostNetwork: true}}}}"), "5.2.5"),
        (in_y("example.com/v1", "Fleet", f"spec: {{namespaces: [x], pods: {TEMPLATE}}}"), "5.2.2"),
        (in_y("template.openshift.io/v1", "Template", "objects: [{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostPID: true}}]"), "5.2.3"),
        (in_y("work.open-cluster-management.io/v1", "ManifestWork", "spec: {workload: {manifests: [{apiVersion: v1, kind: Pod, metadata: {namespace: x}}]}}"), "5.2.3"),
        (in_y("kubernetes.m.crossplane.io/v1alpha1", "Object", f"spec: {{forProvider: {{manifest: {{{BINDING}}}}}}}"), "5.1.1"),
        (in_y("rbac.authorization.k8s.io/v1", "ClusterRolebinding", "roleRef: {kind: ClusterRole, name: cluster-admin}"), "5.1.1"),
        (in_y("rbac.authorization.k8s.io/v1", "Binding", "roleRef: {kind: ClusterRole, name: cluster-admin}"), "5.1.1"),
        (in_y("apps/v1", "Deploymnt", f"spec: {TEMPLATE}"), "5.2.2"),
    ],
)  # fmt: skip
async def test_what_acts_in_another_namespace_is_unknown_there_and_not_named(
    text: str, control: str, tmp_path: Path
) -> None:
    root = write(tmp_path, {"a.yaml": FINE, "b.yaml": text})
    result = await scanned(root, control, "", "x")
    assert result.controls[0].verdict is Verdict.UNKNOWN
    reader = await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(root)))
    told = await Listings(reader, frozenset({"x"})).list(KINDS["Pod"], ("x",))
    assert "zq" not in str(told.gaps)


@pytest.mark.parametrize(
    "text",
    [
        in_y("example.com/v1", "Widget", f"spec: {TEMPLATE}"),
        in_y("example.com/v1", "Widget", "spec: {hostNetwork: true, ref: {namespace: y}}"),
        in_y("app/v1", "Deployment", f"spec: {TEMPLATE}"),
        in_y("apps/v7", "Deployment", f"spec: {TEMPLATE}"),
        made("v1", "Service", TEMPLATE).replace("namespace: x", "namespace: y"),
    ],
)
async def test_what_makes_pods_of_its_own_namespace_decides_nothing_elsewhere(
    text: str, tmp_path: Path
) -> None:
    root = write(tmp_path, {"a.yaml": FINE, "b.yaml": text})
    result = await scanned(root, "5.2.2", "", "x")
    assert (result.controls[0].verdict, result.gaps) == (Verdict.PASS, ())
    assert (await scanned(root, "5.2.2")).controls[0].verdict is Verdict.UNKNOWN
