"""Tickets: how many, where they stand, how long customers waited, and how they rated it."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select

from crm_core.models import ACTIVE, Ticket, TicketEvent, TicketState
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work


async def make(work: Work, since: datetime) -> Report:
    """Counts of now; medians and ratings of the tickets that were opened since."""
    now: Counter[str] = Counter()
    statement = select(Ticket.state, Ticket.assignee_id.is_(None), func.count()).group_by(
        Ticket.state, Ticket.assignee_id.is_(None)
    )
    for state, nobody, count in (await work.session.execute(statement)).all():
        now[state] += count
        now["unclaimed"] += count if nobody and state in ACTIVE else 0
    opened = (
        await work.session.execute(
            select(Ticket.opened_at, Ticket.resolved_at, Ticket.rating).where(Ticket.opened_at >= since)
        )
    ).all()
    ratings = Counter(rating for _, _, rating in opened if rating is not None)
    return Report(
        ("measure", "value"),
        [
            ("opened", len(opened)),
            ("open now", now[TicketState.OPEN]),
            ("unclaimed now", now["unclaimed"]),
            ("waiting for the customer now", now[TicketState.WAITING]),
            ("resolved", sum(resolved is not None for _, resolved, _ in opened)),
            ("median minutes to first claim", _minutes(await _claims(work, since))),
            ("median minutes to resolve", _minutes([done - at for at, done, _ in opened if done is not None])),
            *((f"rated {stars}", ratings[stars]) for stars in range(5, 0, -1)),
            ("mean rating", round(sum(ratings.elements()) / ratings.total(), 2) if ratings else None),
        ],
    )


async def _claims(work: Work, since: datetime) -> list[timedelta]:
    """How long each ticket lay before somebody claimed it for the first time."""
    first = (
        select(TicketEvent.ticket_id, func.min(TicketEvent.at).label("at"))
        .where(TicketEvent.kind == "claimed")
        .group_by(TicketEvent.ticket_id)
        .subquery()
    )
    statement = (
        select(Ticket.opened_at, first.c.at)
        .join(first, first.c.ticket_id == Ticket.id)
        .where(Ticket.opened_at >= since)
    )
    return [claimed - opened for opened, claimed in (await work.session.execute(statement)).all()]


def _minutes(spans: list[timedelta]) -> float | None:
    return round(median(span.total_seconds() for span in spans) / 60, 1) if spans else None


REPORT = ReportKind("tickets", "tickets now, median times to claim and to resolve, ratings", make)
