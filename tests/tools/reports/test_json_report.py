"""The public JSON form: keys may be added, never removed or re-meant."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tools.reports import json_report
from tools.types import (
    ControlResult,
    Evidence,
    Finding,
    Gap,
    ResourceRef,
    Scan,
    Severity,
    Verdict,
)

ZERO = dict.fromkeys(Verdict, 0)
ACCOUNT = ResourceRef("lab", "v1", "ServiceAccount", "shop", "default")


def scan() -> Scan:
    """Make a scan with one finding of each verdict."""
    findings = tuple(
        Finding(
            "root_user",
            ("5.2.7",),
            Severity.HIGH,
            verdict,
            ResourceRef("lab", "apps/v1", "Deployment", "shop", f"api-{verdict.value}", "uid"),
            "web",
            "Why.",
            (Evidence("spec.a", "true"), Evidence("b", "(not set)", ACCOUNT)),
            "0123456789abcdef",
            2,
        )
        for verdict in Verdict
    )
    return Scan(
        id="scan-1",
        cluster="lab",
        benchmark="cis-1.12",
        namespaces=("shop",),
        started_at=datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        finished_at=datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC),
        summary=ZERO | {Verdict.FAIL: 1},
        controls=(
            ControlResult("5.2.7", "No root", "5.2", Verdict.FAIL, ZERO | {Verdict.FAIL: 1}),
        ),
        findings=findings,
        gaps=(Gap("a.yaml:3", "does not parse"), Gap("policies", "not granted", refused=True)),
    )


def test_the_whole_form() -> None:
    text = json_report.render(scan())
    assert text.endswith("}\n")
    document: dict[str, Any] = json.loads(text)
    assert document["schema"] == "oakum.scan/1"
    assert document["started_at"] == "2026-01-01T00:00:00Z"
    assert document["finished_at"] == "2026-01-01T00:00:03Z"
    assert document["summary"] == {"pass": 0, "fail": 1, "unknown": 0, "not-applicable": 0}
    assert document["controls"] == [
        {
            "id": "5.2.7",
            "title": "No root",
            "section": "5.2",
            "verdict": "fail",
            "counts": {"pass": 0, "fail": 1, "unknown": 0, "not-applicable": 0},
            "reason": "",
        }
    ]
    assert document["findings"][0] == {
        "check": "root_user",
        "controls": ["5.2.7"],
        "severity": "high",
        "verdict": "fail",
        "fingerprint": "0123456789abcdef",
        "resource": {
            "cluster": "lab",
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "api-fail",
        },
        "container": "web",
        "reason": "Why.",
        "evidence": [
            {"path": "spec.a", "value": "true"},
            {
                "path": "b",
                "value": "(not set)",
                "resource": {
                    "cluster": "lab",
                    "apiVersion": "v1",
                    "kind": "ServiceAccount",
                    "namespace": "shop",
                    "name": "default",
                },
            },
        ],
        "pods": 2,
    }
    assert document["not_looked_at"] == [{"what": "a.yaml:3", "why": "does not parse"}]
    assert {"cluster", "benchmark", "kubernetes"} <= set(document)


def test_findings_hold_fail_and_unknown_unless_all_are_asked_for() -> None:
    some = json.loads(json_report.render(scan()))
    assert [each["verdict"] for each in some["findings"]] == ["fail", "unknown"]
    every = json.loads(json_report.render(scan(), keep_all=True))
    assert {each["verdict"] for each in every["findings"]} == {
        "pass",
        "fail",
        "unknown",
        "not-applicable",
    }
