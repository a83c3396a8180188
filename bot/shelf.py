"""An article as files and the matcher have it, and the same as the records have it."""

from crm_core.models import Article as ArticleRow
from crm_core.rules.knowledge import Draft
from knowledge_base import Article
from knowledge_base.article import Link


def draft_of(article: Article) -> Draft:
    """What the records are handed."""
    return Draft(
        slug=article.id,
        language=article.language,
        title=article.title,
        category=article.category,
        phrasings=article.phrasings,
        answer=article.answer,
        tags=article.tags,
        must_match=article.must_match,
        must_not_match=article.must_not_match,
        attachments=tuple({"name": link.label, "url": link.url} for link in article.attachments),
        buttons=tuple({"label": link.label, "url": link.url} for link in article.buttons),
        related=article.related,
        state=article.state,
        valid_from=article.valid_from,
        valid_until=article.valid_until,
    )


def article_of(row: ArticleRow | Draft) -> Article:
    """What matcher and exporters are handed; its source is that of the row (config, import, desk), none of a draft."""
    return Article(
        id=row.slug,
        language=row.language,
        title=row.title,
        category=row.category,
        phrasings=tuple(row.phrasings),
        answer=row.answer,
        tags=tuple(row.tags),
        must_match=tuple(row.must_match),
        must_not_match=tuple(row.must_not_match),
        attachments=tuple(Link(one["name"], one["url"]) for one in row.attachments),
        buttons=tuple(Link(one["label"], one["url"]) for one in row.buttons),
        related=tuple(row.related),
        state=row.state,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        source="" if isinstance(row, Draft) else row.source,
    )
