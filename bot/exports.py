"""Exporting articles: what is on record, in a form that `import` reads again."""

from pathlib import Path

from bot.shelf import article_of
from crm_core import articles
from crm_core.work import Records
from knowledge_base.exporters import form_of, write_articles


async def export_to(
    records: Records, path: Path, form: str = "", language: str = "", *, overwrite: bool = False
) -> tuple[str, int]:
    """Write the articles on record, of one language if one is named; the form's name and how many there were.

    Raises ExportError and OSError, and what is there stays as it is then.
    """
    form_of(path, form)  # a form that there is not is refused before anything is read
    async with records.read() as work:
        rows = await articles.everything(work)
        found = [article_of(row) for row in rows if not language or row.language == language]
    written = write_articles(found, path, form, overwrite=overwrite)
    return written.name, len(found)
