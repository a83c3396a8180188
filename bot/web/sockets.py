"""One open socket: takes in what the page says, and sends everything past the page's cursors."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.channels.webchat import NotReceiving, WebChat
from bot.web import protocol
from bot.web.house import HOME, House, NotHere, Staff, Visitor, WebMessage, WebThread
from bot.web.protocol import BadFrame, Hello, Open, Press, Say

log = logging.getLogger(__name__)

BATCH = 200  # messages read and sent at once
MOST_BAD_FRAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often sockets look by themselves."""

    poll_seconds: float = 1.0  # the safety net below the bell; other replicas' commits are found by it
    derived_seconds: float = 3.0  # the same for what is derived: the desk's list, whose turn it is
    gather_seconds: float = 0.1  # the desk hears every ring of the house; rings this close are read together


class Lines:
    """All open sockets, so that the server can say goodbye."""

    def __init__(self) -> None:
        self._open: set[Line] = set()

    def add(self, line: "Line") -> None:
        """A socket was opened."""
        self._open.add(line)

    def remove(self, line: "Line") -> None:
        """A socket is closed."""
        self._open.discard(line)

    async def say_bye(self) -> None:
        """Tell every page that the server is leaving, and close."""
        await asyncio.gather(*(line.leave() for line in list(self._open)), return_exceptions=True)


