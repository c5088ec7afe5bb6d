"""What is built for a model is closed with it, and only with it."""

import asyncio

import pytest

from bot.agent.model import close
from tests.fakes.openai import FakeOpenAI, say


async def test_closing_one_model_lets_its_connections_go_and_leaves_another_alone() -> None:
    async with FakeOpenAI([say("yes")]) as endpoint, asyncio.timeout(30):
        one, other = endpoint.model(), endpoint.model()
        for model in (one, other):
            assert (await model.ainvoke("there?")).text == "yes"
        assert endpoint.connections == 2
        await close(one)
        await endpoint.left_alone(1)
        assert (await other.ainvoke("there?")).text == "yes"
        assert endpoint.connections == 1
        with pytest.raises(RuntimeError, match="closed"):
            await one.ainvoke("there?")
