"""What can be wrong with a file of articles."""

from pathlib import Path
from typing import Final

# For the command line only; the bot's own sentences live with its texts, under the same keys.
_SENTENCES: Final[dict[str, str]] = {
    "no_such_file": "there is no such file or folder",
    "cannot_read": "the file cannot be read: {why}",
    "unknown_kind": 'articles are read from {known} files, not from "{suffix}"',
    "not_utf8": "the text is not UTF-8 (byte {byte} of the file)",
    "no_articles": "there are no articles in it",
    "malformed": "this is not a JSON object: {why}",
    "not_an_object": "a line must be one JSON object, this is {found}",
    "missing_field": 'the article has no "{field}"',
    "wrong_type": '"{field}" must be {expected}',
    "bad_characters": '"{field}" holds characters that are no text (NUL or half a surrogate pair)',
    "bad_language": '"{language}" is no language code such as "en" or "zh"',
    "no_language": 'the language is not known: add a "language:" line or put the file into a folder such as "en"',
    "no_phrasings": 'article "{id}" has no phrasings',
    "empty_phrasing": 'article "{id}" has an empty phrasing',
    "long_phrasing": 'a phrasing of article "{id}" has {length} characters, {most} are allowed',
    "long_answer": 'the answer of article "{id}" has {length} characters, {most} are allowed',
    "long_id": "the id has {length} characters, {most} are allowed",
    "no_answer": 'article "{id}" has no answer',
    "duplicate_id": 'duplicate id "{id}" for language "{language}", first in {first}',
    "no_title": 'an article begins with a line "# Title"; this comes before it',
    "no_id": 'article "{title}" has no "id:" line, needed where a file holds several articles',
    "unknown_line": 'between title and questions only "id:", "language:" and "category:" lines may stand',
    "unknown_section": 'there is no section "{section}", only "Questions" and "Answer"',
    "twice": 'article "{title}" has "{section}" twice',
    "not_a_phrasing": "a question is one line beginning with a dash",
}


class ArticleError(Exception):
    """A file of articles was refused; `key` says why, `values` with what, `line` (from 1; 0 = the whole file) where."""

    def __init__(self, key: str, file: Path, line: int = 0, **values: str | int) -> None:
        super().__init__(key, str(file), line, values)
        self.key = key
        self.file = file
        self.line = line
        self.values = values

    def __str__(self) -> str:
        """Say it in one English sentence for the command line, such as `articles.jsonl:12: duplicate id "refund" …`."""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {_SENTENCES[self.key].format(**self.values)}"
