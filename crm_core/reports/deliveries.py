"""Deliveries: the outbox by lane and state, and which rows are in doubt."""

from datetime import datetime

from sqlalchemy import func, select

from crm_core.models import Lane, Outbox, OutboxState
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_LISTED = 50


async def make(work: Work, since: datetime) -> Report:
    """One row for each lane, state and reason; those in doubt with up to 50 of their outbox ids."""
    statement = (
        select(Outbox.lane, Outbox.state, Outbox.reason, func.count())
        .where(Outbox.created_at >= since)
        .group_by(Outbox.lane, Outbox.state, Outbox.reason)
        .order_by(Outbox.lane, Outbox.state, Outbox.reason)
    )
    rows: list[tuple[object, ...]] = []
    for lane, state, reason, count in (await work.session.execute(statement)).all():
        ids = await _ids(work, since, lane, reason) if state == OutboxState.IN_DOUBT else []
        rows.append((Lane(lane).name.lower(), state, reason, count, ids))
    return Report(("lane", "state", "reason", "messages", "in_doubt"), rows)


async def _ids(work: Work, since: datetime, lane: int, reason: str | None) -> list[str]:
    statement = (
        select(Outbox.id)
        .where(Outbox.created_at >= since, Outbox.lane == lane, Outbox.state == OutboxState.IN_DOUBT)
        .where(Outbox.reason.is_(None) if reason is None else Outbox.reason == reason)
        .order_by(Outbox.id)
        .limit(_LISTED)
    )
    return [str(one) for one in await work.session.scalars(statement)]


REPORT = ReportKind("deliveries", "the outbox by lane and state, and what is in doubt", make)
