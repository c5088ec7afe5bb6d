"""The protocol of what writes a cluster: one step on one object, sent or done at most once.

Two implementations: `live.writer` and `manifests.writer`. Each holds to its own closed set of kinds,
whatever it is asked; patches, and never puts a whole object that was read; never forces, never writes a
Secret. Only `tools.change` imports these modules.
"""

import re
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from tools import redact
from tools.cluster.reader import Reader
from tools.errors import NotAllowed
from tools.objects.kinds import KINDS, Kind
from tools.types import Target, Verb

FIELD_MANAGER = "oakum-executor"
"""Under this name the API server keeps what Oakum set."""

WRITABLE: Mapping[Verb, frozenset[str]] = {
    Verb.PATCH: frozenset(
        ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "ServiceAccount", "Namespace")
    ),
    Verb.CREATE: frozenset(("Deployment", "Service", "ServiceAccount", "NetworkPolicy")),
    Verb.DELETE: frozenset(
        (
            *("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"),
            *("NetworkPolicy", "ServiceAccount", "RoleBinding", "Service"),
        )
    ),
}
"""The kinds that each verb is sent for; every other is refused before anything leaves."""

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""A name that may stand in a path."""
_RBAC = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
"""Kinds whose names may hold colons and capitals."""


class Reply(Struct, frozen=True):
    """What the server answered to one request."""

    status: int
    body: dict[str, Any]
    """The object, or the Status that says what went wrong; not redacted."""
    audit_id: str = ""
    """The server's own id of the request, as its audit log has it."""
    warnings: tuple[str, ...] = ()
    """Warning headers as sentences, redacted."""
    retry_after_s: float | None = None

    @property
    def done(self) -> bool:
        """Whether the server did it, or would have in a dry run."""
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        """Give the server's sentence about an error, redacted and short."""
        return redact.text(str(self.body.get("message") or ""))[:500]


class Writer(Protocol):
    """Writes to one cluster, and reads what it needs for that, raw."""

    @property
    def name(self) -> str:
        """The cluster's name in the configuration."""
        ...

    @property
    def source(self) -> str:
        """`live` or `folder`. A folder has no pods: what is written there rolls out nowhere."""
        ...

    async def read(self, target: Target) -> dict[str, Any] | None:
        """Read an object whole and not redacted; None where there is none of that name.

        Raises ReadFailed, ClusterUnreachable, AccessRefused, NotEditable.
        """
        ...

    async def patch(
        self, target: Target, patch: list[dict[str, Any]], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Carry out a JSON Patch. Its tests are the caller's business; a list of none is refused.

        This and the two below raise NotSent where nothing was done, NoAnswer where it may have been,
        NotAllowed and NotEditable for what is never done.
        """
        ...

    async def create(
        self, target: Target, manifest: dict[str, Any], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Create one object; 409 where one of that name is there."""
        ...

    async def delete(
        self, target: Target, resource_version: str, operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Delete one object if it still is the one with the target's uid, as it was last read."""
        ...

    async def review_access(self, namespace: str, spec: dict[str, Any]) -> Reply:
        """Ask whether somebody may do something in a namespace; changes nothing."""
        ...

    async def did(self, target: Target, operation_id: str) -> bool | None:
        """Tell whether an operation changed a target last; None where only the object itself can say."""
        ...

    async def looking(self, reader: Reader) -> Reader:
        """Give a reader that sees what was last written: the one given, or a new one for a folder."""
        ...

    async def close(self) -> None:
        """Let go of what is open; safe to call twice."""
        ...


def check(verb: Verb, target: Target) -> None:
    """Refuse what is not in the closed set, however it came here."""
    if target.kind not in WRITABLE[verb]:
        raise NotAllowed(f"Oakum never sends {verb} for a {target.kind}.")
    if KINDS[target.kind].group_version != target.api_version:
        raise NotAllowed(f"Oakum does not write {target.kind} of {target.api_version}.")


def check_patch(patch: list[dict[str, Any]]) -> None:
    """Refuse a patch that does nothing, and one that would write a mask."""
    if not patch:
        raise NotAllowed("A patch without operations is not sent.")
    _check_unmasked([step.get("value") for step in patch if step.get("op") in ("add", "replace")])


def _check_unmasked(values: Any) -> None:
    """Refuse to write what only stands for a value (`tools.redact`), wherever it came from."""
    if redact.MASK in msgspec.json.encode(values).decode():
        raise NotAllowed("A value in it is masked, and a mask is never written.")


def check_manifest(target: Target, manifest: dict[str, Any]) -> None:
    """Refuse the manifest of another object than the target, and one that holds a mask."""
    _check_unmasked(manifest)
    metadata = manifest.get("metadata") or {}
    if (metadata.get("name"), metadata.get("namespace")) != (target.name, target.namespace):
        raise NotAllowed("The manifest is of another object than its target.")
    if (manifest.get("apiVersion"), manifest.get("kind")) != (target.api_version, target.kind):
        raise NotAllowed("The manifest is of another kind than its target.")


def checked_kind(target: Target) -> Kind:
    """Give the kind of an object; NotAllowed for a kind or name that cannot be."""
    kind: Kind | None = KINDS.get(target.kind)
    if kind is None or kind.plural == "*":
        raise NotAllowed(f"Oakum knows no kind {target.kind}.")
    named = NAME.fullmatch(target.name) or (target.kind in _RBAC and _plain(target.name))
    if not named or bool(target.namespace) != kind.namespaced:
        raise NotAllowed("That names no object.")
    if target.namespace and not NAME.fullmatch(target.namespace):
        raise NotAllowed("That names no namespace.")
    return kind


def _plain(name: str) -> bool:
    """Tell whether an RBAC name (which may hold colons and capitals) can stand in a path."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}", name) is not None
