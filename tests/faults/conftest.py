"""A far side over each store."""

import pytest
import pytest_asyncio

from tests.faults.far import far


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oakum.db"
    return request.getfixturevalue("fresh_postgres")


@pytest_asyncio.fixture
async def there(url, tmp_path):
    async with far(url, tmp_path) as made:
        yield made
