"""Reads a question by rules: what kind it is, what it is about, which names it may hold.

Knows no cluster: whether a word names something there is found out by asking. Pure. Used by
`bot.agent.offline.plans`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.agent.allowed import known_controls
from bot.agent.offline.stopwords import STOP
from bot.agent.offline.topics import Topic, spelled, topics_of


class Wish(StrEnum):
    """What is wanted."""

    HELP = "help"
    CHANGE = "change"
    LOGS = "logs"
    EVENTS = "events"
    SUPPLY = "supply"
    IMAGES = "images"
    SETTINGS = "settings"
    CLUSTERS = "clusters"
    NAMESPACES = "namespaces"
    WORKLOADS = "workloads"
    MORE = "more"
    FIX = "fix"
    EXPLAIN = "explain"
    COUNT = "count"
    SCAN = "scan"
    GUIDANCE = "guidance"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as it was read."""

    text: str
    wish: Wish
    topics: tuple[Topic, ...]
    controls: tuple[str, ...]
    """Numbers written in the question."""
    words: tuple[str, ...]
    """What may be names, lower case, in order."""
    places: tuple[str, ...]
    """Those of `words` that stand where a namespace would."""
    sure: tuple[str, ...]
    """Those of `places` that are called a namespace, or end a short question."""
    follows: bool
    """True when it leans on what was said before."""
    benchmark: str = "cis-1.12"
    top: int = 0
    """How many are wanted (`top three`); 0 when not said."""
    terse: bool = False
    """Just the number, just the names."""
    negated: bool = False
    """Asks for those that are fine."""

    @property
    def about(self) -> tuple[str, ...]:
        """Controls asked about, by number or by topic."""
        numbers = [control for topic in self.topics for control in topic.controls]
        return self.controls or tuple(dict.fromkeys(numbers))


_NUMBER = re.compile(r"(?<![\w.:@/-])(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?![\w:@/]|\.\d)")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@'’-]*")
_PLACE = re.compile(
    r"\b(?:in|inside|within|im|from|of|across|namespace|ns|namensraum)\s+"
    r"(?:the\s+|our\s+|my\s+|dem\s+)?(?:namespaces?\s+|ns\s+)?[`'\"]?([a-z0-9][a-z0-9-]*)",
    re.I,
)
_PLACE_AFTER = re.compile(
    r"[`'\"]?\b([a-z0-9][a-z0-9-]*)[`'\"]?[\s-]+(?:namespaces?|ns|namensraum)\b", re.I
)
_AND = re.compile(r"\b(?:and|or|und|oder|&)\s+[`'\"]?([a-z0-9][a-z0-9-]*)", re.I)
_PRONOUN = re.compile(
    r"\b(?:it|its|it's|they|them|their|those|these|that|this|ones?|same|others?|rest|both|"
    r"er|es|sie|diese\w*|denen|davon|dafür|das gleiche)\b",
    re.I,
)
_OPENER = re.compile(
    r"^\W*(?:and|also|what about|how about|same|now|then|ok(?:ay)?|but|so|und|auch|was ist mit|wie sieht)\b",
    re.I,
)
_TOP = re.compile(
    r"\btop[\s-]?(\d+|two|three|four|five|ten|zwei|drei|fünf|zehn)\b|\b(?:the|die)\s+(two|three|four|five|ten)\s+(?:worst|top)",
    re.I,
)
_TERMS = re.compile(
    r"\b(?:kube(?:rnetes)?[\s-]+)?api[\s-]?(?:servers?|tokens?|keys?|groups?|versions?|calls?|requests?|access|credentials|objects?)\b|"
    r"\b(?:kubernetes|k8s|rest|kubelet|cluster) api\b|\bweb[\s-]?(?:hooks?|servers?|sites?|ui)\b|control[\s-]?plane|"
    r"controller[\s-]?managers?|service[\s-]?accounts?|docker[\s-]?(?:hub|file|sock\w*|in docker)|cloud[\s-]?provider",
    re.I,
)
_WORDS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "zwei": 2,
    "drei": 3,
    "fünf": 5,
    "zehn": 10,
}

