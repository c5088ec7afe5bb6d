"""Whatever an answer holds, its message is within Slack's limits and loses nothing."""

import csv
import io
import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.config import Profile
from bot.slack.findings import evidence_text
from bot.slack.render import bare, more_findings, partial, render, said
from bot.types import Answer, Citation, Table
from tests.fakes.slack.limits import check_message
from tools.types import Evidence, Finding, Gap, ResourceRef, Severity, Verdict

HOSTS = frozenset({"kubernetes.io"})


def finding(
    name: str, check: str = "privileged_container", reason: str = "it may", **ref: str
) -> Finding:
    return Finding(
        check=check,
        controls=("5.2.2",),
        severity=Severity.HIGH,
        verdict=Verdict.FAIL,
        ref=ResourceRef("prod", "apps/v1", "Deployment", ref.get("namespace", "shop"), name),
        container="app",
        reason=reason,
        evidence=(Evidence("spec.containers[0].securityContext.privileged", "true"),),
        fingerprint=f"{check}/{name}",
    )


WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<!channel>",
            "& < > &amp;",
            "```",
            "|",
            "https://evil.example/x",
            "*_~`",
            "\n\n",
            "\t",
            "x" * 700,
            "🔥" * 200,
            "\ud800",
            "\x00\x1b[31m",
            "a\u202eb",
            "# h",
            "- - -",
            "&" * 600,
        ]
    ),
)
TEXTS = st.lists(WORDS, max_size=30).map("\n".join)
SHORT = st.lists(WORDS, max_size=2).map("".join)
REFS = st.builds(ResourceRef, SHORT, SHORT, SHORT, SHORT, SHORT)
EVIDENCE = st.lists(st.builds(Evidence, SHORT, SHORT), max_size=4).map(tuple)
FINDINGS = st.lists(
    st.builds(
        Finding,
        SHORT,
        st.lists(SHORT, max_size=3).map(tuple),
        st.sampled_from(Severity),
        st.sampled_from(Verdict),
        REFS,
        SHORT,
        SHORT,
        EVIDENCE,
        SHORT,
    ),
    max_size=8,
).map(tuple)
ROWS = st.lists(st.lists(SHORT, max_size=25).map(tuple), max_size=8).map(tuple)
TABLES = st.lists(
    st.builds(Table, SHORT, st.lists(SHORT, max_size=25).map(tuple), ROWS), max_size=3
).map(tuple)
CITATIONS = st.lists(
    st.builds(
        Citation,
        SHORT,
        SHORT,
        st.none(),
        st.sampled_from(["", "https://kubernetes.io/a|b>", "http://evil.example"]) | SHORT,
    ),
    max_size=7,
).map(tuple)
GAPS = st.lists(st.builds(Gap, SHORT, SHORT), max_size=5).map(tuple)
ANSWERS = st.builds(
    Answer,
    text=TEXTS,
    citations=CITATIONS,
    tables=TABLES,
    findings=FINDINGS,
    not_looked_at=GAPS,
    incident=SHORT,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANSWERS, st.sampled_from(Profile))
def test_no_answer_breaks_a_limit(answer, profile):
    rendered = render(answer, profile, HOSTS, "oakum-1")

    check_message(rendered.text, list(rendered.blocks), modern=profile is Profile.MODERN)
    for one in rendered.files:
        assert one.content.encode("utf-8")
        assert len(one.name) < 100
    older = bare(rendered, answer, HOSTS)
    check_message(older.text, [])
    going_on = partial(answer.text, answer.text[:300], profile, HOSTS)
    check_message(going_on.text, list(going_on.blocks), modern=profile is Profile.MODERN)
    check_message(said(answer.text, HOSTS).text, [])
    for one in answer.findings:
        section = {"type": "section", "text": {"type": "mrkdwn", "text": evidence_text(one)}}
        check_message("x", [section])


@pytest.mark.parametrize("profile", Profile)
def test_ten_thousand_findings_are_paged_and_whole_in_a_file(profile):
    answer = Answer(text="Many.", findings=tuple(finding(f"web-{n}") for n in range(10_000)))

    rendered = render(answer, profile, HOSTS, "oakum-1")

    check_message(rendered.text, list(rendered.blocks))
    rows = _rows(next(one.content for one in rendered.files if "findings" in one.name))
    assert [row[7] for row in rows[1:]] == [f"web-{n}" for n in range(10_000)]
    assert "9995 more" in str(rendered.blocks)
    page = more_findings(answer, 5)
    check_message(page.text, list(page.blocks))
    assert "`Deployment/web-5`" in str(page.blocks)


@pytest.mark.parametrize("profile", Profile)
def test_a_table_that_fits_is_drawn_and_makes_no_file(profile):
    table = Table("By namespace", ("namespace", "failing"), (("shop", "3"), ("staging", "1")))

    rendered = render(Answer(text="See.", tables=(table,)), profile, HOSTS, "oakum-1")

    assert rendered.files == ()
    assert "staging" in str(rendered.blocks)


