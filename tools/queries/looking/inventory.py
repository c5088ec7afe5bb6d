"""The workloads of a scope as queries list them, and the security settings that hold for each.

Judges nothing. Used by the queries that name workloads.
"""

import asyncio
import json

from tools import redact
from tools.cluster.reader import Reader
from tools.images import parse
from tools.inventory import Read, build
from tools.objects.kinds import KINDS
from tools.queries.result import ImageRow, Setting, WorkloadRow
from tools.types import Gap, Namespaces
from tools.workload import WORKLOAD_KINDS, Container, Workload

NOT_SET = "(not set)"


async def read_workloads(
    reader: Reader, namespaces: Namespaces
) -> tuple[tuple[Workload, ...], tuple[Gap, ...]]:
    """Read every workload that no other one owns, by namespace and name, and what could not be read.

    A workload that is owned stands under its owner; pods count there.
    """
    listings = {name: await reader.list(KINDS[name], namespaces) for name in WORKLOAD_KINDS}
    read = Read(reader.name, reader.source == "live", namespaces, listings)
    judged = await asyncio.to_thread(build, read)
    found = sorted(
        judged.inventory.workloads, key=lambda w: (w.ref.namespace, w.ref.name, w.ref.kind)
    )
    gaps = dict.fromkeys(gap for listing in listings.values() for gap in listing.gaps)
    return tuple(found), tuple(gaps)


def row_of(workload: Workload, *, live: bool) -> WorkloadRow:
    """Make the row that lists a workload."""
    return WorkloadRow(
        workload.ref,
        workload.pods if live else 0,
        workload.account,
        tuple(image_row(item) for item in _containers(workload) if item.spec.image),
    )


def _containers(workload: Workload) -> list[Container]:
    """List its containers, and those of what it owns that its template has none of that name for."""
    found: dict[str, Container] = {}
    for each in (workload, *workload.owned):
        for one in each.containers:
            found.setdefault(one.name, one)
    return list(found.values())


def image_row(container: Container) -> ImageRow:
    """Take an image reference apart."""
    image = redact.field("image", container.spec.image or "")
    ref = parse(image)
    return ImageRow(container.name, image, ref.tag if ref else "", ref.digest if ref else "")


def settings_of(workload: Workload) -> tuple[Setting, ...]:
    """List the settings that section 5 looks at, in effect, by container; absent ones say so."""
    spec = workload.spec
    rows = [
        Setting("", "hostNetwork", _json(spec.host_network)),
        Setting("", "hostPID", _json(spec.host_pid)),
        Setting("", "hostIPC", _json(spec.host_ipc)),
        Setting("", "serviceAccountName", workload.account),
        Setting("", "automountServiceAccountToken", _json(spec.automount_service_account_token)),
    ]
    for item in _containers(workload):
        rows += [
            Setting(item.name, "privileged", _json(item.privileged or None)),
            Setting(item.name, "allowPrivilegeEscalation", _json(item.allow_privilege_escalation)),
            Setting(item.name, "runAsNonRoot", _json(item.run_as_non_root or None)),
            Setting(item.name, "runAsUser", _json(item.run_as_user)),
            Setting(item.name, "capabilities.drop", _json(list(item.dropped) or None)),
            Setting(item.name, "capabilities.add", _json(list(item.added) or None)),
            Setting(item.name, "seccompProfile.type", item.seccomp or NOT_SET),
        ]
    return tuple(rows)


def settings_text(settings: tuple[Setting, ...]) -> str:
    """Write settings one container a line; absent ones are kept because absence decides."""
    lines: dict[str, list[str]] = {}
    for item in settings:
        lines.setdefault(item.container, []).append(f"{item.name}={item.value}")
    return "\n".join(
        f"{f'container {name}' if name else 'pod'}: {', '.join(values)}"
        for name, values in lines.items()
    )


def _json(value: object) -> str:
    return NOT_SET if value is None else json.dumps(value)
