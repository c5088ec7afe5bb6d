"""The kinds that Oakum reads: where the API serves them and which struct decodes them.

Secret is not among them and never will be. Used by the readers, the scan and the queries.
"""

from msgspec import Struct
from msgspec.json import Decoder

from tools.objects import apps, batch, core, networking, policy, rbac


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

    @property
    def own(self) -> str:
        """The kind as its objects write it."""
        return self.kind.partition(".")[0]

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

_ALL = (
    Kind("Pod", "v1", "pods", True, core.Pod),
    Kind("ReplicationController", "v1", "replicationcontrollers", True, core.ReplicationController),
    Kind("Deployment", "apps/v1", "deployments", True, apps.Deployment, earlier=_APPS_EARLIER),
    Kind("StatefulSet", "apps/v1", "statefulsets", True, apps.StatefulSet, earlier=_APPS_EARLIER),
    Kind("DaemonSet", "apps/v1", "daemonsets", True, apps.DaemonSet, earlier=_APPS_EARLIER),
    Kind("ReplicaSet", "apps/v1", "replicasets", True, apps.ReplicaSet, earlier=_APPS_EARLIER),
    Kind("Job", "batch/v1", "jobs", True, batch.Job, earlier=("extensions/v1beta1",)),
    Kind(
        "CronJob",
        "batch/v1",
        "cronjobs",
        True,
        batch.CronJob,
        earlier=("batch/v1beta1", "batch/v2alpha1"),
    ),
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
    Kind(
        "Policy",
        "kyverno.io/v1",
        "policies",
        True,
        policy.PolicyObject,
        optional=True,
        earlier=("kyverno.io/v2beta1",),
    ),
    Kind(
        "ClusterPolicy",
        "kyverno.io/v1",
        "clusterpolicies",
        False,
        policy.PolicyObject,
        optional=True,
        earlier=("kyverno.io/v2beta1",),
    ),
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

KINDS: dict[str, Kind] = {kind.kind: kind for kind in _ALL}
"""By kind name. `Constraint` stands for every kind of Gatekeeper's constraint group."""

BY_API: dict[tuple[str, str], Kind] = {
    (version, kind.own): kind for kind in _ALL for version in (kind.group_version, *kind.earlier)
}
"""By apiVersion and kind as objects write them."""

DECODERS = {kind.kind: Decoder(kind.struct) for kind in _ALL}
"""By kind name what decodes one object. Made here, before any thread: msgspec works out what it knows of
a struct when it first meets it, and two threads that do so at once crash the process (0.22)."""
