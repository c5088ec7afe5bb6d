"""Specifications of pods without a list of containers, and objects in forms that no reader takes."""

from pathlib import Path

import pytest

from tests.tools.cluster.manifests.test_not_said import FINE, POD, made, one, scanned, write
from tools.types import ANY_KIND, Verdict


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("sparkoperator.k8s.io/v1beta2", "SparkApplication", "{image: spark, driver: {serviceAccount: spark, cores: 1}}"),
        ("sparkoperator.k8s.io/v1beta2", "SparkApplication", "{driver: {hostNetwork: true}}"),
        ("sparkoperator.k8s.io/v1beta2", "SparkApplication", "{volumes: [{name: v, hostPath: {path: /}}]}"),
        ("monitoring.coreos.com/v1", "Prometheus", "{serviceAccountName: p, resources: {requests: {memory: 1Gi}}}"),
        ("monitoring.coreos.com/v1", "Prometheus", "{image: quay.io/prometheus/prometheus:v3, replicas: 2}"),
        ("monitoring.coreos.com/v1", "Alertmanager", "{securityContext: {runAsUser: 0}}"),
        ("monitoring.coreos.com/v1", "ThanosRuler", "{hostUsers: false}"),
        ("kafka.strimzi.io/v1beta2", "Kafka", "{kafka: {template: {pod: {securityContext: {runAsUser: 0}}}}}"),
        ("postgresql.cnpg.io/v1", "Cluster", "{imageName: ghcr.io/cloudnative-pg/postgresql:17, instances: 3}"),
        ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "{nodeSets: [{podTemplate: {spec: {hostPID: true}}}]}"),
        ("clickhouse.altinity.com/v1", "ClickHouseInstallation", "{templates: {podTemplates: [{name: a}]}}"),
        ("tekton.dev/v1", "PipelineRun", "{taskRunTemplate: {podTemplate: {nodeSelector: {a: b}}}}"),
        ("argoproj.io/v1alpha1", "Workflow", "{templates: [{name: t, resource: {action: get}}], securityContext: {runAsNonRoot: false}}"),
        ("cert-manager.io/v1", "Issuer", "{acme: {solvers: [{http01: {ingress: {podTemplate: {spec: {serviceAccountName: s}}}}}]}}"),
        ("example.com/v1", "Widget", "{image: r.example.com/w:1, privileged: true}"),
        ("example.com/v1", "Widget", "{agent: {privileged: true}}"),
        ("example.com/v1", "Widget", "{image: r.example.com/w:1, imagePullPolicy: Always}"),
        ("example.com/v1", "Widget", "{image: w, env: [{name: A, value: b}]}"),
        ("example.com/v1", "Widget", "{extras: [{name: a, image: r.example.com/w:1}]}"),
        ("example.com/v1", "Widget", "{agent: {image: r.example.com/w:1}, storage: {hostPath: /data}}"),
        ("example.com/v1", "Widget", "{agent: {containerSecurityContext: {privileged: true}}}"),
        ("example.com/v1", "Widget", "{agentImage: r.example.com/w:1, tolerations: [{operator: Exists}]}"),
        ("example.com/v1", "Widget", "{tolerations: [{operator: Exists}], nodeSelector: {a: b}}"),
        ("example.com/v1", "Widget", "{runAsUser: 0}"),
        ("example.com/v1", "Widget", "{runAsNonRoot: 'false'}"),
        ("example.com/v1", "Widget", "{capabilities: {add: [SYS_ADMIN]}}"),
        ("example.com/v1", "Widget", "{env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}"),
        ("example.com/v1", "Widget", "{envFrom: [{secretRef: {name: s}}]}"),
    ],
)  # fmt: skip
async def test_a_pod_specification_without_containers_makes_controls_of_pods_unknown(
    api_version: str, kind: str, spec: str, tmp_path: Path
) -> None:
    gap = one(tmp_path, made(api_version, kind, spec))
    assert gap is not None
    assert (gap.kind, gap.namespace) == ("Pod", "x")
    assert kind in gap.what
    result = await scanned(write(tmp_path, {"fine.yaml": FINE}))
    assert result.controls[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "{serviceAccountName: flux, images: [{name: a, newTag: b}]}"),
        ("image.toolkit.fluxcd.io/v1beta2", "ImageRepository", "{image: ghcr.io/a/b, serviceAccountName: s}"),
        ("cert-manager.io/v1", "Certificate", "{secretName: s, issuerRef: {name: i}}"),
        ("monitoring.coreos.com/v1", "ServiceMonitor", "{selector: {matchLabels: {a: b}}, endpoints: [{port: web}]}"),
        ("karpenter.sh/v1", "NodePool", "{template: {spec: {requirements: [{key: a, operator: Exists}]}}, limits: {cpu: 10}}"),
        ("kueue.x-k8s.io/v1beta1", "ResourceFlavor", "{tolerations: [{operator: Exists}]}"),
        ("infrastructure.cluster.x-k8s.io/v1beta1", "OpenStackMachineTemplate", "{template: {spec: {image: ubuntu-24.04, flavor: m1}}}"),
        ("machine.openshift.io/v1beta1", "MachineSet", "{replicas: 2, template: {spec: {disks: [{image: projects/rhcos/x, boot: true}]}}}"),
        ("security.openshift.io/v1", "SecurityContextConstraints", "{runAsUser: {type: MustRunAs}, allowPrivilegeEscalation: false}"),
        ("templates.gatekeeper.sh/v1", "ConstraintTemplate", "{crd: {spec: {validation: {openAPIV3Schema: {properties: {securityContext: {type: object}}}}}}}"),
        ("apiextensions.crossplane.io/v1", "CompositeResourceDefinition", "{versions: [{schema: {openAPIV3Schema: {properties: {podTemplate: {type: object}}}}}]}"),
        ("external-secrets.io/v1", "ExternalSecret", "{data: [{secretKey: a, remoteRef: {key: b}}]}"),
        ("postgresql.cnpg.io/v1", "ImageCatalog", "{images: [{major: 17, image: ghcr.io/a/b:17}]}"),
        ("kind.x-k8s.io/v1alpha4", "Cluster", "{nodes: [{image: kindest/node:v1, extraMounts: [{hostPath: /, containerPath: /x}]}]}"),
        ("k3d.io/v1alpha5", "Simple", "{image: rancher/k3s:v1, volumes: [{volume: a}], env: [{envVar: A=b}]}"),
        ("keda.sh/v1alpha1", "ScaledObject", "{scaleTargetRef: {name: d}, triggers: [{type: cpu}]}"),
        ("v1", "PersistentVolume", "{hostPath: {path: /data}, nodeAffinity: {}}"),
        ("policy/v1beta1", "PodSecurityPolicy", "{hostNetwork: true, privileged: true, hostPID: true}"),
        ("example.com/v1", "Site", "{logo: {image: logo.png, env: prod}, privileged: false}"),
        ("example.com/v1", "Tutorial", "{steps: [{name: a, image: pic.png, title: b}, {name: b, image: 'https://a.example.com/b'}]}"),
        ("example.com/v1", "Course", "{lessons: [{name: a, image: cover, resources: [a], ports: b}]}"),
        ("extensions.istio.io/v1alpha1", "WasmPlugin", "{url: 'oci://r/x:1', imagePullPolicy: Always, vmConfig: {env: [{name: A, valueFrom: HOST}]}}"),
        ("infrastructure.cluster.x-k8s.io/v1beta1", "DockerMachineTemplate", "{template: {spec: {customImage: 'kindest/node:v1', extraMounts: [{hostPath: /b}]}}}"),
        ("controlplane.cluster.x-k8s.io/v1beta1", "KubeadmControlPlane", "{replicas: 3, kubeadmConfigSpec: {clusterConfiguration: {apiServer: {extraVolumes: [{name: a, hostPath: /a}]}}, nodeRegistration: {imagePullPolicy: Never}}}"),
        ("run.cnrm.cloud.google.com/v1beta1", "RunService", "{template: {containers: [{image: gcr.io/a}]}}"),
        ("scheduling.x-k8s.io/v1alpha1", "PodGroup", "{minMember: 3}"),
        ("scheduling.sigs.k8s.io/v1alpha1", "PodGroup", "{minMember: 3}"),
        ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", "{podSelector: {}}"),
        ("policy.example.io/v1", "PodDisruptionBudget", "{minAvailable: 1}"),
        ("example.com/v1", "Widget", "{securityContext: {}, podTemplate: null, hostNetwork: null, resources: {}}"),
    ],
)  # fmt: skip
def test_what_names_images_or_nodes_and_makes_no_pod_stays_quiet(
    api_version: str, kind: str, spec: str, tmp_path: Path
) -> None:
    write(tmp_path, {"fine.yaml": FINE})
    assert one(tmp_path, made(api_version, kind, spec)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "items:\n- " + POD.replace("\n", "\n  ")),
        ("a.json", '{"items": [{"kind": "Pod", "apiVersion": "v1", "spec": {}}]}'),
        ("a.json", '{"web": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}}'),
        ("a.json", '{"web": {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}}}'),
        ("a.json", '[{"web": {"apiVersion": "v1", "kind": "Pod", "spec": {}}}]'),
        ("a.yaml", "metadata: {name: r}\nrules: [{apiGroups: [''], resources: ['*'], verbs: [get]}]\n"),
        ("a.yaml", "metadata: {name: b}\nsubjects: [{kind: User, name: jo}]\n"),
        ("a.yaml", "metadata: {name: s, namespace: x}\nautomountServiceAccountToken: true\n"),
        ("a.yaml", "resources:\n- " + POD.replace("\n", "\n  ")),
    ],
)  # fmt: skip
async def test_objects_inside_a_document_without_a_kind_are_a_gap(
    name: str, text: str, tmp_path: Path
) -> None:
    gap = one(tmp_path, text, name)
    assert gap is not None
    assert gap.kind in ("Pod", ANY_KIND)
    result = await scanned(write(tmp_path, {"fine.yaml": FINE}))
    assert result.controls[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "a", "scripts": {"b": "c"}, "dependencies": {"kind": "^1.0"}}'),
        ("values.yaml", "serviceAccount: {name: a}\nsecurityContext: {runAsUser: 0}\nimage: a/b:1\nresources: {limits: {cpu: 1}}\n"),
        ("docker-compose.yaml", "services: {web: {image: 'nginx:1', privileged: true, volumes: ['/:/host']}}\n"),
        (".gitlab-ci.yml", "image: alpine:3\njob: {script: [make], services: [{name: 'docker:dind'}]}\n"),
        ("ci.yaml", "jobs: {a: {container: {image: 'alpine:3', options: --privileged}, env: {A: b}}}\n"),
        ("items.json", '{"items": [{"id": 1, "name": "a", "image": "b.png"}]}'),
        ("answer.json", '{"metadata": {"name": "a", "page": 1}, "data": [1], "items": []}'),
        ("refs.json", '{"a": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}'),
        ("catalog.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: c}\nspec: {type: service}\n"),
    ],
)  # fmt: skip
def test_files_of_other_tools_stay_quiet(name: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, {"fine.yaml": FINE})
    assert one(tmp_path, text, name) is None


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        (".github/workflows/ci.yaml", "jobs: {a: {steps: [{uses: docker/metadata-action@v5}, {uses: helm/kind-action@v1}]}}\n", False),
        (".circleci/config.yml", "jobs: {e2e: {steps: [{run: 'kind create cluster # metadata: none'}]}}\n", False),
        (".gitlab-ci.yml", "build: {script: ['echo kind of metadata and apiVersion'], image: alpine}\n", False),
        (".h/a.yaml", POD, True),
        (".h/a.yaml", "- " + POD.replace("\n", "\n  "), True),
        (".h/a.json", '{"kind":"Pod","apiVersion":"v1"}', True),
        (".h/a.yaml", "{metadata: {name: p}, kind: Pod}\n", True),
        (".github/workflows/ci.yaml", "steps:\n- run: |\n    kubectl apply -f - <<E\n    apiVersion: v1\n    kind: Pod\n", True),
    ],
)  # fmt: skip
def test_hidden_files_are_named_where_they_have_the_keys_of_an_object(
    name: str, text: str, named: bool, tmp_path: Path
) -> None:
    gap = one(tmp_path, text, name)
    assert (gap is not None) is named


