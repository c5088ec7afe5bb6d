"""The single settings of hardening a pod specification: each changes it in place, or says why not.

Pure. Holds how one field is made safe, with what it risks and which checks it answers; which of them
are wanted, and on which object, is for `tools.actions.harden_workload`. Nothing is guessed: a user id
comes in, and a hostPath that is mounted stays unless a person gave it up.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from tools.objects.pod import is_for_the_api
from tools.planning.drafting import high, low, medium
from tools.planning.patching import as_list, as_object
from tools.planning.rollout import containers_of
from tools.plans import Json, Reason, Refusal
from tools.types import Risk


class Setting(StrEnum):
    """One thing to make safe. They are carried out in this order."""

    PRIVILEGED = "privileged"
    """privileged off, and allowPrivilegeEscalation with it: the server refuses one without other."""
    CAPABILITIES = "capabilities"
    """Drop ALL; of what is added only NET_BIND_SERVICE stays."""
    ESCALATION = "escalation"
    NON_ROOT = "non-root"
    """runAsNonRoot, with a user id where none is set."""
    SECCOMP = "seccomp"
    """The runtime's default profile where none, or Unconfined, is set."""
    READ_ONLY_ROOT = "read-only-root"
    HOST_NETWORK = "host-network"
    """hostNetwork off, and the host ports that the server gave every port with it."""
    HOST_PID = "host-pid"
    HOST_IPC = "host-ipc"
    HOST_PORTS = "host-ports"
    TOKEN = "token"  # noqa: S105
    """automountServiceAccountToken off."""
    HOST_PATHS = "host-paths"
    """hostPath volumes removed where nothing mounts them, or made emptyDir where a person says so."""


class Wishes(Struct, frozen=True):
    """What people or images said, beside the settings."""

    users: Mapping[str, int]
    """User ids by container; the empty name stands for all others."""
    empty_dirs: frozenset[str]
    """Volumes that may become empty folders."""


class Rule(Struct, frozen=True):
    """One setting's change, risk and checks."""

    change: Callable[[Json, Wishes], Refusal | None]
    """Changes the pod specification in place."""
    risk: Risk
    answers: tuple[str, ...]
    along: Mapping[str, str] = {}
    """Fields that it sets beside its own, and why they go along."""


def _security(container: Json) -> Json:
    """Give a container's securityContext, making it where there is none."""
    context = container.get("securityContext")
    if not isinstance(context, dict):
        container["securityContext"] = context = {}
    return as_object(context)


def _privileged(spec: Json, wishes: Wishes) -> Refusal | None:
    """Switch privileged off."""
    for container in containers_of(spec):
        if as_object(container.get("securityContext")).get("privileged") is True:
            _security(container).update(privileged=False, allowPrivilegeEscalation=False)
    return None


def _escalation(spec: Json, wishes: Wishes) -> Refusal | None:
    """Forbid gaining privileges."""
    for container in containers_of(spec):
        if as_object(container.get("securityContext")).get("allowPrivilegeEscalation") is not False:
            _security(container)["allowPrivilegeEscalation"] = False
    return None


def contradiction(spec: Json) -> Refusal | None:
    """Refuse what the server would: escalation off in a container that is privileged or SYS_ADMIN.

    Looked at when all settings are carried out.
    """
    for container in containers_of(spec):
        context = as_object(container.get("securityContext"))
        name = container.get("name")
        if context.get("allowPrivilegeEscalation") is not False:
            continue
        if context.get("privileged") is True:
            return _not_without(f"container {name} is privileged", Setting.PRIVILEGED)
        added = as_list(as_object(context.get("capabilities")).get("add"))
        if any(str(each).upper() in ("SYS_ADMIN", "CAP_SYS_ADMIN") for each in added):
            return _not_without(f"container {name} adds SYS_ADMIN", Setting.CAPABILITIES)
    return None


def _not_without(why: str, needed: Setting) -> Refusal:
    """Refuse one setting without another."""
    return Refusal(
        Reason.NO_SAFE_FIX,
        f"The server does not take it so, because {why}.",
        f"Ask for {needed} with it.",
    )


_CHANGES_OWNERS = re.compile(r"\b(?:chown|chgrp)\b")


def keeps_root(container: Json, wishes: Wishes) -> bool:
    """Tell whether a container's own command changes owners of files, which takes root and CHOWN.

    Not where a person named the user that this very container is to run as.
    """
    words = (*as_list(container.get("command")), *as_list(container.get("args")))
    named = str(container.get("name")) in wishes.users
    return not named and bool(_CHANGES_OWNERS.search(" ".join(map(str, words))))


