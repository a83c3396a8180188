"""The words of a question: names, quoted texts, numbers and signs, each with its place in the text."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_core.segments.errors import SegmentError

LONGEST: Final = 2000  # characters of a question
KEYWORDS: Final = {
    **{word: word for word in ("and", "or", "not", "in", "is", "within", "over", "ago", "all")},
    "且": "and", "并且": "and", "或": "or", "或者": "or", "非": "not",
}  # fmt: skip
_QUOTES: Final = '"＂', "“”„", "「」", "『』"  # what one of a group begins, one of the same group ends
# Sign by sign, so that a place in the plain text is the same place in the text as it was written.
_PLAIN: Final[dict[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: " ", 0x00A0: " ", ord("、"): ",", ord("−"): "-", ord("–"): "-",
}  # fmt: skip
_SIGNS: Final = {"≥": ">=", "≤": "<=", "≠": "!=", "==": "=", "<>": "!="}
_TEXT: Final = "|".join(rf"[{one}](?:[^{one}\\]|\\.)*[{one}]" for one in _QUOTES)
_PIECE = re.compile(
    rf"""(?P<space>\s+) | (?P<text>{_TEXT}) | (?P<word>-?\w[\w./+-]*)
      | (?P<sign>[<>!=]=|<>|[<>=(),≥≤≠])""",
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"-?\w[\w./+-]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_UNFIT = re.compile("[\x00\ud800-\udfff]")  # no database keeps them


class Sort(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"  # quoted
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign. `value` is its plain form; `keyword` is what it means to the grammar, "" for nothing."""

    sort: Sort
    value: str
    place: int
    written: str = ""

    @property
    def keyword(self) -> str:
        """The keyword or sign that this is."""
        if self.sort is Sort.SIGN:
            return self.value
        return KEYWORDS.get(self.value.casefold(), "") if self.sort is Sort.WORD else ""


def tokens(text: str) -> list[Token]:
    """The words and signs of a text, the end among them; SegmentError for what is none."""
    if len(text) > LONGEST:
        raise SegmentError("segment-long", LONGEST, text[LONGEST:][:20], {"length": len(text), "most": LONGEST})
    if unfit := _UNFIT.search(text):
        raise SegmentError("segment-sign", unfit.start(), "?")
    plain = text.translate(_PLAIN)
    found = []
    place = 0
    while place < len(plain):
        piece = _PIECE.match(plain, place)
        if piece is None:
            key = "segment-quote" if plain[place] in "".join(_QUOTES) else "segment-sign"
            raise SegmentError(key, place, text[place : place + 20] if key == "segment-quote" else text[place])
        if piece.lastgroup != "space":
            found.append(_token(piece, text))
        place = piece.end()
    return [*found, Token(Sort.END, "", len(text))]


def _token(piece: re.Match[str], text: str) -> Token:
    plain, written, place = piece[0], text[piece.start() : piece.end()], piece.start()
    if piece.lastgroup == "text":
        return Token(Sort.TEXT, re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL), place, written)
    if piece.lastgroup == "sign":
        return Token(Sort.SIGN, _SIGNS.get(plain, plain), place, written)
    sort = Sort.NUMBER if _NUMBER.fullmatch(plain) else Sort.WORD
    return Token(sort, plain, place, written)


def quoted(value: str) -> str:
    """A value as it is written in a question: bare when that reads back as the same word, else in quotes."""
    if _BARE.fullmatch(value) and value.translate(_PLAIN) == value and value.casefold() not in KEYWORDS:
        return value
    return '"' + re.sub(r'([\\"＂])', r"\\\1", value) + '"'
