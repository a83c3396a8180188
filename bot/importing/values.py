"""What people write into cells: numbers, amounts of money, days, times, yes and no; anything doubtful is refused."""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_currency_precision

from crm_core.rules.orders import LARGEST_MINOR

_SPACES = re.compile(r"[\s'’\u00a0\u202f\u2009]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{3})+")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(\d{1,2})[:：时](\d{2})(?:[:：分](\d{2})秒?(?:[.,](\d{1,6}))?|分)?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]|$)")
_ZONE = re.compile(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})", re.IGNORECASE)
_MONEY = re.compile(r"([^\d+\-.,]*)\s*([+-]?[\d.,'’\s]*\d)\s*([^\d]*)")
_YES: Final = frozenset(
    {"yes", "y", "true", "1", "x", "opted in", "subscribed", "是", "有", "同意", "已同意", "已订阅"}
)
_NO: Final = frozenset({
    "no", "n", "false", "0", "opted out", "unsubscribed", "否", "无", "不同意", "未同意", "未订阅", "已退订",
})  # fmt: skip
_SIGNS: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "us$": "USD", "hk$": "HKD", "nt$": "TWD", "a$": "AUD",
    "c$": "CAD", "s$": "SGD", "rmb": "CNY", "cn¥": "CNY", "jp¥": "JPY", "元": "CNY", "人民币": "CNY", "美元": "USD",
    "欧元": "EUR", "日元": "JPY", "英镑": "GBP", "港币": "HKD", "港元": "HKD", "新台币": "TWD", "韩元": "KRW",
}  # fmt: skip
_SHARED: Final = {"$": ("USD", "CAD", "AUD", "HKD", "SGD", "TWD"), "¥": ("CNY", "JPY"), "￥": ("CNY", "JPY")}


class Doubtful(Exception):
    """A cell that cannot be read for sure; the sentence says what it should be, without naming the cell."""


# ---- numbers and money ----


def number(text: str, decimal: str = "") -> Decimal:
    """A number with or without groups of thousands; `decimal` ("." or ",") says what parts the decimals.

    What may be 1234 as well as 1.234 is refused unless that was said.
    """
    plain = _SPACES.sub("", unicodedata.normalize("NFKC", text))
    if not _NUMBER.fullmatch(plain) or len(plain) > 40:
        raise Doubtful("should be a number")
    mark = decimal or _mark_of(plain)
    whole, rest = plain.rsplit(mark, 1) if mark and mark in plain else (plain, "")
    groups = {one for one in whole if one in ".,"}
    if groups and (mark in groups or len(groups) > 1 or not _GROUPED.fullmatch(whole)):
        raise Doubtful("should be a number, and its groups of digits are none")
    if "." in rest or "," in rest:
        raise Doubtful(f'should be a number, and its decimals come after "{mark}"')
    return Decimal(re.sub("[.,]", "", whole) + (f".{rest}" if rest else ""))


def _mark_of(plain: str) -> str:
    """What parts the decimals, "" for nothing; the last mark does when there are two kinds."""
    marks = [one for one in plain if one in ".,"]
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return "" if not marks or _GROUPED.fullmatch(plain) else marks[0]
    if len(marks) == 1 and _GROUPED.fullmatch(plain) and not plain.lstrip("+-").startswith("0"):
        mark, other = marks[0], "," if marks[0] == "." else "."
        raise Doubtful(
            f'may be {plain.replace(mark, "")} as well as {plain.replace(mark, ".")}: say --decimal "{mark}" or '
            f'--decimal "{other}"'
        )
    return marks[-1]


@lru_cache(maxsize=1000)
def currency(text: str) -> str:
    """An ISO code of three letters: "EUR" for eur, €, 欧元; a sign that several currencies share is refused."""
    word = unicodedata.normalize("NFKC", text).strip()
    if (code := _SIGNS.get(text.strip().lower()) or _SIGNS.get(word.lower())) is not None:
        return code
    if shared := _SHARED.get(word):
        raise Doubtful(f"should be a currency, and may be {' or '.join(shared)}")
    if len(word) == 3 and word.upper() in get_global("all_currencies"):
        return word.upper()
    raise Doubtful("should be a currency of three letters such as EUR")


