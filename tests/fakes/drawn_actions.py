"""Well-formed actions of every kind, as JSON: drawn at random, and one sample of each."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tools import vocabulary
from tools.objects.kinds import KINDS

DIGEST = "registry.example/shop/web@sha256:" + "a" * 64
PLACES = {
    "cluster": st.sampled_from(["lab", "prod-eu.1", "kind"]),
    "namespace": st.sampled_from(["shop", "default", "team-a", "a" * 63]),
    "name": st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?\Z"),
    "uid": st.sampled_from(["", "7d9f7b1e-0000-4000-8000-000000000001"]),
}
NAME = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?\Z")
MAYBE_LEVEL = st.sampled_from([None, "privileged", "baseline", "restricted"])
SETTINGS = [each.value for each in vocabulary.harden_workload.Setting]
SUBJECT = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["User", "Group"]),
            "name": st.sampled_from(
                ["jo@example.com", "oidc:devs", "Domain Admins", "system:nodes"]
            ),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("ServiceAccount"), "name": NAME, "namespace": NAME}),
)
USER = st.fixed_dictionaries(
    {"uid": st.integers(1, 2**31 - 1), "source": st.sampled_from(["person", "image"])},
    optional={"container": NAME},
)
AMOUNTS = st.fixed_dictionaries(
    {"container": NAME},
    optional={
        "request_cpu_millicores": st.integers(1, 256_000),
        "limit_memory_mib": st.integers(4, 4_194_304),
    },
)
VERBS = st.lists(st.sampled_from(["get", "list", "watch", "create"]), min_size=1, max_size=4)
LIMIT = st.fixed_dictionaries(
    {"rule": st.integers(0, 500)},
    optional={
        "remove": st.booleans(),
        "verbs": VERBS,
        "api_groups": st.lists(st.sampled_from(["", "apps", "batch"]), min_size=1, max_size=3),
        "resources": st.lists(
            st.sampled_from(["pods", "pods/log", "deployments.apps"]), min_size=1, max_size=3
        ),
        "resource_names": st.lists(NAME, min_size=1, max_size=3),
    },
)
FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "harden_workload": (
        {"settings": st.lists(st.sampled_from(SETTINGS), min_size=1, max_size=12)},
        {
            "users": st.lists(USER, max_size=5),
            "empty_dirs": st.lists(NAME, max_size=5),
            "confirmed": st.booleans(),
        },
    ),
    "own_service_account": ({"account": NAME}, {"confirmed": st.booleans()}),
    "account_token_off": ({}, {"confirmed": st.booleans()}),
    "label_namespace": (
        {},
        {
            "enforce": MAYBE_LEVEL,
            "audit": MAYBE_LEVEL,
            "warn": MAYBE_LEVEL,
            "version": st.sampled_from(["latest", "v1.34"]),
        },
    ),
    "deny_traffic": ({}, {"egress": st.booleans()}),
    "remove_subject": ({"subject": SUBJECT}, {}),
    "narrow_role": ({"limits": st.lists(LIMIT, min_size=1, max_size=5)}, {}),
    "set_resources": ({"containers": st.lists(AMOUNTS, min_size=1, max_size=5)}, {}),
    "scale": ({"replicas": st.integers(0, 100)}, {}),
    "restart": ({"at": st.just("2026-11-24T12:00:00Z")}, {}),
    "pause_rollout": ({"paused": st.booleans()}, {}),
    "pin_image": ({}, {"containers": st.lists(NAME, max_size=5)}),
    "deploy_app": (
        {"image": st.just(DIGEST), "port": st.integers(1024, 65535)},
        {
            "replicas": st.integers(1, 20),
            "user": st.one_of(st.none(), st.integers(1, 2**31 - 1)),
            "cpu_millicores": st.integers(10, 16_000),
            "memory_mib": st.integers(16, 65_536),
        },
    ),
    "delete_object": ({}, {}),
    "undo_change": ({"operation_id": st.from_regex(r"\A[a-z0-9][a-z0-9-]{7,40}\Z")}, {}),
}
TAGS = {cls.__struct_config__.tag: cls for cls in vocabulary.ACTIONS}


@st.composite
def actions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the JSON of a well-formed action of any kind."""
    tag = draw(st.sampled_from(sorted(FIELDS)))
    entry = vocabulary.ACTIONS[TAGS[tag]]
    kind = KINDS[draw(st.sampled_from(entry.kinds))]
    place = {key: draw(strategy) for key, strategy in PLACES.items()}
    target = {**place, "kind": kind.kind, "api_version": kind.group_version}
    if not kind.namespaced:
        target["namespace"] = ""
    needed, optional = FIELDS[tag]
    fields = draw(st.fixed_dictionaries(needed, optional=optional))
    answers = draw(st.lists(st.sampled_from(entry.answers), max_size=4)) if entry.answers else []
    return {"action": tag, "target": target, "answers": answers, **fields}


def samples() -> Iterator[dict[str, Any]]:
    """Give one well-formed action of each kind, with everything that it can hold."""
    lists = {name: ["get"] for name in ("verbs", "api_groups", "resources", "resource_names")}
    fields: dict[str, dict[str, Any]] = {
        "harden_workload": {
            "settings": ["token", "non-root"],
            "users": [{"uid": 10001, "source": "person", "container": "web"}],
            "empty_dirs": ["logs"],
            "confirmed": True,
        },
        "account_token_off": {"confirmed": True},
        "own_service_account": {"account": "web", "confirmed": True},
        "label_namespace": {"enforce": "baseline", "version": "v1.34"},
        "deny_traffic": {"egress": True},
        "remove_subject": {
            "subject": {"kind": "ServiceAccount", "name": "app", "namespace": "bank"}
        },
        "narrow_role": {"limits": [{"rule": 0, **lists}]},
        "set_resources": {"containers": [{"container": "web", "limit_memory_mib": 64}]},
        "scale": {"replicas": 2},
        "restart": {"at": "2026-11-24T12:00:00Z"},
        "pause_rollout": {"paused": True},
        "pin_image": {"containers": ["web"]},
        "deploy_app": {"image": DIGEST, "port": 8080},
        "undo_change": {"operation_id": "op-12345678"},
    }
    for tag, cls in TAGS.items():
        entry = vocabulary.ACTIONS[cls]
        kind = KINDS[entry.kinds[0]]
        target = {
            "cluster": "lab",
            "api_version": kind.group_version,
            "kind": kind.kind,
            "namespace": "shop" if kind.namespaced else "",
            "name": "web",
            "uid": "u-1",
        }
        answers = list(entry.answers[:1])
        yield {"action": tag, "target": target, "answers": answers, **fields.get(tag, {})}
