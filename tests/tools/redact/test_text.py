"""Text: what is planted is gone, what is harmless stays, and hostile text costs no more than other."""

import base64
import urllib.parse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.canaries import CANARIES, Canary
from tools import redact

HARMLESS = Path(__file__).with_name("harmless.txt").read_text(encoding="utf-8").splitlines()
ROOT = Path(__file__).parents[3]
PLACES = (
    "{}",
    "level=info msg={}",
    "failed to start: {} (retry in 5s)",
    "<{}>",
    "started\n  {}\nstopped",
    "`{}`",
)


def leaked(canary: Canary, text: str) -> list[str]:
    return [piece for piece in canary.secret if piece in text]


def test_there_are_enough_forms() -> None:
    assert len({canary.form for canary in CANARIES}) >= 80


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.form)
def test_a_planted_credential_is_gone_wherever_it_stands(canary: Canary) -> None:
    for place in PLACES:
        masked = redact.text(place.format(canary.text))
        assert leaked(canary, masked) == [], place
        assert not redact.contains_secret(masked)
        assert redact.contains_secret(place.format(canary.text))


@pytest.mark.parametrize("canary", [c for c in CANARIES if not c.only_random], ids=lambda c: c.form)
def test_a_credential_is_seen_through_an_encoding(canary: Canary) -> None:
    encoded = {
        "base64": base64.b64encode(canary.text.encode()).decode(),
        "percent": urllib.parse.quote(canary.text, safe=""),
    }
    for form, text in encoded.items():
        if text != canary.text:
            assert text not in redact.text(f"value {text}"), form


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_stays(line: str) -> None:
    assert redact.text(line) == line


def test_our_own_guidance_stays() -> None:
    lines = [
        line
        for folder in ("guidance", "benchmarks")
        for file in sorted((ROOT / "knowledge" / folder).glob("*.*"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    masked = [line for line in lines if redact.contains_secret(line)]
    assert len(masked) <= len(lines) / 1000, masked[:10]


@pytest.mark.parametrize(
    "text",
    [
        "[Note] A temporary password is generated for root@localhost: {}",
        "New password for user elastic: {}",
        "sudo -S <<< '{}' apt update",
        "kinit jo <<< {}",
        "pulumi config set --secret dbPassword {}",
        "The password: `{}` is too old",
    ],
)
def test_what_programs_and_people_say_of_a_password_is_masked(text: str) -> None:
    assert "q1W!e2R#t3Y" not in redact.text(text.format("q1W!e2R#t3Y"))


def test_what_stands_around_a_secret_stays() -> None:
    text = "kubectl create secret generic db -n shop --from-literal=password=swordfish && echo done"
    assert redact.text(text) == text.replace("swordfish", "[redacted]")
    url = "postgres://app:swordfish@db.shop.svc:5432/shop?sslmode=disable"
    assert redact.text(url) == url.replace("swordfish", "[redacted]")
    cut = 'level=error password="swordfish" user=root'
    assert redact.text(cut) == cut.replace("swordfish", "[redacted]")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DB_PASSWORD", True), ("password", True), ("apiKey", True), ("X-Api-Key", True),
        ("clientSecret", True), ("AUTH_TOKEN", True), ("aws_secret_access_key", True),
        ("connectionString", True), (".dockerconfigjson", False), ("Authorization", True),
        ("secretName", False), ("secretKeyRef", False), ("token-auth-file", False),
        ("tokenizer", False), ("author", False), ("passwordless", False), ("secretary", False),
        ("username", False), ("imagePullPolicy", False), ("key", False), ("TOKENIZER", False),
        ("monkey", False), ("passPhrase", True), ("db.pass", True), ("bypass", False),
    ],
)  # fmt: skip
def test_names_that_say_secret(name: str, expected: bool) -> None:
    assert redact.names_secret(name) is expected


@given(st.text(max_size=300))
def test_redaction_of_any_text_is_final(value: str) -> None:
    once = redact.text(value)
    assert redact.text(once) == once


_PIECES = st.sampled_from([canary.text for canary in CANARIES] + HARMLESS + list(" =:\"'\n{},-\\"))


@given(st.lists(_PIECES, max_size=8))
def test_redaction_of_mixtures_is_final_and_whole(pieces: list[str]) -> None:
    once = redact.text(" ".join(pieces))
    assert redact.text(once) == once


SIZE = 1_000_000
HOSTILE = {
    name: (unit * (SIZE // len(unit) + 1))[:SIZE]
    for name, unit in {
        "one token": "aB3", "hex": "0f3a", "jwt starts": "eyJa-", "key starts": "sk-",
        "pem starts": "-----BEGIN RSA PRIVATE KEY-----", "dashes": "-", "assignments": "password=",
        "open quotes": 'password="', "percents": "a%", "urls": "https://a:", "at signs": "b@",
        "databases": "postgres://a:", "names": "name:a,", "pairs": '"name":"a","value":',
        "flags": " --token", "commands": "curl ", "wrapped": "QUJD" * 16 + "\n",
        "wrapped and broken": "QUJD" * 16 + "\n!", "backslashes": "\\", "quotes": '"',
        "headers": "authorization: ", "blocks": "password: |\n  ", "logins": "login a password ",
        "elements": "<password>", "pairs turned": '"value":"a","name":', "calls": 'login("a","',
        "statements": "identified by ", "cells": "| password ", "items": "- --password\n",
        "flows": "passwords: [a", "references": "password=$A;", "kinds": "Secret a: ", "users": "-u a:",
        "addresses": "a:bcd@", "slashed": "a/bcdef1@", "sequences": "vault login ", "told": "password is ",
        "settings": "requirepass ", "images": "a/b:v1.0/", "phrases": "passphrase: a\n",
        "manifests": "kind: Secret\ndata:\n a: b\n", "braces": "{{ password", "below": "password:\n",
        "pgpass": "a:5432:b:c:", "adjacent": "password=''", "registries": "a:b@c", "shown": "token: <a b ",
        "createUser": "createUser a b ", "accounts": "login=a:", "block": "password: |\n  a",
        "invisible": "pass\u200b", "paths": "a/", "brackets": "[", "spaces": " ", "dots": "s.",
    }.items()
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_worked_through(value: str) -> None:
    """A rule that grows with the square of the text would take hours here."""
    masked = redact.text(value)
    assert len(masked) <= len(value) * 3


def test_base64_of_base64_of_base64_ends() -> None:
    value = "password=swordfish"
    for _ in range(12):
        value = base64.b64encode(value.encode()).decode()
    assert redact.contains_secret(value)
