"""Kernel parameter that is not safe to set.

A sysctl is safe when it belongs to the pod alone. Others reach the node or other pods. The list is
that of policy version 1.32, in force at 1.34.

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

_SAFE = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that sets a kernel parameter beyond the safe ones."""
    context = subject.spec.security_context
    set_here = (context.sysctls if context else None) or ()
    path = f"{subject.path}.securityContext.sysctls"
    refused = [
        (each.name, evidence(f"{path}[{index}].name", each.name))
        for index, each in enumerate(set_here)
        if each.name not in _SAFE
    ]
    if not refused:
        return PASSED
    named = ", ".join(name for name, _ in refused)
    return Judgement(Verdict.FAIL, f"Sets {named}.", "", tuple(fact for _, fact in refused))
