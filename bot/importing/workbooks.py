"""Workbooks (XLSX, XLS, ODS) sheet by sheet; one that would ask for too much memory is refused before it is opened."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from bot.importing.refused import ImportRefused

_LARGEST: Final = 512 * 2**20  # bytes, unpacked
_LARGEST_OLD: Final = 64 * 2**20  # bytes of an XLS file, which is not packed
_MOST_CELLS: Final = 6_000_000
_MOST_PARTS: Final = 1_000
_CHUNK: Final = 2**20
_CELL_NAME = re.compile(rb"""<c\b[^>]{0,200}?\br=["']([A-Z]{1,4})(\d{1,10})["']""")
_LONGEST_TAG: Final = 256  # bytes of one chunk that are looked at again with the next


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the column where its cells begin (from 0), and its rows, the empty ones too."""

    name: str
    first_column: int
    rows: Iterator[list[Any]]


def sheets_of(file: Path) -> Iterator[Sheet]:
    """The sheets with something in them, in order; raises ImportRefused."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _check(file)
    try:
        workbook = CalamineWorkbook.from_path(str(file))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.start is not None:
                yield Sheet(name, sheet.start[1], iter(sheet.iter_rows()))
    except PasswordError as error:
        raise _encrypted(file) from error
    except CalamineError as error:
        raise _unreadable(file, error) from error


def _check(file: Path) -> None:
    """Bounded in every way before the reader takes all of it into memory."""
    with file.open("rb") as content:
        begins = content.read(4)
    if begins != b"PK\x03\x04":
        if file.stat().st_size > _LARGEST_OLD:
            raise _too_large(file)
        return
    with _words_for_zip_errors(file), zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        if len(parts) > _MOST_PARTS:
            raise _too_large(file)
        left = _LARGEST
        for part in parts:
            if part.flag_bits & 1:
                raise _encrypted(file)
            with packed.open(part) as data:
                left -= _measure(file, part.filename, iter(lambda: data.read(_CHUNK), b""), left)


def _measure(file: Path, name: str, chunks: Iterator[bytes], left: int) -> int:
    """How many bytes a part has; refuses what is too many of them, or a sheet that spans too many cells."""
    seen = 0
    extent = _OdsExtent() if name == "content.xml" else _XlsxExtent() if name.lower().endswith(".xml") else None
    for chunk in chunks:
        seen += len(chunk)
        if seen > left or (extent is not None and extent.after(chunk) > _MOST_CELLS):
            raise _too_large(file)
    return seen


class _XlsxExtent:
    """The rectangle that the cells of a sheet span, which the reader makes whole: one far cell could ask for all."""

    def __init__(self) -> None:
        self._tail = b""
        self._rows = self._columns = 0

    def after(self, chunk: bytes) -> int:
        data = self._tail + chunk
        for letters, number in _CELL_NAME.findall(data):
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            self._rows, self._columns = max(self._rows, int(number)), max(self._columns, column)
        self._tail = data[-_LONGEST_TAG:]
        return self._rows * self._columns


class _OdsExtent:
    """The same for a sheet whose rows and cells say how often they repeat."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._rows = self._columns = self._largest = 0
        self._column = self._filled = self._times = 0

    def after(self, chunk: bytes) -> int:
        try:
            self._parser.Parse(chunk)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        return max(self._largest, self._rows * self._columns)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "table":
            self._rows = self._columns = 0
        elif kind == "table-row":
            self._column = self._filled = 0
            self._times = int(attributes.get("table:number-rows-repeated", 1))
        elif kind in {"table-cell", "covered-table-cell"}:
            self._column += int(attributes.get("table:number-columns-repeated", 1))
            if any(name.endswith("value-type") for name in attributes):
                self._filled = self._column

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "table-row":
            # Rows at the end that say nothing are left away by the reader; those in between are not.
            self._rows += self._times
            self._columns = max(self._columns, self._filled)
            if self._filled:
                self._largest = max(self._largest, self._rows * self._columns)
        elif kind == "table":
            self._rows = self._columns = 0


@contextmanager
def _words_for_zip_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise _unreadable(file, error) from error


def _too_large(file: Path) -> ImportRefused:
    why = f"it is larger than a workbook can be read ({_MOST_CELLS:,} cells)"
    return ImportRefused([f"{file}: {why}: save it as CSV, or as several files."])


def _encrypted(file: Path) -> ImportRefused:
    return ImportRefused([f"{file}: it is protected by a password: save it without one."])


def _unreadable(file: Path, error: Exception) -> ImportRefused:
    return ImportRefused([f"{file}: this is no workbook: {str(error)[:120].rstrip('.') or type(error).__name__}."])
