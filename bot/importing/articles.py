"""Importing articles: files are read and checked whole before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.shelf import draft_of
from crm_core import articles
from crm_core.imports import Taken
from crm_core.rules.knowledge import Draft, content_of, draft_from
from crm_core.work import Records, Work
from knowledge_base.importers import read_with_warnings

_SOURCE = "import"
_ARTICLES_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does to one article: added, changed (and in which fields), or same."""

    slug: str
    language: str
    what: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class TakenArticles(Taken):
    """The counts of an import of articles, and what it does to each of them in the order of the file."""

    changes: list[Change] = field(default_factory=list)


def read_article_file(file: Path) -> tuple[list[Draft], list[str]]:
    """The articles of a file or folder, and a sentence for each thing passed over; raises ArticleError."""
    reading = read_with_warnings(file)
    return [draft_of(article) for article in reading.articles], reading.warnings


async def import_articles(records: Records | None, drafts: Sequence[Draft], *, dry_run: bool) -> TakenArticles:
    """Store articles by id and language; without records (there is no database yet) all of them are new."""
    taken = TakenArticles()
    if records is None:
        taken.changes = [Change(draft.slug, draft.language, "added") for draft in drafts]
    else:
        for start in range(0, len(drafts), _ARTICLES_A_TIME):
            # A unit that reads never flushes: the same verb then only counts.
            async with records.read() if dry_run else records.write() as work:
                await _take_articles(work, drafts[start : start + _ARTICLES_A_TIME], taken)
    for change in taken.changes:
        taken.count(change.what)
    return taken


async def _take_articles(work: Work, drafts: Sequence[Draft], taken: TakenArticles) -> None:
    rows = {(row.slug, row.language): row for row in await articles.everything(work)}
    before = {key: content_of(draft_from(row)) for key, row in rows.items()}
    # What says the same stays whose it is, a configured file's or the desk's.
    new = [one for one in drafts if before.get((one.slug, one.language)) != content_of(one)]
    configured = {key for key, row in rows.items() if row.source == "config"}
    await articles.take_over(work, new, _SOURCE, remove_others=False)
    others = 0
    for draft in drafts:
        key = draft.slug, draft.language
        if key not in rows:
            taken.changes.append(Change(*key, "added"))
            continue
        now = content_of(draft_from(rows[key]))
        fields = tuple(name for name, value in now.items() if value != before[key][name])
        taken.changes.append(Change(*key, "changed" if fields else "same", fields))
        others += bool(fields) and key in configured
    if others:
        taken.notes.append(
            f"{others} of them stand in the configured files ([knowledge] articles) with other "
            "words; those files win again at the next start."
        )
