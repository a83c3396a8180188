"""Reading a chat history that Telegram Desktop exported as JSON: one chat, or all of them."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.importing.reading import Item, Reading
from bot.importing.refused import ImportRefused
from bot.importing.stream import Broken, JsonStream
from bot.intake import clean_text
from crm_core.histories import PastMessage
from crm_core.rules.record import LONGEST_NAME

_FIRST_DAY: Final = datetime(2013, 1, 1, tzinfo=UTC)  # there was no Telegram before
_WITH_ONE: Final = "personal_chat"
_FILES: Final = {
    "voice_message": "voice",
    "video_message": "video_note",
    "video_file": "video",
    "audio_file": "audio",
    "animation": "animation",
    "sticker": "sticker",
}
_OTHERS: Final = {
    "contact_information": "contact",
    "location_information": "location",
    "poll": "poll",
    "game_title": "game",
    "invoice_information": "invoice",
}


class _Wrong(Exception):
    """What is wrong with a message, in words."""


def history_of(file: Path) -> Reading[PastMessage]:
    """The messages of the chats with one person; its items raise ImportRefused for a file that is no such export."""
    reading: Reading[PastMessage] = Reading(items=iter(()))
    reading.items = _Export(file, reading.notes).read()
    return reading


class _Export:
    """A file on its way through: the chat that is being read, and what was passed over."""

    def __init__(self, file: Path, notes: list[str]) -> None:
        self._file = file
        self._notes = notes
        self._chat: dict[str, Any] = {}
        self._chats = 0
        self._number = 0
        self._passed: Counter[str] = Counter()  # chats by type
        self._said_nothing = 0
        self._files = 0

    def read(self) -> Iterator[Item[PastMessage]]:
        try:
            with self._file.open(encoding="utf-8-sig") as text:
                stream = JsonStream(text)
                yield from self._chat_in(stream)
                stream.end()
        except Broken as broken:
            raise self._refused(
                f"it is no JSON, or too deep or too long, from character {broken.place + 1} on"
            ) from None
        except UnicodeDecodeError:
            raise self._refused("it is not in UTF-8") from None
        if not self._chats:
            raise self._refused("no chat is in it. Export it as JSON, and give its result.json")
        self._sum_up()

    def _refused(self, why: str) -> ImportRefused:
        return ImportRefused([f"{self._file}: {why}."])

    def _sum_up(self) -> None:
        if self._passed:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self._passed.items()))
            self._notes.append(f"Chats that are not with one person were passed over: {kinds}.")
        if self._said_nothing:
            self._notes.append(f"{self._said_nothing} messages in which nobody said anything were passed over.")
        if self._files:
            self._notes.append(f"{self._files} files were not copied; words such as [photo] stand for them.")

    def _chat_in(self, stream: JsonStream, *, outermost: bool = True) -> Iterator[Item[PastMessage]]:
        """The next object: a chat, or the outermost one, which may be a chat or hold all of them."""
        self._chat = {}
        for key in stream.members():
            if key == "messages":
                yield from self._messages(stream)
            elif key == "chats" and outermost and stream.peek() == "{":
                yield from self._all_chats(stream)
            elif key in {"id", "type", "name"}:
                self._chat[key] = stream.value()
            else:
                stream.skip()

    def _all_chats(self, stream: JsonStream) -> Iterator[Item[PastMessage]]:
        for key in stream.members():
            if key != "list":
                stream.skip()
                continue
            for _chat in stream.items():
                yield from self._chat_in(stream, outermost=False)

    def _messages(self, stream: JsonStream) -> Iterator[Item[PastMessage]]:
        self._chats += 1
        chat, kind, name = (self._chat.get(key) for key in ("id", "type", "name"))
        if not isinstance(kind, str) or not _is_id(chat):
            raise self._refused("a chat should say its id and its type before its messages")
        if kind != _WITH_ONE:
            self._passed[clean_text(kind)[:40]] += 1
            stream.skip()
            return
        called = clean_text(name).strip()[:LONGEST_NAME] if isinstance(name, str) else ""
        opens, second, nth = True, -1, 0
        for _message in stream.items():
            item = self._item(stream.value(), str(chat), called)
            if item is None:
                continue
            if item.draft is not None:
                moment = int(item.draft.at.timestamp())
                nth = nth + 1 if moment == second else 0
                second = moment
                item.draft = item.draft._replace(nth=nth, opens=opens)
                opens = False
            yield item

    def _item(self, message: Any, chat: str, name: str) -> Item[PastMessage] | None:
        number = message.get("id") if isinstance(message, dict) else None
        place = f"{self._file.name}: chat {chat}, message {number if _is_id(number) else '?'}"
        try:
            draft = self._draft(message, chat, name)
        except _Wrong as wrong:
            self._number += 1
            return Item(self._number, place, None, [f"{place}: {wrong}."])
        if draft is None:
            self._said_nothing += 1
            return None
        self._number += 1
        return Item(self._number, place, draft, [])

    def _draft(self, message: Any, chat: str, name: str) -> PastMessage | None:
        if not isinstance(message, dict):
            raise _Wrong("it is no object")
        if message.get("type") != "message":
            return None  # a call, a pinned message, a new picture
        if not _is_id(message.get("id")):
            raise _Wrong('"id" should be a number')
        at = _at(message.get("date_unixtime"))
        sender = message.get("from_id")
        if not isinstance(sender, str) or not sender.startswith("user"):
            raise _Wrong('"from_id" should look like user123456')
        media, is_file = _media(message)
        text = " ".join(part for part in (media, clean_text(_words(message)).strip()) if part)
        if not text:
            return None
        self._files += is_file
        return PastMessage(
            chat=chat,
            message=str(message["id"]),
            theirs=sender == f"user{chat}",
            text=text,
            at=at,
            nth=0,
            name=name,
            opens=False,
        )


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value < 1 << 63


def _at(value: object) -> datetime:
    digits = str(value) if isinstance(value, str | int) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        raise _Wrong('"date_unixtime" should be seconds since 1970, as newer versions of Telegram Desktop write it')
    at = datetime.fromtimestamp(int(digits), UTC)
    if at < _FIRST_DAY:
        raise _Wrong(f"its time is {at:%Y-%m-%d}, when there was no Telegram")
    return at


def _words(message: dict[str, Any]) -> str:
    """The text without its entities: they are a string, or a list of strings and of objects with a text."""
    text = message.get("text", message.get("text_entities", ""))
    parts = text if isinstance(text, list) else [text]
    return "".join(map(_plain, parts))


def _plain(part: object) -> str:
    words = part.get("text") if isinstance(part, dict) else part
    if not isinstance(words, str):
        raise _Wrong('"text" should be words')
    return words


def _media(message: dict[str, Any]) -> tuple[str, bool]:
    """A word in brackets for what came with the text, "" for nothing, and whether it is a file."""
    if message.get("photo"):
        return "[photo]", True
    kind = message.get("media_type")
    if isinstance(kind, str) and kind in _FILES:
        return f"[{_FILES[kind]}]", True
    if message.get("file"):
        name = message.get("file_name")
        return (f"[document: {clean_text(name)}]" if isinstance(name, str) and name else "[document]"), True
    return next((f"[{word}]" for key, word in _OTHERS.items() if message.get(key)), ""), False
