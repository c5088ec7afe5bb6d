"""What holds for a container, and how evidence of it is written."""

import json

import msgspec
import pytest

from tools.objects.apps import Deployment
from tools.objects.kinds import KINDS
from tools.objects.meta import Metadata
from tools.types import MAX_VALUE_BYTES, NOT_SET, Gap, evidence
from tools.workload import Inventory, capability, setting, workload_of


def deployment(spec: str) -> Deployment:
    """Decode a Deployment with this pod specification."""
    text = '{"metadata": {"name": "a"}, "spec": {"template": {"spec": ' + spec + "}}}"
    return msgspec.json.decode(text.encode(), type=Deployment)


def test_containers_are_listed_init_ordinary_ephemeral_with_their_paths() -> None:
    obj = deployment(
        '{"containers": [{"name": "b"}], "initContainers": [{"name": "a"}],'
        ' "ephemeralContainers": [{"name": "c"}]}'
    )
    workload = workload_of("lab", KINDS["Deployment"], obj)
    assert [(c.name, c.path, c.label) for c in workload.containers] == [
        ("a", "spec.template.spec.initContainers[0]", "init container a"),
        ("b", "spec.template.spec.containers[0]", "container b"),
        ("c", "spec.template.spec.ephemeralContainers[0]", "ephemeral container c"),
    ]
    assert workload.annotations_path == "spec.template.metadata.annotations"


def test_a_container_wins_over_its_pod_even_with_false_and_zero() -> None:
    obj = deployment(
        '{"securityContext": {"runAsUser": 1, "runAsNonRoot": true,'
        ' "seccompProfile": {"type": "Unconfined"}, "windowsOptions": {"hostProcess": true}},'
        ' "containers": [{"name": "own", "securityContext": {"runAsUser": 0, "runAsNonRoot": false,'
        ' "seccompProfile": {"type": "Localhost"}, "windowsOptions": {"hostProcess": false}}},'
        ' {"name": "pods", "securityContext": {"windowsOptions": {"hostProcess": null}}}]}'
    )
    own, pods = workload_of("lab", KINDS["Deployment"], obj).containers
    assert (own.run_as_user, own.run_as_non_root, own.seccomp) == (0, False, "Localhost")
    assert not own.host_process
    assert (pods.run_as_user, pods.run_as_non_root, pods.seccomp) == (1, True, "Unconfined")
    assert pods.host_process
    assert setting(own, "run_as_user", "runAsUser").path.endswith(
        "containers[0].securityContext.runAsUser"
    )
    inherited = setting(pods, "run_as_user", "runAsUser")
    assert (inherited.path, inherited.value) == (
        "spec.template.spec.securityContext.runAsUser",
        "1",
    )
    assert setting(pods, "fs_group", "fsGroup").value == NOT_SET


@pytest.mark.parametrize("spelling", ["NET_RAW", "net_raw", "CAP_NET_RAW", "cap_Net_Raw"])
def test_added_capabilities_have_one_spelling(spelling: str) -> None:
    assert capability(spelling) == "NET_RAW"


def test_evidence_is_json_text_within_300_bytes() -> None:
    assert evidence("p", None).value == NOT_SET
    assert (evidence("p", True).value, evidence("p", False).value) == ("true", "false")
    assert evidence("p", 0).value == "0"
    assert evidence("p", "a").value == '"a"'
    assert json.loads(evidence("p", {"a": [1]}).value) == {"a": [1]}
    long = evidence("p", "ü" * 400).value
    assert len(long.encode()) <= MAX_VALUE_BYTES
    assert long.endswith("ü...")


def test_evidence_of_a_struct_shows_only_what_is_set() -> None:
    assert evidence("p", Metadata(name="a")).value == '{"name":"a"}'


def test_unread_kinds_are_told_by_namespace() -> None:
    inventory = Inventory(
        cluster="lab",
        live=True,
        missing={
            "Pod": (Gap("pods", "forbidden", kind="Pod"),),
            "Job": (Gap("Job a/j", "odd", kind="Job", namespace="a"),),
        },
    )
    assert inventory.unread(["Pod", "Job", "Role"]) == "Pod: forbidden; Job: odd"
    assert inventory.unread(["Job"], "a") == "Job: odd"
    assert inventory.unread(["Job"], "b") == ""
    assert inventory.unread(["Pod"], "b") == "Pod: forbidden"


def test_a_long_value_keeps_whole_elements_and_counts_the_rest() -> None:
    rule = {"verbs": ["get"], "resources": [f"widgets-of-kind-{number}" for number in range(40)]}

    value = json.loads(evidence("rules[0]", rule).value)

    assert value["verbs"] == ["get"]
    kept = value["resources"]
    assert kept[:-1] == rule["resources"][: len(kept) - 1]
    assert kept[-1] == f"and {40 - len(kept) + 1} more"
