"""A plan as YAML: fields below what leads to them, entries by name, nothing that nobody said."""

from typing import Any

import yaml

from tests.fakes.live_objects import around, live, target
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.planning.hardening import Setting
from tools.plans import Plan, Refusal
from tools.queries.proposing.fragments import of_plan, of_refusal


def planned(kind: str) -> tuple[Plan | Refusal, dict[str, Any]]:
    spec: dict[str, Any] = {
        "hostPID": True,
        "containers": [
            {"name": "fine", "securityContext": {"allowPrivilegeEscalation": False}},
            {"name": "web"},
        ],
    }
    whole = spec if kind == "Pod" else {"template": {"spec": spec}}
    api = "v1" if kind == "Pod" else "apps/v1"
    metadata = {"name": "web", "namespace": "shop"}
    obj = live({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": whole})
    action = HardenWorkload(target=target(obj), settings=(Setting.ESCALATION, Setting.HOST_PID))
    facts = around(RoleBinding=(), ClusterRoleBinding=(), ServiceAccount=())
    return vocabulary.plan(action, obj, facts), obj


EXPECTED = {
    "containers": [{"name": "web", "securityContext": {"allowPrivilegeEscalation": False}}],
    "hostPID": False,
}


def test_only_what_changes_stands_there_and_each_container_has_its_name() -> None:
    made, obj = planned("Deployment")
    assert isinstance(made, Plan)
    assert yaml.safe_load(of_plan(made, obj)) == {"spec": {"template": {"spec": EXPECTED}}}


def test_what_has_to_be_made_again_shows_the_same() -> None:
    made, obj = planned("Pod")
    assert isinstance(made, Refusal)
    assert yaml.safe_load(of_refusal(made, obj)) == {"spec": EXPECTED}
