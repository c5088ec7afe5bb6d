"""In a hardened installation serve's role on Postgres can ask for a change, and do nothing else of it."""

from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from bot.approval import proposals
from bot.errors import StoreUnavailable
from bot.store import files, inbox, outbox, seen, signs, threads, usage
from bot.store.database import open_database
from bot.store.outbox import App
from bot.store.proposals import State
from bot.store.tables import metadata
from bot.types import Place, ThreadKey
from tests.fakes import approvals as make

pytestmark = pytest.mark.postgres
GRANTS = Path(__file__).parents[3] / "deploy" / "postgres" / "serve-role.sql"
PASSWORD = "serve-in-a-test"
APPROVALS = ("proposals", "reviews", "operations", "ledger")


@pytest.fixture
async def owner(fresh_postgres):
    """Give the executor's database, a proposal pending in it, and the grants made."""
    database = await open_database(fresh_postgres)
    await make.pending(database)
    with psycopg.connect(fresh_postgres, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS oakum_serve")
        connection.execute(
            sql.SQL("CREATE ROLE oakum_serve LOGIN PASSWORD {}").format(sql.Literal(PASSWORD))
        )
        connection.execute(GRANTS.read_text(encoding="utf-8").encode())
    yield database
    await database.close()
    with psycopg.connect(fresh_postgres, autocommit=True) as connection:
        connection.execute("DROP OWNED BY oakum_serve")
        connection.execute("DROP ROLE oakum_serve")


@pytest.fixture
def serve_url(fresh_postgres, owner):
    before, after = fresh_postgres.split("@")
    return f"postgresql://oakum_serve:{PASSWORD}@{after}" if before else ""


@pytest.fixture
async def serve(serve_url):
    database = await open_database(serve_url)
    yield database
    await database.close()


@pytest.fixture
def connection(serve_url):
    with psycopg.connect(serve_url, autocommit=True) as opened:
        yield opened


async def test_a_draft_is_asked_for_and_taken_by_the_executor(owner, serve):
    assert await proposals.submit(serve, make.draft("p2", "api"))
    assert not await proposals.submit(serve, make.draft("p2", "api"))

    claimed = await proposals.claim_draft(owner, make.EXECUTOR.at(1), App.APPROVALS)

    assert claimed is not None
    assert claimed.id == "p2"


async def test_no_press_no_transition_and_no_ledger_row_of_serves_counts(owner, serve):
    for attempt in (
        proposals.expire(serve, "p1", make.START),
        proposals.withdraw(serve, "p1", "ann", "", make.START),
        make.press(serve, "bob", digest="0" * 64),
        make.claim(serve, digest="0" * 64),
        proposals.claim_draft(serve, make.EXECUTOR.at(1), App.ASSISTANT),
        proposals.extend(serve, make.EXECUTOR.at(1), "p1"),
    ):
        with pytest.raises(StoreUnavailable, match="credentials"):
            await attempt
    case = await proposals.get(owner, "p1")
    assert case is not None
    assert (case.proposal.state, case.proposal.revision, case.reviews) == (State.PENDING, 2, ())


EVERY_TABLE = (
    "SELECT * FROM {}",
    "INSERT INTO {} SELECT * FROM {}",
    "INSERT INTO {} DEFAULT VALUES",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "DROP TABLE {}",
    "ALTER TABLE {} ADD COLUMN x int",
    "CREATE TRIGGER t AFTER INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE r AS ON INSERT TO {} DO INSTEAD NOTHING",
    "DO $$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; END $$",
    "GRANT ALL ON {} TO oakum_serve",
)
FORGERIES = (
    "UPDATE proposals SET state = 'approved'",
    "UPDATE proposals SET requester = 'mallory'",
    "UPDATE reviews SET verdict = 'approve'",
    "UPDATE operations SET lock = NULL",
    "UPDATE ledger SET mac = NULL",
    "SELECT * FROM drafts",
    "UPDATE drafts SET requester = 'bob'",
    "DELETE FROM drafts",
    "INSERT INTO drafts SELECT * FROM drafts",
    "UPDATE alembic_version SET version_num = '0002'",
    "CREATE TABLE mine (x int)",
    "SET ROLE oakum",
    "ALTER TABLE outbox DISABLE ROW LEVEL SECURITY",
    "DROP POLICY oakum_serve_app ON outbox",
)


def test_what_would_forge_or_hide_an_approval_is_refused(connection):
    statements = [one.replace("{}", table) for one in EVERY_TABLE for table in APPROVALS]
    for statement in (*statements, *FORGERIES):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())
            pytest.fail(f"not refused: {statement}")


