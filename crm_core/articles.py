"""Articles as the shop keeps them, with every version of what they said; the matcher is handed these."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, case, delete, func, or_, select, type_coerce

from crm_core import audit
from crm_core.models import Article, ArticleState, ArticleVersion, SynonymGroup
from crm_core.rules.knowledge import (
    MOST_PHRASINGS,
    Draft,
    KnowledgeRefused,
    check,
    check_phrasing,
    content_of,
    draft_of,
    knows,
    merged_field,
    time_of,
)
from crm_core.storage.ids import new_id
from crm_core.work import Work

DESK: Final = "desk"  # the source of articles that staff made

_SLUGS_A_TIME = 400  # a statement takes only so many parameters
# What stands with a version, and the same as an act in the audit log.
_AUDITED = {
    "edited": "edit", "published": "publish", "unpublished": "unpublish", "archived": "archive", "learnt": "learn",
    "removed": "remove", "restored": "restore",
}  # fmt: skip
# ---- reading ----


async def everything(work: Work) -> Sequence[Article]:
    """All articles, drafts and archived ones included."""
    return (await work.session.scalars(select(Article).order_by(Article.slug, Article.language))).all()


async def published(work: Work) -> Sequence[Article]:
    """The articles that customers may get at this moment: published, begun and not over."""
    statement = select(Article).where(
        Article.state == ArticleState.PUBLISHED,
        or_(Article.valid_from.is_(None), Article.valid_from <= work.now),
        or_(Article.valid_until.is_(None), Article.valid_until > work.now),
    )
    return (await work.session.scalars(statement.order_by(Article.slug, Article.language))).all()


async def version(work: Work) -> tuple[int, ...]:
    """A mark that changes whenever a matcher should be built from something else; one statement.

    It moves with every change of an article or of synonyms, and when the clock lets an article begin or end.
    """
    statement = select(
        func.count(Article.id),
        func.sum(Article.version),  # a clock that was set back does not hide a change
        func.max(Article.changed_at),
        func.max(case((Article.valid_from <= work.now, Article.valid_from))),
        func.max(case((Article.valid_until <= work.now, Article.valid_until))),
        select(func.max(ArticleVersion.id)).scalar_subquery(),  # what was added and removed again was a change, too
        select(func.count(SynonymGroup.id)).scalar_subquery(),
        select(func.max(SynonymGroup.changed_at)).scalar_subquery(),
    )
    return tuple(_number(value) for value in (await work.session.execute(statement)).one())


def _number(value: Any) -> int:
    return round(value.timestamp() * 1e6) if isinstance(value, datetime) else int(value or 0)


async def find(work: Work, slug: str, language: str) -> Article | None:
    """The article with this slug in this language, whatever its state."""
    return await work.session.scalar(select(Article).where(Article.slug == slug, Article.language == language))


async def find_known(work: Work, slug: str, language: str) -> Article:
    """As `find`; KnowledgeRefused when there is none."""
    row = await find(work, slug, language)
    if row is None:
        raise KnowledgeRefused("article_unknown", slug=slug[:190], language=language[:40])
    return row


async def versions(work: Work, slug: str, language: str, limit: int = 50) -> Sequence[ArticleVersion]:
    """What an article said at which time, the newest first; a removed article keeps its versions."""
    statement = (
        select(ArticleVersion)
        .where(ArticleVersion.slug == slug, ArticleVersion.language == language)
        .order_by(ArticleVersion.number.desc())
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()


async def missing_translations(work: Work, languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Slug -> the languages of these in which no published article has it, for slugs that are published in another."""
    statement = select(Article.slug, Article.language).where(Article.state == ArticleState.PUBLISHED)
    there: dict[str, set[str]] = {}
    for slug, language in (await work.session.execute(statement.order_by(Article.slug))).all():
        there.setdefault(slug, set()).add(language)
    missing = {slug: tuple(one for one in languages if one not in known) for slug, known in there.items()}
    return {slug: lacking for slug, lacking in missing.items() if lacking}


# ---- taking over files ----


