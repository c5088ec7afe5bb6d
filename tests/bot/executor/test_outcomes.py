"""What a cluster does at the write: refused, failed, unknown, stale; and what is found out afterwards."""

import msgspec
import pytest

from bot.errors import StoreUnavailable
from bot.store import ledger
from bot.store.database import Database
from bot.store.ledger import Event
from bot.store.operations import Phase
from bot.store.proposals import State
from tests.fakes.executing import PODS, roll_out
from tests.fakes.kubernetes import Fault
from tests.fakes.kubernetes_writes import Refused
from tools.actions.harden_workload import HardenWorkload
from tools.changes import OPERATION, Outcome, OutcomeKind
from tools.planning.hardening import Setting
from tools.types import Target


async def approved(world) -> None:
    """Bring a proposal to approved, with no executor left."""
    async with world.executor():
        await world.pending()
    await world.press()
    world.api.requests.clear()


def fail_writes(world, how: str, **fault: object) -> None:
    """Let the next real write go wrong."""
    world.api.faults = [Fault(how, **{"writes": True, "dry": False, "times": 1, **fault})]


async def end(world):
    async with world.executor():
        return await world.done()


async def test_a_refusal_by_admission_at_the_write_is_refused_with_its_words(world) -> None:
    await approved(world)

    def admit(obj, dry):
        if not dry:
            raise Refused(403, "policy of the house says no")

    world.api.writes.admit = admit
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert "policy of the house says no" in case.proposal.reason
    assert world.effects == []
    assert not case.steps[0].locked


async def test_a_refusal_that_is_seen_beforehand_is_stale_and_nothing_is_intended(world) -> None:
    await approved(world)

    def admit(obj, dry):
        raise Refused(403, "policy of the house says no")

    world.api.writes.admit = admit
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.STALE
    assert "policy of the house says no" in case.proposal.reason
    assert case.steps[0].phase is Phase.CLAIMED


async def test_a_write_that_was_done_without_an_answer_is_found_done(world) -> None:
    await approved(world)
    fail_writes(world, "drop", after=True)
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]


@pytest.mark.parametrize("how", ["drop", "status"])
async def test_a_write_that_was_not_done_without_an_answer_is_begun_again(world, how) -> None:
    await approved(world)
    fail_writes(world, how)
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]
    told = [row.entry async for page in ledger.pages(world.db) for row in page]
    recorded = [one.facts["outcome"] for one in told if one.event is Event.RECORDED]
    assert recorded == ["unknown", "applied"]


async def test_a_write_that_never_gets_an_answer_ends_as_unknown(world) -> None:
    await approved(world)
    fail_writes(world, "status", times=1_000)
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.UNKNOWN
    assert world.effects == []
    assert case.steps[0].outcome == OutcomeKind.UNKNOWN
    assert not case.steps[0].locked


async def test_a_busy_server_that_stays_busy_is_failed_with_nothing_changed(world) -> None:
    await approved(world)
    fail_writes(world, "status", status=429, times=1_000)
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.FAILED
    assert world.effects == []


async def test_somebody_who_gets_in_between_makes_it_stale(world) -> None:
    await approved(world)

    def before(request):
        if not request.dry:
            world.api.writes.before = lambda _: None
            world.api.writes.change(
                "/apis/apps/v1/deployments",
                "web",
                lambda obj: obj["spec"]["template"]["spec"].update(hostPID=True),
            )

    world.api.writes.before = before
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.STALE
    assert world.effects == []


async def test_a_forged_mark_is_not_reported_as_a_write_of_oakum(world) -> None:
    await approved(world)
    world.live()["metadata"]["annotations"][OPERATION] = "p1.0"
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.STALE, case.proposal.reason
    assert world.effects == []
    assert world.privileged() is True


async def test_what_the_server_made_otherwise_than_it_said_is_unverified_and_undo_is_offered(
    world,
) -> None:
    await approved(world)
    controllers = world.api.writes.admit

    def admit(obj, dry):
        if not dry:
            obj["spec"]["template"]["spec"]["containers"].append({"name": "evil", "image": "x"})
        controllers(obj, dry)

    world.api.writes.admit = admit
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.UNVERIFIED
    assert "did something else" in case.proposal.reason
    assert msgspec.json.decode(case.steps[0].detail, type=Outcome).suggest_undo


async def test_an_api_that_is_down_for_a_while_is_waited_for(world) -> None:
    await approved(world)
    world.api.faults = [Fault("status", status=503, times=12, writes=None)]
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]


async def test_a_rehearsal_that_cannot_reach_the_cluster_is_tried_again(world) -> None:
    world.api.faults = [Fault("status", status=503, times=12, writes=None)]
    async with world.executor():
        case = await world.pending()
    assert case.proposal.attempts > 1


async def test_a_cluster_that_stays_away_blocks_a_draft_with_the_reason(world) -> None:
    world.api.faults = [Fault("status", status=503, writes=None)]
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "could not read" in case.proposal.reason
    assert case.proposal.attempts == 3


async def test_a_store_that_is_away_for_a_while_loses_nothing(world, monkeypatch) -> None:
    await approved(world)
    write, calls = Database.write, []

    def failing(self):
        calls.append(1)
        if world.effects and len(calls) % 3:
            raise StoreUnavailable("The database does not answer.")
        return write(self)

    monkeypatch.setattr(Database, "write", failing)
    case = await end(world)
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]
    assert case.steps[0].audit_id


async def test_a_pod_security_refusal_after_the_write_is_reported_from_events(world) -> None:
    await approved(world)
    world.hold_rollouts()
    async with world.executor():
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome))
        roll_out(world.api)(world.live(), False)
        world.live()["status"] |= {"updatedReplicas": 0, "availableReplicas": 0}
        world.api.objects["/api/v1/events"] = [
            {
                "kind": "Event",
                "metadata": {"name": "e1", "namespace": "shop", "uid": "e1"},
                "involvedObject": {"kind": "ReplicaSet", "name": "web-hash2", "namespace": "shop"},
                "reason": "FailedCreate",
                "type": "Warning",
                "message": 'pods "web-x" is forbidden: violates PodSecurity "restricted:latest"',
                "lastTimestamp": "2026-03-04T12:00:00Z",
            }
        ]
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.UNVERIFIED
    assert "violates PodSecurity" in case.proposal.reason


async def test_the_manifest_for_whoever_owns_a_pod_is_kept_without_its_secrets(world) -> None:
    security = {"privileged": True}
    env = [{"name": "PASSWORD", "value": "canary-hunter2"}]
    container = {"name": "app", "image": "x", "env": env, "securityContext": security}
    metadata = {"name": "lone", "namespace": "shop", "uid": "u-lone", "resourceVersion": "7"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    world.api.objects[PODS] = [{**pod, "spec": {"containers": [container]}}]
    target = Target("lab", "v1", "Pod", "shop", "lone")
    async with world.executor():
        await world.submit(action=HardenWorkload(target=target, settings=(Setting.PRIVILEGED,)))
        case = await world.until(State.BLOCKED)
    assert b"PASSWORD" in case.proposal.rehearsal
    assert b"canary" not in case.proposal.rehearsal
