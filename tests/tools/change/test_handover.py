"""What is handed over is verified by reading alone, and only once all of it is there and passes."""

from typing import Any

import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tools import vocabulary
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.change.handover import handed_over
from tools.changes import OutcomeKind, State
from tools.objects.kinds import KINDS
from tools.types import Target

RBAC = "rbac.authorization.k8s.io/v1"

KINDS_OF_A_SCAN = (
    *("/api/v1/pods", "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets"),
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
