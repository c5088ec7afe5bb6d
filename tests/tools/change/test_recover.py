"""Recovering: what a reading says of a write that was about to be sent."""

from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, namespace
from tools import vocabulary
from tools.actions.delete_object import DeleteObject
from tools.actions.own_service_account import OwnServiceAccount
from tools.change.recover import recover
from tools.changes import OPERATION, Intent, OutcomeKind
from tools.errors import ClusterUnreachable
from tools.types import Target

ACCOUNTS = "/api/v1/serviceaccounts"


def container(obj: dict[str, Any]) -> dict[str, Any]:
    return obj["spec"]["template"]["spec"]["containers"][0]


async def test_our_annotation_means_done(bench: Any) -> None:
    intent = await bench.intend()
    await bench.apply(intent)
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert (found.kind, found.uid) == (OutcomeKind.APPLIED, "uid-web")


@pytest.mark.parametrize("by", ["executor", "somebody else"])
async def test_our_annotation_on_what_is_not_as_it_was_to_be_is_not_known(
    bench: Any, by: str
) -> None:
    intent = await bench.intend()

    def forge(obj: dict[str, Any]) -> None:
        obj["metadata"]["annotations"][OPERATION] = "op-1"
        container(obj)["securityContext"] = {"privileged": True}

    if by == "executor":
        await bench.apply(intent)
    bench.api.writes.change(DEPLOYMENTS, "web", forge)
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.UNKNOWN
    assert "bears the mark" in found.reason


async def test_done_stays_done_after_the_approval_has_expired(bench: Any) -> None:
    intent = await bench.intend()
    await bench.apply(intent)
    found = await recover(intent, bench.writer, now=bench.now + timedelta(days=1))
    assert found
    assert found.kind is OutcomeKind.APPLIED


async def test_untouched_fields_mean_begin_again_until_the_approval_expires(bench: Any) -> None:
    intent = await bench.intend()
    bench.api.writes.change(DEPLOYMENTS, "web", lambda o: o["status"].update(replicas=1))
    assert await recover(intent, bench.writer, now=intent.expires_at - timedelta(seconds=1)) is None
    late = await recover(intent, bench.writer, now=intent.expires_at)
    assert late
    assert late.kind is OutcomeKind.STALE


STALE = {
    "the touched field": lambda o: container(o).update(securityContext={"privileged": False}),
    "another container there": lambda o: container(o).update(name="other"),
    "made again": lambda o: o["metadata"].update(uid="other"),
}


@pytest.mark.parametrize("what", STALE)
async def test_anything_else_is_stale(bench: Any, what: str) -> None:
    intent = await bench.intend()
    bench.api.writes.change(DEPLOYMENTS, "web", STALE[what])
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.STALE


async def test_another_operations_annotation_is_not_ours(bench: Any) -> None:
    intent = await bench.intend()
    await bench.apply(intent)
    bench.api.writes.change(
        DEPLOYMENTS, "web", lambda o: o["metadata"]["annotations"].update({OPERATION: "op-9"})
    )
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.STALE


async def test_gone_is_stale(bench: Any) -> None:
    intent = await bench.intend()
    bench.api.objects[DEPLOYMENTS].clear()
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.STALE


async def test_what_cannot_be_read_is_not_decided(bench: Any) -> None:
    intent = await bench.intend()
    bench.api.forbidden = {"deployments"}
    with pytest.raises(ClusterUnreachable):
        await recover(intent, bench.writer, now=bench.now)


async def deletion(bench: Any) -> Intent:
    target = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-web")
    return await bench.intend("op-del", vocabulary.encode(DeleteObject(target=target)))


async def test_a_deleted_object_is_gone_by_whom_is_not_known(bench: Any) -> None:
    intent = await deletion(bench)
    assert await recover(intent, bench.writer, now=bench.now) is None
    applied = await bench.apply(intent)
    assert (applied.kind, applied.uid) == (OutcomeKind.APPLIED, "uid-web")
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.UNKNOWN
    assert (await bench.apply(intent)).kind is OutcomeKind.STALE
    assert len(bench.effects) == 1


@pytest.mark.parametrize("how", ["drop", "cut", "hang"])
async def test_a_deletion_whose_answer_is_lost_is_sent_once(bench: Any, how: str) -> None:
    intent = await deletion(bench)
    bench.fail(how, after=True)
    assert (await bench.apply(intent)).kind is OutcomeKind.UNKNOWN
    assert len(bench.effects) == 1
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.UNKNOWN


async def creation(bench: Any) -> Intent:
    bench.api.objects |= {
        ACCOUNTS: [],
        "/apis/rbac.authorization.k8s.io/v1/rolebindings": [],
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": [],
        NAMESPACES: [namespace()],
    }
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    action = OwnServiceAccount(target=target, account="web", confirmed=True)
    return await bench.intend("op-new", vocabulary.encode(action))


@pytest.mark.parametrize("how", ["drop", "cut", "hang"])
@pytest.mark.parametrize("after", [True, False])
async def test_a_creation_whose_answer_is_lost_happens_once(
    bench: Any, how: str, after: bool
) -> None:
    intent = await creation(bench)
    bench.fail(how, after=after)
    assert (await bench.apply(intent)).kind is OutcomeKind.UNKNOWN
    found = await recover(intent, bench.writer, now=bench.now)
    assert (found is None) is not after
    outcome = found or await bench.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED
    assert bench.effects == ["op-new"]
    assert outcome.uid == bench.api.objects[ACCOUNTS][0]["metadata"]["uid"]


async def test_what_somebody_else_made_meanwhile_is_left_alone(bench: Any) -> None:
    intent = await creation(bench)
    theirs = {"metadata": {"name": "web", "namespace": "shop", "uid": "x", "resourceVersion": "9"}}
    bench.api.objects[ACCOUNTS].append(theirs)
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert found.kind is OutcomeKind.STALE
    assert (await bench.apply(intent)).kind is OutcomeKind.STALE
    assert bench.effects == []
