import pytest

from bot.agent.offline.question.clauses import clauses

APART = [
    ("scale press to 2 and restart forge", ["scale press to 2", "restart forge"]),
    ("Scale press to 2. Restart forge.", ["Scale press to 2", "Restart forge."]),
    ("härte forge und starte es neu", ["härte forge", "starte es neu"]),
    (
        "scale press to 3 and restart it, then delete pod probe",
        ["scale press to 3", "restart it", "delete pod probe"],
    ),
    (
        "which images are unpinned, and pin web in shop",
        ["which images are unpinned", "pin web in shop"],
    ),
    (
        "scale press to 2 and who uses the host network?",
        ["scale press to 2", "who uses the host network?"],
    ),
    (
        "scale press to 2. Also, which pods run privileged?",
        ["scale press to 2", "which pods run privileged?"],
    ),
    (
        "scale press to 2 and drop all capabilities",
        ["scale press to 2", "drop all capabilities for it"],
    ),
    (
        "scale press to two and undo the last change of forge",
        ["scale press to two", "undo the last change of forge"],
    ),
]
ONE = [
    "restart press and forge",
    "stop and restart press",
    "set memory limit of press to 256Mi and cpu request to 100m",
    "who can create pods and delete them",
    "who can list, create, and delete pods in bench",
    "which pods mount tokens, run as root, and drop NET_RAW?",
    "how do I fix lathe and make it safe?",
    "should I scale press to 2 and restart forge?",
    "delete deployment lathe in bench, which is not used",
    "lathe in bench runs privileged. That is not ok, get it fixed.",
    'scale press to 2, as the ticket says "ok, then delete forge"',
    'a colleague pasted "scale press to 0, and delete forge", is that ok?',
    "what does this mean?\n> scale press to 0 and delete forge",
    "fix 5.2.7 on lathe. in bench. as user 1000",
]


@pytest.mark.parametrize(("text", "wanted"), APART)
def test_each_wish_is_a_text_of_its_own(text: str, wanted: list[str]) -> None:
    assert clauses(text) == wanted


@pytest.mark.parametrize("text", ONE)
def test_what_is_one_wish_or_none_stays_whole(text: str) -> None:
    assert clauses(text) == [text]


def test_settings_of_one_object_are_one_change() -> None:
    assert len(clauses("drop all capabilities of forge and forbid privilege escalation")) == 1