class Line:
    """What both sockets share: a reader of frames and a sender of news, side by side until one of them ends."""

    def __init__(self, socket: WebSocket, house: House, webchat: WebChat, rhythm: Rhythm) -> None:
        self.socket = socket
        self.house = house
        self.webchat = webchat
        self.rhythm = rhythm
        self.viewer: Visitor | Staff
        self.language = ""
        self.cursors: dict[str, int] = {}  # the threads that this page reads, and how far it is
        self.greeted = asyncio.Event()
        self.changed = asyncio.Event()
        self._bad_frames = 0
        self._derived_at = 0.0

    async def run(self) -> None:
        """Serve this socket until the page or the server leaves."""
        await self.socket.accept()
        reader, sender = asyncio.create_task(self._read()), asyncio.create_task(self._send())
        done, pending = await asyncio.wait({reader, sender}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            self._look_at(task.exception())
        await self.close(1011)

    def _look_at(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, WebSocketDisconnect):
            log.error("A socket of the web chat ended with an error.", exc_info=error)

    async def close(self, code: int) -> None:
        """Close, unless the page has done so."""
        if self.socket.client_state is WebSocketState.CONNECTED and self.socket.application_state in (
            WebSocketState.CONNECTED,
            WebSocketState.CONNECTING,
        ):
            with suppress(RuntimeError, WebSocketDisconnect):
                await self.socket.close(code)

    async def leave(self) -> None:
        """Say goodbye and close: the page comes back by itself."""
        try:
            await self.tell(protocol.bye())
        except (RuntimeError, WebSocketDisconnect):
            return
        await self.close(1012)

    async def tell(self, frame: dict[str, Any]) -> None:
        """Send one frame."""
        await self.socket.send_json(frame)

    # what the page says

    async def _read(self) -> None:
        while True:
            try:
                frame = protocol.read_frame(await self.socket.receive_text())
            except KeyError:  # a binary frame
                await self._refuse(BadFrame("bad_frame"))
            except BadFrame as error:
                await self._refuse(error)
            else:
                await self._take(frame)

    async def _refuse(self, error: BadFrame) -> None:
        if error.key == "bad_frame":
            self._bad_frames += 1
        if self._bad_frames >= MOST_BAD_FRAMES:
            await self.close(protocol.POLICY)
            raise WebSocketDisconnect(protocol.POLICY)
        await self.tell(protocol.refused(error.client_id, error.key))

    async def _take(self, frame: protocol.Frame) -> None:
        if isinstance(frame, Hello):
            self.language = frame.language or self.language
            self.hello(frame)
            self.greeted.set()
            self.changed.set()
        elif isinstance(frame, Open):
            self.open(frame)
            self.changed.set()
        else:
            await self._hand_in(frame)

    async def _hand_in(self, frame: Say | Press) -> None:
        """Commit, then acknowledge. When it cannot be committed now nothing is said, and the page sends it again."""
        if not await self.still_welcome():
            await self.close(protocol.NO_SESSION)
            raise WebSocketDisconnect(protocol.NO_SESSION)
        body = frame.model_dump()
        try:
            if isinstance(frame, Say) and frame.attachment:
                body["file"] = await self._file_facts(frame.attachment)
            await self.webchat.take(self.viewer.address, body, self.language, self.speaker())
        except NotHere:
            await self.tell(protocol.refused(frame.client_id, "file_gone"))
        except NotReceiving:
            await self.leave()
            raise WebSocketDisconnect(1012) from None
        else:
            await self.tell(protocol.ack(frame.client_id))
            self.changed.set()

    async def _file_facts(self, ref: str) -> dict[str, Any]:
        about = await self.house.own_file(self.viewer, ref.removeprefix("file:"))
        return {"kind": about.kind, "file_name": about.file_name, "size": about.size}

    def speaker(self) -> str:
        """How the speaker is called; visitors have no name yet."""
        return ""

    async def still_welcome(self) -> bool:
        """Does the session still hold?"""
        return True

    def hello(self, frame: Hello) -> None:
        """Begin reading from the page's cursors."""
        raise NotImplementedError

    def open(self, frame: Open) -> None:
        """Read another thread; only the desk has several."""

    # what the page hears

    async def _send(self) -> None:
        await self.greeted.wait()
        with self.house.listen(self.viewer) as listener:
            waiter = asyncio.create_task(self._pass_on_changes(listener.wake))
            try:
                rung = True
                while True:
                    await self.news(rung)
                    rung = await listener.wait(self.rhythm.poll_seconds)
            finally:
                waiter.cancel()

    async def _pass_on_changes(self, wake: Any) -> None:
        """What this page itself did (opened a thread, said something) is a reason to read at once."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            wake()

    async def news(self, rung: bool) -> None:
        """Read everything past the cursors and send it; `rung` tells whether anybody said that there is some."""
        for thread in list(self.cursors):
            await self._thread_news(thread)

    def derived_due(self, rung: bool) -> bool:
        """Whether what is derived is to be read again: when somebody rang, else only now and then."""
        now = asyncio.get_running_loop().time()
        if not rung and now - self._derived_at < self.rhythm.derived_seconds:
            return False
        self._derived_at = now
        return True

    async def _thread_news(self, thread: str) -> None:
        while thread in self.cursors:
            after = self.cursors[thread]
            try:
                batch = await self.house.messages(self.viewer, thread, after, BATCH)
            except NotHere:
                self.cursors.pop(thread, None)
                await self.tell(protocol.gone(thread))
                return
            if self.cursors.get(thread) != after:
                continue  # the page opened it anew meanwhile
            if not batch:
                return
            await self._send_batch(thread, batch)

    async def _send_batch(self, thread: str, batch: "list[WebMessage] | Any") -> None:
        self.cursors[thread] = max(message.rev for message in batch)
        await self.tell(protocol.messages(thread, batch, self.cursors[thread]))


class CustomerLine(Line):
    """The socket of a customer's page: one talk, and whose turn it is."""

    def __init__(self, visitor: Visitor, *rest: Any) -> None:
        super().__init__(*rest)
        self.viewer: Visitor = visitor
        self._standing: object = None

    def hello(self, frame: Hello) -> None:
        """Read the one talk."""
        self.cursors = {"": frame.cursor if isinstance(frame.cursor, int) else 0}

    async def news(self, rung: bool) -> None:
        """Messages, then whose turn it is when that has changed."""
        await super().news(rung)
        if not self.derived_due(rung):
            return
        where = await self.house.standing(self.viewer)
        if where != self._standing:
            self._standing = where
            await self.tell(protocol.standing(where))


class DeskLine(Line):
    """The socket of the desk: the list of threads, the own talk with the bot, and the thread that is open."""

    def __init__(self, staff: Staff, token: str, *rest: Any) -> None:
        super().__init__(*rest)
        self.viewer: Staff = staff
        self._token = token
        self._listed: list[WebThread] | None = None

    def speaker(self) -> str:
        """The colleague's name."""
        return self.viewer.name

    async def still_welcome(self) -> bool:
        """Look the session up again: a revoked colleague says nothing more."""
        staff = await self.house.staff(self._token)
        if staff is None or staff.id != self.viewer.id:
            return False
        self.viewer = staff
        return True

    def hello(self, frame: Hello) -> None:
        """Read the own talk always, and the thread that the page had open."""
        told = frame.cursor if isinstance(frame.cursor, dict) else {}
        self.cursors = {HOME: told.get(HOME, 0)} | dict(list(told.items())[:2])
        self._listed = None

    def open(self, frame: Open) -> None:
        """Read this thread beside the own talk, and leave the last one."""
        kept = self.cursors.get(HOME, 0)
        self.cursors = {HOME: kept}
        if frame.thread:
            self.cursors[frame.thread] = frame.cursor

    async def news(self, rung: bool) -> None:
        """The list first, then messages; nothing at all for somebody who has been let go."""
        if rung and self._listed is not None:
            await asyncio.sleep(self.rhythm.gather_seconds)
        if not await self.still_welcome():
            await self.close(protocol.NO_SESSION)
            raise WebSocketDisconnect(protocol.NO_SESSION)
        if self.derived_due(rung):
            listing = list(await self.house.threads(self.viewer))
            if listing != self._listed:
                self._listed = listing
                await self.tell(protocol.threads(listing))
        await super().news(rung)
