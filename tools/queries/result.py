"""What a query hands back: text for the model, typed data for code, and what could not be read.

The model sees `text` alone; tables, totals, findings and citations are rendered from `data`. Holds no
reading. Used by every query and by `bot.agent`.
"""

from dataclasses import dataclass
from datetime import datetime

from knowledge.types import Control, Guide, Passage
from tools.images import Pin, pin_of
from tools.plans import Plan, Refusal
from tools.queries.rights import Access, Rights
from tools.types import Action, Finding, Gap, ResourceRef, Scan, Verdict

MAX_TEXT = 8_000
"""Most characters of a result that a model is given."""
MAX_LINE = 300
"""Most characters of one value of the cluster inside a line."""


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster that the asker may see."""

    name: str
    source: str
    """`live` or `folder`."""
    namespaces: tuple[str, ...]
    """Those that the asker may see; empty: all of them."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters that the asker may see."""

    rows: tuple[ClusterRow, ...]


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """One namespace and what stands in it."""

    name: str
    workloads: int
    network_policies: int
    enforce: str
    """Value of the pod-security.kubernetes.io/enforce label, or empty."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of one cluster that the asker may see."""

    cluster: str
    rows: tuple[NamespaceRow, ...]


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image reference, by one container."""

    container: str
    image: str
    tag: str
    """Empty when none is written (`latest` is meant)."""
    digest: str
    """`sha256:...` when the reference is pinned by digest, else empty."""

    @property
    def pin(self) -> Pin:
        """How it names its version; INVALID for what no runtime would pull."""
        return pin_of(self.image)


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One workload as it is listed."""

    ref: ResourceRef
    pods: int
    """Pods seen; 0 of a folder of manifests, in which nothing runs."""
    service_account: str
    images: tuple[ImageRow, ...]


@dataclass(frozen=True, slots=True)
class Workloads:
    """Workloads that match, and what the words asked for were found to be."""

    cluster: str
    namespaces: tuple[str, ...]
    """Those looked at; empty: all of the cluster."""
    rows: tuple[WorkloadRow, ...]
    """At most 200, by namespace and name."""
    total: int
    counts: dict[str, int]
    """All that was looked at, by kind."""
    known_namespaces: tuple[str, ...]
    """Namespaces of the cluster that the asker may see, at most 500."""
    unmatched: tuple[str, ...] = ()
    """Words asked for that are no whole name and no image."""
    parts: tuple[WorkloadRow, ...] = ()
    """Those whose name or image holds such a word as a part; at most 200, not counted in `total`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One security setting of a workload, in effect or absent."""

    container: str
    """Empty for a setting of the pod."""
    name: str
    value: str
    """JSON text, or `(not set)`."""


@dataclass(frozen=True, slots=True)
class ObjectRead:
    """One object, trimmed and redacted."""

    ref: ResourceRef
    yaml: str
    settings: tuple[Setting, ...]
    names: tuple[str, ...]
    """What its fields name (objects, images, resources, verbs); nothing of its free text."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that an answer may give, made by code."""

    objects_failing: int
    """Distinct objects with at least one failing finding."""
    pods_failing: int
    """Pods of these objects on a live cluster; 0 of a folder of manifests, in which nothing runs."""
    by_namespace: tuple[tuple[str, int], ...]
    """Distinct failing objects per namespace, most first; cluster-scoped ones under an empty name."""
    by_control: tuple[tuple[str, str, int], ...]
    """Control, its title, failing findings; most severe and most frequent first."""
    by_severity: dict[str, int]
    """Failing findings."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan with the page of findings that was asked for."""

    scan: Scan
    source: str
    """Of its cluster: `live` or `folder`."""
    only: str
    """`pods`, `rbac`, `namespaces` or empty: the checks that count here."""
    controls: tuple[Control, ...]
    """Those asked for by number; empty: all of the benchmark."""
    rows: tuple[Finding, ...]
    """All failing and unknown findings that count here, failing first, by severity."""
    offset: int
    """How many of them stand before the page."""
    shown: int
    """How many the page holds: those that its text gives whole."""
    tally: Tally
    listed: bool = False
    """True for a page that was asked for as a list: shown as a table."""

    @property
    def page(self) -> tuple[Finding, ...]:
        """The findings of the page."""
        return self.rows[self.offset : self.offset + self.shown]

    @property
    def total(self) -> int:
        """How many findings there are on all pages."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Fix:
    """How one object would be fixed, worked out as a proposal is; nothing was asked for."""

    fragment: str
    """YAML of the fields to set (null takes one out) and of what is created; empty where there is none."""
    notes: tuple[str, ...]
    """What goes along, what stays open and what a person has to say, one sentence each."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything judged of one object, passes too."""

    ref: ResourceRef
    scan: Scan
    verdicts: tuple[Finding, ...]
    settings: tuple[Setting, ...]
    focus: tuple[Control, ...]
    """Controls asked for."""
    fix: Fix | None = None
    """Where it was asked for and the object is of a kind that is fixed."""


