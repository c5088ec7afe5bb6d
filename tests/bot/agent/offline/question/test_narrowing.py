import pytest

from bot.agent.offline.question.narrowing import Loss, limits_of, read_loss

RULES = [
    {"resources": ["secrets"], "verbs": ["get", "list", "delete"]},
    {"resources": ["pods", "pods/exec"], "verbs": ["get", "create"]},
]


def loss(text: str) -> Loss:
    found = read_loss(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("remove delete on secrets from role ci", [{"rule": 0, "verbs": ["get", "list"]}]),
        ("take pods/exec away from role ci in build", [{"rule": 1, "resources": ["pods"]}]),
        ("revoke access to secrets from the role ci", [{"rule": 0, "remove": True}]),
        ("entferne delete auf secrets aus der Role ci", [{"rule": 0, "verbs": ["get", "list"]}]),
        (
            "remove get from role ci",
            [{"rule": 0, "verbs": ["list", "delete"]}, {"rule": 1, "verbs": ["create"]}],
        ),
        ("remove nodes from role ci", []),
    ],
)
def test_what_is_left_of_each_rule(text: str, limits: list[dict[str, object]]) -> None:
    assert limits_of(RULES, loss(text)) == limits


@pytest.mark.parametrize(
    "rule",
    [
        {"resources": ["secrets", "configmaps"], "verbs": ["get", "delete"]},
        {"resources": ["*"], "verbs": ["delete", "get"]},
        {"resources": ["secrets"], "verbs": ["*"]},
        {"resources": ["*"], "verbs": ["*"]},
    ],
)
def test_what_words_cannot_say_exactly_is_asked_about(rule: dict[str, list[str]]) -> None:
    assert isinstance(limits_of([rule], loss("remove delete on secrets from role ci")), str)


@pytest.mark.parametrize(
    "text",
    [
        "remove everything dangerous from role ci",
        "take what jane does away from role ci",
        "remove user jane from rolebinding keys",
        "who can delete secrets?",
    ],
)
def test_words_that_are_no_verb_and_no_resource_give_nothing(text: str) -> None:
    assert read_loss(text) is None
