"""A task that swallows a cancellation is told again, and ends."""

import asyncio
import contextlib

import pytest

from bot.slack import stopping


async def test_what_swallows_a_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "AGAIN_S", 0.01)
    begun = asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await begun.wait()
    async with asyncio.timeout(5):
        await stopping.stopped(None, task)
    assert task.cancelled()


async def test_what_failed_is_stopped_without_a_word() -> None:
    async def failing() -> None:
        raise ValueError

    task = asyncio.create_task(failing())
    await asyncio.wait({task})
    await stopping.stopped(task)
