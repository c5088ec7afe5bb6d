"""How changes are written down, guarded and taken back."""

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.fakes.live_objects import patched
from tools.errors import Moved
from tools.planning.patching import (
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
    value_at,
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


def told_apart(obj: Any, step: Operation) -> bool:
    """Tell whether every entry of a list that is changed inside has a name that no other has."""
    for change in step.changes:
        for depth, part in enumerate(change.path[:-1]):
            if isinstance(part, int):
                names = [
                    json.dumps(one.get("name"), sort_keys=True)
                    for one in value_at(obj, change.path[:depth])
                ]
                if names[part] == "null" or names.count(names[part]) > 1:
                    return False
    return True


@given(OBJECTS, OBJECTS)
@example({"a": [{"name": "n", "v": []}, {"name": "n", "v": False}]}, {"a": [{}, {}]})
@example({"a": [{"name": "n", "v": 1}]}, {"a": [{"name": "n", "v": 2}]})
@example({"a": [{"f": 1}]}, {"a": [{"f": 2}]})
def test_any_two_objects_differ_by_a_patch_that_is_taken_back_where_entries_are_told_apart(
    one: Any, other: Any
) -> None:
    before, after = object_of(one), object_of(other)
    step = operation(before, after)
    assert same(applied(before, step.changes), after)
    sent = patched(before, json_patch(step, before))
    assert same(sent, after)
    back = taken_back(Done(step, "u-1"), after)
    if same(before, after):
        assert isinstance(back, Refusal)
        return
    if not told_apart(before, step):
        assert isinstance(back, Refusal)
        assert back.reason is Reason.NO_UNDO
        return
    assert isinstance(back, Operation)
    assert same(patched(after, json_patch(back, after)), before)


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"v": st.integers(0, 1)},
        optional={
            "name": st.sampled_from("xyz"),
            "containerPort": st.sampled_from([53, 80]),
            "protocol": st.sampled_from(["TCP", "UDP"]),
            "w": st.integers(0, 1),
        },
    ),
    min_size=1,
    max_size=3,
)


@given(ENTRIES, ENTRIES, st.data())
def test_undo_never_changes_another_entry_than_the_one_that_was_changed(
    entries: list[dict[str, Any]], others: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Others put their entries anywhere around ours and may leave some of the old ones out."""
    at = data.draw(st.integers(0, len(entries) - 1))
    left = copy.deepcopy(entries)
    left[at]["v"] = 9
    step = operation(object_of({"c": entries}), object_of({"c": left}))
    kept = [one for index, one in enumerate(left) if index == at or data.draw(st.booleans())]
    stands = sum(1 for index, one in enumerate(left[:at]) if any(one is each for each in kept))
    for one in others:
        index = data.draw(st.integers(0, len(kept)))
        kept.insert(index, {**one, "v": data.draw(st.sampled_from([0, 9]))})
        stands += index <= stands
    now = object_of({"c": kept})
    back = taken_back(Done(step, "u-1"), now)
    if isinstance(back, Operation):
        expected = copy.deepcopy(kept)
        expected[stands]["v"] = entries[at]["v"]
        assert same(patched(now, json_patch(back, now)), object_of({"c": expected}))


def test_a_list_whose_entries_get_other_names_is_put_back_whole() -> None:
    before = object_of({"a": [{"name": "n", "v": []}, {"name": "n", "v": False}]})
    after = object_of({"a": [{}, {}]})
    step = operation(before, after)
    assert [change.path for change in step.changes] == [("spec", "a")]
    back = taken_back(Done(step, "u-1"), after)
    assert isinstance(back, Operation)
    assert same(patched(after, json_patch(back, after)), before)
    after["spec"]["a"][1]["theirs"] = 1
    refused = taken_back(Done(step, "u-1"), after)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.CHANGED


@pytest.mark.parametrize(
    ("entries", "since", "reason"),
    [
        ([{"verbs": 1}], [], Reason.NO_UNDO),
        ([{"name": "n", "verbs": 1}, {"name": "n"}], [], Reason.NO_UNDO),
        ([{"name": "n", "verbs": 1}], [{"name": "n"}], Reason.NO_UNDO),
        ([{"containerPort": 53, "verbs": 1}], [{"containerPort": 53}], Reason.NO_UNDO),
        ([{"containerPort": 53, "verbs": 1}, {"containerPort": 80}], [], None),
        ([{"containerPort": 53, "protocol": "TCP", "verbs": 1},
          {"containerPort": 53, "protocol": "UDP"}], [], None),
    ],
)  # fmt: skip
def test_undo_is_refused_where_an_entry_cannot_be_told_from_others(
    entries: list[dict[str, Any]], since: list[dict[str, Any]], reason: Reason | None
) -> None:
    after = copy.deepcopy(entries)
    after[0]["verbs"] = 2
    step = operation(object_of({"rules": entries}), object_of({"rules": after}))
    now = object_of({"rules": after + since})
    back = taken_back(Done(step, "u-1"), now)
    assert (back.reason if isinstance(back, Refusal) else None) is reason
    if isinstance(back, Refusal):
        assert "Nothing tells spec.rules[0] of Deployment web from" in back.public


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
