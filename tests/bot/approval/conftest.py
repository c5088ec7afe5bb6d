"""An open, empty database, once on SQLite and once on Postgres; what a proposal's state is in it."""

import pytest

from bot.approval import proposals
from bot.store.database import open_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oakum.db"
    return request.getfixturevalue("fresh_postgres")


@pytest.fixture
async def db(url):
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture
def state(db):
    async def of(proposal="p1"):
        case = await proposals.get(db, proposal)
        assert case is not None
        return case.proposal.state

    return of