async def test_cards_of_the_approvals_app_are_out_of_serves_reach(owner, serve, connection):
    await proposals.submit(owner, make.draft("p2", "api"))
    await proposals.claim_draft(owner, make.EXECUTOR.at(1), App.APPROVALS)

    assert await outbox.claim(serve, App.APPROVALS, "w", make.EXECUTOR.at(60).now, 60) is None
    assert await outbox.claim(serve, App.ASSISTANT, "w", make.EXECUTOR.at(60).now, 60) is not None
    hidden = connection.execute(
        b"UPDATE outbox SET shown = wanted, message_ts = 'x' WHERE app = 'approvals'"
    )
    assert hidden.rowcount == 0
    for forged in (
        b"UPDATE outbox SET app = 'approvals'",
        b"UPDATE outbox SET id = 'card:p3'",
        b"INSERT INTO outbox SELECT * FROM outbox",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(forged)
            pytest.fail(f"not refused: {forged!r}")
    card = await outbox.claim(owner, App.APPROVALS, "w", make.EXECUTOR.at(60).now, 60)
    assert card is not None
    assert card.proposal == "p2"


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
async def test_a_draft_with_a_time_that_cannot_be_read_is_not_taken(connection, serve, time):
    await proposals.submit(serve, make.draft("p2", "api"))
    columns = [column.name for column in metadata.tables["drafts"].columns]
    given = {name: b"" if name in {"action", "target", "standing"} else "x" for name in columns}
    given |= {"id": "p3", "submitted_at": time}
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    values = sql.SQL(", ").join(map(sql.Placeholder, columns))
    with pytest.raises(errors.CheckViolation):
        connection.execute(
            sql.SQL("INSERT INTO drafts ({}) VALUES ({})").format(names, values), given
        )


async def test_serve_does_its_own_work(serve):
    key = ThreadKey("T1", "C1", "1.0")
    now = make.START
    asked = inbox.NewQuestion("q1", "Ev1", "T1", "C1", "1.0", "1.0", "U1", Place.CHANNEL, "?", now)
    assert await inbox.put(serve, asked, now)
    assert await inbox.lease(serve, "w", now, 60)
    assert await seen.first_time(serve, "Ev2", now)
    await threads.append(serve, key, threads.Turn("person", "U1", "?", now), now)
    await usage.add(serve, "U1", now.date(), 1, 1)
    await files.add(serve, key, "F1", now)
    assert await threads.delete(serve, key) == 1


def test_every_table_is_named_in_the_grants_or_is_one_that_serve_has_no_business_with():
    granted = GRANTS.read_text(encoding="utf-8")
    named = {
        name for name in metadata.tables if f" {name}" in granted.split("GRANT USAGE ON SCH")[1]
    }
    assert set(metadata.tables) - named == set(APPROVALS)


async def test_serve_can_look_for_what_to_show_without_reading_a_proposal(serve, owner):
    """What its delivery asks every half second, where the executor shows all cards itself."""
    await proposals.submit(owner, make.draft("p2", "api"))
    await proposals.claim_draft(owner, make.EXECUTOR.at(1), App.APPROVALS)
    theirs = await outbox.claim(owner, App.APPROVALS, "executor", make.EXECUTOR.at(2).now, 30)
    assert theirs is not None
    await outbox.shown(owner, theirs, "executor", "1700.1")

    assert await outbox.posted(owner, App.APPROVALS, 10) == ["p2"]
    assert await outbox.posted(serve, App.APPROVALS, 10) == []
    assert not await signs.alive(serve, signs.EXECUTOR, make.START)
