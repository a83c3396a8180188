"""Reading Telegram's updates: each kind becomes the same Incoming, whichever library reads it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels import ChannelError, FileGone
from bot.message import Attachment, Incoming, Key
from tests.contracts.worlds import HELLO, PERSON, Inbox, Telegram, receiving
from tests.telegram_server.state import JPEG, Fault


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


OWN = {"phone_number": "4915112345678", "first_name": "Ana", "user_id": 5}


async def test_a_contact_of_oneself_is_ones_own_number(telegram: Telegram) -> None:
    """With the plus that Telegram leaves out."""
    incoming = await decoded(telegram, kind="contact", fields={"contact": OWN})

    assert (incoming.phone, incoming.unsupported, incoming.text) == ("+4915112345678", "", "")


@pytest.mark.parametrize(
    "fields",
    [
        {"contact": {**OWN, "user_id": 6}},
        {"contact": {"phone_number": "4915112345678", "first_name": "Ana"}},
        {
            "contact": OWN,
            "forward_origin": {"type": "hidden_user", "sender_user_name": "Ana", "date": 1_700_000_000},
        },
    ],
)
async def test_a_contact_of_somebody_else_proves_nothing(telegram: Telegram, fields: dict[str, Any]) -> None:
    """Nor does one that came from somebody else."""
    incoming = await decoded(telegram, kind="contact", fields=fields)

    assert (incoming.phone, incoming.unsupported) == ("", "contact")


async def test_a_contact_in_a_group_is_no_shared_number(telegram: Telegram) -> None:
    incoming = await decoded(telegram, kind="contact", chat=-1001, fields={"contact": OWN})

    assert (incoming.phone, incoming.unsupported) == ("", "contact")
