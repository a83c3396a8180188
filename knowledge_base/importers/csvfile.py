"""Articles as CSV, parted by commas, semicolons or tabs, in UTF-8 with or without a byte order mark."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from knowledge_base.importers.checks import Found, Place, Source, decoded, read_content
from knowledge_base.importers.tables import Row, column_of, read_rows

_DELIMITERS: Final = ",;\t"
_LONGEST_CELL: Final = 131_072  # characters
_SPREADSHEET_HINT = re.compile(r"sep=(.)\r?\n")  # which Excel writes above the table, and hides


def read_csv(source: Source) -> list[Found]:
    """Read every article of a file; what is wrong goes to the findings."""
    with source.findings.kept():
        text = decoded(read_content(source.path), source.path)
        return read_rows(_rows(text, source), source)
    return []


def _rows(text: str, source: Source) -> Iterator[Row]:
    first = 1
    if hint := _SPREADSHEET_HINT.match(text):
        text, first = text[hint.end() :], 2
    csv.field_size_limit(_LONGEST_CELL)  # the module's own, which others may have set
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        line = first + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # What stands behind a quotation mark that is not closed cannot be told apart from its cell.
            source.findings.add(Place(source.path, line).error("bad_table", why=str(error)))
            return
        if cells is None:
            return
        yield Place(source.path, line), cells


def _delimiter(text: str) -> str:
    """What parts the first row into the most columns that somebody knows."""
    header = next((line for line in text[:20_000].splitlines() if line.strip(" ,;\t")), "")
    return max(_DELIMITERS, key=lambda mark: sum(bool(column_of(name.strip(' "'))) for name in header.split(mark)))
