"""Bindings and roles get smaller only, and always by somebody else."""

from typing import Any

import pytest

from tests.fakes.live_objects import around, live, patched, target, verdicts
from tools import vocabulary
from tools.actions.narrow_role import NarrowRole, RuleLimit
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.planning.patching import json_patch
from tools.plans import Plan, Reason, Refusal
from tools.types import Action, Verdict

RBAC = "rbac.authorization.k8s.io/v1"


def binding(*subjects: dict[str, str], role: str = "cluster-admin") -> dict[str, Any]:
    """Give a binding of a ClusterRole in namespace shop."""
    return live(
        {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": {"name": "devs", "namespace": "shop"},
            "roleRef": {"kind": "ClusterRole", "name": role},
            "subjects": list(subjects),
        }
    )


def role(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Give a ClusterRole."""
    metadata = {"name": more.pop("name", "ops"), "labels": more.pop("labels", {})}
    kind = {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": metadata}
    return live({**kind, "rules": list(rules), **more})


def planned(action: Action, obj: dict[str, Any]) -> Plan | Refusal:
    return vocabulary.plan(vocabulary.decode(vocabulary.encode(action)), obj, around())


def done(plan: Plan | Refusal, obj: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(plan, Plan), plan
    assert "administrator" in plan.handover
    return patched(obj, json_patch(plan.operations[0], obj))


JO = {"kind": "User", "name": "jo@example.com"}
APP = {"kind": "ServiceAccount", "name": "app"}
APP_OF_BANK = {"kind": "ServiceAccount", "name": "app", "namespace": "bank"}
MASTERS = {"kind": "Group", "name": "system:masters"}


async def test_one_subject_goes_and_the_others_stay() -> None:
    obj = binding(MASTERS, JO)
    wanted = BoundSubject(SubjectKind.USER, "jo@example.com")
    plan = planned(RemoveSubject(target=target(obj), subject=wanted), obj)
    assert isinstance(plan, Plan)
    assert plan.answers == ("cluster_admin_binding",)
    after = done(plan, obj)
    assert after["subjects"] == [MASTERS]
    assert (await verdicts(after))["cluster_admin_binding"] is Verdict.PASS


def test_a_service_account_is_told_apart_by_its_namespace() -> None:
    obj = binding(APP, APP_OF_BANK)
    for place, left in (("shop", [APP_OF_BANK]), (None, [APP_OF_BANK]), ("bank", [APP])):
        wanted = BoundSubject(SubjectKind.SERVICE_ACCOUNT, "app", place)
        plan = planned(RemoveSubject(target=target(obj), subject=wanted), obj)
        assert done(plan, obj)["subjects"] == left


def test_a_subject_that_is_not_there_is_already_fine() -> None:
    wanted = BoundSubject(SubjectKind.GROUP, "jo@example.com")
    obj = binding(JO)
    plan = planned(RemoveSubject(target=target(obj), subject=wanted), obj)
    assert isinstance(plan, Refusal)
    assert plan.reason is Reason.ALREADY_FINE


def test_the_last_subject_leaves_an_empty_binding_and_a_word_on_it() -> None:
    obj = binding(JO, role="edit")
    wanted = BoundSubject(SubjectKind.USER, "jo@example.com")
    plan = planned(RemoveSubject(target=target(obj), subject=wanted), obj)
    assert isinstance(plan, Plan)
    assert "deleting it" in plan.notes[0]
    assert "subjects" not in done(plan, obj)


SECRETS = {"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": ["get", "list"]}
ANYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
URLS = {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}


async def test_a_rule_keeps_only_what_is_named() -> None:
    obj = role(SECRETS, URLS)
    limit = RuleLimit(0, resources=("pods",))
    action = NarrowRole(target=target(obj), limits=(limit,), answers=("secret_reader",))
    after = done(planned(action, obj), obj)
    assert after["rules"] == [{**SECRETS, "resources": ["pods"]}, URLS]
    assert (await verdicts(obj))["secret_reader"] is Verdict.FAIL
    assert (await verdicts(after))["secret_reader"] is Verdict.PASS


async def test_a_wildcard_becomes_names() -> None:
    obj = role(ANYTHING)
    limit = RuleLimit(0, verbs=("get",), api_groups=("", "apps"), resources=("pods",))
    after = done(planned(NarrowRole(target=target(obj), limits=(limit,)), obj), obj)
    assert after["rules"] == [{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get"]}]
    assert (await verdicts(after))["wildcard_rule"] is Verdict.PASS


def test_names_narrow_and_whole_rules_go() -> None:
    obj = role(SECRETS, URLS)
    limits = (RuleLimit(0, resource_names=("shop-db",)), RuleLimit(1, remove=True))
    after = done(planned(NarrowRole(target=target(obj), limits=limits), obj), obj)
    assert after["rules"] == [{**SECRETS, "resourceNames": ["shop-db"]}]


@pytest.mark.parametrize(
    "limit",
    [
        RuleLimit(0, verbs=("delete",)),
        RuleLimit(0, resources=("nodes",)),
        RuleLimit(0, api_groups=("apps",)),
        RuleLimit(1, resource_names=("x",)),
        RuleLimit(1, resources=("pods",)),
        RuleLimit(2, remove=True),
    ],
)
def test_a_rule_never_grows(limit: RuleLimit) -> None:
    obj = role(SECRETS, URLS)
    plan = planned(NarrowRole(target=target(obj), limits=(limit,)), obj)
    assert isinstance(plan, Refusal)
    assert plan.reason in (Reason.NO_SAFE_FIX, Reason.MISSING)


def test_a_rule_is_named_once() -> None:
    obj = role(SECRETS)
    limits = (RuleLimit(0, verbs=("get",)), RuleLimit(0, verbs=("list",)))
    plan = planned(NarrowRole(target=target(obj), limits=limits), obj)
    assert isinstance(plan, Refusal)
    assert "more than once" in plan.public


@pytest.mark.parametrize(
    "more",
    [
        {"aggregationRule": {"clusterRoleSelectors": [{}]}},
        {"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        {"name": "system:node"},
    ],
)
def test_roles_that_kubernetes_writes_itself_are_left(more: dict[str, Any]) -> None:
    obj = role(SECRETS, **more)
    plan = planned(NarrowRole(target=target(obj), limits=(RuleLimit(0, remove=True),)), obj)
    assert isinstance(plan, Refusal)
    assert plan.reason is Reason.OWNED
