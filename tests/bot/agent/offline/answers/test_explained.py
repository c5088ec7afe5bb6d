"""A press on Explain is answered about that one object, whatever kind it is."""

from pathlib import Path

import pytest

from bot.slack.findings import question
from tests.fakes.desk import Desk, open_desk
from tools.types import Finding, ResourceRef, Severity, Verdict

DEMO = Path(__file__).parents[5] / "deploy" / "demo" / "hafen"


def finding(check: str, control: str, kind: str, name: str, namespace: str) -> Finding:
    ref = ResourceRef("hafen", "v1", kind, namespace, name)
    return Finding(check, (control,), Severity.HIGH, Verdict.FAIL, ref, "", "", (), "f")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (finding("privileged_container", "5.2.2", "Deployment", "web", "shop"), "web runs priv"),
        (finding("root_user", "5.2.7", "CronJob", "nightly-report", "shop"), "may run as root"),
        (
            finding("namespace_without_network_policy", "5.3.2", "Namespace", "shop", ""),
            "Namespace shop has no NetworkPolicy",
        ),
        (finding("wildcard_rule", "5.1.3", "ClusterRole", "build-runner", ""), "wildcard"),
        (
            finding("cluster_admin_binding", "5.1.1", "ClusterRoleBinding", "dashboard", ""),
            "monitoring/dashboard",
        ),
        (
            finding(
                "default_service_account_automount", "5.1.5", "ServiceAccount", "default", "data"
            ),
            "ServiceAccount data/default",
        ),
    ],
    ids=lambda value: value.ref.kind if isinstance(value, Finding) else "",
)
async def test_the_object_is_explained_and_its_fix(
    found: Finding, says: str, tmp_path: Path
) -> None:
    desk: Desk = await open_desk(DEMO, tmp_path)
    given = await desk.ask(question(found))
    assert desk.parts.db is not None
    await desk.parts.db.close()
    assert "fails 1 check" in given.text
    assert says in given.text
    assert "Fix" in given.text
    assert {citation.control for citation in given.citations} == {found.controls[0]}
