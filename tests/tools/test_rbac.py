"""RBAC rules match as the API server matches them, label selectors too."""

import pytest

from tools.objects.meta import LabelSelector, LabelSelectorRequirement
from tools.objects.rbac import BindingSubject, PolicyRule
from tools.rbac import Wanted, resource_matches, rule_gives, selects, subject_name


@pytest.mark.parametrize(
    ("entry", "resource", "matches"),
    [
        ("*", "pods", True),
        ("*", "nodes/proxy", True),
        ("pods", "pods", True),
        ("pods", "pods/log", False),
        ("pods/log", "pods", False),
        ("nodes/proxy", "nodes/proxy", True),
        ("*/proxy", "nodes/proxy", True),
        ("*/proxy", "nodes", False),
        ("*/*", "nodes/proxy", False),
        ("nodes/*", "nodes/proxy", False),
        ("nodes/*", "nodes", False),
        ("Pods", "pods", False),
    ],
)
def test_resources_match_as_in_kubernetes(entry: str, resource: str, matches: bool) -> None:
    assert resource_matches(entry, resource) is matches


def test_any_verb_means_at_least_one() -> None:
    wanted = Wanted((), "", ("nodes/proxy",))
    assert rule_gives(PolicyRule(["get"], [""], ["nodes/proxy"]), wanted)
    assert not rule_gives(PolicyRule([], [""], ["nodes/proxy"]), wanted)
    assert not rule_gives(PolicyRule(None, [""], ["nodes/proxy"]), wanted)


def test_a_rule_for_urls_gives_no_resource() -> None:
    rule = PolicyRule(["*"], non_resource_urls=["*"])
    assert not rule_gives(rule, Wanted(("get",), "", ("secrets",)))


@pytest.mark.parametrize(
    ("operator", "key", "values", "holds"),
    [
        ("In", "tier", ["db", "web"], True),
        ("In", "tier", ["db"], False),
        ("In", "other", ["web"], False),
        ("NotIn", "tier", ["db"], True),
        ("NotIn", "tier", ["web"], False),
        ("NotIn", "other", ["web"], True),
        ("Exists", "tier", None, True),
        ("Exists", "other", None, False),
        ("DoesNotExist", "tier", None, False),
        ("DoesNotExist", "other", None, True),
        ("Near", "tier", ["web"], False),
    ],
)
def test_label_expressions(operator: str, key: str, values: list[str] | None, holds: bool) -> None:
    selector = LabelSelector(match_expressions=[LabelSelectorRequirement(key, operator, values)])
    assert selects(selector, {"tier": "web"}) is holds


def test_a_selector_needs_all_and_an_empty_one_selects_everything() -> None:
    both = LabelSelector({"a": "1"}, [LabelSelectorRequirement("b", "Exists")])
    assert selects(both, {"a": "1", "b": "2"})
    assert not selects(both, {"a": "1"})
    assert not selects(both, {"a": "2", "b": "2"})
    assert selects(LabelSelector(), {})


def test_subjects_are_named_with_the_namespace_they_are_in() -> None:
    assert subject_name(BindingSubject("Group", "devs"), "shop") == "Group devs"
    assert subject_name(BindingSubject("ServiceAccount", "a"), "shop") == "ServiceAccount shop/a"
    assert subject_name(BindingSubject("ServiceAccount", "a", "b"), "c") == "ServiceAccount b/a"
