"""Consent: for a purpose and a channel, with its proof, and only ever added to."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from crm_core import campaigns, consents
from crm_core.models import CampaignRecipient, Consent, ConsentText, Identity, Interaction
from tests.builders import House


async def test_a_yes_is_kept_with_the_words_that_it_was_given_to(house: House) -> None:
    """Which words of ours in which language, which of the customer's, where and when."""
    ana = house.customer()
    heard = await ana.says("/subscribe")

    (consent,) = await house.rows(Consent)
    (text,) = await house.rows(ConsentText)
    said = await house.rows(Interaction, Interaction.id == consent.interaction_id)
    assert (text.words, text.language) == (heard[0], "en")
    assert text.digest == hashlib.sha256(f"en\0{heard[0]}".encode()).hexdigest() == consent.text_digest
    assert (consent.channel, consent.source, consent.at) == ("memory", "chat", said[0].at)


async def test_the_same_words_are_kept_once_and_others_beside_them(house: House) -> None:
    for name, language in (("ana", "en"), ("bob", "en"), ("li", "zh")):
        await house.customer(name, language).says("/subscribe")

    assert await house.how_many(ConsentText) == 2
    assert await house.how_many(Consent) == 3


async def test_a_yes_on_one_channel_brings_nothing_on_another(house: House) -> None:
    """Who subscribed in the web chat and is met elsewhere only is left out of a campaign."""
    ana = house.customer()
    await ana.says("/subscribe")
    async with house.app.records.write() as work:
        await work.session.execute(update(Identity).values(channel="other"))
        await campaigns.plan(work, texts={"en": "tea"}, audience="all", starts_at=work.now, staff_id=None)
    await house.ring("campaigns")

    assert [one.excluded for one in await house.rows(CampaignRecipient)] == ["no_consent"]


async def test_a_yes_for_all_channels_is_given_by_a_button(house: House) -> None:
    house.serve(replace(house.app.shop, elsewhere={"telegram": "https://t.me/shop?start="}))
    ana = house.customer()
    await ana.says("/subscribe")
    await ana.presses("Elsewhere, too")

    async with house.app.records.read() as work:
        (agreed,) = (await consents.agreed(work, [(await house.rows(Consent))[0].customer_id])).values()
    assert agreed == {"memory", None}


async def test_privacy_shows_what_was_agreed_to_and_when(house: House) -> None:
    ana = house.customer()
    assert "you have not agreed" in (await ana.says("/privacy"))[0]
    await ana.presses("Offers and news, please")
    assert "you agreed on 2026-11-18, for another chat" in (await ana.says("/privacy"))[0]
    await ana.presses("No more offers and news")
    assert "you declined on 2026-11-18, for all channels" in (await ana.says("/privacy"))[0]


async def test_no_consent_can_be_changed_afterwards(house: House) -> None:
    await house.customer().says("/stop")

    with pytest.raises(DBAPIError):
        async with house.app.records.write() as work:
            await work.session.execute(update(Consent).values(granted=True))
