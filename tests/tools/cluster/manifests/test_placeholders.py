"""Manifests in which something is still to be filled in, and ones that only look so."""

from pathlib import Path

import pytest

from tests.tools.cluster.manifests.test_not_said import FINE, POD, one, scanned, write
from tools.types import Verdict

ROLE = "rbac.authorization.k8s.io"
BINDING = f"""apiVersion: {ROLE}/v1
kind: ClusterRoleBinding
metadata: {{name: b}}
roleRef: {{apiGroup: {ROLE}, kind: ClusterRole, name: "ROLE"}}
subjects: [{{kind: Group, name: "WHO", apiGroup: {ROLE}}}]
"""
RULES = f"""apiVersion: {ROLE}/v1
kind: ClusterRole
metadata: {{name: r}}
rules: [{{apiGroups: [""], resources: ["WHAT"], verbs: ["get", "HOW"]}}]
"""
MARKS = ["{{ .Values.x }}", "${ROLE}", "$(VAR)", "$ROLE", "<% x %>", "{% x %}", "<your-role>", "<no value>", "__ROLE__", "@ROLE@", "%ROLE%", "@role.name@", "%role%", "#{role}#", "((role))"]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    ("text", "control"),
    [
        (BINDING.replace("ROLE", "%"), "5.1.1"),
        (BINDING.replace("ROLE", "view").replace("WHO", "%"), "5.1.7"),
        (RULES.replace("WHAT", "%"), "5.1.2"),
        (RULES.replace("HOW", "%"), "5.1.3"),
        (FINE.replace("r/a:1", "%"), "5.2.2"),
        (FINE.replace("{containers", "{serviceAccountName: '%', containers"), "5.1.5"),
    ],
)
async def test_a_placeholder_in_what_is_read_makes_pass_unknown(
    text: str, control: str, mark: str, tmp_path: Path
) -> None:
    root = write(tmp_path, {"a.yaml": text.replace("%", mark, 1)})
    result = await scanned(root, control)
    assert result.controls[0].verdict is Verdict.UNKNOWN
    assert "template" in result.gaps[0].why


@pytest.mark.parametrize("value", ["#@ data.values.pid", "#{PID}#"])
async def test_a_placeholder_that_yaml_takes_for_a_comment_is_one(
    value: str, tmp_path: Path
) -> None:
    text = FINE.replace("spec: {", f"spec: {{\n    hostPID: {value}\n    ,")
    result = await scanned(write(tmp_path, {"a.yaml": text}), "5.2.3")
    assert result.controls[0].verdict is Verdict.UNKNOWN
    assert result.findings[0].ref.name == "fine"
    assert "template" in result.gaps[0].why


async def test_what_fails_beside_a_placeholder_fails(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.yaml": POD.replace("r/a:1", "${IMAGE}")})
    assert (await scanned(root)).controls[0].verdict is Verdict.FAIL


async def test_a_placeholder_decides_nothing_in_another_namespace(tmp_path: Path) -> None:
    other = FINE.replace("r/a:1", "${IMAGE}").replace("namespace: x", "namespace: y")
    root = write(tmp_path, {"a.yaml": FINE, "b.yaml": other})
    assert (await scanned(root, "5.2.2", "", "x")).controls[0].verdict is Verdict.PASS


@pytest.mark.parametrize(
    "text",
    [
        FINE.replace("image:", "args: ['$(POD_IP)', '${X}'], command: [sh, -c, 'echo {{ x }}'], image:"),
        FINE.replace("image:", "env: [{name: A, value: 'http://$(HOST)/<path>'}], image:"),
        FINE.replace("image:", "volumeMounts: [{name: v, mountPath: /a, subPathExpr: $(POD_NAME)}], image:"),
        FINE.replace("image:", "livenessProbe: {exec: {command: [sh, -c, 'test $X']}}, image:"),
        FINE.replace("name: fine", "name: fine, annotations: {a: '{{ b }}'}, labels: {v: '${TAG}'}"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {run: 'echo ${HOME} {{ a }}'}\n",
        BINDING.replace("ROLE", "view").replace("WHO", "CN=Jo <jo@example.com>"),
        RULES.replace("WHAT", "pods/log").replace("HOW", "list"),
    ],
)  # fmt: skip
def test_signs_that_are_meant_are_no_placeholders(text: str, tmp_path: Path) -> None:
    assert one(tmp_path, text) is None


TOKEN = """apiVersion: v1
kind: Secret
metadata: {name: tok, annotations: {kubernetes.io/service-account.name: app}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: x}
spec:
  automountServiceAccountToken: false
  volumes: [{name: v, secret: {secretName: tok}}]
  containers: [{name: a, image: r/a:1, volumeMounts: [{name: v, mountPath: /t}]}]
"""


async def test_a_token_that_says_no_namespace_may_be_in_any(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.yaml": TOKEN})
    assert (await scanned(root, "5.1.6")).controls[0].verdict is Verdict.FAIL
    assert (await scanned(root, "5.1.6", "x")).controls[0].verdict is Verdict.FAIL
    assert (await scanned(root, "5.1.6", "y")).controls[0].verdict is Verdict.PASS
