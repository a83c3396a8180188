"""Articles as an XLSX workbook: every sheet whose first row names the columns."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from knowledge_base.importers.checks import Found, Place, Source, read_content
from knowledge_base.importers.tables import Row, names_an_id, read_rows

_LARGEST_UNPACKED: Final = 64 * 2**20
_MOST_PARTS: Final = 1_000
_MOST_CELLS: Final = 2_000_000
_LARGEST_TEXT: Final = 2**30  # bytes, were every cell as long as the longest shared text
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"  # an .xls, or the envelope of a workbook with a password
_CELL_NAME = re.compile(rb"""\br=["']([A-Za-z]{0,4})(\d{1,10})["']""")


def read_workbook(source: Source) -> list[Found]:
    """Read every article of every sheet; what is wrong goes to the findings."""
    found: list[Found] = []
    with source.findings.kept():
        sheets = _sheets(source.path, _unpacked(read_content(source.path), source.path))
        tables = []
        for sheet, cells in sheets:
            rows = list(_rows(source.path, sheet, cells))
            first = next(((place, row) for place, row in rows if any(cell.strip() for cell in row)), None)
            if first is not None:
                tables.append((first, rows))
        known = [rows for (_, header), rows in tables if names_an_id(header)]
        for (place, header), _ in tables:
            if known and not names_an_id(header):
                source.findings.warn(place.error("sheet_left_out"))
        for rows in known or [rows for _, rows in tables]:
            found += read_rows(rows, source)
    return found


def _unpacked(content: bytes, path: Path) -> io.BytesIO:
    """The same workbook without compression: what reads it is handed nothing that is not bounded already."""
    if content.startswith(_OLD_OFFICE):
        raise Place(path, 0).error("encrypted")
    try:
        parts = list(_parts(content, path))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise Place(path, 0).error("not_a_workbook", why=str(error)[:120] or type(error).__name__) from error
    longest = _longest_shared(parts)
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as unpacked:
        for name, data in parts:
            if name.lower().endswith(".xml"):
                _check_extent(data, longest, path)
            unpacked.writestr(name, data)
    plain.seek(0)
    return plain


def _parts(content: bytes, path: Path) -> Iterator[tuple[str, bytes]]:
    left = _LARGEST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if len(packed.infolist()) > _MOST_PARTS:
            raise Place(path, 0).error("too_large", most=_MOST_PARTS, unit="parts")
        for part in packed.infolist():
            if part.flag_bits & 1:
                raise Place(path, 0).error("encrypted")
            with packed.open(part) as file:
                data = file.read(left + 1)
            left -= len(data)
            if left < 0:
                raise Place(path, 0).error("too_large", most=_LARGEST_UNPACKED >> 20, unit="MB")
            yield part.filename, data


def _check_extent(data: bytes, longest: int, path: Path) -> None:
    """A sheet is read as a full rectangle of copied texts: one far cell could ask for all the memory there is."""
    rows, columns, cells = 1, 1, data.count(b"<c")
    for letters, number in _CELL_NAME.findall(data):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        rows, columns = max(rows, int(number)), max(columns, column)
    columns = max(columns, *(row.count(b"<c") for row in data.split(b"<row")))
    if rows * columns > _MOST_CELLS or cells * longest > _LARGEST_TEXT:
        raise Place(path, 0).error("too_large", most=f"{_MOST_CELLS:,}", unit="cells")


def _longest_shared(parts: Iterable[tuple[str, bytes]]) -> int:
    """How many bytes the longest text has that several cells may share."""
    shared = (data for name, data in parts if name.lower().endswith("sharedstrings.xml"))
    return max((len(text) for data in shared for text in data.split(b"<si")), default=0)


def _sheets(path: Path, content: io.BytesIO) -> Iterator[tuple[str, list[list[Any]]]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(content)
        for name in workbook.sheet_names:
            yield name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise Place(path, 0).error("encrypted") from error
    except CalamineError as error:
        raise Place(path, 0).error("not_a_workbook", why=str(error)[:120]) from error


def _rows(path: Path, sheet: str, cells: list[list[Any]]) -> Iterator[Row]:
    for number, row in enumerate(cells, start=1):
        yield Place(path, number, sheet), [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """A cell as a person would type it: 7 for 7.0, a day for a day at midnight."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute or cell.second) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