_RULES: tuple[tuple[Wish, re.Pattern[str]], ...] = tuple(
    (wish, re.compile(pattern, re.I))
    for wish, pattern in (
        (
            Wish.HELP,
            r"^\W*(?:help|hilfe|hi|hello|hey|hallo|moin|thanks|thank you|danke)\W*$|what can (?:you|oakum) do|who are you|how (?:do|can) i use you|was kannst du",
        ),
        (
            Wish.CHANGE,
            r"^\W*(?:please |pls |can you |could you |kindly |bitte |go ahead and |just |now )*(?:fix|scale|delete|remove|restart|patch|apply|roll\s?back|roll\s?out|kill|drain|cordon|set|change|update|upgrade|enforce|disable|enable|create|add|label|lösche|skaliere|behebe|repariere|starte|mach|make)\b(?!.{0,40}\b(?:means?|do\b))|^\W*(?:can|could|would|will) you (?:fix|scale|delete|remove|restart|patch|apply|roll|kill|set|change|update|disable|enable|create|add)\b",
        ),
        (
            Wish.LOGS,
            r"\blogs?\b(?![\s-]*(?:level|rotat|retent|in\b|into\b|aggreg|file|audit|polic))(?<!audit log)|\bprotokoll(?:e)?\b",
        ),
        (
            Wish.EVENTS,
            r"\bevents?\b(?![\s-]*(?:rate|limit|qps|record))|what (?:just )?happened|was ist passiert|ereignisse",
        ),
        (
            Wish.SUPPLY,
            r"\bfips\b|\bsboms?\b|bill of materials|(?<!self-)(?<!self )\bsigned\b|signatures?\b|signier\w*|\bcosign\b|\bslsa\b|attestation|\bprovenance\b|\bcves?\b|cve-\d|vulnerabilit\w+|schwachstelle\w*|validated crypto",
        ),
        (
            Wish.IMAGES,
            r"\bdigests?\b|\bpinned?\b|:latest|latest tag|image tags?|mutable tags?|floating tags?|\b(?:what|which|list|show|all|welche) (?:\w+ ){0,3}images?\b|images? (?:do|does|are|is|run|in)\b|image versions?|which version of \w+ (?:runs|is)",
        ),
        (
            Wish.SETTINGS,
            r"\b(?:yaml|manifest|spec|definition|settings?|security ?context)s? (?:of|for|von|does)\b|^\W*(?:show|describe|print|get|zeig)\b.{0,20}\b(?:yaml|manifest|spec|settings)\b|^\W*(?:describe|cat)\b",
        ),
        (
            Wish.CLUSTERS,
            r"\b(?:which|what|list|show|welche|all)\b.{0,20}\bclusters?\b(?!.{0,3}(?:admin|role|scope|wide))(?:.{0,40}(?:see|know|can|are there|connected|have|available|configured)|\W*$)",
        ),
        (
            Wish.NAMESPACES,
            r"^\W*(?:please )?(?:list|show|which|what|welche|zeig\w*)\s+(?:me |all |the |mir |alle )*namespaces?(?:\s+(?:are there|exist|do (?:we|you|i) (?:have|see|know)|can (?:you|i) see|gibt es|is there|are in .*|in .*))?\W*$|^namespaces\W*$",
        ),
        (
            Wish.WORKLOADS,
            r"^\W*(?:please )?(?:list|show|which|what|welche|zeig\w*)\s+(?:me |all |the |mir |alle )*(?:workloads?|deployments?|pods?|statefulsets?|daemonsets?|cronjobs?|jobs?)(?:\s+(?:are there|exist|do (?:we|you|i) have|run|are running|laufen|gibt es|is there|there are))?(?:\s+(?:in|im|of|from)\s+\S+(?:\s+(?:namespace|ns))?)?\W*$|what(?:'s| is) (?:running|deployed) (?:in|on)|was läuft|^\W*(?:what|which (?:workloads|pods|apps?)) (?:runs?|are running) (?:in|on)\b",
        ),
        (
            Wish.MORE,
            r"^\W*(?:show |list |give )?(?:me )?(?:(?:the )?(?:rest|next(?: page)?|remaining|others|full list|whole list|all of (?:them|those))|more(?: please| of them)?|them all|mehr|weiter)\W*$",
        ),
    )
)
_EXPLAIN = re.compile(
    r"\bwhy\b.{0,60}\b(?:flagged|fail\w*|listed|reported|red|complain\w*|marked|finding|not (?:ok|okay|fine|compliant)|but not|and not|and .{1,40} not)|"
    r"\bwhy (?:is|are|was|were|does|do)\b.{0,60}\bnot\b|\bwhat(?:'?s| is| are)? (?:wrong|flagged|failing|the (?:problem|issue|matter|findings?))|\bcompare\b|\bvs\.?\b|\bversus\b|"
    r"difference between\b|differ\b|explain (?:the )?(?:findings?|result)|what does .{1,40} fail|which (?:checks?|controls?) (?:does|do|did|is|are)\b|what (?:checks?|controls?) (?:does|do|did)\b|"
    r"problems? (?:with|of)\b|issues? (?:with|of|in)\b|how (?:secure|bad|safe) is\b|wo(?:rin|durch) unterscheid|warum (?:ist|wird|sind|fällt)|was ist .{0,20}falsch|tell me (?:about|more about)",
    re.I,
)
_FIX = re.compile(
    r"\b(?:how|wie)\b.{0,30}\b(?:fix|solve|remediate|resolve|repair|correct|mitigate|harden|beheb\w*|reparier\w*|lös\w*|get rid)|\bfix (?:for|it|them|this|that)\b|\bthe fix\b|\bmake\b.{1,40}\b(?:pass|compliant|secure|safe|ok)\b|what (?:should|do|must) (?:i|we) (?:change|do|set|put|write)\b|remediation|\bpatch for\b|\bmanifest\b.{0,20}\bfix",
    re.I,
)
_COUNT = re.compile(
    r"\bhow many\b|\b(?:number|count) of (?:\w+ ){0,2}(?:pods?|workloads?|containers?|deployments?|namespaces?|roles?|findings?)\b|"
    r"^\W*(?:count|number)\b|wie ?viele|anzahl",
    re.I,
)
_GUIDANCE = re.compile(
    r"\b(?:which|what|welche\w*) (?:cis |benchmark )?(?:control|recommendation|rule|requirement|kontrolle|section|check|number)s?\b|"
    r"\b(?:benchmark|cis|pss|standards?|guidance|guideline)\b.{0,40}\b(?:says?|asks?|require\w*|recommend\w*|want|demand|cover|mention|allow|forbid|about|sagt|fordert|verlangt)|"
    r"\b(?:say|ask|require|recommend)\w*\b.{0,40}\b(?:about|on|for|regarding)\b|"
    r"^\W*(?:(?:and|so|but|ok) )?(?:what(?:'s| is| are| does)|was (?:ist|sind|bedeutet)|explain|define|describe)\b(?!.{0,20}\b(?:in|of|from|running)\s+(?:namespace|the cluster))|"
    r"\bwhy (?:is|are|does|do|should|would|must|not|can't|shouldn't)\b|\bwhy\b\W*$|"
    r"\bhow (?:do|can|should|would|does|to|often|long|strict)\b|\bshould (?:i|we|the|a|my|our|it)\b|\bmust (?:i|we|the|a)\b|"
    r"\b(?:best practice|recommended|meaning|mean\b|means|definition|exception|dangerous|risk\w*|matter|danger|gefährlich|wozu|wofür|wie (?:kann|soll|sollte|muss))|"
    r"\bok(?:ay)? to\b|\bfine to\b|allowed to\b|\bis it (?:ok|okay|safe|bad|fine|enough|allowed)|\b(?:tell me about|advice|learn|background|documentation)\b",
    re.I,
)
_SCAN = re.compile(
    r"\b(?:any|anything|anyone|anybody|something|somebody|who|which|what|list|show|find|scan|check|audit|report|are there|is there|do we|do we have|have we|do any|does any|give me|"
    r"gibt es|welche\w*|zeig\w*|hat|haben|laufen|läuft|prüfe?|irgendwas|irgendein\w*|jemand)\b|\b(?:our|cluster-?wide|everywhere|the cluster|this cluster|unser\w*)\b|^\W*(?:is|are|does|do|has|have|can)\b",
    re.I,
)
_OBJECTS = re.compile(
    r"\b(?:pods?|workloads?|containers?|deployments?|statefulsets?|daemonsets?|namespaces?|accounts?|roles?|bindings?|services?|apps?|applications?|jobs?|who|anything|something|anyone|somebody|anybody|things|irgendwas|irgendein\w*|jemand|users?|groups?|subjects?|nutzer|we|wir|clusters?|teams?)\b",
    re.I,
)
_CONTROL_WANTED = re.compile(
    r"\b(?:which|what|what'?s the|whats|welche\w*)\s+(?:cis |benchmark |number |is the |ist die )*(?:control|recommendation|rule|requirement|kontrolle|section|check|number)s?\b(?!.{0,20}\b(?:fail|does|do|did)\b)",
    re.I,
)
_COMPARE = re.compile(
    r"\bcompar\w+|\bversus\b|\bvs\b|differen\w+ between|unterschied|\bworse\b|\bbetter than\b", re.I
)
_NAMED = re.compile(
    r"^\W*(?:and |so )?(?:is|does|can|has|are|do|did|could|may|kann|hat|ist)\s+(?:the\s+)?"
    r"(?:deployment |pod |workload )?([A-Za-z0-9][\w.-]*)",
    re.I,
)
_WHY_NAMED = re.compile(
    r"\b(?:why|warum|wieso) (?:is|are|was|were|does|do|did|has|ist|hat)\b", re.I
)
LONG = 16
"""Words past which a question that does not begin as a look at the cluster is one on guidance."""
_CONTROL_PLANE = re.compile(
    r"\betcd\w*|\bapi[\s-]?servers?\b|kube-?apiserver|kube-?scheduler|\bschedulers?\b|controller[\s-]?managers?|kube-?proxy\b|"
    r"\bkubelets?\b(?! api)|control[\s-]?plane|\baudit(?:ing)? (?:log|polic|trail|event|record)\w*|encrypt\w*|kube-?config|static (?:pod|token)|(?<![\w-])--[a-z]|"
    r"\bpki\b|\bconflist\b|cipher\w*|bootstrap token|client cert\w*|admission plug-?in",
    re.I,
)
_NODE_SIDE = re.compile(
    r"file (?:mode|permission|owner)\w*|permissions? of|ownership|\btls\b|profiling|anonymous|at rest|rotat\w+|unauthenticated|"
    r"\bworker nodes?\b|read-?only port|\bcerts?\b|certificate author\w*|0\.0\.0\.0|chmod|chown|\boidc\b|\bldap\b",
    re.I,
)
_TERSE = re.compile(
    r"\b(?:just|only|nur|bloß)\b.{0,20}\b(?:number|names?|count|list|zahl|namen|anzahl)|\bjust the\b|number only",
    re.I,
)
_NEGATED = re.compile(
    r"\b(?:which|what|who|any|list|show|are there|is there)\b.{0,40}\b(?:(?:do|does|are|is|have|has|run)(?:n't| not)\b|pass(?:es)?\b|compliant\b|(?:are|is) (?:ok|okay|fine|clean|good)\b)",
    re.I,
)


