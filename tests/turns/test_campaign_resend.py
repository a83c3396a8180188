"""What is in doubt of a campaign is sent again only by a person's explicit act, which is on record."""

from bot.channels import Unconfirmed
from bot.message import Delivery
from crm_core import campaigns
from crm_core.models import AuditEntry, Campaign
from tests.builders import House


async def test_a_campaign_in_doubt_is_sent_again_only_when_a_person_says_so(house: House) -> None:
    """The time-out leaves it in doubt; alarms change nothing; the act sends it and leaves an audit entry."""
    ana = house.customer()
    await ana.says("/subscribe")

    def lost(delivery: Delivery) -> None:
        if delivery.text == "Spring tea is here.":
            raise Unconfirmed("time_out")

    house.memory.trouble = lost
    async with house.app.records.write() as work:
        texts = {"en": "Spring tea is here."}
        await campaigns.plan(work, texts=texts, audience="all", starts_at=work.now, staff_id=None)
    await house.ring("campaigns")
    house.memory.trouble = lambda _delivery: None
    await house.ring("campaigns")
    (campaign,) = await house.rows(Campaign)
    async with house.app.records.read() as work:
        assert (await campaigns.figures_of(work, campaign)).in_doubt == 1

    async with house.app.records.write() as work:
        found = await campaigns.get(work, campaign.id)
        assert found is not None
        assert await campaigns.resend_doubtful(work, found, None) == 1
    await house.settle()

    assert [one.text for one in ana.heard].count("Spring tea is here.") == 1
    async with house.app.records.read() as work:
        assert (await campaigns.figures_of(work, campaign)).sent == 1
    assert "campaign.resend" in [entry.act for entry in await house.rows(AuditEntry)]
