"""What an answer may name: collected from typed results, passages and the catalogue, thread by thread.

Free text of cluster objects (annotations, the YAML of an object) is not read here, so it allows nothing;
what logs and events say may be quoted. Used by `bot.agent.loop` for `bot.agent.grounding`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from bot.agent.vocabulary import SUBRESOURCES, VERBS
from knowledge import catalogue
from knowledge.types import Control, Guide, Passage
from tools.actions.deploy_app import DeployApp
from tools.objects.kinds import KINDS
from tools.plans import Reason
from tools.queries.proposing.change import changed_fields
from tools.queries.result import (
    Clusters,
    ControlRead,
    Data,
    EventList,
    Explained,
    Found,
    LogText,
    Namespaces,
    NotPlanned,
    ObjectRead,
    Planned,
    ProposalRow,
    Proposals,
    Result,
    Scanned,
    Setting,
    Workloads,
)
from tools.queries.rights import Access, AccessRow, Rights, RightsRow
from tools.types import Finding, ResourceRef

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]*")
_TAG = re.compile(r"(?::[^/@]*)?(?:@[^/]*)?$")
"""What stands behind the repository of an image."""
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}", re.I)
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
MAX_FACTS = 400
"""Most names and most controls that one turn hands to the next turns of its thread."""
MAX_FINDINGS = 1_000
"""Findings of one scan that may be spoken of, the worst first."""


@dataclass
class Allowed:
    """What may be named so far; grows with each result."""

    names: set[str] = field(default_factory=set[str])
    """Lower case: objects, namespaces, namespace/name, kind/name, clusters, containers, images."""
    numbered: set[str] = field(default_factory=set[str])
    """Of the names those of StatefulSets, whose pods are numbered."""
    words: set[str] = field(default_factory=set[str])
    """Lower case: words of passages, field paths and values, which are no names."""
    controls: set[str] = field(default_factory=set[str])
    """Beyond the catalogue's own."""
    numbers: set[str] = field(default_factory=set[str])
    """Dotted numbers of passages and guides, of other documents' sections; never of cluster data."""
    cves: set[str] = field(default_factory=set[str])
    asked: set[str] = field(default_factory=set[str])
    """Words of the person's own messages, of logs and of events: may be repeated, claimed of nothing."""
    hosts: set[str] = field(default_factory=set[str])
    """Hosts that links may lead to."""

    def take(self, result: Result) -> None:
        """Allow what a result names."""
        _take(self, result.data)
        for gap in result.gaps:
            self.add_words(gap.what)
            self.add_words(gap.why)

    def add_ref(self, ref: ResourceRef) -> None:
        """Allow an object by every way it may be written."""
        kind, namespace, name = ref.kind.lower(), ref.namespace.lower(), ref.name.lower()
        self.names |= {name, f"{kind}/{name}", f"{_plural(ref.kind)}/{name}", ref.cluster.lower()}
        if ref.kind == "StatefulSet":
            self.numbered.add(name)
        if namespace:
            self.names |= {namespace, f"{namespace}/{name}", f"{namespace}/{kind}/{name}"}
            self.names.add(f"{kind}/{namespace}/{name}")

    def add_words(self, text: str) -> None:
        """Allow the words of text that is ours."""
        for match in _TOKEN.finditer(text.lower()):
            word = match[0].rstrip(".:/-")
            self.words.add(word)
            self.words.update(part for part in re.split(r"[/:@]", word) if part)
            if "/" in word:
                self.words.add(_TAG.sub("", word))
        self.cves.update(found.upper() for found in _CVE.findall(text))

    def add_passage(self, passage: Passage) -> None:
        """Allow what a passage says, and links to its sources."""
        self.add_words(
            f"{passage.title} {' '.join(passage.heading)} {passage.text} {passage.document}"
        )
        self.numbers.update(_NUMBER.findall(f"{passage.title} {passage.text}"))
        self.controls.update(passage.controls)
        self.add_sources(passage.sources)

    def add_guide(self, guide: Guide) -> None:
        """Allow what a guide says, and links to its sources."""
        self.add_words(f"{guide.title} {guide.body} {guide.id}")
        self.numbers.update(_NUMBER.findall(f"{guide.title} {guide.body}"))
        self.add_sources(guide.sources)

    def add_sources(self, sources: Iterable[str]) -> None:
        """Allow links to the hosts of these URLs."""
        for source in sources:
            host = urlsplit(source).hostname
            if host:
                self.hosts.add(host)

    def add_said(self, text: str) -> None:
        """Note what the person wrote, or a log or an event says."""
        for match in _TOKEN.finditer(text.lower()):
            word = match[0].rstrip(".:/-")
            self.asked.add(word)
            self.asked.update(part for part in re.split(r"[/:@.]", word) if part)

    def knows(self, value: str) -> bool:
        """Tell whether a whole value is a known name, number, kind or word, or the person's own."""
        word = value.lower()
        if not word or word in self.names or word in self.words or word in self.asked:
            return True
        return word in self.controls or word in known_controls() or word in catalogue_words()

    def take_facts(self, facts: Mapping[str, object]) -> None:
        """Allow what an earlier turn of this thread found."""
        for key, target in (
            ("names", self.names),
            ("controls", self.controls),
            ("cves", self.cves),
        ):
            values = facts.get(key)
            if isinstance(values, list):
                target.update(str(value) for value in values[:MAX_FACTS])


