"""What the executor's account is refused by the admission policy although RBAC grants it, and what not.

That every action of the vocabulary passes is shown by the tests of changes: they run under the policy.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.changing import Journey, workload
from tests.lab.cluster import Lab
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.harden_workload import HardenWorkload
from tools.actions.pause_rollout import PauseRollout
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind, State
from tools.hardening import Setting
from tools.types import Target

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAMESPACE = "held"
DIGEST = f"sha256:{'a' * 64}"
POD = "/spec/template/spec"
FIRST = f"{POD}/containers/0"
OPERATION = "/metadata/annotations/oakum.dev~1operation-id"
REFUSED = "Oakum's executor"

Patch = list[dict[str, Any]]


def held() -> dict[str, Any]:
    """Give a Deployment without pods that has something of everything."""
    found = workload("held", NAMESPACE, replicas=0)
    found["metadata"]["annotations"] = {"team": "shop"}
    found["metadata"]["labels"] = {"team": "shop"}
    pod = found["spec"]["template"]["spec"]
    pod["containers"][0] |= {
        "image": "lab.local:5000/shop/busybox:1",
        "env": [{"name": "A", "value": "b"}],
        "ports": [{"containerPort": 8080}, {"containerPort": 8081, "hostPort": 8081}],
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/scratch"},
            {"name": "node", "mountPath": "/node"},
        ],
    }
    pod["initContainers"] = [{"name": "first", "image": "busybox"}]
    pod["volumes"] = [
        {"name": "scratch", "emptyDir": {}},
        {"name": "node", "hostPath": {"path": "/srv"}},
        {"name": "spare", "hostPath": {"path": "/opt"}},
    ]
    return found


@pytest.fixture(scope="module")
def place(lab: Lab, accounts: dict[str, Path]) -> None:
    """Make what the writes are about."""
    lab.kubectl("create", "-f", "-", stdin=json.dumps(held()))
    template = copy.deepcopy(held()["spec"]["template"])
    template["spec"]["restartPolicy"] = "Never"
    job = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    metadata = {"name": "held", "namespace": NAMESPACE}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": job}
    lab.kubectl("create", "-f", "-", stdin=json.dumps(cron))
    lab.kubectl("create", "service", "clusterip", "theirs", "--tcp=80", "-n", NAMESPACE)


def sent(lab: Lab, accounts: dict[str, Path], what: str, patch: Patch) -> str:
    """Send a JSON patch with the executor's account as a dry run; what the server said against it."""
    where = () if what.startswith("namespace/") else ("-n", NAMESPACE)
    answer = lab.try_kubectl(
        *(f"--kubeconfig={accounts['executor']}", "patch", what, *where, "--dry-run=server"),
        *("--type=json", "-p", json.dumps(patch)),
    )
    assert answer.returncode or not answer.stderr, answer.stderr
    return answer.stderr


def put(path: str, value: Any) -> Patch:
    return [{"op": "add", "path": path, "value": value}]


def instead(path: str, value: Any) -> Patch:
    return [{"op": "replace", "path": path, "value": value}]