@pytest.mark.parametrize("profile", Profile)
def test_a_table_that_does_not_fit_is_whole_in_a_file(profile):
    rows = tuple((f"web-{n}", "x" * 30) for n in range(400))
    table = Table("Workloads", ("name", "why"), rows)

    rendered = render(Answer(text="See.", tables=(table,)), profile, HOSTS, "oakum-1")

    assert _rows(rendered.files[0].content) == [["name", "why"], *map(list, rows)]
    assert "web-0" in str(rendered.blocks)
    assert rendered.files[0].name in str(rendered.blocks)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(("skip", "total"), [(0, 0), (24, 88), (0, 300)])
def test_a_title_numbers_the_rows_that_are_drawn_and_the_file_holds_all(profile, skip, total):
    rows = tuple((f"web-{n}", "x" * 30) for n in range(1, 89))
    table = Table("Findings in prod", ("name", "why"), rows, skip=skip, total=total)

    rendered = render(Answer(text="See.", tables=(table,)), profile, HOSTS, "oakum-1")

    shown = re.findall(r"web-(\d+)", json.dumps(rendered.blocks))
    first, last, of = re.search(r"(\d+) to (\d+) of (\d+)", str(rendered.blocks)).groups()
    assert (int(first), int(last)) == (int(shown[0]), int(shown[-1]))
    assert (int(first), int(of)) == (skip + 1, total or 88)
    assert len(_rows(rendered.files[0].content)) == 1 + 88
    assert ("In full" in str(rendered.blocks)) == (total <= 88)


def test_findings_past_what_an_answer_keeps_are_counted():
    kept = tuple(finding(f"web-{n}") for n in range(20))
    answer = Answer(text="Many.", findings=kept, findings_total=3_000)

    rendered = render(answer, Profile.MODERN, HOSTS, "oakum-1")

    assert "2995 more" in str(rendered.blocks)
    assert rendered.files[0].title == "Findings 1 to 20 of 3000"
    assert "In full" not in str(rendered.blocks)
    assert more_findings(answer, 5).text == "Findings 6 to 10 of 3000"


@pytest.mark.parametrize("sign", ["x", "&", "<", "🔥", "`", "*", "\n", "# "])
@pytest.mark.parametrize("profile", Profile)
def test_an_answer_that_fills_every_room_fits(profile, sign):
    long = (sign * 50 + " ") * 400
    rows = tuple((f"{n}", long[:200]) for n in range(90))
    answer = Answer(
        text=long,
        findings=tuple(finding(long[:200], reason=long) for _ in range(40)),
        tables=(Table(long[:300], ("a", "b"), rows),) * 3,
        citations=(Citation("p", long, None, "https://kubernetes.io/" + "a" * 120),) * 9,
        not_looked_at=(Gap(long, long),) * 9,
        incident=long,
    )

    rendered = render(answer, profile, HOSTS, "oakum-1")

    check_message(rendered.text, list(rendered.blocks), modern=profile is Profile.MODERN)


def test_cells_that_a_spreadsheet_would_run_are_quoted():
    cells = ("=1+1", "+1", "-1", "@x", "\tx", "=\rx", "fine")
    table = Table("T", tuple("abcdefg"), (cells,) * 300)

    rendered = render(Answer(text="See.", tables=(table,)), Profile.MODERN, HOSTS, "oakum-1")

    assert _rows(rendered.files[0].content)[1] == [
        *(f"'{cell}" for cell in cells[:5]),
        "'=\\u000dx",
        "fine",
    ]


def test_names_from_a_cluster_style_nothing():
    text = str(
        render(Answer(text="x", findings=(finding("a*b_c`d<!here>"),)), Profile.CLASSIC, HOSTS, "p")
    )

    assert "<!here>" not in text
    assert "`Deployment/a*b_c'd&lt;" in text


def test_sources_link_only_to_allowed_hosts():
    citations = (
        Citation("p1", "Pod security", "5.2.2", "https://kubernetes.io/docs"),
        Citation("p2", "Elsewhere", None, "https://evil.example"),
    )

    text = str(render(Answer(text="x", citations=citations), Profile.MODERN, HOSTS, "p").blocks)

    assert "Sources: <https://kubernetes.io/docs|Pod security>, Elsewhere" in text
    assert "evil.example" not in text


def test_what_was_not_looked_at_is_named_and_the_rest_is_in_a_file():
    gaps = tuple(Gap(f"kind {n}", "403") for n in range(9))

    rendered = render(Answer(text="x", not_looked_at=gaps), Profile.MODERN, HOSTS, "p")

    assert "Not looked at: kind 0 (403); kind 1 (403); kind 2 (403), and 6 more" in str(
        rendered.blocks
    )
    assert "kind 8" in rendered.files[0].content


def _rows(content: str) -> Sequence[Sequence[str]]:
    return list(csv.reader(io.StringIO(content)))
