"""The Helm chart: what it installs, what it refuses, and that it passes our own checks."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import SECRETS, load
from tests.deploy.chart import CHART, POLICY, VALUES, rendered, run
from tests.lab import versions
from tools.cluster.connect import connect
from tools.scan import scan
from tools.types import ClusterConfig, ClusterSource, Scan, Verdict

pytestmark = [pytest.mark.go, pytest.mark.slow]

DEPLOY = Path(__file__).parents[2] / "deploy"
BOTH = {**VALUES, "policy": POLICY.read_text(), "writers": {"shop": ["patch", "deploy", "delete"]}}
NAMESPACE = next(yaml.safe_load_all((DEPLOY / "rbac" / "reader.yaml").read_text()))
"""Labelled, as the chart's notes say to."""
Documents = list[dict[str, Any]]


def documents(text: str) -> Documents:
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(found: Documents, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


@pytest.fixture
def both(tmp_path: Path) -> Documents:
    return documents(rendered(BOTH, tmp_path, "bots"))


async def scanned(folder: Path, text: str, benchmark: str, controls: tuple[str, ...] = ()) -> Scan:
    shown = folder / "shown"
    shown.mkdir(exist_ok=True)
    (shown / "all.yaml").write_text(text)
    (shown / "namespace.yaml").write_text(yaml.safe_dump(NAMESPACE))
    reader = await connect(ClusterConfig("chart", ClusterSource.FOLDER, folder=str(shown)))
    try:
        return await scan(
            reader,
            benchmark=benchmark,
            controls=controls,
            keep_all=True,
            now=lambda: datetime.now(UTC),
        )
    finally:
        await reader.close()


async def test_nothing_of_it_fails_the_restricted_standard(tmp_path: Path) -> None:
    found = await scanned(tmp_path, rendered(BOTH, tmp_path), "pss-restricted")
    passed = {finding.ref.name for finding in found.findings if finding.verdict is Verdict.PASS}
    assert {"oakum-serve", "oakum-execute"} <= passed
    assert [f for f in found.findings if f.verdict is not Verdict.PASS] == []


async def test_of_cis_section_5_it_fails_only_its_tokens_and_what_is_the_namespaces(
    tmp_path: Path,
) -> None:
    """Its processes ask the API server, so each mounts a token of its own.

    The account `default` of its namespace, and policies of namespaces it may write to, are not its own.
    """
    found = await scanned(tmp_path, rendered(BOTH, tmp_path), "cis-1.12")
    failing = {(f.check, f.ref.name) for f in found.findings if f.verdict is Verdict.FAIL}
    assert failing <= {
        ("service_account_token_mounted", "oakum-serve"),
        ("service_account_token_mounted", "oakum-execute"),
        ("default_service_account_automount", "default"),
        ("namespace_without_network_policy", "shop"),
    }
    pods = [f for f in found.findings if any(c.startswith("5.2.") for c in f.controls)]
    assert len(pods) > 10


def test_without_a_policy_nothing_is_installed_that_changes_anything(tmp_path: Path) -> None:
    found = documents(rendered(VALUES, tmp_path))
    assert set(of_kind(found, "Deployment")) == {"oakum-serve"}
    assert set(of_kind(found, "ServiceAccount")) == {"oakum-reader"}
    assert {each["kind"] for each in found}.isdisjoint({"Role", "ValidatingAdmissionPolicy"})
    for role in of_kind(found, "ClusterRole").values():
        assert {verb for rule in role["rules"] for verb in rule["verbs"]} <= {"get", "list"}


def test_two_processes_have_two_accounts_and_secrets_of_their_own(both: Documents) -> None:
    found = of_kind(both, "Deployment")
    pods = {name: each["spec"]["template"]["spec"] for name, each in found.items()}
    accounts = {name: pod["serviceAccountName"] for name, pod in pods.items()}
    assert accounts == {"oakum-serve": "oakum-reader", "oakum-execute": "oakum-executor"}
    secrets = {
        name: [v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v]
        for name, pod in pods.items()
    }
    assert secrets == {"oakum-serve": ["oakum-serve"], "oakum-execute": ["oakum-execute"]}
    environment = {
        name: {e["name"] for e in pod["containers"][0]["env"]} for name, pod in pods.items()
    }
    assert "OAKUM_LEDGER_KEY_FILE" not in environment["oakum-serve"]
    assert "SLACK_BOT_TOKEN_FILE" not in environment["oakum-execute"]
    known = {f"{variable}_FILE" for variable in SECRETS.values()} | {"OAKUM_CONFIG", "HOME"}
    assert set().union(*environment.values()) <= known


def test_the_grants_are_those_of_the_shipped_manifests(both: Documents) -> None:
    """For the release's namespace, and for each that asked for it."""
    for kind in ("patch", "deploy", "delete"):
        text = (DEPLOY / "rbac" / f"writer-{kind}.yaml").read_text()
        text = text.replace("namespace: oakum", "namespace: bots")
        shipped = [each for each in documents(text) if each["kind"] in ("Role", "RoleBinding")]
        assert len(shipped) == 2
        for document in shipped:
            assert document in both
    reader = documents((DEPLOY / "rbac" / "reader.yaml").read_text())
    [shipped_role] = of_kind(reader, "ClusterRole").values()
    assert shipped_role in both
    [binding] = of_kind(both, "ClusterRoleBinding").values()
    subjects = {(s["kind"], s["namespace"], s["name"]) for s in binding["subjects"]}
    assert subjects == {
        ("ServiceAccount", "bots", "oakum-reader"),
        ("ServiceAccount", "bots", "oakum-executor"),
    }


def test_the_admission_policy_is_the_shipped_one_about_this_releases_account(
    both: Documents,
) -> None:
    text = (DEPLOY / "admission" / "executor.yaml").read_text()
    for document in documents(text.replace("serviceaccount:oakum:", "serviceaccount:bots:")):
        assert document in both


def test_the_admission_policy_can_be_left_to_an_administrator(tmp_path: Path) -> None:
    found = documents(rendered({**BOTH, "admission": False}, tmp_path))
    assert not of_kind(found, "ValidatingAdmissionPolicy")


def test_its_settings_are_settings(both: Documents, tmp_path: Path) -> None:
    data = of_kind(both, "ConfigMap")["oakum"]["data"]
    file = tmp_path / "oakum.yaml"
    file.write_text(data["oakum.yaml"])
    settings = load(file, {})
    assert settings.store == VALUES["store"]
    assert settings.clusters["here"].in_cluster
    assert (settings.web.host, settings.web.port) == ("0.0.0.0", 8710)
    assert str(settings.policy) == "/etc/oakum/policy.yaml"
    assert data["policy.yaml"].strip() == POLICY.read_text().strip()


def test_whoever_takes_slacks_events_over_http_gets_a_service(tmp_path: Path) -> None:
    assert not of_kind(documents(rendered(BOTH, tmp_path)), "Service")
    serve = {"keys": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]}
    http = {**BOTH, "config": {"slack": {"mode": "http"}}, "secrets": {"serve": serve}}
    assert set(of_kind(documents(rendered(http, tmp_path)), "Service")) == {"oakum-serve"}
    execute = {"keys": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "OAKUM_LEDGER_KEY"]}
    http["secrets"] = {"serve": serve, "execute": execute}
    services = of_kind(documents(rendered(http, tmp_path)), "Service")
    assert set(services) == {"oakum-serve", "oakum-execute"}


