"""Volume of a type that restricted does not allow.

Restricted allows volumes that a cluster's own objects stand behind: configMap, csi, downwardAPI,
emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret. Node paths, network shares and
cloud disks named in the pod itself are refused. A volume without a source is an emptyDir.

Fix: ask for storage by a claim.

    volumes:
      - name: data
        persistentVolumeClaim:
          claimName: data

Source: Pod Security Standards, restricted, Volume Types.
"""

import msgspec

from tools.objects.pod import Volume
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Volume type not allowed",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)

_ALLOWED = (
    "config_map",
    "csi",
    "downward_api",
    "empty_dir",
    "ephemeral",
    "image",
    "persistent_volume_claim",
    "projected",
    "secret",
)
_OTHERS = tuple(
    (field.name, field.encode_name)
    for field in msgspec.structs.fields(Volume)
    if field.name not in (*_ALLOWED, "name")
)
"""Attribute and spelling of every other source."""


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod with any volume of another type."""
    refused = [
        (source, evidence(f"{subject.path}.volumes[{index}].{source}", volume.name))
        for index, volume in enumerate(subject.spec.volumes or ())
        if (source := _refused(volume))
    ]
    if not refused:
        return PASSED
    types = ", ".join(dict.fromkeys(source for source, _ in refused))
    facts = tuple(fact for _, fact in refused)
    return Judgement(Verdict.FAIL, f"Uses volumes of type {types}.", "", facts)


def _refused(volume: Volume) -> str:
    """Name the volume's source where it is not an allowed one; empty where it is."""
    if any(getattr(volume, name) is not None for name in _ALLOWED):
        return ""
    return next((shown for name, shown in _OTHERS if getattr(volume, name) is not None), "")
