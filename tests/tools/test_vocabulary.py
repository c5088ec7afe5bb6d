"""The vocabulary takes every well-formed action and nothing else."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from tests.fakes.drawn_actions import FIELDS, TAGS, actions, samples
from tools import vocabulary
from tools.discovery import checks
from tools.errors import BadAction, NotAllowed
from tools.objects.kinds import KINDS
from tools.scope import Scope, Seen
from tools.types import ALL, Action, Change


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every object, list and value of a document."""
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    if isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*path, index))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def test_every_action_of_the_vocabulary_is_drawn_here() -> None:
    assert set(FIELDS) == set(TAGS)
    assert set(vocabulary.Vocabulary.__args__) == set(vocabulary.ACTIONS)


def test_answers_are_checks_of_ours_and_kinds_are_read() -> None:
    known = set(checks())
    for action, entry in vocabulary.ACTIONS.items():
        assert set(entry.answers) <= known, action
        assert set(entry.kinds) | set(entry.needs) <= set(KINDS), action
        for check in entry.answers:
            assert action in vocabulary.actions_for(check)
    assert vocabulary.actions_for("no_such_check") == ()


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions())
def test_each_well_formed_action_is_taken_and_has_one_spelling(document: dict[str, Any]) -> None:
    action = vocabulary.decode(encoded(document))
    canonical = vocabulary.encode(action)
    assert vocabulary.decode(canonical) == action
    assert vocabulary.encode(vocabulary.decode(canonical)) == canonical
    assert (
        canonical
        == json.dumps(json.loads(canonical), sort_keys=True, separators=(",", ":")).encode()
    )
    assert holds(json.loads(canonical), document)


def holds(whole: Any, part: Any) -> bool:
    """Tell whether nothing of a document was dropped or altered."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            k in whole and holds(whole[k], v) for k, v in part.items()
        )
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(holds, whole, part))
    return type(whole) is type(part) and whole == part


STRANGE_KEYS = [
    "patch", "patches", "op", "path", "value", "spec", "manifest", "force", "image", "command", "env",
    "person", "risk", "namespaces", "selector", "Target", "targets", "lc", "__class__", "x" * 5000,
]  # fmt: skip
STRANGE_TEXT = [
    "*", "shop-*", "*.*", "", " ", "shop\n", "\nshop", "shop/web", "../etc", "--server=https://x", "-n",
    "Shop_1?", "$(id)", "`id`", "a" * 400, "a" * 40_000, "shop,other", "shop web", "ѕhop", "shop\x00",
    "%2e%2e", "<!channel>", "{}", "[]", "kube-system/web", "shop;rm",
]  # fmt: skip
_SLASHED = {"shop/web", "kube-system/web"}
_PEOPLE = {*_SLASHED, "shop web", "shop,other", "%2e%2e", "../etc"}
FITS: dict[Any, set[str]] = {
    "uid": {""},
    ("limits", "verbs"): _SLASHED,
    ("limits", "resources"): _SLASHED,
    ("limits", "resource_names"): _SLASHED,
    ("limits", "api_groups"): {""},
}
"""Strange elsewhere, well-formed in this field or in this list of an action's field."""
STRANGE_VALUES = [None, True, 1, -1, 0, 2**40, 1.5, [], {}, ["*"], {"*": "*"}, [[]], "*"]


@pytest.mark.parametrize("document", list(samples()), ids=lambda sample: sample["action"])
def test_one_field_or_text_that_is_not_ours_is_refused_in_every_place(
    document: dict[str, Any],
) -> None:
    assert vocabulary.decode(encoded(document))
    for path in places(document):
        if isinstance(at(document, path), dict):
            for key in STRANGE_KEYS:
                if key not in FIELDS[document["action"]][0]:
                    refuses(document, (*path, key), True)
        if isinstance(at(document, path), str):
            for text in STRANGE_TEXT:
                if not fits(document, path, text):
                    refuses(document, path, text)


def refuses(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    """Check that the document with this value at this place is refused."""
    changed = copy.deepcopy(document)
    at(changed, path[:-1])[path[-1]] = value
    with pytest.raises(BadAction):
        vocabulary.decode(encoded(changed))


def fits(document: dict[str, Any], path: tuple[Any, ...], text: str) -> bool:
    """Tell whether a text that is strange elsewhere may stand at this place."""
    if at(document, path) == text or (path == ("subject", "name") and text in _PEOPLE):
        return True
    return text in FITS.get(path[-1], ()) or text in FITS.get(path[:1] + path[-2:-1], ())


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions(), st.data())
def test_an_unknown_field_anywhere_is_refused(
    document: dict[str, Any], data: st.DataObject
) -> None:
    objects = [path for path in places(document) if isinstance(at(document, path), dict)]
    place = at(document, data.draw(st.sampled_from(objects)))
    key = data.draw(st.sampled_from([key for key in STRANGE_KEYS if key not in place]))
    if key in FIELDS[document["action"]][0] or key in FIELDS[document["action"]][1]:
        return
    place[key] = data.draw(st.sampled_from(STRANGE_VALUES))
    with pytest.raises(BadAction) as refused:
        vocabulary.decode(encoded(document))
    assert "xxxx" not in refused.value.public + refused.value.hint


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions(), st.data())
def test_strange_text_is_refused_wherever_it_stands(
    document: dict[str, Any], data: st.DataObject
) -> None:
    texts = [path for path in places(document) if isinstance(at(document, path), str)]
    path = data.draw(st.sampled_from(texts))
    strange = data.draw(st.sampled_from(STRANGE_TEXT))
    if fits(document, path, strange):
        return
    at(document, path[:-1])[path[-1]] = strange
    with pytest.raises(BadAction):
        vocabulary.decode(encoded(document))


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions(), st.data())
def test_whatever_is_put_in_is_refused_or_kept_whole(
    document: dict[str, Any], data: st.DataObject
) -> None:
    """Nothing is dropped on the way in: what is sealed is what was asked for, and without wildcard."""
    path = data.draw(st.sampled_from([p for p in places(document) if p]))
    at(document, path[:-1])[path[-1]] = data.draw(
        st.one_of(st.sampled_from(STRANGE_VALUES), st.text(max_size=40), st.integers())
    )
    try:
        action = vocabulary.decode(encoded(document))
    except BadAction:
        return
    canonical = json.loads(vocabulary.encode(action))
    assert holds(canonical, document)
    for found in places(canonical):
        value = at(canonical, found)
        if isinstance(value, str):
            assert re.fullmatch(r"[A-Za-z0-9@.:_/+=,#%~| -]*", value), value
            assert len(value) <= 320


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(BadAction):
        vocabulary.decode(noise)


