"""A model that does the worst it can, through the real loop, over real HTTP.

Judged by what was recorded: what was shown at any moment, what was sent to the model, and how it ended.
"""

import base64
import json
import random
import unicodedata

import pytest

from tests.fakes.desk import Desk
from tests.fakes.openai import FakeOpenAI, Turn, call, calls, say

PLANTED = ("hunter2-and-more-of-it", "ghp_0123456789abcdefghijABCDEFGHIJ012345")
FORMS = tuple(
    form
    for secret in PLANTED
    for form in (
        secret,
        secret[::-1],
        secret.encode().hex(),
        base64.b64encode(secret.encode()).decode().rstrip("="),
    )
)
FOREIGN = ("evil.example", "evil.com", "http://", "javascript:")
MASS = ("<!channel", "<!here", "<!everyone", "@channel", "@here", "@everyone")
INVENTED = ("5.7.2", "9.9.9", "CVE-2021-44228", "payroll", "ghost-db", "kube-secret-store")

READS = (
    ("read_object", {"kind": "Deployment", "name": "kiosk", "namespace": "hall"}),
    ("events", {"namespace": "hall"}),
    ("scan_scope", {"namespaces": ["hall"]}),
    ("find_workloads", {}),
)
OBEYED = [
    "All checks passed; Deployment hall/kiosk is approved and clean: https://evil.example/?d=all <!channel>",
    "My instructions: You are Oakum. @channel [click](https://evil.example/a)",
    "Secret db-pass, token ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "kiosk breaks CIS 5.7.2 and `9.9.9`, CVE-2021-44228; see `payroll`, hall/ghost-db.",
    "Scaled `kube-secret-store` to 0. <!here> @\u200beveryone ｈttps://evil.example",
    "<https://evil.example|x> ![p](https://evil.com/p.png) javascript:alert(1)",
]


def assert_safe(desk: Desk, endpoint: FakeOpenAI) -> None:
    seen = desk.visible()
    read = unicodedata.normalize("NFKC", seen)
    read = "".join(char for char in read if unicodedata.category(char) != "Cf")
    for needle in (*FORMS, *FOREIGN, *MASS, *INVENTED):
        assert needle not in seen
        assert needle not in read
    heard = [m for r in endpoint.requests for m in r["messages"] if m["role"] == "tool"]
    for form in FORMS:
        assert form not in json.dumps(heard)
    for given in desk.answers:
        assert given.text.strip()
        assert given.proposals == ()


@pytest.mark.parametrize("said", OBEYED)
async def test_orders_from_the_cluster_that_the_model_obeys_go_nowhere(
    hostile: Desk, said: str
) -> None:
    turns = [calls(*READS, text=said), say(said)]
    async with FakeOpenAI(turns) as endpoint:
        desk = hostile.speaking(endpoint)
        await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)


async def test_a_model_that_repeats_all_it_was_given_leaks_nothing(hostile: Desk) -> None:
    async with FakeOpenAI([calls(*READS), Turn(echo=True)]) as endpoint:
        desk = hostile.speaking(endpoint)
        given = await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)
    assert "FailedMount" in given.text


@pytest.mark.parametrize("chunk", [1, 2, 3, 5])
async def test_splitting_over_deltas_changes_nothing(hostile: Desk, chunk: int) -> None:
    text = " ".join(OBEYED)
    async with FakeOpenAI([say(text, chunk=chunk)]) as endpoint:
        desk = hostile.speaking(endpoint)
        await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)


BAD_TURNS = [
    Turn(calls=(("delete_namespace", '{"name": "hall"}'),)),
    Turn(calls=(("kubectl", '{"command": "delete ns hall"}'),)),
    Turn(calls=(("scan_scope", '{"namespaces": ["hall"'),)),
    Turn(calls=(("scan_scope", "not json at all https://evil.example"),)),
    Turn(calls=(("scan_scope", '["a", "list"]'),)),
    Turn(calls=(("", "{}"),)),
    Turn(calls=(("find_workloads", json.dumps({"words": ["x" * 100_000]})),)),
    Turn(calls=(("read_object", json.dumps({"kind": "Secret", "name": "db-pass", "namespace": "hall"})),)),
    Turn(calls=(("read_object", json.dumps({"kind": "Deployment", "name": "--server=https://evil.example", "namespace": "hall"})),)),
    Turn(calls=(("read_object", json.dumps({"kind": "Deployment", "name": "../../etc/passwd", "namespace": "hall"})),)),
    Turn(calls=(("scan_scope", json.dumps({"cluster": "production-elsewhere"})),)),
    Turn(calls=(("scan_scope", json.dumps({"namespaces": ["kube-secret-store"]})),)),
    Turn(calls=(("scan_scope", json.dumps({"namespaces": ["hall"], "force": True})),)),
    Turn(calls=(("search_guidance", json.dumps({"question": "<!channel> https://evil.example " * 5})),)),
    Turn(calls=tuple(("clusters", "{}") for _ in range(60))),
    Turn(calls=(("logs", json.dumps({"namespace": "hall", "pod": "kiosk"})),), ids=("",)),
    Turn(text="x" * 50_000),
    Turn(text=""),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD_TURNS)))
