"""Orders that were kept apart are taken in once their customer is on record, a batch at a time."""

from crm_core import orders_apart, relationships
from scheduler.jobs.base import JobContext

_AT_ONCE = 50  # with their lines some 300 rows


async def run(context: JobContext) -> None:
    """Go through all that are ready; those that are refused stay apart and do not hold up the others."""
    after = 0
    while True:
        async with context.records.read() as work:
            owners = await orders_apart.ready(work, _AT_ONCE, after)
        if not owners:
            return
        async with context.records.write() as work:
            if await orders_apart.take_in(work, owners):
                await relationships.reckon(work, set(owners.values()), context.lifecycle)
        after = max(owners)
