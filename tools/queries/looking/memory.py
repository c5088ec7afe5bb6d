"""Past scans in memory: for one command without a store. Used by `bot.app` and tests."""

from datetime import datetime

from tools.types import Scan

MAX_SCANS = 20


class MemoryScans:
    """The last MAX_SCANS scans of this process."""

    def __init__(self) -> None:
        self._scans: dict[str, Scan] = {}

    async def save(self, scan: Scan) -> None:
        """Keep a scan; the oldest one goes past MAX_SCANS."""
        self._scans[scan.id] = scan
        while len(self._scans) > MAX_SCANS:
            del self._scans[next(iter(self._scans))]

    async def by_id(self, scan_id: str) -> Scan | None:
        """Fetch one scan; None where there is none (any more)."""
        return self._scans.get(scan_id)

    async def latest(self, cluster: str, before: datetime) -> Scan | None:
        """Fetch the newest scan of a cluster finished before a time."""
        known = [
            scan
            for scan in self._scans.values()
            if scan.cluster == cluster and scan.finished_at < before
        ]
        return max(known, key=lambda scan: scan.finished_at, default=None)
