"""Who would write a change back, and who would not."""

from typing import Any

import pytest

from tests.fakes.live_objects import around, live, target
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.actions.scale import Scale
from tools.planning.hardening import Setting
from tools.planning.ownership import is_peoples_tool
from tools.plans import Plan
from tools.types import Action

PRIVILEGED = {
    "f:spec": {
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"web"}': {
                        ".": {},
                        "f:name": {},
                        "f:securityContext": {"f:privileged": {}},
                    }
                }
            }
        }
    }
}
IMAGE = {
    "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}}
}
OTHER_CONTAINER = {
    "f:spec": {
        "f:template": {
            "f:spec": {
                "f:containers": {'k:{"name":"log"}': {"f:securityContext": {"f:privileged": {}}}}
            }
        }
    }
}
WHOLE_CONTEXT = {
    "f:spec": {
        "f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:securityContext": {}}}}}
    }
}


def deployment(**metadata: Any) -> dict[str, Any]:
    """Give a privileged Deployment with this metadata."""
    container = {"name": "web", "image": "x", "securityContext": {"privileged": True}}
    pod = {"containers": [{"name": "log", "image": "y"}, container]}
    return live(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", **metadata},
            "spec": {"replicas": 3, "template": {"spec": pod}},
        }
    )


def handover(obj: dict[str, Any], action: Action | None = None) -> str:
    """Give why a plan is handed over; empty where it is carried out."""
    action = action or HardenWorkload(target=target(obj), settings=(Setting.PRIVILEGED,))
    plan = vocabulary.plan(action, obj, around())
    assert isinstance(plan, Plan)
    return plan.handover


def managed(manager: str, fields: Any, operation: str = "Apply", **more: str) -> dict[str, Any]:
    """Give a Deployment of which a manager holds fields."""
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields, **more}
    return deployment(managedFields=[entry])


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        ({"ownerReferences": [{"kind": "Shop", "name": "a", "controller": True}]}, "Shop a"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:apps/x"}}, "Argo CD web"),
        ({"labels": {"argocd.argoproj.io/instance": "web"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux (Kustomization) apps"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, "Flux (HelmRelease) apps"),
        ({"annotations": {"meta.helm.sh/release-name": "web"}}, "Helm web"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"labels": {"app.kubernetes.io/managed-by": "shop-operator"}}, "shop-operator"),
        ({"labels": {"olm.owner": "x"}}, "Operator Lifecycle Manager"),
        ({"labels": {"kapp.k14s.io/app": "1"}}, "kapp"),
        ({"labels": {"addonmanager.kubernetes.io/mode": "Reconcile"}}, "add-on manager"),
    ],
)
def test_an_owner_gets_a_patch_to_commit(metadata: dict[str, Any], who: str) -> None:
    assert who in handover(deployment(**metadata))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"ownerReferences": [{"kind": "Shop", "name": "a"}]},
        {"labels": {"app.kubernetes.io/managed-by": "kustomize", "app": "web"}},
        {"labels": {"app.kubernetes.io/managed-by": "oakum"}},
        {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        {"labels": {"app.kubernetes.io/instance": "web"}},
    ],
)
def test_people_are_no_owners(metadata: dict[str, Any]) -> None:
    assert handover(deployment(**metadata)) == ""


@pytest.mark.parametrize(
    "manager",
    [
        "kubectl",
        "kubectl-client-side-apply",
        "kubectl-edit",
        "kubectl-patch",
        "kubectl-rollout",
        "oakum-executor",
        "Mozilla",
        "k9s",
        "before-first-apply",
        "kubectl/v1.34.4",
    ],
)
def test_peoples_tools_that_applied_the_field_are_no_owners(manager: str) -> None:
    assert is_peoples_tool(manager)
    assert handover(managed(manager, PRIVILEGED)) == ""


def test_another_manager_that_applied_the_field_is_an_owner() -> None:
    assert "fleet-agent" in handover(managed("fleet-agent", PRIVILEGED))
    assert "fleet-agent" in handover(managed("fleet-agent", WHOLE_CONTEXT))


def test_another_manager_of_other_fields_or_by_update_is_none() -> None:
    assert handover(managed("fleet-agent", IMAGE)) == ""
    assert handover(managed("fleet-agent", OTHER_CONTAINER)) == ""
    assert handover(managed("fleet-agent", PRIVILEGED, operation="Update")) == ""
    assert handover(managed("fleet-agent", {"f:status": {}})) == ""


def test_an_autoscaler_holds_the_number_of_replicas_and_nothing_else() -> None:
    fields = {"f:spec": {"f:replicas": {}}}
    obj = managed("kube-controller-manager", fields, "Update", subresource="scale")
    assert "autoscaler" in handover(obj, Scale(target=target(obj), replicas=5))
    assert handover(obj) == ""
    by_hand = managed("kubectl", fields, "Update", subresource="scale")
    assert handover(by_hand, Scale(target=target(obj), replicas=5)) == ""
