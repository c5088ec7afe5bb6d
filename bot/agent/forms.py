"""How control numbers and ids of advisories are written in prose and code, as expressions.

Tolerates what a person reads over: formatting signs between the parts, other separators, brackets.
Every expression is linear in its input. Used by `bot.agent.grounding`.
"""

import re

_GLUE = r"[*_~`\\]{0,3}[ ]?[*_~`\\]{0,3}"
_POINT = rf"{_GLUE}\.{_GLUE}"
_DOTTED = rf"\d{{1,3}}(?:{_POINT}\d{{1,3}}){{1,4}}"
_SEPARATED = r"\d{1,2}[-_/]\d{1,2}[-_/]\d{1,3}(?!\d)"
NUMBER = re.compile(rf"{_DOTTED}|{_SEPARATED}")
LEAD = (
    r"(?<![A-Za-z])(?<!/)(?:CIS|controls?|recommendations?|sections?|rules?|benchmark|requirements?|"
    r"kontrollen?|abschnitt)(?![A-Za-z])"
)
SPEAKS_OF_CONTROLS = re.compile(rf"(?i){LEAD}")
LED = re.compile(
    rf"(?i)({LEAD})([^0-9\n]{{0,30}}?)(v?)({_DOTTED}|\d{{1,2}}([-_/:\\| ])\d{{1,2}}\5\d{{1,3}}(?!\d))"
    rf"(?![\w-]*[a-z])((?:[ \t]?(?:,|&|/|\band\b|\bor\b|\bund\b|\boder\b)[ \t]?(?:and |or )?(?:{_DOTTED}|{_SEPARATED}))*)"
)
"""Lead word, what stands between, v, number, (separator), further numbers."""
BARE = re.compile(
    rf"(?<![\w.:@])(?<![A-Za-z]-)(?<![\w\])][/=])(\d{{1,2}}{_POINT}\d{{1,2}}{_POINT}\d{{1,3}})[a-z]?"
    r"(?![\w@=]|\.\d|:\w|-[a-z]|/[A-Za-z])"
)
BEHIND = re.compile(
    r"(?:[^\W\d][\w.+-]{0,40}|\d[.]\d+[*_`\"')]{0,3},|→|->)[ \t]{0,2}[*_`\"'(]{0,3}[v~]?$"
)
"""What a number stands behind: a word, a number and a comma, an arrow."""
OF = re.compile(rf"(?i)\bv?({_DOTTED})[ \t]+(?:of|in|from)[ \t]+(?:the[ \t]+)?(?:CIS|benchmark)\b")

_DASH = r"\-\u2010-\u2015\u2212"
_BETWEEN = rf"[\s_{_DASH}:/\\*`~.]{{0,4}}"
CVE = re.compile(
    rf"(?i)C\s?V\s?E(?:'?s)?[\s_{_DASH}:/\\*`~#().,\[\]]{{0,5}}"
    rf"(?:(?:ids?|numbers?|no)\b[\s.:*`#]{{0,4}})?(\d{{4}}){_BETWEEN}(\d{{4,}})"
)
CVE_AGAIN = re.compile(rf"(?<![\w.-])((?:19|20)\d\d)[{_DASH}](\d{{4,}})(?![\w-])")
"""The second of several, without its letters; counts only in a sentence that speaks of CVEs."""
_ISSUERS = (
    "GHSA|OSV|RH[SBE]A|CESA|ELSA|ALAS2?|DSA|DLA|USN|SUSE-SU|OPENSUSE-SU|GLSA|FEDORA|PYSEC|RUSTSEC|SNYK|AVD|"
    "XSA|ZDI|TALOS|CNVD|CNNVD|JVNDB|EUVD|MFSA|VU|BDU|GSD|CGA|MAL|ASB|BIT|DRUPAL|TEMP|RSEC|HSEC|VMSA|ICSA|CISCO-SA"
)
ADVISORY = re.compile(
    rf"(?i)(?<![\w-])(?:(?:{_ISSUERS})[\s_:#*`]?[{_DASH}\s_:#]?[*`]{{0,2}}(?:[a-z]{{1,40}}[{_DASH}]){{0,4}}"
    rf"(?:[0-9a-z]{{4}}(?:[{_DASH}][0-9a-z]{{4}}){{2}}|\d[\w:.{_DASH}]{{0,40}}\d)"
    rf"|GO[{_DASH}_ ](?:19|20)\d\d[{_DASH}_:]\d{{4}}|(?-i:[A-Z]{{2,12}})[{_DASH}](?:19|20)\d\d[{_DASH}:]\d{{2,}})(?![\w])"
)
"""Of any issuer but MITRE: by its letters, or letters, a year and a number."""


def digits(number: str) -> str:
    """Give a number's one spelling: `5.**2**.7`, `5/2/7` and `5-2-7` are 5.2.7."""
    return re.sub(r"[^\d.]", "", re.sub(r"(?<=\d)[-_/:\\| ](?=\d)", ".", number))
