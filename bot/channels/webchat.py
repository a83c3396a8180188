"""The web chat as a channel: sockets hand in what people say, and read what is committed by themselves."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from bot.channels import Intake, RawUpdate, Undecodable
from bot.channels.pace import Pace
from bot.message import Attachment, Delivery, Incoming, Sent

NAME = "webchat"
START_SECONDS = 10.0  # how long words wait for a channel that is just starting
MODES = {"reply": "/reply", "note": "/note"}


class NotReceiving(Exception):
    """The channel takes nothing now: it is not open yet, or it is leaving. The page keeps the words and retries."""


class WebChat:
    """Channel of the chat and desk pages. Pull: what is committed counts as sent, sockets read past a cursor."""

    name = NAME
    pull = True

    def __init__(self, *, load_file: Callable[[Attachment], Awaitable[bytes]], ring: Callable[[str], None]) -> None:
        self.pace = Pace(0, 0, 0)  # no limit: nothing leaves the house
        self._load_file = load_file  # the bytes of a stored file; raises FileGone
        self._ring = ring  # wakes the sockets of an address
        self._intake: Intake | None = None
        self._receiving = asyncio.Event()
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._under_way = 0

    async def open(self) -> None:
        """Nothing to prepare."""

    @property
    def receiving(self) -> bool:
        """Whether what pages say is taken just now."""
        return self._intake is not None

    async def close(self) -> None:
        """Nothing to let go of."""

    async def receive(self, intake: Intake) -> None:
        """Take updates from the sockets until stopped."""
        self._stopping.clear()
        self._intake = intake
        self._receiving.set()
        try:
            await self._stopping.wait()
        finally:
            self._close_intake()

    async def stop_receiving(self) -> None:
        """Take no new update; return when what was handed over is committed and acknowledged."""
        self._close_intake()
        self._stopping.set()
        await self._idle.wait()

    def _close_intake(self) -> None:
        self._intake = None
        self._receiving.clear()

    async def take(self, address: str, frame: dict[str, Any], language: str = "", name: str = "") -> None:
        """Commit one `say` or `press` of a socket; when it returns, the page may be told so."""
        intake = await self._open_intake()
        raw = json.dumps({"address": address, "language": language, "name": name, **frame}, ensure_ascii=False)
        update = RawUpdate(external_id=f"{address}:{frame['client_id']}", sender=address, raw=raw)
        self._under_way += 1
        self._idle.clear()
        try:
            await intake([update])
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _open_intake(self) -> Intake:
        """The intake; right after a start, when pages are back before it is, they are asked for a moment's patience."""
        if self._intake is None and not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._receiving.wait(), START_SECONDS)
        if self._intake is None:
            raise NotReceiving
        return self._intake

    def decode(self, raw: str) -> Incoming:
        """Read one update; a reply or a note in a ticket's thread becomes the command that says so."""
        try:
            body = json.loads(raw)
            address, client_id = str(body["address"]), str(body["client_id"])
            press = str(body["data"]) if body["type"] == "press" else ""
        except (ValueError, KeyError, TypeError) as error:
            raise Undecodable(f"this is not an update of the web chat: {type(error).__name__}") from error
        text = str(body.get("text", ""))
        command = MODES.get(str(body.get("mode", "")), "")
        return Incoming(
            channel=NAME,
            external_id=f"{address}:{client_id}",
            sender=address,
            chat=address,
            thread=_thread(str(body.get("thread", ""))),
            text=f"{command} {text}".strip() if command else text,
            press=press,
            press_id=client_id if press else "",
            attachment=_attachment(body),
            message_id=client_id,
            language=str(body.get("language", "")),
            name=str(body.get("name", "")),
        )

    async def send(self, delivery: Delivery) -> Sent:
        """What is committed is sent: wake the readers of this chat."""
        self._ring(delivery.chat)
        return Sent(message_id=f"outbox-{delivery.outbox_id}")

    async def acknowledge(self, incoming: Incoming) -> None:
        """The socket has acknowledged already."""

    async def fetch(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a page uploaded."""
        return await self._load_file(attachment)


def _thread(name: str) -> str:
    return "" if name == "home" else name


def _attachment(body: dict[str, Any]) -> Attachment | None:
    ref = str(body.get("attachment") or "")
    if not ref:
        return None
    file = body.get("file")
    about: dict[str, Any] = file if isinstance(file, dict) else {}
    kind: Literal["photo", "document"] = "photo" if about.get("kind") == "photo" else "document"
    return Attachment(
        kind=kind,
        ref=ref,
        file_name=str(about.get("file_name", "")),
        mime=str(about.get("mime", "")),
        size=int(about.get("size", 0)),
    )
