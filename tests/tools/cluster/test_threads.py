"""Kinds are first decoded in several threads at once: it must not crash the process."""

import subprocess
import sys
from pathlib import Path

import pytest

FIRST_USE = """
import asyncio, sys
from pathlib import Path
sys.setswitchinterval(1e-6)
from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource

async def main():
    folder = ClusterConfig("demo", ClusterSource.FOLDER, folder=sys.argv[1])
    reader = await open_folder(folder)
    await asyncio.gather(*(reader.list(kind) for kind in KINDS.values()))

asyncio.run(main())
"""
DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"


@pytest.mark.slow
def test_many_threads_may_be_the_first_to_decode_a_kind() -> None:
    for _ in range(8):
        done = subprocess.run([sys.executable, "-c", FIRST_USE, str(DEMO)], check=False)
        assert done.returncode == 0
