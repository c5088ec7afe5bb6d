"""The kinds that Oakum reads: where the API serves them and which struct decodes them.

Secret is not among them and never will be. Used by the readers, the scan and the queries.
"""

from msgspec import Struct
from msgspec.json import Decoder

from tools.objects import apps, batch, core, networking, policy, rbac, templated


class Kind(Struct, frozen=True):
    """One Kubernetes kind as the API serves it."""

    kind: str
    """By which Oakum knows it; `NetworkPolicy.projectcalico.org` for kinds that others are called like."""
    group_version: str
    """`v1`, `apps/v1`, `rbac.authorization.k8s.io/v1`..."""
    plural: str
    """`*` for every resource that the group serves (Gatekeeper makes one for each template); then
    objects say their own kind."""
    namespaced: bool
    struct: type[Struct]
    """Decodes one object; see the files of `tools.objects`."""
    opt_in: bool = False
    """Read only where the configuration opens it (ConfigMap); a folder always gives its metadata."""
    optional: bool = False
    """A server without this API has none of these objects: no gap. (A refusal is still a gap.)"""
    earlier: tuple[str, ...] = ()
    """Group versions of old servers with the same fields, accepted in a folder of manifests."""
    template_path: str = ""
    """Where the pod template's specification stands; empty for kinds that hold none."""
    folder_only: bool = False
    """Read in folders of manifests alone: a server has what is made of it (ReplicaSets, Deployments,
    pods), which is judged there."""

    @property
    def own(self) -> str:
        """How objects of it write their kind; `kind` adds the group where another has that name."""
        return self.kind.removesuffix(f".{self.group}")

    @property
    def group(self) -> str:
        """The API group; empty for core."""
        group, slash, _ = self.group_version.partition("/")
        return group if slash else ""


_RBAC = "rbac.authorization.k8s.io/v1"
_RBAC_EARLIER = ("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1")
_APPS_EARLIER = ("apps/v1beta2", "apps/v1beta1", "extensions/v1beta1")
_NET_EARLIER = ("networking.k8s.io/v1beta1", "extensions/v1beta1")
_VAP = "admissionregistration.k8s.io"


def _plugin(own: str, group_version: str, namespaced: bool, *earlier: str) -> Kind:
    """Give a kind of network policy that a network plugin brings; its resource is the kind's plural."""
    name = f"{own}.{group_version.partition('/')[0]}"
    plural = f"{own.lower().removesuffix('y')}ies"
    struct = policy.PolicyObject
    return Kind(name, group_version, plural, namespaced, struct, optional=True, earlier=earlier)


_PLUGINS = (
    _plugin("CiliumNetworkPolicy", "cilium.io/v2", True),
    _plugin("CiliumClusterwideNetworkPolicy", "cilium.io/v2", False),
    _plugin("NetworkPolicy", "projectcalico.org/v3", True),
    _plugin("GlobalNetworkPolicy", "projectcalico.org/v3", False),
    _plugin("NetworkPolicy", "crd.projectcalico.org/v1", True),
    _plugin("GlobalNetworkPolicy", "crd.projectcalico.org/v1", False),
    _plugin("NetworkPolicy", "crd.antrea.io/v1beta1", True, "crd.antrea.io/v1alpha1"),
    _plugin("ClusterNetworkPolicy", "crd.antrea.io/v1beta1", False, "crd.antrea.io/v1alpha1"),
    _plugin("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1", False),
    _plugin("BaselineAdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1", False),
    _plugin("ClusterNetworkPolicy", "policy.networking.k8s.io/v1alpha2", False),
)
"""Network policies beside the API's own: of Cilium, Calico (by its API server and as stored), Antrea,
and of administrators (https://network-policy-api.sigs.k8s.io)."""


def _judging(own: str, group_version: str, namespaced: bool, *earlier: str) -> Kind:
    """Give a kind of admission policy that an engine brings; its resource is the kind's plural."""
    plural = f"{own.lower()}s" if own.endswith("Group") else f"{own.lower().removesuffix('y')}ies"
    struct = policy.PolicyObject
    return Kind(own, group_version, plural, namespaced, struct, optional=True, earlier=earlier)


