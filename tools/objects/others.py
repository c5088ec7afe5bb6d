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
    {"apiextensions.k8s.io", "constraints.gatekeeper.sh", "kyverno.io", "policies.kyverno.io"}
)
"""API groups whose objects show containers as patterns or schemas and run none."""

TOOL_FILES = frozenset({"skaffold", "client.authentication", "kustomize", "helm"})
"""Words before the slash of apiVersions without a dot that tools give their own files."""