@pytest.mark.parametrize("kind", ["Component", "Kustomization"])
async def test_a_part_of_kustomize_under_another_name_is_named(kind: str, tmp_path: Path) -> None:
    text = (
        f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: {kind}\npatches: [{{path: p.yaml}}]\n"
    )
    gap = one(tmp_path, text, "hardening.yaml")
    assert gap is not None
    assert (gap.kind, kind in gap.what) == (ANY_KIND, True)


@pytest.mark.parametrize(
    ("template", "verdict"),
    [
        ("pod.tpl", Verdict.UNKNOWN),
        ("deep/pod.yaml.gotmpl", Verdict.UNKNOWN),
        ("_helpers.tpl", Verdict.PASS),
        ("NOTES.txt", Verdict.PASS),
    ],
)
async def test_templates_of_a_chart_count_whatever_they_are_called(
    template: str, verdict: Verdict, tmp_path: Path
) -> None:
    chart = {"web/Chart.yaml": "apiVersion: v2\nname: web\n", "fine.yaml": FINE}
    result = await scanned(write(tmp_path, {**chart, f"web/templates/{template}": POD}))
    assert result.controls[0].verdict is verdict
    named = [gap.what for gap in result.gaps]
    assert named == ([f"web/templates/{template}"] if verdict is Verdict.UNKNOWN else [])


