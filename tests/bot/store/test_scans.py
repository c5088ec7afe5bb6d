from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.store.scans import MAX_FINDINGS, StoredScans, delete_before
from bot.store.tables import scans as table
from tools.types import ControlResult, Evidence, Finding, Gap, ResourceRef, Scan, Severity, Verdict

HOUR = timedelta(hours=1)
COUNTS = dict.fromkeys(Verdict, 1)


def finding(number=0, verdict=Verdict.FAIL, severity=Severity.HIGH):
    ref = ResourceRef("prod", "apps/v1", "Deployment", "shop", f"web-{number}", f"uid-{number}")
    evidence = Evidence("spec.template.spec.hostPID", "true", resource_version="1")
    return Finding(
        "host_pid", ("5.2.3",), severity, verdict, ref, "", "hostPID", (evidence,), f"f{number}"
    )


@pytest.fixture
def scan(now):
    def make(name="s1", cluster="prod", finished=now, findings=()):
        return Scan(
            id=name,
            cluster=cluster,
            benchmark="cis-1.12",
            namespaces=(),
            started_at=finished - HOUR,
            finished_at=finished,
            summary=COUNTS,
            controls=(ControlResult("5.2.3", "Host PID", "5.2", Verdict.FAIL, COUNTS, "why"),),
            findings=tuple(findings or [finding()]),
            gaps=(Gap("nodes", "refused"),),
            objects={"Pod": 3},
        )

    return make


async def test_a_scan_comes_back_as_it_was(db, scan):
    stored = StoredScans(db)
    await stored.save(scan())
    await stored.save(scan())

    assert await stored.by_id("s1") == scan()
    assert await stored.by_id("s2") is None


async def test_the_latest_of_a_cluster_before_a_time(db, now, scan):
    stored = StoredScans(db)
    for number in range(3):
        await stored.save(scan(f"s{number}", finished=now - number * HOUR))
    await stored.save(scan("other", cluster="staging"))

    latest = await stored.latest("prod", now)
    assert latest is not None
    assert latest.id == "s1", "strictly before"
    newest = await stored.latest("prod", now + HOUR)
    assert newest is not None
    assert newest.id == "s0"
    assert await stored.latest("prod", now - 2 * HOUR) is None
    assert await stored.latest("unknown", now) is None


async def test_old_scans_go(db, now, scan):
    stored = StoredScans(db)
    await stored.save(scan("old", finished=now - HOUR))
    await stored.save(scan("new"))

    assert await delete_before(db, now) == 1
    assert await stored.by_id("old") is None
    assert await stored.by_id("new") is not None


async def test_a_scan_without_end_is_cut_to_its_worst_and_says_so(db, scan):
    stored = StoredScans(db)
    many = [finding(n, Verdict.PASS, Severity.LOW) for n in range(MAX_FINDINGS)]
    worst = [finding(n, Verdict.FAIL, Severity.CRITICAL) for n in range(5)]
    unknown = [finding(n, Verdict.UNKNOWN) for n in range(5)]
    await stored.save(scan(findings=[*many, *unknown, *worst]))

    found = await stored.by_id("s1")
    async with db.read() as tx:
        size = (await tx.execute(select(func.length(table.c.body)))).scalar_one()

    assert found is not None
    assert len(found.findings) == MAX_FINDINGS
    assert list(found.findings[:10]) == [*worst, *unknown]
    assert found.summary == COUNTS
    assert found.gaps[-1].what == "10 of the 100010 findings of this stored scan"
    assert size < 8 * 2**20
