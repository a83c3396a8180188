"""What every importer does alike: reading a file's lines and checking an article before it counts as one."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowledge_base.article import Article
from knowledge_base.importers.errors import ArticleError

LONGEST_ID: Final = 200  # characters, as all limits here
LONGEST_PHRASING: Final = 1_000
LONGEST_ANSWER: Final = 3_800  # what a message of every channel takes, with the question below it

_LANGUAGE = re.compile(r"([a-z]{2,3})([-_][a-z0-9]{2,8})*", re.IGNORECASE)
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands."""

    file: Path
    line: int

    def error(self, key: str, **values: str | int) -> ArticleError:
        """Make the error that names this place."""
        return ArticleError(key, self.file, self.line, **values)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def read_lines(path: Path) -> list[str]:
    """Read all lines of a UTF-8 file, with or without a byte order mark; raises ArticleError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArticleError("cannot_read", path, why=error.strerror or type(error).__name__) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ArticleError("not_utf8", path, line, byte=error.start + 1) from error
    # Only these end a line: str.splitlines would also cut at characters that JSON strings may hold as they are.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def json_object(line: str, place: Place) -> dict[str, Any]:
    """Read one line of JSON Lines; raises ArticleError."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise place.error("malformed", why=f"{error.msg} at character {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise place.error("malformed", why="too deep or too large") from error
    if not isinstance(found, dict):
        raise place.error("not_an_object", found=type(found).__name__)
    return found


def language_code(language: str, place: Place) -> str:
    """Bring a language code to its plain form ("zh-CN" is "zh"); raises ArticleError."""
    found = _LANGUAGE.fullmatch(language.strip())
    if found is None:
        raise place.error("bad_language", language=language[:40])
    return found[1].lower()


def checked_article(
    *,
    article_id: str,
    language: str,
    phrasings: Sequence[tuple[str, Place]],
    answer: str,
    title: str,
    category: str,
    place: Place,
    answers_required: bool,
) -> Article:
    """Make an article of what was read, each phrasing with its place; raises ArticleError naming what is wrong."""
    if not article_id:
        raise place.error("missing_field", field="id")
    for field, value, where in (
        *(("phrasings", phrasing, where) for phrasing, where in phrasings),
        *((f, v, place) for f, v in (("id", article_id), ("answer", answer), ("title", title), ("category", category))),
    ):
        if _NO_TEXT.search(value):
            raise where.error("bad_characters", field=field)
    if len(article_id) > LONGEST_ID:
        raise place.error("long_id", length=len(article_id), most=LONGEST_ID)
    if not answers_required:
        phrasings = [(phrasing, where) for phrasing, where in phrasings if phrasing.strip()]
    if not phrasings:
        raise place.error("no_phrasings", id=article_id)
    for phrasing, where in phrasings:
        if not phrasing.strip():
            raise where.error("empty_phrasing", id=article_id)
        if len(phrasing) > LONGEST_PHRASING:
            raise where.error("long_phrasing", id=article_id, length=len(phrasing), most=LONGEST_PHRASING)
    if answers_required and not answer.strip():
        raise place.error("no_answer", id=article_id)
    if len(answer) > LONGEST_ANSWER:
        raise place.error("long_answer", id=article_id, length=len(answer), most=LONGEST_ANSWER)
    return Article(
        id=article_id,
        language=language_code(language, place),
        phrasings=tuple(phrasing.strip() for phrasing, _ in phrasings),
        answer=answer.strip(),
        title=title.strip(),
        category=category.strip(),
        source=str(place),
    )