RULES = "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]"


@pytest.mark.parametrize(
    ("text", "control"),
    [
        (
            "apiVersion: authorization.openshift.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n"
            "roleRef: {name: cluster-admin}\nsubjects: [{kind: Group, name: g}]\n",
            "5.1.1",
        ),
        (
            "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\nmetadata: {name: b}\n"
            "rbacBindings: [{name: a, clusterRoleBindings: [{clusterRole: cluster-admin}]}]\n",
            "5.1.1",
        ),
        (
            made("capsule.clastix.io/v1beta2", "Tenant", "{additionalRoleBindings: [{clusterRoleName: cluster-admin}]}"),
            "5.1.1",
        ),
        (
            "apiVersion: management.cattle.io/v3\nkind: RoleTemplate\nmetadata: {name: b}\n"
            f"rules: {RULES}\n",
            "5.1.3",
        ),
        (
            made("operators.coreos.com/v1alpha1", "ClusterServiceVersion", f"{{install: {{rules: {RULES}}}}}"),
            "5.1.3",
        ),
    ],
)  # fmt: skip
async def test_rights_that_foreign_kinds_give_make_controls_of_rights_unknown(
    text: str, control: str, tmp_path: Path
) -> None:
    gap = one(tmp_path, text)
    assert gap is not None
    assert "rights" in gap.why
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n"
    result = await scanned(write(tmp_path, {"role.yaml": role}), control)
    assert result.controls[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: flowcontrol.apiserver.k8s.io/v1\nkind: FlowSchema\nmetadata: {name: f}\nspec: {rules: "
        "[{resourceRules: [{verbs: [get], apiGroups: [''], resources: [pods]}]}]}\n",
        made(
            "iam.aws.upbound.io/v1beta1",
            "InstanceProfile",
            "{forProvider: {roleRef: {name: node}}}",
        ),
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verbs: [get], "
        "nonResourceURLs: ['/healthz*']}]\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, verbs: [get], "
        "resources: [{group: '', resources: [secrets]}]}]\n",
    ],
)
def test_what_only_names_verbs_gives_no_rights(text: str, tmp_path: Path) -> None:
    assert one(tmp_path, text) is None
