"""Policies that make objects, or change pods as they come, and ones that only refuse or harden."""

from pathlib import Path

import pytest

from tests.tools.cluster.manifests.test_not_said import FINE, made, one, scanned, write
from tools.types import ANY_KIND, Verdict


def kyverno(rule: str, kind: str = "ClusterPolicy") -> str:
    return made("kyverno.io/v1", kind, f"{{rules: [{{name: r, {rule}}}]}}")


def gatekeeper(location: str, value: str) -> str:
    spec = f"{{location: '{location}', parameters: {{assign: {{value: {value}}}}}}}"
    return made("mutations.gatekeeper.sh/v1", "Assign", spec)


def expressed(group: str, kind: str, field: str, text: str) -> str:
    return made(f"{group}/v1", kind, f"{{{field}: [{{expression: '{text}'}}]}}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (kyverno("generate: {kind: RoleBinding, name: b, data: {roleRef: {kind: ClusterRole, name: cluster-admin}}}"), "RoleBinding"),
        (kyverno("generate: {kind: Deployment, name: d, data: {spec: {template: {spec: {hostPID: true}}}}}"), "Deployment"),
        (kyverno("generate: {kind: ClusterRole, name: c, clone: {name: admin}}"), "ClusterRole"),
        (kyverno("generate: {cloneList: {kinds: [v1/Secret, rbac.authorization.k8s.io/v1/Role]}}"), "Role"),
        (kyverno("generate: {foreach: [{kind: Pod, name: a}]}"), "Pod"),
        (kyverno("generate: {kind: '{{ x }}', name: a}"), ANY_KIND),
        (kyverno("generate: {kind: Pod, name: a}", "Policy"), "Pod"),
        (kyverno("mutate: {patchStrategicMerge: {spec: {+(hostNetwork): true}}}"), "Pod"),
        (kyverno("mutate: {patchStrategicMerge: {spec: {containers: [{(name): '*', securityContext: {privileged: true}}]}}}"), "Pod"),
        (kyverno("mutate: {patchStrategicMerge: {spec: {containers: [{name: agent, image: a}]}}}"), "Pod"),
        (kyverno("mutate: {patchStrategicMerge: {spec: {securityContext: null}}}"), "Pod"),
        (kyverno("mutate: {patchStrategicMerge: {spec: {securityContext: {seccompProfile: {type: Unconfined}}}}}"), "Pod"),
        (kyverno("mutate: {foreach: [{patchesJson6902: 'path: /spec/hostPID'}]}"), "Pod"),
        (kyverno("mutate: {patchesJson6902: 'path: /subjects/0'}"), ANY_KIND),
        (expressed("policies.kyverno.io", "GeneratingPolicy", "generate", "generator.Apply(x)"), ANY_KIND),
        (expressed("policies.kyverno.io", "MutatingPolicy", "mutations", "Object{spec: Object.spec{hostIPC: true}}"), "Pod"),
        (expressed("admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutations", "Object.spec{initContainers: []}"), "Pod"),
        (gatekeeper("spec.containers[name:*].securityContext.privileged", "true"), "Pod"),
        (gatekeeper("spec.securityContext.runAsUser", "0"), "Pod"),
    ],
)  # fmt: skip
async def test_a_policy_that_may_make_pods_less_safe_is_a_gap(
    text: str, kind: str, tmp_path: Path
) -> None:
    gap = one(tmp_path, text)
    assert gap is not None
    assert gap.kind == kind
    if kind == "Pod":
        result = await scanned(write(tmp_path, {"fine.yaml": FINE}))
        assert result.controls[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        kyverno("validate: {pattern: {spec: {=(hostNetwork): false, containers: [{=(securityContext): {=(privileged): false}}]}}}"),
        kyverno("generate: {kind: NetworkPolicy, name: deny, data: {spec: {podSelector: {}}}}"),
        kyverno("generate: {kind: ResourceQuota, name: q, data: {spec: {hard: {pods: 5}}}}"),
        kyverno("mutate: {patchStrategicMerge: {metadata: {labels: {+(team): a}}}}"),
        kyverno("mutate: {patchStrategicMerge: {spec: {containers: [{(name): '*', image: 'mirror/{{ x }}'}]}}}"),
        kyverno("mutate: {patchStrategicMerge: {spec: {securityContext: {+(runAsNonRoot): true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}, containers: [{(name): '*', securityContext: {privileged: false, capabilities: {drop: [ALL]}}}]}}}"),
        kyverno("mutate: {patchStrategicMerge: {spec: {(hostNetwork): true, tolerations: [{operator: Exists}]}}}"),
        kyverno("verifyImages: [{imageReferences: ['*']}]"),
        expressed("policies.kyverno.io", "ValidatingPolicy", "validations", "object.spec.hostIPC == false"),
        expressed("policies.kyverno.io", "MutatingPolicy", "mutations", "Object{metadata: Object.metadata{labels: x}}"),
        expressed("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validations", "object.spec.hostIPC == false"),
        gatekeeper("spec.containers[name:*].securityContext.privileged", "false"),
        gatekeeper("spec.containers[name:*].imagePullPolicy", "Always"),
        made("mutations.gatekeeper.sh/v1", "AssignMetadata", "{location: metadata.labels.a, parameters: {assign: {value: b}}}"),
    ],
)  # fmt: skip
def test_a_policy_that_refuses_or_hardens_stays_quiet(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"fine.yaml": FINE})
    assert one(tmp_path, text) is None
