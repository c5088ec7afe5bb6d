"""API group networking.k8s.io (v1)."""

from msgspec import Struct, field

from tools.objects.meta import Metadata


class NetworkPolicy(Struct, gc=False, omit_defaults=True):
    """Its presence is what is judged; whom it selects is not read."""

    metadata: Metadata = field(default_factory=Metadata)


class Ingress(Struct, gc=False, omit_defaults=True):
    """Judged only for where it stands."""

    metadata: Metadata = field(default_factory=Metadata)
