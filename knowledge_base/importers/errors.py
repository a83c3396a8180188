"""What can be wrong with a file of articles, and the list that gathers all of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MOST_SHOWN: Final = 50

# For the command line only; the bot's own sentences live with its texts, under the same keys.
_SENTENCES: Final[dict[str, str]] = {
    "no_such_file": "there is no such file or folder",
    "cannot_read": "the file cannot be read: {why}",
    "unknown_kind": 'articles are read from {known} files, not from "{suffix}"',
    "too_large": "it holds more than {most} {unit}, which no file of articles needs",
    "not_utf8": "the text is not UTF-8 (byte {byte} of the file); save it as UTF-8",
    "no_articles": "there are no articles in it",
    "malformed": "this is not a JSON object: {why}",
    "not_an_object": "a line must be one JSON object, this is {found}",
    "missing_field": 'the article has no "{field}"',
    "wrong_type": '"{field}" must be {expected}',
    "bad_characters": '"{field}" holds characters that are no text (NUL, control characters or half a surrogate pair)',
    "bad_language": '"{language}" is no language code such as "en" or "zh"',
    "no_language": 'the language is not known: add a "language:" line or put the file into a folder such as "en"',
    "no_phrasings": 'article "{id}" has no phrasings',
    "empty_phrasing": 'article "{id}" has an empty phrasing',
    "long_phrasing": 'a phrasing of article "{id}" has {length} characters, {most} are allowed',
    "long_answer": 'the answer of article "{id}" has {length} characters, {most} are allowed',
    "long_id": "the id has {length} characters, {most} are allowed",
    "broken_id": "the id goes over several lines",
    "long_field": '"{field}" of article "{id}" has {length} characters, {most} are allowed',
    "too_many": '"{field}" of article "{id}" has {length} entries, {most} are allowed',
    "no_answer": 'article "{id}" has no answer',
    "duplicate_id": 'duplicate id "{id}" for language "{language}", first in {first}',
    "bad_state": '"{state}" is no state of article "{id}": published, draft or archived',
    "bad_time": '"{field}" of article "{id}" is "{value}", which is no day or time such as 2026-12-31',
    "bad_period": 'article "{id}" would end ({until}) before it begins ({begins})',
    "bad_link": '"{value}" of article "{id}" is no link: write label=https://…',
    "bad_address": '"{value}" of article "{id}" is no web address that begins with https:// or http://',
    "no_label": 'a link of article "{id}" has no label: write label=https://…',
    "no_title": 'an article begins with a line "# Title"; this comes before it',
    "no_id": 'article "{title}" has no "id:" line, needed where a file holds several articles',
    "unknown_line": (
        'between title and questions only "id:", "language:", "category:", "tags:", "state:", "valid-from:", '
        '"valid-until:" and "related:" lines may stand'
    ),
    "unknown_section": (
        'there is no section "{section}", only "Questions", "Answer", "Must match", "Must not match", "Buttons" and '
        '"Attachments"'
    ),
    "twice": 'article "{title}" has "{section}" twice',
    "not_a_phrasing": "a question is one line beginning with a dash",
    "not_an_entry": "an entry is one line beginning with a dash",
    "no_header": 'the first row must name the columns, and "id" among them; it says {found}',
    "missing_column": 'there is no column "{column}"',
    "column_twice": 'column "{column}" stands there twice',
    "unknown_columns": "these columns are left out, nobody knows them: {columns}",
    "bad_table": "the table cannot be read from here: {why}",
    "extra_cells": "the row has {length} cells, the first row names {most} columns",
    "differing_rows": 'article "{id}" says something else in "{field}" than in {first}',
    "not_a_workbook": "this is no XLSX workbook: {why}",
    "encrypted": "it is protected by a password, or an old .xls file: save it as .xlsx without a password",
    "sheet_left_out": 'this sheet is left out: its first row names no column "id"',
    "not_a_zip": "this is no ZIP file: {why}",
    "html_no_title": "the page has no title: no <h1> and no <title>",
    "html_deep": "the page is nested more than {most} deep",
}


class ArticleError(Exception):
    """A file of articles was refused; `key` says why, `values` with what, `line` (from 1; 0 = the whole file) where.

    What was raised for a whole reading stands for the first problem and carries all of them in `problems`, the first
    50 at most; `more` says how many there are beyond these.
    """

    def __init__(self, key: str, file: Path, line: int = 0, *, sheet: str = "", **values: str | int) -> None:
        super().__init__(key, str(file), line, values)
        self.key = key
        self.file = file
        self.line = line
        self.sheet = sheet
        self.values = values
        self.problems: tuple[ArticleError, ...] = (self,)
        self.more = 0

    @property
    def sentence(self) -> str:
        """This problem alone, such as `articles.jsonl:12: duplicate id "refund" …`."""
        return f"{place_of(self.file, self.line, self.sheet)}: {_SENTENCES[self.key].format(**self.values)}"

    @property
    def sentences(self) -> list[str]:
        """Every problem for the command line, a sentence each, and how many more there are."""
        found = [f"{problem.sentence}." for problem in self.problems]
        return [*found, f"… and {self.more} more."] if self.more else found

    def __str__(self) -> str:
        """The first problem in one English sentence without its full stop, and how many there are beside it."""
        others = len(self.problems) - 1 + self.more
        return f"{self.sentence} (and {others} more)" if others else self.sentence


def place_of(file: Path, line: int, sheet: str = "") -> str:
    """Where something stands, as `articles.xlsx (sheet "Tea"):3`."""
    where = f'{file} (sheet "{sheet}")' if sheet else str(file)
    return f"{where}:{line}" if line else where


class Findings:
    """Everything that is wrong with what is being read, and what is only worth a warning; both are bounded."""

    def __init__(self) -> None:
        self.problems: list[ArticleError] = []
        self.warnings: list[ArticleError] = []
        self._more = 0

    def add(self, problem: ArticleError) -> None:
        """One more thing is wrong."""
        if len(self.problems) < MOST_SHOWN:
            self.problems.append(problem)
        else:
            self._more += 1

    def warn(self, warning: ArticleError) -> None:
        """Something was passed over."""
        if len(self.warnings) < MOST_SHOWN:
            self.warnings.append(warning)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is raised inside is added, and reading goes on behind it."""
        try:
            yield
        except ArticleError as error:
            self.add(error)

    @property
    def count(self) -> int:
        """How many things are wrong."""
        return len(self.problems) + self._more

    def raise_all(self) -> None:
        """Raise ArticleError when anything is wrong."""
        if self.problems:
            # What is found when all lines are read, such as an id used twice, stands where its line is.
            raise _gathered(sorted(self.problems, key=lambda one: (str(one.file), one.sheet, one.line)), self._more)


def _gathered(problems: Sequence[ArticleError], more: int) -> ArticleError:
    first = problems[0]
    error = ArticleError(first.key, first.file, first.line, sheet=first.sheet, **first.values)
    error.problems = tuple(problems)
    error.more = more
    return error
