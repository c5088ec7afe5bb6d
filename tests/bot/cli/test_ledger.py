"""`oakum ledger`: an auditor's two commands, as processes on a store with a history."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.approval import proposals
from bot.store import ledger
from bot.store.database import open_database
from tests.fakes import approvals as make
from tools.changes import OutcomeKind

OAKUM = Path(sys.executable).with_name("oakum")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / "key").write_bytes(make.KEY.value)
    (folder / "oakum.yaml").write_text("data: data\n", encoding="utf-8")
    return folder


@pytest.fixture
def head(home):
    url = f"sqlite:///{home}/data/oakum.db"
    for file in (home / "data").glob("oakum.db*"):
        file.unlink()
    return asyncio.run(write(url))


async def write(url):
    db = await open_database(url)
    await make.approved(db)
    await make.claim(db)
    await proposals.intend(db, make.EXECUTOR.at(121), "p1", make.intent())
    await proposals.record(db, make.EXECUTOR.at(122), "p1", make.outcome(OutcomeKind.APPLIED))
    await proposals.finish(db, make.EXECUTOR.at(150), "p1", make.outcome(OutcomeKind.VERIFIED))
    noted = await ledger.head(db)
    await make.pending(db, "p2", "api")
    await make.press(db, "bob", proposal="p2", reason="=cmd()")
    await db.close()
    return noted


async def change(home, statement):
    db = await open_database(f"sqlite:///{home}/data/oakum.db")
    async with db.write() as tx:
        await tx.execute(text(statement))
    await db.close()


def oakum(home, *arguments):
    return subprocess.run(
        [OAKUM, "ledger", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "OAKUM_LEDGER_KEY_FILE": str(home / "key"),
        },
    )


@pytest.mark.slow
def test_a_sound_ledger_is_said_to_be_sound_with_what_is_not_signed_yet(home, head):
    result = oakum(home, "verify", "--head", str(head))

    assert result.returncode == 0, result.stderr
    assert "sound: 9 signed rows" in result.stdout
    assert "Row 10 is not signed yet" in result.stdout
    assert "Head: 9:" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "UPDATE ledger SET body = replace(body, 'verified', 'unknown_') WHERE number = 7",
            "Row 7",
        ),
        ("DELETE FROM ledger WHERE number >= 5", "cut off"),
    ],
)
def test_a_changed_ledger_is_told_and_ends_with_1(home, head, statement, says):
    asyncio.run(change(home, statement))

    result = oakum(home, "verify", "--head", str(head))

    assert result.returncode == 1
    assert says in result.stdout
    assert "tampered" in result.stdout


@pytest.mark.slow
def test_what_an_auditor_asks_is_one_command(home, head):
    table = oakum(home, "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))

    assert [row["event"] for row in rows[:7]] == [
        "claimed",
        "sealed",
        "reviewed",
        "executing",
        "intended",
        "recorded",
        "done",
    ]
    assert (rows[2]["person"], rows[2]["verdict"], rows[2]["at"][:16]) == (
        "bob",
        "approve",
        "2026-03-04T10:31",
    )
    assert "hostPID" in rows[1]["facts"]
    assert (rows[5]["audit_id"], rows[6]["outcome"]) == ("audit-1", "verified")
    assert rows[9]["reason"] == "'=cmd()"


@pytest.mark.slow
def test_the_exported_lines_can_be_verified_by_anybody_with_the_key(home, head):
    result = oakum(home, "export", "--output", "ledger.jsonl")
    assert result.returncode == 0, result.stderr
    before = ledger.START
    lines = (home / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[:9]:
        body = line[len('{"body":') : line.rindex(',"signature":')]
        before = make.KEY.sign(before, body.encode())
        assert json.loads(line)["signature"] == before
    assert json.loads(lines[9])["signature"] == ""


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_said(home, head):
    result = oakum(home, "export", "--output", "absent/ledger.jsonl")
    assert result.returncode == 2
    assert "cannot be written" in result.stderr
