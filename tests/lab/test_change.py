"""Single steps of changes on a real server with the shipped accounts, where something is amiss.

Whole lives, from the finding to verified and back, are in test_life.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lab.changing import (
    EXECUTOR,
    Journey,
    workload,
)
from tests.lab.cluster import Lab
from tools.actions.delete_object import DeleteObject
from tools.actions.deploy_app import DeployApp
from tools.actions.harden_workload import HardenWorkload
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.restart import Restart
from tools.actions.undo_change import UndoChange
from tools.change.account import Subject, may
from tools.change.recover import recover
from tools.change.verify import Watch, verify
from tools.changes import OutcomeKind, State
from tools.planning.hardening import Setting
from tools.types import Operation, Target, Verb

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAMESPACE = "changing"


def harden(journey: Journey, name: str, kind: str = "Deployment") -> HardenWorkload:
    api_version = "batch/v1" if kind == "CronJob" else "apps/v1"
    return HardenWorkload(
        target=journey.target(name, kind, api_version),
        settings=(Setting.PRIVILEGED,),
        answers=("privileged_container",),
    )


def privileged(obj: dict[str, Any]) -> Any:
    return obj["spec"]["template"]["spec"]["containers"][0]["securityContext"].get("privileged")


async def test_changed_after_it_was_sealed_is_stale(journey: Journey) -> None:
    journey.create(workload("edited", NAMESPACE))
    [intent] = await journey.seal(harden(journey, "edited"), "edited")
    journey.lab.kubectl("set", "env", "deployment/edited", "A=b", "-n", NAMESPACE)
    outcome = await journey.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert privileged(journey.get("deployment", "edited")) is True


async def test_deleted_and_made_again_with_the_same_name_is_stale(journey: Journey) -> None:
    same = workload("again", NAMESPACE)
    journey.create(same)
    [intent] = await journey.seal(harden(journey, "again"), "again")
    journey.lab.kubectl("delete", "deployment/again", "-n", NAMESPACE)
    assert (await journey.apply(intent)).kind is OutcomeKind.STALE
    journey.create(same)
    outcome = await journey.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert "made again" in outcome.reason
    assert privileged(journey.get("deployment", "again")) is True


async def test_a_crash_after_the_write_is_known_as_done_and_one_before_begins_again(
    journey: Journey,
) -> None:
    journey.create(workload("crash", NAMESPACE, replicas=0))
    [intent] = await journey.seal(harden(journey, "crash"), "crash")
    assert await recover(intent, journey.writer, now=journey.clock()) is None
    await journey.apply(intent)
    found = await recover(intent, journey.writer, now=journey.clock())
    assert found
    assert found.kind is OutcomeKind.APPLIED
    generation = journey.get("deployment", "crash")["metadata"]["generation"]
    again = await journey.apply(intent, sent=True)
    assert again.kind is OutcomeKind.APPLIED
    assert journey.get("deployment", "crash")["metadata"]["generation"] == generation


async def test_pods_that_would_be_refused_are_predicted(journey: Journey) -> None:
    lab = journey.lab
    journey.create(workload("predicted", NAMESPACE, replicas=0))
    label = ("label", "namespace", NAMESPACE, "--overwrite")
    lab.kubectl(*label, "pod-security.kubernetes.io/enforce=restricted")
    try:
        refused = await journey.rehearse(harden(journey, "predicted"))
        target = journey.target("predicted")
        rehearsal = await journey.rehearse(Restart(target=target, at="2026-01-01T00:00:00Z"))
    finally:
        lab.kubectl(*label, "pod-security.kubernetes.io/enforce-")
    assert refused.state is State.REFUSED
    assert "enforces restricted" in refused.reason
    assert rehearsal.state is State.WOULD_BE_REFUSED
    assert "would be refused" in rehearsal.reason
    assert any("would violate PodSecurity" in warning for warning in rehearsal.warnings)
    assert rehearsal.seal is None


NO_POD = {
    "paused": ("Deployment", {"paused": True}, "paused"),
    "zero": ("Deployment", {"replicas": 0}, "zero replicas"),
    "on-delete": ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
}


@pytest.mark.parametrize("name", NO_POD)
async def test_where_no_new_pod_comes_it_says_so_at_once(journey: Journey, name: str) -> None:
    kind, spec, words = NO_POD[name]
    journey.create(workload(name, NAMESPACE, kind, **spec))
    [outcome] = await journey.run(harden(journey, name, kind), f"no-pod-{name}")
    assert outcome.kind is OutcomeKind.UNVERIFIED
    assert words in outcome.reason
    assert not outcome.suggest_undo


async def test_a_creation_never_touches_what_is_there(journey: Journey) -> None:
    journey.create(workload("late", NAMESPACE, replicas=0))
    action = OwnServiceAccount(
        target=journey.target("late"), account="late-account", confirmed=True
    )
    create, _ = await journey.seal(action, "late-op")
    journey.lab.kubectl("create", "sa", "late-account", "-n", NAMESPACE)
    before = journey.get("sa", "late-account")
    assert (await journey.apply(create)).kind is OutcomeKind.STALE
    operation = create.operation
    direct = await journey.writer.create(
        operation.target, operation.manifest, "late-op", dry_run=False
    )
    assert direct.status == 409
    assert journey.get("sa", "late-account") == before


async def test_an_app_whose_image_is_not_to_be_had_does_not_come_up_and_is_taken_back(
    journey: Journey,
) -> None:
    image = f"127.0.0.1:9/missing@sha256:{'0' * 64}"
    target = journey.target("shopfront")
    action = DeployApp(target=target, image=image, port=8080, replicas=1, user=1000)
    intents = await journey.seal(action, "deploy-it")
    outcomes = [await journey.apply(intent) for intent in intents]
    assert {o.kind for o in outcomes} == {OutcomeKind.APPLIED}, [o.reason for o in outcomes]
    seen = []
    for intent, outcome in zip(intents, outcomes, strict=True):
        ahead = [0.0]

        async def no_wait(seconds: float, ahead: list[float] = ahead) -> None:
            ahead[0] += 100 * seconds

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
    """Give a clock that waiting moves far, so that a deadline of minutes passes at once."""
    return lambda: journey.clock() + timedelta(seconds=ahead[0])


async def test_a_deletion_is_of_one_object_and_verified(journey: Journey) -> None:
    journey.create(workload("doomed", NAMESPACE, replicas=0))
    uid = journey.get("deployment", "doomed")["metadata"]["uid"]
    target = Target("lab", "apps/v1", "Deployment", NAMESPACE, "doomed", uid)
    [intent] = await journey.seal(DeleteObject(target=target), "delete-it")
    other = Target("lab", "apps/v1", "Deployment", NAMESPACE, "doomed", "another-uid")
    refused = await journey.writer.delete(other, "1", "delete-it", dry_run=False)
    assert refused.status == 409
    applied = await journey.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED, applied.reason
    assert (await journey.verify(intent, applied)).kind is OutcomeKind.VERIFIED
    left = journey.lab.kubectl("get", "pods", "-l", "app=doomed", "-n", NAMESPACE, "-o", "name")
    assert left == ""
    found = await recover(intent, journey.writer, now=journey.clock())
    assert found
    assert found.kind is OutcomeKind.UNKNOWN


ADMISSION = "admissionregistration.k8s.io/v1"
POLICY = {
    "apiVersion": ADMISSION,
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "changing-no"},
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "operations": ["UPDATE"],
                    "resources": ["deployments"],
                }
            ]
        },
        "matchConditions": [
            {"name": "executor", "expression": f"request.userInfo.username == '{EXECUTOR}'"}
        ],
        "validations": [{"expression": "false", "message": "not on a Friday"}],
    },
}
BINDING = {
    "apiVersion": ADMISSION,
    "kind": "ValidatingAdmissionPolicyBinding",
    "metadata": {"name": "changing-no"},
    "spec": {"policyName": "changing-no", "validationActions": ["Deny"]},
}


async def test_an_admission_policy_that_comes_in_between_refuses_it_in_its_words(
    journey: Journey,
) -> None:
    journey.create(workload("policed", NAMESPACE, replicas=0))
    [intent] = await journey.seal(harden(journey, "policed"), "policed-op")
    try:
        journey.create(POLICY, BINDING)
        for _ in range(60):
            rehearsal = await journey.rehearse(harden(journey, "policed"))
            if rehearsal.state is not State.READY:
                break
            await asyncio.sleep(0.5)
        assert rehearsal.state is State.WOULD_BE_REFUSED
        assert "not on a Friday" in rehearsal.reason
        outcome = await journey.apply(intent)
        assert outcome.kind is OutcomeKind.REFUSED
        assert "not on a Friday" in outcome.reason
    finally:
        for each in (BINDING, POLICY):
            journey.lab.kubectl("delete", each["kind"], "changing-no", "--ignore-not-found")
    assert privileged(journey.get("deployment", "policed")) is True


async def test_access_reviews_say_what_people_may(journey: Journey) -> None:
    lab = journey.lab
    grant = ("create", "rolebinding", "editor", "--clusterrole=edit", "--user=ada")
    lab.kubectl(*grant, "-n", NAMESPACE)
    target = journey.target("anything")
    for verb, person, allowed in (
        (Verb.PATCH, "ada", True),
        (Verb.DELETE, "ada", True),
        (Verb.PATCH, "eve", False),
    ):
        assert await may(journey.writer, Subject(person), Operation(verb, target)) is allowed


OUTSIDE = {
    "read secrets": ("get", "secrets", "-n", NAMESPACE),
    "list workloads": ("get", "deployments", "-n", NAMESPACE),
    "another namespace": ("get", "deployment", "one", "-n", "default"),
    "patch elsewhere": ("patch", "deployment", "coredns", "-n", "kube-system", "-p", "{}"),
    "read configmaps": ("get", "cm", "kube-root-ca.crt", "-n", NAMESPACE),
    "run a pod": ("run", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE),
    "patch a pod": ("label", "pod", "there", "a=b", "-n", NAMESPACE),
    "make a job": ("create", "job", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE),
    "scale by subresource": ("scale", "deployment/there", "--replicas=9", "-n", NAMESPACE),
    "label another namespace": ("label", "namespace", "default", "a=b"),
    "delete a namespace": ("delete", "namespace", NAMESPACE),
    "delete a collection": ("delete", "deployments", "--all", "-n", NAMESPACE),
    "delete a secret": ("delete", "secret", "x", "-n", NAMESPACE),
    "delete a claim": ("delete", "pvc", "x", "-n", NAMESPACE),
    "make a token": ("create", "token", "default", "-n", NAMESPACE),
    "grant": ("create", "rolebinding", "x", "--clusterrole=edit", "--user=x", "-n", NAMESPACE),
    "make a role": ("create", "role", "x", "--verb=get", "--resource=pods", "-n", NAMESPACE),
    "impersonate": ("get", "deployment", "x", "-n", NAMESPACE, "--as=system:admin"),
    "exec": ("exec", "there", "-n", NAMESPACE, "--", "true"),
    "read logs": ("logs", "there", "-n", NAMESPACE),
    "cluster roles": ("get", "clusterroles"),
    "nodes": ("get", "nodes"),
}


@pytest.fixture(scope="module")
def there(lab: Lab, accounts: dict[str, Path]) -> None:
    """Make a pod and a Deployment that the account could be wrongly let at."""
    pod = ("run", "there", "--image=lab.local/busybox:1", "-n", NAMESPACE)
    lab.kubectl(*pod, "--command", "--", "sleep", "3600")
    lab.kubectl("create", "-f", "-", stdin=json.dumps(workload("there", NAMESPACE, replicas=0)))


@pytest.mark.parametrize("what", OUTSIDE)
def test_the_writers_account_is_refused_everything_outside(
    lab: Lab, accounts: dict[str, Path], there: None, what: str
) -> None:
    answer = lab.try_kubectl(f"--kubeconfig={accounts['executor']}", *OUTSIDE[what])
    assert answer.returncode != 0
    assert "forbidden" in answer.stderr.lower()
