"""Hardening one workload: what is refused, what is kept, what people are told."""

import copy
from typing import Any

import pytest
from msgspec import structs

from tests.fakes.live_objects import around, live, patched, target
from tools import vocabulary
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.planning.hardening import Setting
from tools.planning.patching import json_patch
from tools.plans import Plan, Reason, Refusal
from tools.types import RiskLevel

S = Setting


def workload(kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    """Give a workload with one container `web` and whatever else its pod is to have."""
    pod = {"containers": [{"name": "web", "image": "registry.example/web:1"}], **spec}
    outer: dict[str, Any] = {"replicas": 3, "template": {"spec": pod}}
    if kind == "CronJob":
        outer = {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    if kind == "Pod":
        outer = pod
    api = {"CronJob": "batch/v1", "Job": "batch/v1", "Pod": "v1", "ReplicationController": "v1"}
    return live(
        {
            "apiVersion": api.get(kind, "apps/v1"),
            "kind": kind,
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": outer,
        }
    )


def container(**fields: Any) -> dict[str, Any]:
    """Give the container `web` with these fields."""
    return {"name": "web", "image": "registry.example/web:1", **fields}


def plan(obj: dict[str, Any], *settings: Setting, **fields: Any) -> Plan | Refusal:
    """Plan these settings on an object."""
    action = HardenWorkload(target=target(obj), settings=settings, **fields)
    facts = around(RoleBinding=(), ClusterRoleBinding=(), ServiceAccount=())
    return vocabulary.plan(vocabulary.decode(vocabulary.encode(action)), obj, facts)


def after(obj: dict[str, Any], *settings: Setting, **fields: Any) -> dict[str, Any]:
    """Give the pod specification once these settings are applied."""
    made = plan(obj, *settings, **fields)
    assert isinstance(made, Plan), made
    result = patched(obj, json_patch(made.operations[0], obj))
    spec = result["spec"]
    spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    return spec["template"]["spec"]


def refused(made: Plan | Refusal) -> Refusal:
    assert isinstance(made, Refusal), made
    return made


def test_privileged_goes_together_with_escalation() -> None:
    obj = workload(containers=[container(securityContext={"privileged": True})])
    assert after(obj, S.PRIVILEGED)["containers"][0]["securityContext"] == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
    }


def answers(obj: dict[str, Any], *settings: Setting) -> set[str]:
    """Give the checks that these settings answer."""
    made = plan(obj, *settings)
    assert isinstance(made, Plan), made
    return set(made.answers)


def test_what_a_setting_makes_safe_besides_is_answered_too() -> None:
    escalation = {"privilege_escalation_allowed", "pss_privilege_escalation"}
    privileged = container(securityContext={"privileged": True})
    alone = workload(containers=[privileged])
    assert answers(alone, S.PRIVILEGED) == {"privileged_container", *escalation}
    beside = workload(containers=[privileged, {"name": "other", "image": "registry.example/o:1"}])
    assert answers(beside, S.PRIVILEGED) == {"privileged_container"}
    ports = [{"containerPort": 80, "hostPort": 80}]
    shared = workload(hostNetwork=True, containers=[container(ports=ports)])
    assert answers(shared, S.HOST_NETWORK) >= {"host_network", "pss_host_ports"}


@pytest.mark.parametrize("setting", [S.ESCALATION, S.CAPABILITIES])
def test_what_the_server_refuses_beside_privileged_is_not_planned(setting: Setting) -> None:
    obj = workload(containers=[container(securityContext={"privileged": True})])
    refusal = refused(plan(obj, setting))
    assert refusal.reason is Reason.NO_SAFE_FIX
    assert "privileged" in refusal.public
    assert isinstance(plan(obj, setting, S.PRIVILEGED), Plan)


@pytest.mark.parametrize("name", ["SYS_ADMIN", "CAP_SYS_ADMIN"])
def test_sys_admin_has_to_go_with_escalation(name: str) -> None:
    context = {"privileged": True, "capabilities": {"add": [name]}}
    obj = workload(containers=[container(securityContext=context)])
    assert "SYS_ADMIN" in refused(plan(obj, S.PRIVILEGED)).public
    assert "capabilities" in refused(plan(obj, S.ESCALATION, S.PRIVILEGED)).hint


def test_privileged_with_capabilities_lets_sys_admin_go() -> None:
    context = {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}
    obj = workload(containers=[container(securityContext=context)])
    made = after(obj, S.PRIVILEGED, S.CAPABILITIES)["containers"][0]["securityContext"]
    assert made == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(
    ("held", "left"),
    [
        ({}, {"drop": ["ALL"]}),
        ({"drop": ["NET_RAW"]}, {"drop": ["ALL"]}),
        ({"add": ["NET_BIND_SERVICE", "CHOWN"]}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
        ({"add": ["CAP_NET_BIND_SERVICE"]}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
        ({"add": ["ALL"]}, {"drop": ["ALL"]}),
        ({"drop": ["all"]}, {"drop": ["ALL"]}),
        ({"drop": ["ALL", "KILL"], "add": ["KILL"]}, {"drop": ["ALL", "KILL"]}),
    ],
)
def test_all_capabilities_are_dropped_but_net_bind_service_stays(
    held: dict[str, Any], left: dict[str, Any]
) -> None:
    obj = workload(containers=[container(securityContext={"capabilities": held})])
    assert after(obj, S.CAPABILITIES)["containers"][0]["securityContext"]["capabilities"] == left


def test_a_user_id_is_never_guessed() -> None:
    refusal = refused(plan(workload(), S.NON_ROOT))
    assert refusal.reason is Reason.NEEDS_PERSON
    assert "user id" in refusal.hint


def test_a_user_id_from_a_person_is_set_and_named() -> None:
    user = ContainerUser(10001, UserSource.PERSON, "web")
    made = plan(workload(), S.NON_ROOT, users=(user,))
    assert isinstance(made, Plan)
    assert made.notes == ("Container web runs as user 10001, as a person said.",)
    spec = after(workload(), S.NON_ROOT, users=(user,))
    assert spec["containers"][0]["securityContext"] == {"runAsUser": 10001, "runAsNonRoot": True}


def test_a_container_has_one_user_id_and_one_that_is_not_needed_is_not_named() -> None:
    users = (ContainerUser(1, UserSource.PERSON, "web"), ContainerUser(2, UserSource.IMAGE, "web"))
    assert "more than one user id" in refused(plan(workload(), S.NON_ROOT, users=users)).public
    obj = workload(containers=[container(securityContext={"runAsUser": 7})])
    made = plan(obj, S.NON_ROOT, users=users[1:])
    assert isinstance(made, Plan)
    assert made.notes == ()


def test_a_user_id_for_one_container_is_not_taken_for_another() -> None:
    obj = workload(containers=[container(), {"name": "log", "image": "x"}])
    made = plan(obj, S.NON_ROOT, users=(ContainerUser(10001, UserSource.IMAGE, "web"),))
    assert "log" in refused(made).public


def test_a_user_other_than_root_that_is_set_is_kept() -> None:
    obj = workload(securityContext={"runAsUser": 5000})
    spec = after(obj, S.NON_ROOT)
    assert spec["securityContext"] == {"runAsUser": 5000}
    assert spec["containers"][0]["securityContext"] == {"runAsNonRoot": True}


def test_root_on_the_pod_goes_where_each_container_has_a_user() -> None:
    obj = workload(securityContext={"runAsUser": 0, "runAsNonRoot": False, "fsGroup": 7})
    spec = after(obj, S.NON_ROOT, users=(ContainerUser(10001, UserSource.PERSON),))
    assert spec["securityContext"] == {"runAsNonRoot": True, "fsGroup": 7}
    assert spec["containers"][0]["securityContext"] == {"runAsUser": 10001, "runAsNonRoot": True}


def test_seccomp_is_set_on_the_pod_and_a_profile_of_ones_own_stays() -> None:
    own = {"type": "Localhost", "localhostProfile": "p.json"}
    obj = workload(
        containers=[
            container(securityContext={"seccompProfile": own}),
            {
                "name": "b",
                "image": "x",
                "securityContext": {"seccompProfile": {"type": "Unconfined"}},
            },
            {"name": "c", "image": "x"},
        ]
    )
    spec = after(obj, S.SECCOMP)
    assert spec["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    profiles = [c.get("securityContext", {}).get("seccompProfile") for c in spec["containers"]]
    assert profiles == [own, {"type": "RuntimeDefault"}, None]


def test_the_hosts_network_goes_with_the_ports_that_the_server_gave() -> None:
    ports = [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    obj = workload(hostNetwork=True, hostPID=True, containers=[container(ports=ports)])
    spec = after(obj, S.HOST_NETWORK)
    assert "hostNetwork" not in spec
    assert spec["hostPID"] is True
    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_host_ports_alone_come_back_while_the_pod_is_on_the_hosts_network() -> None:
    ports = [{"containerPort": 80, "hostPort": 80}]
    obj = workload(hostNetwork=True, containers=[container(ports=ports)])
    assert "host-network" in refused(plan(obj, S.HOST_PORTS)).hint


def test_a_mounted_host_path_stays_until_a_person_gives_it_up() -> None:
    obj = workload(
        volumes=[{"name": "logs", "hostPath": {"path": "/var/log", "type": ""}}],
        containers=[container(volumeMounts=[{"name": "logs", "mountPath": "/logs"}])],
    )
    refusal = refused(plan(obj, S.HOST_PATHS))
    assert refusal.reason is Reason.NEEDS_PERSON
    assert "/var/log" in refusal.public
    made = plan(obj, S.HOST_PATHS, empty_dirs=("logs",))
    assert isinstance(made, Plan)
    assert made.risk.level is RiskLevel.HIGH
    spec = after(obj, S.HOST_PATHS, empty_dirs=("logs",))
    assert spec["volumes"] == [{"name": "logs", "emptyDir": {}}]


def test_a_host_path_that_nothing_mounts_is_removed_and_others_stay() -> None:
    obj = workload(
        volumes=[
            {"name": "node", "hostPath": {"path": "/"}},
            {"name": "tmp", "emptyDir": {}},
        ],
        initContainers=[{"name": "i", "image": "x", "volumeMounts": [{"name": "tmp"}]}],
    )
    assert after(obj, S.HOST_PATHS)["volumes"] == [{"name": "tmp", "emptyDir": {}}]


def test_a_host_path_that_an_init_container_mounts_counts_as_mounted() -> None:
    obj = workload(
        volumes=[{"name": "node", "hostPath": {"path": "/"}}],
        initContainers=[{"name": "i", "image": "x", "volumeMounts": [{"name": "node"}]}],
    )
    assert refused(plan(obj, S.HOST_PATHS)).reason is Reason.NEEDS_PERSON


def test_a_token_that_a_volume_projects_is_not_said_to_be_gone() -> None:
    token = {"path": "token"}
    volume = {"name": "tok", "projected": {"sources": [{"serviceAccountToken": token}]}}
    mounts = [{"name": "tok", "mountPath": "/var/run/secrets/tokens"}]
    web = {"name": "web", "image": "x", "volumeMounts": mounts}
    refusal = refused(plan(workload(containers=[web], volumes=[volume]), S.TOKEN))
    assert refusal.reason is Reason.NO_SAFE_FIX
    assert "Volume tok brings container web a token of the API" in refusal.public

    token["audience"] = "vault"
    made = plan(workload(containers=[web], volumes=[volume]), S.TOKEN)
    assert isinstance(made, Plan)
    assert made.answers == ("service_account_token_mounted",)


@pytest.mark.parametrize("dropped", [["CAP_ALL"], ["all"], ["CAP_NET_RAW", "CHOWN"], None])
def test_names_that_drop_nothing_are_written_as_runtimes_and_pod_security_take_them(
    dropped: list[str] | None,
) -> None:
    held = {"drop": dropped, "add": ["CAP_NET_BIND_SERVICE", "cap_sys_time"]}
    obj = workload(containers=[container(securityContext={"capabilities": held})])
    made = plan(obj, S.CAPABILITIES)
    assert isinstance(made, Plan)
    after = patched(obj, json_patch(made.operations[0], obj))
    [only] = after["spec"]["template"]["spec"]["containers"]
    assert only["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}


def test_several_settings_are_one_patch_and_one_rollout() -> None:
    made = plan(workload(hostPID=True), S.ESCALATION, S.SECCOMP, S.HOST_PID, S.TOKEN)
    assert isinstance(made, Plan)
    assert len(made.operations) == 1
    assert made.disruption.restarts
    assert made.risk.level is RiskLevel.HIGH
    assert len(made.risk.reasons) == 4
    assert {"host_pid", "seccomp_not_set", "service_account_token_mounted"} <= {*made.answers}


@pytest.mark.parametrize("kind", ["Pod", "Job", "ReplicaSet", "ReplicationController"])
def test_what_cannot_be_changed_in_place_comes_as_a_manifest(kind: str) -> None:
    obj = workload(kind)
    obj["status"] = {"phase": "Running"}
    refusal = refused(plan(obj, S.ESCALATION))
    assert refusal.reason is Reason.MAKE_AGAIN
    assert "status" not in refusal.manifest
    assert {*refusal.manifest["metadata"]} == {"name", "namespace"}
    spec = refusal.manifest["spec"]
    spec = spec if kind == "Pod" else spec["template"]["spec"]
    assert spec["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False}
    assert obj == {**workload(kind), "status": {"phase": "Running"}}


def test_a_pod_of_a_controller_sends_to_the_controller() -> None:
    obj = workload("Pod")
    owner = {"kind": "ReplicaSet", "name": "web-1", "controller": True, "uid": "r"}
    obj["metadata"]["ownerReferences"] = [owner]
    refusal = refused(plan(obj, S.ESCALATION))
    assert refusal.reason is Reason.OWNED
    assert "ReplicaSet web-1" in refusal.public


def test_a_mirror_pod_names_the_file_on_the_node() -> None:
    obj = workload("Pod", nodeName="node-1")
    obj["metadata"] |= {
        "name": "web-node-1",
        "annotations": {"kubernetes.io/config.mirror": "x", "kubernetes.io/config.source": "file"},
        "ownerReferences": [{"kind": "Node", "name": "node-1", "controller": True}],
    }
    refusal = refused(plan(obj, S.ESCALATION))
    assert refusal.reason is Reason.NODE_FILE
    assert "web.yaml at spec.containers[0].securityContext, in" in refusal.hint
    assert "node-1" in refusal.public
    assert refusal.manifest["metadata"]["name"] == "web"
    assert not {*refusal.manifest["metadata"].get("annotations", {})}


def test_a_windows_workload_is_refused() -> None:
    assert "Windows" in refused(plan(workload(os={"name": "windows"}), S.ESCALATION)).public


def test_a_missing_or_another_object_is_refused() -> None:
    obj = workload()
    action = HardenWorkload(target=target(obj), settings=(S.ESCALATION,))
    assert refused(vocabulary.plan(action, None, around())).reason is Reason.MISSING
    again = copy.deepcopy(obj)
    again["metadata"]["uid"] = "u-2"
    assert "made again" in refused(vocabulary.plan(action, again, around())).public
    again = copy.deepcopy(obj)
    again["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    assert "being deleted" in refused(vocabulary.plan(action, again, around())).public
    other = structs.replace(action, target=structs.replace(action.target, namespace="bank", uid=""))
    assert refused(vocabulary.plan(other, obj, around())).reason is Reason.MISSING


def test_names_that_the_workload_does_not_have_are_refused() -> None:
    users = (ContainerUser(5, UserSource.PERSON, "nobody"),)
    assert "nobody" in refused(plan(workload(), S.NON_ROOT, users=users)).public
    assert "data" in refused(plan(workload(), S.HOST_PATHS, empty_dirs=("data",))).public


def test_a_check_that_it_will_not_answer_is_named() -> None:
    made = plan(workload(), S.TOKEN, answers=("root_user", "service_account_token_mounted"))
    assert isinstance(made, Plan)
    assert made.answers == ("service_account_token_mounted",)
    assert made.notes == ()
    assert any(one.startswith("Container web may run as root") for one in made.left)


def test_a_token_of_an_account_with_rights_goes_only_when_a_person_confirms() -> None:
    obj = workload(serviceAccountName="web")
    binding = {
        "metadata": {"name": "web-reads"},
        "subjects": [{"kind": "ServiceAccount", "name": "web"}],
    }
    action = HardenWorkload(target=target(obj), settings=(S.TOKEN,))
    plain = vocabulary.plan(action, obj, around(RoleBinding=(), ClusterRoleBinding=()))
    assert isinstance(plain, Plan)
    assert plain.risk.level is RiskLevel.MEDIUM
    unread = vocabulary.plan(action, obj, around(RoleBinding=()))
    assert isinstance(unread, Plan)
    assert unread.risk.level is RiskLevel.HIGH
    assert "could not be read" in unread.risk.reasons[0]
    facts = around(RoleBinding=(binding,), ClusterRoleBinding=())
    refusal = refused(vocabulary.plan(action, obj, facts))
    assert refusal.reason is Reason.NEEDS_PERSON
    assert "web-reads" in refusal.public
    bound = vocabulary.plan(structs.replace(action, confirmed=True), obj, facts)
    assert isinstance(bound, Plan)
    assert bound.risk.level is RiskLevel.HIGH
    assert "web-reads" in bound.risk.reasons[0]
    without = workload(serviceAccountName="web", automountServiceAccountToken=False)
    both = structs.replace(action, settings=(S.TOKEN, S.SECCOMP))
    assert isinstance(vocabulary.plan(both, without, facts), Plan)


def in_namespace(obj: dict[str, Any], level: str, *settings: Setting, **fields: Any) -> Any:
    """Plan these settings in a namespace that enforces a level."""
    facts = structs.replace(
        around(RoleBinding=(), ClusterRoleBinding=(), ServiceAccount=()),
        namespace_labels={"pod-security.kubernetes.io/enforce": level},
    )
    action = HardenWorkload(target=target(obj), settings=settings, **fields)
    return vocabulary.plan(vocabulary.decode(vocabulary.encode(action)), obj, facts)


def test_only_what_failed_before_is_called_fixed() -> None:
    fine = {"privileged": False, "allowPrivilegeEscalation": False}
    obj = workload(containers=[container(securityContext=fine)])
    made = plan(obj, S.ESCALATION, S.PRIVILEGED, S.SECCOMP)
    assert isinstance(made, Plan)
    assert set(made.answers) == {"seccomp_not_set", "pss_seccomp_restricted"}


def test_what_stays_open_is_said_in_words_worst_first_with_every_container() -> None:
    volumes = [{"name": "s", "hostPath": {"path": "/run/containerd/containerd.sock"}}]
    other = {"name": "side", "image": "registry.example/side:1"}
    made = plan(workload(containers=[container(), other], volumes=volumes), S.SECCOMP)
    assert isinstance(made, Plan)
    assert made.left[0] == (
        "The node's container runtime socket stays mounted: /run/containerd/containerd.sock (5.2.11)."
    )
    assert any(one.startswith("Container web (and side) may run as root") for one in made.left)
    assert not any("seccomp" in one for one in made.left)


def test_a_field_that_nobody_asked_for_says_why_it_goes_along() -> None:
    obj = workload(containers=[container(securityContext={"privileged": True})])
    made = plan(obj, S.PRIVILEGED)
    assert isinstance(made, Plan)
    assert made.notes[0].startswith("allowPrivilegeEscalation goes along with privileged: ")
    both = plan(obj, S.PRIVILEGED, S.ESCALATION)
    assert isinstance(both, Plan)
    assert not any("goes along" in note for note in both.notes)


def test_what_changes_owners_of_files_stays_root_and_is_named() -> None:
    chown = {
        "name": "own",
        "image": "registry.example/own:1",
        "command": ["chown", "-R", "5", "/d"],
    }
    user = ContainerUser(uid=10001, source=UserSource.PERSON)
    obj = workload(initContainers=[chown], securityContext={"runAsUser": 0})
    made = plan(obj, S.NON_ROOT, S.CAPABILITIES, users=(user,))
    assert isinstance(made, Plan)
    assert {change.path[3] for change in made.operations[0].changes} == {"containers"}
    assert any(note.startswith("Container own keeps its user") for note in made.notes)
    assert any("nit container own runs as user 0" in one for one in made.left)
    named = ContainerUser(uid=10001, source=UserSource.PERSON, container="own")
    sure = plan(obj, S.NON_ROOT, S.CAPABILITIES, users=(user, named))
    assert isinstance(sure, Plan)
    assert "root_user" in sure.answers
    alone = refused(plan(workload(containers=[{**chown, "name": "web"}]), S.CAPABILITIES))
    assert "changes owners" in alone.public
    assert "fsGroup" in alone.hint


def test_in_an_enforcing_namespace_the_pod_becomes_admissible_as_a_whole() -> None:
    obj = workload(hostPID=True, containers=[container(securityContext={"runAsNonRoot": True})])
    made = in_namespace(obj, "restricted", S.SECCOMP)
    assert isinstance(made, Plan)
    assert made.risk.level is RiskLevel.HIGH
    (said,) = [note for note in made.notes if note.startswith("Goes along: ")]
    for setting in ("host-pid", "capabilities", "escalation"):
        assert setting in said
    assert "namespace shop enforces restricted" in said
    spec = patched(obj, json_patch(made.operations[0], obj))["spec"]["template"]["spec"]
    assert "hostPID" not in spec
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_all_that_is_missing_for_the_namespace_is_said_at_once() -> None:
    volumes = [{"name": "s", "hostPath": {"path": "/srv"}}]
    mounted = container(volumeMounts=[{"name": "s", "mountPath": "/srv"}])
    said = refused(
        in_namespace(workload(containers=[mounted], volumes=volumes), "restricted", S.SECCOMP)
    )
    assert said.reason is Reason.NEEDS_PERSON
    assert said.public.startswith("Namespace shop enforces restricted")
    assert "Volume s is mounted" in said.public
    assert "Container web sets no user" in said.public
    assert "user id" in said.hint
    assert "empty folder" in said.hint
    sysctl = {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}
    odd = workload(securityContext=sysctl, containers=[container()])
    said = refused(in_namespace(odd, "baseline", S.SECCOMP))
    assert said.reason is Reason.NO_SAFE_FIX
    assert "kernel.msgmax" in said.public
