"""Articles as a table, one row each: CSV, and an XLSX workbook of one sheet in which every cell is text."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from knowledge_base.article import Article
from knowledge_base.importers.tables import COLUMNS
from knowledge_base.notation import defuse, defuse_again, write_line, write_link, write_time, write_word

_LONGEST_CELL: Final = 32_000  # Excel takes 32,767 characters; what is longer goes on in the next row
_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LOOKS_ESCAPED = re.compile(r"_(?=[xX][0-9A-Fa-f]{4}_)")


def as_csv(articles: Sequence[Article]) -> bytes:
    """The whole file, in UTF-8 with a byte order mark, without which Excel does not take it for UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([defuse(cell) for cell in row] for row in _rows(articles))
    return text.getvalue().encode("utf-8-sig")


def as_workbook(articles: Sequence[Article]) -> bytes:
    """The whole workbook: the five parts that every reader of the format asks for, and nothing else."""
    types = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for part, kind in (
            ("xl/workbook.xml", "spreadsheetml.sheet.main"),
            ("xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
        )
    )
    rows = [COLUMNS, *([defuse_again(cell) for cell in row] for row in _rows(articles))]
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="articles" '
        f'sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(_sheet_rows(rows))}'
        "</sheetData></worksheet>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, xml in parts.items():
            # A fixed time: the same articles make the same file.
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            packed.writestr(part, _XML_HEAD + xml, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/{kind}" '
        f'Target="{target}"/></Relationships>'
    )


def _sheet_rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows, start=1):
        cells = (
            f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t xml:space="preserve">{_xml(cell)}</t></is></c>'
            for place, cell in enumerate(row)
            if cell
        )
        yield f'<row r="{number}">{"".join(cells)}</row>'


def _xml(text: str) -> str:
    # "_x0041_" is how the format writes a character by its number.
    return escape(_LOOKS_ESCAPED.sub("_x005F_", text), {"\t": "&#9;", "\r": "&#13;"})


def _rows(articles: Sequence[Article]) -> Iterator[list[str]]:
    for article in articles:
        yield from _rows_of(article)


def _rows_of(article: Article) -> Iterator[list[str]]:
    """The row of an article, and more of them while its lists go on."""
    lists = {name: _cells([write_line(text) for text in getattr(article, name)]) for name in _LISTS}
    words = {name: "\n".join(write_word(word) for word in getattr(article, name)) for name in ("tags", "related")}
    links = {name: "\n".join(write_link(one) for one in getattr(article, name)) for name in ("buttons", "attachments")}
    said = {
        "title": article.title,
        "category": article.category,
        "answer": article.answer,
        "state": article.state,
        "valid_from": write_time(article.valid_from),
        "valid_until": write_time(article.valid_until),
    }
    for number in range(max(1, *(len(cells) for cells in lists.values()))):
        entries = {name: cells[number] for name, cells in lists.items() if number < len(cells)}
        row = {"id": article.id, "language": article.language} | entries
        row |= {**said, **words, **links} if number == 0 else {}
        yield [row.get(column, "") for column in COLUMNS]


_LISTS: Final = ("phrasings", "must_match", "must_not_match")


def _cells(lines: Sequence[str]) -> list[str]:
    """The lines in as few cells as take them."""
    cells: list[str] = []
    for line in lines:
        if cells and len(cells[-1]) + len(line) < _LONGEST_CELL:
            cells[-1] += f"\n{line}"
        else:
            cells.append(line)
    return cells
