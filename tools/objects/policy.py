"""Policies of admission: ValidatingAdmissionPolicy bindings, Kyverno, Gatekeeper. Evidence only.

What a policy says is not evaluated, so nothing but its name is decoded.
"""

from msgspec import Struct, field

from tools.objects.meta import Metadata


class PolicyObject(Struct, gc=False, omit_defaults=True):
    """A policy that may judge pods."""

    metadata: Metadata = field(default_factory=Metadata)
    kind: str | None = None
    """Set where the source gives it; Gatekeeper makes a kind for each template."""
