"""Turns what was said into the messages that a model is given: bounded, foreign text fenced.

Used by `bot.conversation`.
"""

from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from bot.agent.offline.model import CLUSTERS, FACTS, QUESTION
from bot.store.threads import PERSON, Turn
from bot.types import Request
from tools.queries.wording import fence

MAX_TURNS = 12
"""Earlier turns of the thread that a model is given."""
MAX_TURN = 2_000
"""Characters of one of them."""
MAX_QUESTION = 4_000
"""Characters of a question; the rest is cut."""
MAX_CONTEXT = 50
"""Messages of a thread without memory that are handed on as data."""


def messages(
    request: Request, earlier: Sequence[Turn], clusters: Sequence[str]
) -> list[AnyMessage]:
    """Make the conversation: earlier turns, then the question with what surrounds it."""
    made: list[AnyMessage] = []
    for turn in earlier:
        text = turn.text[:MAX_TURN]
        if turn.role == PERSON:
            made.append(HumanMessage(text, additional_kwargs={QUESTION: text}))
        else:
            made.append(AIMessage(text, additional_kwargs={FACTS: dict(turn.facts)}))
    question = request.text[:MAX_QUESTION]
    parts = [f"Clusters in scope: {', '.join(clusters) or 'none'}."]
    if request.context:
        said = "\n".join(line[:MAX_TURN] for line in request.context[-MAX_CONTEXT:])
        parts.append(fence("earlier messages of this thread", said))
    parts.append(f"Question: {question}")
    extra = {QUESTION: question, CLUSTERS: list(clusters)}
    made.append(HumanMessage("\n\n".join(parts), additional_kwargs=extra))
    return made
