"""Exporters: articles written in the forms that the importers read, so that reading them again changes nothing."""

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from knowledge_base.article import Article, Link
from knowledge_base.exporters.html import as_html
from knowledge_base.exporters.jsonlines import as_json_lines
from knowledge_base.exporters.markdown import as_markdown
from knowledge_base.exporters.tables import as_csv, as_workbook
from knowledge_base.importers.checks import tidy

__all__ = ["FORMS", "ExportError", "Form", "form_of", "write_articles"]

_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(readme|index|con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write articles."""

    name: str
    suffix: str
    write: Callable[[Sequence[Article]], bytes]
    in_folders: bool = False  # whether a folder may hold them, one file an article


FORMS: Final = (
    Form("jsonl", ".jsonl", as_json_lines),
    Form("csv", ".csv", as_csv),
    Form("xlsx", ".xlsx", as_workbook),
    Form("markdown", ".md", as_markdown, in_folders=True),
    Form("html", ".html", as_html, in_folders=True),
)
_BY_NAME: Final = {form.name: form for form in FORMS}
_BY_SUFFIX: Final = {form.suffix: form for form in FORMS} | {
    ".ndjson": _BY_NAME["jsonl"],
    ".markdown": _BY_NAME["markdown"],
    ".htm": _BY_NAME["html"],
}


class ExportError(Exception):
    """Articles cannot be written there; `key` says why: unknown_form, no_folder_form, exists, nothing."""

    def __init__(self, key: str, path: Path, **values: str) -> None:
        super().__init__(key, str(path), values)
        self.key = key
        self.path = path
        self.values = values


def form_of(path: Path, name: str = "") -> tuple[Form, bool]:
    """The form to write in, and whether into a folder: by name, else by the ending of the path."""
    form = _BY_NAME.get(name) if name else _BY_SUFFIX.get(path.suffix.lower())
    folder = path.is_dir() or not path.suffix
    if form is None and not name and folder:
        form = _BY_NAME["markdown"]
    if form is None:
        raise ExportError("unknown_form", path, form=name or path.suffix, known=" ".join(_BY_NAME))
    if folder and not form.in_folders:
        raise ExportError("no_folder_form", path, form=form.name, suffix=form.suffix)
    return form, folder


def write_articles(articles: Iterable[Article], path: Path, form_name: str = "", *, overwrite: bool = False) -> Form:
    """Write articles to a file, or each to a file of its own in a folder per language.

    Raises ExportError, also when there is something already and it may not be overwritten, and OSError. A file is
    there whole or not at all.
    """
    form, folder = form_of(path, form_name)
    tidied = sorted((_tidied(one) for one in articles), key=lambda one: (one.language, one.id))
    if not tidied:
        raise ExportError("nothing", path)
    if not overwrite and (any(path.iterdir()) if path.is_dir() else path.exists()):
        raise ExportError("exists", path)
    if not folder:
        _put(path, form.write(tidied))
        return form
    taken: set[Path] = set()
    for one in tidied:
        _put(path / _file_name(one, form, taken), form.write([one]))
    return form


def _tidied(article: Article) -> Article:
    """The article as an importer would give it back."""
    lists: dict[str, tuple[str, ...]] = {
        name: tuple(text for one in getattr(article, name) if (text := tidy(one)))
        for name in ("phrasings", "must_match", "must_not_match", "tags", "related")
    }
    links: dict[str, tuple[Link, ...]] = {
        name: tuple(Link(tidy(link.label), link.url.strip()) for link in getattr(article, name))
        for name in ("attachments", "buttons")
    }
    return replace(
        article,
        id=tidy(article.id),
        answer=tidy(article.answer),
        title=" ".join(tidy(article.title).split("\n")),
        category=" ".join(tidy(article.category).split("\n")),
        phrasings=lists["phrasings"],
        must_match=lists["must_match"],
        must_not_match=lists["must_not_match"],
        tags=lists["tags"],
        related=lists["related"],
        attachments=links["attachments"],
        buttons=links["buttons"],
    )


def _file_name(article: Article, form: Form, taken: set[Path]) -> Path:
    """A name that every system takes, different for each article; the id itself stands in the file."""
    plain = _NO_FILE_NAME.sub("-", unicodedata.normalize("NFC", article.id)).strip(".-~")[:60]
    plain = f"article-{plain}" if not plain or _RESERVED.fullmatch(plain) else plain
    name = Path(article.language) / f"{plain}{form.suffix}"
    number = 2
    while Path(str(name).casefold()) in taken:  # some systems do not tell Tea from tea
        name = Path(article.language) / f"{plain}-{number}{form.suffix}"
        number += 1
    taken.add(Path(str(name).casefold()))
    return name


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
