"""Pods that nobody would write: each field that Pod Security reads, set or not, good or bad, at random.

The same seed gives the same pods. Values are of the right type, not always valid for a server.
"""

from __future__ import annotations

from random import Random
from typing import Any

CAPABILITIES = (
    "ALL",
    "all",
    "CAP_ALL",
    "NET_RAW",
    "NET_BIND_SERVICE",
    "CHOWN",
    "chown",
    "SYS_ADMIN",
)
SECCOMP = ("RuntimeDefault", "Localhost", "Unconfined", "")
SYSCTLS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_notsent_lowat",
    "kernel.msgmax",
    "net.core.somaxconn",
)
SELINUX = {
    "type": ("", "container_t", "container_engine_t", "spc_t"),
    "user": ("", "system_u"),
    "role": ("", "sysadm_r"),
    "level": ("s0:c1,c2",),
}
VOLUMES = (
    {"emptyDir": {}},
    {"configMap": {"name": "c"}},
    {"secret": {"secretName": "s"}},
    {"projected": {"sources": []}},
    {
        "projected": {
            "sources": [{"configMap": {"name": "c"}}, {"serviceAccountToken": {"path": "t"}}]
        }
    },
    {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "vault"}}]}},
    {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "k3s"}}]}},
    {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "https://i"}}]}},
    {"projected": {"sources": [{"secret": {"name": "token"}}]}},
    {"secret": {"secretName": "token"}},
    {"downwardAPI": {}},
    {"persistentVolumeClaim": {"claimName": "c"}},
    {"ephemeral": {}},
    {"csi": {"driver": "d"}},
    {"image": {"reference": "r"}},
    {"hostPath": {"path": "/"}},
    {"hostPath": {}},
    {"hostPath": None, "emptyDir": {}},
    {"nfs": {"server": "s", "path": "/"}},
    {"gcePersistentDisk": {"pdName": "d"}},
    {"awsElasticBlockStore": {"volumeID": "v"}},
    {"scaleIO": {"gateway": "g"}},
    {"storageos": {}},
    {"gitRepo": {"repository": "r"}},
    {},
)
TOKEN: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "namespace": "random"},
    "type": "kubernetes.io/service-account-token",
}
PATHS = ("/m", "/m", "/var/run/secrets/kubernetes.io/serviceaccount")
SYSTEMS = (["windows"], ["windows"], ["linux"], ["linux", "windows"], [])
ANNOTATIONS = (
    ("container.apparmor.security.beta.kubernetes.io/c0", "unconfined"),
    ("container.apparmor.security.beta.kubernetes.io/c0", "runtime/default"),
    ("container.apparmor.security.beta.kubernetes.io/x", "localhost/p"),
    ("container.apparmor.security.beta.kubernetes.io/x", ""),
    ("seccomp.security.alpha.kubernetes.io/pod", "unconfined"),
)


def pods(count: int, seed: int) -> list[dict[str, Any]]:
    """Make pods named p0, p1, ... in namespace `random`; some use TOKEN."""
    random = Random(seed)
    return [_pod(random, f"p{number}") for number in range(count)]


