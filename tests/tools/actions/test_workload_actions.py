"""Replicas, restarts, pauses, resources, images and accounts of workloads."""

import copy
from typing import Any

import pytest

from tests.fakes.live_objects import around, live, patched, target
from tools import vocabulary
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import ContainerResources, SetResources
from tools.planning.patching import json_patch
from tools.planning.quantities import amount, cpu, memory
from tools.plans import Around, Budget, Plan, Reason, Refusal
from tools.types import Action, RiskLevel, Verb

AT = "2026-11-24T12:00:00Z"
A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
NONE = around(ServiceAccount=(), RoleBinding=(), ClusterRoleBinding=())


def workload(kind: str = "Deployment", pod: dict[str, Any] | None = None, **spec: Any) -> Any:
    """Give a workload with one container."""
    inner = {"containers": [{"name": "web", "image": "nginx:1.29"}], **(pod or {})}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": inner}
    whole = {"selector": {"matchLabels": labels}, "template": template, "replicas": 3, **spec}
    metadata = {"name": "web", "namespace": "shop"}
    return live({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": whole})


def planned(action: Action, obj: Any, facts: Around = NONE) -> Plan | Refusal:
    return vocabulary.plan(vocabulary.decode(vocabulary.encode(action)), obj, facts)


def done(plan: Plan | Refusal, obj: Any) -> Any:
    assert isinstance(plan, Plan), plan
    (patch,) = [each for each in plan.operations if each.verb is Verb.PATCH]
    return patched(obj, json_patch(patch, obj))


def refused(plan: Plan | Refusal) -> Refusal:
    assert isinstance(plan, Refusal), plan
    return plan


@pytest.mark.parametrize(
    ("replicas", "level"),
    [(0, RiskLevel.HIGH), (1, RiskLevel.MEDIUM), (4, RiskLevel.LOW), (50, RiskLevel.MEDIUM)],
)
def test_scaling_touches_replicas_only_and_restarts_nothing(
    replicas: int, level: RiskLevel
) -> None:
    obj = workload()
    plan = planned(Scale(target=target(obj), replicas=replicas), obj)
    assert isinstance(plan, Plan)
    assert plan.risk.level is level
    assert not plan.disruption.restarts
    assert done(plan, obj)["spec"] == {**obj["spec"], "replicas": replicas}


def test_scaling_to_what_is_there_is_already_fine() -> None:
    obj = workload()
    assert refused(planned(Scale(target=target(obj), replicas=3), obj)).reason is (
        Reason.ALREADY_FINE
    )


def test_a_restart_says_what_pods_go_through() -> None:
    obj = workload(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}})
    facts = Around(now=NONE.now, budgets=(Budget("a", 0), Budget("b", None)), namespace_labels={})
    plan = planned(Restart(target=target(obj), at=AT), obj, facts)
    assert isinstance(plan, Plan)
    said = " ".join(plan.disruption.facts)
    assert "All 3 replicas" in said
    assert "No surge" in said
    assert "Budget a allows 0" in said
    assert "More than one budget" in said
    assert plan.risk.level is RiskLevel.LOW


@pytest.mark.parametrize(
    ("kind", "spec", "restarts", "level", "said"),
    [
        ("Deployment", {"replicas": 1}, True, RiskLevel.MEDIUM, "only pod"),
        ("Deployment", {"replicas": 0}, False, RiskLevel.LOW, "no replicas"),
        ("Deployment", {"strategy": {"type": "Recreate"}}, True, RiskLevel.MEDIUM, "all stop"),
        ("StatefulSet", {"replicas": 1}, True, RiskLevel.MEDIUM, "only pod"),
        ("StatefulSet", {}, True, RiskLevel.LOW, "one after the other"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, False, RiskLevel.LOW, "OnDelete"),
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 2}}}, True,
         RiskLevel.LOW, "number 2"),
        ("DaemonSet", {}, True, RiskLevel.MEDIUM, "every node"),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, False, RiskLevel.LOW, "OnDelete"),
    ],
)  # fmt: skip
def test_strategies_are_told_apart(
    kind: str, spec: dict[str, Any], restarts: bool, level: RiskLevel, said: str
) -> None:
    obj = workload(kind, **spec)
    plan = planned(Restart(target=target(obj), at=AT), obj)
    assert isinstance(plan, Plan)
    assert plan.disruption.restarts is restarts
    assert plan.risk.level is level
    assert said in " ".join(plan.disruption.facts)


def test_a_part_of_the_cluster_itself_is_a_high_risk() -> None:
    obj = workload()
    obj["metadata"]["namespace"] = "kube-system"
    plan = planned(Restart(target=target(obj), at=AT), obj)
    assert isinstance(plan, Plan)
    assert plan.risk.level is RiskLevel.HIGH


