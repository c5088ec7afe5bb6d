"""The pod specification: containers, volumes and security contexts, as far as checks read them.

Written against the Kubernetes 1.34 API (https://kubernetes.io/docs/reference/kubernetes-api/
workload-resources/pod-v1/). Security contexts hold every field of that version, because one control
asks whether any is set.
"""

import re

from msgspec import Struct, field

from tools.objects.meta import LabelSelectorRequirement, Metadata, Present

APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
"""Begins the annotations of a pod that set containers' profiles; `appArmorProfile` came with 1.30."""


class SeccompProfile(Struct, gc=False, rename="camel", omit_defaults=True):
    """type is RuntimeDefault, Localhost or Unconfined."""

    type: str | None = None
    localhost_profile: str | None = None


class AppArmorProfile(Struct, gc=False, rename="camel", omit_defaults=True):
    """type is RuntimeDefault, Localhost or Unconfined."""

    type: str | None = None
    localhost_profile: str | None = None


class SELinuxOptions(Struct, gc=False, omit_defaults=True):
    """Labels given to the process."""

    user: str | None = None
    role: str | None = None
    type: str | None = None
    level: str | None = None


class WindowsOptions(Struct, gc=False, rename="camel", omit_defaults=True):
    """Settings that only Windows nodes read."""

    gmsa_credential_spec_name: str | None = None
    gmsa_credential_spec: str | None = None
    run_as_user_name: str | None = None
    host_process: bool | None = None


class Capabilities(Struct, gc=False, omit_defaults=True):
    """Linux capabilities as written; `tools.workload` says how names are read."""

    add: list[str] | None = None
    drop: list[str] | None = None


class Sysctl(Struct, gc=False, omit_defaults=True):
    """One kernel parameter of the pod."""

    name: str = ""
    value: str | None = None


class SecurityContext(Struct, gc=False, rename="camel", omit_defaults=True):
    """securityContext of one container."""

    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool | None = None
    proc_mount: str | None = None
    capabilities: Capabilities | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsOptions | None = None


class PodSecurityContext(Struct, gc=False, rename="camel", omit_defaults=True):
    """securityContext of the pod: what containers inherit, and what only a pod has."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    fs_group_change_policy: str | None = None
    supplemental_groups: list[int] | None = None
    supplemental_groups_policy: str | None = None
    se_linux_change_policy: str | None = None
    sysctls: list[Sysctl] | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsOptions | None = None


class KeyToPath(Struct, gc=False, omit_defaults=True):
    """One key as a file below where the volume is mounted."""

    path: str | None = None


class SecretSelector(Struct, gc=False, omit_defaults=True):
    """Names a Secret, and one key of it where a variable takes only that, or some as files."""

    name: str | None = None
    key: str | None = None
    items: list[KeyToPath] | None = None


class EnvVarSource(Struct, gc=False, rename="camel", omit_defaults=True):
    """Where a variable's value comes from, as far as it is a Secret."""

    secret_key_ref: SecretSelector | None = None


class EnvVar(Struct, gc=False, rename="camel", omit_defaults=True):
    """One environment variable. Literal values are never decoded."""

    name: str = ""
    value_from: EnvVarSource | None = None


class EnvFromSource(Struct, gc=False, rename="camel", omit_defaults=True):
    """All keys of one object as variables, as far as it is a Secret."""

    secret_ref: SecretSelector | None = None


class ContainerPort(Struct, gc=False, rename="camel", omit_defaults=True):
    """One declared port."""

    container_port: int | None = None
    host_port: int | None = None
    protocol: str | None = None


class Target(Struct, gc=False, omit_defaults=True):
    """httpGet or tcpSocket of a probe or hook: the host it connects to."""

    host: str | None = None


class Handler(Struct, gc=False, rename="camel", omit_defaults=True):
    """A probe or a hook."""

    http_get: Target | None = None
    tcp_socket: Target | None = None


class Lifecycle(Struct, gc=False, rename="camel", omit_defaults=True):
    """Hooks of a container."""

    post_start: Handler | None = None
    pre_stop: Handler | None = None


class VolumeMount(Struct, gc=False, rename="camel", omit_defaults=True):
    """Where a container sees a volume."""

    name: str = ""
    mount_path: str | None = None


class Container(Struct, gc=False, rename="camel", omit_defaults=True):
    """One container of any sort: init, ordinary or ephemeral."""

    name: str = ""
    image: str | None = None
    security_context: SecurityContext | None = None
    ports: list[ContainerPort] | None = None
    env: list[EnvVar] | None = None
    env_from: list[EnvFromSource] | None = None
    liveness_probe: Handler | None = None
    readiness_probe: Handler | None = None
    startup_probe: Handler | None = None
    lifecycle: Lifecycle | None = None
    volume_mounts: list[VolumeMount] | None = None


