"""`oakum execute` on a lab, killed after the server has done a write and before anything says so."""

import asyncio
import itertools
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.store import ledger
from bot.store.database import open_database
from bot.store.ledger import Entry, Verification
from bot.store.proposals import Case, State
from tests.lab.acts import WORK, Json, harden, workload
from tests.lab.living import KEY, KEY_TEXT, POLICY, THREAD, Living, People
from tests.lab.versions import ROOT
from tools.types import Target

NAME = "killed"
OBJECTS: tuple[Json, ...] = (workload(NAME),)
_ENDS_S = 60.0


@dataclass(repr=False)
class Killed:
    """What was left, and what a second process made of it."""

    left: Case
    case: Case
    changed: dict[str, Any]
    entries: list[Entry]
    verification: Verification
    second_ended_with: int


async def killed(world: Living) -> Killed:
    """Have a process killed between write and record, and let another one go on."""
    folder = world.folder / NAME
    folder.mkdir()
    store = f"sqlite:///{folder}/oakum.db"
    config = _config(world, folder, store)
    target = await world.settled(Target("lab", "apps/v1", "Deployment", WORK, NAME))
    async with AsyncExitStack() as stack:
        db = await open_database(store)
        stack.push_async_callback(db.close)
        people = People(db, map("kill-{:04d}".format, itertools.count(1)).__next__)
        first = await _execute(config, stack)

        async def kill() -> None:
            first.kill()
            await first.wait()

        world.between.after[NAME] = kill
        proposal = await people.ask(harden(target))
        await people.approve(proposal)
        await asyncio.wait_for(first.wait(), 4 * _ENDS_S)
        left = await people.until(proposal, State.EXECUTING)
        second = await _execute(config, stack)
        case = await people.until(proposal, State.DONE)
        second.terminate()
        await asyncio.wait_for(second.wait(), _ENDS_S)
        found = [row.entry async for rows in ledger.pages(db) for row in rows]
        changed = await world.get(target)
        assert changed
        assert second.returncode is not None
        entries = [entry for entry in found if entry]
        verification = await ledger.verify(db, KEY)
        return Killed(left, case, changed, entries, verification, second.returncode)


def _config(world: Living, folder: Path, store: str) -> Path:
    (folder / "policy.yaml").write_text(POLICY)
    executor = {"kubeconfig": str(world.between.kubeconfig(folder / "executor"))}
    lab = {"kubeconfig": str(world.accounts["reader"]), "executor": executor}
    config = {
        "clusters": {"lab": lab},
        "slack": {"channels": {THREAD.channel: {"lab": [WORK]}}},
        "policy": "policy.yaml",
        "data": str(folder),
        "store": store,
    }
    file = folder / "oakum.yaml"
    file.write_text(json.dumps(config))
    return file


async def _execute(config: Path, stack: AsyncExitStack) -> Process:
    """Start one; whatever happens, none is left running."""
    command = (sys.executable, "-m", "bot", "execute", "--config", str(config), "--port", "0")
    log = stack.enter_context((config.parent / "log").open("ab"))
    environment = {**os.environ, "OAKUM_LEDGER_KEY": KEY_TEXT}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=log, stderr=log
    )

    async def end() -> None:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()

    stack.push_async_callback(end)
    return process
