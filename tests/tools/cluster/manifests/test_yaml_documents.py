"""YAML as kubectl reads it, and texts that try to harm the reader."""

from typing import Any

import pytest

from tools.cluster.manifests import yaml_documents
from tools.cluster.manifests.yaml_documents import Damage, Document, documents


def only(text: str) -> Any:
    (found,) = documents(text)
    assert isinstance(found, Document), found
    return found.value


def damage(text: str) -> tuple[int, str]:
    (found,) = documents(text)
    assert isinstance(found, Damage), found
    return found.line, found.why


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", True), ("Off", False), ("y", "y"), ("N", "N"), ("yes", True), ("NO", False), ("~", None), ("", None),
        ("0644", 420), ("0x1F", 31), ("0b101", 5), ("1_000", 1000), ("-7", -7), ("+8", 8),
        ("1.5", 1.5), ("1e3", 1000.0), ("-.5", -0.5), ("22:22", "22:22"), ("0o17", 15),
        ("2024-01-01", "2024-01-01"), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("'on'", "on"), ('"0644"', "0644"), ("!!str 12", "12"), ("1.27.0", "1.27.0"),
        ("10m", "10m"), ("08", 8.0), ("1__", 1), ("yEs", "yEs"), ("-", [None]), ("=", "="),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    found = only(f"a: {text}" if text != "-" else "a:\n-")["a"]
    assert (found, type(found)) == (value, type(value))


def test_byte_order_marks_of_files_put_together() -> None:
    found = list(documents("a: 1\n---\n\ufeffa: 2\n\ufeff---\na: 3\n"))
    assert [each.value for each in found if isinstance(each, Document)] == [
        {"a": n} for n in (1, 2, 3)
    ]


def test_keys_become_text() -> None:
    assert only("{1: a, true: b, ~: c, 1.5: d}") == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_the_last_of_two_equal_keys_counts_and_both_are_told() -> None:
    (found,) = documents("a: 1\nb: {c: 1,\n  c: 2}\na: 2\n")
    assert isinstance(found, Document)
    assert found.value == {"a": 2, "b": {"c": 2}}
    assert [(each.line, each.key, each.depth) for each in found.repeated] == [
        (3, "c", 2),
        (4, "a", 1),
    ]


def test_merge_keys() -> None:
    text = "a: &a {x: 1, y1: 2}\nb: &b {x: 3}\nc: {<<: [*b, *a], z: 4}\nd: {z: 5, <<: *a, x: 9}\n"
    found = only(text)
    assert found["c"] == {"x": 3, "y1": 2, "z": 4}
    assert found["d"] == {"x": 9, "y1": 2, "z": 5}


@pytest.mark.parametrize("sign", ["<<", "!!merge <<"])
def test_a_merge_key_with_its_tag_merges(sign: str) -> None:
    assert only(f"a: &a {{x: 1}}\nb: {{{sign}: *a}}\n")["b"] == {"x": 1}
    assert only(f'a: &a {{x: 1}}\nb: {{"<<": 2, {sign}: *a}}\n')["b"] == {"<<": 2, "x": 1}


def test_a_merge_over_a_key_before_it_is_kubectls_reading_and_is_named() -> None:
    text = "a: &a {x: 1, y1: 2}\nb: {x: 3, y1: 2, <<: *a}\nc: {<<: *a, x: 3}\n"
    (found,) = documents(text)
    assert isinstance(found, Document)
    assert found.value["b"] == {"x": 1, "y1": 2}
    assert found.value["c"] == {"x": 3, "y1": 2}
    assert [(each.line, each.key) for each in found.repeated] == [(2, "x")]


def test_a_binary_value_is_its_text() -> None:
    assert only("a: !!binary TkVUX1JBVw==\n") == {"a": "NET_RAW"}
    (damage,) = documents("a: !!binary gICA\n")
    assert isinstance(damage, Damage)


def test_documents_have_the_line_they_begin_at() -> None:
    text = "# note\na: 1\n--- {b: 2}\n---\n\n\nc: 3\n...\n%YAML 1.1\n---\nd: 4\n"
    found = [(one.line, one.value) for one in documents(text) if isinstance(one, Document)]
    assert found == [(2, {"a": 1}), (3, {"b": 2}), (7, {"c": 3}), (11, {"d": 4})]


def test_items_have_their_lines() -> None:
    (found,) = documents("kind: List\nitems:\n- a: 1\n\n- a:\n  - 2\n- 3\n")
    assert isinstance(found, Document)
    assert found.item_lines == (3, 5, 7)


def test_damage_does_not_hide_its_neighbours() -> None:
    found = list(documents("a: 1\n---\nb: [1,\n---\nc: 3\n---\n\td: 4\n---\ne: 'x\n"))
    assert [type(one).__name__ for one in found] == [
        "Document", "Damage", "Document", "Damage", "Damage",
    ]  # fmt: skip
    assert [one.line for one in found] == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert damage(text) == (1, "it is nested deeper than 200 levels")


def test_aliases_that_grow_are_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "aliases written out" in damage("\n".join(rows))[1]


def test_long_texts_count_in_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_documents, "MAX_NODES", 1000)
    assert only(f"a: &a {'x' * 6400}\nb: [*a, *a]\n")["b"][1] == "x" * 6400
    assert "aliases written out" in damage(f"a: &a {'x' * 6400}\nb: [{'*a, ' * 10}*a]\n")[1]


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", "a: *gone", "<<: 7\nb: 1", "[1]: 2\n", "a: \x07", "a: !!python/name:os 1"],
)
def test_what_makes_no_sense_is_damage_or_plain(text: str) -> None:
    for found in documents(text):
        assert isinstance(found, Damage) or found.value == {"a": 1}
