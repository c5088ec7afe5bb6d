"""Each action on a real server with the shipped accounts, from its plan to verified and back."""

import json
from typing import Any

import pytest

from tests.lab.changing import Journey, workload
from tools import vocabulary
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.narrow_role import NarrowRole, RuleLimit
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.actions.restart import Restart
from tools.actions.set_resources import ContainerResources, SetResources
from tools.actions.undo_change import UndoChange
from tools.change.handover import handed_over
from tools.change.verify import Watch, verify
from tools.changes import OutcomeKind, Rehearsal, State
from tools.hardening import Setting
from tools.patching import json_patch
from tools.types import Action, Target

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAMESPACE = "acting"
RBAC_V1 = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def web(journey: Journey) -> Target:
    """Give a Deployment that runs, made once."""
    name = "web"
    if journey.lab.try_kubectl("get", f"deployment/{name}", "-n", NAMESPACE).returncode:
        journey.create(workload(name, NAMESPACE))
        journey.rolled_out(name)
    return journey.target(name)


async def there_and_back(journey: Journey, action: Action, operation_id: str) -> None:
    """Do an action, see it verified, take it back, and see the object as it was."""
    kind, name = action.target.kind, action.target.name
    before = journey.get(kind, name)
    outcomes = await journey.run(action, operation_id)
    assert {o.kind for o in outcomes} == {OutcomeKind.VERIFIED}, [o.reason for o in outcomes]
    undo = UndoChange(target=action.target, operation_id=operation_id)
    outcomes = await journey.run(undo, f"{operation_id}-undo", undoes=operation_id)
    assert {o.kind for o in outcomes} == {OutcomeKind.UNDONE}, [o.reason for o in outcomes]
    after = journey.get(kind, name)
    assert after.get("spec") == before.get("spec")
    assert after["metadata"].get("labels") == before["metadata"].get("labels")


async def test_all_settings_of_a_workload(journey: Journey) -> None:
    bad = workload("bad", NAMESPACE)
    pod = bad["spec"]["template"]["spec"]
    pod |= {"hostNetwork": True, "hostPID": True, "hostIPC": True}
    pod["volumes"] = [{"name": "host", "hostPath": {"path": "/tmp"}}]
    pod["containers"][0]["ports"] = [{"containerPort": 8099, "hostPort": 8099}]
    journey.create(bad)
    journey.rolled_out("bad")
    action = HardenWorkload(
        target=journey.target("bad"),
        settings=tuple(Setting),
        users=(ContainerUser(uid=1000, source=UserSource.PERSON),),
        answers=(
            *("privileged_container", "host_network", "host_pid", "host_ipc", "host_port"),
            *("host_path_volume", "root_user", "seccomp_not_set", "capabilities_not_dropped"),
            *("privilege_escalation_allowed", "service_account_token_mounted"),
        ),
    )
    await there_and_back(journey, action, "harden-all")


async def test_resources(journey: Journey, web: Target) -> None:
    amounts = ContainerResources(
        container="shell", request_cpu_millicores=1000, limit_memory_mib=1024
    )
    await there_and_back(journey, SetResources(target=web, containers=(amounts,)), "resources")


async def test_restart(journey: Journey, web: Target) -> None:
    before = journey.get("deployment", "web")["metadata"]["generation"]
    await there_and_back(journey, Restart(target=web, at="2026-01-01T00:00:00Z"), "restart-1")
    assert journey.get("deployment", "web")["metadata"]["generation"] == before + 2


async def test_pause(journey: Journey, web: Target) -> None:
    await there_and_back(journey, PauseRollout(target=web, paused=True), "pause-it")


async def test_an_image_without_a_repository_digest_is_not_pinned(
    journey: Journey, web: Target
) -> None:
    """The lab's images were never pulled, so that no digest of a repository is known."""
    rehearsal = await journey.rehearse(PinImage(target=web))
    assert rehearsal.state is State.REFUSED
    assert rehearsal.reason


async def test_token_of_an_account(journey: Journey) -> None:
    target = journey.target("default", "ServiceAccount", "v1")
    action = AccountTokenOff(target=target, answers=("default_service_account_automount",))
    await there_and_back(journey, action, "token-off")


async def test_labels_of_a_namespace(journey: Journey, web: Target) -> None:
    target = Target("lab", "v1", "Namespace", "", NAMESPACE)
    action = LabelNamespace(
        target=target, enforce=Level.BASELINE, answers=("namespace_without_pod_security",)
    )
    rehearsal = await journey.rehearse(action)
    assert any("existing pods" in warning for warning in rehearsal.warnings)
    assert any(line.startswith("Deployment web:") for line in rehearsal.preview)
    await there_and_back(journey, action, "label-it")


