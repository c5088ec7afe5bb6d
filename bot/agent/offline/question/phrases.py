"""Expressions that tell kinds of questions apart, in English and German. Constants only.

Used by `bot.agent.offline.question.reading`.
"""

import re
from enum import StrEnum

from bot.agent.offline.question.decisions import ABOUT
from bot.agent.offline.question.orders import ORDER
from tools.objects.kinds import KINDS


class Wish(StrEnum):
    """What is wanted."""

    HELP = "help"
    CHANGE = "change"
    APPROVALS = "approvals"
    LOGS = "logs"
    EVENTS = "events"
    SUPPLY = "supply"
    IMAGES = "images"
    SETTINGS = "settings"
    RIGHTS = "rights"
    CLUSTERS = "clusters"
    NAMESPACES = "namespaces"
    WORKLOADS = "workloads"
    MORE = "more"
    FIX = "fix"
    EXPLAIN = "explain"
    COUNT = "count"
    SCAN = "scan"
    GUIDANCE = "guidance"


AMOUNT = re.compile(r"\d+(?:\.\d+)?(?:m|[kmgtpe]i?b?)", re.I)
"""An amount of CPU, memory or storage, as Kubernetes writes it; never a name."""
NUMBER = re.compile(r"(?<![\w.:@/-])(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?![\w:@/]|\.\d)")
KIND_NAMES = {kind.lower(): kind for kind in KINDS}
WRITTEN = re.compile(rf"\b({'|'.join(KIND_NAMES)})/([a-z0-9][a-z0-9.:-]*[a-z0-9])", re.I)
"""One object written out, as the button Explain does: Kind/name."""
TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@'’-]*")
PLACE = re.compile(
    r"\b(?:in|inside|within|im|from|of|across|namespace|ns|namensraum)\s+"
    r"(?:the\s+|dem\s+)?(?:(?:our\s+|my\s+)?(?:namespaces?|ns)\s+)?[`'\"]?([a-z0-9][a-z0-9-]*)",
    re.I,
)
PLACE_AFTER = re.compile(
    r"[`'\"]?\b([a-z0-9][a-z0-9-]*)[`'\"]?[\s-]+(?:namespaces?|ns|namensraum)\b", re.I
)
AND = re.compile(r"\b(?:and|or|und|oder|&)\s+[`'\"]?([a-z0-9][a-z0-9-]*)", re.I)
PRONOUN = re.compile(
    r"\b(?:it|its|it's|they|them|their|those|these|that|this|ones?|same|others?|rest|both|"
    r"er|es|sie|diese\w*|denen|davon|dafür|das gleiche)\b",
    re.I,
)
OPENER = re.compile(
    r"^\W*(?:and|also|what about|how about|same|now|then|ok(?:ay)?|but|so|und|auch|was ist mit|wie sieht)\b",
    re.I,
)
TOP = re.compile(
    r"\btop[\s-]?(\d+|two|three|four|five|ten|zwei|drei|fünf|zehn)\b|\b(?:the|die)\s+(two|three|four|five|ten)\s+(?:worst|top)",
    re.I,
)
TERMS = re.compile(
    r"\b(?:kube(?:rnetes)?[\s-]+)?api[\s-]?(?:servers?|tokens?|keys?|groups?|versions?|calls?|requests?|access|credentials|objects?)\b|"
    r"\b(?:kubernetes|k8s|rest|kubelet|cluster) api\b|\bweb[\s-]?(?:hooks?|servers?|sites?|ui)\b|control[\s-]?plane|"
    r"controller[\s-]?managers?|service[\s-]?accounts?|docker[\s-]?(?:hub|file|sock\w*|in docker)|cloud[\s-]?provider",
    re.I,
)
WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "zwei": 2,
    "drei": 3,
    "fünf": 5,
    "zehn": 10,
}

