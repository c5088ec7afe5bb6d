"""The resources of Kubernetes itself: in which API groups each is served, and which lie in no namespace.

After `kubectl api-resources` of Kubernetes 1.31 to 1.36, with what authorization alone knows (users, groups,
userextras, uids, signers). Used by the queries of RBAC.
"""

from msgspec import Struct

_NAMESPACED = {
    "": "bindings configmaps endpoints events limitranges namespaces persistentvolumeclaims pods podtemplates "
    "replicationcontrollers resourcequotas secrets serviceaccounts services",
    "apps": "controllerrevisions daemonsets deployments replicasets statefulsets",
    "authorization.k8s.io": "localsubjectaccessreviews",
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs jobs",
    "coordination.k8s.io": "leases leasecandidates",
    "discovery.k8s.io": "endpointslices",
    "events.k8s.io": "events",
    "extensions": "daemonsets deployments ingresses networkpolicies replicasets",
    "metrics.k8s.io": "pods",
    "networking.k8s.io": "ingresses networkpolicies",
    "policy": "poddisruptionbudgets",
    "rbac.authorization.k8s.io": "rolebindings roles",
    "resource.k8s.io": "resourceclaims resourceclaimtemplates",
    "storage.k8s.io": "csistoragecapacities",
}
_CLUSTER_SCOPED = {
    "": "componentstatuses groups nodes persistentvolumes users",
    "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings "
    "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
    "validatingwebhookconfigurations",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "apiregistration.k8s.io": "apiservices",
    "authentication.k8s.io": "selfsubjectreviews tokenreviews uids userextras",
    "authorization.k8s.io": "selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews",
    "certificates.k8s.io": "certificatesigningrequests clustertrustbundles signers",
    "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
    "metrics.k8s.io": "nodes",
    "networking.k8s.io": "ingressclasses ipaddresses servicecidrs",
    "node.k8s.io": "runtimeclasses",
    "rbac.authorization.k8s.io": "clusterrolebindings clusterroles",
    "resource.k8s.io": "deviceclasses resourceslices",
    "scheduling.k8s.io": "priorityclasses",
    "storage.k8s.io": "csidrivers csinodes storageclasses volumeattachments volumeattributesclasses",
}
_KNOWN = frozenset(" ".join((*_NAMESPACED.values(), *_CLUSTER_SCOPED.values())).split())
_MEASURED = "metrics.k8s.io"
"""Serves figures of pods and nodes, never these themselves."""


class Resource(Struct, frozen=True):
    """One resource, with its subresource if any."""

    name: str
    """`pods` or `pods/exec`."""
    groups: tuple[str, ...]
    """API groups that serve it; empty where Kubernetes itself does not know it and none was named."""
    cluster_scoped: bool


def resource_of(asked: str) -> Resource:
    """Look a resource up, singular or plural, by `pods`, `pods/exec`, or with its group by `deployments.apps`, `pods.metrics.k8s.io`."""
    base, slash, part = asked.lower().strip().partition("/")
    base, dot, group = base.partition(".")
    base = next(
        (own for own in (base, f"{base}s", f"{base}es", f"{base[:-1]}ies") if own in _KNOWN), base
    )
    found = [own for own, names in _NAMESPACED.items() if base in names.split()]
    wide = [own for own, names in _CLUSTER_SCOPED.items() if base in names.split()]
    groups = [group] if dot else [own for own in (*found, *wide) if own != _MEASURED]
    return Resource(base + slash + part, tuple(groups), bool(wide) and not found)
