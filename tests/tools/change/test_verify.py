"""Verifying: verified only with a full rollout, no old pod, and checks that pass on the pods."""

import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, namespace, rolled_out
from tools import vocabulary
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.scale import Scale
from tools.actions.undo_change import UndoChange
from tools.change.rehearse import rehearse
from tools.change.verify import POLL_S, Watch, verify
from tools.changes import Intent, Outcome, OutcomeKind
from tools.plans import Done
from tools.types import Target

SETS = "/apis/apps/v1/replicasets"
PODS = "/api/v1/pods"
EVENTS = "/api/v1/events"
SERVICES = "/api/v1/services"
INGRESSES, POLICIES = (f"/apis/networking.k8s.io/v1/{x}" for x in ("ingresses", "networkpolicies"))
KINDS_OF_A_SCAN = (
    *(PODS, EVENTS, SETS, "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets"),
    *("/apis/batch/v1/jobs", "/apis/batch/v1/cronjobs", "/api/v1/replicationcontrollers"),
)


async def applied(bench: Any, **kept: Any) -> tuple[Intent, Outcome]:
    """Apply the change; give what was approved and what came of it."""
    for path in KINDS_OF_A_SCAN:
        bench.api.objects.setdefault(path, [])
    intent = await bench.intend("operation-1", **kept)
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED
    return intent, outcome


def finish(bench: Any, edit: Callable[..., None] | None = None) -> None:
    """Let the controllers do their work; `edit` changes what comes of it."""
    [deployed] = bench.api.objects[DEPLOYMENTS]
    obj, replica_set, pods = rolled_out(deployed)
    if edit:
        edit(obj, replica_set, pods)
    bench.api.objects |= {DEPLOYMENTS: [obj], SETS: [replica_set], PODS: pods}


def watch(bench: Any, then: Callable[[], None] | None = None) -> Watch:
    """Watch with a time that waiting moves; `then` happens during the first wait."""
    left = [then]

    async def wait(seconds: float) -> None:
        await bench.wait(seconds)
        happens = left.pop() if left else None
        if happens:
            happens()

    waiting: Callable[[float], Awaitable[None]] = wait
    return Watch(bench.reader, bench.writer, bench.clock, waiting)


async def test_rolled_out_and_passing_is_verified_with_the_findings(bench: Any) -> None:
    intent, outcome = await applied(bench)
    start = bench.now
    seen = await verify(intent, outcome, watch(bench, lambda: finish(bench)))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason
    assert (bench.now - start).total_seconds() == POLL_S
    judged = {(f.check, f.ref.kind, str(f.verdict)) for f in seen.findings}
    assert ("privileged_container", "Deployment", "pass") in judged
    assert ("privileged_container", "Pod", "pass") in judged
    assert (seen.audit_id, seen.resource_version) == (outcome.audit_id, outcome.resource_version)


async def test_verifying_changes_nothing(bench: Any) -> None:
    intent, outcome = await applied(bench)
    bench.api.requests.clear()
    finish(bench)
    await verify(intent, outcome, watch(bench))
    assert {seen.method for seen in bench.api.requests} == {"GET"}


