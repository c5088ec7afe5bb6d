"""What the executor's account is refused by the admission policy although RBAC grants it, and what not.

That every action of the vocabulary passes is shown by the tests of changes: they run under the policy.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.admission import policy
from tests.lab.admission_writes import (
    ALLOWED,
    CREATIONS,
    DIGEST,
    MISTAKES,
    NAMESPACE,
    PATCHES,
    Write,
    cron_job,
    deleted,
    held,
    patched,
    send,
)
from tests.lab.changing import EXECUTOR, Journey, workload
from tests.lab.cluster import Lab
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.harden_workload import HardenWorkload
from tools.actions.pause_rollout import PauseRollout
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind, State
from tools.planning.hardening import Setting
from tools.types import Target

pytestmark = [pytest.mark.lab, pytest.mark.slow]

REFUSED = "Oakum's executor"
CONTAINERS = "/spec/template/spec/containers"


@pytest.fixture(scope="module")
def place(lab: Lab, accounts: dict[str, Path]) -> None:
    """Make what the writes are about."""
    sets = [workload("held", NAMESPACE, kind) for kind in ("StatefulSet", "DaemonSet")]
    for each in sets:
        each["spec"]["template"]["spec"]["nodeSelector"] = {"no": "node"}
    for each in (held(), cron_job(), *sets):
        lab.kubectl("create", "-f", "-", stdin=json.dumps(each))
    lab.kubectl("create", "service", "clusterip", "theirs", "--tcp=80", "-n", NAMESPACE)
    lab.kubectl("create", "configmap", "theirs", "-n", NAMESPACE)


@pytest.fixture(scope="module")
def deletions(lab: Lab, place: None) -> dict[str, Write]:
    """Give deletions as the executor sends them, of what is not its to delete."""
    found = {
        kind: json.loads(lab.kubectl("get", kind, name, "-n", NAMESPACE, "-o", "json"))
        for kind, name in (("services", "theirs"), ("serviceaccounts", "default"))
    }
    return {f"the end of {kind}": deleted(kind, obj) for kind, obj in found.items()}


@pytest.fixture(scope="module")
def mistake(lab: Lab, place: None) -> Iterator[None]:
    """Grant the executor all there is, as a mistake in RBAC would."""
    name = "oakum-mistake"
    account = EXECUTOR.split(":", 2)[2]
    grant = ("create", "clusterrolebinding", name, "--clusterrole=cluster-admin")
    lab.kubectl(*grant, f"--serviceaccount={account}")
    pod = ("run", "idle", "--image=lab.local/busybox:1", "-n", NAMESPACE)
    lab.kubectl(*pod, "--", "sleep", "9999")
    lab.kubectl("wait", "--for=condition=Ready", "pod/idle", "-n", NAMESPACE, "--timeout=60s")
    yield
    lab.kubectl("delete", "clusterrolebinding", name)


def refused(lab: Lab, accounts: dict[str, Path], write: Write) -> str:
    """Send a write that the policy refuses by one of its rules; what it says."""
    answer = send(lab, accounts["executor"], write)
    assert answer.returncode
    assert REFUSED in answer.stderr
    assert "resulted in error" not in answer.stderr
    return answer.stderr


@pytest.mark.parametrize("what", PATCHES)
def test_what_no_action_changes_is_refused(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    refused(lab, accounts, PATCHES[what])


@pytest.mark.parametrize("what", CREATIONS)
def test_what_no_template_makes_is_not_created(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    refused(lab, accounts, CREATIONS[what])


def test_what_is_not_its_own_is_not_deleted(
    lab: Lab, accounts: dict[str, Path], deletions: dict[str, Write]
) -> None:
    for write in deletions.values():
        refused(lab, accounts, write)


@pytest.mark.parametrize("what", MISTAKES)
def test_a_grant_too_much_does_not_help(
    lab: Lab, accounts: dict[str, Path], mistake: None, what: str
) -> None:
    refused(lab, accounts, MISTAKES[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_what_actions_do_passes(
    lab: Lab, accounts: dict[str, Path], place: None, what: str
) -> None:
    answer = send(lab, accounts["executor"], ALLOWED[what])
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""


def test_others_are_not_held(lab: Lab, place: None) -> None:
    label = ("label", "deployment/held", "-n", NAMESPACE, "a=b", "--dry-run=server")
    assert lab.try_kubectl(*label).returncode == 0


def test_a_digest_never_becomes_a_tag_again(
    lab: Lab, accounts: dict[str, Path], place: None
) -> None:
    pinned = workload("pinned", NAMESPACE, replicas=0)
    pinned["spec"]["template"]["spec"]["containers"][0]["image"] = f"shop/web@{DIGEST}"
    lab.kubectl("create", "-f", "-", stdin=json.dumps(pinned))
    for image in ("shop/web:1", f"shop/web@sha256:{'b' * 64}"):
        patch = [{"op": "replace", "path": f"{CONTAINERS}/0/image", "value": image}]
        refused(lab, accounts, patched("deployment/pinned", patch))


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
    last = f"{CONTAINERS}/39"
    within = [{"op": "add", "path": f"{last}/securityContext", "value": {}}]
    answer = send(lab, accounts["executor"], patched("deployment/large", within))
    assert answer.returncode == 0, answer.stderr
    outside = [{"op": "replace", "path": f"{last}/env/59/value", "value": "y"}]
    refused(lab, accounts, patched("deployment/large", outside))


def _ports(first: int) -> list[dict[str, Any]]:
    return [{"containerPort": 1000 + first + n} for n in range(10)]


def test_each_rule_is_needed(
    lab: Lab, accounts: dict[str, Path], mistake: None, deletions: dict[str, Write]
) -> None:
    """Taken out in turn: something that it refused then passes, unless a wider rule refuses it too."""
    writes = [*PATCHES.values(), *CREATIONS.values(), *MISTAKES.values(), *deletions.values()]
    said = {
        write: refused(lab, accounts, write) for write in writes if write.arguments[0] != "exec"
    }
    rules = policy.documents()[0]["spec"]["validations"]
    missed = []
    try:
        for number, rule in enumerate(rules):
            without_rule(lab, accounts, number)
            tried = [write for write, message in said.items() if rule["message"] in message]
            if not any(send(lab, accounts["executor"], each).returncode == 0 for each in tried):
                missed.append(rule["message"])
    finally:
        lab.kubectl("apply", "-f", "-", stdin=policy.text())
    assert missed == []


def without_rule(lab: Lab, accounts: dict[str, Path], number: int) -> None:
    """Put the policy into force without one rule; which one, the message of the others says."""
    document, _ = policy.documents()
    rules = document["spec"]["validations"]
    del rules[number]
    for rule in rules:
        rule["message"] += f" Without {number}."
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(document))
    tries = (PATCHES["a label of a namespace"], CREATIONS["a load balancer"])
    for _ in range(120):
        if any(
            f"Without {number}." in send(lab, accounts["executor"], each).stderr for each in tries
        ):
            return
        time.sleep(0.1)
    raise AssertionError("the changed policy does not come into force")


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
    assert rehearsal.state is State.HANDOVER
    assert "folder of the node" in rehearsal.reason
