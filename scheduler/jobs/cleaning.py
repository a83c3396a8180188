"""Finished raw updates go after 72 hours, pictures that the bot made after 30 days, up to 500 at a time."""

from crm_core import files, inbox
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Remove in small transactions until nothing old is left."""
    while await _clear_inbox(context):
        pass
    while await _clear_pictures(context):
        pass


async def _clear_inbox(context: JobContext) -> bool:
    async with context.records.write() as work:
        return bool(await inbox.clear(work))


async def _clear_pictures(context: JobContext) -> bool:
    """The bytes go first: after a crash in between, the next round finds the row again."""
    async with context.records.read() as work:
        old = await files.outdated(work)
    if not old:
        return False
    context.files.remove(old)
    async with context.records.write() as work:
        await files.forget(work, old)
    return True
