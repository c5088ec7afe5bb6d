"""What this floor hands out: controls, guides, passages, search results, and its configuration.

Holds data only, no reading and no searching. Used by every other module of the floor and by the
floors above it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Assessment(StrEnum):
    """How the benchmark itself classes a control."""

    AUTOMATED = "automated"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Control:
    """One numbered requirement of one benchmark version. Titles are our own short topics."""

    benchmark: str
    """File stem of the benchmark, for example `cis-1.12`."""
    id: str
    """The number (`5.2.2`) or, for the Pod Security Standards, the control's slug."""
    title: str
    section: str
    level: int | None
    """Profile level 1 or 2; None where the benchmark gives none or its editions disagree."""
    assessment: Assessment
    layer: str
    evidence_source: str
    """Where the answer lies: `api`, `host-file`, `static-pod-args`, `kubelet-configz`, `manual`..."""
    setting: str
    expected: str
    sources: tuple[str, ...] = ()
    """URLs a person can open."""
    checks: tuple[str, ...] = ()
    """Ids of our checks that answer it; empty with a reason in `unchecked`."""
    unchecked: str = ""
    """Why no check answers it (needs a person, node files, ...); empty when `checks` is not."""
    aliases: tuple[str, ...] = ()
    """Numbers other tools give the same requirement (`C-0193`, `AVD-KSV-0017`)."""
    terms: tuple[str, ...] = ()
    """What people call the subject, in our own words; search reads them."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One guidance document in our own words."""

    id: str
    """File stem."""
    title: str
    controls: tuple[str, ...]
    """Control ids it explains, as `benchmark/id`, for example `cis-1.12/5.2.2`."""
    sources: tuple[str, ...]
    questions: tuple[str, ...]
    """Questions people ask, in their own words; each must find this guide."""
    body: str
    """Markdown."""
    topic: str = ""
    """A capital word for guides without a control (`FIPS`, `SIGNING`); empty otherwise."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a guide (or of a control's facts) that search returns and an answer may cite."""

    id: str
    """`guide-id#heading-slug`, or `control:cis-1.12/1.1.1` for the bare facts of a control."""
    document: str
    title: str
    heading: tuple[str, ...]
    text: str
    controls: tuple[str, ...] = ()
    """Plain control ids (`5.2.2`), the most specific first."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked row: the best passage of one control, or of a guide that has no control."""

    rank: int
    """From 1."""
    control: str | None
    passage: Passage
    score: float
    """Comparable within one result only; higher is better."""
    weak: bool = False
    """Far behind the best by its words and, where there are vectors, by its meaning: no answer."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Ranked hits, or an honest nothing with the reason."""

    hits: tuple[Hit, ...]
    embedding: str
    """What made the dense side: `none`, `local:<folder name>` or `endpoint:<model>`."""
    note: str = ""
    """One sentence: why there are no hits, or what degraded (index damaged, endpoint down)."""


class EmbeddingKind(StrEnum):
    """Where vectors come from. Nothing is ever downloaded."""

    NONE = "none"
    LOCAL = "local"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class EmbeddingConfig:
    """How text becomes vectors."""

    kind: EmbeddingKind = EmbeddingKind.NONE
    folder: Path | None = None
    """LOCAL: holds model.safetensors and tokenizer.json of all-MiniLM-L6-v2, checked by hash."""
    base_url: str = ""
    """ENDPOINT: an OpenAI-compatible service, with its `/v1`."""
    model: str = ""
    api_key: str = field(default="", repr=False)
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Where the index lies and what else goes into it."""

    folder: Path
    """Private to one user; rebuilt at will, nothing in it is a source of truth."""
    library: Path | None = None
    """A further folder of Markdown guides in the shipped form."""
    embedding: EmbeddingConfig = EmbeddingConfig()
