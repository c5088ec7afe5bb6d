"""The Helm chart in a real cluster: the server takes all of it, and both processes come up from it.

The image is made here from the built wheel.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy.chart import POLICY, VALUES, rendered
from tests.fakes.postgres import Server
from tests.lab import oakum_image
from tests.lab.charted import NAMESPACE, SERVE_ROLE, Installed, carried_out, installed
from tests.lab.cluster import Lab

pytestmark = [pytest.mark.lab, pytest.mark.go, pytest.mark.postgres, pytest.mark.slow]

OTHER = "bots"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
SERVE_GRANTS = Path(__file__).parents[2] / "deploy" / "postgres" / "serve-role.sql"


@pytest.fixture(scope="module")
def image(lab: Lab) -> Iterator[str]:
    if lab.audit_log is None:
        pytest.skip("the image can only be loaded into the lab of tests/lab")
    with oakum_image.loaded() as name:
        yield name


@pytest.fixture
def place(lab: Lab) -> Iterator[None]:
    """Make the namespaces, held to the restricted standard, and take away what is of no namespace."""
    for name in (NAMESPACE, OTHER):
        lab.fresh_namespace(name, RESTRICTED)
    lab.fresh_namespace("shop")
    yield
    lab.kubectl(
        *("delete", "--ignore-not-found", "clusterrole,clusterrolebinding", "oakum-reader"),
        "oakum-reader-gatekeeper",
    )
    policies = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    lab.kubectl("delete", "--ignore-not-found", policies, "oakum-executor")
    for name in (NAMESPACE, OTHER, "shop"):
        lab.kubectl("delete", "namespace", name, "--wait=false")


def test_the_server_takes_all_that_can_be_rendered(lab: Lab, place: None, tmp_path: Path) -> None:
    values = {
        **VALUES,
        "policy": POLICY.read_text(),
        "writers": {"shop": ["patch", "deploy", "delete"]},
        "gatekeeper": True,
        "config": {"slack": {"mode": "http"}},
        "serveStore": "postgresql+psycopg://oakum_serve@db.example/oakum",
        "secrets": {"serve": {"keys": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]}},
        "ingress": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}],
    }
    text = rendered(values, tmp_path, OTHER)
    answer = lab.try_kubectl("apply", "--dry-run=server", "-f", "-", stdin=text)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    assert answer.stdout.count("(server dry run)") == len(list(yaml.safe_load_all(text)))


async def test_both_processes_come_up_from_the_built_wheel_and_carry_out_what_is_approved(
    lab: Lab, place: None, image: str, postgres_server: Server, tmp_path: Path
) -> None:
    async with installed(lab, image, postgres_server, tmp_path) as found:
        await found.available("execute")
        await found.available("serve")
        said = await found.ready()
        assert set(said) == {"oakum-reader", "oakum-executor"}
        assert {word for each in said.values() for word in each["checks"].values()} == {"ok"}
        assert found.slack.sockets.opened == 1
        url = postgres_server.url(found.database)
        await carried_out(url, url)
        await not_privileged(found)


async def test_the_hardened_installation_does_the_same_with_a_role_and_an_app_more(
    lab: Lab, place: None, image: str, postgres_server: Server, tmp_path: Path
) -> None:
    """Serve may do nothing of approvals but ask; the executor shows the cards and takes the presses."""
    password = postgres_server.password
    postgres_server.run(f"CREATE ROLE {SERVE_ROLE} LOGIN PASSWORD '{password}'")
    try:
        async with installed(lab, image, postgres_server, tmp_path, hardened=True) as found:
            await found.available("execute")
            postgres_server.run(SERVE_GRANTS.read_text(), found.database)
            await found.kubectl("rollout", "restart", "deployment/oakum-serve", "-n", NAMESPACE)
            await found.kubectl(
                *("rollout", "status", "deployment/oakum-serve", "-n", NAMESPACE, "--timeout=60s"),
            )
            said = await found.ready()
            assert set(said) == {"oakum-reader", "oakum-executor"}
            assert {word for each in said.values() for word in each["checks"].values()} == {"ok"}
            url = postgres_server.url(found.database)
            await carried_out(url.replace("oakum:", f"{SERVE_ROLE}:", 1), url)
            await not_privileged(found)
    finally:
        postgres_server.run(f"DROP ROLE {SERVE_ROLE}")


async def not_privileged(found: Installed) -> None:
    """See that the fix is there."""
    web = json.loads(await found.kubectl("get", "deployment/web", "-n", "shop", "-o", "json"))
    [container] = web["spec"]["template"]["spec"]["containers"]
    assert container["securityContext"]["privileged"] is False
