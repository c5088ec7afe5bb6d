"""What a scan says of controls, gaps, scopes and unknown names."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.memory_reader import MemoryReader
from tools import posture
from tools.cluster.absent import require
from tools.cluster.manifests.reader import open_folder
from tools.errors import ClusterUnreachable, UnknownName
from tools.objects.kinds import PLUGIN_POLICIES, Kind
from tools.scan import fingerprint, scan
from tools.types import (
    ALL,
    ClusterConfig,
    ClusterSource,
    ControlResult,
    Gap,
    Namespaces,
    ResourceRef,
    Scan,
    Subject,
    Verdict,
)

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: tools}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop, uid: d1}
spec: {template: {spec: {hostPID: true, containers: [{name: web, image: a}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: tools, uid: d2}
spec: {template: {spec: {containers: [{name: web, image: a}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: devs}]
"""
START = datetime(2026, 1, 1, tzinfo=UTC)


def clock() -> Callable[[], datetime]:
    """Give a clock that goes on by a second each time it is read."""
    seconds = iter(range(100))
    return lambda: START + timedelta(seconds=next(seconds))


async def run(reader: Any, **asked: Any) -> Scan:
    """Scan with a clock of our own."""
    return await scan(reader, now=clock(), **asked)


def control(result: Scan, control_id: str) -> ControlResult:
    """Pick one control's line."""
    return next(each for each in result.controls if each.id == control_id)


def verdicts(result: Scan) -> dict[str, str]:
    """Give every control's verdict."""
    return {each.id: each.verdict.value for each in result.controls}


async def test_all_controls_are_listed_and_those_without_a_check_say_why() -> None:
    result = await run(MemoryReader(SHOP))
    assert len(result.controls) == 131
    kubelet = control(result, "4.2.1")
    assert kubelet.verdict is Verdict.UNKNOWN
    assert kubelet.reason
    assert sum(kubelet.counts.values()) == 0


async def test_a_control_is_fail_over_unknown_over_pass_over_not_applicable() -> None:
    result = await run(MemoryReader(SHOP))
    assert control(result, "5.2.3").verdict is Verdict.FAIL
    assert control(result, "5.2.3").counts == {
        Verdict.PASS: 1,
        Verdict.FAIL: 1,
        Verdict.UNKNOWN: 0,
        Verdict.NOT_APPLICABLE: 0,
    }
    assert control(result, "5.2.4").verdict is Verdict.PASS
    assert control(result, "5.3.1").verdict is Verdict.UNKNOWN
    empty = await run(MemoryReader(""))
    assert control(empty, "5.2.4").verdict is Verdict.NOT_APPLICABLE
    assert control(empty, "5.2.4").reason


async def test_a_workload_that_shows_no_container_passes_nothing() -> None:
    bare = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: bare, namespace: shop}
