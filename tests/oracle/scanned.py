"""Runs the real scan on one story and gives its verdicts in the form of the second implementation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.fakes.versioned import versioned
from tools.cluster.manifests.reader import open_folder
from tools.pod_security import NEWEST
from tools.scan import scan
from tools.types import ClusterConfig, ClusterSource, Finding, Scan

Row = tuple[str, str, str, str]
"""(control, kind, namespace or empty, name)."""

CORPUS = Path(__file__).parents[1] / "corpus"
STORIES = tuple(sorted(p.name for p in CORPUS.iterdir() if p.is_dir()))
"""One folder each."""


@cache
def scanned(story: str, benchmark: str = "cis-1.12") -> Scan:
    """Scan one story (empty: the whole corpus as one folder), keeping every verdict."""
    return scan_folder(CORPUS / story, benchmark)


def scan_folder(folder: Path, benchmark: str, minor: int = NEWEST) -> Scan:
    """Scan a folder as of a cluster of a version, keeping every verdict."""

    async def run() -> Scan:
        config = ClusterConfig("corpus", ClusterSource.FOLDER, folder=str(folder))
        reader = versioned(await open_folder(config), minor)
        try:
            return await scan(reader, benchmark=benchmark, keep_all=True, now=_now)
        finally:
            await reader.close()

    return asyncio.run(run())


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def rows(found: Scan) -> dict[Row, str]:
    """Give one verdict per control and object; findings of the cluster itself are left out."""
    given: dict[Row, list[Finding]] = {}
    for finding in found.findings:
        ref = finding.ref
        if ref.kind == "Cluster":
            continue
        for control in finding.controls:
            given.setdefault((control, ref.kind, ref.namespace, ref.name), []).append(finding)
    doubled = {row: all_of for row, all_of in given.items() if len(all_of) > 1}
    assert not doubled, "more than one finding for a control and an object"
    return {row: only[0].verdict.value for row, only in given.items()}
