import pytest

from bot.agent.offline.question.reading import Wish, read

CASES = [
    ("is anything in shop privileged?", Wish.SCAN, ("5.2.2",), ("shop",)),
    ("anything priviledged in shop", Wish.SCAN, ("5.2.2",), ("shop",)),
    ("welche Pods laufen als root in shop?", Wish.SCAN, ("5.2.7",), ("shop",)),
    ("which namespaces lack network policies?", Wish.SCAN, ("5.3.2",), ()),
    ("is web allowed to escalate?", Wish.SCAN, ("5.2.6",), ("web",)),
    ("can roles escalate verbs on rolebindings", Wish.SCAN, ("5.1.8",), ()),
    ("which control is about seccomp in pods?", Wish.GUIDANCE, ("5.6.2",), ()),
    ("can web see other processes on the machine?", Wish.SCAN, ("5.2.3",), ("web",)),
    ("why is hostPath dangerous?", Wish.GUIDANCE, ("5.2.11",), ()),
    ("what does the benchmark say about anonymous access to the kubelet?", Wish.GUIDANCE, (), ()),
    ("should the api server log audit events?", Wish.GUIDANCE, (), ()),
    ("why is web flagged and api not?", Wish.EXPLAIN, (), ("web", "api")),
    ("compare vault-cache and ledger", Wish.EXPLAIN, (), ("vault-cache", "ledger")),
    ("how do I fix it?", Wish.FIX, (), ()),
    ("fix web", Wish.CHANGE, (), ("web",)),
    ("give mailer in shop a memory limit of 128Mi", Wish.CHANGE, (), ("mailer", "shop")),
    ("scale api to 2", Wish.CHANGE, (), ("api",)),
    ("look at the log of web", Wish.LOGS, (), ("web",)),
    ("are the images in shop pinned by digest?", Wish.IMAGES, (), ("shop",)),
    ("is our api image FIPS validated?", Wish.SUPPLY, (), ("api",)),
    ("how many pods fail a check in shop", Wish.COUNT, (), ("shop",)),
    ("what can you do", Wish.HELP, (), ()),
    ("who can delete pods", Wish.RIGHTS, (), ()),
    ("who can create pods", Wish.SCAN, ("5.1.4",), ()),
    ("can we drop capabilities", Wish.GUIDANCE, ("5.2.9",), ("drop",)),
    ("what is the worst problem right now", Wish.SCAN, (), ()),
    ("is data ok?", Wish.SCAN, (), ("data",)),
    ("is data encrypted at rest in etcd?", Wish.GUIDANCE, (), ()),
    ("images from docker hub", Wish.IMAGES, (), ()),
    ("show me the yaml", Wish.SETTINGS, (), ()),
]


@pytest.mark.parametrize(("text", "wish", "about", "words"), CASES)
def test_questions_are_read(text: str, wish: Wish, about: tuple, words: tuple) -> None:
    ask = read(text)
    assert (ask.wish, ask.about, ask.words) == (wish, about, words)


def test_a_name_that_holds_a_topic_word_is_a_name() -> None:
    assert read("what about vault-cache?").about == ()
    assert read("is host-network-demo ok?").words == ("host-network-demo",)


def test_leaning_on_the_thread_is_noticed() -> None:
    assert read("and does it run as root?").follows
    assert read("what about api?").follows
    assert not read("which workloads in shop run as root?").follows
