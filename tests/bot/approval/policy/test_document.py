"""A policy file is taken as it is meant or refused with its line and key; nothing is guessed."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.accounts import Account
from bot.approval.policy import examples
from bot.approval.policy.file.document import parse
from bot.approval.policy.file.strict_yaml import MAX_BYTES
from bot.errors import BadPolicy
from tests.fakes.policies import TEXT

SHIPPED = Path(__file__).parents[4] / "deploy" / "policy.yaml"
LEADS = "    approve: [leads, developer]\n"


def edited(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


BROKEN = {
    # Known keys, each once, and none missing.
    ("policy: 1\n", "policy: 1\nkill_swich: true\n"): (2, "kill_swich", "Known: kill_switch"),
    ("    risks: [low]\n", ""): (28, "rules[1]", "lacks the key risks"),
    ("workspace: T0HOME\n", ""): (1, "the file", "lacks the key workspace"),
    ("kill_switch: false\n", "kill_switch: false\nkill_switch: true\n"): (
        4, "kill_switch", "stands here twice",
    ),
    ("  prod: {}\n", "  prod: {}\n  prod: {sandbox: true}\n"): (6, "clusters.prod", "twice"),
    ("lab: {sandbox: true}", "lab: {sand_box: true}"): (7, "clusters.lab.sand_box", "not a key"),
    ("    undo_minutes: 10", "    undo_minuts: 10"): (35, "rules[1].undo_minuts", "undo_minutes"),
    # Values have the type that is asked of them.
    ("kill_switch: false", "kill_switch: no"): (3, "kill_switch", "true or false"),
    ("kill_switch: false", "kill_switch: 'true'"): (3, "kill_switch", "true or false"),
    ("kill_switch: false", "kill_switch:"): (3, "kill_switch", "nothing"),
    ("policy: 1", "policy: 2"): (1, "policy", "from 1 to 1"),
    ("undo_minutes: 10", "undo_minutes: 61"): (35, "rules[1].undo_minutes", "from 0 to 60"),
    ("undo_minutes: 10", "undo_minutes: 1:30"): (35, "rules[1].undo_minutes", "whole number"),
    ("undo_minutes: 10", "undo_minutes: 010"): (35, "rules[1].undo_minutes", "whole number"),
    ("undo_minutes: 10", "expiry_minutes: 0"): (35, "rules[1].expiry_minutes", "1 to 1440"),
    ("undo_minutes: 10", "expiry_minutes: 1441"): (35, "rules[1].expiry_minutes", "1 to 1440"),
    ("undo_minutes: 10", "handover_hours: 169"): (35, "rules[1].handover_hours", "1 to 168"),
    ("approvals: 2", "approvals: 0"): (43, "rules[2].approvals", "from 1 to 10"),
    ("approvals: 2", "approvals: 2.0"): (43, "rules[2].approvals", "whole number"),
    ("risks: [low]\n", "risks: [lo]\n"): (32, "rules[1].risks[1]", "Known: low"),
    ("risks: [low]\n", "risks: all\n"): (32, "rules[1].risks", "Known: any"),
    ("risks: [low]\n", "risks: []\n"): (32, "rules[1].risks", "between 1 and"),
    ("risks: [low]\n", "risks: [low, low]\n"): (32, "rules[1].risks[2]", "twice"),
    ("workspace: T0HOME", "workspace: acme"): (2, "workspace", "workspace id"),
    # Names match exactly.
    ("namespaces: [shop]", "namespaces: [shop-*]"): (30, "rules[1].namespaces[1]", "no pattern"),
    ("namespaces: [shop]", "namespaces: ['*']"): (30, "rules[1].namespaces[1]", "no pattern"),
    ("namespaces: [shop]", "namespaces: [Shop]"): (30, "rules[1].namespaces[1]", "namespace"),
    ("namespaces: [shop]", "namespaces: [1]"): (30, "rules[1].namespaces[1]", "in quotes"),
    ("namespaces: [shop]", "namespaces: ['']"): (30, "rules[1].namespaces[1]", "visible text"),
    ("clusters: [prod, checked]", "clusters: any"): (29, "rules[1].clusters", "must be a list"),
    ("clusters: [prod, checked]", "clusters: [pro]"): (29, "rules[1].clusters[1]", "no cluster"),
    ("actions: [harden_workload]", "actions: [harden*]"): (31, "rules[1].actions[1]", "Known: harden_workload"),
    # People.
    ("slack_users: [U0LEAD2]", "slack_users: [lead2]"): (
        16, "people.lead-two.slack_users[1]", "Slack user id",
    ),
    ("slack_users: [U0LEAD2]", "slack_users: [U0LEAD1]"): (16, "people.lead-two", "lead-one's"),
    ("    slack_groups: [S0DUTY]\n", ""): (22, "people.duty", "needs slack_users"),
    ("{user: lead-two}", "{user: 'system:admin'}"): (
        17, "people.lead-two.kubernetes.user", "system's own",
    ),
    ("groups: [leads]", "groups: ['system:masters']"): (
        14, "people.lead-one.kubernetes.groups[1]", "system's own",
    ),
    ("{people: [lead-one,", "{people: [lead-four,"): (25, "teams.leads.people[1]", "no person"),
    ("  leads: {people", "  duty: {people"): (25, "teams.duty", "person's name too"),
    ("propose: [developer, leads, duty]", "propose: [developers]"): (
        33, "rules[1].propose[1]", "no person or team",
    ),
    # Rules that could never do what they seem to say.
    ("name: two", "name: one"): (36, "rules[2]", "is taken"),
    ("    clusters: [lab]\n    namespaces: any", "    clusters: [prod]\n    namespaces: [web]"): (
        44, "rules[3]", "never decides",
    ),
    (LEADS, "    approve: [lead-one]\n"): (36, "rules[2]", "at most 1 could"),
    ("    kubernetes: {user: duty}\n", ""): (27, "rules[1]", "duty has no Kubernetes user"),
    # Freezes.
    ("zone: Europe/Berlin", "zone: Europe/Berlim"): (53, "freezes[1].zone", "not known here"),
    ("zone: Europe/Berlin", "zone: ../../etc/passwd"): (53, "freezes[1].zone", "time zone"),
    ("zone: Europe/Berlin", "zone: Europe"): (53, "freezes[1].zone", "time zone"),
    ("from: fri 16:00", "from: friday 16:00"): (55, "freezes[1].from", "no time here"),
    ("from: fri 16:00", "from: fri 24:00"): (55, "freezes[1].from", "no time here"),
    ("from: fri 16:00", "from: mon 08:00"): (56, "freezes[1].until", "same time"),
    ("from: fri 16:00", "from: 2026-01-01 00:00"): (56, "freezes[1].until", "same form"),
    # YAML itself.
    ("people:\n", "people: [\n"): (10, "the file", "not valid YAML"),
    ("policy: 1", "policy: &a 1"): (1, "the file", "anchor"),
    ("policy: 1", "policy: !!int 1"): (1, "the file", "tag"),
    ("freezes:", "---\nfreezes:"): (51, "the file", "second document"),
    ("policy: 1", "policy: [[[[[[[[[[[[[1]]]]]]]]]]]]]"): (1, "the file", "nested deeper"),
    ("policy: 1", "policy: \x00"): (1, "the file", "character"),
    ("policy: 1", "policy: \ud800"): (1, "the file", "character"),
    ("policy: 1", "<<: {policy: 1}"): (1, "the file", "must be text"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "complaint"), BROKEN.items(), ids=lambda v: repr(v)[:60])
def test_what_is_wrong_is_named_by_line_and_key(
    edit: tuple[str, str], complaint: tuple[int, str, str]
) -> None:
    line, key, what = complaint
    with pytest.raises(BadPolicy) as caught:
        parse(edited(*edit))
    error = caught.value
    said = f"{error.public} {error.hint}"
    assert (key, what in said) == (error.key, True), said
    assert error.line == line, said
    assert error.public.startswith(f"Policy line {line}, {key}: ")


def test_defaults_are_the_careful_ones() -> None:
    policy = parse(TEXT)
    rule = policy.rules[2]
    assert rule.expiry == timedelta(minutes=30)
    assert rule.undo == timedelta(0)
    assert rule.handover == timedelta(hours=24)
    assert rule.execute is None
    assert policy.kill_switch is False
    assert policy.clusters["prod"].sandbox is False
    assert policy.clusters["prod"].access_check is False


def test_an_id_without_a_workspace_is_of_the_files_own() -> None:
    people = parse(TEXT).people
    assert people["lead-two"].accounts == {Account("T0HOME", "U0LEAD2")}
    assert people["developer"].accounts == {
        Account("T0HOME", "U0DEV"), Account("T0AWAY", "U0DEV"), Account("local", "dev"),
    }  # fmt: skip


def test_any_edit_even_of_a_comment_is_another_policy() -> None:
    versions = {parse(text).version for text in (TEXT, TEXT + "# note\n", TEXT + "\n", TEXT)}
    assert len(versions) == 3


def test_a_text_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadPolicy, match="longer than"):
        parse("#" * (MAX_BYTES + 1))


def acceptable(text: str) -> None:
    """A text is a policy, or is refused at a line that it has."""
    try:
        policy = parse(text)
    except BadPolicy as error:
        assert 1 <= error.line <= len(text.splitlines()) + 2
        assert error.key
        assert error.public.isprintable()
    else:
        for result in examples.run(policy):
            assert result.decision.reasons


@given(st.text(max_size=200))
@example("")
@example("\x85")
@example("? ? ? a")
@example("policy: 1\n\tworkspace")
@example("a: *b")
@example("!!python/object/apply:os.system [id]")
@settings(max_examples=300, deadline=None, database=None)
def test_any_text_is_refused_and_never_breaks_anything(text: str) -> None:
    acceptable(text)


LINES = SHIPPED.read_text(encoding="utf-8").splitlines()
TOKENS = [
    "", "{}", "[]", "null", "~", "true", "no", "0", "-1", "1e9", "any", "'*'", "[any]", "[[]]", "{a: b}",
    "2026-01-01", "2026-01-01 00:00", "2026-13-41 25:61", "fri 16:00", ".nan", "0x10", "1_0", "<<: {}",
    "? x", "|", "> folded", "&a", "*a", "!!set {}", "\u2028", "\u0000", "'\\e'", "U0SHOPDEV1", "(cluster)",
    "[shop-developer]", "9" * 30, "9999-12-31 23:59", "0001-01-01 00:00+14:00", "%", "@",
]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1),
            st.sampled_from(["drop", "twice", "value", "indent", "swap"]),
            st.sampled_from(TOKENS),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=None, database=None)
def test_a_policy_with_any_lines_spoilt_is_refused_or_still_one(
    edits: list[tuple[int, str, str]],
) -> None:
    lines = list(LINES)
    for index, kind, token in edits:
        line = lines[index]
        key, colon, _ = line.partition(":")
        lines[index] = {
            "drop": "",
            "twice": f"{line}\n{line}",
            "value": f"{key}{colon} {token}" if colon else token,
            "indent": f"  {line}",
            "swap": lines[-1 - index],
        }[kind]
    acceptable("\n".join(lines))
