"""Secret in environment variables.

Environment variables end up in crash reports, in debug pages, in child processes and in the container
runtime's records; a file ends up nowhere, and a changed Secret reaches it without a restart. Both one
key (secretKeyRef) and a whole Secret (secretRef) count. Values written out in the manifest are not
looked at: they are never read.

Fix: mount the Secret.

    volumeMounts:
      - name: db
        mountPath: /run/secrets/db
        readOnly: true

Source: CIS Kubernetes 1.12, 5.4.1; https://kubernetes.io/docs/concepts/security/secrets-good-practices/.
"""

from collections.abc import Iterator

from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Secret in environment variables",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container takes a Secret as environment variables."""
    deciding = [
        (container, fact)
        for container in subject.containers
        if container.spec.env or container.spec.env_from
        for fact in _facts(container)
    ]
    return failed(deciding, "takes a Secret as environment variables") if deciding else PASSED


def _facts(container: Container) -> Iterator[Evidence]:
    """Show each place where a Secret becomes a variable, with the Secret's name."""
    for index, variable in enumerate(container.spec.env or ()):
        source = variable.value_from
        if source is not None and source.secret_key_ref is not None:
            path = f"{container.path}.env[{index}].valueFrom.secretKeyRef.name"
            yield evidence(path, source.secret_key_ref.name)
    for index, whole in enumerate(container.spec.env_from or ()):
        if whole.secret_ref is not None:
            path = f"{container.path}.envFrom[{index}].secretRef.name"
            yield evidence(path, whole.secret_ref.name)
