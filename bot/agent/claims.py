"""Tells whether a text claims that something was changed or approved: no answer ever does that.

Pure. Used by `bot.conversation`, which then says by code that nothing was changed.
"""

import re

_CLAIMS = re.compile(
    r"\b(?:i|we|oakum)\b(?:['’]ve|[ \n](?:have|has|just|already|now))*[ \n]"
    r"(?:applied|scaled|restarted|deleted|removed|patched|approved|changed|fixed|updated|deployed|"
    r"created|set|rolled|disabled|enabled|hardened|pinned|stopped|killed|executed)\b|"
    r"\b(?:was|were|is|are|has been|have been|been) (?:now |successfully |just )*"
    r"(?:applied|scaled|restarted|deleted|patched|approved|deployed|executed|rolled (?:out|back))\b|"
    r"^[^\w\n]*(?:applied|scaled|restarted|deleted|patched|approved|done|deployed)\b|"
    r"\b(?:habe|wurde|wurden)\b.{0,80}\b(?:angewendet|skaliert|neu gestartet|gelöscht|geändert|"
    r"genehmigt|behoben|ausgerollt)\b",
    re.I | re.M,
)
_BLANKS = re.compile(r"[^\S\n]+")


def claims_change(text: str) -> bool:
    """Tell whether a text says that something was done; in doubt it does."""
    return bool(_CLAIMS.search(_BLANKS.sub(" ", text)))
