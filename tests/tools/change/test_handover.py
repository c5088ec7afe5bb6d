"""What is handed over is verified by reading alone, and only once all of it is there and passes."""

import copy
from typing import Any

import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, deployment, rolled_out
from tools import vocabulary
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.change.handover import handed_over
from tools.changes import OutcomeKind, State
from tools.objects.kinds import KINDS
from tools.types import Operation, Target, Verb

RBAC = "rbac.authorization.k8s.io/v1"

PODS, SETS = "/api/v1/pods", "/apis/apps/v1/replicasets"
KINDS_OF_A_SCAN = (
    *(PODS, SETS, "/api/v1/events", "/apis/apps/v1/statefulsets"),
    *("/apis/apps/v1/daemonsets", "/apis/batch/v1/jobs", "/apis/batch/v1/cronjobs"),
    "/api/v1/replicationcontrollers",
)
SAFE = {"privileged": False, "allowPrivilegeEscalation": False}


async def handed(bench: Any) -> Any:
    """Hand a change over and give what looks at it."""
    owned = deployment()
    owned["metadata"]["annotations"]["meta.helm.sh/release-name"] = "shop"
    bench.api.objects |= {path: [] for path in KINDS_OF_A_SCAN} | {DEPLOYMENTS: [owned]}
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.HANDOVER
    operations = [operation for operation, _ in rehearsal.diff]

    async def look() -> Any:
        return await handed_over(
            bench.action(), operations, ("privileged_container",), bench.reader, bench.clock
        )

    return look


async def test_it_is_verified_when_somebody_made_it_and_not_before(bench: Any) -> None:
    look = await handed(bench)
    before = await look()
    assert (before.kind, before.reason) == (
        OutcomeKind.UNVERIFIED,
        "It has not been made yet.",
    )
    bench.api.objects[DEPLOYMENTS] = [deployment(securityContext=SAFE)]
    after = await look()
    assert after.kind is OutcomeKind.VERIFIED, after.reason
    assert [str(finding.verdict) for finding in after.findings] == ["pass"]
    assert {seen.method for seen in bench.api.requests} == {"GET"}


async def test_made_but_still_failing_is_not_verified(bench: Any) -> None:
    look = await handed(bench)
    made = deployment(securityContext=SAFE)
    made["spec"]["template"]["spec"]["containers"].append(
        {"name": "late", "image": "x", "securityContext": {"privileged": True}}
    )
    bench.api.objects[DEPLOYMENTS] = [made]
    seen = await look()
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert "not shown to pass" in seen.reason


def made(bench: Any, edit: Any = None) -> None:
    """Change it as its owner would; `edit` changes what its controllers made of that."""
    changed = deployment(securityContext=SAFE)
    changed["metadata"]["generation"] = 2
    obj, replica_set, pods = rolled_out(changed)
    if edit:
        edit(obj, pods)
    bench.api.objects |= {DEPLOYMENTS: [obj], SETS: [replica_set], PODS: pods}


def not_rolled_out(obj: Any, pods: list[Any]) -> None:
    obj["status"]["updatedReplicas"] = 0


def gave_up(obj: Any, pods: list[Any]) -> None:
    obj["status"]["updatedReplicas"] = 0
    obj["status"]["conditions"] = [{"reason": "ProgressDeadlineExceeded"}]


def not_seen(obj: Any, pods: list[Any]) -> None:
    obj["status"]["observedGeneration"] = 1


def an_old_pod(obj: Any, pods: list[Any]) -> None:
    old = copy.deepcopy(pods[0])
    old["metadata"] |= {"name": "old", "uid": "uid-old"}
    old["metadata"]["labels"]["pod-template-hash"] = "hash1"
    pods.append(old)


def a_privileged_pod(obj: Any, pods: list[Any]) -> None:
    pods[0]["spec"]["containers"][0]["securityContext"] = {"privileged": True}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (not_rolled_out, "not in effect"),
        (gave_up, "did not come up"),
        (not_seen, "not in effect"),
        (an_old_pod, "not in effect"),
        (a_privileged_pod, "not shown to pass"),
    ],
)
async def test_as_long_as_pods_of_before_may_run_it_is_not_verified(
    bench: Any, edit: Any, words: str
) -> None:
    look = await handed(bench)
    made(bench, edit)
    seen = await look()
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert words in seen.reason
    made(bench)
    seen = await look()
    assert seen.kind is OutcomeKind.VERIFIED, seen.reason
    assert {f.ref.kind for f in seen.findings} == {"Deployment", "Pod"}


@pytest.mark.parametrize(
    "more", [{}, {"ingress": [{}]}, {"podSelector": {"matchLabels": {"a": "b"}}}]
)
async def test_what_was_to_be_created_is_compared_with_its_manifest(
    bench: Any, more: dict[str, Any]
) -> None:
    await handed(bench)
    place = {"name": "default-deny", "namespace": "shop"}
    manifest = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": place,
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    aim = Target("lab", "networking.k8s.io/v1", "NetworkPolicy", "shop", "default-deny")
    operations = [Operation(Verb.CREATE, aim, manifest=manifest)]
    there = {**manifest, "spec": {**manifest["spec"], **more}}
    there["metadata"] = {**place, "uid": "u-1", "labels": {"by": "somebody"}}
    bench.api.objects["/apis/networking.k8s.io/v1/networkpolicies"] = [there]
    seen = await handed_over(bench.action(), operations, (), bench.reader, bench.clock)
    assert (seen.kind is OutcomeKind.VERIFIED) is (not more), seen.reason
    assert more == {} or "other than it was handed over" in seen.reason


@pytest.mark.parametrize("name", ["kubeadm:cluster-admins", "CamelCase", "plain"])
@pytest.mark.parametrize("kind", ["ClusterRoleBinding", "RoleBinding"])
async def test_rbac_of_an_ordinary_name_is_handed_over(bench: Any, kind: str, name: str) -> None:
    """Their names may hold colons and capitals, as those of kubeadm and of operators do."""
    found = KINDS[kind]
    place = "shop" if found.namespaced else ""
    bound = {
        "apiVersion": found.group_version,
        "kind": kind,
        "metadata": {"name": name, "uid": "u-1", "resourceVersion": "3"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": one} for one in ("ada", "bob")],
    }
    bound["metadata"] |= {"namespace": place} if place else {}
    bench.api.objects[f"/apis/{RBAC}/{found.plural}"] = [bound]
    target = Target("lab", found.group_version, kind, place, name)
    subject = BoundSubject(kind=SubjectKind.USER, name="ada")
    action = RemoveSubject(target=target, subject=subject)
    rehearsal = await bench.rehearse(vocabulary.encode(action))
    assert rehearsal.state is State.HANDOVER, rehearsal.reason


@pytest.mark.parametrize("gone", [True, False])
async def test_gone_or_unreadable_is_not_verified(bench: Any, gone: bool) -> None:
    look = await handed(bench)
    if gone:
        bench.api.objects[DEPLOYMENTS] = []
    else:
        bench.api.forbidden = {"deployments"}
    seen = await look()
    assert seen.kind is OutcomeKind.UNVERIFIED
    assert ("is gone" if gone else "could not be looked at") in seen.reason
