"""Deploying from the template, deleting one object, and what cannot be taken back."""

from typing import Any

import pytest
from msgspec import structs

from tests.fakes.live_objects import around, live, target, verdicts
from tools import vocabulary
from tools.actions.delete_object import DeleteObject
from tools.actions.deploy_app import DeployApp
from tools.actions.undo_change import UndoChange
from tools.errors import BadAction
from tools.objects.kinds import KINDS
from tools.planning.created import body_digest
from tools.plans import Around, Done, Plan, Reason, Refusal
from tools.types import Action, RiskLevel, Target, Verb, Verdict

IMAGE = "registry.example:5000/shop/web@sha256:" + "a" * 64
APP = Target("lab", "apps/v1", "Deployment", "shop", "web")
FREE = around(Deployment=(), ServiceAccount=(), Service=(), NetworkPolicy=())


def planned(action: Action, obj: Any, facts: Around = FREE) -> Plan | Refusal:
    return vocabulary.plan(vocabulary.decode(vocabulary.encode(action)), obj, facts)


def refused(plan: Plan | Refusal) -> Refusal:
    assert isinstance(plan, Refusal), plan
    return plan


def deploy(**fields: Any) -> DeployApp:
    return DeployApp(**{"target": APP, "image": IMAGE, "port": 8080, **fields})


async def test_an_app_comes_with_its_account_policy_and_service_and_passes_every_check() -> None:
    plan = planned(deploy(user=10001), None)
    assert isinstance(plan, Plan)
    assert [op.target.kind for op in plan.operations] == [
        "ServiceAccount", "NetworkPolicy", "Deployment", "Service",
    ]  # fmt: skip
    assert {op.verb for op in plan.operations} == {Verb.CREATE}
    assert {op.target.namespace for op in plan.operations} == {"shop"}
    assert plan.risk.level is RiskLevel.HIGH
    deployment = plan.operations[2].manifest
    said = await verdicts(
        deployment, *(op.manifest for op in plan.operations if op.target.kind != "Deployment")
    )
    assert len(said) > 25
    assert {c: v for c, v in said.items() if v not in (Verdict.PASS, Verdict.NOT_APPLICABLE)} == {}


def test_without_a_user_id_people_are_told_that_the_image_has_to_name_one() -> None:
    plan = planned(deploy(), None)
    assert isinstance(plan, Plan)
    assert "image has to name one" in plan.notes[0]


def test_the_parts_fit_together() -> None:
    plan = planned(deploy(), None)
    assert isinstance(plan, Plan)
    _, policy, deployment, service = (op.manifest for op in plan.operations)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["selector"] == labels
    assert policy["spec"]["podSelector"]["matchLabels"] == labels
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"][0]["name"] == service["spec"]["ports"][0]["targetPort"]
    assert container["ports"][0]["containerPort"] == 8080
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": 8080, "protocol": "TCP"}]


@pytest.mark.parametrize(
    "image",
    [
        "registry.example/shop/web:1.0",
        "nginx@sha256:" + "a" * 64,
        IMAGE.upper(),
        IMAGE + "\n",
        IMAGE[:-1],
        "https://registry.example/web@sha256:" + "a" * 64,
        "registry.example/../web@sha256:" + "a" * 64,
        "registry.example/web:1@sha256:" + "a" * 64,
    ],
)
def test_an_image_is_named_whole_and_by_digest(image: str) -> None:
    with pytest.raises(BadAction):
        vocabulary.decode(vocabulary.encode(deploy(image=image)))


def test_nothing_that_is_there_is_taken_over() -> None:
    there = live({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}})
    assert "already is" in refused(planned(deploy(), there)).public
    for kind in ("ServiceAccount", "Service", "NetworkPolicy"):
        taken = structs.replace(
            FREE, others={**FREE.others, kind: ({"metadata": {"name": "web"}},)}
        )
        assert kind in refused(planned(deploy(), None, taken)).public
        unread = structs.replace(FREE, others={k: v for k, v in FREE.others.items() if k != kind})
        assert refused(planned(deploy(), None, unread)).reason is Reason.NOT_READ
    nowhere = structs.replace(FREE, namespace_labels=None)
    assert "shop does not exist" in refused(planned(deploy(), None, nowhere)).public


def test_undo_deletes_in_the_opposite_order_and_only_its_own() -> None:
    plan = planned(deploy(), None)
    assert isinstance(plan, Plan)
    did = tuple(Done(op, f"n-{i}") for i, op in enumerate(plan.operations))
    facts = structs.replace(FREE, done=did)
    undo = UndoChange(target=APP, operation_id="op-12345678")
    back = planned(undo, live(plan.operations[2].manifest, "n-2"), facts)
    assert isinstance(back, Plan)
    assert [op.target.kind for op in back.operations] == [
        "Service", "Deployment", "NetworkPolicy", "ServiceAccount",
    ]  # fmt: skip
    again = planned(undo, live(plan.operations[2].manifest, "another"), facts)
    assert refused(again).reason is Reason.MISSING


def scaled(obj: dict[str, Any]) -> None:
    obj["spec"]["replicas"] = 7


def another_image(obj: dict[str, Any]) -> None:
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = "other"


def a_container_more(obj: dict[str, Any]) -> None:
    obj["spec"]["template"]["spec"]["containers"].append({"name": "b", "image": "b"})


