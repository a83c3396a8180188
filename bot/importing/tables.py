"""Tables in files: CSV in any usual encoding and workbooks, read row by row, each with its place."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple

from bot.importing.refused import ImportRefused
from bot.importing.workbooks import Sheet, sheets_of

WORKBOOKS: Final = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
LINES: Final = frozenset({".jsonl", ".ndjson"})
_DELIMITERS: Final = ",;\t"
_HINT = re.compile(r"sep=(.)\r?\n?")  # which Excel writes above the table, and hides
_BLOCK: Final = 2**20
_LONGEST_CELL: Final = 200_000

Cell = str | float | bool | date | datetime | None


class Row(NamedTuple):
    """One row: `place` as "customers.csv:12", its number from 1 as a spreadsheet counts, and its cells."""

    place: str
    number: int
    cells: Sequence[Cell]


@dataclass(slots=True)
class Table:
    """A table that was opened: its headings with their place, the rows behind them, and what was found out about it.

    In a workbook cells have types: a text that looks like a formula is none.
    """

    place: str
    headings: list[str]
    rows: Iterator[Row]
    typed: bool
    notes: list[str] = field(default_factory=list)


def open_table(file: Path, knows: Callable[[str], bool], encoding: str = "") -> Table:
    """Open a file of one table; `knows` says whether a heading means something. Raises ImportRefused and OSError.

    Of a workbook the first sheet with such headings is read, and every other one that has the same.
    """
    if file.suffix.lower() in WORKBOOKS:
        return _workbook(file, knows)
    return _csv(file, knows, encoding)


# ---- CSV ----


def _csv(file: Path, knows: Callable[[str], bool], encoding: str) -> Table:
    found = encoding or encoding_of(file)
    rows = _csv_rows(file, found, knows)
    first = next(rows, None)
    if first is None:
        raise ImportRefused([f"{file}: there is nothing in it."])
    notes = [] if found in {"utf-8", "utf-8-sig"} else [f"{file} was read as {_NAMES.get(found, found)}."]
    return Table(first.place, [_heading(cell) for cell in first.cells], rows, typed=False, notes=notes)


def _csv_rows(file: Path, encoding: str, knows: Callable[[str], bool]) -> Iterator[Row]:
    """Every row with something in it, the headings first."""
    number, name = 0, str(file)
    try:
        with file.open(encoding=encoding, newline="") as text:
            delimiter, number = _delimiter(text.readline(_LONGEST_CELL), knows)
            text.seek(0)
            if number:
                text.readline()
            csv.field_size_limit(_LONGEST_CELL)
            for cells in csv.reader(text, delimiter=delimiter, strict=True):
                number += 1
                if any(map(str.strip, cells)):
                    yield Row(f"{name}:{number}", number, cells)
    except csv.Error as error:
        # What stands behind a quotation mark that is not closed cannot be told apart from its cell.
        raise ImportRefused([f"{file}:{number + 1}: the table cannot be read from here: {error}."]) from error
    except UnicodeDecodeError as error:
        raise ImportRefused([f"{file}: behind row {number} the text is not {encoding} ({error.reason})."]) from error
    except LookupError as error:
        raise ImportRefused([f'"{encoding}" is no encoding that is known here.']) from error


def _delimiter(line: str, knows: Callable[[str], bool]) -> tuple[str, int]:
    """What parts the first row into the most headings that mean something, and how many lines stand above it."""
    if hint := _HINT.fullmatch(line.removeprefix("\ufeff")):
        return hint[1], 1

    def worth(mark: str) -> tuple[int, int]:
        parts = line.split(mark)
        return sum(knows(part.strip(' "\r\n\ufeff')) for part in parts), len(parts)

    return max(_DELIMITERS, key=worth), 0


_NAMES: Final = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB18030"}


def encoding_of(file: Path) -> str:
    """UTF-8, UTF-16 or GB18030, as the bytes of a file tell; raises ImportRefused when they are none of these."""
    with file.open("rb") as content:
        head = content.read(4096)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    broken = _first_broken(file, "utf-8")
    if broken is None:
        return "utf-8"
    if _first_broken(file, "gb18030") is None and _is_chinese(file):
        return "gb18030"
    why = f"the text is neither UTF-8 (byte {broken + 1}) nor UTF-16 nor GB18030"
    raise ImportRefused([f"{file}: {why}: save it as UTF-8, or name its encoding by --encoding."])


def _first_broken(file: Path, encoding: str) -> int | None:
    """Where a file is not in this encoding, as the number of its byte from 0."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    with file.open("rb") as content:
        while True:
            block = content.read(_BLOCK)
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return before - waiting + error.start
            if not block:
                return None
            before += len(block)


def _is_chinese(file: Path) -> bool:
    """Whether most of what GB18030 makes of the bytes are usual characters, not the accents of a Western encoding.

    An accented letter takes the ASCII letter behind it along; of usual characters both bytes are above A0.
    """
    usual = pairs = 0
    with file.open("rb") as content:
        data = content.read(_BLOCK)
    place = 0
    while place < len(data) - 1:
        if data[place] < 0x80:
            place += 1
            continue
        pairs += 1
        usual += data[place] > 0xA0 and data[place + 1] > 0xA0
        place += 2
    return usual > 0.8 * pairs


# ---- workbooks ----


def _workbook(file: Path, knows: Callable[[str], bool]) -> Table:
    sheets = sheets_of(file)
    left_out: list[str] = []
    unknown: Table | None = None
    for sheet in sheets:
        rows = _sheet_rows(file, sheet)
        first = next(rows, None)
        if first is None:
            continue
        headings = [_heading(cell) for cell in first.cells]
        if any(knows(heading) for heading in headings):
            table = Table(first.place, headings, iter(()), typed=True)
            table.rows = _all_rows(file, rows, sheets, headings, table.notes)
            table.notes += [
                f'{file}: the sheet "{name}" is left out, none of its headings is known.' for name in left_out
            ]
            return table
        left_out.append(sheet.name)
        unknown = unknown or Table(first.place, headings, rows, typed=True)
    if unknown is not None:
        return unknown
    raise ImportRefused([f"{file}: there is nothing in it."])


def _all_rows(
    file: Path, rows: Iterator[Row], others: Iterator[Sheet], headings: Sequence[str], notes: list[str]
) -> Iterator[Row]:
    yield from rows
    for sheet in others:
        more = _sheet_rows(file, sheet)
        first = next(more, None)
        if first is None:
            continue
        if [_heading(cell) for cell in first.cells] == list(headings):
            yield from more
        else:
            notes.append(f'{file}: the sheet "{sheet.name}" is left out, its headings are others.')


def _sheet_rows(file: Path, sheet: Sheet) -> Iterator[Row]:
    """Every row with something in it."""
    before: list[Cell] = [None] * sheet.first_column
    for number, row in enumerate(sheet.rows, start=1):
        cells = before + [_cell(cell) for cell in row]
        if any(cell is not None for cell in cells):
            yield Row(f'{file} (sheet "{sheet.name}"):{number}', number, cells)


def _cell(cell: Any) -> Cell:
    """A cell as it is checked: 7 for 7.0, nothing for an empty text."""
    if isinstance(cell, str):
        return cell if cell and not cell.isspace() else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    if isinstance(cell, time):
        return cell.isoformat()
    return cell if isinstance(cell, bool | int | float | date) else str(cell)


def _heading(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def letters_of(column: int) -> str:
    """How a spreadsheet calls a column, counted from 0: A, B, … Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
