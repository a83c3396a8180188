"""The contract of channels: every implementation is driven by the same sentences.

A new channel is one entry in WORLDS: a context manager that yields the channel together with the people outside.
"""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal, Protocol

import pytest

from bot.channels import Channel, ChannelError, FileGone, NotSent, RawUpdate, Refused, Unconfirmed, Undecodable
from bot.channels.pace import Pace
from bot.channels.telegram import Library, TelegramChannel, make_channel
from bot.message import Attachment, Delivery, Incoming, Key, Sent
from tests.telegram_server import TOKEN, TelegramServer
from tests.telegram_server.state import JPEG, Fault, State

PATIENCE = 20.0  # seconds until a test gives up waiting for a thing that should have happened long ago
PERSON = "5"
HELLO = Delivery(outbox_id=1, chat=PERSON, text="Hello")


class World(Protocol):
    """A channel and the people at its other end."""

    @property
    def channel(self) -> Channel: ...

    async def says(self, text: str) -> None:
        """The person writes; returns when the words are on their way, not when they have arrived."""

    async def heard(self) -> list[str]:
        """The texts that have reached the person, in order."""


@dataclass
class Telegram:
    """A Telegram channel, and the strict server in Telegram's place."""

    server: TelegramServer
    library: Library
    channel: TelegramChannel

    @property
    def state(self) -> State:
        return self.server.state

    def another_channel(self, **changes: Any) -> TelegramChannel:
        """A second channel of the same bot, as after a restart."""
        given: dict[str, Any] = {
            "token": TOKEN,
            "library": self.library,
            "pace": Pace(30, 1, 20),
            "load_file": _load_file,
            "api_base": self.server.url,
        }
        return make_channel(**(given | changes))

    async def says(self, text: str) -> None:
        await self.state.feed({"kind": "text", "user": int(PERSON), "text": text})

    async def heard(self) -> list[str]:
        return [entry.get("text", entry.get("caption", "")) for entry in self.state.logged()]


async def _load_file(attachment: Attachment) -> bytes:
    if attachment.ref == "file:gone":
        raise FileGone("file_gone")
    return b"%PDF of " + attachment.ref.encode()


@asynccontextmanager
async def telegram_world(library: Library) -> AsyncIterator[Telegram]:
    async with TelegramServer() as server:
        server.state.open_chat(int(PERSON))
        channel = make_channel(
            token=TOKEN, library=library, pace=Pace(30, 1, 20), load_file=_load_file, api_base=server.url
        )
        await channel.open()
        yield Telegram(server, library, channel)
        await channel.close()


TELEGRAM: dict[str, Library] = {"telegram-aiogram": "aiogram", "telegram-ptb": "python-telegram-bot"}
WORLDS: dict[str, Callable[[], AbstractAsyncContextManager[World]]] = {
    name: partial(telegram_world, library) for name, library in TELEGRAM.items()
}


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with WORLDS[request.param]() as opened:
        yield opened


@pytest.fixture(params=TELEGRAM)
async def telegram(request: pytest.FixtureRequest) -> AsyncIterator[Telegram]:
    async with telegram_world(TELEGRAM[request.param]) as opened:
        yield opened


