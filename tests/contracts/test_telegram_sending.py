"""Sending to Telegram: every message as it was meant, every failure with its one meaning, and nothing twice."""

import logging
import subprocess
import sys
from dataclasses import replace
from typing import Any, Literal

import pytest

from bot.channels import ChannelError, NotSent, Refused, Unconfirmed
from bot.channels.pace import Pace
from bot.channels.telegram import make_channel
from bot.message import Attachment, Delivery, Key, Sent
from tests.contracts.worlds import HELLO, PERSON, Telegram, load_file
from tests.telegram_server import TOKEN, TelegramServer
from tests.telegram_server.state import Fault


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


async def test_a_link_travels_as_a_link(telegram: Telegram) -> None:
    """Telegram takes an address or data, never both; the strict server refuses what is neither."""
    link = Key(label="Size chart", data="t.0", url="https://shop.example/sizes?a=1")
    await telegram.channel.send(replace(HELLO, keys=((link, Key(label="No", data="t.1")),)))
    [entry] = telegram.state.logged()
    assert entry["reply_markup"]["inline_keyboard"] == [
        [{"text": "Size chart", "url": "https://shop.example/sizes?a=1"}, {"text": "No", "callback_data": "t.1"}]
    ]


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


async def test_commands_by_language_and_chat(telegram: Telegram) -> None:
    """Customers see theirs in their language, a member of staff sees others in their own chat."""
    await telegram.channel.set_commands({"": [("help", "What I can do")], "zh": [("help", "我能做什么")]})
    await telegram.channel.set_commands({"": [("queue", "Waiting tickets")]}, scope_chat=PERSON)
    assert telegram.state.commands == {
        "default::": [{"command": "help", "description": "What I can do"}],
        "default::zh": [{"command": "help", "description": "我能做什么"}],
        "chat:5:": [{"command": "queue", "description": "Waiting tickets"}],
    }


@pytest.mark.parametrize("token", ["", "abc", "12:", ":x", "12:a b", "12:a/../b"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    """A typing mistake is found before anything is asked."""
    with pytest.raises(ValueError, match="token"):
        make_channel(token=token, library="aiogram", pace=Pace(30, 1, 20), load_file=load_file)


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
