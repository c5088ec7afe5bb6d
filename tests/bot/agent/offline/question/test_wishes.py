from typing import Any

import pytest

from bot.agent.offline.question.reading import Wish, read
from bot.agent.offline.question.wishes import Sort, named, read_change

CASES: list[tuple[str, Sort, dict[str, Any]]] = [
    ("fix web", Sort.FIX, {}),
    ("harden web", Sort.FIX, {"everything": True}),
    ("run web as user 1000", Sort.FIX, {"run_as": [{"uid": 1000}], "settings": ["non-root"]}),
    ("scale web to 3", Sort.SCALE, {"replicas": 3}),
    ("skaliere web auf null", Sort.SCALE, {"replicas": 0}),
    ("reduce web to one replica", Sort.SCALE, {"replicas": 1}),
    ("scale web", Sort.SCALE, {}),
    ("restart web", Sort.RESTART, {}),
    ("pause web", Sort.PAUSE, {}),
    ("resume web", Sort.RESUME, {}),
    ("limit memory of web to 1Gi", Sort.RESOURCES, {"limit_memory_mib": 1024}),
    ("set cpu request of web to 2 cores", Sort.RESOURCES, {"request_cpu_millicores": 2000}),
    ("pin web to its digest", Sort.PIN, {}),
    ("label namespace shop restricted", Sort.LABELS, {"enforce": "restricted"}),
    ("label namespace shop warn and audit baseline", Sort.LABELS, {"audit": "baseline", "warn": "baseline"}),
    ("deny egress traffic in shop", Sort.DENY, {"egress": True}),
    ("give web its own service account called till", Sort.ACCOUNT, {"account": "till"}),
    ("delete deployment web", Sort.DELETE, {}),
    ("remove group devs from rolebinding team", Sort.SUBJECT, {"subject_kind": "Group", "subject": "devs"}),
    ("narrow role reader", Sort.NARROW, {}),
    ("default deny ingress in namespace shop", Sort.DENY, {}),
    ("lock down the shop namespace so that only its own pods can talk to it", Sort.DENY, {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sort", "facts"), CASES, ids=[case[0] for case in CASES])
def test_what_is_asked_for(text: str, sort: Sort, facts: dict[str, Any]) -> None:
    assert read(text).wish is Wish.CHANGE
    change = read_change(text)
    assert (change.sort, change.facts) == (sort, facts)


QUESTIONS = [
    "what is default deny?",
    "how do I fix web?",
    "how would I scale web?",
    "what happens if I delete web?",
    "should web be restarted?",
    "why was web restarted?",
    "who can delete deployments?",
    "is web scaled to 3?",
    "which pods should be hardened?",
    "can we drop capabilities?",
    "what does the benchmark say about deleting default service accounts?",
    "warum soll web gehärtet werden?",
    "tell me how to fix it",
    "show me the yaml to fix it",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_no_request(text: str) -> None:
    assert read(text).wish is not Wish.CHANGE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("deny traffic in the shop namespace so that nobody gets in", ("", "")),
        ("deny traffic in namespace `so`", ("Namespace", "so")),
        ("deny traffic in namespace shop", ("Namespace", "shop")),
    ],
)
def test_a_word_that_names_nothing_is_a_name_in_quotes_only(
    text: str, found: tuple[str, str]
) -> None:
    assert named(text, Sort.DENY) == found
