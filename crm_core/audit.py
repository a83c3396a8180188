"""The audit log: who did what privileged thing to what."""

from typing import Any

from crm_core.models import AuditEntry
from crm_core.storage.ids import new_id
from crm_core.work import Work


def enter(work: Work, staff_id: int | None, act: str, subject: str, **detail: Any) -> None:
    """Write one entry; `detail` holds ids and counts, never personal data."""
    work.session.add(AuditEntry(id=new_id(), staff_id=staff_id, act=act, subject=subject, detail=detail, at=work.now))
