"""Rehearsing: what people are shown, every state that ends without a seal, and that nothing changes."""

import json
from typing import Any

import msgspec
import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, deployment, namespace
from tests.fakes.kubernetes import Fault
from tests.fakes.kubernetes_writes import Refused
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.restart import Restart
from tools.change.account import Subject, may
from tools.changes import Rehearsal, Seal, State, digest
from tools.errors import AccessRefused, BadAction, ClusterUnreachable, NotAllowed
from tools.planning.hardening import Setting
from tools.types import Operation, RiskLevel, Target, Verb

BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
PODS = "/api/v1/pods"


async def test_a_rehearsal_shows_the_servers_own_difference_and_changes_nothing(
    bench: Any,
) -> None:
    before = json.dumps(bench.api.objects)
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.READY
    [(operation, changes)] = rehearsal.diff
    assert operation.verb is Verb.PATCH
    assert [(c.path[-1], c.before, c.after) for c in changes if c.path[-1] == "privileged"] == [
        ("privileged", True, False)
    ]
    assert json.dumps(bench.api.objects) == before
    assert bench.effects == []
    assert rehearsal.seal
    assert rehearsal.seal.answers
    assert {seen.dry for seen in bench.api.requests if seen.method != "GET"} == {True}


async def test_what_webhooks_add_is_shown_without_its_secrets(bench: Any) -> None:
    def inject(obj: dict[str, Any], dry: bool) -> None:
        spec = obj["spec"]["template"]["spec"]
        spec["containers"][0]["env"].append({"name": "TOKEN", "value": "canary-from-webhook"})
        spec["hostAliases"] = [{"ip": "10.0.0.1", "hostnames": ["sidecar"]}]

    bench.api.writes.admit = inject
    rehearsal = await bench.rehearse()
    shown = msgspec.json.encode(rehearsal.diff).decode()
    assert "hostAliases" in shown
    assert "canary" not in shown
    assert "canary" not in msgspec.json.encode(rehearsal.seal).decode()


async def test_all_warnings_are_shown(bench: Any) -> None:
    bench.api.writes.warnings = ("first thing", "second thing")
    rehearsal = await bench.rehearse()
    assert rehearsal.warnings == ("first thing", "second thing")
    assert rehearsal.state is State.READY


async def test_a_warning_of_pod_security_is_a_predicted_refusal(bench: Any) -> None:
    bench.api.writes.warnings = ('would violate PodSecurity \\"restricted:latest\\": x',)
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.WOULD_BE_REFUSED
    assert "would be refused" in rehearsal.reason
    assert rehearsal.seal is None


