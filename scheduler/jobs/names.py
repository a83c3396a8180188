"""Names on record get the words by which they are found: those from before there were any, and after a change."""

from crm_core import finding
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Go through all customers that wait for it, a few in one transaction."""
    async with context.records.read() as work:
        if not await finding.any_to_name(work):
            return
    after: int | None = 0
    while after is not None:
        async with context.records.write() as work:
            after = await finding.name_some(work, after)
