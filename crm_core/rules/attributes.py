"""What a value of a custom attribute may be, read from what people write."""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from crm_core.models import AttributeKind
from crm_core.rules.record import RecordRefused, plain, read_day

LONGEST_VALUE: Final = 190  # characters of a text
MOST_CHOICES: Final = 50
_LARGEST: Final = 1e15  # beyond, numbers are not exact any more
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:[, ]\d{3})+)(?:\.\d+)?")
_YES = frozenset({"yes", "y", "true", "1", "是", "对", "有"})
_NO = frozenset({"no", "n", "false", "0", "否", "不", "不是", "没有", "无"})

Value = str | float


def check_key(text: str) -> str:
    """The word by which segments and files name an attribute; raises RecordRefused for anything else."""
    if not _KEY.fullmatch(text):
        raise RecordRefused("attribute_bad_key", attribute=text[:40])
    return text


def check_choices(choices: Sequence[str]) -> list[str]:
    """What somebody may choose from: two to fifty different words."""
    found = list(dict.fromkeys(one for one in map(plain, choices) if one))
    if not 2 <= len(found) <= MOST_CHOICES or any(len(one) > LONGEST_VALUE for one in found):
        raise RecordRefused("attribute_choices", length=len(found), most=MOST_CHOICES)
    return found


def check(kind: str, text: str, *, key: str = "", choices: Sequence[str] = ()) -> Value:
    """The value that `text` stands for: a text, a number, a day as "2026-03-01", one of the choices, "yes" or "no".

    Raises RecordRefused with the key of the attribute and what it is instead.
    """
    written = unicodedata.normalize("NFKC", plain(text))
    if not written:
        raise RecordRefused("record_empty")
    if kind == AttributeKind.NUMBER:
        return _number(key, written)
    if kind == AttributeKind.DATE:
        day = read_day(written)
        if day is None:
            raise RecordRefused("attribute_no_day", attribute=key, text=written[:60])
        return day.isoformat()
    if kind == AttributeKind.CHOICE:
        return _choice(key, written, choices)
    if kind == AttributeKind.YES_NO:
        return _yes_no(key, written)
    found = plain(text)
    if len(found) > LONGEST_VALUE:
        raise RecordRefused("attribute_long", attribute=key, length=len(found), most=LONGEST_VALUE)
    return found


def _number(key: str, written: str) -> float:
    number = float(re.sub(r"[, ]", "", written)) if _NUMBER.fullmatch(written) else math.nan
    if not abs(number) < _LARGEST:
        raise RecordRefused("attribute_no_number", attribute=key, text=written[:60])
    return number


def _choice(key: str, written: str, choices: Sequence[str]) -> str:
    for one in choices:
        if unicodedata.normalize("NFKC", one).casefold() == written.casefold():
            return one
    raise RecordRefused("attribute_no_choice", attribute=key, text=written[:60], choices=", ".join(choices)[:400])


def _yes_no(key: str, written: str) -> str:
    word = written.casefold()
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    raise RecordRefused("attribute_no_yes_no", attribute=key, text=written[:60])


def shown(value: Value) -> str:
    """A value in plain words, which `check` reads again."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value
