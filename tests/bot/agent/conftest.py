from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.desk import Desk, open_desk

FOLDERS = Path(__file__).parents[2] / "eval" / "folders"


async def _desk(folder: str, store: Path) -> AsyncIterator[Desk]:
    desk = await open_desk(FOLDERS / folder, store)
    yield desk
    assert desk.parts.db is not None
    await desk.parts.db.close()


@pytest.fixture
async def hostile(tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk("hostile", tmp_path):
        yield desk


@pytest.fixture
async def bakery(tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk("bakery", tmp_path):
        yield desk
