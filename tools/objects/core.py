"""API group core (v1): pods, accounts, namespaces and what stands in them."""

from msgspec import Struct, field

from tools.objects.meta import Metadata
from tools.objects.pod import PodSpec, PodTemplate


class PodStatus(Struct, gc=False, omit_defaults=True):
    """phase is Pending, Running, Succeeded, Failed or Unknown."""

    phase: str | None = None


class Pod(Struct, gc=False, omit_defaults=True):
    """A running (or finished) pod."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: PodSpec | None = None
    status: PodStatus | None = None


class ReplicationControllerSpec(Struct, gc=False, omit_defaults=True):
    """As far as it is read."""

    template: PodTemplate | None = None
    replicas: int | None = None


class ReplicationController(Struct, gc=False, omit_defaults=True):
    """The oldest controller of pods."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: ReplicationControllerSpec | None = None


class ServiceAccount(Struct, gc=False, rename="camel", omit_defaults=True):
    """An identity for pods. Names of its token Secrets are not read."""

    metadata: Metadata = field(default_factory=Metadata)
    automount_service_account_token: bool | None = None


class Namespace(Struct, gc=False, omit_defaults=True):
    """A namespace; its labels switch Pod Security admission on."""

    metadata: Metadata = field(default_factory=Metadata)


class Service(Struct, gc=False, omit_defaults=True):
    """Judged only for where it stands."""

    metadata: Metadata = field(default_factory=Metadata)


class PersistentVolumeClaim(Struct, gc=False, omit_defaults=True):
    """Judged only for where it stands."""

    metadata: Metadata = field(default_factory=Metadata)


class ConfigMap(Struct, gc=False, omit_defaults=True):
    """Judged only for where it stands; its values are not decoded."""

    metadata: Metadata = field(default_factory=Metadata)


class Node(Struct, gc=False, omit_defaults=True):
    """A machine of the cluster."""

    metadata: Metadata = field(default_factory=Metadata)


class ObjectReference(Struct, gc=False, omit_defaults=True):
    """What an event is about."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class Event(Struct, gc=False, rename="camel", omit_defaults=True):
    """Something that the cluster reports. Times are RFC 3339 text; the message is foreign text."""

    metadata: Metadata = field(default_factory=Metadata)
    involved_object: ObjectReference | None = None
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
