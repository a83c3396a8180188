"""The scorecard of each article: how often it was shown, and how often that did not settle the matter."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, case, exists, func, or_, select, type_coerce
from sqlalchemy.orm import aliased

from crm_core import articles
from crm_core.models import Interaction, Judgement, Kind, Ticket
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_ESCALATED = timedelta(hours=24)
_RETURNED = timedelta(days=7)
_FIGURES = ("shown", "helped", "not_helped", "escalated_after", "returned", "wrong", "resolved")


async def make(work: Work, since: datetime) -> Report:
    """One row for each article, the most shown first, those never shown at the end; its languages count together.

    Of the answers shown: escalated_after opened a ticket in the same conversation within 24 hours; returned opened one
    later, within 7 days, or had the same article shown again within 7 days; wrong were judged so by staff. Resolved are
    those of which nothing of that is true and which were not called unhelpful.
    """
    counted = await _counted(work, since)
    titles: dict[str, str] = {}
    for row in await articles.everything(work):
        titles.setdefault(row.slug, row.title)
    none = (0,) * len(_FIGURES)
    slugs = sorted(titles.keys() | counted.keys(), key=lambda slug: (-counted.get(slug, none)[0], slug))
    rows = [(slug, titles.get(slug), *counted.get(slug, none)) for slug in slugs]
    return Report(("article", "title", *_FIGURES), list(rows))


async def _counted(work: Work, since: datetime) -> dict[str, tuple[int, ...]]:
    shown, judged = aliased(Interaction), _judged(since)
    flags: dict[str, ColumnElement[bool]] = {
        "helped": shown.helped.is_(True),
        "not_helped": shown.helped.is_(False),
        "escalated_after": _escalated(shown),
        "returned": _returned(shown),
        "wrong": and_(
            judged.c.reply_id.is_not(None), or_(judged.c.right_slug.is_(None), judged.c.right_slug != shown.article_id)
        ),
    }
    answers = (
        select(shown.article_id, *(case((flag, 1), else_=0).label(name) for name, flag in flags.items()))
        .outerjoin(judged, judged.c.reply_id == shown.id)
        .where(shown.at >= since, shown.kind == Kind.REPLY, shown.article_id.is_not(None))
        .subquery()
    )
    found = answers.c
    settled = found.not_helped + found.escalated_after + found.returned + found.wrong == 0
    statement = select(
        found.article_id,
        func.count(),
        *(func.sum(found[name]) for name in flags),
        func.sum(case((settled, 1), else_=0)),
    ).group_by(found.article_id)
    return {str(row[0]): tuple(map(int, row[1:])) for row in (await work.session.execute(statement)).all()}


def _escalated(shown: Any) -> ColumnElement[bool]:
    return exists().where(
        Ticket.conversation_id == shown.conversation_id,
        Ticket.opened_at > shown.at,
        _after(shown.at, Ticket.opened_at) <= _micros(_ESCALATED),
    )


def _returned(shown: Any) -> ColumnElement[bool]:
    again = aliased(Interaction)
    same = exists().where(
        again.conversation_id == shown.conversation_id,
        again.article_id == shown.article_id,
        again.kind == Kind.REPLY,
        again.id > shown.id,
        _after(shown.at, again.at) <= _micros(_RETURNED),
    )
    ticket = exists().where(
        Ticket.conversation_id == shown.conversation_id,
        _after(shown.at, Ticket.opened_at) > _micros(_ESCALATED),
        _after(shown.at, Ticket.opened_at) <= _micros(_RETURNED),
    )
    return or_(same, ticket)


def _judged(since: datetime) -> Subquery:
    """The answers that were given to judged questions, each with what is right; nothing is right where none is."""
    asked, reply = aliased(Interaction), aliased(Interaction)
    return (
        select(Judgement.right_slug, func.min(reply.id).label("reply_id"))
        .join(asked, asked.id == Judgement.interaction_id)
        .join(
            reply,
            and_(
                reply.conversation_id == asked.conversation_id,
                reply.id > asked.id,
                reply.kind == Kind.REPLY,
                reply.article_id.is_not(None),
            ),
        )
        .where(
            asked.at >= since,
            Judgement.decision == "answer",
            Judgement.verdict.in_(("article", "none")),
        )
        .group_by(Judgement.id, Judgement.right_slug)
        .subquery()
    )


def _after(start: Any, end: Any) -> ColumnElement[int]:
    return type_coerce(end, BigInteger) - type_coerce(start, BigInteger)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


REPORT = ReportKind("articles", "how often each article was shown, and whether that settled the matter", make)
