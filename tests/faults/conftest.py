"""A far side over each store."""

import pytest_asyncio

from tests.faults.far import far


@pytest_asyncio.fixture
async def there(url, tmp_path):
    async with far(url, tmp_path) as made:
        yield made
