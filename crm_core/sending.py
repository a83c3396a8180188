"""Whether anything is sent at all: after a restore everything waits until somebody decided what may still leave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select

from crm_core import audit
from crm_core.models import Lane, Meta, Outbox, OutboxState
from crm_core.outbox import PAUSED, settle
from crm_core.storage.database import insert_new
from crm_core.work import Work

AT_ONCE: Final = 500
DROPPED: Final = "dropped_after_pause"  # why a row is cancelled


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one lane: how many messages, and since when."""

    lane: Lane
    state: OutboxState  # queued, or in doubt
    count: int
    oldest: datetime


async def paused(work: Work) -> str | None:
    """Why nothing is sent ("restored", "copied", "asked"); None when sending goes on."""
    return await work.session.scalar(select(Meta.value).where(Meta.name == PAUSED))


async def pause(work: Work, why: str, staff_id: int | None = None) -> None:
    """Send nothing from the next claim on, on any channel; what is in flight is finished."""
    await work.session.execute(insert_new(work.session, Meta), [{"name": PAUSED, "value": why}])
    audit.enter(work, staff_id, "sending.pause", why)


async def resume(work: Work, staff_id: int | None = None) -> None:
    """Let what waits leave."""
    await work.session.execute(delete(Meta).where(Meta.name == PAUSED))
    audit.enter(work, staff_id, "sending.resume", "")
    work.queued.update((await work.session.scalars(_channels)).all())


_channels = select(Outbox.channel).where(Outbox.state == OutboxState.QUEUED).distinct()


async def waiting(work: Work) -> list[Waiting]:
    """What would leave, and what is in doubt, by lane."""
    statement = (
        select(Outbox.lane, Outbox.state, func.count(), func.min(Outbox.created_at))
        .where(Outbox.state.in_([OutboxState.QUEUED, OutboxState.IN_FLIGHT, OutboxState.IN_DOUBT]))
        .group_by(Outbox.lane, Outbox.state)
        .order_by(Outbox.lane, Outbox.state)
    )
    return [
        Waiting(Lane(lane), OutboxState(state), count, oldest)
        for lane, state, count, oldest in (await work.session.execute(statement)).all()
    ]


async def drop(work: Work) -> int:
    """Cancel up to 500 of the messages that wait, in flight ones of a sender that is gone included; gives how many."""
    statement = (
        select(Outbox)
        .where(Outbox.state.in_([OutboxState.QUEUED, OutboxState.IN_FLIGHT]))
        .order_by(Outbox.id)
        .limit(AT_ONCE)
    )
    rows = (await work.session.scalars(statement)).all()
    for row in rows:
        settle(work, row, OutboxState.CANCELLED, DROPPED)
    if rows:
        audit.enter(work, None, "sending.drop", "", count=len(rows))
    return len(rows)
