"""Finished raw updates older than 72 hours go, 500 at a time."""

from crm_core import inbox
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Remove in small transactions until nothing old is left."""
    while True:
        async with context.records.write() as work:
            if not await inbox.clear(work):
                return
