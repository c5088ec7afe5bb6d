"""Pod Security labels, default-deny policies, and a token that is switched off."""

from typing import Any

import pytest
from msgspec import structs

from tests.fakes.live_objects import around, live, patched, target, verdicts
from tools import vocabulary
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.undo_change import UndoChange
from tools.planning.patching import json_patch
from tools.plans import Around, Done, Plan, Reason, Refusal
from tools.types import Action, Operation, RiskLevel, Verb, Verdict

PSA = "pod-security.kubernetes.io/"


def namespace(**labels: str) -> dict[str, Any]:
    """Give namespace shop."""
    labels = {key.replace("__", "/"): value for key, value in labels.items()}
    metadata: dict[str, Any] = {"name": "shop", "labels": labels}
    return live({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def planned(action: Action, obj: Any, facts: Around | None = None) -> Plan | Refusal:
    decoded = vocabulary.decode(vocabulary.encode(action))
    return vocabulary.plan(decoded, obj, facts or around())


def refused(plan: Plan | Refusal) -> Refusal:
    assert isinstance(plan, Refusal), plan
    return plan


def made(plan: Plan | Refusal) -> dict[str, dict[str, Any]]:
    """Give the specifications of created policies by name."""
    assert isinstance(plan, Plan), plan
    assert {op.verb for op in plan.operations} == {Verb.CREATE}
    return {op.manifest["metadata"]["name"]: op.manifest["spec"] for op in plan.operations}


def test_labels_are_set_beside_those_that_are_there() -> None:
    obj = namespace(team="shop")
    plan = planned(LabelNamespace(target=target(obj), enforce=Level.BASELINE), obj)
    assert isinstance(plan, Plan)
    assert plan.risk.level is RiskLevel.MEDIUM
    assert patched(obj, json_patch(plan.operations[0], obj))["metadata"]["labels"] == {
        "team": "shop",
        PSA + "enforce": "baseline",
        PSA + "enforce-version": "latest",
    }


def test_the_level_privileged_answers_nothing_and_what_is_no_version_is_set_again() -> None:
    obj = namespace()
    lax = planned(LabelNamespace(target=target(obj), enforce=Level.PRIVILEGED), obj)
    assert isinstance(lax, Plan)
    assert lax.answers == ()
    obj = namespace(**{PSA + "enforce": "baseline", PSA + "enforce-version": "1.34"})
    plan = planned(LabelNamespace(target=target(obj), enforce=Level.BASELINE), obj)
    assert isinstance(plan, Plan)
    labels = patched(obj, json_patch(plan.operations[0], obj))["metadata"]["labels"]
    assert labels[PSA + "enforce-version"] == "latest"


def test_a_namespace_without_any_label_gets_some() -> None:
    obj = namespace()
    del obj["metadata"]["labels"]
    plan = planned(LabelNamespace(target=target(obj), warn=Level.RESTRICTED), obj)
    assert isinstance(plan, Plan)
    assert plan.answers == ()
    assert plan.risk.level is RiskLevel.LOW


def test_nothing_is_loosened() -> None:
    obj = namespace(**{PSA + "enforce": "restricted"})
    for level in (Level.BASELINE, Level.PRIVILEGED):
        refusal = refused(planned(LabelNamespace(target=target(obj), enforce=level), obj))
        assert refusal.reason is Reason.NO_SAFE_FIX
        assert "stricter" in refusal.public
    same = planned(LabelNamespace(target=target(obj), enforce=Level.RESTRICTED), obj)
    assert refused(same).reason is Reason.ALREADY_FINE
    assert "No mode" in refused(planned(LabelNamespace(target=target(obj)), obj)).public


def test_a_system_namespace_is_a_high_risk() -> None:
    obj = namespace()
    obj["metadata"]["name"] = "kube-system"
    plan = planned(LabelNamespace(target=target(obj), enforce=Level.BASELINE), obj)
    assert isinstance(plan, Plan)
    assert plan.risk.level is RiskLevel.HIGH


def service(name: str, **spec: Any) -> dict[str, Any]:
    """Give a Service with one port."""
    whole = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": "http"}], **spec}
    return {"kind": "Service", "metadata": {"name": name}, "spec": whole}


def ingress(name: str) -> dict[str, Any]:
    """Give an Ingress that leads to one Service."""
    path = {"path": "/", "backend": {"service": {"name": name, "port": {"number": 80}}}}
    spec = {"rules": [{"http": {"paths": [path]}}]}
    return {"kind": "Ingress", "metadata": {"name": name}, "spec": spec}


def everything(
    *services: dict[str, Any], ingresses: tuple[Any, ...] = (), policies: tuple[Any, ...] = ()
) -> Around:
    return around(Service=services, Ingress=ingresses, NetworkPolicy=policies)


def test_services_stay_open_to_those_whom_they_are_for() -> None:
    facts = everything(
        service("api"),
        service("shop", type="LoadBalancer"),
        service("node", type="NodePort"),
        service("fixed", externalIPs=["192.0.2.1"]),
        service("web"),
        service("out", type="ExternalName"),
        service("by-hand", selector={}),
        ingresses=(ingress("web"),),
    )
    obj = namespace()
    plan = planned(DenyTraffic(target=target(obj)), obj, facts)
    assert isinstance(plan, Plan)
    assert plan.risk.level is RiskLevel.HIGH
    policies = made(plan)
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    ports = [{"port": "http", "protocol": "TCP"}]
    same = [{"ports": ports, "from": [{"podSelector": {}}]}]
    assert policies["allow-api"]["ingress"] == same
    assert policies["allow-api"]["podSelector"] == {"matchLabels": {"app": "api"}}
    for name in ("shop", "node", "fixed", "web"):
        assert policies[f"allow-{name}"]["ingress"] == [{"ports": ports}], name
    assert len(policies) == 6


def test_target_ports_count_not_service_ports() -> None:
    ports = [
        {"port": 80, "targetPort": 8080},
        {"port": 443, "targetPort": 8080},
        {"port": 53, "protocol": "UDP"},
    ]
    obj = namespace()
    plan = planned(DenyTraffic(target=target(obj)), obj, everything(service("dns", ports=ports)))
    assert made(plan)["allow-dns"]["ingress"][0]["ports"] == [
        {"port": 8080, "protocol": "TCP"},
        {"port": 53, "protocol": "UDP"},
    ]


def test_egress_is_denied_only_when_asked_and_leaves_dns() -> None:
    obj = namespace()
    plan = planned(DenyTraffic(target=target(obj), egress=True), obj, everything())
    spec = made(plan)["default-deny"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for port in spec["egress"][0]["ports"]} == {53}
    assert "to" not in spec["egress"][0]
    assert spec["egress"][1] == {"to": [{"podSelector": {}}]}


def policy(name: str = "deny", **spec: Any) -> dict[str, Any]:
    return {"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "egress", "fine"),
    [
        ({"podSelector": {}, "policyTypes": ["Ingress"]}, False, True),
        ({"podSelector": {}}, False, True),
        ({"podSelector": {}, "policyTypes": ["Ingress"]}, True, False),
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, True, True),
        ({"podSelector": {"matchLabels": {"a": "b"}}}, False, False),
        ({"podSelector": {}, "ingress": [{}]}, False, False),
    ],
)
def test_a_policy_that_denies_already_is_seen(
    spec: dict[str, Any], egress: bool, fine: bool
) -> None:
    obj = namespace()
    action = DenyTraffic(target=target(obj), egress=egress)
    plan = planned(action, obj, everything(policies=(policy(**spec),)))
    assert isinstance(plan, Refusal) is fine


def test_what_was_not_read_is_not_taken_for_none_and_names_are_not_taken_over() -> None:
    obj = namespace()
    action = DenyTraffic(target=target(obj))
    for left_out in ("Service", "Ingress", "NetworkPolicy"):
        kinds = {kind: () for kind in vocabulary.needs(action) if kind != left_out}
        assert refused(planned(action, obj, around(**kinds))).reason is Reason.NOT_READ
    mine = policy("default-deny", podSelector={"matchLabels": {"a": "b"}})
    assert "already is" in refused(planned(action, obj, everything(policies=(mine,)))).public
    many = everything(*(service(f"s{i}") for i in range(101)))
    assert "more than one change" in refused(planned(action, obj, many)).public


async def test_the_policy_answers_its_check_and_undo_deletes_only_what_was_made() -> None:
    obj = namespace()
    plan = planned(DenyTraffic(target=target(obj)), obj, everything(service("api")))
    assert isinstance(plan, Plan)
    said = await verdicts(obj, *(op.manifest for op in plan.operations))
    assert said["namespace_without_network_policy"] is Verdict.PASS
    assert (await verdicts(obj))["namespace_without_network_policy"] is Verdict.FAIL
    did = tuple(Done(op, f"n-{i}") for i, op in enumerate(plan.operations))
    undo = UndoChange(target=target(obj), operation_id="op-12345678")
    facts = Around(now=around().now, done=did)
    assert refused(planned(undo, obj, facts)).reason is Reason.NOT_READ
    made = tuple(live(op.manifest, f"n-{i}") for i, op in enumerate(plan.operations))
    back = planned(undo, obj, Around(now=facts.now, done=did, others={"NetworkPolicy": made}))
    assert isinstance(back, Plan)
    assert [(op.verb, op.target.name, op.target.uid) for op in back.operations] == [
        (Verb.DELETE, "allow-api", "n-1"),
        (Verb.DELETE, "default-deny", "n-0"),
    ]
    assert back.risk.level is RiskLevel.HIGH


def test_a_part_that_was_never_made_is_not_deleted() -> None:
    """After a crash between two creations only what has a uid is taken back."""
    obj = namespace()
    plan = planned(DenyTraffic(target=target(obj)), obj, everything(service("api")))
    assert isinstance(plan, Plan)
    first: Operation = plan.operations[0]
    facts = Around(now=around().now, done=(Done(first, ""),))
    back = planned(UndoChange(target=target(obj), operation_id="op-12345678"), obj, facts)
    assert refused(back).reason is Reason.NO_UNDO


def test_a_token_of_an_account_with_rights_goes_only_when_a_person_confirms() -> None:
    metadata = {"name": "default", "namespace": "shop"}
    obj = live({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    binding = {
        "metadata": {"name": "reads"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "shop"}],
    }
    action = AccountTokenOff(target=target(obj))
    plain = planned(action, obj, around(RoleBinding=(), ClusterRoleBinding=()))
    assert isinstance(plain, Plan)
    assert plain.risk.level is RiskLevel.MEDIUM
    bound = around(RoleBinding=(binding,), ClusterRoleBinding=())
    for facts, said in ((bound, "reads gives"), (around(RoleBinding=()), "could not be read")):
        refusal = refused(planned(action, obj, facts))
        assert refusal.reason is Reason.NEEDS_PERSON
        assert said in refusal.public
        confirmed = planned(structs.replace(action, confirmed=True), obj, facts)
        assert isinstance(confirmed, Plan)
        assert confirmed.risk.level is RiskLevel.HIGH
        assert said in confirmed.risk.reasons[0]
    after = patched(obj, json_patch(plain.operations[0], obj))
    assert after["automountServiceAccountToken"] is False
    assert refused(planned(action, after, bound)).reason is Reason.ALREADY_FINE


def test_a_label_on_a_namespace_that_has_one_claims_nothing() -> None:
    obj = namespace(**{PSA + "enforce": "baseline"})
    plan = planned(LabelNamespace(target=target(obj), enforce=Level.RESTRICTED), obj)
    assert isinstance(plan, Plan)
    assert plan.answers == ()
    fresh = namespace()
    plan = planned(LabelNamespace(target=target(fresh), enforce=Level.RESTRICTED), fresh)
    assert isinstance(plan, Plan)
    assert plan.answers == ("namespace_without_pod_security",)
