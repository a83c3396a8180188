"""What a field of the customer's record may hold, read from what people write."""

import re
import unicodedata
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from babel import Locale

from crm_core.models import ContactKind
from crm_core.rules.contacts import is_email, is_phone, normal_email, normal_phone

LONGEST_NAME: Final = 120  # characters, as the limits below
LONGEST_COMPANY: Final = 120
LONGEST_ADDRESS: Final = 400
LONGEST_TAG: Final = 40
LONGEST_NOTE: Final = 4_000
MOST_CONTACTS: Final = 20  # of one kind
MOST_TAGS: Final = 50
EARLIEST_BIRTH: Final = 1900

_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})")


class RecordRefused(Exception):
    """This cannot be on a customer's record; `key` names the sentence in the texts, the work stays usable."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def plain(text: str) -> str:
    """Text in one line as it is kept: without control characters, blanks joined."""
    return " ".join(_visible(text).split())


def check_text(text: str, most: int) -> str:
    """A short text, at most `most` characters; raises RecordRefused for a longer one or none."""
    found = plain(text)
    if not found:
        raise RecordRefused("record_empty")
    if len(found) > most:
        raise RecordRefused("record_long", length=len(found), most=most)
    return found


def check_lines(text: str, most: int) -> str:
    """A text that may have several lines, such as a note."""
    found = "\n".join(plain(line) for line in text.split("\n")).strip()
    if not found:
        raise RecordRefused("record_empty")
    if len(found) > most:
        raise RecordRefused("record_long", length=len(found), most=most)
    return found


def check_contact(kind: ContactKind, text: str, country: str) -> str:
    """A further name, e-mail address, phone number or postal address as it is kept."""
    if kind == ContactKind.NAME:
        return check_text(text, LONGEST_NAME)
    if kind == ContactKind.ADDRESS:
        return check_lines(text, LONGEST_ADDRESS)
    written = unicodedata.normalize("NFKC", plain(text))
    if kind == ContactKind.EMAIL:
        if not is_email(written):
            raise RecordRefused("record_no_email", text=written[:60])
        return written
    if not is_phone(written):
        raise RecordRefused("record_no_phone", text=written[:60])
    return normal_phone(written, country)


def same_contact(kind: str, one: str, other: str, country: str) -> bool:
    """Whether two contacts of a kind are the same, however they are written."""
    if kind == ContactKind.EMAIL:
        return normal_email(one) == normal_email(other)
    if kind == ContactKind.PHONE:
        return normal_phone(one, country) == normal_phone(other, country)
    return plain(one).casefold() == plain(other).casefold()


def read_day(text: str) -> date | None:
    """A day as people write it (1990-03-27, 1990/3/27, 27.3.1990, 1990年3月27日); None for anything else."""
    written = unicodedata.normalize("NFKC", plain(text))
    if found := _YEAR_FIRST.fullmatch(written):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(written):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def check_birthday(text: str, today: date) -> date:
    """The day somebody was born; raises RecordRefused for no day, a day to come, or one long ago."""
    day = read_day(text)
    if day is None:
        raise RecordRefused("record_no_day", text=plain(text)[:40])
    if not date(EARLIEST_BIRTH, 1, 1) <= day <= today:
        raise RecordRefused("record_no_birthday", day=day.isoformat(), earliest=str(EARLIEST_BIRTH))
    return day


def check_language(text: str) -> str:
    """A language's code, from a code ("zh", "zh-CN") or a name in English or Chinese."""
    written = plain(text).casefold()
    code = _languages().get(written) or written.replace("_", "-").partition("-")[0]
    if code not in _codes():
        raise RecordRefused("record_no_language", text=written[:40])
    return code


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").languages) if re.fullmatch(r"[a-z]{2,3}", code))


@cache
def _languages() -> dict[str, str]:
    return {
        str(name).casefold(): str(code)
        for reader in ("zh", "en")
        for code, name in Locale(reader).languages.items()
        if str(code) in _codes()
    }


def check_time_zone(text: str) -> str:
    """A time zone's name, from the name or its city ("Shanghai"); a wrong one is told what is near."""
    written = plain(text).replace(" ", "_").casefold()
    zones = _zones()
    if written not in zones:
        near = get_close_matches(written, zones, 1, 0.6)
        raise RecordRefused("record_no_zone", text=plain(text)[:40], near=zones[near[0]] if near else "Asia/Shanghai")
    return zones[written]


@cache
def _zones() -> dict[str, str]:
    """Names and cities of the zones, in lower case."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix")))
    cities = {name.rpartition("/")[2].casefold(): name for name in names}
    return {**cities, "utc": "UTC", **{name.casefold(): name for name in names}}


def check_tag(text: str) -> str:
    """A word to pin on somebody."""
    return check_text(plain(unicodedata.normalize("NFKC", text)).lstrip("# "), LONGEST_TAG)


def masked(kind: str, value: str) -> str:
    """A phone number or an e-mail address by which its owner is recognised and nobody else reached."""
    if kind == ContactKind.EMAIL:
        name, _, house = value.rpartition("@")
        return f"{name[:1]}•••@{house}"
    if kind == ContactKind.PHONE:
        return f"{value[:3] if value.startswith('+') else ''}•••{value[-3:]}" if len(value) > 7 else f"•••{value[-1:]}"
    return "•••"


def _visible(text: str) -> str:
    return "".join(
        one if unicodedata.category(one)[0] != "C" else " " if one in "\t\r\n" else ""
        for one in unicodedata.normalize("NFC", text)
    )
