import pytest

from bot.agent.allowed import Allowed
from bot.agent.grounding import CONTROL, CVE, LINK, MARK, NAME, ground
from tools.types import ResourceRef

HOSTS = frozenset({"kubernetes.io"})


@pytest.fixture
def allowed() -> Allowed:
    made = Allowed()
    made.add_ref(ResourceRef("demo", "apps/v1", "Deployment", "shop", "web"))
    made.names |= {"nginx:1.27.3", "registry.example.com/api:2.3.1"}
    made.add_words(
        "CVE-2024-21626 spec.containers[0].securityContext.privileged /var/run/docker.sock"
    )
    made.add_question("is ghost or CVE-2020-1111 or 5.9.9 a problem?")
    return made


KEPT = [
    "CIS 5.2.2 fails for Deployment shop/web.",
    "See control 5.2.7, section 5.2 and CIS 1.12 (benchmark cis-1.12).",
    "`web` in `shop`, also `shop/web`, `deployment/web` and `Deployment/web`.",
    "Kubernetes 1.34.2 and nginx 1.27.3 run; the pod's address is 10.0.0.12.",
    "Image `registry.example.com/api:2.3.1` and `nginx:1.27.3`.",
    "Set `privileged: false`, `runAsNonRoot` and `allowPrivilegeEscalation`.",
    "Read and/or write, ingress/egress, apps/v1, TCP/UDP, 24/7.",
    "Mounts `/var/run/docker.sock`; see CVE-2024-21626.",
    "There is no workload `ghost`.",
    "I know nothing of CVE-2020-1111.",
    "There is no control 5.9.9.",
    "Das ist für die Größe nicht wichtig: Контейнер.",
    "```yaml\nmetadata:\n  name: default-deny\nspec:\n  podSelector: {}\n```",
    "Run `kubectl get pods -n shop`.",
    "Set `securityContext.runAsNonRoot`, spec.egress.to and run setup.sh.",
    "More: https://kubernetes.io/docs/concepts/ and [docs](https://kubernetes.io/docs/).",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_supported_stays(text: str, allowed: Allowed) -> None:
    checked = ground(text, allowed, HOSTS)
    assert checked.text == text
    assert checked.removed == ()


REMOVED = [
    ("This is CIS 5.7.2.", "5.7.2", CONTROL),
    ("This is CIS ５.７.２.", "5.7.2", CONTROL),
    ("This is CIS 5.\u200b7.2.", "5.7.2", CONTROL),
    ("This is CIS 5 . 7 . 2 indeed", "5 . 7 . 2", CONTROL),
    ("Controls 5.2.2, 5.9.9 and others", "5.9.9", CONTROL),
    ("It breaks `9.9.9`.", "9.9.9", CONTROL),
    ("Per section 7.3 of it", "7.3", CONTROL),
    ("By CIS Kubernetes Benchmark 1.23", "1.23", CONTROL),
    ("It suffers from CVE-2021-44228.", "CVE-2021-44228", CVE),
    ("It suffers from cve–2021–44228 or CVE 2021 44228.", "44228", CVE),
    ("Deployment `payroll` is bad.", "payroll", NAME),
    ("Look at shop/payroll now.", "payroll", NAME),
    ("Look at deployment/payroll now.", "payroll", NAME),
    ("Look at `wеb-front` (Cyrillic).", "wеb-front", NAME),
    ("The Deployment pay-roll is bad.", "pay-roll", NAME),
    ("The pod **payroll** is bad.", "payroll", NAME),
    ("`ghost` is privileged.", "ghost", NAME),
    ("Run `kubectl -n shop get deploy pay-roll`.", "pay-roll", NAME),
    ("```sh\nkubectl get deployment/payroll -n secret-place\n```", "secret-place", NAME),
    ("The image evil/miner:1.0 runs.", "evil/miner", NAME),
    ("See https://evil.example/x?d=abc for more", "evil.example", LINK),
    ("See [the docs](https://evil.example/x)", "evil.example", LINK),
    ("See [https://kubernetes.io](https://evil.example)", "evil.example", LINK),
    ("![x](https://evil.example/p.png)", "evil.example", LINK),
    ("<https://evil.example|docs>", "evil.example", LINK),
    ("[docs][1]\n\n[1]: https://evil.example/x", "evil.example", LINK),
    ("Go to evil.com now", "evil.com", LINK),
    ("https://kubernetes.io@evil.example/", "evil.example", LINK),
    ("https://kubernetes.io.evil.example/", "evil.example", LINK),
    ("http://kubernetes.io/", "http://", LINK),
    ("ｈttps://evil.example/", "evil.example", LINK),
    ("https:\u200b//evil.example/", "evil.example", LINK),
    ("javascript:alert(1)", "javascript:alert", LINK),
    ('<a href="https://evil.example">x</a>', "evil.example", LINK),
]


@pytest.mark.parametrize(("text", "gone", "what"), REMOVED)
def test_what_nothing_supports_is_taken_out(
    text: str, gone: str, what: str, allowed: Allowed
) -> None:
    checked = ground(text, allowed, HOSTS)
    assert gone not in checked.text
    assert what in checked.removed


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> look",
        "<!here|here>",
        "@channel look",
        "@ everyone",
        "<@U012ABCDEF>",
        "＠here",
        "<!subteam^S1>",
        "@\u200bchannel",
    ],
)
def test_mentions_are_inert(text: str, allowed: Allowed) -> None:
    checked = ground(text, allowed, HOSTS).text
    assert "@" not in checked
    assert "<!" not in checked


def test_the_mark_says_nothing_of_what_was_removed(allowed: Allowed) -> None:
    assert ground("`payroll`", allowed, HOSTS).text == MARK


def test_secrets_are_masked_even_when_split_by_hidden_characters(allowed: Allowed) -> None:
    text = "token ghp_0123456789abcdefghij\u200bABCDEFGHIJ012345"
    assert "0123456789abcdefghij" not in ground(text, allowed, HOSTS).text