@cache
def known_controls() -> frozenset[str]:
    """Every control id and section of every shipped benchmark."""
    ids: set[str] = set()
    for benchmark in catalogue.benchmark_names():
        for control in catalogue.controls(benchmark):
            ids |= {control.id, control.section, control.id.split(".")[0]}
    return frozenset(ids)


@cache
def known_versions() -> frozenset[str]:
    """Versions in the names of the shipped benchmarks: `1.12` of `cis-1.12`."""
    found = (re.search(r"\d+(?:\.\d+)+", name) for name in catalogue.benchmark_names())
    return frozenset(match[0] for match in found if match)


@cache
def catalogue_words() -> frozenset[str]:
    """Words of the catalogue and the kinds: settings, values, check ids; never names of objects."""
    words = Allowed()
    for benchmark in catalogue.benchmark_names():
        words.add_words(benchmark)
        for item in catalogue.controls(benchmark):
            words.add_words(
                f"{item.id} {item.title} {item.setting} {item.expected} {item.layer} "
                f"{item.evidence_source} {' '.join(item.checks)} {' '.join(item.aliases)}"
            )
    for kind in KINDS.values():
        words.words |= {kind.kind.lower(), kind.plural, kind.group_version.lower(), kind.group}
    return frozenset(words.words)


@cache
def catalogue_hosts() -> frozenset[str]:
    """Hosts of the sources that the catalogue cites."""
    hosts = Allowed()
    for benchmark in catalogue.benchmark_names():
        for item in catalogue.controls(benchmark):
            hosts.add_sources(item.sources)
    return frozenset(hosts.hosts)


def _plural(kind: str) -> str:
    return KINDS[kind].plural if kind in KINDS else kind.lower() + "s"


def _finding(allowed: Allowed, finding: Finding) -> None:
    allowed.add_ref(finding.ref)
    allowed.names.add(finding.container.lower())
    allowed.controls.update(finding.controls)
    allowed.add_words(f"{finding.check} {finding.reason}")
    for item in finding.evidence:
        allowed.add_words(f"{item.path} {item.value}")
        if item.ref:
            allowed.add_ref(item.ref)


def _control(allowed: Allowed, control: Control) -> None:
    allowed.controls.add(control.id)
    allowed.add_sources(control.sources)


def _settings(allowed: Allowed, settings: Iterable[Setting]) -> None:
    for item in settings:
        allowed.add_words(f"{item.name} {item.value}")
        allowed.names.add(item.container.lower())


def _clusters(allowed: Allowed, data: Clusters) -> None:
    for row in data.rows:
        allowed.names |= {row.name.lower(), *(name.lower() for name in row.namespaces)}


def _namespaces(allowed: Allowed, data: Namespaces) -> None:
    allowed.names |= {data.cluster.lower(), *(row.name.lower() for row in data.rows)}
    allowed.words.update(row.enforce.lower() for row in data.rows)


def _workloads(allowed: Allowed, data: Workloads) -> None:
    allowed.names |= {data.cluster.lower(), *(name.lower() for name in data.known_namespaces)}
    for row in (*data.rows, *data.parts):
        allowed.add_ref(row.ref)
        allowed.names.add(row.service_account.lower())
        for image in row.images:
            allowed.names |= {image.container.lower(), image.image.lower()}
            allowed.add_words(image.image)


def _object(allowed: Allowed, data: ObjectRead) -> None:
    allowed.add_ref(data.ref)
    allowed.names.update(name.lower() for name in data.names)
    allowed.add_words(" ".join(data.names))
    _settings(allowed, data.settings)


def _scanned(allowed: Allowed, data: Scanned) -> None:
    allowed.names |= {data.scan.cluster.lower(), data.scan.id.lower()}
    allowed.names.update(name.lower() for name in data.scan.namespaces)
    allowed.names.update(name.lower() for name, _ in data.tally.by_namespace)
    for finding in data.rows[:MAX_FINDINGS]:
        _finding(allowed, finding)
    for control in data.controls:
        _control(allowed, control)


