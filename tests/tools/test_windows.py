"""Which pods run on Windows and nowhere else."""

from typing import Any

import msgspec
import pytest

from tools.objects.pod import PodSpec
from tools.windows import is_windows, says_windows

OS = "kubernetes.io/os"


def term(*values: str, key: str = OS, operator: str = "In") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": [*values]}]}


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    rule = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {rule: {"nodeSelectorTerms": [*terms]}}}}


BOTH = {"matchExpressions": [*term("amd64", key="kubernetes.io/arch")["matchExpressions"], *term("windows")["matchExpressions"]]}  # fmt: skip
PREFERRED = {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term("windows")}]}}}  # fmt: skip
HOST_PROCESS = {"windowsOptions": {"hostProcess": True}}
A: dict[str, Any] = {"name": "a"}
TAKES_BACK = {**A, "securityContext": {"windowsOptions": {"hostProcess": False}}}


@pytest.mark.parametrize(
    ("spec", "windows"),
    [
        ({"os": {"name": "windows"}}, True),
        ({"os": {"name": "linux"}, **required(term("windows"))}, False),
        ({"os": {"name": "linux"}, "securityContext": HOST_PROCESS, "containers": [A]}, False),
        ({"nodeSelector": {OS: "windows"}}, True),
        ({"nodeSelector": {"beta.kubernetes.io/os": "windows"}}, True),
        ({"nodeSelector": {OS: "linux", "beta.kubernetes.io/os": "windows"}}, False),
        (required(term("windows")), True),
        (required(term("windows"), BOTH), True),
        (required(term("windows", key="beta.kubernetes.io/os")), True),
        (required(term("windows", "linux")), False),
        (required(term("windows"), term("linux")), False),
        (required(term("windows"), term("amd64", key="kubernetes.io/arch")), False),
        (required(term("windows"), {}), False),
        (required(term("linux", operator="NotIn")), False),
        (required(term("windows", operator="NotIn")), False),
        (required(term(operator="Exists")), False),
        (required({"matchFields": term("windows")["matchExpressions"]}), False),
        (required(), False),
        (PREFERRED, False),
        ({**required(term("windows", "linux")), "nodeSelector": {OS: "windows"}}, True),
        ({**required(term("windows")), "nodeSelector": {OS: "linux"}}, False),
        ({"affinity": {"nodeAffinity": None}}, False),
        ({"securityContext": HOST_PROCESS, "containers": [A]}, True),
        ({"securityContext": HOST_PROCESS, "containers": [A, TAKES_BACK]}, False),
        ({"securityContext": HOST_PROCESS, "containers": [A], "nodeSelector": {OS: "linux"}}, False),
        ({"securityContext": HOST_PROCESS, "containers": [A], **required(term("linux"))}, False),
        ({"containers": [{**A, "securityContext": HOST_PROCESS}, A]}, False),
        ({"containers": [{**A, "securityContext": HOST_PROCESS}]}, True),
        ({"securityContext": HOST_PROCESS}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_a_pod_is_of_windows_only_where_it_can_run_nowhere_else(
    spec: dict[str, Any], windows: bool
) -> None:
    assert is_windows(msgspec.convert(spec, PodSpec)) is windows


def test_pod_security_goes_by_the_name_alone() -> None:
    assert says_windows(msgspec.convert({"os": {"name": "windows"}}, PodSpec))
    assert not says_windows(msgspec.convert(required(term("windows")), PodSpec))
    assert not says_windows(msgspec.convert({"nodeSelector": {OS: "windows"}}, PodSpec))