def placed(obj: dict[str, Any]) -> None:
    obj["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}


def allows_all(obj: dict[str, Any]) -> None:
    obj["spec"]["egress"] = [{}]


@pytest.mark.parametrize(
    ("place", "edit"),
    [(2, scaled), (2, another_image), (2, a_container_more), (2, placed), (1, allows_all)],
)
def test_what_somebody_changed_since_it_was_created_is_not_deleted(place: int, edit: Any) -> None:
    plan = planned(deploy(), None)
    assert isinstance(plan, Plan)
    made = [live(op.manifest, f"n-{i}") for i, op in enumerate(plan.operations)]
    did = tuple(Done(op, f"n-{i}", body_digest(made[i])) for i, op in enumerate(plan.operations))
    undo = UndoChange(target=APP, operation_id="op-12345678")

    def back() -> Any:
        others = {op.target.kind: (made[i],) for i, op in enumerate(plan.operations)}
        return planned(undo, made[2], structs.replace(FREE, done=did, others=others))

    assert isinstance(back(), Plan)
    made[2]["status"] = {"replicas": 2}
    made[place]["metadata"]["annotations"] = {"seen-by": "a controller"}
    made[3]["spec"] |= {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    assert isinstance(back(), Plan)
    edit(made[place])
    no = refused(back())
    assert no.reason is Reason.CHANGED
    assert "no longer what was made" in no.public


def test_of_what_was_created_before_that_was_kept_the_manifest_decides() -> None:
    plan = planned(deploy(), None)
    assert isinstance(plan, Plan)
    did = tuple(Done(op, f"n-{i}") for i, op in enumerate(plan.operations))
    undo = UndoChange(target=APP, operation_id="op-12345678")
    facts = structs.replace(FREE, done=did)
    made = live(plan.operations[2].manifest, "n-2")
    made["spec"] |= {"progressDeadlineSeconds": 600}
    assert isinstance(planned(undo, made, facts), Plan)
    made["spec"]["replicas"] = 7
    assert "spec.replicas" in refused(planned(undo, made, facts)).public


def thing(kind: str, **metadata: Any) -> dict[str, Any]:
    """Give an object of a kind with a uid."""
    fields = {"name": "web", "namespace": "shop", **metadata}
    return live({"apiVersion": KINDS[kind].group_version, "kind": kind, "metadata": fields})


@pytest.mark.parametrize("kind", vocabulary.delete_object.KINDS)
def test_a_deletion_is_high_without_undo_and_bound_to_the_uid(kind: str) -> None:
    obj = thing(kind)
    plan = planned(DeleteObject(target=target(obj)), obj)
    assert isinstance(plan, Plan)
    (operation,) = plan.operations
    assert (operation.verb, operation.target.uid) == (Verb.DELETE, "u-1")
    assert plan.risk.level is RiskLevel.HIGH
    assert not plan.undoable
    assert "cannot be undone" in plan.undo
    nameless = structs.replace(target(obj), uid="")
    assert "uid" in refused(planned(DeleteObject(target=nameless), obj)).public


@pytest.mark.parametrize(
    "kind", ["Namespace", "PersistentVolumeClaim", "Service", "ConfigMap", "Role"]
)
def test_other_kinds_are_never_deleted(kind: str) -> None:
    place = "" if kind == "Namespace" else "shop"
    wanted = Target("lab", KINDS[kind].group_version, kind, place, "web", "u-1")
    with pytest.raises(BadAction):
        vocabulary.decode(vocabulary.encode(DeleteObject(target=wanted)))


def test_what_its_owner_would_make_again_is_handed_over_but_a_pod_is_not() -> None:
    owner = [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]
    of_helm = thing("Deployment", labels={"app.kubernetes.io/managed-by": "Helm"})
    plan = planned(DeleteObject(target=target(of_helm)), of_helm)
    assert isinstance(plan, Plan)
    assert "Helm would make it again" in plan.handover
    pod = thing("Pod", ownerReferences=owner)
    plan = planned(DeleteObject(target=target(pod)), pod)
    assert isinstance(plan, Plan)
    assert plan.handover == ""
    assert "ReplicaSet web-1 makes another one" in plan.notes[0]


def test_a_mirror_pod_and_the_default_account_are_not_deleted() -> None:
    mirror = thing("Pod", annotations={"kubernetes.io/config.mirror": "x"})
    mirror["spec"] = {"nodeName": "n"}
    assert refused(planned(DeleteObject(target=target(mirror)), mirror)).reason is Reason.NODE_FILE
    default = thing("ServiceAccount", name="default")
    assert "again at once" in refused(planned(DeleteObject(target=target(default)), default)).public


def test_a_deletion_is_never_taken_back() -> None:
    obj = thing("Deployment")
    plan = planned(DeleteObject(target=target(obj)), obj)
    assert isinstance(plan, Plan)
    facts = structs.replace(FREE, done=(Done(plan.operations[0], "u-1"),))
    undo = UndoChange(target=target(obj), operation_id="op-12345678")
    assert refused(planned(undo, obj, facts)).reason is Reason.NO_UNDO
    assert refused(planned(undo, None, facts)).reason is Reason.MISSING
    assert refused(planned(undo, obj)).reason is Reason.NO_UNDO
