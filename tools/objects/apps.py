"""API group apps (v1): the controllers of long-running pods."""

from msgspec import Struct, field

from tools.objects.meta import Metadata
from tools.objects.pod import PodTemplate


class TemplateSpec(Struct, gc=False, omit_defaults=True):
    """spec of every kind here, as far as it is read."""

    template: PodTemplate | None = None
    replicas: int | None = None


class Deployment(Struct, gc=False, omit_defaults=True):
    """Makes ReplicaSets."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: TemplateSpec | None = None


class StatefulSet(Struct, gc=False, omit_defaults=True):
    """Makes pods with names that last."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: TemplateSpec | None = None


class DaemonSet(Struct, gc=False, omit_defaults=True):
    """Makes one pod for each node."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: TemplateSpec | None = None


class ReplicaSet(Struct, gc=False, omit_defaults=True):
    """Makes pods; mostly owned by a Deployment."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: TemplateSpec | None = None
