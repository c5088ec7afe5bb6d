import re
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from tools.cluster.manifests.reader import open_folder
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.queries import (
    events,
    explain_finding,
    find_workloads,
    list_findings,
    logs,
    namespaces,
    read_object,
    scan_scope,
)
from tools.queries.context import QueryContext
from tools.queries.looking import scoping
from tools.queries.looking.listings import Listings
from tools.scope import Scope
from tools.types import ClusterConfig, ClusterSource, Gap

PLACES = [
    (find_workloads, {"namespaces": ["payments"]}),
    (scan_scope, {"namespaces": ["payments"]}),
    (scan_scope, {"cluster": "hostile"}),
    (explain_finding, {"name": "ledger", "namespace": "payments"}),
    (read_object, {"kind": "Deployment", "name": "ledger", "namespace": "payments"}),
    (read_object, {"kind": "Namespace", "name": "payments"}),
    (events, {"namespace": "payments"}),
    (logs, {"namespace": "payments", "pod": "ledger"}),
    (find_workloads, {"cluster": "compan"}),
    (find_workloads, {"namespaces": ["c*"]}),
    (find_workloads, {"namespaces": ["CI"]}),
]


@pytest.mark.parametrize(("query", "arguments"), PLACES)
async def test_outside_the_scope_is_as_unknown_and_tells_nothing(
    query, arguments, narrow: QueryContext
) -> None:
    with pytest.raises(UnknownName) as raised:
        await query.run(query.Arguments(**arguments), narrow)
    said = f"{raised.value.public} {raised.value.hint}"
    for hidden in ("monitoring", "storefront", "hall", "kiosk"):
        assert hidden not in said


async def test_everything_that_may_be_seen_is_only_that(narrow: QueryContext) -> None:
    found = await find_workloads.run(find_workloads.Arguments(), narrow)
    scanned = await scan_scope.run(scan_scope.Arguments(), narrow)
    listed = await namespaces.run(namespaces.Arguments(), narrow)
    assert {row.ref.namespace for row in found.data.rows} == {"ci"}
    assert found.data.known_namespaces == ("ci",)
    assert {item.ref.namespace or item.ref.name for item in scanned.data.page} == {"ci"}
    assert [row.name for row in listed.data.rows] == ["ci"]
    for result in (found, scanned, listed):
        assert "payments" not in result.text


async def test_several_clusters_must_be_told_apart(both: QueryContext) -> None:
    with pytest.raises(UnknownName, match="Which cluster"):
        await find_workloads.run(find_workloads.Arguments(), both)


async def test_an_unknown_namespace_names_the_nearest(company: QueryContext) -> None:
    with pytest.raises(UnknownName) as raised:
        await scan_scope.run(scan_scope.Arguments(namespaces=["paymnts"]), company)
    assert raised.value.hint.startswith("Nearest: payments")


async def test_a_scan_of_somebody_else_is_cut_to_what_may_be_seen(
    company: QueryContext, narrow: QueryContext
) -> None:
    wide = await scan_scope.run(scan_scope.Arguments(), company)
    shared = replace(narrow, past=company.past)
    page = await list_findings.run(list_findings.Arguments(scan_id=wide.data.scan.id), shared)
    assert {item.ref.namespace or item.ref.name for item in page.data.page} == {"ci"}
    assert "payments" not in page.text
    assert page.data.scan.namespaces == ("ci",)
    assert page.data.scan.objects == {}
    assert page.data.scan.controls == ()


async def test_a_kept_scan_tells_no_gap_and_no_namespace_of_elsewhere(
    company: QueryContext, narrow: QueryContext
) -> None:
    made = (await scan_scope.run(scan_scope.Arguments(controls=["5.2.2"]), company)).data.scan
    planted = structs.replace(
        made,
        namespaces=("ci", "payments"),
        gaps=(
            Gap("Pod payments/ledger-0", "odd", "Pod", "payments"),
            Gap("Pod ci/runner-0", "odd", "Pod", "ci"),
            Gap("dumps/payments/all.yaml:3", "it does not parse"),
        ),
    )
    await company.past.save(planted)
    shared = replace(narrow, past=company.past)
    page = await list_findings.run(list_findings.Arguments(scan_id=made.id), shared)
    assert "payments" not in page.text + str(page.gaps) + str(page.data)
    assert [gap.what for gap in page.gaps] == [
        "Pod ci/runner-0",
        "1 thing outside what may be seen here",
        "the rest of that scan",
    ]
    full = await list_findings.run(list_findings.Arguments(scan_id=made.id), company)
    assert full.gaps == planted.gaps


async def test_a_folder_tells_of_damage_only_where_it_may_be_seen(tmp_path: Path) -> None:
    twice = "kind: Pod\napiVersion: v1\nmetadata: {name: x, namespace: %s}\n"
    for namespace in ("ci", "payments"):
        for number in range(2):
            (tmp_path / f"{number}-{namespace}.yaml").write_text(twice % namespace)
    config = ClusterConfig("c", ClusterSource.FOLDER, folder=str(tmp_path))
    reader = Listings(await open_folder(config), frozenset({"ci"}))
    listing = await reader.list(KINDS["Pod"], ("ci",))
    whole = await reader.documents(KINDS["Pod"], ("ci",))
    assert [gap.namespace for gap in listing.gaps] == ["ci"]
    assert [gap.namespace for gap in whole.gaps] == ["ci"]
    assert "yaml" not in str((listing.gaps, whole.gaps))


async def test_what_cannot_be_placed_is_counted_and_keeps_its_kind(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"team-{number}.yaml").write_text("a: *payments-db\n")
    (tmp_path / "nameless.yaml").write_text("{kind: Pod, apiVersion: v1, metadata: {}}")
    (tmp_path / "ci.yaml").write_text(
        "{kind: Pod, apiVersion: v1, metadata: {name: x, namespace: ci}}"
    )
    config = ClusterConfig("c", ClusterSource.FOLDER, folder=str(tmp_path))
    reader = Listings(await open_folder(config), frozenset({"ci"}))
    gaps = (await reader.list(KINDS["Pod"], ("ci",))).gaps
    assert [(gap.what, gap.kind) for gap in gaps] == [
        ("1 thing outside what may be seen here", "Pod"),
        ("3 things outside what may be seen here", ""),
    ]
    assert not {"payments", "team", "nameless"} & set(re.findall(r"[a-z]+", str(gaps)))


async def test_a_namespace_of_the_scope_that_is_gone_is_a_gap_of_every_query(
    narrow: QueryContext,
) -> None:
    seen = frozenset({"ci", "gone"})
    context = replace(
        narrow,
        scope=Scope({"company": seen}),
        readers={"company": Listings(narrow.readers["company"], seen)},
    )
    for query in (scan_scope, find_workloads, namespaces):
        found = await query.run(query.Arguments(), context)
        assert Gap("namespace gone", "it is not there", namespace="gone") in found.gaps
        assert "payments" not in found.text


def test_nearest_names_come_first() -> None:
    assert scoping.nearest("paymnts", ["ci", "payments", "shop"])[0] == "payments"
    assert scoping.nearest("prod", ["shop-prod", "a", "b"])[0] == "shop-prod"
    assert scoping.nearest("x", [str(n) for n in range(50)]) == ["0", "1", "10", "11", "12"]
