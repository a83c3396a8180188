"""Follow-ups that became due are put into the outbox, a batch at a time."""

from crm_core import follow_ups
from crm_core.follow_ups import FollowUpKind
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Look for both kinds; a kind with 0 days is off."""
    days = {
        FollowUpKind.AFTER_RESOLVED: context.after_resolved_days,
        FollowUpKind.AFTER_FIRST_CONTACT: context.after_first_contact_days,
    }
    for kind, wait in days.items():
        while wait and await _batch(context, kind, wait):
            pass


async def _batch(context: JobContext, kind: FollowUpKind, wait: int) -> bool:
    async with context.records.read() as work:
        if not await follow_ups.any_due(work, kind, wait):
            return False
    async with context.records.write() as work:
        return await follow_ups.materialise(work, kind, wait) > 0
