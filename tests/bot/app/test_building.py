"""What is opened from the settings: clusters that can be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.app import building
from bot.settings import load

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: u, user: {token: not-a-token}}]
"""


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ({"kubeconfig": "absent"}, "there is no file"),
        ({"kubeconfig": "broken"}, "is not a kubeconfig"),
        ({"kubeconfig": "known", "context": "other"}, "no context other"),
        ({"folder": "absent"}, "cannot be opened"),
        ({"in_cluster": True}, "no pod with a service account"),
        ({"kubeconfig": "known"}, ""),
        ({"folder": "."}, ""),
    ],
)
async def test_a_cluster_with_nothing_to_read_it_from_is_not_ready_and_no_server_is_asked(
    tmp_path: Path, cluster: dict[str, Any], says: str
) -> None:
    (tmp_path / "broken").write_text("nonsense", encoding="utf-8")
    (tmp_path / "known").write_text(KUBECONFIG, encoding="utf-8")
    file = tmp_path / "oakum.yaml"
    file.write_text(json.dumps({"clusters": {"prod": cluster}}), encoding="utf-8")
    clusters = building.Clusters(building.cluster_configs(load(file, {})).values())
    told = await clusters.ready()
    assert (says in told) if says else told == ""
