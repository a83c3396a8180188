"""The Telegram channel: a durable polling loop and exact sending, over aiogram or python-telegram-bot."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Literal

from bot.channels import ChannelError, FileGone, Intake, NotSent, Refused, Unconfirmed
from bot.channels.pace import Pace
from bot.channels.telegram.api import Api, ApiError, NoAnswer, NotConnected
from bot.channels.telegram.decoding import decode
from bot.channels.telegram.polling import Polling
from bot.message import Attachment, Delivery, Incoming, Sent

Library = Literal["aiogram", "python-telegram-bot"]
LoadFile = Callable[[Attachment], Awaitable[bytes]]
"""The bytes behind a "file:<id>" reference; raises FileGone when we no longer have them."""

PUBLIC_API = "https://api.telegram.org"
POLL_SECONDS = 25
ACKNOWLEDGE_SECONDS = 2.0
TOKEN_REFUSED_PAUSE = 60.0

# What Telegram's 400 answers mean to us; the first phrase found decides.
_UNREACHABLE = ("chat not found", "user not found", "user is deactivated", "peer_id_invalid")
_REASONS = (
    ("too long", "too_long"),
    ("file is too big", "file_too_large"),
    ("file", "bad_file"),
    ("message to edit not found", "message_gone"),
    ("message can't be edited", "message_gone"),
    ("no text in the message", "message_gone"),
    ("not enough rights", "no_rights"),
    ("need administrator rights", "no_rights"),
    ("text is empty", "empty"),
)


class TelegramChannel:
    """One bot on Telegram.

    The text of an attachment travels as its caption. One delivery is one message, so a text above 4,096 characters or a
    caption above 1,024 is refused as `too_long`, never cut or split: whoever writes longer words has to be told.
    """

    pull = False

    def __init__(self, api: Api, *, bot_id: str, pace: Pace, load_file: LoadFile, poll_seconds: int) -> None:
        self.name = f"telegram:{bot_id}"
        self.pace = pace
        self._api = api
        self._load_file = load_file
        self._polling = Polling(api, poll_seconds)

    @property
    def health(self) -> str:
        """How receiving goes: "ok", "not started", "stopped", or what is wrong, for the operator."""
        return self._polling.health

    async def open(self) -> None:
        """Nothing to do: connections are made by the first call, so a start without network succeeds."""

    async def receive(self, intake: Intake) -> None:
        """Poll until `stop_receiving` or cancelled; waits out network trouble and a failing intake."""
        await self._polling.run(intake)

    async def stop_receiving(self) -> None:
        """Give up the hanging poll; return when what the intake took is confirmed, or a second after trying to."""
        await self._polling.stop()

    def decode(self, raw: str) -> Incoming:
        """Read one raw update, or raise Undecodable.

        Service messages and the words of other bots give an Incoming without content. While the bot's own name is not
        yet known, a command addressed to any bot counts as ours.
        """
        return decode(raw, self._api.parse, self.name, self._polling.username)

    async def send(self, delivery: Delivery) -> Sent:
        """Send or edit one message, or raise NotSent, Refused or Unconfirmed.

        An edit states the whole message: without keys the keyboard goes. One that changes nothing counts as sent.
        """
        _check(delivery)
        file = await self._file(delivery)
        try:
            with _outcome():
                return await self._api.send(delivery, _bold(delivery), file)
        except Refused as refused:
            if delivery.edits and refused.reason == "not_modified":
                return Sent(message_id=delivery.edits)
            raise

    async def acknowledge(self, incoming: Incoming) -> None:
        """Stop the spinner of a pressed button; gives up after two seconds, and never raises."""
        if incoming.press_id:
            with contextlib.suppress(TimeoutError, ApiError, NotConnected, NoAnswer):
                await asyncio.wait_for(self._api.answer_press(incoming.press_id), ACKNOWLEDGE_SECONDS)

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of a file of at most 20 MB.

        Raises FileGone when Telegram will never give it, and a plain ChannelError when asking again may help.
        """
        try:
            return await self._api.download(attachment.ref)
        except ApiError as error:
            if error.status in (400, 404, 413):
                raise FileGone("file_gone") from None
            raise ChannelError(f"status_{error.status}") from None
        except (NotConnected, NoAnswer):
            raise ChannelError("no_answer") from None

    async def set_commands(
        self, by_language: Mapping[str, Sequence[tuple[str, str]]], scope_chat: str | None = None
    ) -> None:
        """Offer (command, description) pairs per two-letter language; "" is for all other languages.

        Without `scope_chat` they are everybody's, with it that chat's own. Raises what `send` raises.
        """
        for language, commands in by_language.items():
            with _outcome():
                await self._api.set_commands(commands, language, scope_chat)

    async def find_name(self) -> str:
        """The bot's own name, for links to it; "" while nobody can be asked."""
        if not self._polling.username:
            with contextlib.suppress(ApiError, NotConnected, NoAnswer):
                self._polling.username = await self._api.get_username()
        return self._polling.username

    async def close(self) -> None:
        """Let go of connections."""
        await self._api.close()

    async def _file(self, delivery: Delivery) -> str | bytes | None:
        if delivery.attachment is None or delivery.edits:
            return None
        ref = delivery.attachment.ref
        if ref.startswith("file:"):
            try:
                return await self._load_file(delivery.attachment)
            except FileGone:
                raise Refused("file_gone") from None
        if not re.fullmatch(r"[\w-]+", ref, re.ASCII):
            raise Refused("bad_file")  # an address or a path: Telegram would fetch the one, the library read the other
        return ref


