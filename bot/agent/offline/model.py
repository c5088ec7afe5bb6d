"""The offline model: a LangChain chat model made of rules, so that there is one path, not two.

Each turn it reads the conversation, runs the plan of the question with all results so far, and gives the
plan's next queries or its answer. Used by `bot.conversation` where no model is configured or it fails.
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from bot.agent.offline.plans import plan
from bot.agent.offline.talk import MOST_READ, Call, Got, Said, Talk
from bot.agent.offline.wording.words import FOOTER
from tools.queries.result import Result

QUESTION = "oakum_question"
"""Key of a human message that holds the bare question, without what surrounds it."""
CLUSTERS = "oakum_clusters"
"""Key of a human message: names of the clusters that may be asked about."""
FACTS = "oakum_facts"
"""Key of an earlier answer: what its results named."""
CUT = f"Only the first {MOST_READ} characters of what you wrote were read; ask for the rest by itself."


class Composed(AIMessage):
    """A turn that our own code composed from typed results: it is made inert, and not grounded.

    Only this file makes one; what an endpoint sends is never of this type, whatever it says.
    """


class OfflineModel(BaseChatModel):
    """Answers by rules; costs nothing and sends nothing anywhere."""

    @property
    def _llm_type(self) -> str:
        return "oakum-offline"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Return itself: it knows the queries already."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        talk, rounds = _talk(messages)
        calls, text = _advance(talk, rounds)
        made = [
            ToolCall(name=call.query, args=call.arguments, id=f"offline_{len(rounds)}_{index}")
            for index, call in enumerate(calls)
        ]
        said = [text, CUT if len(_question(messages[_last(messages)])) > MOST_READ else "", FOOTER]
        answer = Composed(content="\n\n".join(filter(None, said)) if text else "", tool_calls=made)
        return ChatResult(generations=[ChatGeneration(message=answer)])


def _advance(talk: Talk, rounds: list[list[Got]]) -> tuple[list[Call], str]:
    """Run the plan with what came back so far; gives its next queries, or its answer."""
    running = plan(talk)
    try:
        calls = next(running)
        for got in rounds:
            calls = running.send(got)
    except StopIteration as ended:
        return [], str(ended.value)
    return calls, ""


def _talk(messages: list[BaseMessage]) -> tuple[Talk, list[list[Got]]]:
    """Take a conversation apart: the question, what was said before, what came back since."""
    at = _last(messages)
    last = messages[at]
    question = _question(last)[:MOST_READ]
    clusters = tuple(last.additional_kwargs.get(CLUSTERS) or ())
    earlier = tuple(
        Said(
            isinstance(item, HumanMessage),
            _question(item)[:MOST_READ] if isinstance(item, HumanMessage) else str(item.text),
            item.additional_kwargs.get(FACTS) or {},
        )
        for item in messages[:at]
        if isinstance(item, HumanMessage | AIMessage) and str(item.text).strip()
    )
    replies = {
        item.tool_call_id: Got(
            item.artifact if isinstance(item.artifact, Result) else None, str(item.text)
        )
        for item in messages[at + 1 :]
        if isinstance(item, ToolMessage)
    }
    rounds = [
        [replies[str(call["id"])] for call in item.tool_calls]
        for item in messages[at + 1 :]
        if isinstance(item, AIMessage) and item.tool_calls
    ]
    return Talk(question, earlier, clusters), rounds


def _last(messages: list[BaseMessage]) -> int:
    """Find the message that is answered."""
    return max(index for index, item in enumerate(messages) if isinstance(item, HumanMessage))


def _question(message: BaseMessage) -> str:
    """Give what a person wrote, without what surrounds it."""
    return str(message.additional_kwargs.get(QUESTION) or message.text)
