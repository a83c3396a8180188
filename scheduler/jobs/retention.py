"""Once a day what has been kept for its term goes; a sweep that was cut off begins anew."""

import structlog

from crm_core import retention
from scheduler.jobs.base import JobContext

log = structlog.get_logger(__name__)


async def run(context: JobContext) -> None:
    """Sweep, unless that was done within a day."""
    async with context.records.read() as work:
        last = await retention.last(work)
        if last is not None and work.now - last < retention.EVERY:
            return
    counts = await retention.sweep(context.records, context.files, context.months)
    if gone := {kept.value: count for kept, count in counts.items() if count}:
        log.info("What had been kept for its term is gone.", **gone)
