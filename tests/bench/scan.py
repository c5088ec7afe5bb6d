"""How fast and how large a scan of 10,000 pods is: `python -m tests.bench.scan`.

The bytes are made here, the same each time: pages of 500 pods as an API server sends them, two
containers each, managedFields, half of the pods failing. Measured on one core's CPU time: decoding
these pages into the same structs and nothing else (the bare decode), then decode, every section 5
check and the findings. Each in a process of its own, so that neither pays for the other's memory.
"""

import asyncio
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from tools.cluster.reader import Events, Listing
from tools.objects.core import Pod
from tools.objects.kinds import KINDS, Kind
from tools.scan import scan
from tools.types import ALL, Gap, Namespaces, Scan

PODS = 10_000
PAGE = 500
NAMESPACES = 40
RUNS = 5
MOST_RATIO = 12.0
MOST_SECONDS = 1.0
MOST_MIB = 150.0


class _Page(Struct):
    """A PodList."""

    items: list[Pod]


def pages() -> list[bytes]:
    """Make the pages that hold all pods."""
    return [
        json.dumps(
            {
                "kind": "PodList",
                "apiVersion": "v1",
                "metadata": {"resourceVersion": "1", "continue": "next"},
                "items": [pod(number) for number in range(start, start + PAGE)],
            },
            separators=(",", ":"),
        ).encode()
        for start in range(0, PODS, PAGE)
    ]


def pod(number: int) -> dict[str, Any]:
    """Make one pod; every second one fails most checks."""
    name, namespace = f"shop-{number:05d}-x7k2p", f"team-{number % NAMESPACES:02d}"
    bad = number % 2 == 1
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": str(100_000 + number),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {
                "app.kubernetes.io/name": f"app-{number % 97}",
                "pod-template-hash": "7d4b9",
            },
            "annotations": {"prometheus.io/scrape": "true", "checksum/config": f"{number:064x}"},
            "managedFields": managed_fields(),
        },
        "spec": {
            "containers": [container(f"web-{number % 7}", bad), container("sidecar", bad)],
            "volumes": volumes(bad),
            "serviceAccountName": "default" if bad else f"app-{number % 97}",
            "automountServiceAccountToken": bad,
            "securityContext": {} if bad else {"runAsNonRoot": True, "fsGroup": 2000},
            "nodeName": f"node-{number % 50}",
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "tolerations": [
                {
                    "key": "node.kubernetes.io/not-ready",
                    "operator": "Exists",
                    "effect": "NoExecute",
                },
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists"},
            ],
        },
        "status": status(number),
    }


def container(name: str, bad: bool) -> dict[str, Any]:
    """Make one container."""
    secure = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsUser": 10001,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    secret = {"secretKeyRef": {"name": "db", "key": "password"}}
    return {
        "name": name,
        "image": f"registry.example.com/shop/{name}:1.4.2",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *([{"name": "DB_PASSWORD", "valueFrom": secret}] if bad else []),
        ],
        "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "100m"}},
        "volumeMounts": [{"name": "work", "mountPath": "/work"}],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
        **({} if bad else {"securityContext": secure}),
    }


def volumes(bad: bool) -> list[dict[str, Any]]:
    """Make the volumes of one pod."""
    node = [{"name": "logs", "hostPath": {"path": "/var/log", "type": ""}}]
    token = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    return [
        {"name": "work", "emptyDir": {}},
        {"name": "kube-api-access", "projected": {"sources": [token], "defaultMode": 420}},
        *(node if bad else []),
    ]


def managed_fields() -> list[dict[str, Any]]:
    """Make what field managers leave on a pod."""
    inner: dict[str, Any] = {
        f'k:{{"name":"{name}"}}': {
            ".": {},
            **{f"f:{field}": {} for field in ("image", "name", "resources", "env", "ports")},
            "f:livenessProbe": {"f:httpGet": {"f:path": {}, "f:port": {}}},
        }
        for name in ("web", "sidecar")
    }
    fields = {"f:metadata": {"f:labels": {".": {}}}, "f:spec": {"f:containers": inner}}
    return [
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        for manager in ("kube-controller-manager", "kubelet")
    ]