class HostPath(Struct, gc=False, omit_defaults=True):
    """A folder or file of the node."""

    path: str | None = None
    type: str | None = None


class CSIVolume(Struct, gc=False, omit_defaults=True):
    """A volume made by a storage driver for this pod."""

    driver: str | None = None


class TokenSource(Struct, gc=False, omit_defaults=True):
    """A token of the pod's service account, for an audience: without one, the API server."""

    audience: str | None = None
    path: str | None = None


_API = re.compile(r"(https://)?kubernetes\.default\.svc(\.[a-z0-9.-]+)?(:443)?/?")
_LIKE_THE_API = re.compile(
    r"https?://.*|(.*[^a-z0-9])?(apis?|apiserver|kube|kubernetes|k8s|k3s|k0s|rke2?|cluster)"
    r"([^a-z0-9].*)?",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(r"(?!https?:)([a-z]+:)?//.*", re.IGNORECASE)


def is_for_the_api(audience: str | None) -> bool | None:
    """Tell whether a token's audience is the API server; None where it may be.

    It is where none is set, or the server's usual name in the cluster. Servers take others besides, as their
    --api-audiences and issuers say: URLs, and names such as k3s or api. URLs of other schemes
    (api://AzureADTokenExchange) are of other services.
    """
    if not audience or _API.fullmatch(audience):
        return True
    may_be = _LIKE_THE_API.fullmatch(audience) and not _OF_ANOTHER.fullmatch(audience)
    return None if may_be else False


class SecretVolume(Struct, gc=False, rename="camel", omit_defaults=True):
    """A Secret as files."""

    secret_name: str | None = None
    items: list[KeyToPath] | None = None


class ProjectedSource(Struct, gc=False, rename="camel", omit_defaults=True):
    """One source of a projected volume, as far as it is a token or may hold one."""

    service_account_token: TokenSource | None = None
    secret: SecretSelector | None = None


class ProjectedVolume(Struct, gc=False, omit_defaults=True):
    """A volume put together from several sources."""

    sources: list[ProjectedSource] | None = None


class Volume(Struct, gc=False, rename="camel", omit_defaults=True):
    """One volume. Exactly one source is set; all of Kubernetes 1.34 stand here."""

    name: str = ""
    host_path: HostPath | None = None
    config_map: Present | None = None
    csi: CSIVolume | None = None
    downward_api: Present | None = field(default=None, name="downwardAPI")
    empty_dir: Present | None = None
    ephemeral: Present | None = None
    persistent_volume_claim: Present | None = None
    projected: ProjectedVolume | None = None
    secret: SecretVolume | None = None
    aws_elastic_block_store: Present | None = field(default=None, name="awsElasticBlockStore")
    azure_disk: Present | None = None
    azure_file: Present | None = None
    cephfs: Present | None = None
    cinder: Present | None = None
    fc: Present | None = None
    flex_volume: Present | None = None
    flocker: Present | None = None
    gce_persistent_disk: Present | None = None
    git_repo: Present | None = None
    glusterfs: Present | None = None
    image: Present | None = None
    iscsi: Present | None = None
    nfs: Present | None = None
    photon_persistent_disk: Present | None = None
    portworx_volume: Present | None = None
    quobyte: Present | None = None
    rbd: Present | None = None
    scale_io: Present | None = field(default=None, name="scaleIO")
    storageos: Present | None = None
    vsphere_volume: Present | None = None


class PodOS(Struct, gc=False, omit_defaults=True):
    """name is linux or windows."""

    name: str | None = None


class NodeSelectorTerm(Struct, gc=False, rename="camel", omit_defaults=True):
    """Labels that a node must have, all together; fields of nodes are not read."""

    match_expressions: list[LabelSelectorRequirement] | None = None


class NodeSelector(Struct, gc=False, rename="camel", omit_defaults=True):
    """Terms of which one must fit."""

    node_selector_terms: list[NodeSelectorTerm] | None = None


class NodeAffinity(Struct, gc=False, rename="camel", omit_defaults=True):
    """What a node must be; what it had better be is not read."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(Struct, gc=False, rename="camel", omit_defaults=True):
    """As far as it is about nodes."""

    node_affinity: NodeAffinity | None = None


class PodSpec(Struct, gc=False, rename="camel", omit_defaults=True):
    """spec of a pod or of a pod template."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    volumes: list[Volume] | None = None
    security_context: PodSecurityContext | None = None
    host_pid: bool | None = field(default=None, name="hostPID")
    host_ipc: bool | None = field(default=None, name="hostIPC")
    host_network: bool | None = None
    host_users: bool | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    """The old spelling of `service_account_name`; read where that is not set."""
    automount_service_account_token: bool | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    os: PodOS | None = None


class PodTemplate(Struct, gc=False, omit_defaults=True):
    """What a controller makes pods from."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None