_OLD_KYVERNO = ("kyverno.io/v2beta1",)
_KYVERNO = "policies.kyverno.io/v1"
_KYVERNO_EARLIER = ("policies.kyverno.io/v1beta1", "policies.kyverno.io/v1alpha1")
_WARDEN = "policies.kubewarden.io/v1"
_WARDEN_EARLIER = ("policies.kubewarden.io/v1alpha2",)
_JUDGING = (
    _judging("Policy", "kyverno.io/v1", True, *_OLD_KYVERNO),
    _judging("ClusterPolicy", "kyverno.io/v1", False, *_OLD_KYVERNO),
    _judging("NamespacedValidatingPolicy", _KYVERNO, True, *_KYVERNO_EARLIER),
    _judging("ValidatingPolicy", _KYVERNO, False, *_KYVERNO_EARLIER),
    _judging("ImageValidatingPolicy", _KYVERNO, False, *_KYVERNO_EARLIER),
    _judging("AdmissionPolicy", _WARDEN, True, *_WARDEN_EARLIER),
    _judging("AdmissionPolicyGroup", _WARDEN, True),
    _judging("ClusterAdmissionPolicy", _WARDEN, False, *_WARDEN_EARLIER),
    _judging("ClusterAdmissionPolicyGroup", _WARDEN, False),
)
"""Policies that may judge pods at admission, of Kyverno and Kubewarden."""


_SPEC = "spec.template.spec"
_KNATIVE = "serving.knative.dev/v1"
_KRUISE = "apps.kruise.io"


def _workload(
    kind: str,
    group_version: str,
    plural: str,
    struct: type[Struct],
    earlier: tuple[str, ...] = (),
    path: str = _SPEC,
) -> Kind:
    return Kind(kind, group_version, plural, True, struct, earlier=earlier, template_path=path)


def _templated(
    kind: str,
    group_version: str,
    *earlier: str,
    struct: type[Struct] = templated.SpecTemplate,
    path: str = _SPEC,
) -> Kind:
    plural = f"{kind.partition('.')[0].lower()}s.{group_version.partition('/')[0]}"
    return Kind(
        kind,
        group_version,
        plural,
        True,
        struct,
        earlier=earlier,
        template_path=path,
        folder_only=True,
    )


_WORKLOADS = (
    _workload("Deployment", "apps/v1", "deployments", apps.Deployment, _APPS_EARLIER),
    _workload("StatefulSet", "apps/v1", "statefulsets", apps.StatefulSet, _APPS_EARLIER),
    _workload("DaemonSet", "apps/v1", "daemonsets", apps.DaemonSet, _APPS_EARLIER),
    _workload(
        "CronJob",
        "batch/v1",
        "cronjobs",
        batch.CronJob,
        ("batch/v1beta1", "batch/v2alpha1"),
        "spec.jobTemplate.spec.template.spec",
    ),
    _workload("Job", "batch/v1", "jobs", batch.Job, ("extensions/v1beta1",)),
    _workload("ReplicaSet", "apps/v1", "replicasets", apps.ReplicaSet, _APPS_EARLIER),
    _workload("ReplicationController", "v1", "replicationcontrollers", core.ReplicationController),
    _workload("Pod", "v1", "pods", core.Pod, path="spec"),
)
"""Kubernetes' own kinds with a pod specification, owners before what they own."""

_TEMPLATED = (
    _templated("PodTemplate", "v1", struct=templated.TopTemplate, path="template.spec"),
    _templated("Rollout", "argoproj.io/v1alpha1"),
    _templated("DeploymentConfig", "apps.openshift.io/v1", "v1"),
    _templated("Service.serving.knative.dev", _KNATIVE, "serving.knative.dev/v1beta1"),
    _templated("Configuration.serving.knative.dev", _KNATIVE, "serving.knative.dev/v1beta1"),
    _templated("Revision.serving.knative.dev", _KNATIVE, struct=core.Pod, path="spec"),
    _templated("CloneSet", f"{_KRUISE}/v1alpha1", f"{_KRUISE}/v1beta1"),
    _templated("StatefulSet.apps.kruise.io", f"{_KRUISE}/v1beta1", f"{_KRUISE}/v1alpha1"),
    _templated("DaemonSet.apps.kruise.io", f"{_KRUISE}/v1alpha1", f"{_KRUISE}/v1beta1"),
    _templated("BroadcastJob", f"{_KRUISE}/v1alpha1", f"{_KRUISE}/v1beta1"),
    _templated(
        "ScaledJob",
        "keda.sh/v1alpha1",
        struct=templated.JobTargetTemplate,
        path="spec.jobTargetRef.template.spec",
    ),
)
"""Kinds that controllers add and that hold one plain pod template: the one place to add another."""

