"""What this floor hands out: references, evidence, findings, gaps, scans.

Finding, Evidence, ResourceRef and Gap are msgspec Structs because one scan makes a hundred
thousand of them. Holds data, and the one way to make evidence of a value. Used by every module of
the floor and by `bot`.
"""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct


class Verdict(StrEnum):
    """What a check says of one object. Unknown is never shown as pass."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Severity(StrEnum):
    """How bad a failing finding is; ours, see each check. Drives exit codes and order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANK[self]


_RANK = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 2, Severity.CRITICAL: 3}


class Subject(StrEnum):
    """What a check is handed, one at a time (see `tools.scan`)."""

    WORKLOAD = "workload"
    """`tools.workload.Workload`: one pod template with all its containers."""
    ROLE = "role"
    """A Role or ClusterRole."""
    BINDING = "binding"
    """A RoleBinding or ClusterRoleBinding."""
    SERVICE_ACCOUNT = "service-account"
    NAMESPACE = "namespace"
    OBJECT = "object"
    """Any object that a user made, of the kinds the check names."""
    CLUSTER = "cluster"
    """The whole cluster, once: for controls that objects alone cannot settle."""


class ResourceRef(Struct, frozen=True, gc=False):
    """Names one object of one cluster."""

    cluster: str
    api_version: str
    kind: str
    namespace: str
    """Empty for cluster-scoped kinds."""
    name: str
    uid: str = ""
    """Set once the object was seen on a live cluster; empty in a folder of manifests."""


class Evidence(Struct, frozen=True, gc=False):
    """One field that decided, as it was read. Redacted, at most 300 bytes of value."""

    path: str
    """Field path, for example `spec.template.spec.containers[0].securityContext.privileged`."""
    value: str
    """The value as JSON text; `(not set)` where the absence decides."""
    ref: ResourceRef | None = None
    """Set when the field is of another object than the finding's own."""
    resource_version: str = ""


NOT_SET = "(not set)"
"""The evidence value where the absence of a field decides."""

MAX_VALUE_BYTES = 300
"""The longest evidence value, in bytes of UTF-8; a longer one is cut and ends in `...`."""

_PLAIN = {True: "true", False: "false"}


def evidence(path: str, value: object, ref: ResourceRef | None = None) -> Evidence:
    """Make evidence of a decoded value; None becomes `(not set)`, the rest capped JSON text."""
    if value is None:
        return Evidence(path, NOT_SET, ref)
    if isinstance(value, bool):
        return Evidence(path, _PLAIN[value], ref)
    encoded = msgspec.json.encode(value)
    if len(encoded) > MAX_VALUE_BYTES:
        return Evidence(path, encoded[: MAX_VALUE_BYTES - 3].decode(errors="ignore") + "...", ref)
    return Evidence(path, encoded.decode(), ref)


class Finding(Struct, frozen=True, gc=False):
    """What one check says of one object, with the fields that decided."""

    check: str
    controls: tuple[str, ...]
    """Control ids of the benchmark scanned that the check answers."""
    severity: Severity
    verdict: Verdict
    ref: ResourceRef
    container: str
    """The first deciding container, or empty."""
    reason: str
    evidence: tuple[Evidence, ...]
    fingerprint: str
    """Stable over scans: check, cluster, kind, namespace, name, container; never uid or words."""
    pods: int = 0
    """How many pods of this workload the scan saw; 0 for other objects and for bare templates."""


class Gap(Struct, frozen=True, gc=False):
    """Something that could not be looked at although this source should have given it."""

    what: str
    """A kind, a file (with its line), or one object."""
    why: str
    kind: str = ""
    """The Kubernetes kind concerned, so that checks needing it turn unknown; may be empty."""
    namespace: str = ""
    refused: bool = False
    """True for a kind that is deliberately not granted: makes checks unknown, is not listed."""


class ControlResult(Struct, frozen=True, gc=False):
    """One control's line of a scan."""

    id: str
    title: str
    section: str
    verdict: Verdict
    counts: dict[Verdict, int]
    """Findings by verdict, all four keys present."""
    reason: str = ""
    """Why it is unknown or not applicable, for controls without findings."""


class Scan(Struct, frozen=True):
    """One pass over one cluster, judged by one benchmark."""

    id: str
    cluster: str
    benchmark: str
    namespaces: tuple[str, ...]
    """Empty for the whole cluster."""
    started_at: datetime
    finished_at: datetime
    summary: dict[Verdict, int]
    """Findings by verdict, all four keys present."""
    controls: tuple[ControlResult, ...]
    findings: tuple[Finding, ...]
    """Fail and unknown; passes and not-applicable too when the scan was asked to keep them."""
    gaps: tuple[Gap, ...]
    objects: dict[str, int] = {}
    """How many objects of each kind were read: what an answer says it looked at."""


class Check(Struct, frozen=True, gc=False):
    """What a check module declares as `CHECK`; its id is the file's stem, its docstring the page."""

    title: str
    """The bad thing, in a few words: `Privileged container`."""
    severity: Severity
    subject: Subject
    kinds: tuple[str, ...]
    """Kinds whose absence from the scan makes the verdict unknown, beyond the subject's own."""
    source: str
    """URL of the rule."""


class Judgement(Struct, frozen=True, gc=False):
    """What a check's `judge(subject, cluster)` returns; the scan turns it into a Finding.

    A check returns None instead for an object that its rule leaves out: then nothing is counted.
    """

    verdict: Verdict
    reason: str = ""
    """One sentence with the names that matter; empty for a pass."""
    container: str = ""
    evidence: tuple[Evidence, ...] = ()


PASSED = Judgement(Verdict.PASS)
"""The one pass that checks share, so that a pass costs nothing."""


class ClusterSource(StrEnum):
    """How a cluster is reached."""

    KUBECONFIG = "kubeconfig"
    IN_CLUSTER = "in-cluster"
    FOLDER = "folder"


class ClusterConfig(Struct, frozen=True):
    """One configured cluster."""

    name: str
    source: ClusterSource
    context: str = ""
    """KUBECONFIG: the context's name; empty for the current one."""
    kubeconfig: str = ""
    """KUBECONFIG: path of the file; empty for the default."""
    folder: str = ""
    """FOLDER: path of the manifests."""
    requests_per_second: float = 20.0
    """The most requests a second, over all readers of this cluster in this process."""
    timeout_s: float = 30.0
    """For one request."""
    configmaps: bool = False
    """Opens ConfigMap values (redacted)."""
    logs: bool = False
    """Opens pod logs (redacted)."""
