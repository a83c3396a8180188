"""What was refused for want of a right: one audit entry for each person and minute, however often they try."""

from datetime import timedelta

from sqlalchemy import select

from crm_core import audit
from crm_core.models import AuditEntry
from crm_core.storage.ids import first_id_of
from crm_core.work import Work

ACT = "access.denied"
_ONCE_IN = timedelta(minutes=1)


async def deny(work: Work, staff_id: int | None, subject: str, wanted: str) -> None:
    """Enter that somebody (`subject`: "staff:…", "identity:…") wanted what they may not, unless that was just done."""
    await work.session.flush()
    lately = select(AuditEntry.id).where(
        AuditEntry.id >= first_id_of(_ONCE_IN),
        AuditEntry.act == ACT,
        AuditEntry.subject == subject,
        AuditEntry.at > work.now - _ONCE_IN,
    )
    if await work.session.scalar(lately.limit(1)) is None:
        audit.enter(work, staff_id, ACT, subject, wanted=wanted)