def test_serve_may_have_a_database_role_of_its_own(tmp_path: Path) -> None:
    own = "postgresql+psycopg://oakum_serve@db.example:5432/oakum"
    found = documents(rendered({**BOTH, "serveStore": own}, tmp_path))
    stores = {
        name: [e["value"] for e in environment(each) if e["name"] == "OAKUM_STORE"]
        for name, each in of_kind(found, "Deployment").items()
    }
    assert stores == {"oakum-serve": [own], "oakum-execute": []}
    assert load(None, {"OAKUM_STORE": own}).store == own


def environment(deployment: dict[str, Any]) -> list[dict[str, str]]:
    return deployment["spec"]["template"]["spec"]["containers"][0]["env"]


def test_the_packed_chart_holds_the_shipped_manifests_themselves(tmp_path: Path) -> None:
    """In the repository they are links, so that there is one of each."""
    assert "1 chart(s) linted, 0 chart(s) failed" in run(tmp_path, "lint", str(CHART), *least())
    run(tmp_path, "package", str(CHART), "-d", str(tmp_path))
    [packed] = tmp_path.glob("*.tgz")
    held: dict[str, bytes] = {}
    with tarfile.open(packed) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            held[Path(member.name).name] = file.read() if file else b""
    shipped = [*(DEPLOY / "rbac").glob("*.yaml"), DEPLOY / "admission" / "executor.yaml"]
    for file in shipped:
        name = "admission.yaml" if file.parent.name == "admission" else file.name
        assert held[name] == file.read_bytes()


def least() -> list[str]:
    """Give the least values as arguments."""
    values = [each for name, value in VALUES.items() for each in ("--set", f"{name}={value}")]
    return [*values, "--kube-version", versions.KUBERNETES]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no image": ({"image": ""}, "image: name it by digest"),
    "no store": ({"store": ""}, "store: give the address"),
    "a setting of its own": ({"config": {"store": "sqlite"}}, "config.store is set by the chart"),
    "an unknown grant": ({"writers": {"shop": ["everything"]}}, "writers.shop.0"),
    "a value that there is not": ({"writer": {"shop": ["patch"]}}, "writer"),
    "another database": ({"store": "sqlite:///oakum.db"}, "store"),
    "a port that is none": ({"egress": [0]}, "egress.0"),
    "grants without a policy": (
        {"policy": "", "writers": {"shop": ["patch"]}},
        "without a policy nothing is changed",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_values_that_cannot_be_used_are_refused(tmp_path: Path, what: str) -> None:
    values, said = REFUSED[what]
    with pytest.raises(ValueError, match=said):
        rendered({**BOTH, **values}, tmp_path)