def _explained(allowed: Allowed, data: Explained) -> None:
    allowed.add_ref(data.ref)
    for finding in data.verdicts:
        _finding(allowed, finding)
    for control in data.focus:
        _control(allowed, control)
    _settings(allowed, data.settings)


def _control_read(allowed: Allowed, data: ControlRead) -> None:
    _control(allowed, data.control)
    if data.guide:
        allowed.add_guide(data.guide)


def _found(allowed: Allowed, data: Found) -> None:
    if data.page:
        allowed.add_guide(data.page)
    for passage in data.passages:
        allowed.add_passage(passage)
    for control in data.controls:
        _control(allowed, control)


def _events(allowed: Allowed, data: EventList) -> None:
    allowed.names |= {data.cluster.lower(), data.namespace.lower()}
    for row in data.rows:
        allowed.names |= {row.object.lower(), row.object.rpartition("/")[2].lower()}
        allowed.add_said(f"{row.reason} {row.message}")


def _log(allowed: Allowed, data: LogText) -> None:
    allowed.names |= {data.cluster, data.namespace}
    if data.pod:
        allowed.names |= {data.pod, data.container, f"{data.namespace}/{data.pod}"}
    allowed.add_said(data.text)


def _access(allowed: Allowed, data: Access) -> None:
    for row in data.rows:
        _given(allowed, row, row.holders)
    _texts(allowed, data.unread)
    resource, slash, part = data.resource.partition("/")
    for verb in data.verb.split(", "):
        if verb in VERBS:
            allowed.add_words(verb)
    if resource in catalogue_words() and (not slash or part in SUBRESOURCES):
        allowed.add_words(data.resource)


def _rights(allowed: Allowed, data: Rights) -> None:
    """Allow what was found; of the subject asked for its own name only where something was."""
    for row in data.rows:
        _given(allowed, row, (row.by,))
    _texts(allowed, data.unread)
    if data.rows or data.unread:
        _texts(allowed, (data.subject, *data.groups))


def _given(allowed: Allowed, row: AccessRow | RightsRow, holders: Iterable[str]) -> None:
    allowed.add_ref(row.ref)
    if row.binding:
        allowed.add_ref(row.binding)
    _texts(allowed, (*holders, *row.rules))


def _texts(allowed: Allowed, texts: Iterable[str]) -> None:
    for text in texts:
        allowed.add_words(text)
        allowed.names.update(text.lower().replace("(", " ").replace(")", " ").split())


def _planned(allowed: Allowed, data: Planned) -> None:
    """Allow what a plan says: our sentences, and the names of what it touches."""
    plan = data.plan
    allowed.add_ref(data.ref)
    said = (
        data.title,
        *plan.risk.reasons,
        *plan.disruption.facts,
        plan.undo,
        plan.handover,
        *plan.notes,
        *data.left,
        *changed_fields(plan.operations),
    )
    for text in said:
        allowed.add_words(text)
    for operation in plan.operations:
        target = operation.target
        allowed.names |= {target.name.lower(), f"{target.kind}/{target.name}".lower()}
    if isinstance(data.action, DeployApp):
        allowed.names |= {data.action.image, *data.action.image.split("@")}


def _not_planned(allowed: Allowed, data: NotPlanned) -> None:
    """Allow what a refusal says."""
    if data.refusal.reason is not Reason.MISSING:
        allowed.add_ref(data.ref)
    for text in (data.title, data.refusal.public, data.refusal.hint):
        allowed.add_words(text)


def _proposals(allowed: Allowed, data: Proposals) -> None:
    """Allow what code says of changes; why one was rejected is words of people and allows nothing."""
    for row in data.rows:
        allowed.add_ref(row.ref)
        allowed.names |= {row.id, *map(str.lower, _people(row))}
        allowed.add_words(f"{row.title} {row.status} {' '.join(_people(row))}")


def _people(row: ProposalRow) -> tuple[str, ...]:
    return (row.requester, *row.approved, *row.rejected, *row.approvers)


_TAKERS: Mapping[type, Callable[[Allowed, Any], None]] = {
    Clusters: _clusters,
    Namespaces: _namespaces,
    Workloads: _workloads,
    ObjectRead: _object,
    Scanned: _scanned,
    Explained: _explained,
    ControlRead: _control_read,
    Found: _found,
    EventList: _events,
    LogText: _log,
    Access: _access,
    Rights: _rights,
    Planned: _planned,
    NotPlanned: _not_planned,
    Proposals: _proposals,
}


def _take(allowed: Allowed, data: Data) -> None:
    _TAKERS[type(data)](allowed, data)