spec: {template: {spec: {hostPID: true, containers: []}}}
"""
    for keep_all in (False, True):
        result = await run(MemoryReader(bare), keep_all=keep_all, controls=("5.2.2", "5.2.3"))
        assert control(result, "5.2.2").verdict is Verdict.UNKNOWN
        assert control(result, "5.2.3").verdict is Verdict.FAIL
        assert result.summary[Verdict.PASS] == 0


async def test_counts_summary_and_findings_agree_and_only_what_needs_action_is_kept() -> None:
    windows = "{apiVersion: v1, kind: Pod, metadata: {name: w, namespace: shop}, spec: {os: {name: windows}, containers: [{name: w}]}}"
    manifests = f"{SHOP}---\n{windows}\n"
    kept = await run(MemoryReader(manifests))
    everything = await run(MemoryReader(manifests), keep_all=True)
    assert kept.summary[Verdict.NOT_APPLICABLE]
    assert kept.summary == everything.summary
    assert sum(everything.summary.values()) == len(everything.findings)
    assert {found.verdict for found in kept.findings} == {Verdict.FAIL, Verdict.UNKNOWN}
    assert len(kept.findings) == kept.summary[Verdict.FAIL] + kept.summary[Verdict.UNKNOWN]


async def test_a_finding_names_object_field_and_value() -> None:
    result = await run(MemoryReader(SHOP), controls=("5.2.3",))
    (found,) = result.findings
    assert found.ref == ResourceRef("lab", "apps/v1", "Deployment", "shop", "api", "d1")
    assert found.controls == ("5.2.3",)
    assert [(fact.path, fact.value) for fact in found.evidence] == [
        ("spec.template.spec.hostPID", "true")
    ]


async def test_a_fingerprint_outlives_uid_and_words_and_tells_containers_apart() -> None:
    one = ResourceRef("lab", "apps/v1", "Deployment", "shop", "api", "d1")
    again = ResourceRef("lab", "apps/v1beta1", "Deployment", "shop", "api", "d2")
    other = ResourceRef("lab", "apps/v1", "Deployment", "shop2", "api", "d1")
    assert fingerprint("c", one, "web") == fingerprint("c", again, "web")
    assert (
        len({fingerprint("c", one, ""), fingerprint("c", one, "w"), fingerprint("d", one, "")}) == 3
    )
    assert fingerprint("c", one, "web") != fingerprint("c", other, "web")
    first, second = await run(MemoryReader(SHOP)), await run(MemoryReader(SHOP))
    prints = [found.fingerprint for found in first.findings]
    assert prints == [found.fingerprint for found in second.findings]
    assert len(set(prints)) == len(prints)


async def test_chosen_controls_read_only_the_kinds_that_they_need_each_once() -> None:
    reader = MemoryReader(SHOP)
    result = await run(reader, controls=("5.3.2", "5.1.1", "5.3.2"))
    assert [each.id for each in result.controls] == ["5.3.2", "5.1.1"]
    wanted = ("ClusterRoleBinding", "Namespace", "NetworkPolicy", "RoleBinding", *PLUGIN_POLICIES)
    assert sorted(kind for kind, _ in reader.asked) == sorted(wanted)


async def test_a_whole_scan_reads_each_kind_once_and_never_a_secret_or_live_configmap() -> None:
    reader = MemoryReader(SHOP)
    result = await run(reader)
    asked = [kind for kind, _ in reader.asked]
    assert len(asked) == len(set(asked))
    assert not {"Secret", "ConfigMap", "Node", "Event"} & set(asked)
    assert result.objects["Deployment"] == 2


async def test_a_kind_that_cannot_be_read_makes_its_controls_unknown_unless_they_fail() -> None:
    gaps = [Gap("statefulsets", "forbidden (403)", kind="StatefulSet")]
    result = await run(MemoryReader(SHOP, gaps=gaps))
    assert control(result, "5.2.3").verdict is Verdict.FAIL
    quiet = control(result, "5.2.4")
    assert quiet.verdict is Verdict.UNKNOWN
    assert "StatefulSet: forbidden (403)" in quiet.reason
    assert control(result, "5.3.2").verdict is Verdict.FAIL
    assert control(result, "5.1.7").verdict is Verdict.PASS
    assert posture.not_looked_at(result.gaps) == tuple(gaps)


async def test_no_object_at_all_of_a_refused_kind_is_never_pass_or_not_applicable() -> None:
    gaps = [Gap(kind, "forbidden", kind=kind) for kind in ("RoleBinding", "ClusterRoleBinding")]
    result = await run(MemoryReader(SHOP, gaps=gaps))
    assert control(result, "5.1.1").verdict is Verdict.UNKNOWN
    assert control(result, "5.1.7").verdict is Verdict.UNKNOWN
    assert control(result, "5.1.2").verdict is Verdict.FAIL


async def test_a_deliberately_refused_kind_makes_unknown_and_is_not_listed() -> None:
    gaps = [Gap("clusterpolicies", "not granted", kind="ClusterPolicy", refused=True)]
    result = await run(MemoryReader(SHOP, gaps=gaps))
    assert control(result, "5.2.1").verdict is Verdict.UNKNOWN
    assert result.gaps == tuple(gaps)
    assert posture.not_looked_at(result.gaps) == ()


async def test_one_object_that_cannot_be_read_counts_in_its_namespace() -> None:
    gaps = [Gap("NetworkPolicy tools/odd", "odd", kind="NetworkPolicy", namespace="tools")]
    result = await run(MemoryReader(SHOP, gaps=gaps), keep_all=True, controls=("5.3.2",))
    by_name = {found.ref.name: found.verdict for found in result.findings}
    assert by_name == {"shop": Verdict.PASS, "tools": Verdict.UNKNOWN}


async def test_a_gap_that_many_kinds_meet_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(SHOP)
    (tmp_path / "bad.yaml").write_text("a: [1\n")
    reader = await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(tmp_path)))
    result = await run(reader)
    assert len(result.gaps) == 1
    assert "bad.yaml" in result.gaps[0].what
    assert control(result, "5.2.3").verdict is Verdict.FAIL
    assert control(result, "5.2.4").verdict is Verdict.PASS


async def test_named_namespaces_leave_out_everything_else() -> None:
    reader = MemoryReader(SHOP)
    result = await run(reader, namespaces=("tools",), keep_all=True)
    assert result.namespaces == ("tools",)
    assert {found.ref.namespace or found.ref.name for found in result.findings} == {"tools"}
    assert {found.ref.kind for found in result.findings} == {"Deployment", "Namespace"}
    assert control(result, "5.1.10").verdict is Verdict.NOT_APPLICABLE
    assert control(result, "5.3.1").verdict is Verdict.UNKNOWN
    asked = dict(reader.asked)
    assert asked["Deployment"] == ("tools",)
    assert not {"ClusterRole", "ClusterRoleBinding"} & set(result.objects)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"controls": ("5.2.99",)}, "5.2.99", "5.2.9"),
        ({"benchmark": "cis-1.11"}, "cis-1.11", "cis-1.12"),
    ],
)
async def test_an_unknown_name_is_answered_with_the_nearest_and_nothing_is_judged(
    asked: dict[str, Any], message: str, hint: str
) -> None:
    reader = MemoryReader(SHOP)
    with pytest.raises(UnknownName) as raised:
        await run(reader, **asked)
    assert message in raised.value.public
    assert hint in raised.value.hint
    assert reader.asked == []


async def test_a_namespace_that_is_gone_is_a_gap_and_the_others_are_judged() -> None:
    result = await run(MemoryReader(SHOP), namespaces=("shop", "gone"))
    assert Gap("namespace gone", "it is not there", namespace="gone") in result.gaps
    assert control(result, "5.2.3").verdict is Verdict.FAIL
    assert result.namespaces == ("shop", "gone")


async def test_no_namespace_is_not_all_of_them() -> None:
    reader = MemoryReader(SHOP)
    with pytest.raises(UnknownName, match="No namespace is named"):
        await run(reader, namespaces=())
    assert reader.asked == []


@pytest.mark.parametrize(("asked", "hint"), [("shpo", "shop"), ("zzzzzz", "tools")])
async def test_a_namespace_that_a_person_mistypes_is_answered_with_the_nearest(
    asked: str, hint: str
) -> None:
    with pytest.raises(UnknownName, match=asked) as raised:
        await require(MemoryReader(SHOP), ("shop", asked))
    assert hint in raised.value.hint
    await require(MemoryReader(SHOP), ("shop", "default"))


async def test_a_namespace_that_cannot_be_looked_up_is_taken_as_it_is() -> None:
    gaps = [Gap("namespaces", "forbidden", kind="Namespace")]
    result = await run(MemoryReader(SHOP, gaps=gaps), namespaces=("shop",))
    assert control(result, "5.2.3").verdict is Verdict.FAIL
    assert control(result, "5.3.2").verdict is Verdict.UNKNOWN


async def test_the_namespace_default_is_always_there(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a}]}}"
    )
    reader = await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(tmp_path)))
    result = await run(reader, namespaces=("default",))
    assert control(result, "5.6.4").verdict is Verdict.UNKNOWN


async def test_an_unreachable_cluster_ends_the_scan_with_its_error() -> None:
    class Unreachable(MemoryReader):
        async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Any:
            if kind.kind == "Pod":
                raise ClusterUnreachable("No answer.", "Try again.")
            return await super().list(kind, namespaces)

    with pytest.raises(ClusterUnreachable, match="No answer"):
        await run(Unreachable(SHOP))


async def test_times_and_id_come_from_the_clock() -> None:
    first = await run(MemoryReader(SHOP))
    assert (first.started_at, first.finished_at) == (START, START + timedelta(seconds=1))
    second = await run(MemoryReader(SHOP))
    assert first.id == second.id
    assert first.id != (await run(MemoryReader(SHOP), namespaces=("shop",))).id


async def test_judging_happens_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    original = asyncio.to_thread

    async def seen(work: Callable[..., Any], /, *arguments: Any) -> Any:
        def noted() -> Any:
            threads.add(threading.get_ident())
            return work(*arguments)

        return await original(noted)

    monkeypatch.setattr(asyncio, "to_thread", seen)
    await run(MemoryReader(SHOP))
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("benchmark", ["pss-baseline", "pss-restricted"])
async def test_pod_security_standards_are_benchmarks_of_their_own(benchmark: str) -> None:
    result = await run(MemoryReader(SHOP), benchmark=benchmark)
    assert result.benchmark == benchmark
    assert verdicts(result)["host-namespaces"] == "fail"
    assert all(found.ref.kind == "Deployment" for found in result.findings)


def test_subjects_are_named_as_a_closed_set() -> None:
    assert {subject.value for subject in Subject} == {
        "workload",
        "role",
        "binding",
        "service-account",
        "namespace",
        "object",
        "cluster",
    }
