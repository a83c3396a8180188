"""The calls of the Bot API, made by aiogram."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageText,
    GetFile,
    Response,
    SendDocument,
    SendMessage,
    SendPhoto,
    SetMyCommands,
    TelegramMethod,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    Update,
)
from aiohttp import ClientConnectorError, ClientError, ClientTimeout, ConnectionTimeoutError

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


class _RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates without aiogram's types: one update that it cannot read would spoil the batch (aiogram#1840)."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None
    limit: int
    timeout: int
    allowed_updates: list[str]


class _Session(AiohttpSession):
    """aiogram's session that keeps the status of a refusal."""

    def check_response(self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str) -> Response[Any]:
        if not 200 <= status_code < 300:
            raise read_error(status_code, content)
        return super().check_response(bot, method, status_code, content)


def _patience(seconds: float) -> Any:
    # aiogram hands its time-out to aiohttp as it is. A bare number would also count the time of connecting, and a
    # message that surely did not leave would look like one that may have left.
    return ClientTimeout(total=CONNECT_SECONDS + seconds, connect=CONNECT_SECONDS)


@contextlib.asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn aiogram's and aiohttp's errors into ours.

    aiohttp repeats a request on a connection gone stale only for methods that are idempotent, and calls are POST.
    The text of these errors may hold the address with the token: it is not passed on.
    """
    try:
        yield
    except (AiogramError, ClientError, TimeoutError) as error:
        cause = error if isinstance(error, ClientError) else error.__cause__
        # ConnectionTimeoutError covers waiting for a free connection as well: nothing was written in either case.
        if isinstance(cause, ClientConnectorError | ConnectionTimeoutError):
            raise NotConnected from None
        raise NoAnswer from None


class AiogramApi:
    """`bot.channels.telegram.api.Api` over aiogram; importing this module takes seconds and some 150 MB."""

    def __init__(self, token: str, api_base: str) -> None:
        self._session = _Session(api=TelegramAPIServer.from_base(api_base), timeout=_patience(CALL_SECONDS))
        self._bot = Bot(token, session=self._session)

    async def get_username(self) -> str:
        async with _translated():
            return (await self._bot.get_me()).username or ""

    async def get_updates(self, offset: int, limit: int, seconds: int) -> list[Any]:
        method = _RawUpdates(offset=offset or None, limit=limit, timeout=seconds, allowed_updates=list(ALLOWED_UPDATES))
        async with _translated():
            return await self._bot(method, request_timeout=_patience(CALL_SECONDS + seconds))

    def parse(self, update: dict[str, Any]) -> Update:
        return Update.model_validate(update)

    async def send(self, delivery: Delivery, bold: int, file: str | bytes | None) -> Sent:
        patience = _patience(UPLOAD_SECONDS if isinstance(file, bytes) else CALL_SECONDS)
        async with _translated():
            sent = await self._bot(_sending(delivery, bold, file), request_timeout=patience)
        if not isinstance(sent, Message):
            return Sent(message_id=delivery.edits)  # editing answers True for messages that are not the bot's own
        return Sent(message_id=str(sent.message_id), file_ref=_file_ref(sent))

    async def answer_press(self, press_id: str) -> None:
        async with _translated():
            await self._bot(AnswerCallbackQuery(callback_query_id=press_id))

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str, chat: str | None) -> None:
        listed = [BotCommand(command=command, description=description) for command, description in commands]
        scope = BotCommandScopeChat(chat_id=int(chat)) if chat else None
        async with _translated():
            await self._bot(SetMyCommands(commands=listed, scope=scope, language_code=language or None))

    async def download(self, file_id: str) -> bytes:
        async with _translated():
            file = await self._bot(GetFile(file_id=file_id))
            if not file.file_path or (file.file_size or 0) > FILE_LIMIT:
                raise ApiError(413)
            url = self._session.api.file_url(self._bot.token, file.file_path)
            return await self._read(url)

    async def _read(self, url: str) -> bytes:
        session = await self._session.create_session()
        async with session.get(url, timeout=_patience(UPLOAD_SECONDS)) as answer:
            if answer.status != 200:
                raise read_error(answer.status, await answer.read())
            content = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                content += chunk
                if len(content) > FILE_LIMIT:
                    raise ApiError(413)
            return bytes(content)

    async def close(self) -> None:
        # The library's own close sleeps a quarter of a second for TLS connections; aiohttp waits for them by now.
        await (await self._session.create_session()).close()


def _sending(delivery: Delivery, bold: int, file: str | bytes | None) -> TelegramMethod[Any]:
    entities = [MessageEntity(type="bold", offset=0, length=bold)] if bold else None
    keyboard = _keyboard(delivery.keys)
    chat = int(delivery.chat)
    if delivery.edits and delivery.attachment:
        return EditMessageCaption(
            chat_id=chat,
            message_id=int(delivery.edits),
            caption=delivery.text,
            caption_entities=entities,
            reply_markup=keyboard,
        )
    if delivery.edits:
        return EditMessageText(
            chat_id=chat, message_id=int(delivery.edits), text=delivery.text, entities=entities, reply_markup=keyboard
        )
    if file is None or delivery.attachment is None:
        return SendMessage(chat_id=chat, text=delivery.text, entities=entities, reply_markup=keyboard)
    content = BufferedInputFile(file, delivery.attachment.file_name or "file") if isinstance(file, bytes) else file
    caption: dict[str, Any] = {"caption": delivery.text or None, "caption_entities": entities, "reply_markup": keyboard}
    if delivery.attachment.kind == "photo":
        return SendPhoto(chat_id=chat, photo=content, **caption)
    return SendDocument(chat_id=chat, document=content, **caption)


def _keyboard(keys: Sequence[Sequence[Key]]) -> InlineKeyboardMarkup | None:
    if not keys:
        return None
    return InlineKeyboardMarkup(inline_keyboard=[[_button(key) for key in row] for row in keys])


def _button(key: Key) -> InlineKeyboardButton:
    if key.url:
        return InlineKeyboardButton(text=key.label, url=key.url)
    return InlineKeyboardButton(text=key.label, callback_data=key.data)


def _file_ref(message: Message) -> str:
    if message.photo:
        return message.photo[-1].file_id
    return message.document.file_id if message.document else ""
