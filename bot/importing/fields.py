"""What a row of a file holds, taken out field by field as what it should be; all that is wrong with it is gathered."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from bot.importing import values
from bot.importing.tables import Cell
from bot.importing.values import Doubtful
from crm_core.rules.contacts import is_email, is_phone, normal_phone
from crm_core.rules.orders import LARGEST_MINOR
from crm_core.rules.record import plain
from knowledge_base.notation import fused, read_words

_T = TypeVar("_T")
_LONGEST_WORD: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a file is to be read where it does not say: zone of its times, country of its numbers, marks, currency."""

    zone: ZoneInfo
    country: str = ""
    decimal: str = ""
    first: str = ""  # "day" or "month", whichever stands first in 03/04/2026
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a row: the column's letters ("" for none), and a sentence without its full stop."""

    column: str
    sentence: str


class Fields(ABC):
    """One row. Every method takes a field out, and gives something harmless back when it cannot be used."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.wrong: list[Wrong] = []
        self.zone_assumed = False  # a time came without its zone

    def text(self, name: str, *, longest: int, required: bool = False) -> str:
        """One line of text, "" when it may be missing and is."""
        return self._checked(name, self._text, required, lambda text: _short(text, longest)) or ""

    def lines(self, name: str, *, longest: int) -> str:
        """A text that may have several lines."""
        return self._checked(name, self._text, False, lambda text: _short(text, longest, _joined_lines)) or ""

    def email(self, name: str, *, required: bool = False) -> str:
        """An e-mail address."""
        return self._checked(name, self._text, required, _email) or ""

    def phone(self, name: str) -> str:
        """A phone number in normal form."""
        return self._checked(name, self._text, False, self._phone) or ""

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """One of these words, or ""."""
        return self._checked(name, self._text, False, lambda text: _one_of(text, allowed)) or ""

    def read(self, name: str, how: Callable[[str], _T], *, required: bool = False) -> _T | None:
        """A text as `how` reads it, which raises Doubtful; None when it is missing."""
        return self._checked(name, self._text, required, how)

    def _phone(self, text: str) -> str:
        if not is_phone(text) or len(text) > _LONGEST_WORD:
            raise Doubtful("should look like +15005550101")
        return normal_phone(text, self.manner.country)

    def _checked(
        self, name: str, convert: Callable[[Any], str], required: bool, check: Callable[[str], _T]
    ) -> _T | None:
        value = self._take(name)
        if value is None:
            if required:
                self.add(name, f"{self.label(name)} is missing")
            return None
        try:
            text = convert(value)
        except Doubtful as doubt:
            self.add(name, f"{self.label(name)} {doubt}")
            return None
        if not text:
            if required:
                self.add(name, f"{self.label(name)} is empty")
            return None
        try:
            return check(text)
        except TooLong as doubt:
            self.add(name, f"{self.label(name)} {doubt}")
        except Doubtful as doubt:
            self.add(name, f'{self.label(name)} "{text[:80]}" {doubt}')
        return None

    def add(self, name: str, sentence: str) -> None:
        """Something is wrong with a field."""
        self.wrong.append(Wrong(self.column(name), sentence))

    def whole(self, name: str, least: int = 0, missing: int | None = None) -> int:
        """A whole number; `missing` is what a missing one means, else it has to be there."""
        value = self._take(name)
        if value is None and missing is not None:
            return missing
        found = self._whole(value)
        if found is None or not least <= found < LARGEST_MINOR:
            self.add(name, f"{self.label(name)} should be a whole number from {least}")
            return least
        return found

    def column(self, name: str) -> str:
        """The letters of a field's column, "" where there are no columns."""
        return ""

    @abstractmethod
    def _take(self, name: str) -> Any:
        """The value as it stands in the file, None for none; it counts as taken then."""

    @abstractmethod
    def _text(self, value: Any) -> str:
        """A value as a text in normal form."""

    @abstractmethod
    def _whole(self, value: Any) -> int | None:
        """A value as a whole number, None when it is none."""

    @abstractmethod
    def label(self, name: str) -> str:
        """How the file calls a field."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether the row says something there."""

    @abstractmethod
    def words(self, name: str) -> tuple[str, ...]:
        """Words of at most 40 characters, none when they are missing."""

    @abstractmethod
    def texts(self, name: str) -> Sequence[str]:
        """Several texts."""

    @abstractmethod
    def truth(self, name: str) -> bool | None:
        """Yes, no, or None when it is missing."""

    @abstractmethod
    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        """An aware time in UTC."""

    @abstractmethod
    def day(self, name: str) -> date | None:
        """A day."""