@dataclass(frozen=True, slots=True)
class ControlRead:
    """One control and our guidance on it."""

    control: Control
    guide: Guide | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the guidance holds on a question."""

    passages: tuple[Passage, ...]
    controls: tuple[Control, ...]
    """Those of the passages, best first."""
    note: str
    page: Guide | None = None
    """The guide of the best passage, given whole."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event; the message is text from the cluster and proves nothing."""

    last_seen: str
    type: str
    reason: str
    object: str
    count: str
    message: str


@dataclass(frozen=True, slots=True)
class EventList:
    """Recent events, newest first."""

    cluster: str
    namespace: str
    rows: tuple[EventRow, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class LogText:
    """The end of one container's log: text from the cluster that proves nothing."""

    cluster: str
    namespace: str
    pod: str
    container: str
    text: str
    lines: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that could be proposed, worked out on the object as it was read; nothing was sent."""

    ref: ResourceRef
    title: str
    """What it does, in words made by code: `scale Deployment shop/web to 2 replicas`."""
    action: Action
    """Inside the vocabulary, with the object's uid."""
    plan: Plan
    """Worked out on redacted objects, only to say what to expect; it is made again to rehearse it."""
    left: tuple[str, ...] = ()
    """What it leaves as it is, and what that needs; one sentence each."""


@dataclass(frozen=True, slots=True)
class NotPlanned:
    """Why a change is not proposed, and what can be done instead."""

    ref: ResourceRef
    title: str
    """What was wanted, as in Planned."""
    refusal: Refusal
    worked_out: Planned | None = None
    """What it would be, where it only cannot be asked for here."""


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One change that somebody asked for, as it is stored; every word was made by code."""

    id: str
    """The start of its id, which names it at a terminal."""
    ref: ResourceRef
    title: str
    """As in Planned."""
    state: str
    """`asked` while no executor has looked at it, else where the proposal stands."""
    open: bool
    """False once it has ended."""
    status: str
    """Where it stands, in words."""
    requester: str
    """Person of the policy."""
    mine: bool
    """True where the person asking now asked for it."""
    here: bool
    """True where it was asked for in this thread."""
    card: str
    """Where it is seen and decided on, in words: its card, or a command at a terminal."""
    approved: tuple[str, ...]
    """Persons of the policy."""
    rejected: tuple[str, ...]
    approvers: tuple[str, ...]
    """Whom the policy names as its approvers: persons, teams and groups."""
    asked_at: datetime
    changed_at: datetime
    until: datetime | None
    """Until when it can be approved and carried out; of a hand-over, until when Oakum looks."""
    why: str = ""
    """Why it cannot be done, was refused, rejected or withdrawn: partly words of people."""
    undoable: bool = False
    """True where its card offers to take it back."""


@dataclass(frozen=True, slots=True)
class WhichProposals:
    """Which changes are wanted; empty and False mean any."""

    standing: str = ""
    """`waiting` (to be tried out, or for approval), `open` or `ended`."""
    mine: bool = False
    here: bool = False
    """Only those asked for in this thread."""
    cluster: str = ""
    namespace: str = ""
    kind: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Changes that were asked for, the newest first."""

    which: WhichProposals
    rows: tuple[ProposalRow, ...]
    """At most 20."""
    total: int
    """As many as fit, among the newest 1,000."""


Data = (
    Clusters
    | Namespaces
    | Workloads
    | ObjectRead
    | Scanned
    | Explained
    | ControlRead
    | Found
    | EventList
    | LogText
    | Access
    | Rights
    | Planned
    | NotPlanned
    | Proposals
)
"""Every form that a result's data takes."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a query hands back."""

    text: str
    """For the model; at most MAX_TEXT characters, cluster text fenced as data."""
    data: Data
    gaps: tuple[Gap, ...] = ()
    """What could not be looked at."""


def failing(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Keep the failing findings."""
    return tuple(finding for finding in findings if finding.verdict is Verdict.FAIL)
