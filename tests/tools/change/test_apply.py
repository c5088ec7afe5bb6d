"""Applying: whatever goes wrong wherever, the server has one effect or none, and the outcome says which."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.kubernetes import Fault
from tests.fakes.kubernetes_writes import Refused
from tools import vocabulary
from tools.actions.delete_object import DeleteObject
from tools.change.apply import confirm
from tools.change.recover import recover
from tools.changes import OPERATION, OutcomeKind
from tools.cluster.writer import FIELD_MANAGER
from tools.types import Target

NONE = {OutcomeKind.REFUSED, OutcomeKind.STALE, OutcomeKind.FAILED}
"""Outcomes that say: nothing changed."""


def live(bench: Any, name: str = "web") -> dict[str, Any]:
    [found] = [o for o in bench.api.objects[DEPLOYMENTS] if o["metadata"]["name"] == name]
    return found


def context(obj: dict[str, Any]) -> dict[str, Any]:
    return obj["spec"]["template"]["spec"]["containers"][0].get("securityContext", {})


async def test_what_was_approved_is_done_once_and_marked(bench: Any) -> None:
    outcome = await bench.apply(await bench.intend())
    assert outcome.kind is OutcomeKind.APPLIED
    assert bench.effects == ["op-1"]
    obj = live(bench)
    assert context(obj).get("privileged") is False
    assert obj["metadata"]["annotations"][OPERATION] == "op-1"
    assert FIELD_MANAGER in [entry["manager"] for entry in obj["metadata"]["managedFields"]]
    assert outcome.audit_id == bench.api.writes.effects[0].audit_id
    assert outcome.resource_version == obj["metadata"]["resourceVersion"]


async def test_the_write_carries_its_tests_and_never_force(bench: Any) -> None:
    await bench.apply(await bench.intend())
    writes = [seen for seen in bench.api.requests if seen.method != "GET"]
    assert [seen.dry for seen in writes] == [True, False]
    for seen in writes:
        assert seen.headers["Content-Type"] == "application/json-patch+json"
        assert seen.query["fieldManager"] == FIELD_MANAGER
        assert seen.query["fieldValidation"] == "Strict"
        assert "force" not in seen.query
        assert seen.headers["User-Agent"] == f"{FIELD_MANAGER} operation/op-1"
    patch = json.loads(writes[1].body)
    tests = {step["path"]: step["value"] for step in patch if step["op"] == "test"}
    assert tests["/metadata/uid"] == "uid-web"
    assert tests["/spec/template/spec/containers/0/name"] == "app"
    assert tests["/spec/template/spec/containers/0/securityContext/privileged"] is True
    assert {"op": "replace", "path": "/metadata/resourceVersion", "value": "100"} in patch
    assert not any(step["path"] in ("", "/", "/spec", "/metadata") for step in patch)


WRITE_FAULTS = {
    "dropped before": Fault("drop"),
    "hangs before": Fault("hang"),
    "dropped after": Fault("drop", after=True),
    "hangs after": Fault("hang", after=True),
    "answer cut": Fault("cut", after=True),
    "answer cut inside its JSON": Fault("cut-json", after=True),
    "answer stalls": Fault("slow", after=True),
    "500 before": Fault("status", status=500),
    "500 after": Fault("status", status=500, after=True),
    "504 after": Fault("status", status=504, after=True),
    "503 before": Fault("status", status=503),
    "409": Fault("status", status=409),
    "422": Fault("status", status=422),
    "429": Fault("status", status=429, headers={"Retry-After": "1"}),
    "403": Fault("status", status=403, message="admission webhook said no"),
    "400": Fault("status", status=400),
    "404": Fault("status", status=404),
}


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize("name", WRITE_FAULTS)
async def test_every_fault_at_the_write_leaves_one_effect_or_none_and_says_which(
    bench: Any, name: str, times: int
) -> None:
    intent = await bench.intend()
    fault = WRITE_FAULTS[name]
    bench.fail(
        fault.how,
        status=fault.status,
        after=fault.after,
        headers=fault.headers,
        message=fault.message,
        times=times,
    )
    outcome = await bench.apply(intent)
    real = [s for s in bench.api.requests if s.method == "PATCH" and not s.dry]
    assert len(bench.effects) <= 1
    if outcome.kind in NONE:
        assert bench.effects == []
    elif outcome.kind is OutcomeKind.APPLIED:
        assert bench.effects == ["op-1"]
    else:
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert len(real) == 1, "what may have been done is not sent again"
    assert len(real) <= 3


@pytest.mark.parametrize("name", WRITE_FAULTS)
async def test_after_a_fault_the_reading_settles_it_and_it_is_done_exactly_once(
    bench: Any, name: str
) -> None:
    intent = await bench.intend()
    fault = WRITE_FAULTS[name]
    bench.fail(fault.how, status=fault.status, after=fault.after, headers=fault.headers)
    outcome = await bench.apply(intent)
    if outcome.kind is OutcomeKind.UNKNOWN:
        found = await recover(intent, bench.writer, now=bench.now)
        assert (found is None) == (bench.effects == [])
        outcome = found or await bench.apply(intent)
    assert (outcome.kind is OutcomeKind.APPLIED) == (bench.effects == ["op-1"])
    assert len(bench.effects) <= 1


@pytest.mark.parametrize("name", WRITE_FAULTS)
async def test_a_fault_of_the_dry_run_changes_nothing(bench: Any, name: str) -> None:
    intent = await bench.intend()
    fault = WRITE_FAULTS[name]
    bench.fail(fault.how, status=fault.status, after=fault.after, dry=True, times=100)
    outcome = await bench.apply(intent)
    assert outcome.kind in NONE
    assert bench.effects == []


async def test_applying_twice_is_applying_once(bench: Any) -> None:
    intent = await bench.intend()
    first, second = await bench.apply(intent), await bench.apply(intent, sent=True)
    assert (first.kind, second.kind) == (OutcomeKind.APPLIED, OutcomeKind.APPLIED)
    assert bench.effects == ["op-1"]


async def test_a_mark_that_somebody_else_wrote_beforehand_is_no_write_of_ours(bench: Any) -> None:
    """Who may annotate the object knows the operation's id from the card."""
    intent = await bench.intend()
    bench.api.writes.change(
        DEPLOYMENTS, "web", lambda o: o["metadata"]["annotations"].update({OPERATION: "op-1"})
    )
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.STALE, outcome
    assert (await confirm(intent.seal, bench.reader, bench.writer, now=bench.now)).other
    assert bench.effects == []
    assert context(live(bench))["privileged"] is True