def read(text: str) -> Ask:
    """Read a question; always gives something, at worst guidance to search for."""
    mended = spelled(text)
    topics = tuple(topics_of(text))
    controls = tuple(dict.fromkeys(n for n in _NUMBER.findall(text) if n in known_controls()))
    words, places = _names(text, topics)
    wish = _wish(mended, topics, controls, words)
    bare = not (words or topics or controls)
    follows = bool(
        _PRONOUN.search(text)
        or _OPENER.search(text)
        or (len(text.split()) <= 3 and not topics)
        or (bare and wish in (Wish.FIX, Wish.EXPLAIN, Wish.CHANGE))
    )
    return Ask(
        text=text,
        wish=wish,
        topics=topics,
        controls=controls,
        words=words,
        places=places,
        sure=places if len(text.split()) <= 9 else _called_so(text, places),
        follows=follows,
        benchmark=_benchmark(mended),
        top=_top(text),
        terse=bool(_TERSE.search(text)),
        negated=bool(_NEGATED.search(mended)),
    )


def _wish(
    text: str, topics: tuple[Topic, ...], controls: tuple[str, ...], words: tuple[str, ...]
) -> Wish:
    looks = _about_cluster(text, words)
    if not looks and _not_of_objects(text, any(not topic.group for topic in topics)):
        return Wish.GUIDANCE
    return _plain_wish(text, words) or _judging_wish(text, words, looks)


