"""Whether the checks that a change answers now pass on its object and on the pods made since.

The same scan as ever judges, on fresh reads; only that the object's pods stand for themselves in it,
so that what admission changed in a pod is seen. Used by `verify`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct, structs

from knowledge import catalogue
from tools.cluster.reader import Listing, Reader
from tools.objects.core import Pod
from tools.objects.kinds import Kind
from tools.scan import scan
from tools.types import ALL, Finding, Namespaces, Target, Verdict

_GOOD = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE})


class Judged(Struct, frozen=True):
    """What the checks say."""

    findings: tuple[Finding, ...]
    """Of the object and its pods, by the checks asked for."""
    failing: tuple[str, ...] = ()
    """One sentence for each check that does not pass."""


class _PodsAlone:
    """A reader whose named pods belong to nobody, so that a scan judges each by itself."""

    def __init__(self, reader: Reader, uids: Collection[str]) -> None:
        self.name = reader.name
        self.source = reader.source
        self.version = reader.version
        self.get = reader.get
        self.documents = reader.documents
        self.events = reader.events
        self.logs = reader.logs
        self.close = reader.close
        self._reader = reader
        self._uids = uids

    async def list(self, kind: Kind, namespaces: Namespaces = ALL) -> Listing:
        """Read one kind."""
        listing = await self._reader.list(kind, namespaces)
        if kind.kind != "Pod":
            return listing
        return Listing([self._freed(pod) for pod in listing.objects], listing.gaps)

    def _freed(self, pod: Pod) -> Pod:
        if pod.metadata.uid not in self._uids:
            return pod
        return structs.replace(pod, metadata=structs.replace(pod.metadata, owner_references=None))


async def judge(
    checks: Iterable[str],
    target: Target,
    pods: Collection[str],
    reader: Reader,
    now: Callable[[], datetime],
) -> Judged:
    """Judge the target (by its name), and its pods (by uid). Raises what the reader raises.

    A check that judges nothing of it, or that no benchmark uses, has not been shown to pass.
    """
    wanted = tuple(dict.fromkeys(checks))
    namespace = target.namespace or (target.name if target.kind == "Namespace" else "")
    alone = _PodsAlone(reader, pods)
    found: list[Finding] = []
    for benchmark, controls in _controls(wanted).items():
        result = await scan(
            alone,
            benchmark=benchmark,
            namespaces=(namespace,) if namespace else ALL,
            controls=controls,
            keep_all=True,
            now=now,
        )
        found += [f for f in result.findings if f.check in wanted and _is_of(f, target, pods)]
    found = list({f.fingerprint: f for f in found}.values())
    return Judged(tuple(found), tuple(_failing(wanted, found)))


def _is_of(finding: Finding, target: Target, pods: Collection[str]) -> bool:
    """Tell whether a finding is of the target or of one of its pods."""
    ref = finding.ref
    own = (ref.kind, ref.namespace, ref.name) == (target.kind, target.namespace, target.name)
    return own or ref.uid in pods


def _controls(checks: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Choose for each check one control of one benchmark: the first that uses it."""
    chosen: dict[str, list[str]] = {}
    for check in checks:
        for benchmark in catalogue.benchmark_names():
            ids = [c.id for c in catalogue.controls(benchmark) if check in c.checks]
            if ids:
                chosen.setdefault(benchmark, []).append(ids[0])
                break
    return {benchmark: tuple(dict.fromkeys(ids)) for benchmark, ids in chosen.items()}


def _failing(checks: Iterable[str], found: Iterable[Finding]) -> Iterable[str]:
    """Say which checks do not pass."""
    by_check: dict[str, list[Finding]] = {check: [] for check in checks}
    for finding in found:
        by_check[finding.check].append(finding)
    for check, findings in by_check.items():
        bad = next((f for f in findings if f.verdict not in _GOOD), None)
        if bad:
            yield f"{check} on {bad.ref.kind} {bad.ref.name}: {bad.reason or bad.verdict}"
        elif not findings:
            yield f"{check} judged nothing of it"
