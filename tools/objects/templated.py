"""Kinds that other controllers serve and that hold one plain pod template, by where it stands.

What a controller may change in it before it makes pods is not known here. Used by `kinds`.
"""

from msgspec import Struct, field

from tools.objects.meta import Metadata
from tools.objects.pod import PodTemplate


class WorkloadRef(Struct, gc=False, omit_defaults=True):
    """The workload whose template is taken instead."""

    kind: str = ""
    name: str = ""


class _Spec(Struct, gc=False, rename="camel", omit_defaults=True):
    template: PodTemplate | None = None
    workload_ref: WorkloadRef | None = None


class SpecTemplate(Struct, gc=False, omit_defaults=True):
    """The template is spec.template, as in a Deployment."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: _Spec | None = None


class TopTemplate(Struct, gc=False, omit_defaults=True):
    """The template is a field of the object itself."""

    metadata: Metadata = field(default_factory=Metadata)
    template: PodTemplate | None = None


class _JobTarget(Struct, gc=False, rename="camel", omit_defaults=True):
    job_target_ref: _Spec | None = None


class JobTargetTemplate(Struct, gc=False, omit_defaults=True):
    """The template is spec.jobTargetRef.template."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: _JobTarget | None = None
