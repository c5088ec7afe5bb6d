"""Past scans, compressed, by id and newest first. Used by the queries as their `PastScans`."""

import asyncio
import zlib
from datetime import datetime

import msgspec
from sqlalchemy import Select, delete, select

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import scans
from bot.telemetry import SCAN_SECONDS
from tools.posture import ordered
from tools.types import Gap, Scan

MAX_FINDINGS = 100_000
"""Of one stored scan: about 5 MiB compressed. What is cut is named in the stored scan's gaps."""


class StoredScans:
    """The store's `PastScans` (`tools.queries.context`)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def save(self, scan: Scan) -> None:
        """Keep a scan under its id, instead of an earlier one of that id."""
        SCAN_SECONDS.observe((scan.finished_at - scan.started_at).total_seconds())
        body = await asyncio.to_thread(_pack, scan)
        statement = self._db.insert(scans).values(
            id=scan.id,
            cluster=scan.cluster,
            benchmark=scan.benchmark,
            finished_at=scan.finished_at,
            body=body,
        )
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "cluster": new.cluster,
                "benchmark": new.benchmark,
                "finished_at": new.finished_at,
                "body": new.body,
            },
        )
        async with self._db.write() as tx:
            await tx.execute(statement)

    async def by_id(self, scan_id: str) -> Scan | None:
        """Fetch one scan; None where it is not there any more, or of a shape no longer known."""
        return await self._fetch(select(scans.c.body).where(scans.c.id == scan_id))

    async def latest(self, cluster: str, before: datetime) -> Scan | None:
        """Fetch the newest scan of a cluster finished before a time, whatever it covered."""
        newest = (
            select(scans.c.body)
            .where(scans.c.cluster == cluster, scans.c.finished_at < before)
            .order_by(scans.c.finished_at.desc(), scans.c.id)
            .limit(1)
        )
        return await self._fetch(newest)

    async def _fetch(self, one: Select[bytes]) -> Scan | None:
        async with self._db.read() as tx:
            body = (await tx.execute(one)).scalar_one_or_none()
        return None if body is None else await asyncio.to_thread(_unpack, body)


async def delete_before(db: Database, time: datetime) -> int:
    """Delete scans finished before a time; returns how many."""
    async with db.write() as tx:
        gone = await tx.execute(delete(scans).where(scans.c.finished_at < time))
        return gone.rowcount


def _pack(scan: Scan) -> bytes:
    return zlib.compress(encode(_bounded(scan)), level=1)


def _unpack(body: bytes) -> Scan | None:
    return decode(zlib.decompress(body), Scan)


def _bounded(scan: Scan) -> Scan:
    """Keep the worst findings where there are too many; counts and controls stay as they were."""
    total = len(scan.findings)
    if total <= MAX_FINDINGS:
        return scan
    worst = ordered(scan.findings)
    cut = Gap(
        what=f"{total - MAX_FINDINGS} of the {total} findings of this stored scan",
        why=f"at most {MAX_FINDINGS} findings of one scan are kept, the worst first",
    )
    return msgspec.structs.replace(scan, findings=worst[:MAX_FINDINGS], gaps=(*scan.gaps, cut))