class JsonFields(Fields):
    """An object of a JSON Lines file: values have their types, and nothing may be left over."""

    def __init__(self, found: Mapping[str, Any], manner: Manner, inside: str = "") -> None:
        super().__init__(manner)
        self._left = dict(found)
        self._inside = inside

    def end(self) -> None:
        """Nothing may be left."""
        for name in self._left:
            self.add(name, f"unknown field {self.label(name)}")

    def label(self, name: str) -> str:
        return f'"{self._inside}{name[:60]}"'

    def has(self, name: str) -> bool:
        return self._left.get(name) is not None

    def words(self, name: str) -> tuple[str, ...]:
        return self._listed(name, _LONGEST_WORD, f"should be a list of words of at most {_LONGEST_WORD} characters")

    def texts(self, name: str) -> Sequence[str]:
        return self._listed(name, 2_000, "should be a list of texts")

    def _listed(self, name: str, longest: int, should: str) -> tuple[str, ...]:
        value = self._take(name) or []
        if not isinstance(value, list) or not all(
            isinstance(word, str) and 0 < len(word.strip()) <= longest and not _is_broken(word) for word in value
        ):
            self.add(name, f"{self.label(name)} {should}")
            return ()
        return tuple(dict.fromkeys(word.strip() for word in value))

    def truth(self, name: str) -> bool | None:
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            self.add(name, f"{self.label(name)} should be true or false")
            return None
        return value

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        return self._checked(name, self._text, required, _exact_time)

    def day(self, name: str) -> date | None:
        return self._checked(name, self._text, False, values.day)

    def objects(self, name: str) -> Iterator["JsonFields"]:
        """The objects of a list; all that is wrong with them is said here."""
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.add(name, f"{self.label(name)} should be a list of objects")
            return
        for place, one in enumerate(value):
            inner = JsonFields(one, self.manner, f"{self._inside}{name}[{place}].")
            yield inner
            inner.end()
            self.wrong += inner.wrong

    def plain_values(self, name: str) -> dict[str, Any]:
        """An object of texts, numbers and truth values."""
        value = self._take(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(one, str | int | float) for one in value.values()):
            self.add(name, f"{self.label(name)} should be an object of texts and numbers")
            return {}
        return value

    def _take(self, name: str) -> Any:
        return self._left.pop(name, None)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or _is_broken(value):
            raise Doubtful("should be a text")
        return _line(value)

    def _whole(self, value: Any) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its heading, its letters, its place from 0."""

    heading: str
    letters: str
    place: int


class CellFields(Fields):
    """A row of a table: cells are read as people write them."""

    def __init__(
        self, columns: Mapping[str, Column], cells: Sequence[Cell], manner: Manner, *, typed: bool = False
    ) -> None:
        super().__init__(manner)
        self.columns = columns
        self.typed = typed  # cells have types, so a text is a text
        width = len(cells)
        self._cells = {
            name: cell
            for name, column in columns.items()
            if column.place < width and (cell := cells[column.place]) is not None and cell != ""
        }

    def text(self, name: str, *, longest: int, required: bool = False) -> str:
        value = self._cells.get(name)
        if isinstance(value, str) and len(value) <= longest and _PLAIN.fullmatch(value):
            return value
        return "" if value is None and not required else super().text(name, longest=longest, required=required)

    def column(self, name: str) -> str:
        found = self.columns.get(name)
        return found.letters if found else ""

    def label(self, name: str) -> str:
        found = self.columns.get(name)
        return f'"{found.heading[:60]}"' if found else f'"{name}"'

    def has(self, name: str) -> bool:
        return name in self._cells

    def words(self, name: str) -> tuple[str, ...]:
        value = self._take(name)
        if value is None:
            return ()
        try:
            found = tuple(dict.fromkeys(plain(word) for word in read_words(self._raw_text(value))))
        except Doubtful as doubt:
            self.add(name, f"{self.label(name)} {doubt}")
            return ()
        if any(not 0 < len(word) <= _LONGEST_WORD for word in found):
            self.add(name, f"{self.label(name)} should be words of at most {_LONGEST_WORD} characters")
            return ()
        return found

    def texts(self, name: str) -> Sequence[str]:
        value = self._take(name)
        if value is None:
            return ()
        try:
            lines = self._raw_text(value).splitlines()
        except Doubtful as doubt:
            self.add(name, f"{self.label(name)} {doubt}")
            return ()
        return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def truth(self, name: str) -> bool | None:
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return value
        return self._checked(name, self._text, False, values.truth)

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        return self._checked(name, self._text, required, self.moment_of)

    def entries(self, name: str, how: Callable[[list[str]], _T]) -> tuple[_T, ...]:
        """The lines of a cell, each of words parted by commas, as `how` reads them, which raises Doubtful."""
        found = []
        for line in (self._checked(name, self._raw_text, False, str) or "").split("\n"):
            try:
                if line.strip():
                    found.append(how([plain(word) for word in read_words(line)]))
            except Doubtful as doubt:
                self.add(name, f'{self.label(name)} "{line.strip()[:80]}" {doubt}')
        return tuple(found)

    def moment_of(self, text: str) -> datetime:
        """A text as an aware time in UTC; raises Doubtful."""
        found, assumed = values.moment(text, self.manner.zone, self.manner.first)
        self.zone_assumed |= assumed
        return found

    def day(self, name: str) -> date | None:
        return self._checked(name, self._text, False, self._day)

    def _day(self, text: str) -> date:
        # A spreadsheet may keep a day as its midnight.
        return values.day(text.removesuffix("T00:00:00").removesuffix(" 00:00:00"), self.manner.first)

    def amount(self, name: str) -> tuple[Decimal, str] | None:
        """An amount of money and the currency that stands with it; None when it is missing."""
        value = self._take(name)
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return Decimal(value), ""
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value), ""
        if isinstance(value, float):
            # What a spreadsheet computed carries noise behind the fifteenth digit.
            return Decimal(f"{value:.15g}"), ""
        return self._checked(name, self._text, False, lambda text: values.money(text, self.manner.decimal))

    def _take(self, name: str) -> Cell:
        return self._cells.get(name)

    def _text(self, value: Any) -> str:
        # Most cells are plain words: a look at them is quicker than all that may be wrong with the others.
        return value if isinstance(value, str) and _PLAIN.fullmatch(value) else _line(self._raw_text(value))

    def _raw_text(self, value: Any) -> str:
        """A cell as a person would type it; what only a spreadsheet understands is refused."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if not isinstance(value, str):
            return value.isoformat() if isinstance(value, date) else str(value)
        if _is_broken(value):
            raise Doubtful("holds characters that are no text")
        if "\ufffd" in value:
            raise Doubtful('holds "\ufffd", where an encoding was broken: save the file again from where it came from')
        if value.startswith("=") and len(value) > 1 and not self.typed:
            raise Doubtful(f'"{value[:80]}" is a formula: write what it comes to, or an apostrophe before a text')
        if value.startswith("#") and value.rstrip("!?") in _ERRORS:
            raise Doubtful(f'"{value}" is an error of the spreadsheet')
        return fused(value)

    def _whole(self, value: Any) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        try:
            found = values.number(self._raw_text(value), self.manner.decimal)
        except Doubtful:
            return None
        return int(found) if found == found.to_integral_value() and abs(found) < LARGEST_MINOR else None