@pytest.mark.parametrize(
    ("level", "ready"), [("", True), ("privileged", True), ("restricted", False)]
)
async def test_our_own_reading_predicts_what_the_server_does_not_say(
    bench: Any, level: str, ready: bool
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
    bench.api.objects[NAMESPACES] = [namespace("shop", **labels)]
    rehearsal = await bench.rehearse()
    assert (rehearsal.state is State.READY) is ready
    if not ready:
        assert rehearsal.state is State.REFUSED
        assert "enforces restricted" in rehearsal.reason
        assert rehearsal.hint == "Say the user id that it is to run as."
        web = vocabulary.decode(bench.action()).target
        again = Restart(target=web, at="2026-01-01T00:00:00Z")
        restarted = await bench.rehearse(vocabulary.encode(again))
        assert restarted.state is State.WOULD_BE_REFUSED
        assert "enforces restricted" in restarted.reason


async def test_what_meets_the_level_afterwards_is_not_predicted_to_be_refused(bench: Any) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    bench.api.objects[NAMESPACES] = [namespace("shop", **labels)]
    assert (await bench.rehearse()).state is State.READY


async def test_a_stricter_namespace_is_previewed_with_every_template(bench: Any) -> None:
    """Also what has no pod: a CronJob, and what is scaled to zero."""
    asleep = deployment("asleep")
    asleep["spec"]["replicas"] = 0
    template = {"spec": asleep["spec"]["template"]["spec"]}
    cron = {
        "metadata": {"name": "nightly", "namespace": "shop", "uid": "c"},
        "spec": {"jobTemplate": {"spec": {"template": template}}},
    }
    fine = deployment("fine", securityContext={"privileged": False})
    bench.api.objects[DEPLOYMENTS] = [asleep, fine]
    bench.api.objects["/apis/batch/v1/cronjobs"] = [cron]
    bench.api.writes.warnings = ("existing pods violate the new level: web-1",)
    target = Target("lab", "v1", "Namespace", "", "shop")
    action = LabelNamespace(target=target, enforce=Level.BASELINE)
    rehearsal = await bench.rehearse(vocabulary.encode(action))
    assert rehearsal.state is State.READY
    assert rehearsal.warnings == ("existing pods violate the new level: web-1",)
    named = sorted(line.partition(":")[0] for line in rehearsal.preview)
    assert named == ["CronJob nightly", "Deployment asleep"]
    assert rehearsal.risk.level is RiskLevel.HIGH
    assert "refused" in rehearsal.risk.reasons[0]


async def test_a_stricter_namespace_that_all_pods_meet_is_no_high_risk(bench: Any) -> None:
    bench.api.objects[DEPLOYMENTS] = [deployment(securityContext={"privileged": False})]
    target = Target("lab", "v1", "Namespace", "", "shop")
    action = vocabulary.encode(LabelNamespace(target=target, enforce=Level.BASELINE))
    rehearsal = await bench.rehearse(action)
    assert (rehearsal.preview, rehearsal.risk.level) == ((), RiskLevel.MEDIUM)
    existing = "existing pods violate the new PodSecurity enforce level"
    bench.api.writes.warnings = (existing,)
    assert (await bench.rehearse(action)).risk.level is RiskLevel.HIGH


async def test_no_dry_run_is_a_state(bench: Any) -> None:
    def refuse(obj: dict[str, Any], dry: bool) -> None:
        raise Refused(400, 'admission webhook "a.b.c" does not support dry run')

    bench.api.writes.admit = refuse
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.NO_DRY_RUN
    assert "without being done" in rehearsal.reason
    assert rehearsal.seal is None


@pytest.mark.parametrize("status", [400, 403])
async def test_a_refusal_by_admission_is_a_state(bench: Any, status: int) -> None:
    def refuse(obj: dict[str, Any], dry: bool) -> None:
        raise Refused(status, "a policy says no")

    bench.api.writes.admit = refuse
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.WOULD_BE_REFUSED
    assert "a policy says no" in rehearsal.reason


async def test_a_server_that_takes_it_and_changes_nothing_is_said_so(bench: Any) -> None:
    def put_back(obj: dict[str, Any], dry: bool) -> None:
        context = obj["spec"]["template"]["spec"]["containers"][0]["securityContext"]
        context.clear()
        context["privileged"] = True

    bench.api.writes.admit = put_back
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.NO_CHANGE
    assert rehearsal.seal is None


async def test_a_field_that_something_sets_back_is_said_so(bench: Any) -> None:
    def put_back(obj: dict[str, Any], dry: bool) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True

    bench.api.writes.admit = put_back
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.WOULD_BE_REFUSED
    assert "privileged" in rehearsal.reason


async def test_what_is_missing_or_fine_is_refused_with_a_reason(bench: Any) -> None:
    missing = await bench.rehearse(bench.action("nothing"))
    assert (missing.state, missing.seal) == (State.REFUSED, None)
    assert "no Deployment nothing" in missing.reason
    fine = {"privileged": False, "allowPrivilegeEscalation": False}
    bench.api.objects[DEPLOYMENTS] = [deployment(securityContext=fine)]
    assert (await bench.rehearse()).state is State.REFUSED
    assert [seen for seen in bench.api.requests if seen.method != "GET"] == []


OWNERS = {
    "controller": {"ownerReferences": [{"kind": "Web", "name": "w", "controller": True}]},
    "Argo CD": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}},
    "Flux": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}},
    "Helm": {"annotations": {"meta.helm.sh/release-name": "shop"}},
}


@pytest.mark.parametrize("owner", OWNERS)
async def test_what_others_own_is_handed_over_and_never_tried(bench: Any, owner: str) -> None:
    owned = deployment()
    owned["metadata"] |= OWNERS[owner]
    bench.api.objects[DEPLOYMENTS] = [owned]
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.HANDOVER
    assert rehearsal.seal is None
    [(_, changes)] = rehearsal.diff
    privileged = [(c.before, c.after) for c in changes if c.path[-1] == "privileged"]
    assert privileged == [(True, False)]
    assert [seen for seen in bench.api.requests if seen.method != "GET"] == []


def budget(name: str, allowed: int, **selector: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": selector},
        "status": {"disruptionsAllowed": allowed},
    }


async def test_budgets_that_select_the_pods_are_shown_with_replicas_and_strategy(
    bench: Any,
) -> None:
    bench.api.objects[BUDGETS] = [
        budget("ours", 0, matchLabels={"app": "web"}),
        budget("more", 1, matchExpressions=[{"key": "app", "operator": "Exists"}]),
        budget("theirs", 1, matchLabels={"app": "db"}),
        budget("not", 1, matchExpressions=[{"key": "app", "operator": "NotIn", "values": ["web"]}]),
    ]
    facts = " ".join((await bench.rehearse()).disruption.facts)
    assert "3 replicas" in facts
    assert "ours allows 0" in facts
    assert "More than one budget" in facts
    assert "theirs" not in facts
    assert "Budget not" not in facts


async def test_one_replica_is_a_risk_that_is_shown(bench: Any) -> None:
    alone = deployment()
    alone["spec"]["replicas"] = 1
    bench.api.objects[DEPLOYMENTS] = [alone]
    rehearsal = await bench.rehearse()
    assert any("only pod" in fact for fact in rehearsal.disruption.facts)
    assert any("Nothing else serves" in reason for reason in rehearsal.risk.reasons)


