"""Orders read whole, and what is no order or more than one can account for."""

from typing import Any

import pytest

from bot.agent.offline.orders import kubectl
from bot.agent.offline.orders.facts import Unclear
from bot.agent.offline.orders.reading import Order, read
from bot.agent.offline.orders.tokens import linked
from tools.queries.result import ImageRow, WorkloadRow, Workloads
from tools.types import ResourceRef

NAMED = [
    ("Deployment", "shop", "web"),
    ("Deployment", "shop", "api"),
    ("Deployment", "lab", "web"),
    ("StatefulSet", "data", "vault"),
    ("CronJob", "lab", "nightly"),
]


def row(kind: str, namespace: str, name: str) -> WorkloadRow:
    ref = ResourceRef("c", "apps/v1", kind, namespace, name)
    return WorkloadRow(ref, 0, "", (ImageRow("main", "r/a:1", "1", ""),))


ROWS = tuple(row(*each) for each in NAMED)
FOUND = Workloads("c", (), ROWS, len(ROWS), {}, ("data", "lab", "shop"))


def orders(text: str) -> list[Order] | Unclear | None:
    said = kubectl.spoken(text)
    return said if isinstance(said, Unclear) else read(linked(said, FOUND, ["c"]), FOUND)


def short(order: Order) -> tuple[str, str, dict[str, Any]]:
    places = [f"{each.ref.namespace}/{each.ref.name}" for each in order.rows]
    places += ["/".join(filter(None, each)) for each in order.others]
    return order.change, " ".join(places), order.facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scale api to 3", [("scale", "shop/api", {"replicas": 3})]),
        ("hey, could you bring the api up to four replicas? thx", [("scale", "shop/api", {"replicas": 4})]),
        ("scale web in shop from 2 to 5 pls", [("scale", "shop/web", {"replicas": 5})]),
        ("shop/web -> 4 replicas", [("scale", "shop/web", {"replicas": 4})]),
        ("api must have 3 replcias", [("scale", "shop/api", {"replicas": 3})]),
        ("kubectl -n lab scale deploy/web --replicas=0", [("scale", "lab/web", {"replicas": 0})]),
        ("k rollout restart sts/vault -n data && k rollout pause deploy/api -n shop", [("restart", "data/vault", {}), ("pause", "shop/api", {})]),
        ("scale api to 3 and vault to 2", [("scale", "shop/api", {"replicas": 3}), ("scale", "data/vault", {"replicas": 2})]),
        ("restart api and vault", [("restart", "shop/api data/vault", {})]),
        ("vault hangs again, bounce it", [("restart", "data/vault", {})]),
        ("restart api, it's stuck", [("restart", "shop/api", {})]),
        ("pause the nightly cronjob", [("pause", "lab/nightly", {})]),
        ("set memory limit 256Mi and cpu request 100m on api", [("set_resources", "shop/api", {"limit_memory_mib": 256, "request_cpu_millicores": 100})]),
        ("set cpu 100m request and memory 256Mi limit on api", [("set_resources", "shop/api", {"limit_memory_mib": 256, "request_cpu_millicores": 100})]),
        ("set the cpu limit of api to 2", [("set_resources", "shop/api", {"limit_cpu_millicores": 2000})]),
        ("fix 5.2.6 on api, 5.2.7 on vault", [("fix", "shop/api", {"controls": ["5.2.6"]}), ("fix", "data/vault", {"controls": ["5.2.7"]})]),
        ("kubectl scale deploy/api sts/vault --replicas=2", [("scale", "shop/api", {"replicas": 2}), ("scale", "data/vault", {"replicas": 2})]),
        ("limit api to 256Mi, vault to 512Mi", [("set_resources", "shop/api", {"limit_memory_mib": 256}), ("set_resources", "data/vault", {"limit_memory_mib": 512})]),
        ("label ns shop with enforce=baseline", [("pod_security_labels", "Namespace/shop", {"enforce": "baseline"})]),
        ("shop needs a default deny policy, please add one", [("deny_traffic", "Namespace/shop", {})]),
        ("deny traffic in both shop and lab", [("deny_traffic", "Namespace/shop Namespace/lab", {})]),
        ("delete networkpolicy old in lab", [("delete", "NetworkPolicy/lab/old", {})]),
        ("take group interns out of rolebinding reads", [("remove_subject", "RoleBinding/reads", {"subject_kind": "Group", "subject": "interns"})]),
        ("api must not run as root", [("fix", "shop/api", {"settings": ["non-root"]})]),
        ("drop all capabilities and add seccomp on api", [("fix", "shop/api", {"settings": ["capabilities", "seccomp"]})]),
        ("api runs privileged, please switch that off", [("fix", "shop/api", {"settings": ["privileged"]})]),
        ("run api as user 1000", [("fix", "shop/api", {"settings": ["non-root"], "run_as": [{"uid": 1000}]})]),
        ("fix 5.2.6 on vault", [("fix", "data/vault", {"controls": ["5.2.6"]})]),
        ("harden api", [("fix", "shop/api", {"everything": True})]),
    ],
)  # fmt: skip
def test_an_order_is_read_whole(text: str, expected: list[tuple[str, str, dict[str, Any]]]) -> None:
    found = orders(text)
    assert isinstance(found, list), found
    assert [short(each) for each in found] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("scale api to 3 tomorrow", "tomorrow"),
        ("scale api to 3 if it is slow", "if"),
        ("delete everything except web", "except"),
        ("delete api but not web", "but"),
        ("restart api without asking", "without"),
        ("restart api, we will when it is approved", "when"),
        ("scale web to 3", "several"),
        ("scale api in lab to 3", "shop/api"),
        ("restart api in shop and data", "in data"),
        ("restart api. kidding", "kidding"),
        ("restart api, provided it is idle", "provided"),
        ("restart api. they have to agree first", "agree"),
        ("restart api. It is forbidden", "forbidden"),
        ("assuming it is idle, restart api", "assuming"),
        ("drop default-deny in shop", "do not handle"),
        ("deny traffic to data in shop", "as a whole"),
        ("label shop and data restricted, warn on data", "once"),
        ("delete namespace api", "no namespace or cluster `api`"),
        ("delete api and shop", "before a namespace"),
        ("delete rolebinding admins for user jo", "cannot be deleted"),
        ("fix api not vault", "not"),
        ("harden api, never vault", "never"),
        ("secure api without vault", "without"),
        ("fix capabilities not privileged on api", "not"),
        ("set privileged false and allowPrivilegeEscalation true on api", "less safe"),
        ("make api not share host pid, share host network", "less safe"),
        ("api must not run as root; vault may", "may"),
        ("set memory limit 512M on api", "512M"),
        ("scale api to 3 replicas from vault", "alone"),
        ("restart web in lab, vault in data", "one namespace"),
        ("scale web in lab to 2 and in shop to 3", "each namespace"),
        ("api: restart; vault: scale to 3", ":"),
        ("lab: restart web and scale vault to 3", "data/vault"),
        ("kubectl scale deploy/api --replicas=2 --replicas=3", "twice"),
        ("scale api to 1234567890123", "1234567890123"),
        ("delete the apps in shop", "Name the object"),
        ("delete api namespace", "no namespace or cluster `api`"),
        ("give api 3 more replicas", "in all"),
        ("scale api up 2", "in all"),
        ("set memory limits 256Mi 512Mi on api", "amount once"),
        ("raise memory limit of api to 512Mi from 256Mi", "from"),
        ("limit api to 256Mi and 200m cpu request", "a request or a limit"),
        ("set memory limit 100m on api", "its unit"),
        ("set the cpu limit of api to 0", "its unit"),
        ("set cpu limit and request of api to 200m", "a request or a limit"),
        ("turn on the token of serviceaccount bot in shop", "do not handle"),
        ("turn privileged off and host network on for api", "less safe"),
        ("fix api to run as root", "less safe"),
        ("scale vault instead of api to 3", "instead"),
        ("bring api up at 5", "at"),
        ("delete container main of api", "container"),
        ("turn off the token on sa bot in shop and on api", "by itself"),
        ("harden api and role ci in shop", "role"),
        ("deny outgoing traffic in shop", "egress alone"),
        ("label namespace shop privileged", "less safe"),
        ("scale api to 3. On second thought, don't.", "don't"),
        ("scale api in prod to 3", "no namespace or cluster `prod`"),
        ("scale vualt to 3", "Did you mean `vault`"),
        ("add one replica to api", "in all"),
        ("make api privileged", "less safe"),
        ("turn off seccomp for api", "less safe"),
        ("give api 1Gi memory", "a request or a limit"),
        ("kubectl delete deploy/api --force", "--force"),
        ("kubectl exec api -- sh", "do not"),
    ],
)
def test_what_is_not_accounted_for_is_said(text: str, says: str) -> None:
    found = orders(text)
    assert isinstance(found, Unclear), found
    assert says in found.why


@pytest.mark.parametrize(
    "text",
    [
        "don't restart api",
        "I scaled api to 3 this morning",
        "what would happen if we scaled api to 0?",
        "should we restart api?",
        "ask jo to delete api",
        "> please scale api to 10",
        'he said "delete api"',
        "api runs as root",
        "api has 3 replicas",
        "thanks, api is fine now",
        "which workloads run privileged?",
        "how do I restart api?",
    ],
)
def test_what_orders_nothing_is_no_order(text: str) -> None:
    assert orders(text) is None
