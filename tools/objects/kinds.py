"""The kinds that Oakum reads: where the API serves them and which struct decodes them.

Secret is not among them and never will be. Used by the readers, the scan and the queries.
"""

from msgspec import Struct


class Kind(Struct, frozen=True):
    """One Kubernetes kind as the API serves it."""

    kind: str
    group_version: str
    """`v1`, `apps/v1`, `rbac.authorization.k8s.io/v1`..."""
    plural: str
    namespaced: bool
    struct: type[Struct]
    """Decodes one object; see the files of `tools.objects`."""
    opt_in: bool = False
    """Read only where the configuration opens it (ConfigMap)."""
