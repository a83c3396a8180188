"""Articles as a table, one row each: CSV, and a workbook of one sheet in which every cell is text."""

import io
from collections.abc import Iterator, Sequence
from typing import Final

from knowledge_base.article import Article
from knowledge_base.exporters.sheets import write_csv, write_workbook
from knowledge_base.importers.tables import COLUMNS
from knowledge_base.notation import write_line, write_link, write_time, write_word

_LONGEST_CELL: Final = 32_000  # Excel takes 32,767 characters; what is longer goes on in the next row


def as_csv(articles: Sequence[Article]) -> bytes:
    """The whole file."""
    content = io.BytesIO()
    write_csv(content, COLUMNS, _rows(articles))
    return content.getvalue()


def as_workbook(articles: Sequence[Article]) -> bytes:
    """The whole workbook."""
    content = io.BytesIO()
    write_workbook(content, "articles", COLUMNS, _rows(articles))
    return content.getvalue()


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
