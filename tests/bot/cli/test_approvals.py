"""`oakum approvals`, as a process on a store with proposals: what it shows, and whose word it takes."""

import asyncio
import json
import os
import pwd
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.approval import proposals
from bot.approval.policy.file.document import parse
from bot.store.database import open_database
from bot.store.proposals import State
from bot.types import ThreadKey
from tests.fakes.proposed import TEXT, Proposing, harden, operation
from tools.types import Change

OAKUM = Path(sys.executable).with_name("oakum")
USER = pwd.getpwuid(os.getuid()).pw_name
MINE = TEXT.replace("bob: {slack_users: [UBOB]}", f"bob: {{slack_users: [UBOB, local/{USER}]}}")
ONE, TWO = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / "oakum.yaml").write_text("data: data\npolicy: policy.yaml\n", encoding="utf-8")
    (folder / "policy.yaml").write_text(MINE, encoding="utf-8")
    return folder


@pytest.fixture
def store(home):
    for file in (home / "data").glob("oakum.db*"):
        file.unlink()

    def within(work):
        async def run():
            db = await open_database(f"sqlite:///{home}/data/oakum.db")
            thread = ThreadKey("T0TEAM", "C1", "1.1")
            made = Proposing(db, thread, datetime.now(UTC), parse(MINE))
            try:
                return await work(made)
            finally:
                await db.close()

        return asyncio.run(run())

    return within


def oakum(home, *arguments, **environment):
    known = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    return subprocess.run(
        [OAKUM, "approvals", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
        env=known | environment,
    )


async def pending_on_both(made):
    await made.pending(ONE)
    await made.pending(TWO, action=harden("api", "lab"))


def state_of(store, proposal):
    async def read(made):
        return (await proposals.get(made.db, proposal)).proposal.state

    return store(read)


@pytest.mark.slow
def test_what_is_proposed_is_listed_and_shown_everywhere(home, store):
    store(pending_on_both)

    listed = oakum(home, "list")
    shown = oakum(home, "show", "aaaa")
    facts = json.loads(oakum(home, "list", "--json").stdout)

    assert listed.returncode == 0, listed.stderr
    assert "Waits for approval: 0 of 1" in listed.stdout
    assert "No executor gives a sign of life" in listed.stdout
    assert "containers[app].securityContext.privileged: true → false" in shown.stdout
    assert "Risk: medium." in shown.stdout
    assert {(one["id"], one["cluster"], one["state"]) for one in facts} == {
        (ONE, "prod", "pending"),
        (TWO, "lab", "pending"),
    }


@pytest.mark.slow
def test_nothing_in_a_value_steers_the_terminal_or_hides(home, store):
    sneaky = "/etc/\u202egnp\x1b[2J\nRisk: low\U000e0041"
    change = Change(("spec", "image"), "web:1", sneaky)
    diff = ((operation(harden()), (change,)),)
    store(lambda made: made.pending(ONE, diff=diff))

    told = oakum(home, "show", "aaaa").stdout

    assert r"spec.image: web:1 → /etc/\u202egnp\u001b[2J\nRisk: low\U000e0041" in told
    assert all(sign.isprintable() for line in told.splitlines() for sign in line)


@pytest.mark.slow
def test_on_a_sandbox_the_systems_user_decides(home, store):
    store(pending_on_both)

    said = oakum(home, "approve", "bbbb")

    assert (said.returncode, said.stderr) == (0, "")
    assert "counted" in said.stdout
    assert state_of(store, TWO) is State.APPROVED
    assert "approved by bob" in oakum(home, "show", "bbbb").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "word", [("approve",), ("reject", "--reason", "no"), ("withdraw",), ("start",), ("undo",)]
)
def test_elsewhere_a_terminals_user_proves_nothing(home, store, word):
    async def made_ready(made):
        await made.pending(ONE)
        if word[0] in {"start", "undo"}:
            await made.vote(ONE, "cat", "UCAT")
        if word[0] == "undo":
            await made.done(ONE)

    store(made_ready)
    before = state_of(store, ONE)

    said = oakum(home, word[0], "aaaa", *word[1:])

    assert said.returncode == 2
    assert "A terminal's user proves nothing here" in said.stderr
    assert state_of(store, ONE) is before


@pytest.mark.slow
def test_no_name_in_the_environment_makes_somebody_else(home, store):
    (home / "policy.yaml").write_text(MINE.replace(f"local/{USER}", "local/boss"), "utf-8")
    store(pending_on_both)

    names = dict.fromkeys(("USER", "LOGNAME", "USERNAME", "SUDO_USER", "LNAME"), "boss")
    said = oakum(home, "approve", "bbbb", **names)
    (home / "policy.yaml").write_text(MINE, encoding="utf-8")

    assert said.returncode == 2
    assert "no person" in said.stderr
    assert state_of(store, TWO) is State.PENDING


@pytest.mark.slow
def test_an_id_that_is_none_or_several_is_said_so(home, store):
    async def alike(made):
        await made.pending("ab1")
        await made.pending("ab2", action=harden("api"))

    store(alike)

    assert "No proposal is zz" in oakum(home, "show", "zz").stderr
    assert "the start of several" in oakum(home, "show", "ab").stderr
    assert oakum(home, "show", "%").returncode == 2
    assert oakum(home, "list", "--all").returncode == 0


@pytest.mark.slow
def test_without_a_policy_nobody_decides(home, store):
    store(pending_on_both)
    (home / "bare.yaml").write_text("data: data\n", encoding="utf-8")

    said = oakum(home, "approve", "bbbb", "--config", "bare.yaml")

    assert said.returncode == 2
    assert "No policy is in force" in said.stderr
