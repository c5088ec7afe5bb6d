"""What all plans have in common."""

import copy
from typing import Any

import pytest

from tests.fakes.live_objects import around, live, target
from tools.planning.drafting import Draft, combined, high, low, medium, patch_plan, taken
from tools.plans import Plan, Refusal
from tools.types import Operation, RiskLevel, Target, Verb


def deployment() -> dict[str, Any]:
    """Give a Deployment."""
    metadata = {"name": "web", "namespace": "shop"}
    return live({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {}})


def test_an_action_that_leaves_its_fields_is_a_defect_that_stops_it() -> None:
    before = deployment()
    after = copy.deepcopy(before)
    after["spec"]["replicas"] = 2
    draft = Draft(target(before), before, after, (("spec", "paused"),), (low("x"),))
    with pytest.raises(AssertionError, match="left its fields"):
        patch_plan(draft, around())
    inside = Draft(target(before), before, after, (("spec", "replicas"),), (low("x"),))
    assert isinstance(patch_plan(inside, around()), Plan)


def test_the_highest_risk_counts_and_says_why_first() -> None:
    risk = combined((low("a"), high("b"), medium("c"), low("a")))
    assert risk.level is RiskLevel.HIGH
    assert risk.reasons == ("b", "c", "a")


def test_a_plan_is_bound_to_the_uid_that_was_read() -> None:
    before = deployment()
    after = copy.deepcopy(before)
    after["spec"]["replicas"] = 2
    nameless = Target("lab", "apps/v1", "Deployment", "shop", "web")
    plan = patch_plan(Draft(nameless, before, after, (("spec",),), (low("x"),)), around())
    assert isinstance(plan, Plan)
    assert plan.operations[0].target.uid == "u-1"


def test_a_name_that_is_taken_or_could_not_be_looked_up_is_refused() -> None:
    step = Operation(Verb.CREATE, Target("lab", "v1", "Service", "shop", "web"))
    there = {"metadata": {"name": "web"}}
    assert taken((step,), around(Service=())) is None
    assert isinstance(taken((step,), around(Service=(there,))), Refusal)
    assert isinstance(taken((step,), around()), Refusal)