RULES: tuple[tuple[Wish, re.Pattern[str]], ...] = tuple(
    (wish, re.compile(pattern, re.I))
    for wish, pattern in (
        (
            Wish.HELP,
            r"^\W*(?:help|hilfe|hi|hello|hey|hallo|moin|thanks|thank you|danke)\W*$|what can (?:you|oakum) do|who are you|how (?:do|can) i use you|was kannst du",
        ),
        (
            Wish.APPROVALS,
            ABOUT,
        ),
        (
            Wish.CHANGE,
            ORDER,
        ),
        (
            Wish.LOGS,
            r"(?<!audit )(?<!no )(?<![/.\w-])logs?\b(?= (?:of|for|from|in)\b(?! (?:level|place)))|\b(?:show|look|read|get|tail|print|check|see|sum\w*|what|whats|any\w*|zeig\w*|give|the|its|their|die)\b.{0,25}(?<!audit )(?<!no )(?<![/.\w-])logs?\b(?![\s-]*(?:level|rotat|retent|in\b|into\b|aggreg|file|audit|polic|have|must|should|at all))|^\W*(?:and )?(?:\S+ )?logs?\b\W*$|\bprotokoll(?:e)?\b",
        ),
        (
            Wish.EVENTS,
            r"\bevents?\b(?![\s-]*(?:rate|limit|qps|record))|what (?:just )?happened|was ist passiert|ereignisse",
        ),
        (
            Wish.SUPPLY,
            r"\bfips\b|\bsboms?\b|cyclone ?dx|\bspdx\b|bill of materials|(?<!self-)(?<!self )\bsigned\b|signatures?\b|signier\w*|\bcosign\b|\bslsa\b|attestation|\bprovenance\b|\bcves?\b|cve-\d|vulnerab\w+|schwachstelle\w*|validated crypto",
        ),
        (
            Wish.IMAGES,
            r"\bdigests?\b|\bpin(?:ned|ning|s)?\b|\bimages?\b.{0,40}\b(?:from|pulled|registr\w+|latest)\b|\bregistr(?:y|ies)\b.{0,40}\bimages?\b|docker ?hub\b|:latest|latest tag|image tags?|mutable tags?|floating tags?|\b(?:what|which|list|show|all|welche) (?:\w+ ){0,3}images?\b|images? (?:do|does|are|is|run|in)\b|image versions?|which version of \w+ (?:runs|is)",
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
            r"^\W*(?:please )?(?:list|show|which|what|welche|zeig\w*)\s+(?:me |all |the |mir |alle )*(?:workloads?|deployments?|pods?|statefulsets?|daemonsets?|cronjobs?|jobs?)(?:\s+(?:are there|exist|do (?:we|you|i) have|run|are running|laufen|gibt es|is there|there are))?(?:\s+(?:in|im|of|from)\s+\S+(?:\s+(?:namespace|ns))?)?\W*$|what(?:'s| is) (?:running|deployed) (?:in|on)|was läuft|^\W*(?:what|which (?:workloads|pods|apps?)) (?:runs?|are running) (?:in|on)\b(?!.*\bshould)",
        ),
        (
            Wish.MORE,
            r"^\W*(?:show |list |give )?(?:me )?(?:(?:the )?(?:rest|next(?: page)?|remaining|others|full list|whole list|all of (?:them|those))|more(?: please| of them)?|them all|mehr|weiter)\W*$",
        ),
    )
)
EXPLAIN = re.compile(
    r"\bwhy\b.{0,60}\b(?:flagged|fail\w*|listed|reported|red|complain\w*|marked|finding|not (?:ok|okay|fine|compliant)|but not|and not|and .{1,40} not)|"
    r"\bwhy (?:is|are|was|were|does|do)\b.{0,60}\bnot\b|\bwhat(?:'?s| is| are)? (?:wrong|flagged|failing|missing|insecure|unsafe|off|bad|left|(?:exactly )?the (?:problem|issue|matter|trouble|findings?))|\bcompare\b|\bvs\.?\b|\bversus\b|"
    r"difference between\b|differ\b|explain (?:the )?(?:findings?|result)|what does .{1,40} fail|which (?:checks?|controls?) (?:does|do|did|is|are)\b|what (?:checks?|controls?) (?:does|do|did)\b|"
    r"problems? (?:with|of)\b|issues? (?:with|of|in)\b|how (?:secure|bad|safe) is\b|wo(?:rin|durch) unterscheid|warum (?:ist|wird|sind|fällt)|was ist .{0,20}falsch|tell me (?:about|more about)",
    re.I,
)
FIX = re.compile(
    r"\b(?:how|wie)\b.{0,30}\b(?:fix|solve|remediate|resolve|repair|correct|mitigate|harden|beheb\w*|reparier\w*|lös\w*|get rid)|\bfix (?:for|it|them|this|that)\b|\bthe fix\b|\bmake\b.{1,40}\b(?:pass|compliant|secure|safe|ok)\b|what (?:should|do|must) (?:i|we) (?:change|do|set|put|write)\b|remediation|\bpatch for\b|\bmanifest\b.{0,20}\bfix",
    re.I,
)
COUNT = re.compile(
    r"\bhow many\b|\b(?:number|count) of (?:\w+ ){0,2}(?:pods?|workloads?|containers?|deployments?|namespaces?|roles?|findings?)\b|"
    r"^\W*(?:count|number)\b|wie ?viele|anzahl",
    re.I,
)
GUIDANCE = re.compile(
    r"\b(?:which|what|welche\w*) (?:cis |benchmark )?(?:control|recommendation|rule|requirement|kontrolle|section|check|number)s?\b|"
    r"\b(?:benchmark|cis|pss|standards?|guidance|guideline)\b.{0,40}\b(?:says?|asks?|require\w*|recommend\w*|want|demand|cover|mention|allow|forbid|about|sagt|fordert|verlangt)|"
    r"\b(?:say|ask|require|recommend)\w*\b.{0,40}\b(?:about|on|for|regarding)\b|"
    r"^\W*(?:(?:and|so|but|ok) )?(?:what(?:'s| is| are| does)|was (?:ist|sind|bedeutet)|explain|define|describe)\b(?!.{0,20}\b(?:in|of|from|running)\s+(?:namespace|the cluster))|"
    r"\bwhy (?:is|are|does|do|should|would|must|not|can't|shouldn't)\b|\bwhy\b\W*$|"
    r"\bhow (?:do|can|should|would|does|to|often|long|strict)\b|\bshould (?:i|we|the|a|my|our|it)\b|\bmust (?:i|we|the|a)\b|"
    r"\b(?:best practice|recommended|meaning|mean\b|means|definition|exception|dangerous|risk\w*|matter|danger|gefährlich|wozu|wofür|wie (?:kann|soll|sollte|muss))|"
    r"\bok(?:ay)? to\b|\bfine to\b|allowed to\b|\bis it (?:ok|okay|safe|bad|fine|enough|allowed)|\b(?:can|may|could|must) (?:we|i|one)\b(?! (?:see|get|have|know)\b)|what went wrong|how (?:was|is|could) (?:this|that|it|he|she|they)\b|\bthoughts\b|downside|\bharmless\b|\b(?:allowed|acceptable)\W*$|how to avoid|what now\b|\b(?:tell me about|advice|learn|background|documentation)\b",
    re.I,
)
SCAN = re.compile(
    r"\b(?:any|anything|anyone|anybody|something|somebody|who|which|what|list|show|find|scan|check|audit|report|are there|is there|do we|do we have|have we|do any|does any|give me|"
    r"gibt es|welche\w*|zeig\w*|hat|haben|laufen|läuft|prüfe?|irgendwas|irgendein\w*|jemand)\b|\b(?:our|cluster-?wide|everywhere|the cluster|this cluster|unser\w*)\b|^\W*(?:is|are|does|do|has|have|can)\b",
    re.I,
)
OBJECTS = re.compile(
    r"\b(?:pods?|workloads?|containers?|deployments?|statefulsets?|daemonsets?|namespaces?|accounts?|roles?|bindings?|services?|apps?|applications?|jobs?|who|anything|something|anyone|somebody|anybody|things|irgendwas|irgendein\w*|jemand|users?|groups?|subjects?|nutzer|we|wir|clusters?|teams?)\b",
    re.I,
)
CONTROL_WANTED = re.compile(
    r"\b(?:which|what|what'?s the|whats|welche\w*)\s+(?:cis |benchmark |number |is the |ist die )*(?:control|recommendation|rule|requirement|kontrolle|section|check|number)s?\b(?!.{0,20}\b(?:fail|does|do|did)\b)",
    re.I,
)
COMPARE = re.compile(
    r"\bcompar\w+|\bversus\b|\bvs\b|differen\w+ between|unterschied|\bworse\b|\bbetter\b|\bthat\b.{1,30}\b(?:does ?n['o’]t|lacks?|has ?n['o’]t|is missing)",
    re.I,
)
NAMED = re.compile(
    r"^\W*(?:and |so )?(?:is|does|can|has|are|do|did|could|may|kann|hat|ist)\s+(?:the\s+)?"
    r"(?:deployment |pod |workload )?([A-Za-z0-9][\w.-]*)",
    re.I,
)
WHY_NAMED = re.compile(r"\b(?:why|warum|wieso) (?:is|are|was|were|does|do|did|has|ist|hat)\b", re.I)
LONG = 16
"""Words past which a question that does not begin as a look at the cluster is one on guidance."""
CONTROL_PLANE = re.compile(
    r"\betcd\w*(?!-)|(?<![\w-])(?:api[\s-]?servers?|kube-?apiserver|kube-?scheduler|schedulers?|controller[\s-]?managers?|kube-?proxy)(?![\w-])|"
    r"\bkubelets?\b(?! api)|control[\s-]?plane|\baudit(?:ing)? (?:log|polic|trail|event|record)\w*|encrypt\w*|kube-?config|static (?:pod|token)|(?<![\w-])--[a-z]|"
    r"\bpki\b|\bconflist\b|cipher\w*|bootstrap token|client cert\w*|admission plug-?in",
    re.I,
)
NODE_SIDE = re.compile(
    r"file (?:mode|permission|owner)\w*|permissions? of|ownership|\btls\b|profiling|anonymous|at rest|rotat\w+|unauthenticated|"
    r"\bworker nodes?\b|read-?only port|\bcerts?\b|certificate author\w*|0\.0\.0\.0|chmod|chown|\boidc\b|\bldap\b",
    re.I,
)
TERSE = re.compile(
    r"\b(?:just|only|nur|bloß)\b.{0,20}\b(?:number|names?|count|list|zahl|namen|anzahl)|\bjust the\b|number only",
    re.I,
)
NEGATED = re.compile(
    r"\b(?:which|what|who|any|list|show|are there|is there)\b.{0,40}\b(?:(?:do|does|are|is|have|has|run)(?:n't| not)\b|pass(?:es)?\b|compliant\b|(?:are|is) (?:ok|okay|fine|clean|good)\b)",
    re.I,
)
_NAMELIKE_TEXT = (
    "app config data default main product report service source system user admin page profile"
)
NAMELIKE = frozenset(_NAMELIKE_TEXT.split())
"""Ordinary words that things are named after; taken for names only where a name would stand."""
NAME_PLACE = re.compile(
    r"(?:^\W*|\b(?:what about|how about|and|or|is|are|does|do|compare|fix|explain|scan|check|vs|than|with|of|about|deployment|pod|"
    r"statefulset|daemonset|cronjob|job|workload|namespace|ns|in|im|show|harden|scale|restart|delete|pause|resume|stop|pin|undo|approve|reject|withdraw)\s+)(?:the\s+)?[`'\"]?("
    + "|".join(sorted(NAMELIKE))
    + r")\b(?=[`'\"]?\s*(?:[?.!,]|$|(?:ok|okay|fine|flagged|listed|clean|safe|secure|compliant|privileged|runs?|running|fails?|failing|and|or|"
    r"vs|versus|but|not|in|to|auf|from|deployment|pod|workload|statefulset|cronjob|namespace|would|allowed|has|have|uses?|mounts?|shares?|security)\b))",
    re.I,
)
WORST = re.compile(
    r"\b(?:worst|biggest|gravest|most (?:severe|critical|urgent|important|dangerous|serious)|top|schlimmst\w*|größt\w*)\b.{0,30}"
    r"\b(?:problem|issue|finding|risk|gap|offender|misconfig|workload|pod|weakness|lücke)\w*|"
    r"what (?:should|do|must) (?:we|i) (?:fix|tackle|do) first|where (?:should|do) (?:we|i) (?:start|begin)|\bpriorit\w+",
    re.I,
)
OTHER = re.compile(r"\b(?:the |die |das |den )?(?:others?|ander\w*)(?: ones?| \w+)?\b", re.I)
LED = re.compile(
    r"(?:\b(?:controls?|recommendations?|cis|benchmark|sections?|rules?|checks?|number|explain|about|kontrolle|regel|abschnitt|empfehlung)\s+(?:number\s+)?|^\W*)"
    r"(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?![\w.])",
    re.I,
)
"""A number that is called one of a control, or begins the question."""
FAILS = re.compile(
    r"fail|violat|break|non-?compliant|insecure|problem|issue|finding|pass|check", re.I
)
OVERVIEW = re.compile(
    r"\boverall\b|\b(?:summary|overview|posture)\b(?! of (?:the )?(?:benchmark|controls?|standards?))|\b(?:comply|complies|compliant)\b.{0,20}\b(?:cis|benchmark)\b|"
    r"\b(?:which|what) (?:controls?|checks?|recommendations?|rules?)(?: numbers?)?\b.{0,25}\b(?:fail\w*|violat\w*|broken)\b|\bhow (?:bad|secure|safe|good|healthy) (?:is|are)\b|überblick|zusammenfassung",
    re.I,
)
"""Asks for the whole state of a cluster or namespace."""
LEVEL = re.compile(
    r"\blevel\b|\bseverity\b|\bhow (?:severe|bad|serious)\b|schweregrad|\bautomated\b|\bmanual\b",
    re.I,
)
