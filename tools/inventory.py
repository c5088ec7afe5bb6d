"""Turns what one scan read into what it judges: owners, namespaces, and roles by `tools.access`.

Holds which object stands for which. That namespaces exist which a folder only names is the reader's
business. Reads nothing and judges nothing. Used by the scan.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tools.access import Subjects, rights_of, subjects
from tools.cluster.reader import Listing
from tools.objects.core import Namespace, ServiceAccount
from tools.objects.kinds import KINDS, PLUGIN_POLICIES, TEMPLATED_KINDS, Kind
from tools.objects.meta import Metadata
from tools.objects.pod import APPARMOR_ANNOTATION
from tools.pod_security import NEWEST
from tools.types import ALL, Gap, Namespaces, ResourceRef
from tools.workload import (
    POLICY_KINDS,
    WORKLOAD_KINDS,
    Inventory,
    Item,
    Workload,
    name_of,
    namespace_of,
    ref_of,
    template_of,
    workload_of,
)

_ENGINES = ("kyverno", "gatekeeper", "kubewarden")
_LISTED_OWNERS = frozenset(WORKLOAD_KINDS)
_MAKERS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"),
    "ReplicaSet": ("Deployment",),
    "ReplicationController": (),
    "Job": ("CronJob",),
}
"""What is made of another's template, and of which kinds', besides those of TEMPLATED_KINDS. A Deployment that
an operator's Deployment owns is none of these: it is judged itself."""
_ENDED = ("Succeeded", "Failed")
_TOKEN_VOLUME = re.compile(rb"\bkube-api-access-[a-z0-9]{5}\b")


_Owners = Mapping[tuple[str, str, str, str], tuple[Kind, Any]]


class Read(Struct, frozen=True):
    """What one scan read."""

    cluster: str
    live: bool
    namespaces: Namespaces
    """The scan's scope."""
    listings: Mapping[str, Listing]
    """By kind name; only kinds that were asked for."""
    standard: int = NEWEST
    """See `Inventory.standard`."""

    def objects(self, kind: str) -> Sequence[Any]:
        """Give the objects of a kind; none where it was not asked for."""
        listing = self.listings.get(kind)
        return listing.objects if listing else ()

    def ref(self, kind: str, metadata: Metadata) -> ResourceRef:
        """Make the reference of an object of a kind."""
        return ref_of(self.cluster, KINDS[kind], metadata)


class Judged(Struct):
    """Everything that checks are handed, by subject."""

    inventory: Inventory
    access: Subjects
    accounts: list[Item]
    namespaces: list[Item]
    items: Mapping[str, list[Item]]
    """By kind, every namespaced object that no workload of the scan owns."""


def build(read: Read) -> Judged:
    """Work out owners, holders and namespaces of one scan."""
    owners = _owners(read)
    workloads, busy = _workloads(read, owners)
    namespaces = _namespaces(read)
    accounts = _accounts(read)
    inventory = Inventory(
        cluster=read.cluster,
        live=read.live,
        standard=read.standard,
        workloads=tuple(workloads),
        namespaces=namespaces,
        accounts=accounts,
        network_policies=_names_by_namespace(read, "NetworkPolicy"),
        unplaced_policies=tuple(
            name_of(each.metadata)
            for each in read.objects("NetworkPolicy")
            if not (read.live or each.metadata.namespace)
        ),
        busy=busy,
        policies=tuple(_policies(read, POLICY_KINDS)),
        plugin_policies=tuple(_policies(read, PLUGIN_POLICIES)),
        engines=tuple(w.ref for w in workloads if any(e in w.ref.name for e in _ENGINES)),
        missing=_missing(gap for listing in read.listings.values() for gap in listing.gaps),
        rights=rights_of(read),
        scoped=read.namespaces is not ALL,
        partial=any(listing.partial for listing in read.listings.values()),
        token_secrets=frozenset(
            each for listing in read.listings.values() for each in listing.token_secrets
        ),
        named_only=frozenset(
            (kind, *each) for kind, found in read.listings.items() for each in found.named_only
        ),
    )
    return Judged(
        inventory=inventory,
        access=subjects(inventory.rights, read.namespaces is not ALL, inventory.missing),
        accounts=[
            Item(read.ref("ServiceAccount", account.metadata), account)
            for account in accounts.values()
        ],
        namespaces=[
            Item(read.ref("Namespace", namespace.metadata), namespace)
            for namespace in namespaces.values()
            if read.namespaces is ALL or name_of(namespace.metadata) in read.namespaces
        ],
        items=_items(read, workloads, owners),
    )


def _workloads(read: Read, owners: _Owners) -> tuple[list[Workload], frozenset[str]]:
    """Read all workloads that no other owns, and name the namespaces that hold any."""
    owned: dict[int, dict[bytes, tuple[Kind, Any]]] = {}
    pods: Counter[int] = Counter()
    judged: list[tuple[Kind, Any]] = []
    busy: set[str] = set()
    for name in WORKLOAD_KINDS:
        kind = KINDS[name]
        for obj in read.objects(name):
            busy.add(namespace_of(kind, obj.metadata))
            root = _root(kind, obj, owners, read.live)
            if root is obj:
                judged.append((kind, obj))
                continue
            pods[id(root)] += name == "Pod"
            if _runs(kind, obj, read.live):
                owned.setdefault(id(root), {}).setdefault(_likeness(kind, obj), (kind, obj))
    workloads = [
        workload_of(
            read.cluster,
            kind,
            obj,
            tuple(
                workload_of(read.cluster, *each)
                for key, each in owned.get(id(obj), {}).items()
                if key != _likeness(kind, obj)
            ),
            pods[id(obj)],
        )
        for kind, obj in judged
        if id(obj) in owned or not _is_template_of_another(obj, read)
    ]
    return workloads, frozenset(busy)


