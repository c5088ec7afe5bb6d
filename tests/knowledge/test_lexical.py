"""Words are found however people and manifests spell them."""

import pytest

from knowledge.lexical import LexicalIndex, tokens


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("allowPrivilegeEscalation", "privilege escalation"),
        ("hostPath", "hostpath"),
        ("hostPath", "host path"),
        ("NET_RAW", "net raw"),
        ("--anonymous-auth", "anonymous"),
        ("pod-security.kubernetes.io/enforce", "enforce"),
        ("privileged containers", "a privileged container"),
    ],
)
def test_both_spellings_share_a_word(written: str, asked: str) -> None:
    assert set(tokens(written)) & set(tokens(asked))


def test_grammar_is_no_word() -> None:
    assert tokens("how do I get this to be what it isn't?") == []


def test_a_question_of_unknown_words_scores_nothing() -> None:
    index = LexicalIndex(["hostPath volumes", "network policies"])
    assert index.scores("zorblax").tolist() == [0.0, 0.0]
    assert index.scores("host path").argmax() == 0