def _plain_wish(text: str, words: tuple[str, ...]) -> Wish | None:
    """Read wishes that a phrase gives away; None for the rest."""
    if _CONTROL_WANTED.search(text):
        return Wish.GUIDANCE
    if len(words) > 1 and _COMPARE.search(text):
        return Wish.EXPLAIN
    for wish, pattern in _RULES:
        if pattern.search(text):
            return wish
    if _FIX.search(text):
        return Wish.FIX
    why = words and _WHY_NAMED.search(text)
    if why or (_EXPLAIN.search(text) and (words or _PRONOUN.search(text))):
        return Wish.EXPLAIN
    return None


def _judging_wish(text: str, words: tuple[str, ...], looks: bool) -> Wish:
    """Tell apart counting, looking at the cluster, and asking the guidance."""
    if _COUNT.search(text):
        return Wish.COUNT
    named = _NAMED.match(text)
    if named and named[1].lower() in words:
        return Wish.SCAN
    if _GUIDANCE.search(text) and not looks:
        return Wish.GUIDANCE
    asked = _SCAN.search(text) or _PRONOUN.search(text) or _OBJECTS.search(text) or words
    return Wish.SCAN if asked else Wish.GUIDANCE


def _not_of_objects(text: str, narrow: bool) -> bool:
    """Tell whether a question is on what no object shows, or is a story that asks for advice."""
    if _CONTROL_PLANE.search(text) or (_NODE_SIDE.search(text) and not narrow):
        return True
    return len(text.split()) > LONG and not _COUNT.search(text)


