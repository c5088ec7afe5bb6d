"""Image references as runtimes read them; what no runtime would pull is no reference, and not pinned."""

import pytest

from tools.images import ImageRef, Pin, parse, pin_of

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", ("nginx", "docker.io", "library/nginx", "", "")),
        ("nginx:1.27", ("nginx", "docker.io", "library/nginx", "1.27", "")),
        ("team/web:v1", ("team/web", "docker.io", "team/web", "v1", "")),
        ("docker.io/nginx", ("docker.io/nginx", "docker.io", "library/nginx", "", "")),
        ("index.docker.io/a/b", ("index.docker.io/a/b", "docker.io", "a/b", "", "")),
        ("quay.io/a/b/c:1", ("quay.io/a/b/c", "quay.io", "a/b/c", "1", "")),
        ("localhost/a", ("localhost/a", "localhost", "a", "", "")),
        ("localhost:5000/a:x", ("localhost:5000/a", "localhost:5000", "a", "x", "")),
        ("[fe80::1]:5000/a/b:2", ("[fe80::1]:5000/a/b", "[fe80::1]:5000", "a/b", "2", "")),
        ("[2001:db8::1]/a", ("[2001:db8::1]/a", "[2001:db8::1]", "a", "", "")),
        ("10.0.0.1:80/a_b/c__d/e--f", ("10.0.0.1:80/a_b/c__d/e--f", "10.0.0.1:80", "a_b/c__d/e--f", "", "")),
        ("Registry/web", ("Registry/web", "Registry", "web", "", "")),
        (f"web@{DIGEST}", ("web", "docker.io", "library/web", "", DIGEST)),
        (f"r.example:5000/web:1.0-A_b@{DIGEST}", ("r.example:5000/web", "r.example:5000", "web", "1.0-A_b", DIGEST)),
        ("web@sha512:" + "a" * 128, ("web", "docker.io", "library/web", "", "sha512:" + "a" * 128)),
        ("web:5000", ("web", "docker.io", "library/web", "5000", "")),
    ],
)  # fmt: skip
def test_a_reference_is_taken_apart(text: str, expected: tuple[str, ...]) -> None:
    assert parse(text) == ImageRef(*expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " nginx",
        "nginx\n",
        "nginx ",
        "nginx@latest",
        "@sha256:abc",
        f"@{DIGEST}",
        "nginx@sha256:abc",
        f"nginx@{DIGEST.upper()}",
        f"nginx@{DIGEST[:7]}{DIGEST[7:].upper()}",
        f"nginx@{DIGEST}0",
        f"nginx@{DIGEST}@{DIGEST}",
        f"nginx@{DIGEST}:1",
        "nginx@md5:" + "a" * 32,
        f"user:pass@registry.example/web@{DIGEST}",
        "user:pass@registry.example/web:1",
        f"user@registry.example/web@{DIGEST}",
        "https://registry.example/web",
        f"docker://nginx@{DIGEST}",
        "Nginx",
        "team/Web",
        "quay.io/Team/web",
        "nginx:",
        "nginx:.1",
        "nginx:-1",
        "nginx:" + "a" * 129,
        "nginx:v1:v2",
        "a//b",
        "/a",
        "a/",
        "a/-b",
        "a/b___c",
        "a/b..c",
        "-r.example/a",
        "r.example:/a",
        "r.example:port/a",
        "[::1/a",
        "[fe80::1%eth0]/a",
        "$(IMAGE)",
        "${REGISTRY}/web:1",
        "{{ .Values.image }}",
        "<image>",
        "a" * 64,
        "a" * 256,
        "nginx:１",
        "ngïnx",
    ],
)
def test_what_no_runtime_would_pull_is_no_reference_and_not_pinned(text: str) -> None:
    assert parse(text) is None
    assert pin_of(text) is Pin.INVALID


def test_a_repository_of_255_characters_is_the_longest() -> None:
    assert parse("r.example/" + "a" * 255)
    assert not parse("r.example/" + "a" * 256)


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("web", "no tag"),
        ("r.example:5000/web", "no tag"),
        ("web:latest", "latest"),
        ("web:1", "tag"),
        ("web:latest-1", "tag"),
        (f"web:latest@{DIGEST}", "digest"),
        (f"web@{DIGEST}", "digest"),
    ],
)
def test_how_a_version_is_named(text: str, pin: str) -> None:
    assert pin_of(text) == pin
    ref = parse(text)
    assert ref and ref.pinned == (pin == "digest")


def test_reading_a_long_text_takes_no_more_than_its_length_deserves() -> None:
    for piece in ("a-", "a.", "a/", "a_", "[:", "A.", "a:"):
        assert parse(piece * 200_000 + "!") is None
