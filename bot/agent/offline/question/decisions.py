"""Reads talk of changes that were asked for: where they stand, or a word that would decide on one. Pure.

No word decides anything; the answer names the card. Used by `bot.agent.offline.question.phrases` and the
plan that answers it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """What somebody says as if it counted; the names of buttons."""

    APPROVE = "Approve"
    REJECT = "Reject"
    WITHDRAW = "Withdraw"
    UNDO = "Undo"


_CHANGE = (
    r"(?:changes?|proposals?|requests?|cards?|scaling|restart|rollout|deletion|hardening|drafts?|approvals?|"
    r"änderung\w*|vorsch\w+|anfragen?|antr[aä]ge?|karten?)"
)
_IT = rf"(?:it|that|this|them|these|both|all|everything|(?:das|es|ihn|sie|alle|alles)\b|(?:[\w/'’-]+ ){{0,4}}{_CHANGE})\b"
_POLITE = (
    r"(?:please |pls |can you |could you |would you |i |we |i['’]d like to |i want to |let['’]?s |yes,? |ok(?:ay)?,? |"
    r"and |now |then |so |just |bitte |ja,? |ich |wir |kannst du |könntest du )*"
)
_CERTIFICATES = r"(?!.*\b(?:csrs?|certificates?|signing|zertifikat\w*)\b)"

_WORDS: tuple[tuple[Word, re.Pattern[str]], ...] = tuple(
    (word, re.compile(rf"{_CERTIFICATES}(?:{pattern})", re.I))
    for word, pattern in (
        (
            Word.REJECT,
            rf"^\W*{_POLITE}(?:(?:reject|decline|deny|veto|refuse|verwirf\w*) {_IT}|reject\w*\W*$|(?:do not|don['’]t) approve\b|"
            r"lehn\w*\b.*\bab\b|ablehnen\b|abgelehnt\W*$|veto\W*$|genehmig\w*\b.{0,40}\bnicht\b)|\bablehnen\W*$",
        ),
        (
            Word.WITHDRAW,
            rf"\bwithdraw\b|\b(?:cancel|retract|abort) {_IT}|\b(?:drop|forget|scrap|discard) (?:my|the|that|this) (?:[\w/-]+ ){{0,2}}{_CHANGE}|"
            rf"\btake (?:my|the) (?:[\w/-]+ ){{0,2}}(?:requests?|proposals?) back\b|\btake back (?:my|the) (?:[\w/-]+ ){{0,2}}(?:requests?|proposals?)\b|"
            r"\bzieh\w*\b.{0,60}\bzurück|\bzurück(?:ge)?zieh|\bzurückgezogen|\bnimm\b.{0,40}\b(?:anfrage|antrag|vorschlag)\b.{0,20}\bzurück|\bstornier\w*|\bwiderruf\w*",
        ),
        (
            Word.UNDO,
            rf"\bundo\w*\b|\bundone\b|\brol(?:l|ls|led|ling)[ -]?back\b|\brollback\b|\brevert\w*\b|\broll\w* .{{1,40}}\bback\b|rückgängig|\b(?:back|take) {_IT} (?:out|back)\b|"
            rf"\bback out {_IT}|\bput {_IT} back\b|\bnimm\b.{{0,40}}\bzurück|\bzurückroll|\broll\w*\b.{{0,40}}\bzurück",
        ),
        (
            Word.APPROVE,
            rf"^\W*{_POLITE}(?:approved?\b|(?:accept|confirm|sign off|sign off on|merge|execute|apply|carry out|ship|release) {_IT}(?: now| please)?\W*$|"
            r"lgtm\b|\+1\b|looks good to me|thumbs up|go ahead\W*$|do it\W*$|go for it\W*$|genehmig\w*|freigeben\b|freigegeben\b|"
            r"gib\b.{0,40}\bfrei\b|(?:führ|setz)\w*\b.{0,30}\b(?:aus|um)\W*$|wende?\b.{0,30}\ban\W*$|mach (?:es|das)\W*$|(?:bin )?einverstanden\b)|"
            r"\bapprove (?:and run )?(?:it|that|this|them|everything|all)\b|\b(?:genehmigen|freigeben)\W*$",
        ),
    )
)  # fmt: skip

_WHO = r"(?:who|has (?:any(?:body|one)|some(?:body|one)|he|she|it)|did (?:any(?:body|one)|some(?:body|one))|wer hat|hat (?:jemand|wer|schon jemand))"
_DONE = (
    r"(?:approved?|rejected?|den(?:y|ied)|withdraw\w*|withdrew|applied|executed|carried out|verified|rolled out|"
    r"gone through|proposed?|requested?|asked for|genehmigt|abgelehnt|freigegeben|angewendet|ausgeführt|umgesetzt|"
    r"beantragt|angefragt|vorgeschlagen|übernommen|undone|done|blocked|refused|expired)"
)
_STANDS = _CERTIFICATES + "(?:" + "|".join(
    (
        r"\b(?:waiting|pending|open|waits?|awaiting|outstanding|unapproved|offene?n?)\b.{0,30}\b(?:approvals?|proposals?|reviews?|approved|requests|changes|freigaben?|genehmigung\w*|änderung\w*|anfragen)\b",
        r"\bproposals?\b.{0,30}\b(?:waiting|pending|open|there)\b",
        r"\bwarte\w*\b.{0,40}\b(?:freigabe\w*|genehmigung\w*|freizugeben)",
        r"^\W*(?:list|show|which|what|any|zeig\w*|welche)\b.{0,25}\b(?:approvals|proposals|change requests|änderungsanträge|vorschläge)\b",
        r"^\W*what\b.{0,12}\b(?:needs?|has to|must|should|can) .{0,12}\b(?:approv\w+|review\w*)",
        r"\bneeds? (?:my |an? |our )?(?:approval|review)\b",
        r"\b(?:have|did|do) (?:i|we) (?:already )?(?:ask(?:ed)? for|request(?:ed)?|propos(?:ed|e))\b",
        r"\b(?:habe?n?) (?:ich|wir) .{0,30}(?:beantragt|angefragt|vorgeschlagen|angefordert)\b",
        rf"\b(?:my|our|mein\w*|unser\w*) (?:last |latest |letzten? |open |pending )?(?:{_CHANGE}|fix(?:es)?)(?![-\w])",
        r"^\W*(?:what|was) (?:was|were|got|has been|is|wurde) (?:already |schon )?(?:approved|rejected|withdrawn|undone|asked for|genehmigt|abgelehnt|freigegeben)\b",
        rf"\b{_WHO} (?:already |schon )?(?:has )?{_DONE}\b",
        rf"\b{_WHO} .{{1,60}}\b(?:genehmigt|abgelehnt|freigegeben|beantragt|zurückgezogen)\b",
        r"\bwho (?:has to|must|can|may|should|could|will|needs to) (?:approve|reject|review|sign off)\b(?!.{0,20}\b(?:images?|pods?)\b)",
        r"\bwer (?:muss|kann|darf|soll) .{0,60}(?:genehmigen|freigeben|ablehnen)\b",
        rf"\b(?:is|was|were|are|has|have|been|got|get|did|wurde|ist|why|warum)\b.{{0,60}}\b{_CHANGE}\b.{{0,40}}\b{_DONE}\b",
        r"^\W*(?:is|was|has|did|wurde|ist)\b.{0,40}\b(?:it|that|this|das|es)\b.{0,20}\b(?:approved|rejected|applied|executed|carried out|genehmigt|abgelehnt|angewendet|ausgeführt|umgesetzt|freigegeben)(?: yet| already| now| by \S+)?\W*$",
        rf"\b(?:status|state|stand)\b.{{0,30}}\b(?:of|von|der|des|meiner|unserer)\b.{{0,40}}\b{_CHANGE}(?![-\w])",
        rf"\bwhat (?:happened|came|became|is happening)\b.{{0,12}}\b(?:to|of|with)\b.{{0,40}}\b{_CHANGE}(?![-\w])",
        rf"\b(?:until when|how long|when does|by when|bis wann)\b.{{0,60}}\b(?:approv\w+|{_CHANGE}|expires?|genehmig\w+)\b",
    )
) + ")"  # fmt: skip

ABOUT = "|".join((_STANDS, *(pattern.pattern for _, pattern in _WORDS)))
"""Speaks of changes that were asked for, in English and German."""

_ABOUT_STANDING = re.compile(_STANDS, re.I)
_WAITING = re.compile(
    r"\b(?:wait\w*|pending|open|outstanding|awaiting|unapproved|needs?|has to|must|should|can|may|offen\w*|warte\w*|"
    r"muss|kann|until when|how long)\b",
    re.I,
)
_MINE = re.compile(
    r"\b(?:i|my(?! approval| review)|mine|ich|mein\w*(?! genehmigung| freigabe))\b", re.I
)
_ASKS = re.compile(
    r"^\W*(?:who|what|which|why|when|was|were|is|are|has|have|did|does|how|until|can (?!you\b)|wer|wurde|warum|wann|"
    r"welche|hat|ist)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said of changes that were asked for."""

    word: Word | None
    """None: only where they stand is asked."""
    waiting: bool
    mine: bool


def read_spoken(text: str) -> Spoken:
    """Read it; a question where something stands is no word."""
    asks = bool(_ASKS.search(text)) and bool(_ABOUT_STANDING.search(text))
    words = [word for word, pattern in _WORDS if pattern.search(text)]
    return Spoken(
        word=words[0] if words and not asks else None,
        waiting=bool(_WAITING.search(text)),
        mine=bool(_MINE.search(text)),
    )