def _capabilities(spec: Json, wishes: Wishes) -> Refusal | None:
    """Drop every capability but the one that Pod Security's restricted level lets be added."""
    for container in containers_of(spec):
        if keeps_root(container, wishes):
            continue
        context = as_object(container.get("securityContext"))
        if context.get("privileged") is True:
            return _not_without(
                f"container {container.get('name')} is privileged", Setting.PRIVILEGED
            )
        held = as_object(context.get("capabilities"))
        added = as_list(held.get("add"))
        kept = ["NET_BIND_SERVICE"] if any(_is_bind(each) for each in added) else []
        dropped = as_list(held.get("drop"))
        if "ALL" in dropped and added == kept:
            continue
        wanted: Json = {**held, "drop": dropped if "ALL" in dropped else ["ALL"], "add": kept}
        if not kept:
            del wanted["add"]
        _security(container)["capabilities"] = wanted
    return None


def _is_bind(name: object) -> bool:
    return str(name).upper().removeprefix("CAP_") == "NET_BIND_SERVICE"


def _non_root(spec: Json, wishes: Wishes) -> Refusal | None:
    """Ask for another user than root in every container."""
    outer = as_object(spec.get("securityContext"))
    inherits = any(keeps_root(container, wishes) for container in containers_of(spec))
    for container in containers_of(spec):
        if keeps_root(container, wishes):
            continue
        name = str(container.get("name"))
        own = as_object(container.get("securityContext"))
        user = outer.get("runAsUser") if own.get("runAsUser") is None else own["runAsUser"]
        asks = outer.get("runAsNonRoot") if own.get("runAsNonRoot") is None else own["runAsNonRoot"]
        if not user and not (user is None and asks is True):
            known = wishes.users.get(name, wishes.users.get(""))
            if not known:
                return Refusal(
                    Reason.NEEDS_PERSON,
                    f"Container {name} sets no user other than root, and which one its image can "
                    "run as is not known.",
                    "Say the user id that it is to run as.",
                )
            _security(container)["runAsUser"] = known
        if asks is not True:
            _security(container)["runAsNonRoot"] = True
    if inherits:
        return None
    if outer.get("runAsUser") == 0:
        del outer["runAsUser"]
    if outer.get("runAsNonRoot") is False:
        outer["runAsNonRoot"] = True
    return None


_PROFILES = ("RuntimeDefault", "Localhost")


def _seccomp(spec: Json, wishes: Wishes) -> Refusal | None:
    """Put the runtime's default profile on the pod, and on containers that ask for none."""
    inherits = False
    for container in containers_of(spec):
        own = as_object(container.get("securityContext")).get("seccompProfile")
        if own is None:
            inherits = True
        elif as_object(own).get("type") not in _PROFILES:
            _security(container)["seccompProfile"] = {"type": "RuntimeDefault"}
    outer = as_object(spec.get("securityContext")).get("seccompProfile")
    needed = inherits if outer is None else as_object(outer).get("type") not in _PROFILES
    if needed:
        _security(spec)["seccompProfile"] = {"type": "RuntimeDefault"}
    return None


def _read_only_root(spec: Json, wishes: Wishes) -> Refusal | None:
    """Make every container's root file system read-only."""
    for container in containers_of(spec):
        if as_object(container.get("securityContext")).get("readOnlyRootFilesystem") is not True:
            _security(container)["readOnlyRootFilesystem"] = True
    return None


def _host_network(spec: Json, wishes: Wishes) -> Refusal | None:
    """Give the pod a network of its own."""
    if spec.pop("hostNetwork", None) is True:
        _remove_host_ports(spec)
    return None


def _host_pid(spec: Json, wishes: Wishes) -> Refusal | None:
    """Give the pod processes of its own."""
    spec.pop("hostPID", None)
    return None


def _host_ipc(spec: Json, wishes: Wishes) -> Refusal | None:
    """Give the pod inter-process communication of its own."""
    spec.pop("hostIPC", None)
    return None


def _host_ports(spec: Json, wishes: Wishes) -> Refusal | None:
    """Give the node's ports back."""
    if spec.get("hostNetwork") is True:
        return _not_without("the pod shares the node's network", Setting.HOST_NETWORK)
    _remove_host_ports(spec)
    return None


def _remove_host_ports(spec: Json) -> None:
    """Take hostPort off every port that has one."""
    for container in containers_of(spec):
        for port in as_list(container.get("ports")):
            if as_object(port).get("hostPort"):
                del as_object(port)["hostPort"]


def _token(spec: Json, wishes: Wishes) -> Refusal | None:
    """Leave the service account's token out; what a volume projects is for a person to take away."""
    brought = _brought_token(spec)
    if brought:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"{brought} a token of the API, or what may be one: automountServiceAccountToken does not govern it.",
            "Take the serviceAccountToken out of that volume's sources first.",
        )
    if spec.get("automountServiceAccountToken") is not False:
        spec["automountServiceAccountToken"] = False
    return None


