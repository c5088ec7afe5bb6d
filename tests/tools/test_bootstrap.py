"""What Kubernetes makes itself is recognised as it is published, and nothing that differs is."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.lab import versions
from tests.tools.test_scan_given import run
from tools.bootstrap import is_bootstrap_binding, is_bootstrap_role, published
from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import DECODERS
from tools.types import ClusterConfig, ClusterSource, Scan

PUBLISHED = Path(__file__).parents[1] / "oracle" / "bootstrap"
"""The YAML that k8s.io/kubernetes 1.34.4 publishes, as it is."""
BINDINGS = ("RoleBinding", "ClusterRoleBinding")


def items() -> Iterator[dict[str, Any]]:
    for path in sorted(PUBLISHED.glob("*.yaml")):
        yield from yaml.safe_load(path.read_text())["items"]


def recognised(item: dict[str, Any]) -> bool:
    kind = item["kind"]
    obj = DECODERS[kind].decode(msgspec.json.encode(item))
    if kind in BINDINGS:
        return is_bootstrap_binding(kind, obj)
    return is_bootstrap_role(kind, obj, {})


def test_everything_published_is_recognised() -> None:
    assert [item["metadata"]["name"] for item in items() if not recognised(item)] == []
    assert sum(1 for _ in items()) > 150


def test_the_releases_known_reach_that_of_the_lab() -> None:
    assert versions.KUBERNETES.rpartition(".")[0] in published().versions


@pytest.mark.parametrize("part", ["verbs", "apiGroups", "resources"])
def test_a_rule_that_gives_more_is_not_kubernetes_own(part: str) -> None:
    for item in items():
        for number, rule in enumerate(item.get("rules") or []):
            if part in rule:
                wider = copy.deepcopy(item)
                wider["rules"][number][part] = [*rule[part], "something-else"]
                assert not recognised(wider), (item["metadata"]["name"], number)


def test_a_rule_without_its_names_is_not_kubernetes_own() -> None:
    narrowed = [
        (item, number)
        for item in items()
        for number, rule in enumerate(item.get("rules") or [])
        if rule.get("resourceNames")
    ]
    assert narrowed
    for item, number in narrowed:
        wider = copy.deepcopy(item)
        del wider["rules"][number]["resourceNames"]
        assert not recognised(wider), item["metadata"]["name"]


def test_a_role_that_lost_rules_is_still_kubernetes_own() -> None:
    assert recognised({**cut("system:kube-scheduler"), "rules": []})


def cut(name: str) -> dict[str, Any]:
    return next(item for item in items() if item["metadata"]["name"] == name)


def test_a_binding_for_somebody_besides_or_to_another_role_is_not_kubernetes_own() -> None:
    for item in items():
        if item["kind"] in BINDINGS:
            more = [
                *(item.get("subjects") or []),
                {"kind": "Group", "name": "system:authenticated"},
            ]
            if item.get("subjects") != more[-1:] and more[-1] not in more[:-1]:
                known = {(s["kind"], s["name"]) for s in item.get("subjects") or []}
                if ("Group", "system:authenticated") not in known:
                    assert not recognised({**item, "subjects": more})
            other = {**item["roleRef"], "name": "cluster-admin"}
            if other != item["roleRef"]:
                assert not recognised({**item, "roleRef": other})


def test_another_namespace_or_name_is_not_kubernetes_own() -> None:
    for item in items():
        metadata = item["metadata"]
        if "namespace" in metadata:
            assert not recognised({**item, "metadata": {**metadata, "namespace": "shop"}})
        assert not recognised({**item, "metadata": {**metadata, "name": metadata["name"] + "-2"}})


async def test_a_dump_of_a_new_cluster_has_no_finding_of_rbac(tmp_path: Path) -> None:
    held = {(each["kind"], json.dumps(each["metadata"], sort_keys=True)): each for each in items()}
    (tmp_path / "dump.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": list(held.values())})
    )
    folder = ClusterConfig("new", ClusterSource.FOLDER, folder=str(tmp_path))
    made: Scan = await run(await open_folder(folder))
    rbac = ("Role", "ClusterRole", *BINDINGS)
    assert [found for found in made.findings if found.ref.kind in rbac] == []
    assert sum(made.built_in.values()) == len(held)
