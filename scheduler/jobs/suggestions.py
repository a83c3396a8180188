"""Records that have a verified phone number in common are suggested for merging; old links and logins are forgotten."""

from crm_core import identities, suggestions
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """A batch at a time, until nothing is left."""
    while await _suggest(context):
        pass
    while await _forget(context):
        pass


async def _suggest(context: JobContext) -> bool:
    async with context.records.read() as work:
        pairs = await suggestions.look(work)
    if pairs:
        async with context.records.write() as work:
            await suggestions.note(work, pairs, "phone")
    return bool(pairs)


async def _forget(context: JobContext) -> bool:
    async with context.records.write() as work:
        return bool(await identities.clear_nonces(work) + await identities.clear_links(work))
