"""What our own code composed is shown as it is; what a language model wrote never counts as such."""

from langchain_core.messages import AIMessage

from bot.agent.allowed import Allowed
from bot.agent.grounding import LINK, inert
from bot.agent.offline.model import Composed, OfflineModel
from tests.fakes.desk import Desk
from tests.fakes.openai import FakeOpenAI, Turn

SAID = "Deployment hall/payroll-api breaks CIS 5.9.9; see ledger-db and CVE-2021-44228."


def test_a_composed_text_keeps_its_names_and_loses_links_and_mentions() -> None:
    checked = inert(f"{SAID} <!channel> https://evil.example/x", Allowed(), frozenset())
    assert checked.text.startswith(SAID)
    assert "evil.example" not in checked.text
    assert "<!" not in checked.text
    assert checked.removed == (LINK,)


async def test_what_an_endpoint_sends_is_never_composed(hostile: Desk) -> None:
    async with FakeOpenAI([Turn(text=SAID)]) as endpoint:
        said = await endpoint.model().ainvoke("say it")
        given = await hostile.speaking(endpoint).ask("is kiosk ok?")
    assert isinstance(said, AIMessage)
    assert not isinstance(said, Composed)
    for invented in ("payroll-api", "5.9.9", "ledger-db", "CVE-2021-44228"):
        assert invented not in given.text


async def test_nothing_is_taken_out_of_what_rules_answer(hostile: Desk) -> None:
    for question in ("is kiosk ok?", "show me the events in hall", "scan hall"):
        given = await hostile.ask(question, thread=question)
        assert not [what for what in given.taken_out if what != LINK]


def test_only_the_offline_model_composes() -> None:
    made = OfflineModel().invoke("hello")
    assert isinstance(made, Composed)
