"""Campaigns: how each one stands, in figures derived from its recipients and their outbox rows."""

from datetime import datetime

from sqlalchemy import select

from crm_core import campaigns
from crm_core.models import Campaign
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_COLUMNS = ("number", "state", "audience", "starts_at", "included", "sent", "waiting", "failed", "in_doubt", "left_out")


async def make(work: Work, since: datetime) -> Report:
    """One row for each campaign that starts or started since, the newest first."""
    found = await work.session.scalars(
        select(Campaign).where(Campaign.starts_at >= since).order_by(Campaign.number.desc())
    )
    rows: list[tuple[object, ...]] = []
    for one in found.all():
        figures = await campaigns.figures_of(work, one)
        left_out = sum(figures.excluded.values()) + sum(figures.suppressed.values())
        rows.append(
            (
                one.number,
                one.state,
                one.audience,
                one.starts_at.astimezone(since.tzinfo),
                figures.included,
                figures.sent,
                figures.waiting + figures.in_flight,
                figures.failed,
                figures.in_doubt,
                left_out,
            )
        )
    return Report(_COLUMNS, rows)


REPORT = ReportKind("campaigns", "how each campaign stands", make)
