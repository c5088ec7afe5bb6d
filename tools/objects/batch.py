"""API group batch (v1): work that ends."""

from msgspec import Struct, field

from tools.objects.meta import Metadata
from tools.objects.pod import PodTemplate


class JobSpec(Struct, gc=False, omit_defaults=True):
    """As far as it is read."""

    template: PodTemplate | None = None


class Job(Struct, gc=False, omit_defaults=True):
    """Runs pods to their end."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: JobSpec | None = None


class JobTemplate(Struct, gc=False, omit_defaults=True):
    """What a CronJob makes Jobs from."""

    spec: JobSpec | None = None


class CronJobSpec(Struct, gc=False, rename="camel", omit_defaults=True):
    """As far as it is read."""

    job_template: JobTemplate | None = None


class CronJob(Struct, gc=False, omit_defaults=True):
    """Makes Jobs by the clock."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: CronJobSpec | None = None
