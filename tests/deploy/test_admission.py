"""The admission policy is what the actions declare, and is written anew when they change."""

from typing import Any

import pytest
import yaml

from deploy.admission import policy, samples, shapes
from deploy.admission.__main__ import FILE
from deploy.admission.fields import tree_of, unchanged
from tools import vocabulary
from tools.actions import scale
from tools.actions.deploy_app import DeployApp
from tools.changes import OPERATION
from tools.cluster.writer import WRITABLE
from tools.types import Verb


def test_the_file_is_what_the_actions_declare() -> None:
    assert FILE.read_text() == policy.text(), "run: python -m deploy.admission"


def test_an_action_that_touches_another_field_changes_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = vocabulary.ACTIONS[scale.Scale]
    wider = type(entry)(
        entry.plan, entry.kinds, entry.answers, entry.needs, lambda kind: (("spec", "selector"),)
    )
    monkeypatch.setattr(vocabulary, "ACTIONS", {**vocabulary.ACTIONS, scale.Scale: wider})
    assert policy.text() != FILE.read_text()


@pytest.mark.parametrize("kind", sorted(WRITABLE[Verb.PATCH]))
def test_every_declared_field_is_named_and_no_other(kind: str) -> None:
    said = _levels(_expression(f"UPDATE {policy.resource(kind)}"))
    declared = {part for pattern in policy.declared(kind) for part in pattern} - {"*"}
    beside = {"metadata", "annotations", OPERATION, "generation", "managedFields"}
    assert declared <= said
    beside |= {"deprecated.daemonset.template.generation"} if kind == "DaemonSet" else set()
    kept = {"image"}  # compared whole by a rule of its own, also where no action declares it
    assert said - declared - kept == (beside | {"resourceVersion"}) - declared


def test_a_choice_in_a_template_that_nobody_bounds_is_refused_here() -> None:
    """Two objects that differ where no hole is: a new choice cannot be forgotten."""
    [first, second] = samples.samples()[0].manifests
    second = yaml.safe_load(yaml.safe_dump(second))
    second["spec"]["template"]["spec"]["hostname"] = "a"
    first = yaml.safe_load(yaml.safe_dump(first))
    first["spec"]["template"]["spec"]["hostname"] = "b"
    with pytest.raises(ValueError, match="hostname"):
        shapes.shaped("app Deployment", (first, second))


def test_the_samples_of_an_app_differ_in_every_choice() -> None:
    """Else a choice would be taken for a fixed value."""
    one, other = samples.APPS
    same = [
        field
        for field in DeployApp.__struct_fields__
        if field not in ("target", "answers") and getattr(one, field) == getattr(other, field)
    ]
    assert same == []
    assert one.target.name != other.target.name
    assert one.target.namespace != other.target.namespace


def test_every_kind_that_is_created_has_a_template_and_every_template_is_used() -> None:
    made = samples.samples()
    assert {m["kind"] for each in made for m in each.manifests} == WRITABLE[Verb.CREATE]
    assert {each.template for each in made} == set(shapes.HOLES)


def test_keys_are_compared_in_both_directions_at_every_level() -> None:
    [table] = unchanged("a", "b", tree_of([("spec", "replicas"), ("metadata", "x/y")]))
    assert table.count("orValue({})") == 4
    assert "level[1].all(k" in table
    assert "level[0].all(k" in table
    assert "'x/y'" in table


def test_it_is_about_the_executor_alone_and_fails_closed() -> None:
    found, binding = policy.documents()
    assert found["spec"]["failurePolicy"] == "Fail"
    assert found["spec"]["matchConditions"][0]["expression"] == (
        "request.userInfo.username == 'system:serviceaccount:oakum:oakum-executor'"
    )
    assert binding["spec"] == {"policyName": "oakum-executor", "validationActions": ["Deny"]}


def _expression(what: str) -> str:
    rules: list[dict[str, Any]] = policy.documents()[0]["spec"]["validations"]
    return "\n".join(r["expression"] for r in rules[1:] if f"'{what}'" in r["expression"])


def _levels(expression: str) -> set[str]:
    """List the keys of every level of an expression, and on the way to it."""
    found: set[str] = set()
    for line in expression.splitlines():
        _, dyn, names = line.partition("dyn(")
        if dyn and line.strip().startswith("["):
            found |= {name.strip("'") for name in names.split("]")[0].strip("[").split(", ")}
    return found
