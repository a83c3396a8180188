"""People who are to be erased are erased within a minute; what has to be waited for is looked at again soon."""

from crm_core import erasing
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Carry out every erasure that was asked for."""
    async with context.records.glance() as work:
        ids = await erasing.waiting(work)
    for erasure_id in ids:
        await erasing.carry_out(context.records, context.files, erasure_id)