def an_old_pod(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    old = copy.deepcopy(pods[0])
    old["metadata"] |= {"name": "old", "uid": "uid-old"}
    old["metadata"]["labels"]["pod-template-hash"] = "hash1"
    pods.append(old)


def a_privileged_pod(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    """As a mutating webhook would leave it."""
    pods[0]["spec"]["containers"][0]["securityContext"] = {"privileged": True}


def an_injected_container(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    pods[0]["spec"]["containers"].append(
        {"name": "sidecar", "image": "x", "securityContext": {"privileged": True}}
    )


def one_missing(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    obj["status"]["updatedReplicas"] = 2


def not_available(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    obj["status"]["availableReplicas"] = 0
    pods[0]["status"] = {
        "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]
    }


def not_seen(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    obj["status"]["observedGeneration"] = 1


def gave_up(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    obj["status"]["updatedReplicas"] = 1
    obj["status"]["conditions"] = [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    ]


@pytest.mark.parametrize(
    ("what", "words", "undo"),
    [
        (an_old_pod, "old ones are still there", False),
        (a_privileged_pod, "not shown to pass", False),
        (an_injected_container, "not shown to pass", False),
        (one_missing, "2 of 3 pods are updated", True),
        (not_available, "ImagePullBackOff", True),
        (not_seen, "has not seen the change", True),
        (gave_up, "did not come up", True),
    ],
)
async def test_anything_less_is_unverified_with_its_reason(
    bench: Any, what: Any, words: str, undo: bool
) -> None:
    bench.api.objects[DEPLOYMENTS][0]["spec"]["progressDeadlineSeconds"] = 60
    intent, outcome = await applied(bench)
    finish(bench, what)
    start = bench.now
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert words in seen.reason
    assert seen.suggest_undo is undo
    assert (bench.now - start).total_seconds() <= 60 + POLL_S


def an_earlier_one_gave_up(obj: Any, replica_set: Any, pods: list[Any]) -> None:
    """As a Deployment is for a moment that is led back to a ReplicaSet it has."""
    gave_up(obj, replica_set, pods)
    obj["status"]["conditions"][0]["lastUpdateTime"] = "2026-01-01T00:00:00Z"


async def test_a_deadline_that_an_earlier_rollout_ran_over_says_nothing_of_this_one(
    bench: Any,
) -> None:
    intent, outcome = await applied(bench)
    finish(bench, an_earlier_one_gave_up)
    seen = await verify(intent, outcome, watch(bench, lambda: finish(bench)))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason


async def test_the_rollouts_own_deadline_is_kept(bench: Any) -> None:
    [deployed] = bench.api.objects[DEPLOYMENTS]
    deployed["spec"]["progressDeadlineSeconds"] = 20
    intent, outcome = await applied(bench)
    start = bench.now
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert 20 <= (bench.now - start).total_seconds() <= 20 + POLL_S


def refusal(name: str, message: str, at: str = "2026-06-01T00:00:00Z") -> dict[str, Any]:
    return {
        "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"kind": "ReplicaSet", "name": name, "namespace": "shop"},
        "type": "Warning",
        "reason": "FailedCreate",
        "message": message,
        "lastTimestamp": at,
        "count": 3,
    }


PSA = 'pods "web-x" is forbidden: violates PodSecurity "restricted:latest": privileged'


async def test_pods_refused_by_pod_security_are_reported_at_once_from_events(bench: Any) -> None:
    intent, outcome = await applied(bench)
    finish(bench, one_missing)
    bench.api.objects[EVENTS] = [refusal("web-hash2", PSA)]
    start = bench.now
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert "violates PodSecurity" in seen.reason
    assert seen.suggest_undo
    assert bench.now == start


@pytest.mark.parametrize(
    "event",
    [
        refusal("web-hash1", PSA),
        refusal("web-hash2", PSA, at="2025-12-31T23:59:59Z"),
        refusal("web-hash2", "exceeded quota: compute"),
    ],
    ids=["old revision", "before the change", "may pass by itself"],
)
async def test_other_events_do_not_end_the_wait(bench: Any, event: dict[str, Any]) -> None:
    intent, outcome = await applied(bench)
    finish(bench, one_missing)
    bench.api.objects[EVENTS] = [event]
    seen = await verify(intent, outcome, watch(bench, lambda: finish(bench)))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason


@pytest.mark.parametrize(
    ("spec", "words"), [({"paused": True}, "paused"), ({"replicas": 0}, "zero")]
)
async def test_where_no_new_pod_comes_nothing_is_waited_for(
    bench: Any, spec: dict[str, Any], words: str
) -> None:
    bench.api.objects[DEPLOYMENTS][0]["spec"] |= spec
    intent, outcome = await applied(bench)
    start = bench.now
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert words in seen.reason
    assert not seen.suggest_undo
    assert {str(finding.verdict) for finding in seen.findings} == {"pass"}
    assert bench.now == start


def a_container_more(obj: dict[str, Any], dry: bool) -> None:
    """As a webhook does that leaves dry runs alone."""
    if not dry:
        pod = obj["spec"]["template"]["spec"]
        pod["hostNetwork"] = True
        pod["containers"].append({"name": "evil", "image": "x"})


async def test_what_the_server_made_otherwise_than_its_dry_run_said_is_not_verified(
    bench: Any,
) -> None:
    bench.api.writes.admit = a_container_more
    intent, outcome = await applied(bench)
    finish(bench)
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert "did something else" in seen.reason
    assert seen.suggest_undo


def allow_all(obj: dict[str, Any]) -> None:
    obj["spec"]["ingress"] = [{}]


def another_name(obj: dict[str, Any]) -> None:
    obj["spec"]["podSelector"] = {"matchLabels": {"app": "none"}}


@pytest.mark.parametrize("when", ["at the write", "since"])
@pytest.mark.parametrize("what", [allow_all, another_name])
async def test_a_new_object_that_is_not_as_its_manifest_says_is_not_verified(
    bench: Any, what: Callable[[dict[str, Any]], None], when: str
) -> None:
    bench.api.objects |= {path: [] for path in (SERVICES, INGRESSES, POLICIES)}
    if when == "at the write":
        bench.api.writes.admit = lambda obj, dry: None if dry else what(obj)
    target = Target("lab", "v1", "Namespace", "", "shop")
    intent, outcome = await applied(bench, action=vocabulary.encode(DenyTraffic(target=target)))
    if when == "since":
        bench.api.writes.change(POLICIES, "default-deny", what)
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    words = "did something else" if when == "at the write" else "Somebody changed it since"
    assert words in seen.reason


async def test_what_the_server_adds_to_a_new_object_in_dry_run_and_write_alike_is_verified(
    bench: Any,
) -> None:
    def default(obj: dict[str, Any], dry: bool) -> None:
        obj["spec"]["policyTypes"] = ["Ingress"]
        obj["metadata"]["labels"] = {"made-by": "webhook"}

    bench.api.objects |= {path: [] for path in (SERVICES, INGRESSES, POLICIES)}
    bench.api.writes.admit = default
    target = Target("lab", "v1", "Namespace", "", "shop")
    intent, outcome = await applied(bench, action=vocabulary.encode(DenyTraffic(target=target)))
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason


LATER = {
    "set back": lambda o: o["spec"]["template"]["spec"]["containers"][0]["securityContext"].update(
        privileged=True
    ),
    "another operation": lambda o: o["metadata"]["annotations"].update(
        {"oakum.dev/operation-id": "op-9"}
    ),
    "made again": lambda o: o["metadata"].update(uid="uid-other"),
}


@pytest.mark.parametrize("what", LATER)
async def test_what_somebody_changed_since_is_not_called_ours(bench: Any, what: str) -> None:
    intent, outcome = await applied(bench)
    finish(bench)
    bench.api.writes.change(DEPLOYMENTS, "web", LATER[what])
    assert (await verify(intent, outcome, watch(bench))).kind is OutcomeKind.UNVERIFIED


async def test_gone_or_unreadable_is_unverified(bench: Any) -> None:
    intent, outcome = await applied(bench)
    finish(bench)
    bench.api.forbidden = {"pods"}
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert "could not be looked at" in seen.reason
    bench.api.objects[DEPLOYMENTS].clear()
    seen = await verify(intent, outcome, watch(bench))
    assert (seen.kind, seen.reason) == (OutcomeKind.UNVERIFIED, "It is gone since.")


async def test_scaling_waits_for_the_replicas_and_judges_no_check(bench: Any) -> None:
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    action = vocabulary.encode(Scale(target=target, replicas=0))
    intent, outcome = await applied(bench, action=action)

    def scaled() -> None:
        def none(obj: Any, replica_set: Any, pods: list[Any]) -> None:
            obj["status"] |= {"replicas": 0, "updatedReplicas": 0, "availableReplicas": 0}
            pods.clear()

        finish(bench, none)

    seen = await verify(intent, outcome, watch(bench, scaled))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason
    assert seen.findings == ()


async def test_undo_puts_the_touched_fields_back_and_is_called_undone(bench: Any) -> None:
    before = copy.deepcopy(bench.api.objects[DEPLOYMENTS][0]["spec"])
    intent, outcome = await applied(bench)
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    action = vocabulary.encode(UndoChange(target=target, operation_id="operation-1"))
    done = (Done(intent.operation, outcome.uid),)
    rehearsal = await rehearse(action, bench.reader, bench.writer, now=bench.now, done=done)
    assert rehearsal.seal, rehearsal.reason
    back = Intent("operation-2", rehearsal.seal, 0, intent.expires_at)
    undone = await bench.apply(back)
    assert undone.kind is OutcomeKind.APPLIED, undone.reason
    [obj] = bench.api.objects[DEPLOYMENTS]
    assert obj["spec"] == before
    finish(bench)
    seen = await verify(back, undone, watch(bench))
    assert seen.kind is OutcomeKind.UNDONE, seen.reason


async def test_undo_refuses_what_somebody_changed_since(bench: Any) -> None:
    intent, outcome = await applied(bench)
    bench.api.writes.change(DEPLOYMENTS, "web", LATER["set back"])
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    action = vocabulary.encode(UndoChange(target=target, operation_id="operation-1"))
    done = (Done(intent.operation, outcome.uid),)
    rehearsal = await rehearse(action, bench.reader, bench.writer, now=bench.now, done=done)
    assert rehearsal.seal is None
    assert "since" in rehearsal.reason


async def test_a_deletion_is_verified_when_it_is_gone_and_waited_for_no_longer_than_allowed(
    bench: Any,
) -> None:
    target = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-web")
    action = vocabulary.encode(DeleteObject(target=target))
    intent, outcome = await applied(bench, action=action)
    assert (await verify(intent, outcome, watch(bench))).kind is OutcomeKind.VERIFIED
    bench.api.objects[DEPLOYMENTS] = [
        {"metadata": {"name": "web", "namespace": "shop", "uid": "uid-web"}}
    ]
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert "still being deleted" in seen.reason


async def test_a_label_of_a_namespace_has_no_rollout(bench: Any) -> None:

    for path in KINDS_OF_A_SCAN:
        bench.api.objects.setdefault(path, [])
    bench.api.objects[NAMESPACES] = [namespace()]
    target = Target("lab", "v1", "Namespace", "", "shop")
    action = vocabulary.encode(LabelNamespace(target=target, enforce=Level.BASELINE))
    intent, outcome = await applied(bench, action=action)
    seen = await verify(intent, outcome, watch(bench))
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason
