"""Workload that gets a token of the API.

A mounted token lets whoever breaks into a container speak to the API as the workload. It is mounted
unless the pod says no, or says nothing and its account says no. The pod's setting wins over the
account's, and the default is yes; an account that is not there counts as one that says nothing,
and one that a folder does not hold makes it unknown.
Whatever these say, a container that mounts a projected volume with a serviceAccountToken has one too, if
that token is for the API server: its audience is not set, or is the server's usual name
(kubernetes.default.svc, with or without https:// and a cluster domain). Which others a server takes only its
own flags say: a URL, or a name such as k3s or api, makes it unknown. A token for another audience (vault,
sts.amazonaws.com) opens other doors and does not count. So has a container that gets a Secret of type
kubernetes.io/service-account-token, by a volume or by variables; a folder says which are of that type, a
server is not asked, and a Secret that is mounted where clients look for the token makes it unknown. Whether
the workload needs the API is for a person to say.

Fix:

    spec:
      automountServiceAccountToken: false

Source: CIS Kubernetes 1.12, 5.1.6; https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/.
"""

from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath

from msgspec import Struct, structs

from tools.objects.pod import KeyToPath, Volume, is_for_the_api
from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Service account token mounted",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=("ServiceAccount",),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
)


_WHERE_CLIENTS_LOOK = "/run/secrets/kubernetes.io/serviceaccount"


class _Token(Struct, frozen=True):
    """A token that a container sees."""

    container: Container
    said: str
    """The rest of a sentence that begins with the container."""
    fact: Evidence
    certain: bool = True
    """It is one, and for the API."""


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the token is mounted in effect, by the kubelet's default or by a volume of its own."""
    by_default = _by_default(subject, cluster)
    if by_default.verdict is Verdict.FAIL:
        return by_default
    tokens = [each for c in subject.containers for each in _tokens(c, subject, cluster)]
    certain = [each for each in tokens if each.certain]
    if certain:
        return failed([(each.container, each.fact) for each in certain], certain[0].said)
    if not tokens:
        return by_default
    found = failed([(each.container, each.fact) for each in tokens], tokens[0].said)
    return structs.replace(found, verdict=Verdict.UNKNOWN)


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


def _tokens(container: Container, subject: Workload, cluster: Inventory) -> Iterator[_Token]:
    """Give each token that a container sees, or may see, but by the kubelet's default."""
    held = {name for namespace, name in cluster.token_secrets if namespace == subject.ref.namespace}
    for index, volume in enumerate(container.pod.volumes or ()):
        places = [
            normpath(f"/{mount.mount_path or ''}").replace("//", "/")
            for mount in container.spec.volume_mounts or ()
            if mount.name == volume.name
        ]
        if places:
            path = f"{container.pod_path}.volumes[{index}]"
            yield from _projected(container, volume, places[0], path)
            for name, field, items in _secrets(volume):
                looked = (each for each in places if _is_where_clients_look(each, items))
                at = next(looked, places[0])
                fact = evidence(f"{path}.{field}", name)
                if name in held:
                    yield _Token(
                        container, f"has a token of the API at {at}, by Secret {name}", fact
                    )
                elif _is_where_clients_look(at, items):
                    why = f"has Secret {name} where clients look for a token of the API, at {at}"
                    yield _Token(container, why, fact, certain=False)
    for name, field in _variables(container):
        if name in held:
            fact = evidence(f"{container.path}.{field}", name)
            yield _Token(container, f"has a token of the API as a variable, by Secret {name}", fact)


def _is_where_clients_look(place: str, items: Iterable[KeyToPath]) -> bool:
    """Tell whether a Secret that is mounted at a place has a file there, by its own name or by an item's."""
    files = (normpath(f"{place}/{each.path or ''}") for each in items)
    return any(
        f"{each.removeprefix('/var')}/".startswith(f"{_WHERE_CLIENTS_LOOK}/")
        for each in (place, *files)
    )


def _projected(container: Container, volume: Volume, at: str, path: str) -> Iterator[_Token]:
    """Give the tokens of the API that a volume projects."""
    sources = volume.projected.sources if volume.projected else None
    for number, source in enumerate(sources or ()):
        token = source.service_account_token
        certain = is_for_the_api(token.audience) if token else False
        if token is None or certain is False:
            continue
        place = f"{path}.projected.sources[{number}].serviceAccountToken"
        fact = evidence(place, token)
        file = f"{at}/{token.path or ''}"
        if certain:
            yield _Token(
                container, f"has a token of the API at {file}, by a projected volume", fact
            )
        else:
            why = f"has a token at {file} whose audience, {token.audience}, may be the API server's"
            yield _Token(container, why, fact, certain=False)


def _secrets(volume: Volume) -> Iterator[tuple[str, str, Sequence[KeyToPath]]]:
    """Give the Secrets of a volume with the fields that name them, and the keys taken of each."""
    if volume.secret:
        yield volume.secret.secret_name or "", "secret.secretName", volume.secret.items or ()
    for number, source in enumerate((volume.projected.sources if volume.projected else None) or ()):
        if source.secret:
            field = f"projected.sources[{number}].secret.name"
            yield source.secret.name or "", field, source.secret.items or ()


def _variables(container: Container) -> Iterator[tuple[str, str]]:
    """Give the Secrets that variables take values of, with the fields that name them."""
    for index, variable in enumerate(container.spec.env or ()):
        source = variable.value_from.secret_key_ref if variable.value_from else None
        if source:
            yield source.name or "", f"env[{index}].valueFrom.secretKeyRef.name"
    for index, whole in enumerate(container.spec.env_from or ()):
        if whole.secret_ref:
            yield whole.secret_ref.name or "", f"envFrom[{index}].secretRef.name"
