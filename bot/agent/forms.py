"""How control numbers, CVE ids and names of objects are written in prose and code, as expressions.

Tolerates what a person reads over: formatting signs between the parts, other separators, brackets.
Every expression is linear in its input. Used by `bot.agent.grounding`.
"""

import re

from bot.agent.vocabulary import COMPOUND

_GLUE = r"[*_~`\\]{0,3}[ ]?[*_~`\\]{0,3}"
_POINT = rf"{_GLUE}\.{_GLUE}"
_DOTTED = rf"\d{{1,3}}(?:{_POINT}\d{{1,3}}){{1,4}}"
NUMBER = re.compile(_DOTTED)
LEAD = (
    r"(?<![A-Za-z])(?:CIS|controls?|recommendations?|sections?|rules?|benchmark|requirements?|"
    r"kontrolle|abschnitt)(?![A-Za-z])"
)
SPEAKS_OF_CONTROLS = re.compile(rf"(?i){LEAD}")
LED = re.compile(
    rf"(?i)({LEAD})([^0-9\n]{{0,30}}?)(v?)({_DOTTED}|\d{{1,2}}([-_])\d{{1,2}}\5\d{{1,2}}(?!\d))"
    rf"(?![\w-]*[a-z])((?:\s?(?:,|&|/|\band\b|\bor\b|\bund\b|\boder\b)\s?(?:and |or )?{_DOTTED})*)"
)
"""Lead word, what stands between, v, number, (separator), further numbers."""
BARE = re.compile(
    rf"(?<![\w.:@])(?<![A-Za-z]-)(?<![\w\])][/=])(\d{{1,2}}{_POINT}\d{{1,2}}{_POINT}\d{{1,3}})[a-z]?"
    r"(?![\w@=]|\.\d|:\w|-[a-z]|/[A-Za-z])"
)
OF = re.compile(rf"(?i)\bv?({_DOTTED})\s+(?:of|in|from)\s+(?:the\s+)?(?:CIS|benchmark)\b")

_BETWEEN = r"[\s_\-\u2010-\u2015\u2212:/\\*`~.]{0,4}"
CVE = re.compile(
    r"(?i)C\s?V\s?E(?:'?s)?[\s_\-\u2010-\u2015\u2212:/\\*`~#().,\[\]]{0,5}"
    rf"(?:(?:ids?|numbers?|no)\b[\s.:*`#]{{0,4}})?(\d{{4}}){_BETWEEN}(\d{{4,}})"
)
CVE_AGAIN = re.compile(r"(?<![\w.-])((?:19|20)\d\d)[-\u2010-\u2015\u2212](\d{4,})(?![\w-])")
"""The second of several, without its letters; counts only in a sentence that speaks of CVEs."""
GHSA = re.compile(r"(?i)GHSA(?:-[0-9a-z]{4}){3}")

_KINDS = (
    "Deployments?|StatefulSets?|DaemonSets?|ReplicaSets?|CronJobs?|Jobs?|Pods?|Namespaces?|"
    "ServiceAccounts?|ClusterRoles?|Roles?|RoleBindings?|ClusterRoleBindings?|NetworkPolic(?:y|ies)|"
    "Services?|Ingress|Secrets?|ConfigMaps?|Workloads?|Containers?"
)
_MARKS = r"[*_\"'“”‘’]{0,3}"
_TOKEN = r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]"  # noqa: S105  a pattern
_FURTHER = r"\s?,\s?(?:and\s|or\s)?|\s(?:and|or|und|oder|&)\s"
KINDED = re.compile(
    rf"\b((?i:{_KINDS}))(\s+(?:named\s+|called\s+)?|\s?[:=(\[]\s?)({_MARKS})({_TOKEN})({_MARKS})"
    rf"((?:(?:{_FURTHER}){_MARKS}{_TOKEN}{_MARKS}(?![\w/]))*)"
)
"""Kind, what stands between, opening signs, name, closing signs, further names."""
WORD = re.compile(_TOKEN)
_HYPHENED = r"[a-z0-9]+(?:-[a-z0-9]+)+"
BEFORE_KIND = re.compile(
    rf"(?<![\w/`.:@-])({_HYPHENED})({_MARKS}\s+(?i:deployment|statefulset|daemonset|replicaset|cronjob|"
    r"pod|namespace|service account|serviceaccount|workload|clusterrole|rolebinding|configmap)s?\b)"
)
MARKED = re.compile(
    rf"(?<![\w*_\"'“‘])(\*{{1,3}}|_{{1,3}}|[\"'“‘])({_HYPHENED})([*_\"'”’]{{1,3}})(?!\w)"
)
LISTED = re.compile(
    rf"(?m)(^[ \t]*(?:[-*+•]|\d{{1,3}}[.)])[ \t]+|\|[ \t]*)({_HYPHENED})(?=[ \t]*(?::|—|–|\(|\||$))"
)
"""Alone at the head of a list's line, or in a table's cell."""
POD_MADE = re.compile(
    r"(?<![\w./-])([a-z][a-z0-9-]{0,200}-[bcdfghjklmnpqrstvwxz2456789a-f0-9]{8,10}-[a-z0-9]{5})(?![\w-])"
)
"""The name of a pod that a ReplicaSet made."""
SUBJECT = re.compile(r"(system:serviceaccounts?):([a-z0-9.-]+)(?::([a-z0-9.-]+))?")
IN_CODE = re.compile(
    r"(?:(?<=\s)-n[= ]?|--namespace[= ]|\bnamespace[\"']?[ ]?[:=][ ]?[\"']?)([a-z0-9][a-z0-9.-]*)"
)
COMMAND = re.compile(r"\bkubectl\b[^\n`|;&]*")
MAKING = re.compile(r"\b(?:create|run|expose|apply)\b")
COMMANDED = re.compile(
    r"(?<=[ \t])(deploy(?:ments?)?|statefulsets?|sts|daemonsets?|ds|replicasets?|rs|jobs?|cronjobs?|cj|pods?|po|"
    r"namespaces?|ns|serviceaccounts?|sa|services?|svc|networkpolic(?:y|ies)|netpol|secrets?|configmaps?|cm|"
    r"rolebindings?|clusterrolebindings?)([ \t]+)([a-z0-9][a-z0-9.-]*)"
)
"""Kind and name after kubectl's verb."""
_PLACEHOLDER = re.compile(r"(?:my|your|the|some|example|sample)\b")
_HOSTILE = re.compile(rf"{_HYPHENED}|-[a-z0-9]+(?:-[a-z0-9]+)*|[a-z]+\d+[a-z0-9]*")
_ENDINGS = ("ed", "ing", "able", "ible", "less", "ful", "ly", "ion", "ive", "ary")


def digits(number: str) -> str:
    """Give a number's one spelling: `5.**2**.7` and `5-2-7` are 5.2.7."""
    return re.sub(r"[^\d.]", "", re.sub(r"(?<=\d)[-_](?=\d)", ".", number))


def looks_named(word: str) -> bool:
    """Tell whether a word is written as names of objects are: with hyphens or digits."""
    return _HOSTILE.fullmatch(word) is not None


def is_language(word: str) -> bool:
    """Tell whether a word with hyphens is one of the language (`read-only`) or a placeholder."""
    parts = word.split("-")
    if _PLACEHOLDER.match(word) or any(part in COMPOUND for part in parts):
        return True
    return len(parts[-1]) > 4 and parts[-1].endswith(_ENDINGS)
