"""The articles that the counter answers from: read from files, kept in the records, handed to the matcher."""

from collections.abc import Sequence
from pathlib import Path

from crm_core import articles
from crm_core.articles import Draft
from crm_core.models import Article as ArticleRow
from crm_core.work import Records
from knowledge_base import Article, ArticleError, Match, Matcher, read_articles

_CONFIGURED = "config"


def drafts_of(paths: Sequence[Path]) -> list[Draft]:
    """Every article in these files and folders; an id that two of them use for one language is an ArticleError."""
    found: dict[tuple[str, str], Draft] = {}
    first: dict[tuple[str, str], Path] = {}
    for path in paths:
        for one in read_articles(path):
            key = (one.id, one.language)
            if key in found:
                raise ArticleError("duplicate_id", path, id=one.id, language=one.language, first=str(first[key]))
            first[key] = path
            found[key] = Draft(
                slug=one.id,
                language=one.language,
                title=one.title,
                category=one.category,
                phrasings=one.phrasings,
                answer=one.answer,
                tags=one.tags,
                must_match=one.must_match,
                must_not_match=one.must_not_match,
                attachments=tuple({"name": link.label, "url": link.url} for link in one.attachments),
                buttons=tuple({"label": link.label, "url": link.url} for link in one.buttons),
                related=one.related,
                state=one.state,
                valid_from=one.valid_from,
                valid_until=one.valid_until,
            )
    return list(found.values())


class Book:
    """The matcher over the articles as they are in the records; `refresh` takes up what changed."""

    def __init__(self, wrong_answers_at_most: float) -> None:
        self._wrong_answers_at_most = wrong_answers_at_most
        self._version: tuple[int, ...] | None = None
        self._matcher = Matcher((), wrong_answers_at_most)
        self._articles: dict[tuple[str, str], Article] = {}

    async def load_configured(self, records: Records, paths: Sequence[Path]) -> None:
        """Bring the records up to the configured files, then the matcher up to the records."""
        drafts = drafts_of(paths)
        async with records.read() as work:
            current = {(row.slug, row.language): row for row in await articles.everything(work)}
        if _differs(drafts, current):
            async with records.write() as work:
                await articles.take_over(work, drafts, _CONFIGURED, remove_others=True)
        await self.refresh(records)

    async def refresh(self, records: Records) -> bool:
        """Build the matcher anew when articles changed; True when they did."""
        async with records.read() as work:
            version = await articles.version(work)
            if version == self._version:
                return False
            rows = await articles.everything(work)
        found = [
            Article(
                id=row.slug,
                language=row.language,
                phrasings=tuple(row.phrasings),
                answer=row.answer,
                title=row.title,
                category=row.category,
                source=row.source,
            )
            for row in rows
        ]
        self._matcher = Matcher(found, self._wrong_answers_at_most)
        self._articles = {(one.id, one.language): one for one in found}
        self._version = version
        return True

    def match(self, text: str, language: str) -> Match:
        """Which article answers `text`; its script decides the language, `language` only where it cannot."""
        return self._matcher.match(text, language)

    def find(self, article_id: str, language: str) -> Article | None:
        """The article with this id in this language."""
        return self._articles.get((article_id, language))

    def __len__(self) -> int:
        return len(self._articles)


def _differs(drafts: Sequence[Draft], current: dict[tuple[str, str], ArticleRow]) -> bool:
    configured = {key for key, row in current.items() if row.source == _CONFIGURED}
    if configured != {(one.slug, one.language) for one in drafts}:
        return True
    return not all(articles.up_to_date(current[one.slug, one.language], one) for one in drafts)