def _brought_token(spec: Json) -> str:
    """Say which container mounts a volume that projects a token that may be for the API; empty for none."""
    for container in containers_of(spec):
        mounted = {as_object(each).get("name") for each in as_list(container.get("volumeMounts"))}
        for volume in map(as_object, as_list(spec.get("volumes"))):
            sources = as_list(as_object(volume.get("projected")).get("sources"))
            tokens = [as_object(each).get("serviceAccountToken") for each in sources]
            brings = any(
                isinstance(token, dict)
                and is_for_the_api(as_object(token).get("audience")) is not False
                for token in tokens
            )
            if brings and volume.get("name") in mounted:
                return f"Volume {volume.get('name')} brings container {container.get('name')}"
    return ""


def _host_paths(spec: Json, wishes: Wishes) -> Refusal | None:
    """Take hostPath volumes away where that loses nothing that nobody gave up."""
    mounted = {
        as_object(mount).get("name")
        for container in containers_of(spec)
        for field in ("volumeMounts", "volumeDevices")
        for mount in as_list(container.get(field))
    }
    kept: list[Json] = []
    held: list[str] = []
    for volume in map(as_object, as_list(spec.get("volumes"))):
        name = str(volume.get("name"))
        if volume.get("hostPath") is None:
            kept.append(volume)
        elif name in wishes.empty_dirs:
            del volume["hostPath"]
            volume["emptyDir"] = {}
            kept.append(volume)
        elif name in mounted:
            path = as_object(volume["hostPath"]).get("path")
            held.append(f"Volume {name} is mounted and shows {path} of the node")
    if held:
        return Refusal(
            Reason.NEEDS_PERSON,
            f"{'; '.join(held)}; without it the workload loses what it reads or writes there.",
            "Say that an empty folder may take its place, or change the workload first.",
        )
    if len(kept) < len(as_list(spec.get("volumes"))):
        spec["volumes"] = kept
        if not kept:
            del spec["volumes"]
    return None


RULES: dict[Setting, Rule] = {
    Setting.PRIVILEGED: Rule(
        _privileged,
        high("What needs devices or the node's kernel stops working without privileged."),
        ("privileged_container",),
        {"allowPrivilegeEscalation": "a container that may still gain rights could win them back"},
    ),
    Setting.CAPABILITIES: Rule(
        _capabilities,
        medium("A program that changes owners, users or network settings may stop working."),
        (
            "capabilities_not_dropped",
            "net_raw_capability",
            "pss_capabilities_baseline",
            "pss_capabilities_restricted",
        ),
    ),
    Setting.ESCALATION: Rule(
        _escalation,
        low("Programs that gain rights by setuid (sudo, ping) stop doing so."),
        ("privilege_escalation_allowed", "pss_privilege_escalation"),
    ),
    Setting.NON_ROOT: Rule(
        _non_root,
        medium(
            "Files that only root may read or write, and ports below 1024, may be out of reach."
        ),
        ("root_user", "pss_run_as_non_root", "pss_run_as_user"),
    ),
    Setting.SECCOMP: Rule(
        _seccomp,
        low("Rarely used system calls are refused."),
        ("seccomp_not_set", "pss_seccomp_baseline", "pss_seccomp_restricted"),
    ),
    Setting.READ_ONLY_ROOT: Rule(
        _read_only_root,
        medium("A program that writes outside its volumes stops working."),
        (),
    ),
    Setting.HOST_NETWORK: Rule(
        _host_network,
        high("Its addresses change, and what listens on the node's network is gone."),
        ("host_network",),
        {"hostPort": "the server gave every port one of the node because of hostNetwork"},
    ),
    Setting.HOST_PID: Rule(
        _host_pid, high("It no longer sees the node's processes."), ("host_pid",)
    ),
    Setting.HOST_IPC: Rule(
        _host_ipc, high("It no longer shares memory with the node's processes."), ("host_ipc",)
    ),
    Setting.HOST_PORTS: Rule(
        _host_ports,
        medium("Who reaches it by a node's address and that port no longer does."),
        ("host_port", "pss_host_ports"),
    ),
    Setting.TOKEN: Rule(
        _token,
        medium("If it speaks to the Kubernetes API, it no longer can."),
        ("service_account_token_mounted",),
    ),
    Setting.HOST_PATHS: Rule(
        _host_paths, low("Volumes that nothing mounts go."), ("host_path_volume",)
    ),
}
"""Every setting."""

_DERIVED = {
    "pss_host_namespaces": (Setting.HOST_NETWORK, Setting.HOST_PID, Setting.HOST_IPC),
    "pss_volume_types": (Setting.HOST_PATHS,),
    "security_context_missing": (Setting.ESCALATION,),
}
"""Checks that follow from settings which name other checks of their own."""


def settings_for(check: str) -> tuple[Setting, ...]:
    """List the settings that answer a check; several only where it takes all of them."""
    own = tuple(setting for setting in Setting if check in RULES[setting].answers)
    return own[:1] or _DERIVED.get(check, ())


EMPTY_DIRS = high(
    "What is kept in a folder of the node is no longer seen, and new data is lost with the pod."
)
"""What giving up a hostPath adds."""