_AMOUNT: Final = re.compile(r"\d{1,12}(?:\.\d{1,2})?")  # what can be read in one way only
# In normal form already, no formula and no error: a letter or digit first, single blanks, no combining characters.
_PLAIN: Final = re.compile("[A-Za-z0-9+\u4e00-\u9fa5][!-~\u4e00-\u9fa5]*(?: [!-~\u4e00-\u9fa5]+)*")
_ERRORS: Final = frozenset({"#REF", "#N/A", "#DIV/0", "#VALUE", "#NAME", "#NULL", "#NUM", "#SPILL", "#CALC"})


class TooLong(Doubtful):
    """A text whose own words would not help to find it."""


def _line(text: str) -> str:
    """A text in one line, blanks joined."""
    text = text.strip()
    return text if text.isascii() and text.isprintable() and "  " not in text else plain_or_lines(text)


def plain_or_lines(text: str) -> str:
    """Each line of a text in normal form."""
    return "\n".join(plain(line) for line in text.splitlines()) if "\n" in text else plain(text)


def _joined_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line)


def _short(text: str, longest: int, form: Callable[[str], str] = lambda text: text.replace("\n", " ")) -> str:
    found = form(text)
    if len(found) > longest:
        raise TooLong(f"has {len(found)} characters, {longest} are allowed")
    return found


def _email(text: str) -> str:
    if len(text) > 254:
        raise TooLong(f"has {len(text)} characters, 254 are allowed")
    found = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if not is_email(found):
        raise Doubtful("should look like ana@example.com")
    return found


def _one_of(text: str, allowed: Sequence[str]) -> str:
    if text not in allowed:
        raise Doubtful(f"should be {' or '.join(allowed)}")
    return text


def _exact_time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Doubtful("should be a time with its zone, such as 2026-03-01T09:30:00Z")


def _is_broken(text: str) -> bool:
    """NUL and halves of surrogate pairs are no text and cannot be stored."""
    return not text.isprintable() and any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in text)
