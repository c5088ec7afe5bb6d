"""Which plan answers which question. Used by `bot.agent.offline.model`."""

from collections.abc import Callable

from bot.agent.offline import explained, fixes, guided, judged, listed
from bot.agent.offline.reading import Ask, Wish, read
from bot.agent.offline.talk import Plan, Talk

_PLANS: dict[Wish, Callable[[Talk, Ask], Plan]] = {
    Wish.HELP: guided.explain_self,
    Wish.CHANGE: fixes.refuse_change,
    Wish.LOGS: listed.show_log,
    Wish.EVENTS: listed.show_events,
    Wish.SUPPLY: guided.supply_chain,
    Wish.IMAGES: listed.show_images,
    Wish.SETTINGS: listed.show_settings,
    Wish.CLUSTERS: listed.show_clusters,
    Wish.NAMESPACES: listed.show_namespaces,
    Wish.WORKLOADS: listed.show_workloads,
    Wish.MORE: listed.show_more,
    Wish.FIX: fixes.show_fix,
    Wish.EXPLAIN: explained.explain,
    Wish.COUNT: judged.count,
    Wish.SCAN: judged.look,
    Wish.GUIDANCE: guided.guidance,
}


def plan(talk: Talk) -> Plan:
    """Choose how a question is answered."""
    question = read(talk.question)
    return _PLANS[question.wish](talk, question)
