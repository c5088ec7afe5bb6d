"""Kinds that are judged by their pod template and changed by nobody here."""

from pathlib import Path

import pytest

from tests.fakes.desk import NOW, shared_library
from tools.cluster.manifests.reader import open_folder
from tools.plans import Reason
from tools.queries import propose_change, propose_fix
from tools.queries.context import QueryContext, Scope
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.queries.result import NotPlanned
from tools.types import ALL, ClusterConfig, ClusterSource


@pytest.mark.parametrize("kind", ["", "Rollout"])
async def test_kinds_of_others_are_judged_and_not_changed(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: till, namespace: shop}\n"
        "spec: {template: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}\n"
    )
    config = ClusterConfig("shop", ClusterSource.FOLDER, folder=str(tmp_path))
    library = shared_library()
    context = QueryContext(
        {"shop": Listings(await open_folder(config))},
        Scope({"shop": ALL}),
        library.search,
        library.guide_for,
        MemoryScans(),
        NOW,
    )
    asked = propose_fix.Arguments(kind=kind, name="till", namespace="shop", controls=["5.2.2"])
    other = propose_change.Arguments(change="restart", kind=kind, name="till", namespace="shop")
    for result in (
        await propose_fix.run(asked, context),
        await propose_change.run(other, context),
    ):
        assert isinstance(result.data, NotPlanned)
        refusal = result.data.refusal
        assert refusal.reason is Reason.NO_SAFE_FIX
        assert refusal.public == "Oakum judges a Rollout and does not change it."
