"""The ways to write a name by which somebody is found: words, Chinese characters, pinyin, initials."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final

EDITION: Final = 1  # counts up when the tokens change, so that names on record get them anew
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(f"[{_HAN}]+|[^\\W_{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]+")
_MOST_TOKENS: Final = 60  # of one name; longer ones are no names
# Surnames of two characters (the usual ones), and surnames that are not read as the character otherwise is.
_TWO: Final = frozenset({
    "欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒",
    "司空", "端木", "独孤", "南宫", "西门", "百里", "呼延", "轩辕", "钟离", "申屠", "太史", "闻人", "赫连", "澹台",
    "万俟",
})  # fmt: skip
_READ_AS: Final = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "区": "ou", "解": "xie", "查": "zha", "朴": "piao", "盖": "ge",
    "翟": "zhai", "尉迟": "yuchi", "员": "yun", "缪": "miao", "洗": "xian", "乐": "yue", "折": "she", "种": "chong",
    "万俟": "moqi", "长孙": "zhangsun", "澹台": "tantai", "覃": "qin", "任": "ren", "华": "hua", "重": "chong",
}  # fmt: skip


def words_of(text: str) -> list[str]:
    """What somebody who looks for a name wrote, in normal form: Latin words and runs of Chinese characters."""
    return _PART.findall(_normal(text))


def tokens_of(name: str) -> frozenset[str]:
    """Every word by which this name is to be found.

    Latin: each word, all of them together, their initials. Chinese: the name, the surname, the given name, each of
    them and every syllable in pinyin, and the initials.
    """
    parts = words_of(name)
    found: set[str] = set(parts)
    latin = [part for part in parts if not _IS_HAN.fullmatch(part)]
    if len(latin) > 1:
        found |= {"".join(latin), "".join(word[0] for word in latin)}
    for part in parts:
        if _IS_HAN.fullmatch(part):
            found |= _chinese(part)
    return frozenset(found if len(found) <= _MOST_TOKENS else sorted(found, key=len, reverse=True)[:_MOST_TOKENS])


def _chinese(name: str) -> set[str]:
    cut = 2 if name[:2] in _TWO and len(name) > 2 else 1
    surname, given = name[:cut], name[cut:]
    first = _READ_AS.get(surname) or "".join(_syllables(surname))
    rest = _syllables(given)
    found = {surname, first, "".join((first, *rest)), *rest}
    if given:
        initials = [one[0] for one in (*(_syllables(surname) if cut == 2 else [first]), *rest)]
        found |= {given, "".join(rest), "".join((*rest, first)), "".join(initials)}
    return found - {""}


@lru_cache(maxsize=4_000)
def _syllables(text: str) -> tuple[str, ...]:
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(text, style=Style.NORMAL, v_to_u=False)) if text else ()


def _normal(text: str) -> str:
    if text.isascii():
        return text[:400].casefold()
    plain = unicodedata.normalize("NFKD", text[:400]).casefold()
    plain = unicodedata.normalize("NFKC", "".join(one for one in plain if not unicodedata.combining(one)))
    return str(_simplifier().convert(plain)) if _IS_HAN.search(plain) else plain


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
