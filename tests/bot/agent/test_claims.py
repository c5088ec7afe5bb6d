import pytest

from bot.agent.claims import claims_change

CLAIMS = [
    "I have applied the fix.",
    "I've scaled web to 3.",
    "Oakum restarted the pods.",
    "web was successfully deployed",
    "The change has been approved.",
    "Done: web is hardened now.",
    "Ich habe web neu gestartet.",
    "Der Pod wurde gelöscht.",
]
NONE = [
    "Deployment shop/web runs privileged.",
    "To scale web to 3, its rule needs an approval.",
    "Nothing fails CIS 5.2.2.",
    "A person would set runAsNonRoot.",
]


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_of_a_change_is_seen(text: str) -> None:
    assert claims_change(text)


@pytest.mark.parametrize("text", NONE)
def test_what_claims_nothing_is_left_alone(text: str) -> None:
    assert not claims_change(text)
