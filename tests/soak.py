"""`python -m tests.soak`: the figures that are too long for every run, over SQLite and Postgres.

Executors killed at random times (1,000 a store), approvals against their model (10,000 sequences), and
presses of two processes at once (100 on each of 100 proposals), folders of manifests with one fault
each after what people do to manifests (3,000). Prints what it found; exits 1 where something does not
hold.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.fakes import postgres
from tests.faults.far import far, storm

IN_ONE_STORM = 100
"""Kills of one store file; each storm judges all that it asked for."""
APPROVALS = Path("tests/bot/approval")
MUTATIONS = Path("tests/oracle/test_mutations.py")


def arguments() -> argparse.Namespace:
    """Read how much is wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000, help="of executors, on each store")
    parser.add_argument("--sequences", type=int, default=10_000, help="of approvals; 0: none")
    parser.add_argument("--presses", type=int, default=100, help="on each proposal; 0: none")
    parser.add_argument("--proposals", type=int, default=100, help="that are pressed at once")
    parser.add_argument("--mutations", type=int, default=3_000, help="of manifests; 0: none")
    parser.add_argument("--seed", type=int, default=1, help="of the first storm, and of mutations")
    return parser.parse_args()


async def storms(store: str, kills: int, seed: int, server: postgres.Server | None) -> None:
    """Kill executors on one store, a storm at a time."""
    began, ends = time.monotonic(), Counter[str]()
    for number in range(0, kills, IN_ONE_STORM):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = f"sqlite:///{folder}/oakum.db"
            if server is not None:
                name = server.create()
                stack.callback(server.drop, name)
                url = server.url(name)
            async with far(url, folder) as there:
                ends += await storm(there, min(IN_ONE_STORM, kills - number), seed + number)
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    seconds = time.monotonic() - began
    print(
        f"{store}: {kills} kills, {ends.total()} proposals ({told}): 0 doubled, 0 lost, "
        f"ledger and server agree; {seconds:.0f} s",
        flush=True,
    )


def larger(test: Path, **environment: object) -> int:
    """Run a test with larger figures."""
    began = time.monotonic()
    told = {**os.environ, **{key: str(value) for key, value in environment.items()}}
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        env=told,
        check=False,
    ).returncode
    said = ", ".join(
        f"{value} {key.rpartition('_')[2].lower()}" for key, value in environment.items()
    )
    print(f"{test.name}: {said}: {'FAILED' if code else 'held'}; {time.monotonic() - began:.0f} s")
    return code


def main() -> int:
    """Run everything that is wanted."""
    wanted = arguments()
    asyncio.run(storms("SQLite", wanted.kills, wanted.seed, None))
    if lacks := postgres.missing():
        print(f"Postgres: not tried: {lacks}")
    else:
        with postgres.running() as server:
            asyncio.run(storms("Postgres", wanted.kills, wanted.seed, server))
    worst = 0
    if wanted.sequences:
        worst = larger(APPROVALS / "test_proposals_machine.py", OAKUM_SEQUENCES=wanted.sequences)
    if wanted.presses:
        figures = {"OAKUM_PRESSES": wanted.presses, "OAKUM_PROPOSALS": wanted.proposals}
        worst = larger(APPROVALS / "test_proposals_processes.py", **figures) or worst
    if wanted.mutations:
        figures = {"OAKUM_MUTATIONS": wanted.mutations, "OAKUM_MUTATION_SEED": wanted.seed}
        worst = larger(MUTATIONS, **figures) or worst
    return worst


if __name__ == "__main__":
    sys.exit(main())