def gone(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


HOST = {"name": "root", "hostPath": {"path": "/"}}
WORKLOAD: dict[str, Patch] = {
    "a mounted folder of the node": put(f"{POD}/volumes/-", HOST)
    + put(f"{FIRST}/volumeMounts/-", {"name": "root", "mountPath": "/root"}),
    "a volume in use becomes a folder of the node": instead(f"{POD}/volumes/0", {"name": "scratch", "hostPath": {"path": "/"}}
    ),
    "another folder of the node": put(f"{POD}/volumes/1/hostPath/path", "/"),
    "a secret as a volume": put(f"{POD}/volumes/-", {"name": "s", "secret": {"secretName": "s"}}),
    "a spare volume shows a secret": instead(f"{POD}/volumes/2", {"name": "spare", "secret": {"secretName": "s"}}
    ),
    "an image of another repository": put(f"{FIRST}/image", f"lab.local:5000/evil/busybox@{DIGEST}"),
    "an image of another registry": put(f"{FIRST}/image", f"evil.example/shop/busybox@{DIGEST}"),
    "another tag": put(f"{FIRST}/image", "lab.local:5000/shop/busybox:2"),
    "another digest kept beside the tag": put(
        f"{FIRST}/image", f"lab.local:5000/shop/busybox:1@{DIGEST}"
    ),
    "an image of another repository in an init container": put(
        f"{POD}/initContainers/0/image", f"evil@{DIGEST}"
    ),
    "an annotation": put("/metadata/annotations/team", "evil"),
    "an annotation taken away": gone("/metadata/annotations/team"),
    "another annotation": put("/metadata/annotations/a", "b"),
    "a label": put("/metadata/labels/a", "b"),
    "a finalizer": put("/metadata/finalizers", ["evil.example/never"]),
    "an owner": put(
        "/metadata/ownerReferences",
        [{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b"}],
    ),
    "an annotation of pods": put(f"{POD[:-5]}/metadata/annotations", {"a": "b"}),
    "a label of pods": put(f"{POD[:-5]}/metadata/labels/a", "b"),
    "a command": put(f"{FIRST}/command", ["sh", "-c", "evil"]),
    "arguments": put(f"{FIRST}/args", ["evil"]),
    "an environment value": put(f"{FIRST}/env/0/value", "evil"),
    "an environment taken away": gone(f"{FIRST}/env"),
    "a container more": put(f"{POD}/containers/-", {"name": "evil", "image": "evil"}),
    "a container under another name": put(f"{FIRST}/name", "evil"),
    "an init container less": gone(f"{POD}/initContainers"),
    "a port": put(f"{FIRST}/ports/-", {"containerPort": 9999}),
    "another port": put(f"{FIRST}/ports/0/containerPort", 9999),
    "an address of the node": put(f"{FIRST}/ports/1/hostIP", "127.0.0.1"),
    "a lifecycle hook": put(
        f"{FIRST}/lifecycle", {"postStart": {"exec": {"command": ["evil"]}}}
    ),
    "a mount elsewhere": put(f"{FIRST}/volumeMounts/0/mountPath", "/etc"),
    "a resource of another sort": put(f"{FIRST}/resources", {"limits": {"evil.example/gpu": "1"}}),
    "SELinux options": put(f"{FIRST}/securityContext/seLinuxOptions", {"type": "spc_t"}),
    "sysctls": put(f"{POD}/securityContext/sysctls", [{"name": "a.b", "value": "1"}]),
    "a group": put(f"{POD}/securityContext/fsGroup", 0),
    "the node": put(f"{POD}/nodeName", "evil"),
    "a node selector": put(f"{POD}/nodeSelector", {"a": "b"}),
    "shared processes": put(f"{POD}/shareProcessNamespace", True),
    "a pull secret": put(f"{POD}/imagePullSecrets", [{"name": "a"}]),
    "a host alias": put(f"{POD}/hostAliases", [{"ip": "1.2.3.4", "hostnames": ["bank"]}]),
    "the runtime": put(f"{POD}/runtimeClassName", "evil"),
    "the strategy": put("/spec/strategy", {"type": "Recreate"}),
    "the deadline": put("/spec/progressDeadlineSeconds", 1),
}  # fmt: skip
"""Writes to a Deployment that RBAC grants and no action makes."""


@pytest.mark.parametrize("what", WORKLOAD)
def test_what_no_action_changes_is_refused(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    said = sent(lab, accounts, "deployment/held", WORKLOAD[what])
    assert REFUSED in said
    assert "resulted in error" not in said


ELSEWHERE: dict[str, tuple[str, Patch]] = {
    "a label of a namespace": (f"namespace/{NAMESPACE}", put("/metadata/labels/a", "b")),
    "its name's label": (f"namespace/{NAMESPACE}", put("/metadata/annotations", {"a": "b"})),
    "rights at a cloud": (
        "serviceaccount/default",
        put("/metadata/annotations", {"eks.amazonaws.com/role-arn": "evil"}),
    ),
    "a secret of an account": ("serviceaccount/default", put("/secrets", [{"name": "a"}])),
    "a pull secret of an account": (
        "serviceaccount/default",
        put("/imagePullSecrets", [{"name": "a"}]),
    ),
    "a Service": ("service/theirs", put("/spec/selector", {"app": "evil"})),
    "an image of a CronJob": (
        "cronjob/held",
        put(f"/spec/jobTemplate{FIRST}/image", f"lab.local:5000/shop/busybox@{DIGEST}"),
    ),
    "a command of a CronJob": ("cronjob/held", put(f"/spec/jobTemplate{FIRST}/command", ["a"])),
    "the schedule": ("cronjob/held", put("/spec/schedule", "* * * * *")),
    "how often a job is tried": ("cronjob/held", put("/spec/jobTemplate/spec/backoffLimit", 9)),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_other_kinds_are_held_too(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    assert REFUSED in sent(lab, accounts, *ELSEWHERE[what])


WITHIN: dict[str, tuple[str, Patch]] = {
    "the operation's name": ("deployment/held", put(OPERATION, "op-1")),
    "a tag becomes a digest": (
        "deployment/held",
        put(f"{FIRST}/image", f"lab.local:5000/shop/busybox@{DIGEST}"),
    ),
    "no tag becomes a digest": (
        "deployment/held",
        put(f"{POD}/initContainers/0/image", f"busybox@{DIGEST}"),
    ),
    "a host port goes": ("deployment/held", gone(f"{FIRST}/ports/1/hostPort")),
    "a spare folder of the node goes": ("deployment/held", gone(f"{POD}/volumes/2")),
    "a folder of the node is given up": (
        "deployment/held",
        instead(f"{POD}/volumes/1", {"name": "node", "emptyDir": {}}),
    ),
    "a spare folder of the node comes back": ("deployment/held", put(f"{POD}/volumes/-", HOST)),
    "labels of Pod Security": (
        f"namespace/{NAMESPACE}",
        put("/metadata/labels/pod-security.kubernetes.io~1warn", "baseline"),
    ),
    "runs are stopped": ("cronjob/held", put("/spec/suspend", True)),
    "privileged in a CronJob": (
        "cronjob/held",
        put(f"/spec/jobTemplate{FIRST}/securityContext/privileged", False),
    ),
}


@pytest.mark.parametrize("what", WITHIN)
def test_what_actions_change_passes(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    assert sent(lab, accounts, *WITHIN[what]) == ""


def test_a_digest_never_becomes_a_tag_again(
    lab: Lab, accounts: dict[str, Path], place: None
) -> None:
    pinned = workload("pinned", NAMESPACE, replicas=0)
    pinned["spec"]["template"]["spec"]["containers"][0]["image"] = f"shop/web@{DIGEST}"
    lab.kubectl("create", "-f", "-", stdin=json.dumps(pinned))
    for image in ("shop/web:1", f"shop/web@sha256:{'b' * 64}"):
        assert REFUSED in sent(lab, accounts, "deployment/pinned", put(f"{FIRST}/image", image))


def test_a_large_workload_is_within_the_servers_limits(
    lab: Lab, accounts: dict[str, Path], place: None
) -> None:
    """Forty containers with sixty values and ten ports each, near what the server stores at all."""
    large = workload("large", NAMESPACE, replicas=0)
    [one] = large["spec"]["template"]["spec"]["containers"]
    values = [{"name": f"NAME_{n}", "value": "x" * 100} for n in range(60)]
    large["spec"]["template"]["spec"]["containers"] = [
        {**one, "name": f"c{n}", "env": values, "ports": _ports(10 * n)} for n in range(40)
    ]
    lab.kubectl("create", "-f", "-", stdin=json.dumps(large))
    last = f"{POD}/containers/39"
    assert sent(lab, accounts, "deployment/large", put(f"{last}/securityContext", {})) == ""
    assert REFUSED in sent(lab, accounts, "deployment/large", put(f"{last}/env/59/value", "y"))


def _ports(first: int) -> list[dict[str, Any]]:
    return [{"containerPort": 1000 + first + n} for n in range(10)]


def test_others_are_not_held(lab: Lab, place: None) -> None:
    label = ("label", "deployment/held", "-n", NAMESPACE, "a=b", "--dry-run=server")
    assert lab.try_kubectl(*label).returncode == 0


async def test_both_ways_of_traffic_are_denied_and_opened_again(journey: Journey) -> None:
    target = Target("lab", "v1", "Namespace", "", NAMESPACE)
    outcomes = await journey.run(DenyTraffic(target=target, egress=True), "deny-both")
    assert {o.kind for o in outcomes} == {OutcomeKind.VERIFIED}, [o.reason for o in outcomes]
    undo = UndoChange(target=target, operation_id="deny-both")
    outcomes = await journey.run(undo, "deny-both-undo", undoes="deny-both")
    assert {o.kind for o in outcomes} == {OutcomeKind.UNDONE}, [o.reason for o in outcomes]


async def test_a_cron_job_is_stopped_and_started(journey: Journey, place: None) -> None:
    target = journey.target("held", "CronJob", "batch/v1")
    await journey.run(PauseRollout(target=target, paused=True), "cron-pause")
    undo = UndoChange(target=target, operation_id="cron-pause")
    [outcome] = await journey.run(undo, "cron-resume", undoes="cron-pause")
    assert outcome.kind is OutcomeKind.UNDONE, outcome.reason


async def test_a_folder_of_the_node_that_was_given_up_is_put_back_by_a_person(
    journey: Journey,
) -> None:
    given = workload("given", NAMESPACE, replicas=0)
    pod = given["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "node", "hostPath": {"path": "/srv"}}]
    pod["containers"][0]["volumeMounts"] = [{"name": "node", "mountPath": "/node"}]
    journey.create(given)
    target = journey.target("given")
    action = HardenWorkload(target=target, settings=(Setting.HOST_PATHS,), empty_dirs=("node",))
    await journey.run(action, "given-up")
    undo = UndoChange(target=target, operation_id="given-up")
    rehearsal = await journey.rehearse(undo, "given-up")
    assert rehearsal.state is State.WOULD_BE_REFUSED
    assert "folder of the node" in rehearsal.reason
