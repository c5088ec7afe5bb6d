"""The plan of an order: look its names up, read it whole, work out what it wants. Used by `bot.agent.offline.plans`."""

import re
from collections.abc import Generator
from typing import Any

from bot.agent.offline.orders import kubectl
from bot.agent.offline.orders.facts import Unclear
from bot.agent.offline.orders.parts import may_order
from bot.agent.offline.orders.reading import Order, read
from bot.agent.offline.orders.tokens import linked, words_of
from bot.agent.offline.question.decisions import ABOUT
from bot.agent.offline.question.narrowing import LESS
from bot.agent.offline.talk import MOST_READ, Call, Got, Talk, ask
from bot.agent.offline.target import clusters_in
from bot.agent.offline.wording import questions, words
from bot.agent.offline.wording.proposed import said
from tools.queries.result import WorkloadRow, Workloads
from tools.queries.wording import names

_ELSEWHERE = re.compile(f"{LESS.pattern}|{ABOUT}", re.I)
"""Read by other plans: less of a role, and what was asked for before."""
_OWN_ACCOUNT = {"5.1.5", "default_service_account_used"}
MOST = 3
"""Objects of one message that are worked out; more are asked for one after the other."""
Answer = Generator[list[Call], list[Got], str | None]


def ordered(talk: Talk) -> Answer:
    """Answer a message that orders something; None where it does not, or where `it` is all that it names."""
    if _ELSEWHERE.search(talk.question):
        return None
    text = kubectl.spoken(talk.question)
    if isinstance(text, Unclear):
        return _nothing(text)
    empty = Workloads("", (), (), 0, {}, ())
    if not may_order(linked(text, empty, talk.clusters)):
        return None
    if len(talk.question) >= MOST_READ:
        return _nothing(Unclear("An order of that length is not read to its end; say it in less."))
    clusters = [talk.cluster] if talk.cluster else clusters_in(text, talk.clusters)
    if len(talk.clusters) > 1 and len(clusters) != 1:
        return _nothing(Unclear(f"Say one cluster: {names(talk.clusters)}.")) if clusters else None
    got = yield from ask("find_workloads", cluster=next(iter(clusters), ""), words=words_of(text))
    if not isinstance(got.data, Workloads):
        return got.failed
    orders = read(linked(text, got.data, talk.clusters), got.data)
    if orders is None:
        return None
    if isinstance(orders, Unclear):
        return _nothing(orders)
    if any(order.it for order in orders) and not any(
        order.rows or order.others for order in orders
    ):
        return None
    cluster = got.data.cluster if len(talk.clusters) > 1 else ""
    return (yield from _worked_out(orders, cluster))


def _nothing(unclear: Unclear) -> str:
    return f"{unclear.why} {questions.NOTHING}"


def _worked_out(orders: list[Order], cluster: str) -> Answer:
    missing = next((why for order in orders if (why := _missing(order))), "")
    if missing:
        return missing
    calls = [call for order in _merged(orders) for call in _calls(order, cluster)]
    got = yield calls[:MOST]
    rest = names(
        (
            f"{call.arguments.get('change', 'fix')} {call.arguments['name']}"
            for call in calls[MOST:]
        ),
        8,
    )
    left = f"Not looked at; ask for it by itself: {rest}." if rest else ""
    return words.join(*(said(item) for item in got), left)


def _merged(orders: list[Order]) -> list[Order]:
    """Put fixes of the same objects together."""
    made: list[Order] = []
    for order in orders:
        last = made[-1] if made else None
        if last and order.change == last.change == "fix" and order.rows == last.rows:
            facts = {
                key: [*last.facts.get(key, []), *order.facts.get(key, [])]
                for key in ("settings", "controls", "run_as")
            }
            made[-1] = Order(
                "fix", {key: value for key, value in facts.items() if value}, order.rows
            )
        else:
            made.append(order)
    return made


def _missing(order: Order) -> str:
    if order.change == "scale" and "replicas" not in order.facts:
        return questions.HOW_MANY
    if order.change == "set_resources":
        if not set(order.facts) - {"container"}:
            return questions.WHICH_AMOUNTS
        containers = [image.container for row in order.rows[:1] for image in row.images]
        if "container" not in order.facts and len(containers) > 1:
            return f"{words.place(order.rows[0].ref)} has several. {questions.WHICH_CONTAINER}: {names(containers)}?"
    return ""


def _calls(order: Order, cluster: str) -> list[Call]:
    given = [_place(row) | _facts(order, row) for row in order.rows]
    given += [
        {"kind": kind, "name": name, **order.facts}
        | ({"namespace": namespace} if namespace else {})
        for kind, namespace, name in order.others
    ]
    more: dict[str, Any] = {"cluster": cluster} if cluster else {}
    if order.change == "deploy":
        return [
            Call("propose_app", {k: v for k, v in each.items() if k != "kind"} | more)
            for each in given
        ]
    if order.change == "remove_subject":
        return [Call("propose_access", each | more) for each in given]
    controls = set(order.facts.get("controls", ()))
    if (
        order.change == "fix"
        and controls
        and controls <= _OWN_ACCOUNT
        and "confirmed" in order.facts
    ):
        return [
            Call(
                "propose_change",
                {"change": "own_service_account", **_place(row), "confirmed": True, **more},
            )
            for row in order.rows
        ]
    if order.change == "fix":
        return [Call("propose_fix", each | more) for each in given]
    return [Call("propose_change", {"change": order.change, **each, **more}) for each in given]


def _place(row: WorkloadRow) -> dict[str, Any]:
    return {"name": row.ref.name, "kind": row.ref.kind, "namespace": row.ref.namespace}


def _facts(order: Order, row: WorkloadRow) -> dict[str, Any]:
    if order.change != "set_resources":
        return dict(order.facts)
    facts = dict(order.facts)
    only = next(iter(row.images), None)
    container = facts.pop("container", only.container if only else row.ref.name)
    return {"resources": [{"container": container, **facts}]}
