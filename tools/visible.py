r"""Signs that nobody sees, or that show text otherwise than it is, written as escapes: `\u202e`.

They are Unicode's control and default-ignorable signs (UAX #44, PropList.txt): bidirectional overrides,
zero-width signs, tags, variation selectors, fillers. Joiners stay inside emoji, and between letters of
scripts that are written with them. Pure; used by reports, `differences`, the terminal and all that Slack shows.
"""

import json
import re

_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINED = "\u0600-\u0fff"
"""Arabic to Tibetan."""
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    f"|(?<![{_EMOJI}])\ufe0f(?!\u20e3)"
    f"|(?<![{_EMOJI}{_JOINED}])(?<![{_EMOJI}]\ufe0f)[\u200c\u200d]"
    f"|[\u200c\u200d](?![{_EMOJI}{_JOINED}])"
)
"""One such sign where it does not belong; line ends and tabs are none."""


def visible(text: str) -> str:
    """Give the text with each such sign as an escape."""
    return UNSEEN.sub(escaped, text)


def escaped(sign: re.Match[str]) -> str:
    """Write one sign as an escape, as JSON or Python would."""
    code = ord(sign[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible_json(text: str) -> str:
    """Give JSON that says the same with each such sign as an escape of JSON."""
    return UNSEEN.sub(lambda sign: json.dumps(sign[0])[1:-1], text)
