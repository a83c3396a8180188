"""Audit: who did which privileged thing how often, and who looked at how many records."""

from datetime import datetime

from sqlalchemy import func, select

from crm_core.models import AuditEntry, Staff
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_LISTED = 500


async def make(work: Work, since: datetime) -> Report:
    """One row for each colleague and act, the most frequent first, 500 at most; `who` is None for the command line."""
    often = func.count()
    statement = (
        select(Staff.name, AuditEntry.act, often, func.count(AuditEntry.subject.distinct()), func.max(AuditEntry.at))
        .select_from(AuditEntry)
        .outerjoin(Staff, Staff.id == AuditEntry.staff_id)
        .where(AuditEntry.at >= since)
        .group_by(AuditEntry.staff_id, Staff.name, AuditEntry.act)
        .order_by(often.desc(), AuditEntry.act, AuditEntry.staff_id)
        .limit(_LISTED)
    )
    rows = [tuple(row) for row in (await work.session.execute(statement)).all()]
    return Report(("who", "act", "times", "subjects", "last"), rows)


REPORT = ReportKind("audit", "who did which privileged thing and looked at whose data, how often", make)
