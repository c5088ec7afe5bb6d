"""No text from outside calls anybody or leads anywhere that is not allowed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.inert import JOINER, allowed, inert
from bot.slack.mrkdwn import pieces
from bot.slack.render import said

HOSTS = frozenset({"kubernetes.io"})
CONTROL = re.compile(r"<[@!#]|<[^<>|]*\|[^<>]*>|<[a-z]+:", re.IGNORECASE)
URL = re.compile(r"https?:[/\\]{2}[^\s]*", re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> <!here> <!everyone> <!subteam^S123|ops> <@U123> <#C1|general> @here @channel",
        "&lt;!channel&gt; &#60;!here> &#x3c;@U1>",
        "[click](https://evil.example/steal?x=1)",
        "![image](https://evil.example/p.png)",
        "<https://evil.example|kubernetes.io>",
        "[a]: https://evil.example\n[a][a]",
        "https://kubernetes.io@evil.example/ https://kubernetes.io.evil.example",
        "https://KUBERNETES.io:443/x https://kubernetes.io\\@evil.example",
        "HTTPS://EVIL.EXAMPLE http://kubernetes.io/plain",
        "[x](//evil.example) [y](javascript:alert(1)) [z](mailto:a@evil.example)",
        "www.evil.example and slack://open and https://ｋubernetes.io/ https://kubernetes.iо/",
        "[[nested](https://evil.example)](https://kubernetes.io/a)",
        "`<!channel>` ```\n<!channel> https://evil.example\n```",
    ],
)
def test_mentions_and_foreign_links_are_inert_in_both_dialects(text):
    for shown in (inert(text, HOSTS), said(text, HOSTS).text):
        assert re.search(r"<[@!#]", shown) is None
        assert re.search(r"@(here|channel|everyone)\b", shown) is None
        assert re.search(r"https?://(?:[^\s/]*[@.])?evil\.example", shown, re.IGNORECASE) is None
        for url in URL.findall(shown):
            assert re.match(r"https://kubernetes\.io[/>|)\s]|https://kubernetes\.io$", url), url
        assert "](//" not in shown
        assert "](javascript" not in shown
        assert "![" not in shown


def test_allowed_links_stay_links():
    text = "See [the guide](https://kubernetes.io/docs/a?b=c) and https://kubernetes.io/x."

    assert inert(text, HOSTS) == text
    assert said(text, HOSTS).text == (
        "See <https://kubernetes.io/docs/a?b=c|the guide> and <https://kubernetes.io/x>."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://kubernetes.io/a",
        "https://kubernetes.io:8443/a",
        "https://x@kubernetes.io/a",
        "https://kubernetes.io.evil.example/",
        "https://KUBERNETES.IO/",
        "https://[::1",
        "//kubernetes.io/a",
        "",
    ],
)
def test_only_the_exact_host_over_https_is_allowed(url):
    assert not allowed(url, HOSTS)


def test_foreign_addresses_stay_readable():
    assert inert("see http://evil.example/a", HOSTS) == "see hxxp://evil[.]example/a"


def test_image_references_and_runtimes_are_left_alone():
    text = "image registry.evil.io/app@sha256:abc runs as containerd://8f3 on unix:///run/c.sock"

    assert inert(text, HOSTS) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/etc/\u202egnp.\u202c", r"/etc/\u202egnp.\u202c"),
        ("pay\u200bload", r"pay\u200bload"),
        ("a\u200eb\u2066c\u00add", r"a\u200eb\u2066c\u00add"),
        ("web\U000e0041\U000e007f", r"web\U000e0041\U000e007f"),
        ("web\ufe0f\U000e0101", r"web\ufe0f\U000e0101"),
        ("a\u200db", r"a\u200db"),
        ("nginx\u2060", r"nginx\u2060"),
        ("\x1b[2J", r"\u001b[2J"),
        ("\u3164\u2028\ufeff", r"\u3164\u2028\ufeff"),
        ("@\u200beveryone", r"@\u200beveryone"),
    ],
)
def test_signs_that_nobody_sees_are_shown_as_escapes(text, shown):
    assert inert(text, HOSTS) == shown
    assert inert(shown, HOSTS) == shown


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d💻 deploys, ❤\ufe0f\u200d🔥 and 👍🏽",
        "1\ufe0f\u20e3 first ✔\ufe0f",
        "می\u200cخواهم",
        "क्\u200dष",
        "tabs\tand\nlines",
    ],
)
def test_emoji_and_scripts_that_need_joiners_stay_readable(text):
    assert inert(text, HOSTS) == text


DIRTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *"<>!@#&|[]()`*_~\\/:.\n ",
                "https://",
                "http://",
                "evil.example",
                "kubernetes.io",
                "<!channel>",
                "](",
                "```",
                "@here",
                "&lt;",
                JOINER,
                "www.",
                "![",
                "\x00",
                "\x000\x00",
                *"\u200d\ufe0f\u200c\u202e😀ي",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=40,
).map("".join)


@given(DIRTY)
def test_no_combination_makes_a_live_mention_or_foreign_link(text):
    markdown = inert(text, HOSTS)
    older = said(text, HOSTS).text

    assert re.search(r"<[@!#]", markdown) is None
    assert inert(markdown, HOSTS) == markdown
    for control in re.findall(r"<([^>]*)>", older):
        assert control.startswith("https://kubernetes.io"), older
    for url in URL.findall(markdown):
        assert re.match(r"https://kubernetes\.io(?![\w.@:\\-])", url), markdown


def test_markdown_becomes_mrkdwn():
    text = (
        "# Title\n**bold** and *italic* `a*b` ~~no~~\n- one\n* two\n| a | b |\n|---|---|\n| 1 | 2 |"
    )

    shown, cut = pieces(text, 3_000)

    assert not cut
    assert shown == [
        "*Title*\n*bold* and _italic_ `a*b` ~no~\n• one\n• two\n"
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```"
    ]
