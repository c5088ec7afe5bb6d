"""Tells strings made of chance from names, words, digests and ids: the loosest rule of `redact`.

Measured on names and prose about Kubernetes: three quarters of their neighbouring letters are among
the 110 pairs below; of a random string of letters and digits about one in eight. Pure.
"""

import re

_PAIRS = (
    "reeseroninatsttetiedioenntcecodeeclelisemetaoralngicoupoolitisurrosiriraetctlaarvepe"
    "trcansndelprtossdianodearssoneacasusfihetschlonarcaievgeemmaviluepadllclimulunumpart"
    "apncscexiethspmpplmiomnoutefigtuidamgropdasuuphoilab"
)
_COMMON_PAIRS = frozenset(_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2))

_UUID = re.compile(
    r"(?i)^(?:.*[^0-9a-f])?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:[^0-9a-f].*)?$"
)
_HEX = re.compile(r"^(?:[0-9a-f]+|[0-9A-F]+)$")
_PART = re.compile(r"[0-9a-f]{32,}+(?![0-9A-Za-z])|[0-9A-F]{32,}+(?![0-9A-Za-z])|[A-Za-z0-9]{20,}+")
_NAMED_HASH = re.compile(
    r"(?i)(?:sha\d*|digest|checksum[\w./-]*|hash|revision|commit|rev|ref|tag|fingerprint|thumbprint|etag|uid|guid|uuid"
    r"|trace|span|id|containerd|docker|cri-o|podman|resourceversion|version|image|tree|blob|md5|build|mirror|container|sandbox|layer|overlayfs|md5sum|snapshot|job|pod|request|correlation)"
    r"[\"'\\]{0,4}(?:[ \t]{0,2}:[ \t]{0,2}W/|[ \t]{0,2}[:=@/-]+[ \t]{0,2}|[ \t]+)[\"'\\]{0,4}$"
)
_FINGERPRINT = re.compile(
    r"(?i)(?:sha\d+|md5):$|pub(?:lic)?[_-]?key[\"']?[ \t]?[:=][ \t]?[\"']?$|ssh-[a-z0-9-]+ $|ecdsa-[a-z0-9-]+ $"
)
_CREDENTIAL = re.compile(r"(?i)log ?in|token|secret|passw|api[ _-]?key|credential|authori|authenti")
"""Words beside 40 digits that make them a credential; else they are a commit."""
_NAME = re.compile(r"[a-z][a-z0-9]*-[a-z0-9-]*")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/-]*[a-z0-9](?::\d{2,5}/[a-z0-9._/-]+)?[:@]$")


def is_random(value: str, start: int, token: str) -> bool:
    """Tell whether a token is made of chance and not named as a digest, an id or an image's tag."""
    if _UUID.match(token):
        return False
    bare = token.rstrip("=")
    if len(bare) < 20 or _FINGERPRINT.search(value[max(0, start - 40) : start]):
        return False
    if any(c.isupper() for c in bare) and any(c.islower() for c in bare):
        return _unlike_words(bare, 20 if any(c.isdigit() for c in bare) else 28)
    for part in _PART.finditer(bare):
        run = part.group()
        if _HEX.match(run):
            digest = len(run) >= 32 and len(set(run)) > 6 and not run.isdigit()
            known = (
                len(run) == 40 and not _CREDENTIAL.search(value[max(0, start - 80) : start + 80])
            ) or _NAME.fullmatch(bare)
            if digest and not known and not _named_hash(value, start + part.start()):
                return True
        elif sum(c.isdigit() for c in run) >= 3 and _unlike_words(run, 20):
            return True
    return False


def is_chance(value: str) -> bool:
    """Tell whether a short value that a name points at, as `--key VALUE` does, is made of chance."""
    kinds = (str.isupper, str.islower, str.isdigit)
    if len(value) < 12 or not value.isascii():
        return False
    mixed = all(any(map(kind, value)) for kind in kinds) and value.isalnum()
    return mixed or is_random("", 0, value)


def _named_hash(value: str, start: int) -> bool:
    before = value[max(0, start - 80) : start]
    return bool(_NAMED_HASH.search(before) or _IMAGE.search(before))


def _unlike_words(token: str, least: int) -> bool:
    """Tell whether few of the neighbouring letters and digits are such as words have."""
    runs = re.findall(r"[A-Za-z0-9]+", token)
    if len(token) < least or max(map(len, runs), default=0) < 8 or len(runs) > 1 + len(token) // 10:
        return False
    pairs = [run[i : i + 2].lower() for run in runs for i in range(len(run) - 1)]
    telling = [pair for pair in pairs if not pair.isdigit()]
    common = sum(pair in _COMMON_PAIRS for pair in telling)
    return len(telling) >= 8 and common * 100 < len(telling) * 36