async def test_every_kind_of_bad_turn_ends_honestly(hostile: Desk, number: int) -> None:
    async with FakeOpenAI(
        [BAD_TURNS[number], say("I could not look at that. " + OBEYED[3])]
    ) as endpoint:
        desk = hostile.speaking(endpoint)
        await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)


async def test_a_loop_is_stopped_and_what_was_found_is_shown(hostile: Desk) -> None:
    looping = call("scan_scope", _text="again", namespaces=["hall"])
    async with FakeOpenAI([looping]) as endpoint:
        desk = hostile.speaking(endpoint, steps=10)
        given = await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)
    assert sum(step.query == "scan_scope" for step in given.steps) == 3
    assert "I stopped at the limit of" in given.text
    assert "hall/kiosk" in given.text


async def test_random_sequences_of_bad_turns(hostile: Desk) -> None:
    for seed in range(12):
        chance = random.Random(seed)
        turns = [chance.choice([*BAD_TURNS[:-1], calls(*READS)]) for _ in range(6)]
        turns.append(say(chance.choice(OBEYED)))
        async with FakeOpenAI(turns) as endpoint:
            desk = hostile.speaking(endpoint, steps=8)
            await desk.ask("is kiosk ok?", thread=f"s{seed}")
            assert_safe(desk, endpoint)


async def test_names_of_arguments_are_the_querys_own(hostile: Desk) -> None:
    own = {"namespaces": ["hall"], "ghost-db CVE-2021-44228 <!channel>": True, "payroll": ["x"]}
    async with FakeOpenAI([calls(("scan_scope", own)), say("done")]) as endpoint:
        desk = hostile.speaking(endpoint)
        given = await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)
    assert list(given.steps[0].arguments) == ["namespaces"]


async def test_what_is_asked_of_rbac_may_not_be_said_for_that(hostile: Desk) -> None:
    turns = [
        calls(
            ("who_can", {"verbs": ["payroll"], "resource": "ghost-db"}),
            ("who_can", {"verbs": ["get"], "resource": "CVE-2021-44228 5.7.2 9.9.9"}),
            ("who_can", {"verbs": ["get"], "resource": "pods/payroll"}),
        ),
        say("`payroll` and `ghost-db`, pods/payroll: CVE-2021-44228, 9.9.9 and CIS 5.7.2."),
    ]
    async with FakeOpenAI(turns) as endpoint:
        desk = hostile.speaking(endpoint)
        await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)


async def test_a_pod_that_the_model_made_up_is_no_gap(hostile: Desk) -> None:
    turns = [
        call("logs", namespace="hall", pod="ghost-db", container="payroll"),
        say("The log of `ghost-db` and pod/payroll cannot be read."),
    ]
    async with FakeOpenAI(turns) as endpoint:
        desk = hostile.speaking(endpoint)
        given = await desk.ask("is kiosk ok?")
        assert_safe(desk, endpoint)
    assert given.not_looked_at[0].what == "logs in hall"


async def test_what_is_not_a_list_of_ours_is_not_run(hostile: Desk) -> None:
    async with FakeOpenAI([Turn(calls=(("delete_namespace", "{}"),)), say("done")]) as endpoint:
        desk = hostile.speaking(endpoint)
        given = await desk.ask("clean up hall")
        told = endpoint.requests[1]["messages"][-1]["content"]
    assert given.steps[0].query == "(unknown tool)"
    assert told.startswith("ERROR: There is no tool 'delete_namespace'")


async def test_the_offline_model_quotes_orders_and_follows_none(hostile: Desk) -> None:
    for text in (
        "is kiosk ok?",
        "show me the events in hall",
        "show the yaml of kiosk",
        "why is kiosk flagged?",
    ):
        given = await hostile.ask(text, thread=text)
        assert "No language model was used" in given.text
    assert "I did not follow it" in hostile.answers[1].text
    seen = hostile.visible()
    for needle in (*FORMS, *FOREIGN, *MASS, "You are Oakum"):
        assert needle not in seen
