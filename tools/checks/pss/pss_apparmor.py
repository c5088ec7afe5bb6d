"""AppArmor switched off.

On nodes with AppArmor a container is confined by the runtime's profile unless a field, or the older
annotation, says otherwise. RuntimeDefault, Localhost and nothing at all pass, at either level;
anything else, such as Unconfined, is refused.

Fix:

    securityContext:
      appArmorProfile:
        type: RuntimeDefault

Source: Pod Security Standards, baseline, AppArmor.
"""

from collections.abc import Iterator

from tools.objects.pod import APPARMOR_ANNOTATION, PodSecurityContext, SecurityContext
from tools.types import Check, Evidence, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload, judge_as_written

CHECK = Check(
    title="AppArmor switched off",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_GOOD = frozenset({"RuntimeDefault", "Localhost"})


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod, a container or an annotation switches the profile off."""
    by_field = judge_as_written(subject, _refused, "does not keep an AppArmor profile")
    by_annotation = _annotations(subject)
    if not by_annotation:
        return by_field
    if by_field.verdict is Verdict.FAIL:
        facts = (*by_field.evidence, *by_annotation)
        return Judgement(Verdict.FAIL, by_field.reason, by_field.container, facts)
    return Judgement(Verdict.FAIL, "An annotation switches AppArmor off.", "", by_annotation)


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give the profile's type where it is a bad one."""
    profile = context.app_armor_profile
    if profile and profile.type not in _GOOD:
        yield "appArmorProfile.type", profile.type


def _annotations(subject: Workload) -> tuple[Evidence, ...]:
    """Show the annotations of the pods that set a bad profile."""
    return tuple(
        evidence(f"{subject.annotations_path}['{key}']", value)
        for key, value in subject.annotations.items()
        if key.startswith(APPARMOR_ANNOTATION) and not _allowed(str(value))
    )


def _allowed(value: str) -> bool:
    """Tell whether an annotation keeps a profile."""
    return value in ("", "runtime/default") or value.startswith("localhost/")