_ALL = (
    *_WORKLOADS,
    *_TEMPLATED,
    Kind("ServiceAccount", "v1", "serviceaccounts", True, core.ServiceAccount),
    Kind("Namespace", "v1", "namespaces", False, core.Namespace),
    Kind("Role", _RBAC, "roles", True, rbac.Role, earlier=_RBAC_EARLIER),
    Kind("ClusterRole", _RBAC, "clusterroles", False, rbac.ClusterRole, earlier=_RBAC_EARLIER),
    Kind("RoleBinding", _RBAC, "rolebindings", True, rbac.RoleBinding, earlier=_RBAC_EARLIER),
    Kind(
        "ClusterRoleBinding",
        _RBAC,
        "clusterrolebindings",
        False,
        rbac.ClusterRoleBinding,
        earlier=_RBAC_EARLIER,
    ),
    Kind(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        "networkpolicies",
        True,
        networking.NetworkPolicy,
        earlier=("extensions/v1beta1",),
    ),
    Kind("Service", "v1", "services", True, core.Service),
    Kind(
        "Ingress",
        "networking.k8s.io/v1",
        "ingresses",
        True,
        networking.Ingress,
        earlier=_NET_EARLIER,
    ),
    Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims", True, core.PersistentVolumeClaim),
    Kind(
        "PodDisruptionBudget",
        "policy/v1",
        "poddisruptionbudgets",
        True,
        policy.PodDisruptionBudget,
        earlier=("policy/v1beta1",),
    ),
    Kind("ConfigMap", "v1", "configmaps", True, core.ConfigMap, opt_in=True),
    Kind("Node", "v1", "nodes", False, core.Node),
    Kind("Event", "v1", "events", True, core.Event),
    Kind(
        "ValidatingAdmissionPolicyBinding",
        f"{_VAP}/v1",
        "validatingadmissionpolicybindings",
        False,
        policy.PolicyObject,
        optional=True,
        earlier=(f"{_VAP}/v1beta1", f"{_VAP}/v1alpha1"),
    ),
    *_JUDGING,
    Kind(
        "Constraint",
        "constraints.gatekeeper.sh/v1beta1",
        "*",
        False,
        policy.PolicyObject,
        optional=True,
        earlier=("constraints.gatekeeper.sh/v1", "constraints.gatekeeper.sh/v1alpha1"),
    ),
    *_PLUGINS,
)

PLUGIN_POLICIES = tuple(kind.kind for kind in _PLUGINS)
"""Kinds of policies of network plugins and administrators; what they say is not evaluated."""

JUDGING_POLICIES = tuple(kind.kind for kind in _JUDGING)
"""Kinds of admission policies that engines bring; what they say is not evaluated."""

KINDS: dict[str, Kind] = {kind.kind: kind for kind in _ALL}
"""By kind name. `Constraint` stands for every kind of Gatekeeper's constraint group."""

BUILT_IN_WORKLOADS = tuple(kind.kind for kind in _WORKLOADS)
"""Kubernetes' own kinds with a pod specification, owners before what they own."""

TEMPLATED_KINDS = tuple(kind.kind for kind in _TEMPLATED)
"""Kinds that controllers add and that hold one plain pod template; judged, never changed."""

DECODERS = {kind.kind: Decoder(kind.struct) for kind in _ALL}
"""By kind name what decodes one object. Made here, before any thread: msgspec works out what it knows of
a struct when it first meets it, and two threads that do so at once crash the process (0.22)."""
