"""Tables written row by row as CSV or as a workbook of text cells: the only code here that writes for spreadsheets.

No spreadsheet takes a cell of them for a formula, and reading them again gives the same texts.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final
from xml.sax.saxutils import escape

from knowledge_base.notation import defuse, defuse_again

MOST_ROWS: Final = 1_000_000  # of one sheet; Excel takes 1,048,576, and what is more goes on in the next sheet
_XML_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LOOKS_ESCAPED = re.compile(r"_(?=[xX][0-9A-Fa-f]{4}_)")
# What XML cannot hold, even by its number; nobody means anything by it.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_csv(file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The table in UTF-8 with a byte order mark, without which Excel does not take it for UTF-8."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([defuse(cell) for cell in row] for row in rows)
    text.detach()


def write_workbook(file: IO[bytes], name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The table as a workbook: the parts that every reader of the format asks for, and nothing else."""
    sheets = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        left = iter(rows)
        more = True
        while more:
            sheets += 1
            with packed.open(_part(f"xl/worksheets/sheet{sheets}.xml"), "w") as sheet:
                more = _write_sheet(sheet, columns, left)
        for part, xml in _frame(name, sheets).items():
            packed.writestr(_part(part), _XML_HEAD + xml.encode())


def _part(name: str) -> zipfile.ZipInfo:
    # A fixed time: the same table makes the same file.
    part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _write_sheet(sheet: IO[bytes], columns: Sequence[str], rows: Iterator[Sequence[str]]) -> bool:
    """As many rows as one sheet takes; whether it is full."""
    sheet.write(_XML_HEAD + f'<worksheet xmlns="{_SHEET}"><sheetData>'.encode())
    letters = [_letters(place) for place in range(len(columns))]
    sheet.write(_row(1, letters, columns))
    number = 1
    while number < MOST_ROWS and (row := next(rows, None)) is not None:
        number += 1
        sheet.write(_row(number, letters, [defuse_again(cell) for cell in row]))
    sheet.write(b"</sheetData></worksheet>")
    return number == MOST_ROWS


def _row(number: int, letters: Sequence[str], cells: Sequence[str]) -> bytes:
    written = [
        f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{_xml(cell)}</t></is></c>'
        for letter, cell in zip(letters, cells, strict=True)
        if cell
    ]
    return f'<row r="{number}">{"".join(written)}</row>'.encode()


def _letters(place: int) -> str:
    """How a spreadsheet calls a column counted from 0: A, B, … Z, AA."""
    return (_letters(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


def _xml(text: str) -> str:
    # "_x0041_" is how the format writes a character by its number.
    return escape(_LOOKS_ESCAPED.sub("_x005F_", _NO_XML.sub("", text)), {"\t": "&#9;", "\r": "&#13;"})


def _frame(name: str, sheets: int) -> dict[str, str]:
    """The parts beside the sheets."""
    numbers = range(1, sheets + 1)
    kinds = {"xl/workbook.xml": "sheet.main"} | {f"xl/worksheets/sheet{one}.xml": "worksheet" for one in numbers}
    types = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
        f'{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    listed = "".join(
        f'<sheet name="{escape(name)}{"" if one == 1 else f" {one}"}" sheetId="{one}" r:id="rId{one}"/>'
        for one in numbers
    )
    links = "".join(_link(one, "worksheet", f"worksheets/sheet{one}.xml") for one in numbers)
    head = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f"{head}{_link(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{head}{links}</Relationships>",
    }


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
