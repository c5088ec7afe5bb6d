"""`oakum scan` as a script in CI sees it: the JSON form, the exit codes, what is refused."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from tools.errors import UnknownName

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"

CLEAN = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: tidy}
automountServiceAccountToken: false
"""


def oakum(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["scan", *arguments], catch_exceptions=True)


def document(*arguments: str) -> Any:
    return json.loads(oakum(*arguments, "--format", "json").stdout)


def test_the_json_form_is_the_public_one() -> None:
    scan = document("--path", str(DEMO))
    assert scan["schema"] == "oakum.scan/1"
    assert set(scan) >= {
        "schema", "cluster", "benchmark", "started_at", "finished_at", "summary", "controls",
        "findings", "not_looked_at",
    }  # fmt: skip
    assert set(scan["summary"]) == {"pass", "fail", "unknown", "not-applicable"}
    assert len(scan["controls"]) == 131
    assert set(scan["controls"][0]) >= {"id", "title", "section", "verdict", "counts"}
    finding = scan["findings"][0]
    assert set(finding) >= {
        "check", "controls", "severity", "verdict", "fingerprint", "resource", "container",
        "reason", "evidence",
    }  # fmt: skip
    assert set(finding["resource"]) >= {"cluster", "apiVersion", "kind", "namespace", "name"}
    assert set(finding["evidence"][0]) >= {"path", "value"}


def test_findings_hold_what_fails_and_what_is_unknown_unless_all_are_wanted() -> None:
    some = document("--path", str(DEMO))
    everything = document("--path", str(DEMO), "--all")
    assert {f["verdict"] for f in some["findings"]} == {"fail", "unknown"}
    assert len(everything["findings"]) == sum(everything["summary"].values())
    assert some["summary"] == everything["summary"]


@pytest.mark.parametrize(
    ("fail_on", "code"), [("never", 0), ("low", 1), ("high", 1), ("critical", 1)]
)
def test_the_exit_code_follows_the_worst_finding(fail_on: str, code: int) -> None:
    assert oakum("--path", str(DEMO), "--fail-on", fail_on).exit_code == code


def test_a_finding_below_the_bound_does_not_fail(tmp_path: Path) -> None:
    namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: tidy}\n"
    (tmp_path / "one.yaml").write_text(CLEAN + namespace, encoding="utf-8")
    assert oakum("--path", str(tmp_path), "--fail-on", "low").exit_code == 1
    assert oakum("--path", str(tmp_path), "--fail-on", "high").exit_code == 0


def test_what_does_not_parse_gives_three_and_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("kind: Pod\nmetadata: [", encoding="utf-8")
    result = oakum("--path", str(tmp_path), "--format", "json", "--fail-on", "never")
    gap = json.loads(result.stdout)["not_looked_at"][0]
    assert result.exit_code == 3
    assert gap["what"] == "bad.yaml:2"


def test_a_failing_finding_outweighs_what_was_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: Pod\nmetadata: [", encoding="utf-8")
    (tmp_path / "web.yaml").write_text(
        (DEMO / "shop.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert oakum("--path", str(tmp_path)).exit_code == 1


def test_only_the_controls_and_namespaces_asked_for() -> None:
    scan = document("--path", str(DEMO), "--control", "5.2.2", "-n", "shop")
    failing = [f for f in scan["findings"] if f["verdict"] == "fail"]
    assert [(f["resource"]["name"], f["controls"]) for f in failing] == [("web", ["5.2.2"])]


@pytest.mark.parametrize("benchmark", ["pss-baseline", "pss-restricted"])
def test_other_benchmarks(benchmark: str) -> None:
    scan = document("--path", str(DEMO), "--benchmark", benchmark)
    assert scan["benchmark"] == benchmark
    assert scan["summary"]["fail"] > 0


def test_csv_has_a_row_a_finding_and_no_live_formula(tmp_path: Path) -> None:
    target = tmp_path / "scan.csv"
    oakum("--path", str(DEMO), "--format", "csv", "--output", str(target))
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert len(rows) > 80
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_table_says_what_fails_where() -> None:
    text = oakum("--path", str(DEMO)).stdout
    assert "84 fail" in text
    assert "Deployment shop/web" in text
    assert "Unknown by what was read: 5.3.1" in text
    assert "97 controls have no check here" in text


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--path", str(DEMO), "-n", "shp"), "shop"),
        (("--path", str(DEMO), "--control", "5.2.222"), "5.2.2"),
        (("--path", str(DEMO), "--benchmark", "cis-1.11"), "cis-1.12"),
        (("--cluster", "nowhere"), "--path"),
        ((), "--path"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    arguments: tuple[str, ...], names: str
) -> None:
    result = oakum(*arguments)
    error = result.exception
    known = getattr(error, "public", "") + getattr(error, "hint", "")
    assert names in known
    assert result.stdout == ""


def test_a_folder_that_is_not_there_is_one_sentence() -> None:
    result = oakum("--path", "/nowhere/at/all")
    assert isinstance(result.exception, UnknownName)