async def take_over(work: Work, drafts: Iterable[Draft], source: str, *, remove_others: bool) -> dict[str, int]:
    """Store drafts by (slug, language); counts of added, changed, same and removed.

    A file says what it has to say once: what it changed since it was last taken over is brought in, field by field and
    item by item; what it left as it was stays as the shop has it by now. So phrasings learnt and answers edited in the
    chat outlive a restart (docs/decisions/0016). With `remove_others`, articles of the same source that are not among
    the drafts go. Idempotent; nothing is flushed, so that a work that only reads counts the same.
    """
    known = {(row.slug, row.language): row for row in await everything(work)}
    counts = {"added": 0, "changed": 0, "same": 0, "removed": 0}
    seen = {(draft.slug, draft.language): draft for draft in drafts}
    last = await _last_numbers(work, [slug for slug, language in seen if (slug, language) not in known])
    for key, draft in seen.items():
        counts[_take(work, known.get(key), draft, source, last.get(key, 0))] += 1
    if remove_others:
        gone = [row for key, row in known.items() if row.source == source and key not in seen]
        for row in gone:
            _keep_version(work, row, "removed", None)
        await _delete(work, gone)
        counts["removed"] = len(gone)
    return counts


def up_to_date(row: Article, draft: Draft) -> bool:
    """Whether taking over this draft from the same source would change nothing."""
    return (content_of(row) if row.taken is None else row.taken) == content_of(draft)


def _take(work: Work, row: Article | None, draft: Draft, source: str, last: int) -> str:
    said = content_of(draft)
    if row is None:
        _add(work, draft, source, "imported", None, last)
        return "added"
    before = row.taken if row.taken is not None else {} if row.source == DESK else content_of(row)
    now = content_of(row)
    content = {name: merged_field(name, before, said, now) for name in said}
    row.taken = said
    if content == now and row.source == source:
        return "same"
    _keep_first(work, row)
    row.source = source
    _change(work, row, content, "imported", None)
    return "changed"


async def _last_numbers(work: Work, slugs: Sequence[str]) -> dict[tuple[str, str], int]:
    """How far the versions of articles got that are no longer there."""
    found: dict[tuple[str, str], int] = {}
    for start in range(0, len(slugs), _SLUGS_A_TIME):
        statement = (
            select(ArticleVersion.slug, ArticleVersion.language, func.max(ArticleVersion.number))
            .where(ArticleVersion.slug.in_(slugs[start : start + _SLUGS_A_TIME]))
            .group_by(ArticleVersion.slug, ArticleVersion.language)
        )
        found |= {(row[0], row[1]): row[2] for row in (await work.session.execute(statement)).all()}
    return found


async def _delete(work: Work, rows: Sequence[Article]) -> None:
    for start in range(0, len(rows), _SLUGS_A_TIME):
        ids = [row.id for row in rows[start : start + _SLUGS_A_TIME]]
        await work.session.execute(delete(Article).where(Article.id.in_(ids)))


# ---- what staff do ----


async def save(work: Work, draft: Draft, staff_id: int | None, act: str = "edited") -> Article:
    """Store an article as somebody wrote it; `act` (edited, published …) stands with its version.

    KnowledgeRefused when it is not in order.
    What is the same already is left alone: no version, no entry in the audit log.
    """
    check(draft)
    row = await find(work, draft.slug, draft.language)
    if row is None:
        last = await _last_numbers(work, [draft.slug])
        row = _add(work, draft, DESK, act, staff_id, last.get((draft.slug, draft.language), 0))
    elif content_of(row) == content_of(draft):
        return row
    else:
        _keep_first(work, row)
        _change(work, row, content_of(draft), act, staff_id)
    await _settled(work, row, act, staff_id)
    return row


async def publish(work: Work, slug: str, language: str, staff_id: int | None) -> Article:
    """Let customers get an article; whether that does harm is asked before (knowledge_base.replay)."""
    return await _set_state(work, await find_known(work, slug, language), ArticleState.PUBLISHED, staff_id, "published")


async def unpublish(work: Work, slug: str, language: str, staff_id: int | None) -> Article:
    """Make an article a draft again."""
    return await _set_state(work, await find_known(work, slug, language), ArticleState.DRAFT, staff_id, "unpublished")


async def archive(work: Work, slug: str, language: str, staff_id: int | None) -> Article:
    """Keep an article out of use for good; a configured file does not bring it back."""
    return await _set_state(work, await find_known(work, slug, language), ArticleState.ARCHIVED, staff_id, "archived")


async def remove(work: Work, slug: str, language: str, staff_id: int | None) -> None:
    """Take an article away; its versions stay. One of the configured files can only be archived: they bring it back."""
    row = await find_known(work, slug, language)
    if row.source == "config":
        raise KnowledgeRefused("article_configured", slug=slug, language=language)
    _keep_first(work, row)
    _keep_version(work, row, "removed", staff_id)
    await work.session.delete(row)
    await _settled(work, row, "removed", staff_id)