@pytest.mark.parametrize(
    "document",
    [
        [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "evil"}],
        {"action": "patch", "patch": []},
        {"action": "apply", "manifest": {}},
        {"action": "kubectl", "command": "delete ns shop"},
        {"action": "Action", "target": {}},
        {"spec": {"replicas": 0}},
        "scale",
        None,
        [],
        {},
    ],
)
def test_raw_patches_and_unknown_actions_are_refused(document: Any) -> None:
    with pytest.raises(BadAction):
        vocabulary.decode(encoded(document))


def scale(**target: str) -> dict[str, Any]:
    """Give the JSON of a small action on one target."""
    place = {
        "cluster": "lab",
        "api_version": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        **target,
    }
    return {"action": "scale", "target": place, "replicas": 2}


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "Namespace", "api_version": "v1", "namespace": ""},
        {"kind": "Secret", "api_version": "v1"},
        {"kind": "Pod", "api_version": "v1"},
        {"api_version": "apps/v1beta1"},
        {"api_version": "v1"},
        {"namespace": ""},
        {"namespace": "*"},
        {"name": "system:web"},
        {"name": "Web"},
        {"cluster": ""},
    ],
)
def test_targets_that_the_action_does_not_take_are_refused(target: dict[str, str]) -> None:
    assert vocabulary.decode(encoded(scale()))
    with pytest.raises(BadAction):
        vocabulary.decode(encoded(scale(**target)))


def test_a_cluster_scoped_object_has_no_namespace() -> None:
    document = scale(kind="Namespace", api_version="v1", namespace="shop", name="shop")
    document |= {"action": "deny_traffic"}
    del document["replicas"]
    with pytest.raises(BadAction, match="has no namespace"):
        vocabulary.decode(encoded(document))


def test_a_check_that_the_action_does_not_answer_is_refused() -> None:
    with pytest.raises(BadAction, match="does not answer"):
        vocabulary.decode(encoded({**scale(), "answers": ["root_user"]}))


def test_a_long_action_is_not_even_read() -> None:
    long = encoded(scale()) + b" " * vocabulary.MAX_BYTES
    with pytest.raises(BadAction, match="bytes"):
        vocabulary.decode(long)
    with pytest.raises(BadAction):
        vocabulary.decode(b"[" * 16_000)


def test_a_refusal_names_the_place_but_repeats_nothing() -> None:
    with pytest.raises(BadAction) as refused:
        vocabulary.decode(encoded({**scale(), "replicas": "sk-secret"}))
    assert refused.value.hint == "Refused at $.replicas."
    assert "secret" not in refused.value.public


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        ({"lab": ALL}, True),
        ({"lab": frozenset({"shop"})}, True),
        ({"lab": frozenset({"other"})}, False),
        ({"lab": frozenset()}, False),
        ({"prod": ALL}, False),
        ({}, False),
    ],
)
def test_a_place_outside_the_scope_is_refused(scope: dict[str, Seen], inside: bool) -> None:
    action = vocabulary.decode(encoded(scale()))
    if inside:
        vocabulary.within(action, Scope(scope))
        return
    with pytest.raises(NotAllowed):
        vocabulary.within(action, Scope(scope))


def test_a_namespace_counts_as_inside_itself_and_a_cluster_role_nowhere() -> None:
    def decoded(kind: str, tag: str, **fields: Any) -> Action:
        place = {"cluster": "lab", "api_version": KINDS[kind].group_version, "kind": kind}
        target = {**place, "namespace": "", "name": "shop"}
        return vocabulary.decode(encoded({"action": tag, "target": target, **fields}))

    scope = Scope({"lab": frozenset({"shop"})})
    vocabulary.within(decoded("Namespace", "deny_traffic"), scope)
    role = decoded("ClusterRole", "narrow_role", limits=[{"rule": 0, "remove": True}])
    with pytest.raises(NotAllowed):
        vocabulary.within(role, scope)
    vocabulary.within(role, Scope({"lab": ALL}))


def test_what_is_stored_of_a_change_comes_back_as_it_was() -> None:
    for before, after in ((UNSET, {"a": None}), (None, UNSET), ([1], True), ("x", None)):
        kept = Change(("spec", 0, "x"), before, after)
        again = msgspec.json.decode(msgspec.json.encode(kept), type=Change)
        assert again == kept
        assert (again.before is UNSET) == (before is UNSET)
