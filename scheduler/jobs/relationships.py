"""Once a day everybody's stage is looked at; only those who move are written, up to a hundred at a time."""

from dataclasses import replace

from crm_core import relationships
from crm_core.relationships import Walk
from crm_core.work import Records
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Go on with the walk that was begun, or begin one when the last is a day old; else one short look."""
    records = context.records
    async with records.glance() as work:
        walk = await relationships.walk_of(work)
        if relationships.is_over(walk, work.now):
            return
    if walk is None or walk.cursor is None:
        walk = await _begin(records)
    while walk.cursor is not None:
        walk = await _step(context, walk)


async def _begin(records: Records) -> Walk:
    async with records.read() as work:
        shop_days = await relationships.measure(work)
    async with records.write() as work:
        return await relationships.begin(work, shop_days)


async def _step(context: JobContext, walk: Walk) -> Walk:
    """Look at the next customers; the records are locked only when somebody moves, or at the end of the walk."""
    async with context.records.read() as work:
        ids = await relationships.next_customers(work, walk.cursor or 0)
        moving = await relationships.moves_of(work, ids, context.lifecycle) if ids else {}
    ahead = replace(walk, cursor=ids[-1] if len(ids) == relationships.AT_ONCE else None)
    if moving or ahead.cursor is None:
        async with context.records.write() as work:
            # Reckoned anew: an order that came in meanwhile counts.
            await relationships.reckon(work, moving, context.lifecycle)
            if await relationships.walk_of(work) is None:  # stirred meanwhile: once more from the beginning
                ahead = replace(walk, cursor=0)
            await relationships.remember(work, ahead)
    return ahead
