"""What every Kubernetes object has: its metadata, as far as it is read.

Optional fields take null, because YAML written by hand and older servers have both. Every struct of
this package is `gc=False`: decoded objects are trees, so they can never be part of a cycle.
"""

from typing import Any

from msgspec import Struct


class Present(Struct, gc=False, frozen=True, omit_defaults=True):
    """Something whose presence alone matters; its fields are skipped while decoding."""


class OwnerReference(Struct, gc=False, rename="camel", omit_defaults=True):
    """Who made the object."""

    api_version: str | None = None
    kind: str = ""
    name: str = ""
    uid: str | None = None
    controller: bool | None = None


class Metadata(Struct, gc=False, rename="camel", omit_defaults=True):
    """metadata. Label and annotation values are strings on a server, anything in a loose manifest."""

    name: str | None = None
    generate_name: str | None = None
    """Stands for the name of a manifest that leaves the name to the server."""
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    labels: dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None
    owner_references: list[OwnerReference] | None = None


class LabelSelectorRequirement(Struct, gc=False, omit_defaults=True):
    """One matchExpressions entry; operator is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(Struct, gc=False, rename="camel", omit_defaults=True):
    """All of its requirements must hold; an empty one selects everything."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None
