"""Campaigns: start what is due, draw recipients in batches, keep the outbox fed, report progress, finish."""

from datetime import timedelta

import structlog

from crm_core import campaigns
from crm_core.models import Campaign, CampaignState
from crm_core.segments import SegmentError
from crm_core.work import Records
from scheduler.jobs.base import JobContext

log = structlog.get_logger(__name__)

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
        while await _draw(context, campaign_id):
            pass
        await _feed(records, campaign_id)


async def _start(records: Records, campaign_id: int) -> None:
    async with records.write() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is not None and campaign.state == "scheduled":
            campaigns.start(work, campaign)


async def _draw(context: JobContext, campaign_id: int) -> bool:
    """The next recipients, 200 in one transaction; False when all are drawn or the campaign no longer runs.

    Whom the audience is for is read beforehand: a question may take longer than anybody may hold the records.
    """
    async with context.records.read() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is None or not _draws(campaign):
            return False
        try:
            ids = await campaigns.to_draw(work, campaign, context.zone)
        except SegmentError as error:
            log.warning("An audience cannot be asked for any more; its campaign is paused.", problem=error.key)
            ids = None
    for start in range(0, len(ids) if ids else 1, campaigns.BATCH):
        async with context.records.write() as work:
            campaign = await campaigns.get(work, campaign_id)
            if campaign is None or not _draws(campaign):
                return False
            if ids is None:
                campaigns.hold(work, campaign)
            else:
                await campaigns.materialise(work, campaign, ids[start : start + campaigns.BATCH])
    return bool(ids)


def _draws(campaign: Campaign) -> bool:
    return campaign.state == CampaignState.RUNNING and campaign.materialised_at is None


async def _feed(records: Records, campaign_id: int) -> None:
    async with records.write() as work:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is None or campaign.state != "running":
            return
        fed = await campaigns.feed(work, campaign)
        done = not fed and await campaigns.finish_if_done(work, campaign)
        await campaigns.queue_progress(work, campaign, _PROGRESS_EVERY, done)
