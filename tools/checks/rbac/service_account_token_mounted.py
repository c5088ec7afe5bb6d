"""Workload that gets a token of the API.

A mounted token lets whoever breaks into a container speak to the API as the workload. It is mounted
unless the pod says no, or says nothing and its account says no. The pod's setting wins over the
account's, and the default is yes; an account that is not there counts as one that says nothing,
and one that a folder does not hold makes it unknown.
Whatever these say, a container that mounts a projected volume with a serviceAccountToken has one too, if
that token is for the API server: its audience is not set, or is the server's usual name
(kubernetes.default.svc, with or without https:// and a cluster domain). A token for another audience
(vault, sts.amazonaws.com) opens other doors and does not count. Whether the workload needs the API is for
a person to say.

Fix:

    spec:
      automountServiceAccountToken: false

Source: CIS Kubernetes 1.12, 5.1.6; https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/.
"""

from collections.abc import Iterator

from tools.objects.pod import is_for_the_api
from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Service account token mounted",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=("ServiceAccount",),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the token is mounted in effect, by the kubelet's default or by a volume of its own."""
    by_default = _by_default(subject, cluster)
    if by_default.verdict is Verdict.FAIL:
        return by_default
    projected = [(c, where, fact) for c in subject.containers for where, fact in _projected(c)]
    if not projected:
        return by_default
    why = f"has a token of the API at {projected[0][1]}, by a projected volume"
    return failed([(c, fact) for c, _, fact in projected], why)


def _by_default(subject: Workload, cluster: Inventory) -> Judgement:
    """Judge what automountServiceAccountToken says, of the pod and of its account."""
    own = subject.spec.automount_service_account_token
    path = f"{subject.path}.automountServiceAccountToken"
    if own is not None:
        if not own:
            return PASSED
        why = "The pod asks for the token of its service account."
        return Judgement(Verdict.FAIL, why, "", (evidence(path, own),))
    account = cluster.accounts.get((subject.ref.namespace, subject.account))
    if account is None:
        unread = cluster.unread(CHECK.kinds, subject.ref.namespace)
        if unread:
            why = f"The pod leaves it to its account, which could not be read ({unread})."
            return Judgement(Verdict.UNKNOWN, why, "", (evidence(path, None),))
    if not cluster.holds_account(subject.ref.namespace, subject.account):
        why = f"The pod leaves it to service account {subject.account}, which the folder does not hold."
        return Judgement(Verdict.UNKNOWN, why, "", (evidence(path, None),))
    setting = account.automount_service_account_token if account else None
    if setting is False:
        return PASSED
    how = "asks for it" if setting else "does not switch it off"
    return Judgement(
        Verdict.FAIL,
        f"The token is mounted: the pod says nothing and service account {subject.account} {how}.",
        "",
        (
            evidence(path, None),
            evidence(
                "automountServiceAccountToken",
                setting,
                cluster.account_ref(subject.ref.namespace, subject.account),
            ),
        ),
    )


def _projected(container: Container) -> Iterator[tuple[str, Evidence]]:
    """Give the file and the source of each token of the API that a container sees by a volume."""
    mounts = {mount.name: mount.mount_path or "" for mount in container.spec.volume_mounts or ()}
    for index, volume in enumerate(container.pod.volumes or ()):
        sources = volume.projected.sources if volume.projected else None
        if volume.name not in mounts:
            continue
        for number, source in enumerate(sources or ()):
            token = source.service_account_token
            if token and is_for_the_api(token.audience):
                path = f"{container.pod_path}.volumes[{index}].projected.sources[{number}]"
                fact = evidence(f"{path}.serviceAccountToken", token)
                yield f"{mounts[volume.name].rstrip('/')}/{token.path or ''}", fact
