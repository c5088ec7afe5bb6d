"""Guidance files: Markdown with front matter, read into Guides and cut into Passages by heading.

Reads files, searches nothing. Used by `search`. Text from a folder that is not ours goes through the
`clean` function of the caller (redaction) before anything else sees it.
"""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import yaml

from knowledge.errors import BadDocument
from knowledge.types import Guide, Passage

FOLDER = Path(__file__).parent / "guidance"
MAX_BYTES = 200_000
"""A larger guidance file is refused."""
MAX_FILES = 2_000
"""Files of one library folder that are read; more is an error, never a silent cut."""

Clean = Callable[[str], str]

_FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_HEADING = re.compile(r"^(#{1,3}) +(.+?)\s*$")


class _Front(msgspec.Struct, forbid_unknown_fields=True):
    """The front matter of a guide; `topic` only where there is no control."""

    title: str
    sources: tuple[str, ...]
    questions: tuple[str, ...]
    controls: tuple[str, ...] = ()
    topic: str = ""


# As in `catalogue`: worked out before any thread meets it.
msgspec.json.Decoder(_Front)


def read_folder(folder: Path, clean: Clean = str) -> tuple[tuple[Guide, ...], tuple[str, ...]]:
    """Read every `*.md` below a folder: the guides, and one sentence for each file that is not one."""
    paths = sorted(path for path in folder.rglob("*.md") if path.is_file())
    if len(paths) > MAX_FILES:
        raise BadDocument(f"The library holds {len(paths)} files; at most {MAX_FILES} are read.")
    guides: list[Guide] = []
    problems: list[str] = []
    for path in paths:
        try:
            guides.append(read_guide(path, clean))
        except BadDocument as error:
            problems.append(error.public)
    return tuple(guides), tuple(problems)


def read_guide(path: Path, clean: Clean = str) -> Guide:
    """Read one guide. Raises BadDocument with the file's name and what is wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadDocument(f"{path.name} is larger than {MAX_BYTES} bytes.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDocument(f"{path.name} cannot be read as UTF-8 text.") from error
    return parse_guide(clean(text), path.stem)


def parse_guide(text: str, stem: str) -> Guide:
    """Read a guide's text. Raises BadDocument."""
    split = _FRONT.match(text)
    if split is None:
        raise BadDocument(f"{stem}.md does not begin with front matter between two lines of ---.")
    try:
        front = msgspec.convert(yaml.load(split[1], yaml.CSafeLoader), _Front)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise BadDocument(f"{stem}.md: its front matter is not YAML (line {line}).") from error
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadDocument(f"{stem}.md: its front matter does not fit: {error}.") from error
    return Guide(
        id=stem,
        title=front.title,
        controls=front.controls,
        sources=front.sources,
        questions=front.questions,
        body=split[2].strip(),
        topic=front.topic,
    )


def passages(guide: Guide) -> tuple[Passage, ...]:
    """Cut a guide at its headings; text before the first one is a passage under the guide's title."""
    plain = tuple(dict.fromkeys(each.rpartition("/")[2] for each in guide.controls))
    found: list[Passage] = []
    seen: set[str] = set()
    for heading, text in _sections(guide.body):
        if not text:
            continue
        slug = _unique(slugify(heading[-1] if heading else "overview"), seen)
        found.append(
            Passage(
                id=f"{guide.id}#{slug}",
                document=guide.id,
                title=guide.title,
                heading=heading,
                text=text,
                controls=plain,
                sources=guide.sources,
            )
        )
    return tuple(found)


def slugify(heading: str) -> str:
    """Turn a heading into the last part of a passage id."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "section"


def _unique(slug: str, seen: set[str]) -> str:
    """Tell a slug that stands twice in one document apart by a number."""
    name, count = slug, 1
    while name in seen:
        count += 1
        name = f"{slug}-{count}"
    seen.add(name)
    return name


def _sections(body: str) -> list[tuple[tuple[str, ...], str]]:
    """Split Markdown into (heading path, text); headings inside code fences are text."""
    found: list[tuple[tuple[str, ...], str]] = []
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fenced = False
    for line in body.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        found.append((tuple(name for _, name in path), "\n".join(lines).strip()))
        level = len(match[1])
        path = [(depth, name) for depth, name in path if depth < level] + [(level, match[2])]
        lines = []
    found.append((tuple(name for _, name in path), "\n".join(lines).strip()))
    return found
