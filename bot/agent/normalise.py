"""One spelling for text before it is checked: no hidden characters, no look-alike letters or digits.

What grounding, links and redaction look for could otherwise be written so that they miss it and a
person reads it all the same. Used by `bot.agent.grounding` and `bot.agent.defuse`.
"""

import re
import unicodedata

_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000e0000-\U000e0fff]"
)
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнԛԝАВЕКМНОРСТУХІЈЅαορεικντυχϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɑ",
    "aeopcyxijsdhlkmtbhqwABEKMHOPCTYXIJSaopeikvtuxcABEZHIKMNOPTYXiga",
)
_DOTS = re.compile(
    r"(?<=\d)[\u00b7\u066b\u06d4\u0701\u0702\u16eb\u2022\u2024\u2027\u2219\u22c5\u2e31\u2e33\u3002\u30fb"
    r"\ua4f8\ua4fa\uff0e\uff61](?=\d)|(?<=[A-Za-z0-9])[\u3002\uff0e\uff61](?=[A-Za-z0-9])"
)
_NUMERALS_TEXT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_NUMERALS: tuple[str, ...] = tuple(_NUMERALS_TEXT.split())
_TENS: tuple[str, ...] = (
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
)
_NUMERAL = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_NUMERALS[1:10])}))?|{'|'.join(reversed(_NUMERALS))}|\d{{1,3}})"
_SPELT = re.compile(rf"(?i)\b{_NUMERAL}(?:[ \t]{{1,3}}(?:point|dot)[ \t]{{1,3}}{_NUMERAL})+\b")
_SLASHES = str.maketrans(
    {"\u2215": "/", "\u2044": "/", "\u29f8": "/", "\u2236": ":", "\ua789": ":"}
    | dict.fromkeys("\u2010\u2011\u2012\u2212\u02d7\u1806", "-")
)
_DASHED = re.compile(r"(?<=[A-Za-z])\u2013(?=[A-Za-z0-9])")
_LATIN = re.compile(r"[A-Za-z0-9]")
_WORD = re.compile(r"[^\s`]+")


def normalise(text: str) -> str:
    """Give text its one spelling: compatibility forms folded, hidden characters out.

    Words that mix Latin letters with look-alikes of other scripts become Latin; words wholly in
    another script stay, since people write in them. `five point two` becomes `5.2`.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = _DASHED.sub("-", _HIDDEN.sub("", plain).translate(_SLASHES))
    plain = _SPELT.sub(lambda match: _in_digits(match[0]), plain)
    if plain.isascii():
        return plain
    plain = "".join(_digit(char) for char in plain)
    plain = _DOTS.sub(".", plain)
    return _WORD.sub(lambda match: _fold(match[0]), plain)


def latin(word: str) -> str:
    """Fold every look-alike of a word, whatever else stands in it."""
    return word.translate(_LOOKALIKES)


def _in_digits(spelt: str) -> str:
    words = re.split(r"\s+(?:point|dot)\s+", spelt.lower())
    return ".".join(word if word.isdigit() else str(_number(word)) for word in words)


def _number(word: str) -> int:
    """Give what a numeral up to ninety-nine means."""
    tens, *ones = re.split(r"[- ]", word)
    if tens in _NUMERALS:
        return _NUMERALS.index(tens)
    return 10 * (_TENS.index(tens) + 2) + (_NUMERALS.index(ones[0]) if ones else 0)


def _digit(char: str) -> str:
    if char.isascii() or not char.isdecimal():
        return char
    return str(unicodedata.decimal(char))


def _fold(word: str) -> str:
    return latin(word) if _LATIN.search(word) and not word.isascii() else word
