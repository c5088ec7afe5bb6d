"""The one reading of image references: registry, repository, tag and digest, by the grammar of runtimes.

Source: https://pkg.go.dev/github.com/distribution/reference, `ParseNormalizedNamed`, by which the kubelet
and containerd decide what they pull. Pure. Used by whatever says where an image comes from or whether it
is pinned.
"""

import re
from enum import StrEnum

from msgspec import Struct

HUB = "docker.io"
"""The registry of a reference that names none."""

_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_PART}(?:\.{_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REST = re.compile(
    rf"(?P<path>{_PATH}(?:/{_PATH})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?"
)
_ID = re.compile(r"[a-f0-9]{64}")
_MAX_PATH = 255
_HUBS = (HUB, "index.docker.io")


class ImageRef(Struct, frozen=True, gc=False):
    """One valid reference."""

    name: str
    """As written, without tag and digest: `nginx`, `quay.io/team/web`."""
    registry: str
    """Host, and port if written; docker.io where none is named."""
    repository: str
    """In full, below the registry: `library/nginx`, `team/web`."""
    tag: str
    """Empty where none is written: then `latest` is meant, unless there is a digest."""
    digest: str
    """`sha256:` and 64 lower-case digits (or sha384, sha512); empty where none is written."""

    @property
    def pinned(self) -> bool:
        """Whether it names one image for ever: by digest."""
        return bool(self.digest)


class Pin(StrEnum):
    """What a reference says of the version it wants, as rows show it."""

    DIGEST = "digest"
    TAG = "tag"
    LATEST = "latest"
    NO_TAG = "no tag"
    INVALID = "not a valid image reference"


def parse(text: str) -> ImageRef | None:
    """Take a reference apart; None for text that no runtime would pull.

    So `nginx@latest`, a digest of the wrong length, upper case in a repository, a scheme, credentials
    before `@` and white space give None, and None is never pinned.
    """
    first, slash, rest = text.partition("/")
    registry = HUB
    if slash and (first == "localhost" or re.search(r"[.:]|[A-Z]", first)):
        registry = HUB if first in _HUBS else first
        if not _REGISTRY.fullmatch(first):
            return None
    else:
        rest = text
    match = _REST.fullmatch(rest)
    if not match or _ID.fullmatch(text):
        return None
    path, tag, digest = match["path"], match["tag"] or "", match["digest"] or ""
    repository = path if registry != HUB or "/" in path else f"library/{path}"
    if len(repository) > _MAX_PATH:
        return None
    name = text[: len(text) - len(rest) + len(path)]
    return ImageRef(name, registry, repository, tag, digest)


def pin_of(text: str) -> Pin:
    """Say how a reference names its version; INVALID for text that is no reference."""
    ref = parse(text)
    if ref is None:
        return Pin.INVALID
    if ref.pinned:
        return Pin.DIGEST
    if ref.tag == "latest":
        return Pin.LATEST
    return Pin.TAG if ref.tag else Pin.NO_TAG
