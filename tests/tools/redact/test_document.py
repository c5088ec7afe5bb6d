"""Objects: every string field of every kind, with every form planted in it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.canaries import CANARIES, Canary
from tools import redact

CONTAINER: dict[str, Any] = {
    "name": "c",
    "image": "i",
    "command": ["a", "b"],
    "args": ["a", "--x"],
    "workingDir": "w",
    "env": [
        {"name": "E", "value": "v"},
        {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": "f"}}},
    ],
    "envFrom": [{"secretRef": {"name": "s"}, "prefix": "p"}],
    "livenessProbe": {
        "httpGet": {"path": "/p", "host": "h", "httpHeaders": [{"name": "A", "value": "b"}]},
        "exec": {"command": ["c"]},
        "grpc": {"service": "g"},
    },
    "lifecycle": {"preStop": {"exec": {"command": ["x"]}}},
    "volumeMounts": [{"name": "n", "mountPath": "m", "subPathExpr": "s"}],
    "securityContext": {"seccompProfile": {"localhostProfile": "l"}},
}
POD_SPEC: dict[str, Any] = {
    "serviceAccountName": "s",
    "nodeName": "n",
    "hostname": "h",
    "nodeSelector": {"a": "b"},
    "imagePullSecrets": [{"name": "p"}],
    "containers": [CONTAINER],
    "initContainers": [{"env": CONTAINER["env"], "args": ["a"]}],
    "ephemeralContainers": [{"env": CONTAINER["env"], "command": ["a"]}],
    "volumes": [
        {
            "name": "v",
            "hostPath": {"path": "p"},
            "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]},
            "csi": {"driver": "d", "volumeAttributes": {"a": "b"}},
            "nfs": {"server": "s", "path": "p"},
        }
    ],
    "tolerations": [{"key": "k", "value": "v"}],
    "hostAliases": [{"ip": "i", "hostnames": ["h"]}],
}
OBJECT: dict[str, Any] = {
    "apiVersion": "v1",
    "metadata": {
        "name": "n",
        "namespace": "x",
        "uid": "u",
        "resourceVersion": "1",
        "labels": {"app": "x"},
        "annotations": {"note": "n", "prometheus.io/path": "p"},
        "ownerReferences": [{"name": "o", "uid": "u"}],
        "finalizers": ["f"],
    },
    "spec": {
        "template": {"spec": POD_SPEC},
        "rules": [{"host": "h", "http": {"paths": [{"path": "p"}]}}],
        "externalName": "e",
        "validationFailureAction": "a",
        "parameters": {"x": ["y"]},
    },
    "status": {
        "conditions": [{"type": "t", "reason": "r", "message": "m"}],
        "containerStatuses": [{"image": "i", "state": {"terminated": {"message": "m"}}}],
    },
    "data": {"a": "b"},
    "subjects": [{"kind": "User", "name": "n"}],
    "rules": [{"verbs": ["v"], "resourceNames": ["r"], "nonResourceURLs": ["/x"]}],
    "webhooks": [{"clientConfig": {"url": "u"}}],
    "message": "m",
    "involvedObject": {"name": "n", "fieldPath": "f"},
}
NAMES = frozenset(
    (
        *("apiVersion", "name", "namespace", "uid", "resourceVersion", "image", "kind"),
        *("nodeName", "serviceAccountName", "fieldPath", "hostname"),
    )
)
Path = tuple[str | int, ...]


def leaves(obj: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(obj, dict):
        for key, value in obj.items():
            yield from leaves(value, (*path, key))
    elif isinstance(obj, list):
        for number, value in enumerate(obj):
            yield from leaves(value, (*path, number))
    else:
        yield path, obj


def filled(obj: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(obj, dict):
        return {key: filled(value, fill) for key, value in obj.items()}
    if isinstance(obj, list):
        return [filled(value, fill) for value in obj]
    return fill(obj)


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.form)
def test_a_planted_credential_is_gone_from_every_field(canary: Canary) -> None:
    planted = filled(OBJECT, lambda _: canary.text)
    masked = redact.document({"kind": "Pod", **planted})
    leaks = [
        path
        for path, value in leaves(masked)
        if any(piece in str(value) for piece in canary.secret)
        and not (canary.only_random and path[-1] in NAMES)
    ]
    assert leaks == []
    assert redact.document(masked) == masked


@pytest.mark.parametrize("kind", ["Deployment", "ConfigMap", "Event", "ClusterRole", "Widget"])
def test_the_kind_makes_no_difference(kind: str) -> None:
    planted = filled(OBJECT, lambda _: "password=swordfish")
    assert "swordfish" not in json.dumps(redact.document({"kind": kind, **planted}))


@pytest.mark.parametrize("canary", [c for c in CANARIES if not c.only_random], ids=lambda c: c.form)
def test_a_planted_credential_is_gone_from_keys_and_json_in_annotations(canary: Canary) -> None:
    inner = {"spec": {"containers": [{"env": [{"name": "A", "value": canary.text}]}]}}
    obj = {
        "metadata": {"annotations": {canary.text: "a", "tool": json.dumps(inner)}},
        "data": {canary.text: "x", "config.json": json.dumps({"note": canary.text})},
    }
    masked = json.dumps(redact.document(obj))
    assert not [piece for piece in canary.secret if json.dumps(piece)[1:-1] in masked]


def test_environment_values_are_masked_whatever_they_hold() -> None:
    container = {
        "name": "c",
        "env": [
            {"name": "LOG_LEVEL", "value": "debug"},
            {"name": "EMPTY", "value": ""},
            {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        ],
    }
    masked = redact.document({"spec": {"initContainers": [container]}})
    assert masked["spec"]["initContainers"][0]["env"] == [
        {"name": "LOG_LEVEL", "value": "[redacted]"},
        {"name": "EMPTY", "value": ""},
        {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]


def test_the_last_applied_configuration_is_masked_whole() -> None:
    key = "kubectl.kubernetes.io/last-applied-configuration"
    masked = redact.document({"metadata": {"annotations": {key: '{"spec":{}}', "team": "shop"}}})
    assert masked["metadata"]["annotations"] == {key: "[redacted]", "team": "shop"}


def test_a_flag_and_its_value_in_two_arguments() -> None:
    args = ["--user", "root", "--password", "swordfish", "--token-file", "/t", "--verbose"]
    masked = redact.document({"args": args})["args"]
    assert masked == [*args[:3], "[redacted]", *args[4:]]


def test_headers_by_their_name() -> None:
    headers = [{"name": "X-Api-Key", "value": "fish"}, {"name": "Accept", "value": "text/html"}]
    masked = redact.document({"httpGet": {"httpHeaders": headers}})["httpGet"]["httpHeaders"]
    assert [header["value"] for header in masked] == ["[redacted]", "text/html"]


def test_a_secret_that_came_all_the_same_is_masked_whole() -> None:
    secret = {
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": {"a": "eA=="},
        "stringData": {"b": "x"},
    }
    assert redact.document(secret) == {
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": "[redacted]",
        "stringData": "[redacted]",
    }


def test_what_identifies_an_object_stays() -> None:
    digest = "4cb2b9019f1757be8482419002cb7afe028fdba35d47958829e4cfeaf6246d80"
    obj = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web-5d4f8c7b9d-x2x4z",
            "namespace": "shop",
            "uid": "0b5c1e2e-7a37-4b0b-93d9-0d3c2d3d4f55",
            "resourceVersion": "194837261",
            "labels": {"pod-template-hash": "5d4f8c7b9d", "app.kubernetes.io/version": "2.3.1"},
            "annotations": {"checksum/secret": digest, "kubernetes.io/config.mirror": digest[:32]},
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": "web-5d4f8c7b9d", "controller": True}
            ],
        },
        "spec": {
            "automountServiceAccountToken": False,
            "imagePullSecrets": [{"name": "regcred"}],
            "containers": [
                {
                    "image": f"registry.example.com/shop/web@sha256:{digest}",
                    "args": ["--port=8080", "--token-file=/var/run/token"],
                    "securityContext": {"runAsUser": 0, "privileged": True},
                }
            ],
            "volumes": [{"name": "creds", "secret": {"secretName": "db-credentials"}}],
        },
        "status": {
            "containerStatuses": [{"containerID": f"containerd://{digest}"}],
            "nodeInfo": {"machineID": digest[:32], "systemUUID": digest[:32]},
        },
    }
    assert redact.document(obj) == obj


def test_the_object_given_is_left_as_it_was() -> None:
    obj = {"env": [{"name": "A", "value": "b"}], "args": ["password=swordfish"]}
    before = json.dumps(obj)
    redact.document(obj)
    assert json.dumps(obj) == before


def test_json_nested_too_deep_is_masked_whole() -> None:
    deep = "[" * 700 + "]" * 700
    assert redact.document({"a": {"b": deep}})["a"]["b"] in (deep, "[redacted]")


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["env", "args", "data", "password", "kind", "a"]), _ANY))
def test_any_object_is_masked_once_and_for_all(obj: dict[str, Any]) -> None:
    once = redact.document(obj)
    assert redact.document(once) == once


def test_labels_and_selectors_are_masked_by_their_form_and_not_by_their_name() -> None:
    token = "ghp_" + "7Kd2Rw9Xq4Lm8Zt1Vb6Yn3Pc5Hs0Jf2Ga4Qe"
    kept = {"secret": "reader", "db-password": "vault"}
    planted = {**kept, "token": token, token: "x"}
    masked = {**kept, "token": "[redacted]", "[redacted]": "x"}
    assert redact.document(
        {
            "metadata": {"labels": planted, "annotations": kept},
            "spec": {"selector": planted, "podSelector": {"matchLabels": planted}},
            "selector": {"secret": {"password": "swordfish"}},
        }
    ) == {
        "metadata": {
            "labels": masked,
            "annotations": dict.fromkeys(kept, "[redacted]"),
        },
        "spec": {"selector": masked, "podSelector": {"matchLabels": masked}},
        "selector": {"secret": {"password": "[redacted]"}},
    }