def _about_cluster(text: str, words: tuple[str, ...]) -> bool:
    """Tell whether a question that sounds like one on guidance is on a cluster all the same."""
    starts = re.match(
        r"^\W*(?:and |so |ok |please |hey |hi )*(?:how many|which|what(?!'?s\b| (?:is|are|was|does|do|about|should|would|can|if)\b)|who|list|show|find|scan|check|are there|is there|is anything|does any\w*|do any|welche|zeig|gibt es)\b",
        text,
        re.I,
    )
    control = _CONTROL_WANTED.search(text)
    return bool(starts and not control and _OBJECTS.search(text))


def _names(text: str, topics: tuple[Topic, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Collect what may be names: words that are no ordinary ones and no part of a topic."""
    text = _TERMS.sub(lambda match: " " * len(match[0]), text)
    spans = [match.span() for topic in topics for match in topic.pattern.finditer(text)]
    words: list[str] = []
    for match in _TOKEN.finditer(text):
        word = match[0].replace("’", "'").strip("./:-'").lower().removesuffix("'s")
        quoted = text[max(0, match.start() - 1) : match.start()] in ("`", "'", '"')
        inside = any(start <= match.start() and match.end() <= end for start, end in spans)
        if not word or _NUMBER.fullmatch(word) or (word.isdigit()):
            continue
        if quoted or not ({word, spelled(word)} & STOP or inside):
            words.append(word)
    places = [found.lower() for found in (*_PLACE.findall(text), *_PLACE_AFTER.findall(text))]
    kept = [place for place in places if place not in STOP and not place.isdigit()]
    if kept:
        kept += [
            word.lower()
            for word in _AND.findall(text)
            if word.lower() not in STOP and word.lower() in words
        ]
    if re.search(
        r"(?:in|im|namespace|ns)\s+(?:the\s+)?[`'\"]?default\b(?!\s+(?:service|sa\b))|default[\s-]+namespace",
        text,
        re.I,
    ):
        words.append("default")
        kept.append("default")
    kept = [place for place in kept if place in words or place == "default"]
    return tuple(dict.fromkeys(words))[:20], tuple(dict.fromkeys(kept))


def _called_so(text: str, places: tuple[str, ...]) -> tuple[str, ...]:
    """Places that stand beside the word namespace."""
    return tuple(
        place
        for place in places
        if re.search(
            rf"\b(?:namespaces?|ns)\s+[`'\"]?{re.escape(place)}\b|\b{re.escape(place)}[`'\"]?\s+(?:namespaces?|ns)\b",
            text,
            re.I,
        )
    )


def _benchmark(text: str) -> str:
    if re.search(r"\brestricted\b", text, re.I):
        return "pss-restricted"
    if re.search(r"\bbaseline\b", text, re.I):
        return "pss-baseline"
    return "cis-1.12"


def _top(text: str) -> int:
    found = _TOP.search(text)
    if not found:
        return 0
    word = (found[1] or found[2]).lower()
    return _WORDS.get(word) or int(word) if word in _WORDS or word.isdigit() else 0
