"""How changes are written down, guarded and taken back."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.fakes.live_objects import patched
from tools.errors import Moved
from tools.patching import (
    applied,
    changes_between,
    dotted,
    fixed_by,
    json_patch,
    matches,
    pointer,
    same,
    taken_back,
    touched,
)
from tools.plans import Done, Reason, Refusal
from tools.types import Operation, Target, Verb

KEYS = st.sampled_from(["a", "b/c", "d~e", "name", "f"])
SCALARS = st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["x", "y", ""]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(st.fixed_dictionaries({"name": st.just("n"), "v": inner}), max_size=3),
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
TARGET = Target("lab", "apps/v1", "Deployment", "shop", "web", "u-1")


def object_of(spec: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "u-1", "resourceVersion": "41"}, "spec": spec}


def operation(before: dict[str, Any], after: dict[str, Any]) -> Operation:
    changes = changes_between(before, after)
    return Operation(Verb.PATCH, TARGET, changes, fixed_by(before, changes))


def renamed(one: Any, other: Any) -> bool:
    """Tell whether an entry of a list has another name: an entry's name is who it is."""
    if isinstance(one, dict) and isinstance(other, dict):
        return any(renamed(one[key], other[key]) for key in one.keys() & other.keys())
    if not (isinstance(one, list) and isinstance(other, list)):
        return False
    pairs = list(zip(one, other, strict=False))
    names = [[e.get("name") if isinstance(e, dict) else None for e in pair] for pair in pairs]
    return any(a != b for a, b in names) or any(renamed(a, b) for a, b in pairs)


@given(OBJECTS, OBJECTS)
def test_any_two_objects_differ_by_a_patch_that_can_be_taken_back(one: Any, other: Any) -> None:
    assume(not renamed(one, other))
    before, after = object_of(one), object_of(other)
    step = operation(before, after)
    assert same(applied(before, step.changes), after)
    sent = patched(before, json_patch(step, before))
    assert same(sent, after)
    back = taken_back(Done(step, "u-1"), after)
    if same(before, after):
        assert isinstance(back, Refusal)
        return
    assert isinstance(back, Operation)
    assert same(patched(after, json_patch(back, after)), before)


def test_true_is_not_one_and_absent_is_not_null() -> None:
    assert not same(True, 1)
    assert not same(None, UNSET)
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    (change,) = changes_between({"a": 1}, {"a": True})
    assert (change.before, change.after) == (1, True)
    (change,) = changes_between({"a": None}, {})
    assert (change.before, change.after) == (None, UNSET)


def test_pointers_escape_what_they_must() -> None:
    path = ("metadata", "annotations", "a.b/c~d", 0)
    assert pointer(path) == "/metadata/annotations/a.b~1c~0d/0"
    assert dotted(("spec", "containers", 0, "image")) == "spec.containers[0].image"


def test_the_patch_pins_uid_name_old_value_and_version() -> None:
    before = object_of({"containers": [{"name": "log"}, {"name": "web", "p": True}]})
    after = object_of({"containers": [{"name": "log"}, {"name": "web", "p": False, "q": 1}]})
    assert json_patch(operation(before, after), before, {"oakum.dev/operation": "op"}) == [
        {"op": "test", "path": "/metadata/uid", "value": "u-1"},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "41"},
        {"op": "test", "path": "/spec/containers/1/name", "value": "web"},
        {"op": "test", "path": "/spec/containers/1/p", "value": True},
        {"op": "replace", "path": "/spec/containers/1/p", "value": False},
        {"op": "add", "path": "/spec/containers/1/q", "value": 1},
        {"op": "add", "path": "/metadata/annotations", "value": {"oakum.dev/operation": "op"}},
    ]


def test_annotations_that_are_there_stay() -> None:
    before = object_of({"a": 1})
    before["metadata"]["annotations"] = {"mine": "1"}
    after = {**before, "spec": {"a": 2}}
    patch = json_patch(operation(before, after), before, {"oakum.dev/operation": "op"})
    kept = patched(before, patch)["metadata"]["annotations"]
    assert kept == {"mine": "1", "oakum.dev/operation": "op"}


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_an_object_without_its_marks_is_never_patched(field: str) -> None:
    before, after = object_of({"a": 1}), object_of({"a": 2})
    step = operation(before, after)
    del before["metadata"][field]
    with pytest.raises(Moved):
        json_patch(step, before)


def test_undo_leaves_what_others_put_beside_ours() -> None:
    before = object_of({"containers": [{"name": "web"}]})
    after = object_of({"containers": [{"name": "web", "securityContext": {"privileged": False}}]})
    step = operation(before, after)
    after["spec"]["containers"][0]["securityContext"]["runAsUser"] = 7
    back = taken_back(Done(step, "u-1"), after)
    assert isinstance(back, Operation)
    left = patched(after, json_patch(back, after))
    assert left["spec"]["containers"] == [{"name": "web", "securityContext": {"runAsUser": 7}}]


@pytest.mark.parametrize(
    "meddle",
    [
        lambda obj: obj["spec"].update(a=3),
        lambda obj: obj["spec"].pop("a"),
        lambda obj: obj["spec"].pop("new"),
        lambda obj: obj["spec"].update(new={"x": 2}),
        lambda obj: obj["spec"].update(gone="again"),
        lambda obj: obj["spec"].update(empty={"sizeLimit": "1Gi"}),
        lambda obj: obj["spec"]["c"].insert(0, {"name": "before"}),
    ],
)
def test_undo_refuses_where_a_touched_field_changed_since(meddle: Any) -> None:
    before = object_of({"a": 1, "gone": "x", "c": [{"name": "web", "v": 1}]})
    after = object_of({"a": 2, "new": {"x": 1}, "empty": {}, "c": [{"name": "web", "v": 2}]})
    step = operation(before, after)
    meddle(after)
    back = taken_back(Done(step, "u-1"), after)
    assert isinstance(back, Refusal)
    assert back.reason is Reason.CHANGED


def test_undo_of_an_object_that_was_made_again_is_refused() -> None:
    step = operation(object_of({"a": 1}), object_of({"a": 2}))
    back = taken_back(Done(step, "another"), object_of({"a": 2}))
    assert isinstance(back, Refusal)
    assert back.reason is Reason.MISSING


def test_touched_names_every_single_field() -> None:
    changes = changes_between({"a": {"b": 1}}, {"a": {"c": {"d": {}}}, "e": [1]})
    assert set(touched(changes)) == {("a", "b"), ("a", "c", "d"), ("e",)}
    assert matches(("spec", "c", 3, "image"), [("spec", "c", "*", "image")])
    assert not matches(("spec", "c", 3), [("spec", "c", "*", "image")])
