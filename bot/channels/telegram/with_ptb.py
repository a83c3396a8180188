"""The calls of the Bot API, made by python-telegram-bot."""

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    Update,
)
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram.api import (
    ALLOWED_UPDATES,
    CALL_SECONDS,
    CONNECT_SECONDS,
    FILE_LIMIT,
    UPLOAD_SECONDS,
    ApiError,
    NoAnswer,
    NotConnected,
    read_error,
)
from bot.message import Delivery, Key, Sent

# httpx raises these before it has written a byte of the request; its pool repeats a request only on a connection that
# was closed before writing, and its transport retries connecting 0 times.
_BEFORE_WRITING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class _Request(HTTPXRequest):
    """python-telegram-bot's request that keeps the status of a refusal."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, body = await super().do_request(*args, **kwargs)
        if not 200 <= status < 300:
            raise read_error(status, body)  # the library wraps it into a NetworkError and keeps it as the cause
        return status, body


@contextlib.asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn the library's errors into ours; the text of some holds the address with the token and is not passed on."""
    try:
        yield
    except TelegramError as error:
        if isinstance(error.__cause__, ApiError):
            raise error.__cause__ from None
        if isinstance(error.__cause__, _BEFORE_WRITING):
            raise NotConnected from None
        raise NoAnswer from None
    except (ValueError, TypeError, LookupError, AttributeError):
        raise NoAnswer from None  # an answer that the library cannot read


class PtbApi:
    """`bot.channels.telegram.api.Api` over python-telegram-bot."""

    def __init__(self, token: str, api_base: str) -> None:
        # httpx writes every address, token included, and the library every answer that it cannot read, words included.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        logging.getLogger("telegram").setLevel(logging.CRITICAL)
        times: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "write_timeout": CALL_SECONDS, "pool_timeout": 5.0}
        self._calls = _Request(read_timeout=CALL_SECONDS, media_write_timeout=UPLOAD_SECONDS, **times)
        self._polls = _Request(connection_pool_size=2, read_timeout=CALL_SECONDS, **times)
        self._bot = Bot(
            token,
            base_url=f"{api_base.rstrip('/')}/bot",
            base_file_url=f"{api_base.rstrip('/')}/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )

    async def get_username(self) -> str:
        async with _translated():
            return (await self._bot.get_me()).username or ""

    async def get_updates(self, offset: int, limit: int, seconds: int) -> list[Any]:
        asked: dict[str, Any] = {"limit": limit, "timeout": seconds, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if offset:
            asked["offset"] = offset
        # Bot.get_updates parses, and Bot.do_api_request warns that Bot.get_updates exists.
        url = f"{self._bot.base_url}/getUpdates?{urlencode(asked)}"
        async with _translated():
            answer = json.loads(await self._polls.retrieve(url, read_timeout=CALL_SECONDS + seconds))
            if not isinstance(answer["result"], list):
                raise NoAnswer
            return list(answer["result"])

    def parse(self, update: dict[str, Any]) -> Update:
        return Update.de_json(update, None)

    async def send(self, delivery: Delivery, bold: int, file: str | bytes | None) -> Sent:
        async with _translated():
            sent = await self._send(delivery, bold, file)
        if not isinstance(sent, Message):
            return Sent(message_id=delivery.edits)  # editing answers True for messages that are not the bot's own
        return Sent(message_id=str(sent.message_id), file_ref=_file_ref(sent))

    async def _send(self, delivery: Delivery, bold: int, file: str | bytes | None) -> Message | bool:
        entities = [MessageEntity(type=MessageEntity.BOLD, offset=0, length=bold)] if bold else None
        common: dict[str, Any] = {"chat_id": int(delivery.chat), "reply_markup": _keyboard(delivery.keys)}
        if delivery.edits:
            common["message_id"] = int(delivery.edits)
            if delivery.attachment:
                return await self._bot.edit_message_caption(caption=delivery.text, caption_entities=entities, **common)
            return await self._bot.edit_message_text(text=delivery.text, entities=entities, **common)
        if file is None or delivery.attachment is None:
            return await self._bot.send_message(text=delivery.text, entities=entities, **common)
        common |= {"caption": delivery.text or None, "caption_entities": entities}
        if isinstance(file, bytes):
            common["filename"] = delivery.attachment.file_name or "file"
        if delivery.attachment.kind == "photo":
            return await self._bot.send_photo(photo=file, **common)
        return await self._bot.send_document(document=file, **common)

    async def answer_press(self, press_id: str) -> None:
        async with _translated():
            await self._bot.answer_callback_query(press_id)

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str, chat: str | None) -> None:
        listed = [BotCommand(command, description) for command, description in commands]
        scope = BotCommandScopeChat(int(chat)) if chat else None
        async with _translated():
            await self._bot.set_my_commands(listed, scope=scope, language_code=language or None)

    async def download(self, file_id: str) -> bytes:
        async with _translated():
            file = await self._bot.get_file(file_id)
            if not file.file_path or (file.file_size or 0) > FILE_LIMIT:
                raise ApiError(413)
            content = await self._calls.retrieve(file.file_path, read_timeout=UPLOAD_SECONDS)
        if len(content) > FILE_LIMIT:
            raise ApiError(413)
        return content

    async def close(self) -> None:
        await self._calls.shutdown()
        await self._polls.shutdown()


def _keyboard(keys: Sequence[Sequence[Key]]) -> InlineKeyboardMarkup | None:
    if not keys:
        return None
    return InlineKeyboardMarkup([[_button(key) for key in row] for row in keys])


def _button(key: Key) -> InlineKeyboardButton:
    if key.url:
        return InlineKeyboardButton(key.label, url=key.url)
    return InlineKeyboardButton(key.label, callback_data=key.data)


def _file_ref(message: Message) -> str:
    if message.photo:
        return message.photo[-1].file_id
    return message.document.file_id if message.document else ""
