"""Policies: of admission (VAP bindings, Kyverno, Gatekeeper, Kubewarden), of network plugins, and pod budgets.

What a policy says is not evaluated by a check, so nothing but its name is decoded.
"""

from msgspec import Struct, field

from tools.objects.meta import Metadata


class PolicyObject(Struct, gc=False, omit_defaults=True):
    """A policy that may judge pods, or their traffic."""

    metadata: Metadata = field(default_factory=Metadata)
    kind: str | None = None
    """Set where the source gives it; Gatekeeper makes a kind for each template."""


class PodDisruptionBudget(Struct, gc=False, omit_defaults=True):
    """How many pods may be evicted at once; read whole where a change is rehearsed."""

    metadata: Metadata = field(default_factory=Metadata)
