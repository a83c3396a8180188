"""The contract of channels: every implementation in `worlds.WORLDS` is driven by the same sentences."""

import asyncio
from dataclasses import replace

import pytest

from bot.channels import FileGone, Undecodable
from bot.message import Attachment, Incoming
from tests.contracts.worlds import HELLO, PATIENCE, PERSON, Inbox, World, receiving


async def test_what_a_person_says_reaches_the_intake_and_can_be_read(world: World) -> None:
    """The decoded message names the channel, the key under which it was stored, who spoke and where to answer."""
    inbox = Inbox()
    async with receiving(world.channel, inbox):
        await world.says("我的订单呢 😀\nsecond line")
        [raw] = await inbox.until_rows(1)

    incoming = world.channel.decode(raw.raw)
    assert incoming.text == "我的订单呢 😀\nsecond line"
    assert (incoming.channel, incoming.external_id) == (world.channel.name, raw.external_id)
    assert raw.sender == incoming.sender == incoming.chat
    assert not incoming.group
    assert world.channel.decode(raw.raw) == incoming


async def test_messages_arrive_in_order_under_keys_of_their_own(world: World) -> None:
    """What was said first is handed over first, and no key comes twice."""
    inbox, words = Inbox(), [f"word {number}" for number in range(150)]
    async with receiving(world.channel, inbox):
        for word in words:
            await world.says(word)
        rows = await inbox.until_rows(len(words))

    assert [world.channel.decode(row.raw).text for row in rows] == words
    assert len(inbox.handed_over) == len(set(inbox.handed_over))


async def test_an_update_that_could_not_be_stored_comes_again(world: World) -> None:
    """An intake that fails has confirmed nothing, and it does not end the receiving."""
    inbox = Inbox()
    inbox.failures = 2
    async with receiving(world.channel, inbox):
        await world.says("hello")
        [raw] = await inbox.until_rows(1)

    assert inbox.handed_over == [raw.external_id] * 3


async def test_stop_receiving_waits_for_the_intake(world: World) -> None:
    """What is being stored while the bot leaves is stored and confirmed; the next start does not see it again."""
    inbox = Inbox()
    inbox.open.clear()
    task = asyncio.create_task(world.channel.receive(inbox.take))
    await world.says("hello")
    await inbox.until(lambda inbox: len(inbox.handed_over) == 1)
    stopping = asyncio.create_task(world.channel.stop_receiving())
    await asyncio.sleep(0)  # lets it begin
    assert not stopping.done()

    inbox.open.set()
    async with asyncio.timeout(PATIENCE):
        await stopping
        await task

    assert len(inbox.rows) == 1


async def test_stop_receiving_without_receiving_returns(world: World) -> None:
    """A bot that never got so far can leave as well."""
    async with asyncio.timeout(PATIENCE):
        await world.channel.stop_receiving()


@pytest.mark.parametrize("raw", ["", "nonsense", "[]", "{}", "17", '{"update_id": 1, "message": {"text": 5}}'])
async def test_garbage_is_undecodable(world: World, raw: str) -> None:
    """Whatever stands in the inbox, the channel reads it or says that it cannot."""
    with pytest.raises(Undecodable):
        world.channel.decode(raw)


async def test_a_delivery_reaches_the_person(world: World) -> None:
    """The text arrives as it was written: nothing in it is taken for markup."""
    text = "*bold_ [x](y) <b>&amp; `code` 中文 😀"
    sent = await world.brings(replace(HELLO, text=text))
    assert sent.message_id
    assert await world.heard() == [text]


async def test_acknowledging_never_raises(world: World) -> None:
    """The spinner of a button that nobody knows any more is not worth an error."""
    unknown = Incoming(channel=world.channel.name, external_id="1", sender=PERSON, chat=PERSON, press_id="404")
    await world.channel.acknowledge(unknown)


async def test_a_file_that_is_not_there_is_gone(world: World) -> None:
    """Whoever asks for an unknown file is told so."""
    with pytest.raises(FileGone):
        await world.channel.fetch(Attachment(kind="photo", ref="unknown"))
