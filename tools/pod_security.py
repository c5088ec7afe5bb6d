"""Which version of the Pod Security Standards holds: that of the cluster's Kubernetes, and what it changed.

Written after the policies of k8s.io/pod-security-admission 0.37. Pure. A benchmark asks what the cluster's
version asks for; a namespace's enforce-version label says what admission enforces there, which is another
question, and changes no verdict. Used by the scan and by the checks of `tools.checks.pss`.
"""

import re

from msgspec import Struct

from tools.objects.pod import PodSpec

OLDEST, NEWEST = 25, 37
"""Minor versions of Kubernetes 1 whose policies are known. Older and newer ones are judged by the nearest."""

HOST_PROBES = 34
"""Since then the host of a probe or hook is judged."""
USER_NAMESPACES = 35
"""Since then hostUsers false excuses a pod from runAsNonRoot, runAsUser and (at baseline) procMount."""

_MINOR = re.compile(r"v?1\.(\d{1,4})(?!\d)")


class Standard(Struct, frozen=True):
    """The version that pods are judged by."""

    minor: int
    """Of Kubernetes 1, from OLDEST to NEWEST."""
    said: str
    """With the reason: `v1.37, the newest that Oakum knows: the cluster does not say its own`."""


def standard_of(version: str) -> Standard:
    """Choose the policies for a server's version (`v1.34.2-gke.1`); empty where it is not known."""
    found = _MINOR.match(version)
    if not found:
        return Standard(
            NEWEST, f"v1.{NEWEST}, the newest that Oakum knows: no version of the cluster is known"
        )
    minor = int(found[1])
    if minor > NEWEST:
        why = f"v1.{NEWEST}, the newest that Oakum knows: the cluster runs v1.{minor}"
    elif minor < OLDEST:
        why = f"v1.{OLDEST}, the oldest that Oakum knows: the cluster runs v1.{minor}"
    else:
        why = f"v1.{minor}, as the cluster runs it"
    return Standard(min(max(minor, OLDEST), NEWEST), why)


def excused(spec: PodSpec, minor: int) -> bool:
    """Tell whether user namespaces excuse a pod at this version."""
    return minor >= USER_NAMESPACES and spec.host_users is False


def not_yet(spec: PodSpec, minor: int) -> str:
    """Say, as the end of a sentence, that a later version would excuse the pod; empty where none would."""
    if spec.host_users is not False or minor >= USER_NAMESPACES:
        return ""
    return (
        f" (hostUsers false excuses that from v1.{USER_NAMESPACES} on; it is judged by v1.{minor})"
    )
