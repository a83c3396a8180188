"""Importers: one file per kind of source, all giving the same articles or one error that names file and line."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from knowledge_base.article import Article
from knowledge_base.importers.errors import ArticleError
from knowledge_base.importers.jsonlines import read_json_lines
from knowledge_base.importers.markdown import read_markdown

__all__ = ["ArticleError", "read_articles"]

_READERS: Final[dict[str, Callable[[Path, bool], list[Article]]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".md": read_markdown,
    ".markdown": read_markdown,
}


def read_articles(path: Path, answers_required: bool = True) -> list[Article]:
    """Read all articles of a file, or of all files below a folder in the order of their names.

    Without `answers_required`, as for measuring, answers may be missing and empty phrasings are passed over. In a
    folder, hidden files, files of other kinds and files called README are passed over. Either everything is read
    or ArticleError is raised, at the first thing that is wrong.
    """
    if not path.exists():
        raise ArticleError("no_such_file", path)
    articles = [article for file in _files(path) for article in _READERS[file.suffix.lower()](file, answers_required)]
    if not articles:
        raise ArticleError("no_articles", path)
    _check_unique(articles)
    return articles


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if _is_source(file.relative_to(path)) and file.is_file())
    if path.suffix.lower() not in _READERS:
        raise ArticleError("unknown_kind", path, suffix=path.suffix, known=" ".join(_READERS))
    return [path]


def _is_source(file: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.parts)
    return file.suffix.lower() in _READERS and not hidden and file.stem.upper() != "README"


def _check_unique(articles: list[Article]) -> None:
    first: dict[tuple[str, str], str] = {}
    for article in articles:
        key = article.language, article.id
        if key in first:
            file, _, line = article.source.rpartition(":")
            raise ArticleError(
                "duplicate_id", Path(file), int(line), id=article.id, language=article.language, first=first[key]
            )
        first[key] = article.source
