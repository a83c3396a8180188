"""Articles as the shop keeps them; the matcher is handed these."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from crm_core.models import Article
from crm_core.storage.ids import new_id
from crm_core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article as it comes from a file."""

    slug: str
    language: str
    title: str
    category: str
    phrasings: tuple[str, ...]
    answer: str


async def everything(work: Work) -> Sequence[Article]:
    """All articles."""
    return (await work.session.scalars(select(Article).order_by(Article.slug, Article.language))).all()


async def version(work: Work) -> tuple[int, int]:
    """A mark that changes whenever articles do: how many there are and the newest change."""
    row = (await work.session.execute(select(func.count(), func.max(Article.changed_at)))).one()
    return row[0], int(row[1].timestamp() * 1e6) if row[0] else 0


async def take_over(work: Work, drafts: Iterable[Draft], source: str, *, remove_others: bool) -> dict[str, int]:
    """Store drafts by (slug, language); counts of added, changed, same and removed.

    With `remove_others`, articles of the same source that are not among the drafts go. Idempotent.
    """
    known = {(row.slug, row.language): row for row in await everything(work)}
    counts = {"added": 0, "changed": 0, "same": 0, "removed": 0}
    seen = set()
    for draft in drafts:
        seen.add((draft.slug, draft.language))
        counts[_store(work, known.get((draft.slug, draft.language)), draft, source)] += 1
    if remove_others:
        gone = [row.id for key, row in known.items() if row.source == source and key not in seen]
        if gone:
            await work.session.execute(delete(Article).where(Article.id.in_(gone)))
        counts["removed"] = len(gone)
    return counts


def _store(work: Work, row: Article | None, draft: Draft, source: str) -> str:
    fields = {
        "title": draft.title[:190],
        "category": draft.category[:190],
        "phrasings": list(draft.phrasings),
        "answer": draft.answer,
        "source": source,
    }
    if row is None:
        work.session.add(Article(id=new_id(), slug=draft.slug, language=draft.language, changed_at=work.now, **fields))
        return "added"
    if all(getattr(row, name) == value for name, value in fields.items()):
        return "same"
    for name, value in fields.items():
        setattr(row, name, value)
    row.changed_at = work.now
    return "changed"
