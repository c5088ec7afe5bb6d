"""Every case of every check, judged by the real scan.

A case file is tests/tools/checks/cases/CHECK_ID.yaml, a list of cases:

    - name: an init container counts             # unique in the file, a sentence
      manifests: |                               # as a folder of manifests holds them
        ...
      live: true                                 # optional: answered as by a live server instead
      refused: [NetworkPolicy]                   # optional, with live: kinds that answer 403
      namespace: shop                            # optional: a scan of this namespace only
      version: 34                                # optional: of a cluster of this minor version
      expect:                                    # every object that the check judges, no other
        - object: Deployment shop/api            # KIND NAMESPACE/NAME, or KIND NAME
          verdict: fail                          # pass, fail, unknown, not-applicable
          reason: runs privileged                # optional: stands in the reason
          container: web                         # optional: the finding's container
          evidence: [path.one, path.two = true]  # optional: paths of the evidence in order, each
                                                 # with its value if the case says so
          pods: 2                                # optional: how many pods the finding counts

`expect: []` says that the check leaves everything out. The cluster is called `lab`.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import catalogue
from tests.fakes.memory_reader import MemoryReader
from tests.fakes.versioned import versioned
from tools.cluster.manifests.reader import open_folder
from tools.cluster.reader import Reader
from tools.discovery import checks
from tools.scan import scan
from tools.types import ALL, ClusterConfig, ClusterSource, Finding, Gap, Subject

CASES = Path(__file__).parent / "cases"
KEYS = {"name", "manifests", "live", "refused", "namespace", "version", "expect"}
EXPECT_KEYS = {"object", "verdict", "reason", "container", "evidence", "pods"}


def load(path: Path) -> list[dict[str, Any]]:
    """Read a case file strictly."""
    cases = yaml.safe_load(path.read_text())
    for case in cases:
        assert set(case) <= KEYS, f"{path.name}: {set(case) - KEYS}"
        for expected in case["expect"]:
            assert set(expected) <= EXPECT_KEYS, f"{path.name}: {set(expected) - EXPECT_KEYS}"
    return cases


EVERY = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(CASES.glob("*.yaml"))
    for case in load(path)
]


OF_PODS = sorted(
    check_id
    for check_id, module in checks().items()
    if module.judge.__module__.startswith(("tools.checks.pods.", "tools.checks.pss."))
)


def control_of(check_id: str) -> tuple[str, str]:
    """Find a benchmark and a control that the check answers."""
    for benchmark in catalogue.benchmark_names():
        for control in catalogue.controls(benchmark):
            if check_id in control.checks:
                return benchmark, control.id
    raise AssertionError(f"no control of any benchmark names the check {check_id}")


async def reader_of(case: dict[str, Any], folder: Path) -> Reader:
    """Give the case's manifests as a folder, or as a live server."""
    if case.get("live"):
        gaps = [Gap(kind, "forbidden (403)", kind=kind) for kind in case.get("refused", ())]
        return MemoryReader(case["manifests"], gaps=gaps)
    (folder / "case.yaml").write_text(case["manifests"])
    reader = await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(folder)))
    return versioned(reader, case["version"]) if "version" in case else reader


async def judge(check_id: str, case: dict[str, Any], folder: Path) -> dict[str, Finding]:
    """Scan for one check, keeping every finding; by object."""
    benchmark, control_id = control_of(check_id)
    result = await scan(
        await reader_of(case, folder),
        benchmark=benchmark,
        controls=(control_id,),
        namespaces=(case["namespace"],) if "namespace" in case else ALL,
        keep_all=True,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    findings = [found for found in result.findings if found.check == check_id]
    named = {
        f"{f.ref.kind} {f.ref.namespace + '/' if f.ref.namespace else ''}{f.ref.name}": f
        for f in findings
    }
    assert len(named) == len(findings), "one finding per check and object"
    return named


def evidence_as_asked(finding: Finding, asked: list[str]) -> list[str]:
    """Write a finding's evidence, with values where the case has values."""
    with_value = [" = " in text for text in asked] + [False] * len(finding.evidence)
    return [
        f"{fact.path} = {fact.value}" if valued else fact.path
        for fact, valued in zip(finding.evidence, with_value, strict=False)
    ]


@pytest.mark.parametrize(("check_id", "case"), EVERY)
async def test_case(check_id: str, case: dict[str, Any], tmp_path: Path) -> None:
    found = await judge(check_id, case, tmp_path)
    expected = {each["object"]: each for each in case["expect"]}
    assert {name: f.verdict.value for name, f in found.items()} == {
        name: each["verdict"] for name, each in expected.items()
    }
    for name, each in expected.items():
        finding = found[name]
        assert each.get("reason", "") in finding.reason
        assert each.get("container", finding.container) == finding.container
        assert each.get("pods", finding.pods) == finding.pods
        if "evidence" in each:
            assert evidence_as_asked(finding, each["evidence"]) == each["evidence"]


@pytest.mark.parametrize("check_id", sorted(checks()))
def test_each_check_has_cases_of_every_verdict(check_id: str) -> None:
    path = CASES / f"{check_id}.yaml"
    assert path.exists(), f"no case file for {check_id}"
    cases = load(path)
    assert len({case["name"] for case in cases}) == len(cases)
    verdicts = {each["verdict"] for case in cases for each in case["expect"]}
    check = checks()[check_id].check
    if check.subject is Subject.CLUSTER:
        assert verdicts == {"unknown"}
        return
    assert {"pass", "fail"} <= verdicts
    if check.subject in (Subject.WORKLOAD, Subject.ROLE):
        assert "unknown" in verdicts


@pytest.mark.parametrize("check_id", OF_PODS)
def test_each_fail_of_a_pod_says_why_and_shows_the_values_that_decided(check_id: str) -> None:
    fails = [
        each
        for case in load(CASES / f"{check_id}.yaml")
        for each in case["expect"]
        if each["verdict"] == "fail"
    ]
    for each in fails:
        assert each["reason"].endswith("."), each["object"]
        assert each["evidence"], each["object"]
        assert all(" = " in fact for fact in each["evidence"]), each["object"]
        assert each.get("container", "") in each["reason"] or each["reason"].startswith("The pod ")


@pytest.mark.parametrize("check_id", sorted(checks()))
def test_each_check_is_documented_as_a_page(check_id: str) -> None:
    module = checks()[check_id]
    assert len(module.page) > 200
    assert "Fix:" in module.page
    assert "Source:" in module.page
    assert module.check.source.startswith("https://")
    assert module.check.title


def test_each_case_file_is_of_a_check() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} <= set(checks())
