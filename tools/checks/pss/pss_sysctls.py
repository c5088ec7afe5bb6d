"""Kernel parameter that is not safe to set.

A sysctl is safe when it belongs to the pod alone. Others reach the node or other pods. The list grows
with the versions of Kubernetes: a name counts from its version on.

Fix: take the parameter out, or set it on the node for all.

    securityContext:
      sysctls:
        - name: net.ipv4.tcp_syncookies
          value: "1"

Source: Pod Security Standards, baseline, Sysctls.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Unsafe sysctl",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_SAFE = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_notsent_lowat": 37,
    "net.ipv4.tcp_slow_start_after_idle": 37,
}
"""Safe kernel parameters, and the minor version of Kubernetes 1 since when."""


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that sets a kernel parameter beyond the safe ones."""
    context = subject.spec.security_context
    set_here = (context.sysctls if context else None) or ()
    path = f"{subject.path}.securityContext.sysctls"
    refused = [
        (each.name, evidence(f"{path}[{index}].name", each.name))
        for index, each in enumerate(set_here)
        if each.name not in _SAFE or _SAFE[each.name] > cluster.standard
    ]
    if not refused:
        return PASSED
    named = ", ".join(_named(name) for name, _ in refused)
    why = f"Sets {named}, not safe at v1.{cluster.standard}."
    return Judgement(Verdict.FAIL, why, "", tuple(fact for _, fact in refused))


def _named(name: str) -> str:
    """Name a parameter, with the version that makes it safe."""
    return f"{name} (safe from v1.{_SAFE[name]} on)" if name in _SAFE else name
