"""Tickets that nobody claims: the staff are reminded every N minutes, the customer is told once."""

from datetime import timedelta

from crm_core import tickets
from scheduler.jobs.base import JobContext

_AT_ONCE = 20  # each is a message to everybody on the desk


async def run(context: JobContext) -> None:
    """Remind of every ticket that has waited long enough, a few in one transaction."""
    if not context.unclaimed_after_minutes:
        return
    waited = timedelta(minutes=context.unclaimed_after_minutes)
    while await _batch(context, waited):
        pass


async def _batch(context: JobContext, waited: timedelta) -> bool:
    async with context.records.read() as work:
        if not await tickets.unclaimed(work, waited, 1):
            return False
    async with context.records.write() as work:
        for ticket in await tickets.unclaimed(work, waited, _AT_ONCE):
            await context.remind(work, ticket, ticket.told_at is None)
            ticket.alerted_at = work.now
            ticket.told_at = ticket.told_at or work.now
            tickets.note_event(work, ticket, "alerted")
    return True
