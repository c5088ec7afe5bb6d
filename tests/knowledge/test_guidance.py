"""The shipped guidance is whole: every promised control, valid manifests, and questions that find it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import models

from knowledge import catalogue, documents
from knowledge.search import open_library
from knowledge.types import Guide, IndexConfig

GUIDES, PROBLEMS = documents.read_folder(documents.FOLDER)
HEADINGS = [
    "What it asks",
    "Why it matters",
    "How to look",
    "How to fix",
    "When an exception is reasonable",
]
MODELS = {
    ("v1", "Pod"): "V1Pod",
    ("v1", "Service"): "V1Service",
    ("v1", "ServiceAccount"): "V1ServiceAccount",
    ("v1", "Namespace"): "V1Namespace",
    ("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim",
    ("v1", "ResourceQuota"): "V1ResourceQuota",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy",
    ("rbac.authorization.k8s.io/v1", "Role"): "V1Role",
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): "V1ClusterRole",
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): "V1RoleBinding",
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): "V1ClusterRoleBinding",
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): "V1ValidatingAdmissionPolicy",
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
    ): "V1ValidatingAdmissionPolicyBinding",
}
OTHERS = {("kyverno.io/v1", "ClusterPolicy")}
"""Kinds of products, whose fields are not in the Kubernetes client."""
FENCE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for guide in GUIDES:
        for block in FENCE.findall(guide.body):
            for at, document in enumerate(yaml.safe_load_all(block)):
                yield f"{guide.id}-{at}", document


def test_every_file_is_a_guide() -> None:
    assert PROBLEMS == ()


def test_every_section_5_and_pod_security_control_is_explained() -> None:
    explained = {name for guide in GUIDES for name in guide.controls}
    expected = {
        f"cis-1.12/{each.id}" for each in catalogue.controls("cis-1.12") if each.id[0] == "5"
    }
    plain = {name.rpartition("/")[2] for name in explained}
    assert expected <= explained
    for benchmark in ("pss-baseline", "pss-restricted"):
        assert {each.id for each in catalogue.controls(benchmark)} <= plain


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
def test_a_guide_has_all_its_parts(guide: Guide) -> None:
    assert [each.heading[-1] for each in documents.passages(guide)] == HEADINGS
    assert FENCE.search(guide.body), "a guide shows at least one manifest"
    assert len(guide.questions) >= 4
    assert guide.sources
    assert all(each.startswith("https://") for each in guide.sources)
    assert bool(guide.controls) != bool(guide.topic)
    for name in guide.controls:
        benchmark, _, control_id = name.partition("/")
        catalogue.control(benchmark, control_id)


@pytest.mark.parametrize(
    ("name", "document"),
    list(manifests()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_manifest_is_what_kubernetes_takes(name: str, document: dict[str, Any]) -> None:
    """The client's models refuse unknown fields and wrong types."""
    kind = (document["apiVersion"], document["kind"])
    if kind in OTHERS:
        return
    getattr(models, MODELS[kind]).model_validate(document)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
async def test_a_guide_is_found_by_its_own_questions(guide: Guide) -> None:
    for question in guide.questions:
        result = await library().search(question, 3)
        found = {hit.passage.document for hit in result.hits}
        assert guide.id in found, f"{question!r} finds {sorted(found)} {result.note}"


@cache
def library() -> Any:
    return open_library(IndexConfig(folder=Path("/nonexistent")))
