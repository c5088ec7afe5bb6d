"""What a plan leaves open where the folder does not hold what decides."""

from pathlib import Path

import msgspec
import pytest

from tests.fakes.live_objects import NOW, target
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.around import read_around
from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import KINDS
from tools.planning.hardening import Setting
from tools.plans import Plan
from tools.types import ClusterConfig, ClusterSource

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: web, containers: [{name: web, image: a}]}}}
"""
ACCOUNT = """
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
"""


@pytest.mark.parametrize(("text", "mounted"), [(WEB, False), (WEB + ACCOUNT, True)])
async def test_the_token_is_not_said_to_be_mounted_where_its_account_is_not_in_the_folder(
    text: str, mounted: bool, tmp_path: Path
) -> None:
    (tmp_path / "web.yaml").write_text(text)
    reader = await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(tmp_path)))
    (document,) = (await reader.documents(KINDS["Deployment"], to_plan=True)).objects
    obj = msgspec.json.decode(document)
    action = HardenWorkload(target=target(obj), settings=(Setting.SECCOMP,))
    made = vocabulary.plan(action, obj, await read_around(action, obj, reader, NOW, ()))
    assert isinstance(made, Plan), made
    assert any("token is mounted" in one for one in made.left) is mounted