def make_channel(
    *,
    token: str,
    library: Library,
    pace: Pace,
    load_file: LoadFile,
    api_base: str = PUBLIC_API,
    poll_seconds: int = POLL_SECONDS,
) -> TelegramChannel:
    """The channel of one bot; only here is a Telegram library imported, and only the one that was asked for.

    Raises ValueError for a token that does not look like one.
    """
    if not re.fullmatch(r"\d+:[\w-]+", token, re.ASCII):
        raise ValueError('a Telegram token looks like "123456:letters"')
    return TelegramChannel(
        _make_api(library, token, api_base),
        bot_id=token.partition(":")[0],
        pace=pace,
        load_file=load_file,
        poll_seconds=poll_seconds,
    )


def _make_api(library: Library, token: str, api_base: str) -> Api:
    if library == "aiogram":
        from bot.channels.telegram.with_aiogram import AiogramApi

        return AiogramApi(token, api_base)
    from bot.channels.telegram.with_ptb import PtbApi

    return PtbApi(token, api_base)


@contextlib.contextmanager
def _outcome() -> Iterator[None]:
    try:
        yield
    except NotConnected:
        raise NotSent("no_connection") from None
    except NoAnswer:
        raise Unconfirmed("no_answer") from None
    except ApiError as error:
        raise _refusal(error) from None


def _refusal(error: ApiError) -> NotSent | Refused | Unconfirmed:
    """What an answer of Telegram means for the message."""
    said = error.description.casefold()
    if error.status == 429:
        return NotSent("flood", error.retry_after)
    if error.status in (401, 404):
        return NotSent("token_refused", TOKEN_REFUSED_PAUSE)  # the operator's mistake; the message can wait
    if error.migrate_to:
        return Refused("chat_moved", new_chat=error.migrate_to)
    if error.status == 403:
        return Refused("blocked", unreachable=True)
    if error.status == 413:
        return Refused("file_too_large")
    if not 400 <= error.status < 500:
        return Unconfirmed(f"status_{error.status}")
    if any(phrase in said for phrase in _UNREACHABLE):
        return Refused("chat_not_found", unreachable=True)
    if "message is not modified" in said:
        return Refused("not_modified")
    return Refused(next((reason for phrase, reason in _REASONS if phrase in said), "bad_request"))


def _bold(delivery: Delivery) -> int:
    """How many UTF-16 units of the text are bold, which is how Telegram counts."""
    if not delivery.titled:
        return 0
    return len(delivery.text.partition("\n")[0].rstrip().encode("utf-16-le")) // 2


def _check(delivery: Delivery) -> None:
    """Refuse what no library could even write, before it looks like a message that may have left."""
    try:
        delivery.text.encode()
        int(delivery.chat), int(delivery.edits or 0)
    except UnicodeEncodeError:  # lone surrogates
        raise Refused("bad_text") from None
    except ValueError:
        raise Refused("bad_address") from None