async def test_what_was_never_sent_is_not_ours_though_all_is_as_it_was_to_be(bench: Any) -> None:
    intent = await bench.intend()

    def forge(obj: dict[str, Any]) -> None:
        obj["metadata"]["annotations"][OPERATION] = "op-1"
        context(obj).update(privileged=False, allowPrivilegeEscalation=False)

    bench.api.writes.change(DEPLOYMENTS, "web", forge)
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.STALE, outcome


async def test_a_mark_on_what_is_to_be_deleted_is_no_deletion(bench: Any) -> None:
    target = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-web")
    intent = await bench.intend(action=vocabulary.encode(DeleteObject(target=target)))
    bench.api.writes.change(
        DEPLOYMENTS, "web", lambda o: o["metadata"]["annotations"].update({OPERATION: "op-1"})
    )
    assert (await bench.apply(intent)).kind is OutcomeKind.STALE
    assert await recover(intent, bench.writer, now=bench.now) is None


async def test_a_write_of_which_the_server_made_something_else_says_so(bench: Any) -> None:
    """As a webhook does that leaves dry runs alone."""
    intent = await bench.intend()

    def inject(obj: dict[str, Any], dry: bool) -> None:
        if not dry:
            obj["spec"]["template"]["spec"]["hostNetwork"] = True

    bench.api.writes.admit = inject
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED
    assert "did something else than its dry run said" in outcome.reason
    assert outcome.suggest_undo
    found = await recover(intent, bench.writer, now=bench.now)
    assert found
    assert "the server did something else" in found.reason


async def test_nothing_was_sent_where_the_server_cannot_be_reached(bench: Any) -> None:
    intent = await bench.intend()
    await bench.api.stop()
    assert (await bench.apply(intent)).kind is OutcomeKind.FAILED


EDITS = {
    "image": lambda o: o["spec"]["template"]["spec"]["containers"][0].update(image="other:1"),
    "an environment value": lambda o: o["spec"]["template"]["spec"]["containers"][0]["env"][
        0
    ].update(value="another"),
    "the touched field": lambda o: context(o).update(privileged=False),
    "a second container": lambda o: o["spec"]["template"]["spec"]["containers"].append(
        {"name": "b", "image": "b"}
    ),
    "another order": lambda o: o["spec"]["template"]["spec"]["containers"].insert(
        0, {"name": "b", "image": "b", "securityContext": {"privileged": True}}
    ),
    "a label": lambda o: o["metadata"].setdefault("labels", {}).update(team="x"),
    "an annotation": lambda o: o["metadata"]["annotations"].update(note="x"),
    "an owner": lambda o: o["metadata"].update(ownerReferences=[{"kind": "X", "uid": "1"}]),
    "being deleted": lambda o: o["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z"),
    "made again": lambda o: o["metadata"].update(uid="uid-other"),
}


@pytest.mark.parametrize("what", EDITS)
async def test_what_changed_since_it_was_sealed_is_stale(bench: Any, what: str) -> None:
    intent = await bench.intend()
    bench.api.writes.change(DEPLOYMENTS, "web", EDITS[what])
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert ("made again" if what == "made again" else "not as it was") in outcome.reason
    assert bench.effects == []


async def test_what_is_gone_is_stale(bench: Any) -> None:
    intent = await bench.intend()
    bench.api.objects[DEPLOYMENTS].clear()
    assert (await bench.apply(intent)).kind is OutcomeKind.STALE


