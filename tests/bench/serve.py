"""How soon `oakum` and `oakum serve` are there: `python -m tests.bench.serve`.

`oakum --help` as a whole process; from the start of `oakum serve` to its first acknowledged event, and
until /readyz is green; the acknowledgements while a 10,000-pod cluster is read and judged in the same
process. Slack and the API server are the fakes of tests/fakes, the latter in a process of its own.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from tests.bench.scan import PODS, pod
from tests.fakes.kubernetes import FakeKubernetes
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN, BOT_USER, TEAM

RUNS = 5
MOST_HELP_S, MOST_ACK_S, MOST_READY_S, MOST_P99_S = 0.5, 3.0, 10.0, 0.5
SCANS = 4
EVENTS = 50
"""Written while one scan runs."""
PACE_S = 0.02
WAIT_S = 60.0


def help_seconds() -> float:
    """Time `oakum --help`: the median of several whole processes."""
    program = Path(sys.executable).with_name("oakum")
    times: list[float] = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run([program, "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def _cluster(folder: str, ready: Connection) -> None:
    """Serve 10,000 pods until the process is ended."""

    async def run() -> None:
        server = FakeKubernetes()
        server.objects = {"/api/v1/pods": [pod(number) for number in range(PODS)]}
        await server.start()
        server.kubeconfig(Path(folder))
        ready.send(True)
        await asyncio.Event().wait()

    asyncio.run(run())


@contextlib.contextmanager
def cluster(folder: Path) -> Generator[None, None, None]:
    """Run the API server beside us; its kubeconfig lies in the folder."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_cluster, args=(str(folder), theirs)
    )
    child.start()
    try:
        ours.recv()
        yield
    finally:
        child.terminate()
        child.join()


@contextlib.asynccontextmanager
async def served(folder: Path, slack: FakeSlack) -> AsyncGenerator[str, None]:
    """Run `oakum serve` against both fakes; gives the address of its listener."""
    config = folder / "oakum.yaml"
    config.write_text(
        json.dumps(
            {
                "clusters": {"bench": {"kubeconfig": "kubeconfig", "requests_per_second": 500}},
                "slack": {"base_url": slack.base_url, "channels": {"C1": {"bench": "*"}}},
                "web": {"port": 18711},
                "data": "data",
            }
        ),
        encoding="utf-8",
    )
    environment = {**os.environ, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    environment.pop("OPENAI_API_KEY", None)
    log = (folder / "log").open("wb")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--config", str(config),
        env=environment, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        yield "http://127.0.0.1:18711"
    finally:
        child.terminate()
        await child.wait()
        log.close()


async def until_acked(slack: FakeSlack, started: float) -> float:
    """Send the first event as soon as there is a connection; seconds from the start to its ack."""
    async with asyncio.timeout(WAIT_S):
        while not slack.sockets.links:
            await asyncio.sleep(0.005)
        slack.people.direct("U1", "hello")
        while not (slack.sockets.deliveries and slack.sockets.deliveries[0].done.is_set()):
            await asyncio.sleep(0.005)
    return time.monotonic() - started


async def until_ready(address: str, started: float) -> float:
    """Seconds from the start until /readyz is green."""
    async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{address}/readyz") as reply:
                    if reply.status == 200:
                        return time.monotonic() - started
            await asyncio.sleep(0.02)


async def acks_while_scanning(slack: FakeSlack) -> tuple[list[float], int]:
    """Ask for whole scans one after the other while people write, a fifth of it to us."""
    before = len(slack.sockets.deliveries)
    for scan in range(1, SCANS + 1):
        slack.people.mention("C1", "U1", "scan everything, please", twin=False)
        async with asyncio.timeout(WAIT_S):
            number = 0
            while _answers(slack) < scan:
                if number < EVENTS and number % 5 == 0:
                    slack.people.direct(f"U{2 + number % 20}", "which control is about seccomp?")
                elif number < EVENTS:
                    slack.people.say("C1", "U2", "lunch?")
                number += 1
                await asyncio.sleep(PACE_S)
    await slack.people.delivered()
    times = [d.acked_after_s for d in slack.sockets.deliveries[before:]]
    return [seconds for seconds in times if seconds is not None], times.count(None)


def _answers(slack: FakeSlack) -> int:
    """Count the finished answers to the scans, in the channel."""
    return sum(
        "Looked at" in json.dumps([m.text, m.blocks])
        for m in slack.space.messages
        if m.channel == "C1" and m.user == BOT_USER
    )


async def measured() -> list[tuple[str, float, float]]:
    """Measure a running `oakum serve`: name, seconds, most."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cluster(folder):
            slack = FakeSlack()
            slack.space.users = {
                f"U{n}": {"id": f"U{n}", "name": f"u{n}", "team_id": TEAM} for n in range(1, 23)
            }
            members = {*slack.space.users, BOT_USER}
            slack.space.channels = {
                "C1": {"id": "C1", "name": "platform", "is_private": False, "members": members}
            }
            await slack.start()
            try:
                started = time.monotonic()
                async with served(folder, slack) as address:
                    acked = await until_acked(slack, started)
                    ready = await until_ready(address, started)
                    times, lost = await acks_while_scanning(slack)
            finally:
                await slack.stop()
    times.sort()
    p99 = times[int(len(times) * 0.99)]
    print(f"{len(times)} events while {SCANS} scans of {PODS} pods ran; {lost} not acknowledged")
    return [
        ("oakum serve: first acknowledgement after start", acked, MOST_ACK_S),
        ("oakum serve: ready after start", ready, MOST_READY_S),
        ("acknowledgement while scanning, p99", p99, MOST_P99_S),
        ("acknowledgement while scanning, worst", times[-1], 3.0),
    ]


def main() -> int:
    """Print the figures; 1 when one is over its bound."""
    rows = [("oakum --help", help_seconds(), MOST_HELP_S), *asyncio.run(measured())]
    for name, seconds, most in rows:
        print(f"{name}: {seconds:.3f} s (at most {most:g})")
    return int(any(seconds > most for _, seconds, most in rows))


if __name__ == "__main__":
    sys.exit(main())
