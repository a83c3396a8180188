"""Importers: one file per kind of source, all giving the same articles or all that is wrong, by file and line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowledge_base.article import Article
from knowledge_base.importers.checks import Found, Source
from knowledge_base.importers.csvfile import read_csv
from knowledge_base.importers.errors import ArticleError, Findings
from knowledge_base.importers.html import read_html
from knowledge_base.importers.jsonlines import read_json_lines
from knowledge_base.importers.markdown import read_markdown
from knowledge_base.importers.workbook import read_workbook
from knowledge_base.importers.zipped import read_zip

__all__ = ["ArticleError", "Reading", "read_articles", "read_with_warnings"]

_READERS: Final[dict[str, Callable[[Source], list[Found]]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_workbook,
    ".html": read_html,
    ".htm": read_html,
    ".zip": read_zip,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and a sentence for each thing that was passed over, such as a column that nobody knows."""

    articles: list[Article]
    warnings: list[str]


def read_articles(path: Path, answers_required: bool = True) -> list[Article]:
    """Read all articles of a file, or of all files below a folder in the order of their names.

    Without `answers_required`, as for measuring, answers may be missing and empty phrasings are passed over. In a
    folder, hidden files, files of other kinds, ZIP files and files called README are passed over. Either everything is
    read or ArticleError is raised, which carries everything that is wrong, in the order of files and lines.
    """
    return read_with_warnings(path, answers_required).articles


def read_with_warnings(path: Path, answers_required: bool = True) -> Reading:
    """The same as `read_articles`, with what was passed over."""
    if not path.exists():
        raise ArticleError("no_such_file", path)
    findings = Findings()
    found: list[Found] = []
    for file in _files(path):
        found += _READERS[file.suffix.lower()](Source(file, path, answers_required, findings))
    _check_unique(found, findings)
    findings.raise_all()
    if not found:
        raise ArticleError("no_articles", path)
    return Reading([one.article for one in found], [f"{warning.sentence}." for warning in findings.warnings])


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if _is_source(file.relative_to(path)) and file.is_file())
    if path.suffix.lower() not in _READERS:
        raise ArticleError("unknown_kind", path, suffix=path.suffix, known=" ".join(_READERS))
    return [path]


def _is_source(file: Path) -> bool:
    hidden = any(part.startswith((".", "~$")) for part in file.parts)
    known = file.suffix.lower() in _READERS and file.suffix.lower() != ".zip"
    return known and not hidden and file.stem.upper() != "README"


def _check_unique(found: list[Found], findings: Findings) -> None:
    first: dict[tuple[str, str], str] = {}
    for one in found:
        key = one.article.language, one.article.id
        if key in first:
            findings.add(
                one.place.error("duplicate_id", id=one.article.id, language=one.article.language, first=first[key])
            )
        first.setdefault(key, one.article.source)
