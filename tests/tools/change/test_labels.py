"""Labels and selectors whose names sound secret: planned as they are, shown as far as they hold no credential."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.fakes.cluster_state import DEPLOYMENTS, deployment, rolled_out
from tests.fakes.folder_desk import WEB, desk_of
from tools import vocabulary
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.pin_image import PinImage
from tools.changes import OutcomeKind, State
from tools.cluster.writer import Writer
from tools.errors import NotAllowed
from tools.types import Target

BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
PODS = "/api/v1/pods"
TOKEN = "ghp_" + "7Kd2Rw9Xq4Lm8Zt1Vb6Yn3Pc5Hs0Jf2Ga4Qe"
"""What has the form of a credential, and no business in a label."""
LABELS = {"app": "vault", "secret": "reader", "deploy-token": TOKEN}
SERVICE = f"""---
apiVersion: v1
kind: Service
metadata: {{name: vault, namespace: shop}}
spec:
  selector: {{app: vault, secret: reader, deploy-token: {TOKEN}}}
  ports: [{{port: 80}}]
"""


async def test_a_policy_in_a_folder_selects_what_its_service_selects(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB + SERVICE)
    desk = await desk_of(tmp_path)
    action = DenyTraffic(target=Target("demo", "v1", "Namespace", "", "shop"))
    shown = msgspec.json.encode((await desk.rehearse(action)).diff).decode()
    assert '"reader"' in shown
    _, outcomes = await desk.carry_out(action)
    await desk.writer.close()
    assert outcomes[-1].kind is OutcomeKind.VERIFIED
    [made] = tmp_path.glob("networkpolicy-allow-vault.yaml")
    policy = yaml.safe_load(made.read_text())
    assert policy["spec"]["podSelector"]["matchLabels"] == LABELS


async def test_a_budget_is_seen_and_digests_are_found_by_such_labels(bench: Any) -> None:
    deployed = deployment()
    deployed["spec"]["selector"]["matchLabels"] |= LABELS
    deployed["spec"]["template"]["metadata"]["labels"] |= LABELS
    deployed, _, pods = rolled_out(deployed)
    for pod in pods:
        pod["metadata"]["labels"] = {"app": "web", **LABELS}
        image = "docker.io/lab.local/busybox@sha256:" + "a" * 64
        pod["status"] = {"containerStatuses": [{"name": "app", "imageID": image}]}
    spec = deployed["spec"]["template"]["spec"]["containers"][0]
    spec["image"] = "docker.io/lab.local/busybox:1"
    budget = {
        "metadata": {"name": "held", "namespace": "shop"},
        "spec": {
            "selector": {
                "matchLabels": {"secret": "reader"},
                "matchExpressions": [{"key": "deploy-token", "operator": "In", "values": [TOKEN]}],
            }
        },
        "status": {"disruptionsAllowed": 0},
    }
    bench.api.objects |= {DEPLOYMENTS: [deployed], PODS: pods, BUDGETS: [budget]}
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    rehearsal = await bench.rehearse(vocabulary.encode(PinImage(target=target)))
    assert rehearsal.state is State.READY, rehearsal.reason
    assert any("held allows 0" in fact for fact in rehearsal.disruption.facts)
    assert TOKEN not in msgspec.json.encode(rehearsal.diff).decode()


def policy(value: str) -> dict[str, Any]:
    """Give a policy that selects pods by one label."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "allow", "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"secret": value}}, "policyTypes": ["Ingress"]},
    }


async def _refuses(writer: Writer, cluster: str) -> None:
    created = Target(cluster, "networking.k8s.io/v1", "NetworkPolicy", "shop", "allow")
    with pytest.raises(NotAllowed, match="masked"):
        await writer.create(created, policy("[redacted]"), "op-1", dry_run=True)
    patched = Target(cluster, "apps/v1", "Deployment", "shop", "web", "uid-web")
    step = {"op": "add", "path": "/spec/template/metadata/labels", "value": {"a": "x[redacted]"}}
    with pytest.raises(NotAllowed, match="masked"):
        await writer.patch(patched, [step], "op-1", dry_run=False)


async def test_a_mask_is_never_written(bench: Any, tmp_path: Path) -> None:
    await _refuses(bench.writer, "lab")
    assert bench.effects == []
    (tmp_path / "web.yaml").write_text(WEB)
    desk = await desk_of(tmp_path)
    await _refuses(desk.writer, "demo")
    await desk.writer.close()
    assert desk.texts()["web.yaml"] == WEB.encode()


async def test_what_somebody_masked_before_can_be_set_right(bench: Any) -> None:
    masked = deployment()
    masked["spec"]["template"]["metadata"]["labels"]["secret"] = "[redacted]"
    bench.api.objects[DEPLOYMENTS] = [masked]
    target = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-web")
    path = "/spec/template/metadata/labels/secret"
    steps = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "100"},
        {"op": "test", "path": path, "value": "[redacted]"},
        {"op": "replace", "path": path, "value": "reader"},
    ]
    reply = await bench.writer.patch(target, steps, "op-1", dry_run=True)
    assert reply.done, reply.said
