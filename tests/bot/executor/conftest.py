"""A world with an open, empty store."""

import pytest_asyncio

from tests.fakes.executing import world as opened


@pytest_asyncio.fixture
async def world(db, tmp_path):
    async with opened(db, tmp_path) as made:
        yield made