def money(text: str, decimal: str = "") -> tuple[Decimal, str]:
    """An amount and the currency that was written with it, "" for none."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        raise Doubtful("should be an amount of money")
    before, amount, after = (part.strip() for part in found.groups())
    if before in {"-", "+"}:
        before, amount = "", before + amount
    if before and after:
        raise Doubtful("should be an amount of money with one currency")
    sign = before or after
    # "¥12" beside a column that says CNY is clear, so a shared sign is not refused here.
    return number(amount, decimal), "" if not sign or sign in _SHARED else currency(sign)


def minor(amount: Decimal, code: str) -> int:
    """An amount in minor units of its currency, 1250 for 12.50 EUR; more decimals than it has are refused."""
    places = _places(code)
    exact = amount.scaleb(places)
    if exact != exact.to_integral_value():
        raise Doubtful(f"has more than the {places} decimals that {code} has")
    if abs(exact) >= LARGEST_MINOR:
        raise Doubtful("is more money than there is")
    return int(exact)


@cache
def _places(code: str) -> int:
    return get_currency_precision(code)


def major(units: int, code: str) -> str:
    """Minor units as an amount that `number` reads without a doubt: "12.50" for 1250 EUR."""
    places = _places(code)
    text = f"{Decimal(units).scaleb(-places):.{places}f}"
    # Three decimals could be a group of thousands: a fourth one settles it.
    return f"{text}0" if places == 3 else text


# ---- days and times ----


def day(text: str, first: str = "") -> date:
    """A day as 2026-03-01, 2026/3/1, 2026年3月1日, 20260301, 1.3.2026 or 25/12/2026.

    `first` ("day" or "month") says which stands first in 03/04/2026; without it what may be both is refused.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if found := _YEAR_FIRST.fullmatch(plain) or _DIGITS.fullmatch(plain):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(plain):
        one, mark, two, year = int(found[1]), found[2], int(found[3]), int(found[4])
        if mark == "." or first == "day" or (not first and one > 12):
            return _date(year, two, one)
        if first == "month" or two > 12 or one == two:
            return _date(year, one, two)
        raise Doubtful(
            f"may be {_date(year, two, one)} as well as {_date(year, one, two)}: say --dates day-first or "
            "--dates month-first"
        )
    raise Doubtful("should be a day such as 2026-03-01")


def moment(text: str, zone: ZoneInfo, first: str = "") -> tuple[datetime, bool]:
    """A time in UTC, and whether it came without its zone and was taken for one of `zone`; a day is its beginning."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    try:
        # The standard's week dates and bare digits are for nobody's cells.
        found = datetime.fromisoformat(plain if _ISO.match(plain) else "")
    except ValueError:
        found = _moment_in_parts(plain, first)
    if found.tzinfo is not None:
        return _in_utc(found), False
    return in_zone(found, zone), True


def _moment_in_parts(plain: str, first: str) -> datetime:
    clock = _CLOCK.search(plain)
    if clock is None:
        return datetime.combine(day(plain, first), datetime.min.time())
    before = plain[: clock.start()].strip().removesuffix("T").strip()
    after = plain[clock.end() :].strip()
    if after and not _ZONE.fullmatch(after):
        raise Doubtful("should be a time such as 2026-03-01 09:30")
    found = day(before, first)
    fraction = (clock[4] or "").ljust(6, "0")
    try:
        naive = datetime(  # noqa: DTZ001 - the zone comes below or from the shop
            found.year, found.month, found.day, int(clock[1]), int(clock[2]), int(clock[3] or 0), int(fraction or 0)
        )
    except ValueError as error:
        raise Doubtful("should be a time such as 2026-03-01 09:30") from error
    if not after:
        return naive
    named = "+00:00" if after.isalpha() else after
    return datetime.fromisoformat(f"{naive.isoformat()}{named}")


def in_zone(naive: datetime, zone: ZoneInfo) -> datetime:
    """A time on the clocks of `zone` in UTC; of an hour that came twice in autumn the first one counts."""
    found = _in_utc(naive.replace(tzinfo=zone))
    if zone.key == "UTC":
        return found
    if found.astimezone(zone).replace(tzinfo=None) != naive:
        raise Doubtful(f"did not come on the clocks of {zone.key}, which were put forward then")
    return found


def _in_utc(found: datetime) -> datetime:
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise Doubtful("should be a time such as 2026-03-01 09:30") from error


def _date(year: int, month: int, in_month: int) -> date:
    try:
        return date(year, month, in_month)
    except ValueError as error:
        raise Doubtful("should be a day such as 2026-03-01, and there is no such day") from error


# ---- words ----


@lru_cache(maxsize=1000)
def truth(text: str) -> bool:
    """Yes or no, as people and systems write it in English and Chinese."""
    word = unicodedata.normalize("NFKC", text).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Doubtful("should be yes or no")