def _is_template_of_another(obj: Any, read: Read) -> bool:
    """Tell whether an object takes its pod template from a workload of the scan (an Argo Rollout does)."""
    reference = getattr(obj.spec, "workload_ref", None)
    place = obj.metadata.namespace
    return reference is not None and any(
        (name_of(each.metadata), each.metadata.namespace) == (reference.name, place)
        for each in read.objects(reference.kind if reference.kind in WORKLOAD_KINDS else "")
    )


def _runs(kind: Kind, obj: Any, live: bool) -> bool:
    """Tell whether what is owned makes containers run by what it says itself.

    On a live cluster that is its pods, until they end; in a folder all but a set scaled to none, which is
    an earlier one of its owner.
    """
    if live:
        return kind.kind == "Pod" and not (obj.status and obj.status.phase in _ENDED)
    return getattr(obj.spec, "replicas", None) != 0


def _likeness(kind: Kind, obj: Any) -> bytes:
    """Give what checks read of a pod template, but for the name that each pod's own token volume has."""
    template = template_of(kind.kind, obj)
    annotations = (template.metadata.annotations if template.metadata else None) or {}
    kept = {key: value for key, value in annotations.items() if key.startswith(APPARMOR_ANNOTATION)}
    return _TOKEN_VOLUME.sub(b"kube-api-access", msgspec.json.encode((template.spec, kept)))


def _owners(read: Read) -> _Owners:
    """Index what may own, by namespace with uid on a live cluster, with group, kind and name in a folder."""
    index: dict[tuple[str, str, str, str], tuple[Kind, Any]] = {}
    for name in WORKLOAD_KINDS:
        kind = KINDS[name]
        groups = {version.rpartition("/")[0] for version in (kind.group_version, *kind.earlier)}
        for obj in read.objects(name):
            place, uid = namespace_of(kind, obj.metadata), obj.metadata.uid or ""
            folder = [(place, group, kind.own, name_of(obj.metadata)) for group in groups]
            keys = [(place, "", "", uid)] * bool(uid) if read.live else folder
            index |= dict.fromkeys(keys, (kind, obj))
    return index


def _root(kind: Kind, obj: Any, owners: _Owners, live: bool) -> Any:
    """Follow the owners whose template an object was made of, the controller first, as far as they are here."""
    while found := next(
        (each for each in _owned_by(kind, obj, owners, live) if each[0].kind in _makers(kind)), None
    ):
        kind, obj = found
    return obj


def _owned_by(kind: Kind, obj: Any, owners: _Owners, live: bool) -> Iterable[tuple[Kind, Any]]:
    """Give the owners of an object that are in the scan."""
    place = namespace_of(kind, obj.metadata)
    for each in sorted(obj.metadata.owner_references or (), key=lambda r: not r.controller):
        group = (each.api_version or "").rpartition("/")[0]
        folder = (place, group, each.kind, each.name)
        if found := owners.get((place, "", "", each.uid or "") if live else folder):
            yield found


def _makers(kind: Kind) -> Iterable[str]:
    return (*TEMPLATED_KINDS, *_MAKERS[kind.kind]) if kind.kind in _MAKERS else ()


def _namespaces(read: Read) -> dict[str, Namespace]:
    """Index namespaces by name."""
    return {name_of(namespace.metadata): namespace for namespace in read.objects("Namespace")}


def _accounts(read: Read) -> dict[tuple[str, str], ServiceAccount]:
    """Index service accounts by namespace and name."""
    kind = KINDS["ServiceAccount"]
    return {
        (namespace_of(kind, account.metadata), name_of(account.metadata)): account
        for account in read.objects(kind.kind)
    }


def _names_by_namespace(read: Read, kind: str) -> dict[str, tuple[str, ...]]:
    """Collect the names of a kind's objects by namespace."""
    found: dict[str, list[str]] = {}
    for obj in read.objects(kind):
        namespace = namespace_of(KINDS[kind], obj.metadata)
        found.setdefault(namespace, []).append(name_of(obj.metadata))
    return {namespace: tuple(names) for namespace, names in found.items()}


def _policies(read: Read, kinds: Iterable[str]) -> Iterable[ResourceRef]:
    """Refer to each policy of some kinds, by its own kind where it says it."""
    for name in kinds:
        for obj in read.objects(name):
            ref = read.ref(name, obj.metadata)
            own = obj.kind or KINDS[name].own
            yield ResourceRef(ref.cluster, ref.api_version, own, ref.namespace, ref.name, ref.uid)


def _missing(gaps: Iterable[Gap]) -> dict[str, tuple[Gap, ...]]:
    """Collect gaps by the kind that they concern, each once."""
    missing: dict[str, dict[Gap, None]] = {}
    for gap in gaps:
        if gap.kind:
            missing.setdefault(gap.kind, {})[gap] = None
    return {kind: tuple(found) for kind, found in missing.items()}


def _items(read: Read, workloads: Sequence[Workload], owners: _Owners) -> dict[str, list[Item]]:
    """List every namespaced object by kind, as it is."""
    items: dict[str, list[Item]] = {}
    for workload in workloads:
        item = Item(workload.ref, workload)
        items.setdefault(workload.ref.kind, []).append(item)
    for name, listing in read.listings.items():
        kind = KINDS[name]
        if not kind.namespaced or name in _LISTED_OWNERS:
            continue
        kept: list[Item] = []
        items[name] = kept
        for obj in listing.objects:
            if any(_owned_by(kind, obj, owners, read.live)):
                continue
            kept.append(Item(read.ref(name, obj.metadata), obj))
    return items
