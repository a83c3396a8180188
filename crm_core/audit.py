"""The audit log: who did what privileged thing to what, and who looked at whose data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from crm_core.models import AuditEntry, AuditLink, Customer, Staff, Ticket
from crm_core.storage.ids import first_id_of, new_id
from crm_core.storage.triggers import KEPT_DAYS
from crm_core.work import Work

SHORTEST_TERM = timedelta(days=KEPT_DAYS)
EXPIRE = "audit.expire"  # the act by which entries whose time is over were removed

_ONE_LOOK = timedelta(minutes=10)
_AT_ONCE = 500


def enter(work: Work, staff_id: int | None, act: str, subject: str, **detail: Any) -> None:
    """Write one entry; `detail` holds ids and counts, never personal data. `staff_id` None is the command line."""
    work.session.add(AuditEntry(id=new_id(), staff_id=staff_id, act=act, subject=subject, detail=detail, at=work.now))


async def look(work: Work, staff_id: int | None, what: str, subject: str, **detail: Any) -> None:
    """Enter that somebody was handed personal data: `what` is the kind of look, `subject` whose or which.

    The same person's looks of the same kind at the same subject are one entry in ten minutes, whichever process hands
    the data out.
    """
    if not await looked(work, staff_id, what, subject):
        enter(work, staff_id, what, subject, **detail)


async def looked(work: Work, staff_id: int | None, what: str, subject: str) -> bool:
    """Whether such a look is on record since ten minutes ago; reads only."""
    since = work.now - _ONE_LOOK
    if any(_is_look(one, staff_id, what, subject) for one in work.session.new):
        return True
    statement = select(AuditEntry.id).where(
        AuditEntry.id >= first_id_of(_ONE_LOOK),
        AuditEntry.staff_id.is_(None) if staff_id is None else AuditEntry.staff_id == staff_id,
        AuditEntry.act == what,
        AuditEntry.subject == subject,
        AuditEntry.at > since,
    )
    return await work.session.scalar(statement.limit(1)) is not None


def _is_look(one: object, staff_id: int | None, what: str, subject: str) -> bool:
    return isinstance(one, AuditEntry) and (one.staff_id, one.act, one.subject) == (staff_id, what, subject)


async def expire(work: Work, before: datetime) -> int:
    """Remove up to 500 entries that were linked before this time, and enter that; how many, 0 when none is left.

    Their links stay, so the chain stays whole. Raises ValueError when `before` is not at least a year ago, which the
    database refuses as well.
    """
    if work.now - before < SHORTEST_TERM:
        raise ValueError(f"audit entries are kept for {KEPT_DAYS} days at least; {before} is not as long ago")
    statement = (
        select(AuditEntry.id)
        .join(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditEntry.at < before, AuditLink.at < before)
        .order_by(AuditEntry.id)
        .limit(_AT_ONCE)
    )
    ids = (await work.session.scalars(statement)).all()
    if ids:
        await work.session.execute(delete(AuditEntry).where(AuditEntry.id.in_(ids)))
        enter(work, None, EXPIRE, "audit", count=len(ids), before=before.isoformat())
    return len(ids)


async def listed(
    work: Work, *, staff_id: int | None = None, subjects: Sequence[str] = (), since: datetime, most: int
) -> list[AuditEntry]:
    """The newest entries first, of one colleague or about one subject where asked for."""
    statement = select(AuditEntry).where(AuditEntry.at >= since)
    if staff_id is not None:
        statement = statement.where(AuditEntry.staff_id == staff_id)
    if subjects:
        statement = statement.where(AuditEntry.subject.in_(subjects))
    return list((await work.session.scalars(statement.order_by(AuditEntry.id.desc()).limit(most))).all())


async def called(work: Work, name: str) -> list[Staff]:
    """The colleagues with this name, whoever has left included; case does not matter."""
    wanted = name.casefold()
    return [
        one for one in await work.session.scalars(select(Staff).order_by(Staff.id)) if one.name.casefold() == wanted
    ]


async def subjects_of(work: Work, customer_ids: Sequence[int]) -> list[str]:
    """As what these customers and their tickets stand in the log."""
    people = await work.session.execute(select(Customer.id, Customer.number).where(Customer.id.in_(customer_ids)))
    tickets = await work.session.scalars(select(Ticket.number).where(Ticket.customer_id.in_(customer_ids)))
    named = [f"customer:{one}" for row in people for one in row if one is not None]
    return named + [f"ticket:{one}" for one in tickets]
