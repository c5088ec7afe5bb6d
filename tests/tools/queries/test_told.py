"""What a model is given to answer from: totals, whole findings, and where to go on."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.desk import NOW, shared_library
from tests.fakes.kubernetes import FakeKubernetes
from tests.tools.queries.conftest import make
from tools.cluster.connect import connect
from tools.cluster.manifests.reader import open_folder
from tools.errors import UnknownName
from tools.queries import (
    events,
    explain_finding,
    find_workloads,
    list_findings,
    scan_scope,
    search_guidance,
)
from tools.queries.context import QueryContext, Scope
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.queries.result import MAX_TEXT
from tools.types import ALL, MAX_VALUE_BYTES, ClusterConfig, ClusterSource, Verdict


async def scanned(context: QueryContext, **arguments: object):
    return await scan_scope.run(scan_scope.Arguments.model_validate(arguments), context)


async def of_folder(folder: Path, manifests: str) -> QueryContext:
    (folder / "all.yaml").write_text(manifests, "utf-8")
    config = ClusterConfig("few", ClusterSource.FOLDER, folder=str(folder))
    library = shared_library()
    readers = {"few": Listings(await open_folder(config))}
    scope = Scope({"few": ALL})
    return QueryContext(readers, scope, library.search, library.guide_for, MemoryScans(), NOW)


async def test_every_verdict_is_counted_over_all_and_by_control(company: QueryContext) -> None:
    result = await scanned(company)
    summary = result.data.scan.summary
    for verdict, word in (
        (Verdict.FAIL, "fail"),
        (Verdict.UNKNOWN, "unknown"),
        (Verdict.PASS, "pass"),
    ):
        assert f"{summary[verdict]} {word}" in result.text.splitlines()[2]
    for control in result.data.scan.controls:
        if control.counts[Verdict.FAIL]:
            assert re.search(
                rf"{control.id} {re.escape(control.title)}: {control.counts[Verdict.FAIL]} fail, "
                rf"\d+ unknown, {control.counts[Verdict.PASS]} pass",
                result.text,
            )
    assert "1.1.1 to 1.1.21" in result.text


async def test_a_page_ends_with_a_whole_finding_and_says_where_the_next_begins(
    company: QueryContext,
) -> None:
    result = await scanned(company)
    seen = []
    while True:
        data, text = result.data, result.text
        assert len(text) <= MAX_TEXT
        assert "cut" not in text
        seen += data.page
        for finding in data.page:
            for fact in finding.evidence[:6]:
                assert f"{fact.path} = {fact.value}" in text
        last = data.offset + len(data.page)
        assert f"findings {data.offset + 1} to {last} of {data.total}" in text
        if last == data.total:
            assert "offset=" not in text
            break
        assert f"scan_id={data.scan.id} offset={last}" in text
        arguments = list_findings.Arguments(scan_id=data.scan.id, offset=last)
        result = await list_findings.run(arguments, company)
    assert tuple(seen) == data.rows
    assert len(seen) == data.total > 50


async def test_titles_and_numbers_stand_beside_checks(company: QueryContext) -> None:
    result = await scanned(company)
    assert (
        "5.2.2 No privileged containers (critical, check privileged_container), fail:"
        in result.text
    )
    arguments = explain_finding.Arguments(name="gateway", namespace="payments")
    explained = await explain_finding.run(arguments, company)
    assert "fail 5.2.5 No sharing of host network (high, check host_network)" in explained.text
    assert "5.2.7 No containers running as root" in explained.text
    assert (
        f"{sum(v.verdict is Verdict.PASS for v in explained.data.verdicts)} pass" in explained.text
    )


@pytest.mark.parametrize("asked", ["5", "section 5", "CIS 5.", "4", "3", "2", "1"])
async def test_a_section_number_means_all_its_controls(company: QueryContext, asked: str) -> None:
    wanted = re.sub(r"\D", "", asked)
    result = await scanned(company, controls=[asked])
    numbers = [item.id for item in result.data.controls]
    assert len(numbers) > 2
    assert {number.split(".")[0] for number in numbers} == {wanted}
    listed = await list_findings.run(
        list_findings.Arguments(scan_id=result.data.scan.id, controls=[asked]), company
    )
    assert [item.id for item in listed.data.controls] == numbers
    with pytest.raises(UnknownName):
        await scanned(company, controls=["6"])


async def test_a_scan_that_judged_nothing_is_not_told_as_clean(company: QueryContext) -> None:
    result = await scanned(company, controls=["4.2"])
    assert "NOTHING WAS JUDGED" in result.text
    assert "no object fails" not in result.text
    assert "controls (0 fail, 14 unknown, 0 pass, 0 not applicable)" in result.text


async def test_looked_at_counts_the_scope_alone(company: QueryContext) -> None:
    result = await scanned(company, namespaces=["payments"])
    assert "1 Namespace" in result.text
    assert not result.data.scan.objects.get("ClusterRole")
    assert (
        result.data.scan.objects["Deployment"]
        < (await scanned(company)).data.scan.objects["Deployment"]
    )


async def test_nothing_is_said_to_run_in_a_folder(company: QueryContext, tmp_path: Path) -> None:
    context = await of_folder(
        tmp_path,
        "apiVersion: v1\nkind: Pod\nmetadata: {name: lonely, namespace: a}\n"
        "spec: {containers: [{name: c, image: nginx}]}\n",
    )
    result = await scanned(context)
    assert result.data.tally.pods_failing == 0
    found = await find_workloads.run(find_workloads.Arguments(), context)
    assert found.data.rows[0].pods == 0
    for text in (result.text, found.text):
        assert "nothing runs in it" in text
        assert not re.search(r"running pods|\d pods", text)


async def test_a_value_that_decides_is_never_cut_in_the_middle(tmp_path: Path) -> None:
    groups = [f"group{number:02}.example.com" for number in range(8)]
    rule = {"apiGroups": groups, "resources": ["secrets"], "verbs": ["get"]}
    assert 120 < len(json.dumps(rule)) < MAX_VALUE_BYTES
    context = await of_folder(
        tmp_path,
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: wide}\n"
        f"rules: [{json.dumps(rule | {'apiGroups': ['', *groups]})}]\n",
    )
    result = await scanned(context, controls=["5.1.2"])
    (found,) = result.data.page
    assert found.evidence[0].value in result.text


async def test_parts_of_names_are_found_and_told_from_whole_ones(company: QueryContext) -> None:
    arguments = find_workloads.Arguments(words=["gate", "ledger"])
    result = await find_workloads.run(arguments, company)
    assert [row.ref.name for row in result.data.rows] == ["ledger"]
    assert [row.ref.name for row in result.data.parts] == ["gateway"]
    assert "'gate'; it is a part of names below" in result.text
    assert "Deployment payments/gateway" in result.text


async def test_what_nothing_is_named_gets_the_nearest_with_kind_and_namespace(
    company: QueryContext,
) -> None:
    result = await find_workloads.run(find_workloads.Arguments(words=["legder"]), company)
    assert "nothing is named 'legder'. Nearest: " in result.text
    assert re.search(r"Nearest: .*\b[A-Z][A-Za-z]+ payments/ledger", result.text)
    far = await find_workloads.run(find_workloads.Arguments(words=["zzzqqq"]), company)
    assert "None is like it" in far.text
    with pytest.raises(UnknownName) as raised:
        await explain_finding.run(explain_finding.Arguments(name="legder"), company)
    assert re.search(r"[A-Z][A-Za-z]+ payments/ledger", raised.value.hint)


IMAGES = """
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: a}
spec: {containers: [{name: c, image: "IMAGE"}]}
---"""
DIGEST = "nginx@sha256:" + "a" * 64


async def test_images_say_how_they_are_given_and_can_be_asked_for_so(tmp_path: Path) -> None:
    given = {"bare": "nginx", "newest": "nginx:latest", "tagged": "nginx:1.27", "pinned": DIGEST}
    context = await of_folder(
        tmp_path,
        "".join(
            IMAGES.replace("NAME", name).replace("IMAGE", image) for name, image in given.items()
        ),
    )
    result = await find_workloads.run(find_workloads.Arguments(), context)
    for said in ("c=nginx (no tag)", "(latest)", "c=nginx:1.27 (tag)", f"c={DIGEST} (digest)"):
        assert said in result.text
    assert "1 digest, 1 tag, 1 latest, 1 no tag" in result.text
    for images, names in (
        ("no tag", ["bare"]),
        ("latest", ["newest"]),
        ("tag", ["tagged"]),
        ("digest", ["pinned"]),
        ("not pinned", ["bare", "newest", "tagged"]),
    ):
        arguments = find_workloads.Arguments.model_validate({"images": images})
        found = await find_workloads.run(arguments, context)
        assert [row.ref.name for row in found.data.rows] == names
        assert f"{len(names)} match with an image given as {images}" in found.text


def owned(kind: str, name: str, by: str = "", **more: object) -> dict[str, object]:
    owner = (
        {"ownerReferences": [{"kind": by.split("/")[0], "name": by.split("/")[1]}]} if by else {}
    )
    return {"kind": kind, "metadata": {"name": name, "namespace": "hall", **owner}, **more}


def event(about: str, reason: str, second: int) -> dict[str, object]:
    kind, name = about.split("/")
    return {
        "metadata": {"name": f"e{second}", "namespace": "hall"},
        "involvedObject": {"kind": kind, "name": name, "namespace": "hall"},
        "reason": reason,
        "lastTimestamp": f"2026-11-24T12:00:{second:02}Z",
    }


async def test_events_of_a_workload_are_its_pods_too(hostile: QueryContext, tmp_path: Path) -> None:
    api = await FakeKubernetes().start()
    api.objects = {
        "/api/v1/namespaces": [{"metadata": {"name": "hall"}}],
        "/apis/apps/v1/replicasets": [owned("ReplicaSet", "web-7d9", "Deployment/web")],
        "/api/v1/pods": [
            owned("Pod", "web-7d9-x1", "ReplicaSet/web-7d9"),
            owned("Pod", "web-api-1"),
            owned("Pod", "web-lonely"),
        ],
        "/api/v1/events": [
            event("Deployment/web", "Scaled", 1),
            event("ReplicaSet/web-7d9", "Created", 2),
            event("Pod/web-7d9-x1", "BackOff", 3),
            event("Pod/web-7d9-gone", "Evicted", 4),
            event("Pod/web-api-1", "Other", 5),
            event("Pod/web-lonely", "Other", 6),
        ],
    }
    reader = await connect(
        ClusterConfig("hostile", ClusterSource.KUBECONFIG, kubeconfig=api.kubeconfig(tmp_path))
    )
    context = replace(hostile, readers={"hostile": reader})
    try:
        read = await events.run(events.Arguments(namespace="hall", name="web"), context)
    finally:
        await reader.close()
        await api.stop()
    assert [row.reason for row in read.data.rows] == ["Evicted", "BackOff", "Created", "Scaled"]


async def test_a_folder_without_events_says_that_nobody_looked(company: QueryContext) -> None:
    read = await events.run(events.Arguments(namespace="payments"), company)
    assert read.text.startswith("NOT READ")


async def test_what_a_scoped_asker_is_told_counts_nothing_of_others() -> None:
    whole = await make(Scope({"company": ALL}), "company")
    made = (await scanned(whole)).data.scan
    narrow = replace(await make(Scope({"company": frozenset({"ci"})}), "company"), past=whole.past)
    listed = await list_findings.run(
        list_findings.Arguments(scan_id=made.id, controls=["5.2.2"]), narrow
    )
    assert "how many pass is not known" in listed.text
    assert "payments" not in listed.text


async def test_the_best_page_is_given_whole_and_weak_ones_not_at_all(company: QueryContext) -> None:
    arguments = search_guidance.Arguments(question="can pods mount the docker socket")
    result = await search_guidance.run(arguments, company)
    assert result.data.page is not None
    assert result.data.page.id == "host_path_volume"
    assert result.data.page.body in result.text
    assert "5.2.11" in result.text
    for far in ("pss_proc_mount", "pss_host_probes", "net_raw_capability"):
        assert far not in result.text
        assert far not in {passage.document for passage in result.data.passages}
    assert len(result.text) <= MAX_TEXT


async def test_a_control_without_a_page_is_given_by_its_facts(company: QueryContext) -> None:
    arguments = search_guidance.Arguments(
        question="where should the audit log be written to?", limit=10
    )
    result = await search_guidance.run(arguments, company)
    assert result.data.page is None
    assert "1.2.16" in result.text
