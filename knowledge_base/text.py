"""Text as the matcher sees it: one normal form, its language, its words and their stems."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final

from knowledge_base.wordlists import IRREGULAR_FORMS

LONGEST_TEXT: Final = 4_000  # characters considered; what follows is not read
LONGEST_WORD: Final = 40  # letters of one word considered: longer ones are keys mashed or addresses
NUMBER: Final = "#"  # stands for any number of three digits or more: an order number says "a number", not which

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+")
_ACCENTED = re.compile(r"[\u00c0-\u024f\u1e00-\u1eff]")
_UNUSABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_SPACES = re.compile(r"\s+")
_TOKEN = re.compile(rf"[{_HAN}]|[a-z]+(?:['’][a-z]+)*|[0-9]+|[^\W\d_a-z{_HAN}]+")
_HAN_ONE = re.compile(rf"[{_HAN}]")
_LATIN_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)*")
_OTHER_LETTER = re.compile(rf"[^\W\d_a-z{_HAN}]")


def normal_form(text: str) -> str:
    """Bring any text to one form: NFKC, lower case, single spaces, simplified characters; no marks, no controls."""
    text = text[:LONGEST_TEXT]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _UNUSABLE.sub("", text))[:LONGEST_TEXT]
        if _ACCENTED.search(text):
            text = unicodedata.normalize("NFKD", text)
        text = _MARKS.sub("", text)
        if _HAN_ONE.search(text):
            text = _to_simplified().convert(text)
    return _SPACES.sub(" ", _UNUSABLE.sub("", text.lower())).strip()


def language_of(normal: str) -> str | None:
    """Tell the language of a text in normal form: "en", "zh", "other" for another script, None without any letter.

    A Chinese character weighs as half a word, so a Chinese question that names two English products stays Chinese.
    """
    if normal.isascii():
        return "en" if _LATIN_WORD.search(normal) else None
    han = len(_HAN_ONE.findall(normal))
    latin = len(_LATIN_WORD.findall(normal))
    other = len(_OTHER_LETTER.findall(normal))
    if not (han or latin or other):
        return None
    if other > han and other > 4 * latin:
        return "other"
    return "zh" if han >= latin else "en"


@cache
def _to_simplified() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def tokens_of(normal: str, *, numbers: bool = False) -> list[str]:
    """Split a text in normal form into words, single Chinese characters and numbers, in order.

    Numbers of three digits or more all become one token, unless they are wanted with `numbers`.
    """
    tokens = []
    for token in _TOKEN.findall(normal):
        if token[0].isdigit():
            tokens.append(token if numbers or len(token) < 3 else NUMBER)
        else:
            tokens.append(_plain_word(token))
    return tokens


@lru_cache(maxsize=8192)
def is_han(token: str) -> bool:
    """Tell whether a token is one Chinese character."""
    return len(token) == 1 and _HAN_ONE.match(token) is not None


def _plain_word(word: str) -> str:
    """Undo an apostrophe: "don't" and "dont" are one word, the "s" of "what's" is none."""
    if "'" in word or "’" in word:
        word = word.replace("’", "'").removesuffix("'s").replace("'", "")
    return word[:LONGEST_WORD]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Bring irregular English forms to their base and cut the commonest endings: cancels, cancelling become cancel.

    Deliberately weaker than Porter's stemmer: what it misses, the character n-grams inside words still find.
    """
    word = IRREGULAR_FORMS.get(word, word)
    if len(word) < 4 or not word.isascii():
        return word
    for ending, least in (("ing", 6), ("ied", 5), ("ies", 5), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith(("ss", "us", "is", "eed")):
            base = word[: -len(ending)]
            word = base + "y" if ending in ("ied", "ies") else base
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "se":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
