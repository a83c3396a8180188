"""Records that have a verified phone number in common are suggested for merging; used logins are forgotten in time."""

from crm_core import identities, suggestions
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """A batch at a time, until nothing is left."""
    while await _suggest(context):
        pass
    while await _forget(context):
        pass


async def _suggest(context: JobContext) -> bool:
    async with context.records.write() as work:
        return bool(await suggestions.look(work))


async def _forget(context: JobContext) -> bool:
    async with context.records.write() as work:
        return bool(await identities.clear_nonces(work))
