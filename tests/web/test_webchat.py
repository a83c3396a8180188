"""The web chat as a channel: what it hands in, how it reads it again, and when it says no."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.channels import RawUpdate, Undecodable
from bot.channels.webchat import NotReceiving, WebChat
from bot.message import Attachment, Delivery


class Intake:
    """Remembers what it was handed; waits or fails when told to."""

    def __init__(self) -> None:
        self.updates: list[RawUpdate] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, updates: Sequence[RawUpdate]) -> None:
        self.arrived.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.updates += updates


async def _no_file(attachment: Attachment) -> bytes:
    raise KeyError(attachment.ref)


def _channel(rung: list[str] | None = None) -> WebChat:
    return WebChat(load_file=_no_file, ring=(rung if rung is not None else []).append)


def _say(**more: Any) -> dict[str, Any]:
    return {"type": "say", "client_id": "c-1", "text": "hello", **more}


async def test_what_is_taken_reads_back_as_it_was_said() -> None:
    """The raw update alone is enough, also after a crash."""
    channel, intake = _channel(), Intake()
    receiving = asyncio.create_task(channel.receive(intake))
    await channel.take("visitor-1", _say(), "zh", "")
    await channel.stop_receiving()
    await receiving

    (update,) = intake.updates
    incoming = channel.decode(update.raw)
    assert (update.external_id, update.sender) == ("visitor-1:c-1", "visitor-1")
    assert (incoming.text, incoming.sender, incoming.language) == ("hello", "visitor-1", "zh")
    assert incoming.external_id == update.external_id


@pytest.mark.parametrize(
    ("mode", "thread", "text", "where"),
    [
        ("reply", "ticket:12", "/reply hello", "ticket:12"),
        ("note", "ticket:12", "/note hello", "ticket:12"),
        ("say", "ticket:12", "hello", "ticket:12"),
        ("say", "home", "hello", ""),
    ],
)
async def test_a_mode_becomes_the_command_that_says_so(mode: str, thread: str, text: str, where: str) -> None:
    """Reply and note differ in the record as they differ on the page."""
    channel, intake = _channel(), Intake()
    receiving = asyncio.create_task(channel.receive(intake))
    await channel.take("staff-1", _say(mode=mode, thread=thread))
    await channel.stop_receiving()
    await receiving

    incoming = channel.decode(intake.updates[0].raw)
    assert (incoming.text, incoming.thread) == (text, where)


async def test_a_file_keeps_what_the_house_knows_of_it() -> None:
    """Kind and name come from the house, under the reference that it gave."""
    channel, intake = _channel(), Intake()
    receiving = asyncio.create_task(channel.receive(intake))
    about = {"kind": "photo", "file_name": "spout.jpg", "size": 840_000}
    await channel.take("visitor-1", _say(text="", attachment="file:7", file=about))
    await channel.stop_receiving()
    await receiving

    attachment = channel.decode(intake.updates[0].raw).attachment
    assert attachment == Attachment(kind="photo", ref="file:7", file_name="spout.jpg", size=840_000)


async def test_words_wait_for_a_channel_that_is_just_starting() -> None:
    """Pages are often back before the intake is."""
    channel, intake = _channel(), Intake()
    taking = asyncio.create_task(channel.take("visitor-1", _say()))
    await asyncio.sleep(0)
    receiving = asyncio.create_task(channel.receive(intake))
    await taking

    assert len(intake.updates) == 1
    await channel.stop_receiving()
    await receiving


async def test_stopping_waits_for_what_was_handed_over_and_takes_nothing_new() -> None:
    """What is under way is committed; the next word stays with the page."""
    channel, intake = _channel(), Intake()
    intake.gate.clear()
    receiving = asyncio.create_task(channel.receive(intake))
    taking = asyncio.create_task(channel.take("visitor-1", _say()))
    await intake.arrived.wait()
    stopping = asyncio.create_task(channel.stop_receiving())
    await asyncio.sleep(0)
    assert not stopping.done()
    with pytest.raises(NotReceiving):
        await channel.take("visitor-1", _say(client_id="c-2"))
    intake.gate.set()
    await stopping

    await taking
    await receiving
    assert len(intake.updates) == 1


async def test_what_the_intake_raised_reaches_the_socket() -> None:
    """So that nothing is acknowledged which is not safe."""
    channel, intake = _channel(), Intake()
    intake.error = OSError("the disk is full")
    receiving = asyncio.create_task(channel.receive(intake))
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="disk is full"):
        await channel.take("visitor-1", _say())

    await channel.stop_receiving()
    await receiving


async def test_sending_wakes_the_readers_of_the_chat() -> None:
    """Committed is sent; the sockets only have to look."""
    rung: list[str] = []
    sent = await _channel(rung).send(Delivery(outbox_id=3, chat="visitor-1", text="News"))

    assert rung == ["visitor-1"]
    assert sent.message_id == "outbox-3"


@pytest.mark.parametrize("raw", ["", "[]", "{}", '{"address": "a"}', "null", '{"address": "a", "client_id": "b"}'])
def test_what_is_no_update_is_undecodable(raw: str) -> None:
    """One odd row is set aside and harms no other."""
    with pytest.raises(Undecodable):
        _channel().decode(raw)