def test_a_paused_rollout_is_not_restarted() -> None:
    obj = workload(paused=True)
    assert "paused" in refused(planned(Restart(target=target(obj), at=AT), obj)).public
    resumed = planned(PauseRollout(target=target(obj), paused=False), obj)
    assert "paused" not in done(resumed, obj)["spec"]
    again = planned(PauseRollout(target=target(obj), paused=True), obj)
    assert refused(again).reason is Reason.ALREADY_FINE


def test_amounts_are_written_as_the_server_writes_them() -> None:
    assert [cpu(250), cpu(1000), cpu(1500)] == ["250m", "1", "1500m"]
    assert [memory(96), memory(1024), memory(1536), memory(4_194_304)] == [
        "96Mi", "1Gi", "1536Mi", "4Ti",
    ]  # fmt: skip
    assert amount("1") == amount("1000m") == amount(1)
    assert amount("1Gi") == amount("1024Mi") == amount("1073741824")
    assert amount("1e3") == amount("1k") == 1000
    assert amount("lots") is None


def test_resources_leave_what_is_not_given() -> None:
    held = {"requests": {"cpu": "0.5", "memory": "64Mi"}, "limits": {"nvidia.com/gpu": "1"}}
    container = {"name": "web", "image": "x", "resources": held}
    obj = workload(pod={"containers": [container]})
    wanted = ContainerResources("web", request_cpu_millicores=500, limit_memory_mib=128)
    plan = planned(SetResources(target=target(obj), containers=(wanted,)), obj)
    after = done(plan, obj)["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert after == {
        "requests": {"cpu": "0.5", "memory": "64Mi"},
        "limits": {"nvidia.com/gpu": "1", "memory": "128Mi"},
    }


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ((ContainerResources("web", request_memory_mib=256),), "more memory than its limit"),
        ((ContainerResources("web"),), "No amount"),
        ((ContainerResources("log", limit_memory_mib=64),), "no container log"),
        (
            (
                ContainerResources("web", limit_memory_mib=64),
                ContainerResources("web", limit_memory_mib=32),
            ),
            "more than once",
        ),
    ],
)
def test_resources_that_cannot_be_are_refused(
    wanted: tuple[ContainerResources, ...], said: str
) -> None:
    container = {"name": "web", "image": "x", "resources": {"limits": {"memory": "0.1Gi"}}}
    obj = workload(pod={"containers": [container]})
    assert said in refused(planned(SetResources(target=target(obj), containers=wanted), obj)).public


def pod(image_id: str, **more: Any) -> dict[str, Any]:
    """Give a pod of the workload that runs an image."""
    status = {"phase": "Running", "containerStatuses": [{"name": "web", "imageID": image_id}]}
    metadata = {"name": "web-1", "labels": {"app": "web"}, **more}
    return {"kind": "Pod", "metadata": metadata, "status": status}


NGINX = f"docker.io/library/nginx@{A}"


@pytest.mark.parametrize("image_id", [NGINX, f"docker-pullable://nginx@{A}"])
def test_an_image_is_pinned_to_what_all_its_pods_run(image_id: str) -> None:
    obj = workload()
    other = pod(f"docker.io/library/nginx@{B}", labels={"app": "else"})
    leaving = pod(f"docker.io/library/nginx@{B}", deletionTimestamp="2026-11-24T12:00:00Z")
    facts = around(Pod=(pod(image_id), pod(image_id), other, leaving))
    plan = planned(PinImage(target=target(obj)), obj, facts)
    assert done(plan, obj)["spec"]["template"]["spec"]["containers"][0]["image"] == f"nginx@{A}"


@pytest.mark.parametrize(
    ("pods", "said"),
    [
        ((), "Not every pod runs"),
        ((pod(""),), "Not every pod runs"),
        ((pod(NGINX), pod(f"docker.io/library/nginx@{B}")), "2 different images"),
        ((pod("sha256:" + "c" * 64),), "only on the node"),
        ((pod(f"registry.example/nginx@{A}"),), "somewhere else"),
        ((pod(f"docker.io/library/nginx-evil@{A}"),), "somewhere else"),
    ],
)
def test_what_is_no_one_digest_of_the_registry_is_refused(
    pods: tuple[dict[str, Any], ...], said: str
) -> None:
    obj = workload()
    assert said in refused(planned(PinImage(target=target(obj)), obj, around(Pod=pods))).public


@pytest.mark.parametrize(
    "image", ["nginx@latest", "@sha256:abc", f"user:pass@registry.example/nginx@{A}", "Nginx:1"]
)
def test_what_is_no_image_reference_is_neither_pinned_nor_taken_for_pinned(image: str) -> None:
    obj = workload(pod={"containers": [{"name": "web", "image": image}]})
    said = refused(planned(PinImage(target=target(obj)), obj, around(Pod=(pod(NGINX),)))).public
    assert said == "What container web names is not a valid image reference."


