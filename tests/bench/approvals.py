"""How long a press waits for its answer with thousands of proposals pending, and what memory it takes.

    python -m tests.bench.approvals [PROPOSALS] [PRESSES]

On SQLite and, where its programs are installed, on a PostgreSQL server of its own. Presses come one
after the other, then twenty at the same moment; each is timed from the call to the answer.
"""

import asyncio
import resource
import sys
import tempfile
import time

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.store import ledger
from bot.store.database import Database, open_database
from bot.store.outbox import App
from tests.fakes import approvals as make
from tests.fakes import postgres

AT_ONCE = 20
TARGET_MS = 500.0


async def fill(db: Database, count: int) -> None:
    """Bring so many proposals to pending, one of two approvals given to every third."""
    for number in range(count):
        name = f"p{number}"
        await proposals.submit(db, make.draft(name, name))
        await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
        await proposals.seal(db, make.EXECUTOR.at(0), name, make.sealing(name, needed=2))
        if number % 3 == 0:
            await make.press(db, "ada", proposal=name)


async def timed(db: Database, number: int) -> float:
    """Milliseconds of one press: an approval, a denial, or one that is refused."""
    name = f"p{number}"
    digest = await make.digest_of(db, name)
    person = ("bob", "cho", "ann")[number % 3]
    verdict = Verdict.DENY if number % 5 == 0 else Verdict.APPROVE
    started = time.perf_counter()
    await make.press(db, person, verdict, name, digest=digest)
    return (time.perf_counter() - started) * 1000


def memory_mib() -> float:
    """Most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(url: str, count: int, presses: int) -> bool:
    """Print the figures of one store; False where a bound is missed."""
    db = await open_database(url)
    started = time.perf_counter()
    await fill(db, count)
    filled, before = time.perf_counter() - started, memory_mib()
    single = sorted([await timed(db, number % count) for number in range(presses)])
    burst: list[float] = []
    for first in range(presses, 2 * presses, AT_ONCE):
        some = (timed(db, number % count) for number in range(first, first + AT_ONCE))
        burst += await asyncio.gather(*some)
    burst.sort()
    grown = memory_mib() - before
    started = time.perf_counter()
    found = await ledger.verify(db, make.KEY, await ledger.head(db))
    verified = time.perf_counter() - started
    assert found.troubles == []
    await db.close()
    bound = at(single, 99) <= TARGET_MS
    print(
        f"{url.split(':')[0]}: {count} pending (made in {filled:.0f} s), {presses} presses one by one: "
        f"{told(single)} (bound {TARGET_MS:.0f} ms); {presses} more, {AT_ONCE} at once: {told(burst)}; "
        f"memory grew by {grown:.1f} MiB; "
        f"ledger of {found.head.count} signed rows verified in {verified:.1f} s"
    )
    return bound


def at(taken: list[float], percent: int) -> float:
    """Give the time within which so many of the sorted times lie."""
    return taken[min(len(taken) * percent // 100, len(taken) - 1)]


def told(taken: list[float]) -> str:
    """Write p50, p99 and the longest."""
    return f"p50 {at(taken, 50):.0f} ms, p99 {at(taken, 99):.0f} ms, most {taken[-1]:.0f} ms"


def main() -> int:
    """Measure both stores."""
    numbers = [int(one) for one in sys.argv[1:3]] or [5000]
    count, presses = numbers[0], numbers[1] if len(numbers) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        fine = asyncio.run(measure(f"sqlite:///{folder}/oakum.db", count, presses))
    if lacks := postgres.missing():
        print(f"PostgreSQL was not measured: {lacks}.")
        return 0 if fine else 1
    with postgres.running() as server:
        name = server.create()
        fine = asyncio.run(measure(server.url(name), count, presses)) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
