"""Credentials in the forms in which they turn up, none of them real, to be planted in tests.

Each is put together from pieces, so that no scanner takes this file for a leak.
"""

import base64
import json
import random
import string
import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class Canary:
    """One planted credential."""

    form: str
    text: str
    """As it stands in a log line or a field."""
    secret: tuple[str, ...]
    """What must be gone afterwards; every piece of it."""
    only_random: bool = False
    """Known by nothing but its look, which names and images are allowed to have."""


def _made(alphabet: str, length: int, seed: str) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


_LOWER = string.ascii_lowercase + string.digits
_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + "234567"


def _known() -> list[Canary]:
    """Give tokens that their own prefix or form gives away."""
    forms = {
        "aws access key id": "AKIA" + _made(_UPPER, 16, "aws"),
        "aws session key id": "ASIA" + _made(_UPPER, 16, "asia"),
        "google api key": "AIza" + _made(_ALNUM, 35, "google"),
        "google oauth client": "GOCSPX-" + _made(_ALNUM, 28, "gocspx"),
        "google access token": "ya29." + _made(_ALNUM, 60, "ya29"),
        "azure client secret": _made(_ALNUM, 3, "az") + "8Q~" + _made(_ALNUM, 34, "az2"),
        "github classic": "ghp_" + _made(_ALNUM, 36, "ghp"),
        "github app": "ghs_" + _made(_ALNUM, 36, "ghs"),
        "github fine-grained": "github_pat_"
        + _made(_ALNUM, 22, "g1")
        + "_"
        + _made(_ALNUM, 59, "g2"),
        "gitlab": "glpat-" + _made(_ALNUM, 20, "gl"),
        "gitlab runner": "glrt-" + _made(_ALNUM, 20, "glrt"),
        "slack bot": "xox" + "b-123456789012-1234567890123-" + _made(_ALNUM, 24, "xoxb"),
        "slack user": "xox" + "p-1234567890-" + _made(_HEX, 32, "xoxp"),
        "slack app": "xapp" + "-1-A0123456789-1234567890123-" + _made(_HEX, 64, "xapp"),
        "npm": "npm_" + _made(_ALNUM, 36, "npm"),
        "pypi": "pypi-" + _made(_ALNUM, 60, "pypi"),
        "stripe": "sk_" + "live_" + _made(_ALNUM, 24, "stripe"),
        "stripe restricted": "rk_" + "test_" + _made(_ALNUM, 24, "stripe2"),
        "sendgrid": "SG." + _made(_ALNUM, 22, "sg1") + "." + _made(_ALNUM, 43, "sg2"),
        "twilio": "SK" + _made(_HEX, 32, "twilio"),
        "openai": "sk-proj-" + _made(_ALNUM, 48, "openai"),
        "anthropic": "sk-ant-api03-" + _made(_ALNUM, 60, "anthropic"),
        "hugging face": "hf_" + _made(string.ascii_letters, 34, "hf"),
        "digitalocean": "dop_v1_" + _made(_HEX, 64, "do"),
        "vault": "hvs." + _made(_ALNUM, 24, "vault"),
        "databricks": "dapi" + _made(_HEX, 32, "dapi"),
        "docker hub": "dckr_pat_" + _made(_ALNUM, 27, "dckr"),
        "telegram": "1234567890:AA" + _made(_ALNUM, 33, "telegram"),
        "grafana": "glsa_" + _made(_ALNUM, 32, "glsa") + "_" + _made(_HEX, 8, "glsa2"),
        "shopify": "shpat_" + _made(_HEX, 32, "shpat"),
        "age": "AGE-SECRET-KEY-1" + _made(_UPPER, 58, "age"),
        "kubeadm bootstrap": "abc123." + _made(_LOWER, 15, "kubeadm") + "7",
        "jwt": _jwt(),
    }
    return [
        Canary(form, token, (token.split(".")[-1] if form == "jwt" else token,))
        for form, token in forms.items()
    ]


