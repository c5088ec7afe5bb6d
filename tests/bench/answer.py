"""Our own share of an answer: five queries, with a model on the same machine that answers at once.

    python -m tests.bench.answer [ROUNDS]

The time that the scripted endpoint needs by itself is measured too and told apart.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.fakes.desk import Desk, open_desk
from tests.fakes.openai import FakeOpenAI, call, say

FOLDER = Path(__file__).parents[1] / "eval" / "folders" / "company"
TARGET_MS = 200.0

TURNS = [
    call("find_workloads", words=["ledger"]),
    call("scan_scope", namespaces=["payments"], controls=["5.2.7"]),
    call("explain_finding", name="ledger", namespace="payments"),
    call("explain_control", control="5.2.7"),
    call("search_guidance", question="run as root"),
    say(
        "Deployment payments/ledger fails CIS 5.2.7: it runs as user 0.\n\n" + "It matters. " * 60,
        chunk=100,
    ),
]


async def measure(rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of wall time and of CPU of each answer, after three to warm up."""
    taken: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as store:
        desk = await open_desk(FOLDER, Path(store))
        async with FakeOpenAI(TURNS) as endpoint:
            speaking: Desk = desk.speaking(endpoint)
            for number in range(rounds + 3):
                endpoint.requests.clear()
                started, worked = time.perf_counter(), time.process_time()
                given = await speaking.ask("does ledger run as root?", thread=f"b{number}")
                wall = time.perf_counter() - started
                taken.append((wall * 1000, (time.process_time() - worked) * 1000))
                assert len(given.steps) == 5, given
        assert desk.parts.db is not None
        await desk.parts.db.close()
    return taken[3:]


async def bare(rounds: int) -> float:
    """Median milliseconds of six model calls by the same client, with nothing around them."""
    taken: list[float] = []
    async with FakeOpenAI([say("x" * 700, chunk=100)]) as endpoint:
        model = endpoint.model()
        for _ in range(rounds + 1):
            started = time.perf_counter()
            for _ in range(6):
                await model.ainvoke("hello")
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[1:])


def main() -> int:
    """Print the figures; fails over the target."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    measured = asyncio.run(measure(rounds))
    taken = sorted(wall for wall, _ in measured)
    worked = sorted(cpu for _, cpu in measured)
    at = max(0, round(0.95 * rounds) - 1)
    p95 = taken[at]
    calls = asyncio.run(bare(10))
    print(
        f"five-tool answer, {rounds} rounds: p50 {statistics.median(taken):.0f} ms, "
        f"p95 {p95:.0f} ms (target {TARGET_MS:.0f} ms), CPU p95 {worked[at]:.0f} ms; "
        f"of which six bare model calls {calls:.0f} ms"
    )
    return 0 if p95 < TARGET_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