CHURN = {
    "status": lambda o: o["status"].update(availableReplicas=1),
    "scaling": lambda o: o["spec"].update(replicas=7),
    "the revision a controller counts": lambda o: o["metadata"]["annotations"].update(
        {"deployment.kubernetes.io/revision": "9"}
    ),
    "managed fields": lambda o: o["metadata"].update(managedFields=[]),
    "generation": lambda o: o["metadata"].update(generation=12),
}


@pytest.mark.parametrize("what", CHURN)
async def test_what_moves_by_itself_does_not_make_it_stale(bench: Any, what: str) -> None:
    intent = await bench.intend()
    bench.api.writes.change(DEPLOYMENTS, "web", CHURN[what])
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED
    if what == "scaling":
        assert live(bench)["spec"]["replicas"] == 7


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_what_moves_between_reading_and_write_is_begun_again_three_times(
    bench: Any, times: int
) -> None:
    intent = await bench.intend()
    left = [times]

    def churn(request: Any) -> None:
        if not request.dry and left[0]:
            left[0] -= 1
            bench.api.writes.change(DEPLOYMENTS, "web", CHURN["status"])

    bench.api.writes.before = churn
    outcome = await bench.apply(intent)
    assert outcome.kind is (OutcomeKind.APPLIED if times < 3 else OutcomeKind.STALE)
    assert len(bench.effects) == (1 if times < 3 else 0)


async def test_an_edit_in_the_last_moment_is_never_overwritten(bench: Any) -> None:
    intent = await bench.intend()

    def edit(request: Any) -> None:
        if not request.dry:
            bench.api.writes.change(DEPLOYMENTS, "web", EDITS["image"])

    bench.api.writes.before = edit
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert live(bench)["spec"]["template"]["spec"]["containers"][0]["image"] == "other:1"
    assert bench.effects == []


async def test_a_server_that_would_now_do_something_else_is_not_asked_to(bench: Any) -> None:
    intent = await bench.intend()

    def inject(obj: dict[str, Any], dry: bool) -> None:
        obj["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "x"})

    bench.api.writes.admit = inject
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert "something else" in outcome.reason
    assert bench.effects == []


async def test_a_refusal_of_admission_is_reported_in_its_words_without_secrets(bench: Any) -> None:
    intent = await bench.intend()

    def refuse(obj: dict[str, Any], dry: bool) -> None:
        if not dry:
            raise Refused(403, "admission webhook denied it: password=canary-hunter2-secret")

    bench.api.writes.admit = refuse
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "admission webhook denied it" in outcome.reason
    assert "canary" not in outcome.reason
    assert bench.effects == []


async def test_an_approval_that_ends_meanwhile_is_not_carried_out(bench: Any) -> None:
    intent = await bench.intend()
    await bench.wait(30 * 60)
    outcome = await bench.apply(intent)
    assert (outcome.kind, bench.effects) == (OutcomeKind.REFUSED, [])


async def test_a_busy_server_is_given_the_time_it_asks_for(bench: Any) -> None:
    intent = await bench.intend()
    before = bench.now
    bench.fail("status", status=429, headers={"Retry-After": "7"})
    outcome = await bench.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED
    assert (bench.now - before).total_seconds() == 7


async def test_another_cluster_is_refused(bench: Any) -> None:
    intent = await bench.intend()
    bench.writer.name = "other"
    outcome = await bench.apply(intent)
    assert (outcome.kind, bench.effects) == (OutcomeKind.REFUSED, [])


async def test_an_intent_outside_the_closed_set_is_refused(bench: Any) -> None:
    """Whoever could write an intent into the store still gets no Secret and no foreign action."""
    intent = await bench.intend()
    step = intent.seal.steps[0]
    secret = Target("lab", "v1", "Secret", "shop", "web", "u")
    forged = replace(step, operation=replace(step.operation, target=secret))
    for seal in (
        replace(intent.seal, steps=(forged,)),
        replace(intent.seal, action=b'{"action":"run_command"}'),
    ):
        outcome = await bench.apply(replace(intent, seal=seal))
        assert outcome.kind is OutcomeKind.REFUSED
    assert [seen for seen in bench.api.requests if seen.method != "GET"] == []


async def test_confirming_plans_and_tries_anew(bench: Any) -> None:
    intent = await bench.intend()
    seal = intent.seal
    assert (await confirm(seal, bench.reader, bench.writer, now=bench.now)).other == ""
    bench.api.writes.change(DEPLOYMENTS, "web", EDITS["image"])
    again = await confirm(seal, bench.reader, bench.writer, now=bench.now)
    assert "not as it was" in again.other


async def test_two_executors_at_once_have_one_effect(bench: Any) -> None:
    one, two = await bench.intend("op-1"), await bench.intend("op-2")
    outcomes = [await bench.apply(one), await bench.apply(two)]
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.APPLIED, OutcomeKind.STALE]
    assert bench.effects == ["op-1"]


async def test_one_without_annotations_gets_them(bench: Any) -> None:
    bare = deployment()
    del bare["metadata"]["annotations"]
    bench.api.objects[DEPLOYMENTS] = [bare]
    assert (await bench.apply(await bench.intend())).kind is OutcomeKind.APPLIED
    assert live(bench)["metadata"]["annotations"] == {OPERATION: "op-1"}
