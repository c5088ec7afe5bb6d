"""Probe or hook that connects to another host.

The kubelet runs HTTP and TCP probes and hooks from the node. With a host field a pod can make it
connect to addresses that the pod itself cannot reach, such as the node's loopback or a cloud
metadata service. Refused from Kubernetes 1.34 on, whatever the host is, localhost too; not applicable
before.

Fix: take the host field out; the kubelet then asks the pod's own address.

    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080

Source: Pod Security Standards, baseline, Host Probes and Lifecycle Hooks.
"""

from collections.abc import Iterator

from tools.pod_security import HOST_PROBES
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Probe or hook to another host",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


_BEFORE = Judgement(
    Verdict.NOT_APPLICABLE, f"The Pod Security Standards judge this from v1.{HOST_PROBES} on."
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any probe or hook of a container names a host."""
    if cluster.standard < HOST_PROBES:
        return _BEFORE
    found = [(c, field, host) for c in subject.containers for field, host in _hosts(c)]
    if not found:
        return PASSED
    facts = [(c, evidence(f"{c.path}.{field}.host", host)) for c, field, host in found]
    return failed(facts, f"has a probe or hook to host {found[0][2]}")


def _hosts(container: Container) -> Iterator[tuple[str, str]]:
    """Give the field and host of every probe and hook that names one."""
    spec = container.spec
    hooks = spec.lifecycle
    handlers = (
        ("livenessProbe", spec.liveness_probe),
        ("readinessProbe", spec.readiness_probe),
        ("startupProbe", spec.startup_probe),
        ("lifecycle.postStart", hooks.post_start if hooks else None),
        ("lifecycle.preStop", hooks.pre_stop if hooks else None),
    )
    for field, handler in handlers:
        if handler and handler.http_get and handler.http_get.host:
            yield f"{field}.httpGet", handler.http_get.host
        if handler and handler.tcp_socket and handler.tcp_socket.host:
            yield f"{field}.tcpSocket", handler.tcp_socket.host