async def test_traffic_of_a_namespace(journey: Journey) -> None:
    port = {"port": 80, "targetPort": 8080}
    journey.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": NAMESPACE},
            "spec": {"selector": {"app": "web"}, "ports": [port]},
        }
    )
    target = Target("lab", "v1", "Namespace", "", NAMESPACE)
    action = DenyTraffic(target=target, answers=("namespace_without_network_policy",))
    await there_and_back(journey, action, "deny-all")
    left = journey.lab.kubectl("get", "networkpolicies", "-n", NAMESPACE, "-o", "name")
    assert left == ""


async def test_an_app_whose_image_is_not_to_be_had_does_not_come_up_and_is_taken_back(
    journey: Journey,
) -> None:
    image = f"lab.local/missing@sha256:{'0' * 64}"
    target = journey.target("shopfront")
    action = DeployApp(target=target, image=image, port=8080, replicas=1, user=1000)
    intents = await journey.seal(action, "deploy-it")
    outcomes = [await journey.apply(intent) for intent in intents]
    assert {o.kind for o in outcomes} == {OutcomeKind.APPLIED}, [o.reason for o in outcomes]
    seen = []
    for intent, outcome in zip(intents, outcomes, strict=True):
        ahead = [0.0]

        async def no_wait(seconds: float, ahead: list[float] = ahead) -> None:
            ahead[0] += seconds

        watch = Watch(journey.reader, journey.writer, _later(journey, ahead), no_wait)
        seen.append(await verify(intent, outcome, watch))
    kinds = {intent.operation.target.kind: o for intent, o in zip(intents, seen, strict=True)}
    assert kinds["Deployment"].kind is OutcomeKind.UNVERIFIED
    assert kinds["Deployment"].suggest_undo
    assert kinds["Service"].kind is OutcomeKind.VERIFIED
    journey.remember("deploy-it", intents, outcomes)
    undo = UndoChange(target=target, operation_id="deploy-it")
    undone = await journey.run(undo, "deploy-undo", undoes="deploy-it")
    assert {o.kind for o in undone} == {OutcomeKind.UNDONE}, [o.reason for o in undone]
    kinds_made = "deployment,service,serviceaccount,networkpolicy"
    left = journey.lab.kubectl("get", kinds_made, "-n", NAMESPACE, "-o", "name")
    assert "shopfront" not in left


def _later(journey: Journey, ahead: list[float]) -> Any:
    """Give a clock that waiting moves, so that a deadline of minutes passes at once."""
    from datetime import timedelta

    return lambda: journey.clock() + timedelta(seconds=ahead[0])


async def hand_over(journey: Journey, action: Action, *answers: str) -> None:
    """Rehearse what is not Oakum's to do, let the administrator do it, and see it verified."""
    rehearsal: Rehearsal = await journey.rehearse(action)
    assert rehearsal.state is State.HANDOVER, (rehearsal.state, rehearsal.reason)
    assert rehearsal.seal is None
    operations = [operation for operation, _ in rehearsal.diff]

    async def look() -> Any:
        encoded = vocabulary.encode(action)
        return await handed_over(encoded, operations, answers, journey.reader, journey.clock)

    assert (await look()).kind is OutcomeKind.UNVERIFIED
    for operation in operations:
        target = operation.target
        where = ("-n", target.namespace) if target.namespace else ()
        found = json.loads(
            journey.lab.kubectl("get", target.kind, target.name, *where, "-o", "json")
        )
        patch = json.dumps(json_patch(operation, found))
        journey.lab.kubectl(
            *("patch", target.kind, target.name, *where, "--type=json", "-p", patch)
        )
    outcome = await look()
    assert outcome.kind is OutcomeKind.VERIFIED, outcome.reason


async def test_a_subject_is_handed_over_and_verified(journey: Journey) -> None:
    name = "acting-admins"
    journey.lab.kubectl(
        *("create", "clusterrolebinding", name, "--clusterrole=cluster-admin"),
        *("--user=ada", "--serviceaccount=acting:default"),
    )
    try:
        subject = BoundSubject(kind=SubjectKind.SERVICE_ACCOUNT, name="default", namespace="acting")
        target = Target("lab", RBAC_V1, "ClusterRoleBinding", "", name)
        await hand_over(journey, RemoveSubject(target=target, subject=subject))
        left = json.loads(journey.lab.kubectl("get", "clusterrolebinding", name, "-o", "json"))
        assert [each["name"] for each in left["subjects"]] == ["ada"]
    finally:
        journey.lab.kubectl("delete", "clusterrolebinding", name)


async def test_a_role_is_handed_over_and_its_check_passes(journey: Journey) -> None:
    journey.lab.kubectl(
        *("create", "role", "reads-secrets", "--verb=get,list", "--resource=secrets,pods"),
        *("-n", NAMESPACE),
    )
    target = journey.target("reads-secrets", "Role", RBAC_V1)
    limit = RuleLimit(rule=0, resources=("pods",))
    action = NarrowRole(target=target, limits=(limit,), answers=("secret_reader",))
    await hand_over(journey, action, "secret_reader")
