"""What stands in manifests beside the kinds that are read, and needs no reading.

Of Kubernetes' own API groups every kind by name, so that a kind that stands in none of them is a
misspelling and not something new; groups whose objects describe containers without running any. From
the API references of Kubernetes 1.8 to 1.35. Used by `tools.cluster.manifests.unread`.
"""

_BY_GROUP = {
    "": "Binding ComponentStatus Config Endpoints LimitRange NodeProxyOptions PersistentVolume "
    "PodProxyOptions RangeAllocation ResourceQuota Secret "
    "SerializedReference ServiceProxyOptions Status",
    "admissionregistration.k8s.io": "InitializerConfiguration MutatingAdmissionPolicy "
    "MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy "
    "ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "ConversionReview CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "apps": "ControllerRevision Scale",
    "auditregistration.k8s.io": "AuditSink",
    "authentication.k8s.io": "SelfSubjectReview TokenRequest TokenReview",
    "authorization.k8s.io": "LocalSubjectAccessReview SelfSubjectAccessReview "
    "SelfSubjectRulesReview SubjectAccessReview",
    "autoscaling": "HorizontalPodAutoscaler Scale",
    "batch": "",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle PodCertificateRequest",
    "coordination.k8s.io": "Lease LeaseCandidate",
    "discovery.k8s.io": "EndpointSlice",
    "events.k8s.io": "Event",
    "extensions": "PodSecurityPolicy Scale ThirdPartyResource",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "imagepolicy.k8s.io": "ImageReview",
    "internal.apiserver.k8s.io": "StorageVersion",
    "networking.k8s.io": "ClusterCIDR IPAddress IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "policy": "Eviction PodSecurityPolicy",
    "rbac.authorization.k8s.io": "",
    "resource.k8s.io": "DeviceClass DeviceTaintRule PodSchedulingContext ResourceClaim "
    "ResourceClaimParameters ResourceClaimTemplate ResourceClass ResourceClassParameters "
    "ResourceSlice",
    "scheduling.k8s.io": "PodGroup PriorityClass Workload",
    "settings.k8s.io": "PodPreset",
    "storage.k8s.io": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment "
    "VolumeAttributesClass",
    "storagemigration.k8s.io": "StorageVersionMigration",
}
BUILT_IN = {group: frozenset(kinds.split()) for group, kinds in _BY_GROUP.items()}
"""By API group (empty for core) the kinds that Kubernetes itself serves, or once served, and that no
check needs."""

DESCRIBING = frozenset(
    {
        *("apiextensions.k8s.io", "constraints.gatekeeper.sh", "templates.gatekeeper.sh"),
        *("kyverno.io", "policies.kyverno.io", "image.toolkit.fluxcd.io"),
        "security.openshift.io",
    }
)
"""API groups whose objects show containers as patterns, bounds or schemas, or name images, and run none."""

ELSEWHERE = ("cluster.x-k8s.io", ".cnrm.cloud.google.com", ".services.k8s.aws")
"""How API groups end whose objects stand for machines of other clusters, or for services of a cloud."""

PROJECTS = (".x-k8s.io", ".sigs.k8s.io", ".k8s-sigs.io")
"""How API groups end that projects of Kubernetes give their own kinds."""

TOOL_FILES = frozenset(
    {
        *("skaffold", "client.authentication", "kustomize", "helm"),
        *("kind.x-k8s.io", "k3d.io", "ctlptl.dev", "eksctl.io"),
        *("kubeadm.k8s.io", "kubelet.config.k8s.io"),
    }
)
"""What stands before the slash of apiVersions that tools and programs give their own files."""

KUSTOMIZE = "kustomize.config.k8s.io"
"""The group of kustomizations and their components."""