def test_pods_that_were_not_read_are_not_taken_for_none() -> None:
    obj = workload()
    assert refused(planned(PinImage(target=target(obj)), obj)).reason is Reason.NOT_READ


def test_a_registry_with_a_port_is_no_tag() -> None:
    image = "registry.example:5000/shop/web"
    obj = workload(pod={"containers": [{"name": "web", "image": f"{image}:v1"}]})
    plan = planned(PinImage(target=target(obj)), obj, around(Pod=(pod(f"{image}@{A}"),)))
    containers = done(plan, obj)["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == f"{image}@{A}"
    pinned = done(plan, obj)
    again = planned(PinImage(target=target(obj)), pinned, around(Pod=(pod(f"{image}@{A}"),)))
    assert refused(again).reason is Reason.ALREADY_FINE


def account(**fields: Any) -> dict[str, Any]:
    """Give the service account `default`."""
    return {
        "kind": "ServiceAccount",
        "metadata": {"name": "default", **fields.pop("meta", {})},
        **fields,
    }


def test_a_dedicated_account_is_made_first_and_named_in_both_spellings() -> None:
    obj = workload(pod={"serviceAccount": "default", "serviceAccountName": "default"})
    pulls = account(imagePullSecrets=[{"name": "registry"}])
    facts = around(ServiceAccount=(pulls,), RoleBinding=(), ClusterRoleBinding=())
    plan = planned(OwnServiceAccount(target=target(obj), account="web"), obj, facts)
    assert isinstance(plan, Plan)
    create = plan.operations[0]
    assert create.verb is Verb.CREATE
    assert create.manifest["automountServiceAccountToken"] is False
    assert create.manifest["imagePullSecrets"] == [{"name": "registry"}]
    assert create.manifest["metadata"]["namespace"] == "shop"
    spec = done(plan, obj)["spec"]["template"]["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("web", "web")


BOUND = {
    "metadata": {"name": "web-reads"},
    "subjects": [{"kind": "ServiceAccount", "name": "default"}],
}
ELSEWHERE = {
    "metadata": {"name": "other"},
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "bank"}],
}
TOKEN = {"volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {}}]}}]}
CLOUD = account(meta={"annotations": {"eks.amazonaws.com/role-arn": "arn:x"}})


@pytest.mark.parametrize(
    ("facts", "pod_spec", "said"),
    [
        (around(ServiceAccount=(), RoleBinding=(BOUND,), ClusterRoleBinding=()), {}, "web-reads"),
        (around(ServiceAccount=(), RoleBinding=()), {}, "could not be read"),
        (around(ServiceAccount=(CLOUD,), RoleBinding=(), ClusterRoleBinding=()), {}, "role-arn"),
        (around(ServiceAccount=(), RoleBinding=(), ClusterRoleBinding=()), TOKEN, "volume t"),
        (
            around(ServiceAccount=(), RoleBinding=(), ClusterRoleBinding=()),
            {"automountServiceAccountToken": True},
            "asks for its account's token",
        ),
    ],
)
def test_an_account_in_use_is_kept_until_a_person_confirms(
    facts: Around, pod_spec: dict[str, Any], said: str
) -> None:
    obj = workload(pod=pod_spec)
    refusal = refused(planned(OwnServiceAccount(target=target(obj), account="web"), obj, facts))
    assert refusal.reason is Reason.NEEDS_PERSON
    assert said in refusal.public
    confirmed = OwnServiceAccount(target=target(obj), account="web", confirmed=True)
    plan = planned(confirmed, obj, facts)
    assert isinstance(plan, Plan)
    assert plan.risk.level is RiskLevel.HIGH


def test_rights_of_an_account_of_that_name_elsewhere_do_not_count() -> None:
    obj = workload()
    facts = around(ServiceAccount=(), RoleBinding=(ELSEWHERE,), ClusterRoleBinding=())
    assert isinstance(
        planned(OwnServiceAccount(target=target(obj), account="web"), obj, facts), Plan
    )


def test_an_account_name_that_is_taken_or_unknown_is_refused() -> None:
    obj = workload()
    taken = {"kind": "ServiceAccount", "metadata": {"name": "web"}}
    facts = around(ServiceAccount=(taken,), RoleBinding=(), ClusterRoleBinding=())
    action = OwnServiceAccount(target=target(obj), account="web")
    assert "already is" in refused(planned(action, obj, facts)).public
    unread = around(RoleBinding=(), ClusterRoleBinding=())
    assert refused(planned(action, obj, unread)).reason is Reason.NOT_READ


def test_plans_leave_what_they_were_given_as_it_was() -> None:
    obj = workload()
    before = copy.deepcopy(obj)
    planned(OwnServiceAccount(target=target(obj), account="web"), obj)
    planned(Restart(target=target(obj), at=AT), obj)
    planned(PinImage(target=target(obj)), obj, around(Pod=(pod(NGINX),)))
    assert obj == before
