"""The sets by which redaction is measured: what must not survive and what must stay as it is.

A set is a folder beside the tests of redaction: `planted.txt` holds a text a line and `planted.yaml` an
object a document, with made-up credentials in `‹›`; `kept.txt` holds harmless texts a line, `images.txt`
references of images. `⏎` stands for the end of a line. Credentials are made here, so that no scanner
takes the files for a leak.
"""

import random
import re
import string
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "tools" / "redact"
SETS = ("first", "second", "third")

_WORDS = {"w": "marlin7", "p": "sword" + "fish", "s": "Gr4n!te&9x"}
_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "h": "0123456789abcdef",
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
}
_MARK = re.compile("‹([^›]*)›")
_IN_SENTENCES = (
    "{}",
    "image: {}",
    'Back-off pulling image "{}"',
    "Container app of Deployment shop/web uses {}, which has no digest.",
    '{{"containers":[{{"name":"app","image":"{}"}}]}}',
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A text or an object, and what of it must be gone."""

    what: str
    value: Any
    secrets: tuple[str, ...]


def _made(mark: str, seed: str) -> str:
    if mark.startswith("="):
        return mark[1:]
    if mark in _WORDS:
        return _WORDS[mark]
    chance = random.Random(seed + mark)
    if mark == "u":
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return "".join(chance.choices(_ALPHABETS[mark[0]], k=int(mark[1:])))


def _filled(value: Any, secrets: list[str], seed: str) -> Any:
    """Put credentials where the marks stand, and note them."""
    if isinstance(value, dict):
        return {
            _filled(key, secrets, seed): _filled(each, secrets, seed) for key, each in value.items()
        }
    if isinstance(value, list):
        return [_filled(each, secrets, seed) for each in value]
    if not isinstance(value, str):
        return value

    def fill(found: re.Match[str]) -> str:
        secrets.append(_made(found[1], f"{seed}{len(secrets)}"))
        return secrets[-1]

    return _MARK.sub(fill, value.replace("⏎", "\n"))


def _planted(what: str, value: Any) -> Planted:
    secrets: list[str] = []
    filled = _filled(value, secrets, what)
    return Planted(what, filled, tuple(secrets))


def texts(name: str) -> list[Planted]:
    """Give the texts of a set."""
    return [_planted(line, line) for line in _lines(name, "planted.txt")]


def objects(name: str) -> list[Planted]:
    """Give the objects of a set."""
    source = (FOLDER / name / "planted.yaml").read_text(encoding="utf-8")
    return [_planted(str(each), each) for each in yaml.safe_load_all(source)]


def kept(name: str) -> list[str]:
    """Give the harmless texts of a set, its images alone and in sentences among them."""
    images = [line.format(ref) for ref in _lines(name, "images.txt") for line in _IN_SENTENCES]
    return [line.replace("⏎", "\n") for line in _lines(name, "kept.txt")] + images


def _lines(name: str, file: str) -> list[str]:
    return (FOLDER / name / file).read_text(encoding="utf-8").splitlines()
