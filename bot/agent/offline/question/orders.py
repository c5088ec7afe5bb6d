"""Expressions by which a message asks for something to be changed, in English and German. Constants only.

A question on how, why or whether is none of them. Used by `bot.agent.offline.question.phrases`.
"""

_POLITE = (
    r"please |pls |can you |could you |would you |will you |kindly |bitte |go ahead and |just |now |then |"
    r"ok,? |and |so |i want you to |i need you to |let'?s |we (?:need|have) to |you should |kannst du |"
    r"könntest du "
)
_VERBS = (
    r"propose|fix|remediate|mend|scale|bump|increase|decrease|reduce|raise|grow|shrink|shut down|"
    r"do a (?:rolling )?restart|rolling restart|lock down|hold(?= .{1,60}\bto\b)|delete|remove|restart|bounce|"
    r"patch|apply|roll\s?back|roll\s?out|undo|revert|withdraw|cancel|approve|reject|kill|drain|cordon|set|change|"
    r"update|upgrade|enforce|disable|enable|create|add|label|stop|harden|secure|pin|deny|block|isolate|pause|"
    r"resume|suspend|unpause|unsuspend|drop|deploy|turn off|switch off|take|revoke|narrow|restrict|limit|forbid|"
    r"run(?= .{1,60}\bas (?:user|uid|non-?root|nobody)\b)|let(?= .{1,60}\b(?:run|may|become|have)\b)|"
    r"(?:turn|switch)(?= .{1,40}\boff\b)|bring(?= .{1,40}\b(?:up|down|to)\b)|get(?= .{1,60}\b(?:out of|off|rid of)\b)|run(?= .{1,60}\b(?:without|unprivileged)\b)|"
    r"default[- ]deny(?= (?:all|ingress|egress|traffic|in|for)\b)|"
    r"give (?!me\b|us\b|the list|a list|an overview)|get rid of|make"
)
_GERMAN_VERBS = (
    r"schlag\w* .{1,60} vor|lösch\w*|skalier\w*|beheb\w*|reparier\w*|stopp\w*|härte\w*|entfern\w*|setze|"
    r"pausier\w*|starte|nimm|sichere|entzieh\w*|änder\w*|aktivier\w*|deaktivier\w*|erhöh\w*|reduzier\w*|begrenz\w*|"
    r"beschränk\w*|erzwing\w*|unterbind\w*|gib (?!mir\b|uns\b|eine (?:liste|übersicht)|es\b)|genehmig\w*|verbiete|sperre|isoliere|fixier\w*|pinne|lass\w*|schalte|mach"
)
_QUESTION = (
    r"why|what|how|which|who|where|when|is|are|does|do|did|should|must|can|warum|was|wie|welche"
)
_DONE = (
    r"restarted|scaled|deleted|removed|fixed|hardened|stopped|paused|suspended|resumed|pinned|patched|"
    r"labell?ed"
)

BEGINS = (
    rf"^\W*(?:{_POLITE})*(?:{_VERBS}|{_GERMAN_VERBS})\b(?!.{{0,40}}\b(?:means?|do\b))|"
    r"^\W*(?:can|could|would|will) you (?:fix|scale|delete|remove|restart|patch|apply|roll|kill|set|change|"
    r"update|disable|enable|create|add)\b"
)
"""Begins with what is to be done."""

GERMAN = (
    r"^\W*(?:kannst|könntest|würdest) du\b.{1,80}\b(?:absichern|härten|beheben|reparieren|skalieren|löschen|"
    r"entfernen|pausieren|neu ?starten|stoppen)\b|"
    r"\b(?:soll|sollen|muss|müssen)\b.{0,60}\b(?:neu gestartet|skaliert|gelöscht|behoben|gehärtet|entfernt|"
    r"pausiert)\b(?!.*\?)"
)
"""Says what is to be done at the end of the sentence."""

STATES = (
    rf"^(?!\W*(?:{_QUESTION})\b)(?!.*\?).*(?:"
    r"\bplease (?:fix|stop|scale|restart|delete|remove|add|harden|change|patch|correct|pin|label)\b|"
    r"(?:[,;.]|\band|\bplease|\bthen|\bnow) (?:please |now |just )*(?:fix|stop|change|correct|undo) "
    r"(?:it|that|this|them)\W*$|"
    r"\bget (?:it|that|this|them) (?:fixed|stopped|restarted|hardened|removed)\b|"
    r"\b(?:take|turn|switch|get) (?:it|that|this|them) (?:off|out|down)\W*$|"
    r"\b(?:must|should|may|shall) (?:no longer\b|not\b.{0,60}\bany ?(?:longer|more)\b)|"
    r"\b(?:must|should|shall) (?:run|be|work|start)\b.{0,20}\bwithout\b|"
    r"\b(?:darf|soll|sollte)\b.{0,60}\bnicht mehr\b|"
    r"^\W*\S+\s*:\s*\d+ replicas?\b|"
    rf"\b(?:needs?|has|have|ought|should|must) (?:to )?be (?:{_DONE})\b|"
    rf"\b(?:i|we)(?:'d| would)? (?:want|like|need)\b.{{0,60}}(?:\b\d+ replicas?\b|\b(?:off|without|{_DONE})\b))"
)
"""Says how something is to be, without asking anything."""

GIVES_UP = r"\b(?:may|can|darf) (?:become|be) (?:an )?(?:empty|leer)"
"""Says that something may be lost."""

ORDER = "|".join((BEGINS, GERMAN, STATES, GIVES_UP))
