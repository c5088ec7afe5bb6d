"""What a real server makes itself is recognised as published, every role and binding of it."""

import json
from typing import Any

import msgspec
import pytest

from tests.lab.cluster import Lab
from tools.access import RBAC_KINDS
from tools.bootstrap import is_bootstrap_binding, is_bootstrap_role
from tools.objects.kinds import DECODERS, KINDS

pytestmark = [pytest.mark.lab, pytest.mark.slow]

LABEL = "kubernetes.io/bootstrapping"
AT_LEAST = 120
"""Roles and bindings that a server of 1.34 makes with its default feature gates."""


def listed(lab: Lab, kind: str) -> list[dict[str, Any]]:
    found = json.loads(lab.kubectl("get", KINDS[kind].plural, "--all-namespaces", "-o", "json"))
    return found["items"]


def recognised(kind: str, item: dict[str, Any], others: dict[str, Any]) -> bool:
    obj = DECODERS[kind].decode(msgspec.json.encode(item))
    if kind.endswith("Binding"):
        return is_bootstrap_binding(kind, obj)
    return is_bootstrap_role(kind, obj, others)


def test_every_role_and_binding_that_the_server_made_is_recognised(lab: Lab) -> None:
    held = {kind: listed(lab, kind) for kind in RBAC_KINDS}
    others = {
        item["metadata"]["name"]: DECODERS["ClusterRole"].decode(msgspec.json.encode(item))
        for item in held["ClusterRole"]
    }
    own = {
        (kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]): recognised(
            kind, item, others
        )
        for kind, items in held.items()
        for item in items
        if (item["metadata"].get("labels") or {}).get(LABEL) == "rbac-defaults"
    }
    assert [name for name, known in own.items() if not known] == []
    assert len(own) >= AT_LEAST


def test_what_kubeadm_adds_is_judged(lab: Lab) -> None:
    bindings = listed(lab, "ClusterRoleBinding")
    added = [item for item in bindings if item["metadata"]["name"].startswith("kubeadm:")]
    assert added
    assert not any(recognised("ClusterRoleBinding", item, {}) for item in added)