def _pod(random: Random, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "containers": [_container(random, f"c{i}") for i in range(_few(random))]
    }
    if random.random() < 0.3:
        spec["initContainers"] = [_container(random, "init")]
    if random.random() < 0.15:
        spec["ephemeralContainers"] = [_container(random, "late", ports=False)]
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        _maybe(random, spec, field, (True, False, None), 0.15)
    _maybe(random, spec, "hostUsers", (False, False, True, None), 0.4)
    _maybe(random, spec, "os", ({"name": "windows"}, {"name": "linux"}), 0.2)
    systems = ({"kubernetes.io/os": "windows"}, {"kubernetes.io/os": "linux"})
    _maybe(random, spec, "nodeSelector", systems, 0.1)
    if random.random() < 0.2:
        spec["affinity"] = _affinity(random)
    if random.random() < 0.6:
        spec["securityContext"] = _pod_context(random)
    if random.random() < 0.5:
        spec["volumes"] = [{"name": f"v{i}", **random.choice(VOLUMES)} for i in range(_few(random))]
    _maybe(random, spec, "automountServiceAccountToken", (False, False, True, None), 0.7)
    metadata: dict[str, Any] = {"name": name, "namespace": "random"}
    if random.random() < 0.2:
        metadata["annotations"] = dict(random.sample(ANNOTATIONS, 2))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _affinity(random: Random) -> dict[str, Any]:
    terms = [{"matchExpressions": [_node(random) for _ in range(_few(random))]} for _ in range(2)]
    wanted = {"nodeSelectorTerms": terms[: random.choice((0, 1, 1, 2))]}
    when = random.choice(("required", "required", "preferred"))
    if when == "preferred":
        return {"nodeAffinity": {f"{when}DuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}}
    return {"nodeAffinity": {f"{when}DuringSchedulingIgnoredDuringExecution": wanted}}


def _node(random: Random) -> dict[str, Any]:
    key = random.choice(("kubernetes.io/os", "kubernetes.io/os", "kubernetes.io/arch"))
    operator = random.choice(("In", "In", "In", "NotIn"))
    return {"key": key, "operator": operator, "values": random.choice(SYSTEMS)}


def _few(random: Random) -> int:
    return random.choice((1, 1, 1, 2, 3))


def _maybe(
    random: Random, into: dict[str, Any], field: str, values: tuple[Any, ...], chance: float = 0.4
) -> None:
    if random.random() < chance:
        into[field] = random.choice(values)


def _shared_context(random: Random) -> dict[str, Any]:
    """Give the fields that pods and containers both have."""
    context: dict[str, Any] = {}
    _maybe(random, context, "runAsNonRoot", (True, True, True, False, None), 0.6)
    _maybe(random, context, "runAsUser", (0, 1000, None), 0.3)
    if random.random() < 0.5:
        context["seccompProfile"] = random.choice(
            (None, {}, {"type": "RuntimeDefault"}, {"type": random.choice(SECCOMP)})
        )
    if random.random() < 0.1:
        context["appArmorProfile"] = random.choice((None, {}, {"type": random.choice(SECCOMP)}))
    if random.random() < 0.1:
        options: dict[str, Any] = {}
        for field, values in SELINUX.items():
            _maybe(random, options, field, values)
        context["seLinuxOptions"] = options
    _maybe(
        random, context, "windowsOptions", ({"hostProcess": True}, {"hostProcess": False}, {}), 0.1
    )
    return context


def _pod_context(random: Random) -> dict[str, Any]:
    context = _shared_context(random)
    if random.random() < 0.15:
        context["sysctls"] = [
            {"name": random.choice(SYSCTLS), "value": "1"} for _ in range(_few(random))
        ]
    return context


def _container(random: Random, name: str, ports: bool = True) -> dict[str, Any]:
    container: dict[str, Any] = {"name": name, "image": "image"}
    if ports and random.random() < 0.3:
        container["ports"] = [
            {"containerPort": 8080, **random.choice(({}, {"hostPort": 0}, {"hostPort": 80}))}
        ]
    handler = random.choice(("httpGet", "tcpSocket"))
    target = {handler: {"port": 80, **random.choice(({}, {"host": ""}, {"host": "h"}))}}
    if ports and random.random() < 0.15:
        container[random.choice(("livenessProbe", "readinessProbe", "startupProbe"))] = target
    if ports and random.random() < 0.1:
        container["lifecycle"] = {random.choice(("preStop", "postStart")): target}
    if random.random() < 0.4:
        container["volumeMounts"] = [
            {"name": random.choice(("v0", "v1")), "mountPath": random.choice(PATHS)}
        ]
    if random.random() < 0.85:
        container["securityContext"] = _container_context(random)
    return container


def _container_context(random: Random) -> dict[str, Any]:
    context = _shared_context(random)
    _maybe(random, context, "privileged", (True, False, None), 0.15)
    _maybe(random, context, "allowPrivilegeEscalation", (False, False, False, True, None), 0.8)
    _maybe(random, context, "procMount", ("Default", "Unmasked", None, ""), 0.1)
    if random.random() < 0.8:
        drop = ["ALL"] if random.random() < 0.7 else random.sample(CAPABILITIES, 2)
        add = random.sample(CAPABILITIES, 1) if random.random() < 0.3 else []
        context["capabilities"] = random.choice((None, {}, *[{"drop": drop, "add": add}] * 6))
    return context
