"""Once a night everybody who bought is scored anew, 500 customers in one transaction; a walk cut short goes on."""

from dataclasses import replace

from crm_core import scores
from crm_core.scores import Borders, Walk
from crm_core.work import Records
from scheduler.jobs.base import JobContext


async def run(context: JobContext) -> None:
    """Go on with tonight's walk, or begin it; nothing when it is done."""
    records = context.records
    async with records.glance() as work:
        night = scores.night_of(work.now, context.zone)
        walk = await scores.walk_of(work)
    if walk is None or walk.night != night:
        walk = Walk(night, 0)
    if walk.cursor is None:
        return
    async with records.read() as work:
        borders = await scores.measure(work)
    while ahead := await _step(records, walk, borders):
        walk = ahead
    while await _forget(records, walk, context.zone):
        pass
    async with records.write() as work:
        await scores.remember(work, replace(walk, cursor=None))


async def _step(records: Records, walk: Walk, borders: Borders) -> Walk | None:
    """Score the next customers and move the cursor in the same transaction; None when there are no more."""
    async with records.read() as work:
        ids = await scores.next_customers(work, walk.cursor or 0)
        found = await scores.reckon(work, ids, borders)
    if not ids:
        return None
    ahead = replace(walk, cursor=ids[-1])
    async with records.write() as work:
        await scores.write(work, found)
        await scores.remember(work, ahead)
    return ahead


async def _forget(records: Records, walk: Walk, zone: str) -> bool:
    async with records.write() as work:
        return await scores.forget_old(work, scores.beginning_of(walk.night, zone)) > 0