def _jwt() -> str:
    def part(value: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head = part({"alg": "RS256", "kid": "k"})
    return f"{head}.{part({'sub': 'system:serviceaccount:shop:web'})}.{_made(_ALNUM, 86, 'jwt')}"


def _pem() -> list[Canary]:
    body = [_made(_ALNUM + "+/", 64, f"pem{row}") for row in range(4)] + ["Qx7z=="]
    lines = "\n".join(body)
    kind = "RSA PRIVATE" + " KEY"
    whole = f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"
    return [
        Canary("pem", whole, (*body,)),
        Canary("pem in one line", whole.replace("\n", "\\n"), (*body,)),
        Canary("pem cut off", whole[:200], (body[0],)),
        Canary("pem body alone", lines, (*body,), only_random=True),
        Canary("pem as json", json.dumps({"private_key": whole}), (*body,)),
        Canary("pem in base64", base64.b64encode(whole.encode()).decode(), (body[0],)),
    ]


_PASSWORD = "swordfish" + "9!Kq"
_PLAIN = "sword" + "fish"


def _named() -> list[Canary]:
    """Give credentials that only the name beside them gives away."""
    p, q = _PASSWORD, _PLAIN
    texts = {
        "equals": f"password={p}",
        "equals, a plain word": f"password={q}",
        "yaml": f"password: {q}",
        "yaml list": f"- db_password: '{p}'",
        "yaml block": f"password: |\n  {p}\n",
        "upper case": f"DB_PASSWORD={q}",
        "json": json.dumps({"user": "root", "password": p}),
        "json in json": json.dumps({"config": json.dumps({"apiKey": p})}),
        "json with a quote": json.dumps({"password": f'a"{p}'}),
        "spaces": f'secret_key = "{p} and more"',
        "camel case": f"clientSecret: {p}",
        "api key": f"X-Api-Key: {p}",
        "flag": f"--password {q}",
        "flag with equals": f"--admin-password={q}",
        "short flag of mysql": f"mysqldump -uroot -p{q} shop",
        "curl user": f"curl -u admin:{q} https://registry.example.com",
        "redis-cli": f"redis-cli -h cache -a {q} ping",
        "bearer": f"Authorization: Bearer {q}",
        "basic": "Authorization: Basic " + base64.b64encode(f"root:{p}".encode()).decode(),
        "basic alone": "sent basic " + base64.b64encode(f"root:{p}".encode()).decode(),
        "cookie": f"Cookie: session={p}",
        "url": f"https://deploy:{q}@git.example.com/shop.git",
        "url without user": f"redis://:{q}@cache:6379/0",
        "connection string": f"postgres://app:{p}/x@y@db:5432/shop?sslmode=disable",
        "jdbc": f"jdbc:postgresql://db/shop?user=app&password={q}",
        "ado": f"Server=db;Database=shop;User Id=app;Password={p};Encrypt=true",
        "azure storage": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey="
        + base64.b64encode(_made(_ALNUM, 64, "storage").encode()).decode(),
        "dsn": f"https://{_made(_HEX, 32, 'sentry')}:{p}@sentry.example.com/1",
        "helm set": f"helm upgrade shop --set db.password={q}",
        "literal": f"kubectl create secret generic db --from-literal=password={q}",
        "env in json": json.dumps([{"name": "DB", "value": p}]),
        "docker auth": json.dumps(
            {"auths": {"ghcr.io": {"auth": base64.b64encode(f"bot:{p}".encode()).decode()}}}
        ),
        "percent": urllib.parse.quote(f"password={p}", safe=""),
        "percent url": "next=" + urllib.parse.quote(f"postgres://a:{p}@db/x", safe=""),
        "base64": base64.b64encode(f"password={p}".encode()).decode(),
        "base64 twice": base64.b64encode(base64.b64encode(f"password={p}".encode())).decode(),
        "base64 url": base64.urlsafe_b64encode(f"postgres://a:{p}@db/x".encode()).decode(),
        "hex": f"password={p}".encode().hex(),
        "zero width": f"pass\u200bword={p}",
        "netrc": f"machine git.example.com login bot password {q}",
    }
    hidden = {
        "base64",
        "base64 twice",
        "base64 url",
        "hex",
        "percent",
        "percent url",
        "basic",
        "basic alone",
    }
    found: list[Canary] = []
    for form, text in texts.items():
        secret: tuple[str, ...] = (p if p in text else q,)
        if form in hidden or form in ("docker auth", "azure storage"):
            secret = (text.rpartition(" ")[2] if "basic" in form else text,)
        found.append(Canary(form, text, secret))
    return found


def _random() -> list[Canary]:
    texts = {
        "aws secret key": _made(_ALNUM + "+/", 40, "awssecret"),
        "base64 of 32 bytes": base64.b64encode(random.Random(7).randbytes(32)).decode(),
        "base64url of 32 bytes": base64.urlsafe_b64encode(random.Random(8).randbytes(32)).decode(),
        "hex of 32 bytes": _made(_HEX, 64, "hex64"),
        "hex of 16 bytes": _made(_HEX, 32, "hex32"),
        "letters and digits": _made(_ALNUM, 32, "alnum"),
        "lower case and digits": _made(_LOWER, 32, "lower"),
        "upper case and digits": _made(_UPPER, 32, "upper"),
        "helm release": base64.b64encode(random.Random(9).randbytes(400)).decode(),
    }
    return [Canary(form, text, (text,), only_random=True) for form, text in texts.items()]


CANARIES: tuple[Canary, ...] = (*_known(), *_pem(), *_named(), *_random())