def status(number: int) -> dict[str, Any]:
    """Make the status of one running pod."""
    address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    return {
        "phase": "Running",
        "podIP": address,
        "hostIP": "10.0.0.1",
        "qosClass": "Burstable",
        "conditions": [
            {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
            for kind in kinds
        ],
        "containerStatuses": [
            {
                "name": name,
                "ready": True,
                "restartCount": 0,
                "imageID": f"registry.example.com/shop/{name}@sha256:{number:064x}",
                "containerID": f"containerd://{number:064x}",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
            for name in ("web", "sidecar")
        ],
    }


class PagesReader:
    """A live cluster of which only pods are there, its pages already received."""

    name = "bench"
    source = "live"

    def __init__(self, received: list[bytes]) -> None:
        """Hold the pages."""
        self.received = received

    async def version(self) -> str:
        """Nothing says it."""
        return ""

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Decode page by page, off the event loop, as the live reader does."""
        if kind is not KINDS["Pod"]:
            return Listing(())
        decoder = msgspec.json.Decoder(_Page)
        pods: list[Pod] = []
        for page in self.received:
            pods += (await asyncio.to_thread(decoder.decode, page)).items
        return Listing(pods)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """There is none."""
        return None

    async def events(self, namespace: str, name: str = "", limit: int = 50) -> Events:
        """There are none."""
        return Events(())

    async def logs(
        self, namespace: str, pod: str, container: str = "", max_bytes: int = 16_384
    ) -> str | Gap:
        """There are none."""
        return Gap("logs", "not opened")

    async def close(self) -> None:
        """Nothing is held open."""


def bare(received: list[bytes]) -> list[Pod]:
    """Decode every page and do nothing else."""
    decoder = msgspec.json.Decoder(_Page)
    pods: list[Pod] = []
    for page in received:
        pods += decoder.decode(page).items
    return pods


def whole(received: list[bytes]) -> Scan:
    """Scan.

    The coroutine returns nothing: on leaving, asyncio.run formats its task, result and all, for an
    error message that nobody sees, which for a large result takes longer than judging.
    """
    results: list[Scan] = []

    async def run() -> None:
        results.append(await scan(PagesReader(received), now=lambda: datetime.now(UTC)))

    asyncio.run(run())
    return results[0]


def free_loop(received: list[bytes]) -> tuple[float, float]:
    """Scan while a task wakes every 5 ms; give the 99th percentile and the most it was late by."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            late.append(time.perf_counter() - due)

    async def run() -> None:
        ticking = asyncio.create_task(tick())
        result = await scan(PagesReader(received), now=lambda: datetime.now(UTC))
        ticking.cancel()
        assert result.findings

    asyncio.run(run())
    late.sort()
    return late[int(len(late) * 0.99)] * 1000, late[-1] * 1000


def measure(name: str, answers: Any) -> None:
    """In a process of its own: send the CPU seconds of each run and the MiB over the start."""
    if name == "late":
        answers.put(free_loop(pages()))
        return
    work: Callable[[list[bytes]], object] = bare if name == "bare" else whole
    received = pages()
    work(received[:1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: list[float] = []
    for _ in range(RUNS):
        started = time.process_time()
        result = work(received)
        seconds.append(time.process_time() - started)
        facts = (len(result.findings), dict(result.summary)) if isinstance(result, Scan) else None
        del result
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    unit = 2**20 if sys.platform == "darwin" else 2**10
    answers.put((seconds, grown / unit, sum(map(len, received)), facts))


def measured(name: str) -> Any:
    """Measure one of the three in a fresh process."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=measure, args=(name, answers))
    process.start()
    answer = answers.get(timeout=300)
    process.join()
    return answer


def main() -> int:
    """Print the figures; 1 when one is over its bound."""
    bare_seconds, _, size, _ = measured("bare")
    whole_seconds, mib, _, facts = measured("whole")
    decode, total = statistics.median(bare_seconds), statistics.median(whole_seconds)
    ratio = total / decode
    print(f"scan of {PODS:,} pods: {size / 2**20:.1f} MiB of JSON, {facts[0]:,} findings kept")
    print(f"  judged: {', '.join(f'{count:,} {name}' for name, count in facts[1].items())}")
    print(f"  bare typed decode: {decode:.3f} s of one core")
    print(f"  decode and all section 5 checks: {total:.3f} s of one core (at most {MOST_SECONDS})")
    print(f"  ratio: {ratio:.1f}x (at most {MOST_RATIO:.0f}x, stretch 6x)")
    p99, most = measured("late")
    print(f"  event loop late by, while scanning: p99 {p99:.0f} ms, most {most:.0f} ms")
    print(f"  memory over the start: {mib:.0f} MiB (at most {MOST_MIB:.0f})")
    over = ratio > MOST_RATIO or total > MOST_SECONDS or mib > MOST_MIB
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
