"""A scan as JSON, schema `oakum.scan/1`. Public: keys may be added, never removed or re-meant.

Pure. Used by the terminal and by answers that attach a file.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.posture import not_looked_at, ordered
from tools.types import ControlResult, Evidence, Finding, ResourceRef, Scan, Verdict
from tools.visible import visible_json

SCHEMA = "oakum.scan/1"
_KEPT = (Verdict.FAIL, Verdict.UNKNOWN)


def render(scan: Scan, keep_all: bool = False) -> str:
    """Write a scan as indented JSON, ending in a newline.

    `findings` holds fail and unknown, worst first; with `keep_all` all that the scan kept.
    """
    findings = [found for found in scan.findings if keep_all or found.verdict in _KEPT]
    document = {
        "schema": SCHEMA,
        "id": scan.id,
        "cluster": scan.cluster,
        "benchmark": scan.benchmark,
        "namespaces": scan.namespaces,
        "kubernetes": scan.kubernetes,
        "started_at": _time(scan.started_at),
        "finished_at": _time(scan.finished_at),
        "summary": _counts(scan.summary),
        "controls": [_control(control) for control in scan.controls],
        "findings": [finding(found) for found in ordered(findings)],
        "built_in": scan.built_in,
        "not_looked_at": [{"what": gap.what, "why": gap.why} for gap in not_looked_at(scan.gaps)],
    }
    return (
        visible_json(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()) + "\n"
    )


def _time(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _counts(counts: Mapping[Verdict, int]) -> dict[str, int]:
    """Write counts with all four keys."""
    return {verdict.value: counts.get(verdict, 0) for verdict in Verdict}


def _control(control: ControlResult) -> dict[str, Any]:
    """Write one control's line."""
    return {
        "id": control.id,
        "title": control.title,
        "section": control.section,
        "verdict": control.verdict.value,
        "counts": _counts(control.counts),
        "reason": control.reason,
    }


def finding(found: Finding) -> dict[str, Any]:
    """Write one finding."""
    return {
        "check": found.check,
        "controls": found.controls,
        "severity": found.severity.value,
        "verdict": found.verdict.value,
        "fingerprint": found.fingerprint,
        "resource": _resource(found.ref),
        "container": found.container,
        "reason": found.reason,
        "evidence": [_evidence(fact) for fact in found.evidence],
        "pods": found.pods,
    }


def _resource(ref: ResourceRef) -> dict[str, str]:
    """Write a reference."""
    return {
        "cluster": ref.cluster,
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
    }


def _evidence(fact: Evidence) -> dict[str, Any]:
    """Write one piece of evidence; `resource` only where it is of another object."""
    written: dict[str, Any] = {"path": fact.path, "value": fact.value}
    if fact.ref:
        written["resource"] = _resource(fact.ref)
    return written
