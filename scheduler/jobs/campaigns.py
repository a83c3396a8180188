"""Campaigns: start what is due, draw recipients in batches, keep the outbox fed, report progress, finish."""

from datetime import timedelta

from crm_core import campaigns
from crm_core.work import Records
from scheduler.jobs.base import JobContext

_PROGRESS_EVERY = timedelta(seconds=10)


async def run(context: JobContext) -> None:
    """One round; every step is its own short transaction and finds its place again after a crash."""
    records = context.records
    async with records.read() as work:
        starting = [one.id for one in await campaigns.to_start(work)]
        going = [one.id for one in await campaigns.running(work)]
    for campaign_id in starting:
        await _start(records, campaign_id)
    for campaign_id in starting + going:
        while await _draw(records, campaign_id):
            pass
        await _feed(records, campaign_id)


async def _start(records: Records, campaign_id: int) -> None:
    async with records.write() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is not None and campaign.state == "scheduled":
            campaigns.start(work, campaign)


async def _draw(records: Records, campaign_id: int) -> bool:
    """The next batch of recipients; False when all are drawn or the campaign no longer runs."""
    async with records.write() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is None or campaign.state != "running" or campaign.materialised_at is not None:
            return False
        return await campaigns.materialise(work, campaign) > 0


async def _feed(records: Records, campaign_id: int) -> None:
    async with records.write() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is None or campaign.state != "running":
            return
        fed = await campaigns.feed(work, campaign)
        done = not fed and await campaigns.finish_if_done(work, campaign)
        await campaigns.queue_progress(work, campaign, _PROGRESS_EVERY, done)