class Inbox:
    """An intake that remembers, and that fails or waits when it is told to."""

    def __init__(self) -> None:
        self.rows: dict[str, RawUpdate] = {}
        self.handed_over: list[str] = []  # every key, as often as it came
        self.failures = 0
        self.open = asyncio.Event()
        self.open.set()
        self._changed = asyncio.Condition()

    async def take(self, updates: Sequence[RawUpdate]) -> None:
        async with self._changed:
            self.handed_over += [update.external_id for update in updates]
            self._changed.notify_all()
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("The disk is full.")
        async with self._changed:
            self.rows.update({update.external_id: update for update in updates})
            self._changed.notify_all()

    async def until(self, condition: Callable[["Inbox"], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def until_rows(self, count: int) -> list[RawUpdate]:
        await self.until(lambda inbox: len(inbox.rows) >= count)
        return list(self.rows.values())


@asynccontextmanager
async def receiving(channel: Channel, inbox: Inbox) -> AsyncIterator[None]:
    """Receive within the block, and stop in good order when it is left."""
    task = asyncio.create_task(channel.receive(inbox.take))
    try:
        yield
    finally:
        async with asyncio.timeout(PATIENCE):
            await channel.stop_receiving()
            await task


# what every channel does


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
    sent = await world.channel.send(replace(HELLO, text=text))
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


# receiving from Telegram


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
        polls = telegram.state.polls
        await telegram.state.until(lambda: telegram.state.polls >= polls + 2)
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


# decoding Telegram's updates


async def decoded(telegram: Telegram, **item: Any) -> Incoming:
    await telegram.state.feed({"user": 5, "kind": "text", **item})
    return telegram.channel.decode(json.dumps(telegram.state.updates[-1]))


async def test_who_speaks_and_when(telegram: Telegram) -> None:
    """Name, language, message id and time are what Telegram says they are."""
    incoming = await decoded(telegram, text="hello", name="Ana", language="zh-hans")
    assert (incoming.name, incoming.language, incoming.message_id) == ("Ana", "zh-hans", "1")
    assert incoming.sent_at is not None
    assert timedelta(0) <= datetime.now(UTC) - incoming.sent_at < timedelta(minutes=1)


async def test_a_photo_with_a_caption(telegram: Telegram) -> None:
    """The largest size that a bot may fetch is the attachment, and the caption is the text."""
    incoming = await decoded(telegram, kind="photo", text="broken!")
    assert incoming.attachment == Attachment(kind="photo", ref="photo-000001", mime="image/jpeg", size=len(JPEG))
    assert incoming.text == "broken!"


async def test_a_photo_in_sizes_of_which_some_are_too_large(telegram: Telegram) -> None:
    """The largest that a bot may fetch is taken; when none may be fetched, the photo counts as unsupported."""
    size = {"file_id": "s", "file_unique_id": "s", "width": 90, "height": 60, "file_size": 900}
    middle = size | {"file_id": "m", "width": 900, "height": 600, "file_size": 20 * 1024 * 1024}
    large = size | {"file_id": "l", "width": 9000, "height": 6000, "file_size": 20 * 1024 * 1024 + 1}
    some = await decoded(telegram, kind="photo", fields={"photo": [size, middle, large]})
    assert some.attachment is not None
    assert some.attachment.ref == "m"

    none = await decoded(telegram, kind="photo", fields={"photo": [large]})
    assert (none.attachment, none.unsupported) == (None, "large_photo")


async def test_a_document(telegram: Telegram) -> None:
    """Name and type of a document are kept."""
    incoming = await decoded(telegram, kind="document", name="发票.pdf", size=70_000_000)
    assert incoming.attachment == Attachment(
        kind="document", ref="document-000001", file_name="发票.pdf", mime="application/pdf", size=70_000_000
    )


FILE = {"file_id": "x", "file_unique_id": "x", "duration": 1, "width": 1, "height": 1}
MEDIA: dict[str, dict[str, Any]] = {
    "sticker": {"sticker": {**FILE, "type": "regular", "is_animated": False, "is_video": False}},
    "voice": {"voice": FILE},
    "video": {"video": FILE, "caption": "look"},
    "video_note": {"video_note": {**FILE, "length": 1}},
    "audio": {"audio": FILE},
    "animation": {"animation": FILE, "document": {"file_id": "x", "file_unique_id": "x"}},
    "location": {"location": {"longitude": 1.0, "latitude": 2.0}},
    "contact": {"contact": {"phone_number": "+491", "first_name": "Ana"}},
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
    "poll": {
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
}


@pytest.mark.parametrize("kind", MEDIA)
async def test_media_that_we_do_not_take_are_named(telegram: Telegram, kind: str) -> None:
    """The counter can say politely what it cannot read; a caption is still a text."""
    incoming = await decoded(telegram, kind=kind, fields=MEDIA[kind])
    assert incoming.unsupported == kind
    assert incoming.attachment is None
    assert incoming.text == MEDIA[kind].get("caption", "")


async def test_a_pressed_button(telegram: Telegram) -> None:
    """What was pressed, on which message, and what stops the spinner."""
    sent = await telegram.channel.send(replace(HELLO, keys=((Key(label="Yes", data="token.0"),),)))
    incoming = await decoded(telegram, kind="press", data="token.0", message_id=int(sent.message_id))
    assert (incoming.press, incoming.message_id, incoming.chat) == ("token.0", sent.message_id, PERSON)

    await telegram.channel.acknowledge(incoming)
    [answer] = telegram.state.logged("answerCallbackQuery")
    assert answer["callback_query_id"] == incoming.press_id


async def test_a_button_pressed_long_ago(telegram: Telegram) -> None:
    """Telegram no longer shows the message, but who pressed what is still known."""
    incoming = await decoded(telegram, kind="press", data="token.1", message_id=99)
    assert (incoming.press, incoming.sender, incoming.chat) == ("token.1", PERSON, PERSON)


@pytest.mark.parametrize(("kind", "reachable"), [("block", False), ("unblock", True)])
async def test_blocking_and_unblocking(telegram: Telegram, kind: str, reachable: bool) -> None:
    """Such an update says whether the person can be reached, and nothing else."""
    incoming = await decoded(telegram, kind=kind)
    assert incoming.reachable is reachable
    assert not incoming.text
    assert incoming.chat == PERSON


async def test_a_group_that_moves(telegram: Telegram) -> None:
    """A group that becomes a supergroup tells its new id."""
    incoming = await decoded(telegram, kind="migrate", chat=-7, to=-1007)
    assert (incoming.chat, incoming.new_chat, incoming.group) == ("-7", "-1007", True)


async def test_an_answer_to_a_message(telegram: Telegram) -> None:
    """The message that is answered is known; a forum's own first message of a topic is no answer."""
    first = await decoded(telegram, chat=-7, text="first")
    incoming = await decoded(telegram, chat=-7, text="second", reply_to=int(first.message_id))
    assert (incoming.reply_to, incoming.group, incoming.sender) == (first.message_id, True, PERSON)

    topic = {"name": "Ticket 1", "icon_color": 7322096}
    begun = await decoded(telegram, chat=-7, kind="service", fields={"forum_topic_created": topic})
    in_topic = await decoded(telegram, chat=-7, text="third", reply_to=int(begun.message_id))
    assert in_topic.reply_to == ""


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("/start abc-1", "/start abc-1"),
        ("/start@shop_bot abc-1", "/start abc-1"),
        ("/Help@SHOP_BOT", "/Help"),
        ("mail ana@shop_bot", "mail ana@shop_bot"),
        ("/queue@other_bot", ""),
    ],
)
async def test_a_command_loses_our_name(telegram: Telegram, typed: str, read: str) -> None:
    """In groups Telegram adds the bot's name to a command; one that names another bot is not for us."""
    inbox = Inbox()
    async with receiving(telegram.channel, inbox):  # only the first call tells the bot its own name
        await telegram.says("hello")
        await inbox.until_rows(1)
    assert (await decoded(telegram, text=typed, chat=-7)).text == read


async def test_what_says_nothing_decodes_to_nothing(telegram: Telegram) -> None:
    """Service messages, other bots and kinds of update that we do not know are read without error."""
    group = {"kind": "service", "chat": -7}
    joined = await decoded(telegram, **group, fields={"new_chat_title": "Agents"})
    robot = await decoded(telegram, text="I am a bot", is_bot=True)
    unknown = telegram.channel.decode('{"update_id": 9, "something_new": {"id": 5}}')
    for incoming in (joined, robot, unknown):
        assert (incoming.text, incoming.press, incoming.unsupported, incoming.attachment) == ("", "", "", None)


async def test_damaged_text_is_still_a_message(telegram: Telegram) -> None:
    """Half a surrogate pair becomes U+FFFD in both libraries, NUL stays, and a whole emoji is not touched."""
    assert (await decoded(telegram, text="a\ud83d b\x00 😀")).text == "a\ufffd b\x00 😀"


# sending to Telegram


async def test_a_title_is_bold_in_utf_16_units(telegram: Telegram) -> None:
    """An emoji counts two, as Telegram counts; the strict server refuses any other reckoning."""
    await telegram.channel.send(replace(HELLO, text="😀 订单 12\nAll well", titled=True))
    [entry] = telegram.state.logged()
    assert entry["entities"] == [{"type": "bold", "offset": 0, "length": 8}]


async def test_buttons_travel_in_rows(telegram: Telegram) -> None:
    """Labels for people, data for us."""
    keys = ((Key(label="Ja 是", data="t.0"), Key(label="No", data="t.1")), (Key(label="Agent", data="t.2"),))
    await telegram.channel.send(replace(HELLO, keys=keys))
    [entry] = telegram.state.logged()
    rows = [[(key["text"], key["callback_data"]) for key in row] for row in entry["reply_markup"]["inline_keyboard"]]
    assert rows == [[("Ja 是", "t.0"), ("No", "t.1")], [("Agent", "t.2")]]


@pytest.mark.parametrize("kind", ["photo", "document"])
async def test_a_file_is_uploaded_once(telegram: Telegram, kind: Literal["photo", "document"]) -> None:
    """Our own bytes are uploaded; the reference in return serves the next copy and fetches the same bytes."""
    attachment = Attachment(kind=kind, ref="file:1", file_name="发票.pdf")
    first = await telegram.channel.send(replace(HELLO, text="Title\nsee here", titled=True, attachment=attachment))
    again = replace(attachment, ref=first.file_ref)
    second = await telegram.channel.send(replace(HELLO, text="", attachment=again))

    assert await telegram.channel.fetch(again) == b"%PDF of file:1"
    assert len(telegram.state.files) == 1
    assert second.message_id != first.message_id
    assert telegram.state.files[first.file_ref]["file_name"] == "发票.pdf"
    one, two = telegram.state.logged()
    assert one["caption"] == "Title\nsee here"
    assert one["caption_entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert "caption" not in two


async def test_an_edit_states_the_whole_message(telegram: Telegram) -> None:
    """Text and keyboard are what the edit says; without keys the keyboard goes."""
    keys = ((Key(label="Yes", data="t.0"),),)
    sent = await telegram.channel.send(replace(HELLO, keys=keys))
    edited = replace(HELLO, text="Changed", keys=keys, edits=sent.message_id)
    assert await telegram.channel.send(edited) == Sent(message_id=sent.message_id)
    messages, number = telegram.state.chats[5].messages, int(sent.message_id)
    assert messages[number]["text"] == "Changed"
    assert "reply_markup" in messages[number]

    await telegram.channel.send(replace(edited, keys=()))
    assert "reply_markup" not in messages[number]


async def test_an_edit_that_changes_nothing_is_done(telegram: Telegram) -> None:
    """Telegram calls it an error; the message reads as it should."""
    sent = await telegram.channel.send(HELLO)
    assert await telegram.channel.send(replace(HELLO, edits=sent.message_id)) == Sent(message_id=sent.message_id)


async def test_a_caption_is_edited_as_a_caption(telegram: Telegram) -> None:
    """A message with a file has no text to edit."""
    attachment = Attachment(kind="photo", ref="file:1")
    sent = await telegram.channel.send(replace(HELLO, attachment=attachment))
    await telegram.channel.send(replace(HELLO, text="Changed", attachment=attachment, edits=sent.message_id))
    assert telegram.state.chats[5].messages[int(sent.message_id)]["caption"] == "Changed"


REFUSED: dict[str, tuple[Delivery, Refused]] = {
    "too long": (replace(HELLO, text="x" * 4097), Refused("too_long")),
    "caption too long": (
        replace(HELLO, text="x" * 1025, attachment=Attachment(kind="photo", ref="file:1")),
        Refused("too_long"),
    ),
    "empty": (replace(HELLO, text=" \n"), Refused("empty")),
    "unwritable": (replace(HELLO, text="\ud83d"), Refused("bad_text")),
    "no such chat": (replace(HELLO, chat="404"), Refused("chat_not_found", unreachable=True)),
    "no address": (replace(HELLO, chat="ana"), Refused("bad_address")),
    "data too long": (replace(HELLO, keys=((Key(label="x", data="x" * 65),),)), Refused("bad_request")),
    "unknown file": (replace(HELLO, attachment=Attachment(kind="photo", ref="unknown")), Refused("bad_file")),
    "an address for a file": (
        replace(HELLO, attachment=Attachment(kind="photo", ref="https://shop.example/a")),
        Refused("bad_file"),
    ),
    "a path for a file": (replace(HELLO, attachment=Attachment(kind="photo", ref=__file__)), Refused("bad_file")),
    "our file gone": (replace(HELLO, attachment=Attachment(kind="photo", ref="file:gone")), Refused("file_gone")),
    "nothing to edit": (replace(HELLO, edits="77"), Refused("message_gone")),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_telegram_refuses_for_good(telegram: Telegram, case: str) -> None:
    """Each refusal has a reason of its own, and nothing reaches the person."""
    delivery, expected = REFUSED[case]
    with pytest.raises(Refused) as refused:
        await telegram.channel.send(delivery)
    assert vars(refused.value) == vars(expected)
    assert await telegram.heard() == []


async def test_a_person_who_blocked_us_cannot_be_reached(telegram: Telegram) -> None:
    """403 fails the row and marks the person."""
    await telegram.state.feed({"kind": "block", "user": 5})
    with pytest.raises(Refused) as refused:
        await telegram.channel.send(HELLO)
    assert refused.value.unreachable


async def test_a_group_that_moved_tells_where_to(telegram: Telegram) -> None:
    """The refusal carries the new id, so that the row is sent there."""
    await telegram.state.feed({"kind": "migrate", "user": 5, "chat": -7, "to": -1007})
    with pytest.raises(Refused) as refused:
        await telegram.channel.send(replace(HELLO, chat="-7"))
    assert refused.value.new_chat == "-1007"
    assert not refused.value.unreachable


Outcome = tuple[type[ChannelError], dict[str, Any]]
FAULTS: dict[str, tuple[Fault, int, Outcome]] = {
    # the fault, how many messages nevertheless reach the person, what the channel says
    "flood": (
        Fault(kind="status", status=429, retry_after=7),
        0,
        (NotSent, {"reason": "flood", "retry_after": 7.0}),
    ),
    "flood in words": (
        Fault(kind="status", status=429, description="Too Many Requests: retry after 9"),
        0,
        (NotSent, {"reason": "flood", "retry_after": 9.0}),
    ),
    "token refused": (Fault(kind="status", status=401), 0, (NotSent, {"reason": "token_refused", "retry_after": 60.0})),
    "bad request": (Fault(kind="status", status=400), 0, (Refused, {"reason": "bad_request"})),
    "deactivated": (
        Fault(kind="status", status=400, description="Bad Request: user is deactivated"),
        0,
        (Refused, {"unreachable": True}),
    ),
    "forbidden": (Fault(kind="status", status=403), 0, (Refused, {"reason": "blocked", "unreachable": True})),
    "too large": (Fault(kind="status", status=413), 0, (Refused, {"reason": "file_too_large"})),
    "server error": (Fault(kind="status", status=500), 0, (Unconfirmed, {"reason": "status_500"})),
    "bad gateway after": (Fault(kind="status", status=502, after=True), 1, (Unconfirmed, {"reason": "status_502"})),
    "dropped before": (Fault(kind="drop_before"), 0, (Unconfirmed, {"reason": "no_answer"})),
    "dropped after": (Fault(kind="drop_after"), 1, (Unconfirmed, {"reason": "no_answer"})),
    "unreadable": (Fault(kind="garbled"), 1, (Unconfirmed, {"reason": "no_answer"})),
}


@pytest.mark.parametrize("warm", [False, True], ids=["first-call", "connection-kept"])
@pytest.mark.parametrize("case", FAULTS)
async def test_every_fault_has_its_meaning_and_nothing_is_sent_twice(
    telegram: Telegram, case: str, *, warm: bool
) -> None:
    """Surely not sent, refused, or in doubt: and no library tries again behind our back."""
    fault, effects, (kind, says) = FAULTS[case]
    if warm:
        await telegram.channel.send(HELLO)
    telegram.state.faults.append(replace(fault))
    with pytest.raises(kind) as raised:
        await telegram.channel.send(HELLO)

    assert says.items() <= vars(raised.value).items()
    assert len(await telegram.heard()) == warm + effects
    assert sum(telegram.state.answers.values()) == warm + 1
    assert TOKEN not in repr(raised.value)


async def test_neither_token_nor_words_are_logged(telegram: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    """The libraries and their clients like to log whole addresses, and answers that they cannot read."""
    caplog.set_level(logging.INFO)
    telegram.state.faults.append(Fault(kind="garbled", times=1))
    with pytest.raises(Unconfirmed):
        await telegram.channel.send(HELLO)
    await telegram.channel.send(HELLO)
    assert TOKEN not in caplog.text
    assert "<html>" not in caplog.text


async def test_a_refused_connection_is_surely_not_sent(telegram: Telegram) -> None:
    """Nobody listens, so nothing left; the same delivery goes through when somebody does."""
    channel = telegram.another_channel(api_base="http://127.0.0.1:1")
    with pytest.raises(NotSent) as not_sent:
        await channel.send(HELLO)
    assert (not_sent.value.reason, not_sent.value.retry_after) == ("no_connection", 0.0)
    await channel.close()


async def test_a_connection_of_a_server_that_left_is_not_used_twice(telegram: Telegram) -> None:
    """After the server's restart the first send is done, or not sent, or in doubt: never done twice."""
    await telegram.channel.send(HELLO)
    await telegram.server.__aexit__()
    async with TelegramServer(port=telegram.server.port) as restarted:
        restarted.state.open_chat(5)
        try:
            await telegram.channel.send(HELLO)
        except Unconfirmed:
            assert len(restarted.state.logged()) <= 1
        else:
            assert len(restarted.state.logged()) == 1


# files and commands


@pytest.mark.parametrize("size", [0, 21 * 1024 * 1024])
async def test_fetching_what_a_person_sent(telegram: Telegram, size: int) -> None:
    """The bytes of a file up to 20 MB; a larger one is out of a bot's reach."""
    incoming = await decoded(telegram, kind="document", size=size)
    assert incoming.attachment is not None
    if size:
        with pytest.raises(FileGone):
            await telegram.channel.fetch(incoming.attachment)
    else:
        assert await telegram.channel.fetch(incoming.attachment) == JPEG


async def test_a_fetch_that_may_work_later_does_not_call_the_file_gone(telegram: Telegram) -> None:
    """A bad gateway says nothing about the file."""
    incoming = await decoded(telegram, kind="document")
    assert incoming.attachment is not None
    telegram.state.faults.append(Fault(kind="status", methods=("getFile",)))
    with pytest.raises(ChannelError) as raised:
        await telegram.channel.fetch(incoming.attachment)
    assert not isinstance(raised.value, FileGone)


async def test_commands_by_language_and_chat(telegram: Telegram) -> None:
    """Customers see theirs in their language, a member of staff sees others in their own chat."""
    await telegram.channel.set_commands({"": [("help", "What I can do")], "zh": [("help", "我能做什么")]})
    await telegram.channel.set_commands({"": [("queue", "Waiting tickets")]}, scope_chat=PERSON)
    assert telegram.state.commands == {
        "default::": [{"command": "help", "description": "What I can do"}],
        "default::zh": [{"command": "help", "description": "我能做什么"}],
        "chat:5:": [{"command": "queue", "description": "Waiting tickets"}],
    }


# making the channel


@pytest.mark.parametrize("token", ["", "abc", "12:", ":x", "12:a b", "12:a/../b"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    """A typing mistake is found before anything is asked."""
    with pytest.raises(ValueError, match="token"):
        make_channel(token=token, library="aiogram", pace=Pace(30, 1, 20), load_file=_load_file)


@pytest.mark.parametrize(("library", "absent"), [("aiogram", "telegram"), ("python-telegram-bot", "aiogram")])
def test_only_the_library_in_use_is_imported(library: str, absent: str) -> None:
    """Importing a library costs up to seconds and 150 MB, so the other one stays out."""
    program = f"""
import sys
from bot.channels.pace import Pace
from bot.channels.telegram import make_channel
assert not {{"aiogram", "telegram"}} & set(sys.modules)
channel = make_channel(token="7:x", library={library!r}, pace=Pace(30, 1, 20), load_file=None)
assert channel.name == "telegram:7"
assert {absent!r} not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
