"""Receiving from Telegram: nothing is confirmed before it is safe, and no trouble ends it."""

import asyncio
from dataclasses import replace

import pytest

from bot.channels import Undecodable
from bot.channels.telegram import TelegramChannel
from tests.contracts.worlds import PATIENCE, PERSON, Inbox, Telegram, receiving
from tests.telegram_server.state import Fault


async def test_telegram_is_told_only_after_the_intake_returned(telegram: Telegram) -> None:
    """While the intake works nothing is confirmed; when it is done, everything is."""
    inbox = Inbox()
    inbox.open.clear()
    async with receiving(telegram.channel, inbox):
        await telegram.says("hello")
        await inbox.until(lambda inbox: len(inbox.handed_over) == 1)
        assert len(telegram.state.updates) == 1
        assert not telegram.state.logged("getUpdates")

        inbox.open.set()
        [confirmed] = await telegram.state.until_logged(1, "getUpdates")

    assert confirmed["confirmed"] == 1
    assert not telegram.state.updates


async def test_an_intake_cut_short_confirms_nothing(telegram: Telegram) -> None:
    """A process that dies while it stores gets the same update after its restart."""
    inbox = Inbox()
    inbox.open.clear()
    task = asyncio.create_task(telegram.channel.receive(inbox.take))
    await telegram.says("hello")
    await inbox.until(lambda inbox: len(inbox.handed_over) == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    restarted, after = telegram.another_channel(), Inbox()
    async with receiving(restarted, after):
        [raw] = await after.until_rows(1)
    await restarted.close()

    assert raw.external_id == inbox.handed_over[0]


async def test_stopping_confirms_what_was_taken_last(telegram: Telegram) -> None:
    """The poll that hangs is given up, and one short call tells Telegram what is safe: a restart repeats nothing."""
    inbox = Inbox()
    async with receiving(telegram.channel, inbox):
        await telegram.says("before")
        await inbox.until_rows(1)
    await telegram.says("after")

    assert len(telegram.state.updates) == 1
    restarted, later = telegram.another_channel(), Inbox()
    async with receiving(restarted, later):
        [raw] = await later.until_rows(1)
    await restarted.close()
    assert restarted.decode(raw.raw).text == "after"


async def test_stopping_while_the_intake_works_confirms_what_it_took(telegram: Telegram) -> None:
    """Between the intake's end and the bot's there is no other poll, so the last call is made for the confirmation."""
    inbox = Inbox()
    inbox.open.clear()
    task = asyncio.create_task(telegram.channel.receive(inbox.take))
    await telegram.says("hello")
    await inbox.until(lambda inbox: len(inbox.handed_over) == 1)
    stopping = asyncio.create_task(telegram.channel.stop_receiving())
    await asyncio.sleep(0)  # lets it begin
    inbox.open.set()
    async with asyncio.timeout(PATIENCE):
        await stopping
        await task

    assert not telegram.state.updates


async def test_update_ids_that_start_anew_are_received(telegram: Telegram) -> None:
    """After a week of silence Telegram counts from another number; a lower one is not taken for confirmed."""
    channel, inbox = telegram.another_channel(poll_seconds=0), Inbox()
    async with receiving(channel, inbox):
        await telegram.says("before")
        await telegram.state.until_logged(1, "getUpdates")
        await telegram.state.until(lambda: not telegram.state.offset)
        await telegram.state.feed({"kind": "text", "user": 5, "text": "after", "update_id": 12})
        _, after = await inbox.until_rows(2)
    await channel.close()

    assert after.external_id == "12"


async def test_one_unreadable_update_harms_no_other(telegram: Telegram) -> None:
    """It is handed over raw with its sender like the rest, and only decoding it fails."""
    inbox = Inbox()
    await telegram.says("one")
    await telegram.state.feed({"kind": "undecodable", "user": 5})
    await telegram.says("two")
    async with receiving(telegram.channel, inbox):
        one, bad, two = await inbox.until_rows(3)

    assert [telegram.channel.decode(row.raw).text for row in (one, two)] == ["one", "two"]
    assert bad.sender == PERSON
    with pytest.raises(Undecodable):
        telegram.channel.decode(bad.raw)


TROUBLES: dict[str, Fault] = {
    "dropped before": Fault(kind="drop_before", times=3),
    "dropped after": Fault(kind="drop_after", times=3),
    "unreadable": Fault(kind="garbled", times=3),
    "bad gateway": Fault(kind="status", status=502, times=3),
    "flood": Fault(kind="status", status=429, retry_after=1),
    "forbidden": Fault(kind="status", status=403),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_receiving_outlives_trouble(telegram: Telegram, trouble: str) -> None:
    """Whatever goes wrong on the way, receiving goes on and loses nothing; afterwards its health is good again."""
    telegram.state.faults.append(replace(TROUBLES[trouble], methods=("getUpdates",)))
    inbox = Inbox()
    async with receiving(telegram.channel, inbox):
        await telegram.says("hello")
        [raw] = await inbox.until_rows(1)
        assert telegram.channel.health == "ok"

    assert telegram.channel.decode(raw.raw).text == "hello"
    assert telegram.channel.health == "stopped"


async def until_health(channel: TelegramChannel, word: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while word not in channel.health:  # noqa: ASYNC110 - a health word has nobody to wake but the operator
            await asyncio.sleep(0.01)


async def test_a_refused_token_stops_the_polling_and_says_so(telegram: Telegram) -> None:
    """Asking on with a wrong token helps nobody; the operator reads why, and leaving is still possible."""
    channel = telegram.another_channel(token="7000001:wrong")
    async with receiving(channel, Inbox()):
        await until_health(channel, "refuses the token")
    await channel.close()

    assert telegram.state.answers == {"getMe 401": 1}


async def test_a_webhook_in_the_way_is_named(telegram: Telegram) -> None:
    """The operator reads that a webhook is set; nobody deletes it behind their back."""
    telegram.state.webhook = "https://shop.example/hook"
    async with receiving(telegram.channel, Inbox()):
        await until_health(telegram.channel, "webhook")
    assert telegram.state.webhook


async def test_a_second_poller_is_named(telegram: Telegram) -> None:
    """Two programs with one token take each other's updates: the one that is ended says so, and waits."""
    older, inbox = telegram.another_channel(), Inbox()
    async with receiving(older, inbox):
        await telegram.says("hello")
        await inbox.until_rows(1)
        await telegram.state.until_logged(1, "getUpdates")
        async with receiving(telegram.channel, Inbox()):
            await until_health(older, "another program")
    await older.close()


async def test_no_connection_is_named(telegram: Telegram) -> None:
    """Without network the channel opens, waits and leaves as asked."""
    channel = telegram.another_channel(api_base="http://127.0.0.1:1")
    async with receiving(channel, Inbox()):
        await until_health(channel, "no connection")
    await channel.close()