async def add_phrasing(work: Work, slug: str, language: str, wording: str, staff_id: int | None) -> Article:
    """Learn one more way to ask for an article; KnowledgeRefused when it is known, here or elsewhere, or too long."""
    row = await find_known(work, slug, language)
    wording = " ".join(wording.split())
    check_phrasing(wording)
    if len(row.phrasings) >= MOST_PHRASINGS:
        raise KnowledgeRefused("phrasing_many", slug=slug, most=MOST_PHRASINGS)
    if knows(row, wording):
        raise KnowledgeRefused("phrasing_known", slug=slug, wording=wording)
    if (other := await who_knows(work, language, wording)) is not None:
        raise KnowledgeRefused("phrasing_elsewhere", slug=other.slug, wording=wording)
    _keep_first(work, row)
    _change(work, row, content_of(row) | {"phrasings": [*row.phrasings, wording]}, "learnt", staff_id)
    await _settled(work, row, "learnt", staff_id)
    return row


async def restore(work: Work, slug: str, language: str, number: int, staff_id: int | None) -> Article:
    """Let an article say again what it said in one version.

    Whether customers get it stays as it is; a removed article comes back as a draft. KnowledgeRefused for a version
    that is not there.
    """
    kept = await work.session.scalar(
        select(ArticleVersion).where(
            ArticleVersion.slug == slug, ArticleVersion.language == language, ArticleVersion.number == number
        )
    )
    if kept is None:
        raise KnowledgeRefused("version_unknown", slug=slug[:190], language=language[:40], number=number)
    row = await find(work, slug, language)
    state = ArticleState.DRAFT if row is None else row.state
    return await save(work, draft_of(slug, language, kept.content | {"state": state}), staff_id, "restored")


async def who_knows(work: Work, language: str, wording: str) -> Article | None:
    """An article of this language that has this phrasing already, whatever its state; None when there is none."""
    # The lists are stored as JSON text; looking into it spares loading every article in the middle of a turn.
    inside = json.dumps(wording, ensure_ascii=False)
    statement = select(Article).where(
        Article.language == language, type_coerce(Article.phrasings, Text).icontains(inside, autoescape=True)
    )
    return next((row for row in await work.session.scalars(statement) if knows(row, wording)), None)


async def _set_state(work: Work, row: Article, state: ArticleState, staff_id: int | None, act: str) -> Article:
    if row.state == state:
        return row
    if state == ArticleState.PUBLISHED:
        check(draft_of(row.slug, row.language, content_of(row) | {"state": state}))
    _keep_first(work, row)
    _change(work, row, content_of(row) | {"state": state.value}, act, staff_id)
    await _settled(work, row, act, staff_id)
    return row


async def _settled(work: Work, row: Article, act: str, staff_id: int | None) -> None:
    """Write down who did it; the next turn of this batch finds what changed."""
    audit.enter(
        work,
        staff_id,
        f"article.{_AUDITED.get(act, act)}",
        f"article:{row.slug}:{row.language}"[:190],
        version=row.version,
    )
    await work.session.flush()


# ---- versions ----


def _put(row: Article, content: dict[str, Any]) -> None:
    for name, value in content.items():
        setattr(row, name, time_of(value) if name in {"valid_from", "valid_until"} else value)


def _add(work: Work, draft: Draft, source: str, act: str, staff_id: int | None, last: int) -> Article:
    said = content_of(draft)
    row = Article(id=new_id(), slug=draft.slug, language=draft.language, source=source, version=last)
    _put(row, said)
    row.taken = None if source == DESK else said
    work.session.add(row)
    row.changed_at = work.now
    _keep_version(work, row, act, staff_id)
    return row


def _change(work: Work, row: Article, content: dict[str, Any], act: str, staff_id: int | None) -> None:
    _put(row, content)
    row.changed_at = work.now
    _keep_version(work, row, act, staff_id)


def _keep_first(work: Work, row: Article) -> None:
    """An article from before there were versions: what it said until now is its first one."""
    if row.version:
        return
    if row.taken is None and row.source != DESK:
        row.taken = content_of(row)
    _write_version(work, row, "imported", None, row.changed_at)


def _keep_version(work: Work, row: Article, act: str, staff_id: int | None) -> None:
    work.articles.add((row.slug, row.language))
    _write_version(work, row, act, staff_id, work.now)


def _write_version(work: Work, row: Article, act: str, staff_id: int | None, at: datetime) -> None:
    row.version += 1
    # Two who change the same article at once draw the same number: the unique key lets one of them try again.
    work.session.add(
        ArticleVersion(
            id=new_id(),
            slug=row.slug,
            language=row.language,
            number=row.version,
            act=act,
            content=content_of(row),
            staff_id=staff_id,
            at=at,
        )
    )