async def test_what_is_outside_the_vocabulary_or_the_cluster_is_not_looked_at(bench: Any) -> None:
    for bad in (b"{}", b'{"action":"run"}', b"[", bench.action()[:-1] + b',"image":"x"}'):
        with pytest.raises(BadAction):
            await bench.rehearse(bad)
    other = HardenWorkload(
        target=Target("other", "apps/v1", "Deployment", "shop", "web"),
        settings=(Setting.PRIVILEGED,),
    )
    with pytest.raises(NotAllowed):
        await bench.rehearse(vocabulary.encode(other))
    assert bench.api.requests == []


@pytest.mark.parametrize("how", ["hang", "drop", "cut", "500", "503", "429"])
async def test_a_server_that_cannot_be_asked_is_an_error_not_a_verdict(
    bench: Any, how: str
) -> None:
    status = int(how) if how.isdigit() else 500
    bench.api.faults = [Fault("status" if how.isdigit() else how, writes=True, status=status)]
    with pytest.raises(ClusterUnreachable):
        await bench.rehearse()


async def test_an_object_that_moves_once_under_the_dry_run_is_read_again(bench: Any) -> None:
    left = [1]

    def churn(request: Any) -> None:
        if left[0]:
            left[0] -= 1
            bench.api.writes.change(DEPLOYMENTS, "web", lambda o: o["status"].update(replicas=1))

    bench.api.writes.before = churn
    assert (await bench.rehearse()).state is State.READY


async def test_a_pod_that_the_executor_may_not_read_is_planned_as_people_see_it(
    bench: Any,
) -> None:
    """The refusal carries a manifest; nothing of it is masked away but values."""
    spec = deployment()["spec"]["template"]["spec"]
    metadata = {"name": "bare", "namespace": "shop", "uid": "u", "resourceVersion": "1"}
    bench.api.objects[PODS] = [
        {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec}
    ]
    bench.api.faults = [Fault("status", plural="pods", status=403, times=1)]
    target = Target("lab", "v1", "Pod", "shop", "bare")
    action = HardenWorkload(target=target, settings=(Setting.PRIVILEGED,))
    rehearsal = await bench.rehearse(vocabulary.encode(action))
    assert rehearsal.state is State.REFUSED
    assert rehearsal.manifest["kind"] == "Pod"


async def test_a_seal_covers_everything_it_was_made_of(bench: Any) -> None:
    seal = (await bench.rehearse()).seal
    assert digest(seal, "p1") == digest(seal, "p1")
    assert digest(seal, "p1") != digest(seal, "p2")
    step = seal.steps[0]
    others = [
        msgspec.structs.replace(seal, action=seal.action + b" "),
        msgspec.structs.replace(seal, cluster="other"),
        msgspec.structs.replace(seal, answers=()),
        msgspec.structs.replace(seal, undoes=True),
        *(
            msgspec.structs.replace(seal, steps=(msgspec.structs.replace(step, **change),))
            for change in (
                {"object_digest": "x"},
                {"diff_digest": "x"},
                {"operation": msgspec.structs.replace(step.operation, changes=())},
                {
                    "operation": msgspec.structs.replace(
                        step.operation,
                        target=msgspec.structs.replace(step.operation.target, uid="x"),
                    )
                },
            )
        ),
    ]
    assert len({digest(each, "p1") for each in (seal, *others)}) == 1 + len(others)


async def test_what_is_kept_of_a_rehearsal_comes_back_equal(bench: Any) -> None:
    rehearsal = await bench.rehearse()
    again = msgspec.json.decode(msgspec.json.encode(rehearsal), type=Rehearsal)
    assert again == rehearsal
    seal = msgspec.json.decode(msgspec.json.encode(rehearsal.seal), type=Seal)
    assert digest(seal, "p") == digest(rehearsal.seal, "p")


async def test_a_person_may_what_the_cluster_says_and_nothing_without_its_word(bench: Any) -> None:
    operation = Operation(Verb.PATCH, Target("lab", "apps/v1", "Deployment", "shop", "web"))
    asked: list[dict[str, Any]] = []

    def answer(spec: dict[str, Any]) -> bool:
        asked.append(spec)
        return spec["user"] == "ada"

    bench.api.writes.allowed = answer
    assert await may(bench.writer, Subject("ada", ("devs",)), operation) is True
    assert await may(bench.writer, Subject("eve"), operation) is False
    assert asked[0]["groups"] == ["devs"]
    assert asked[0]["resourceAttributes"] == {
        "namespace": "shop",
        "verb": "patch",
        "group": "apps",
        "version": "v1",
        "resource": "deployments",
        "name": "web",
    }
    for fault in (Fault("hang"), Fault("status", status=403), Fault("status", status=500)):
        fault.writes = True
        bench.api.faults = [fault]
        with pytest.raises(ClusterUnreachable):
            await may(bench.writer, Subject("ada"), operation)
    bench.api.faults = []
    bench.api.tokens = set()
    with pytest.raises(AccessRefused):
        await may(bench.writer, Subject("ada"), operation)
