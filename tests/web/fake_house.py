"""A house in memory that obeys the same protocol as the real one, with a bot that knows a handful of sentences.

`python -m tests.web.fake_house --port 8099` serves it, so that the pages can be looked at without any records.
"""

import argparse
import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels import FileGone, RawUpdate
from bot.channels.webchat import WebChat
from bot.message import Attachment, Incoming
from bot.web.bell import EVERYTHING, Bell, Listener
from bot.web.files import kind_of
from bot.web.house import (
    HOME,
    Health,
    NotHere,
    Shop,
    Staff,
    Standing,
    StoredFile,
    Viewer,
    Visitor,
    WebButton,
    WebFile,
    WebMessage,
    WebThread,
)

ANSWERS = {
    "delivery": (
        "Delivery abroad",
        (
            "Delivery to Portugal takes 6 to 9 working days. We send you the tracking number on the day the parcel"
            " leaves.\n\nIt is free from €60; below that it costs €7.50."
        ),
    ),
    "多久": ("配送时效", "国内一般 3 天送达，发货当天会把运单号发给您。"),
}
PERSON = ("/agent", "person", "转人工")
AGENT_COMMANDS = ("/queue", "/claim", "/campaigns", "/campaign_new", "/segments", "/report")


@dataclass
class Talk:
    """One conversation."""

    address: str
    name: str = ""
    language: str = "en"
    rev: int = 0
    messages: list[WebMessage] = field(default_factory=list)
    ticket: int | None = None
    assignee: str = ""
    since: datetime | None = None
    waits: bool = False
    subject: str = ""

    def add(self, author: Any, text: str, **more: Any) -> WebMessage:
        """Write one message down."""
        self.rev += 1
        at = more.pop("at", datetime.now(UTC))
        message = WebMessage(
            id=f"{self.address}-{self.rev}",
            rev=self.rev,
            order=f"{self.rev:019d}",
            author=author,
            text=text,
            at=at,
            **more,
        )
        self.messages.append(message)
        return message

    def press(self, token: str, index: int) -> WebMessage | None:
        """Mark a button as pressed."""
        for place, message in enumerate(self.messages):
            if any(button.data.startswith(f"{token}.") for row in message.buttons for button in row):
                self.rev += 1
                self.messages[place] = replace(message, pressed=index, rev=self.rev)
                return self.messages[place]
        return None


class FakeHouse:
    """Everything the web asks for, held in dictionaries."""

    def __init__(self, *, languages: tuple[str, ...] = ("en", "zh")) -> None:
        self.bell = Bell()
        self.webchat = WebChat(load_file=self.load_file, ring=self.bell.ring)
        self.talks: dict[str, Talk] = {}
        self.homes: dict[str, Talk] = {}
        self.sessions: dict[str, Staff] = {}
        self.invites: dict[str, Staff] = {}
        self.files: dict[str, tuple[str, StoredFile]] = {}
        self.seen: set[str] = set()
        self.taken: list[Incoming] = []  # every update that the intake committed, once each
        self.gate: asyncio.Event | None = None  # when set, commits wait for it
        self.arrived = asyncio.Event()  # something was handed in
        self.set_aside: set[str] = set()  # words that no turn gets done: they are not written down
        self.languages = languages
        self.numbers = 1041

    # set up by tests

    def invite(self, name: str = "Chen Yue", roles: tuple[str, ...] = ("agent", "marketer")) -> str:
        """A one-time link's token for a new staff member."""
        token = secrets.token_urlsafe(16)
        address = f"staff-{name.lower().replace(' ', '-')}"
        self.invites[token] = Staff(id=address, address=address, name=name, roles=roles, commands=AGENT_COMMANDS)
        return token

    # the protocol

    async def shop(self) -> Shop:
        """The sample shop."""
        return Shop(
            names={"en": "Harbour Tea House", "zh": "港湾茶舍"},
            languages=self.languages,
            sample=True,
            commands=("/agent", "/status", "/help", "/privacy", "/deletemydata"),
            suggestions={
                "en": ("How long does delivery take?", "Something arrived broken", "Where is my order?"),
                "zh": ("多久能送到", "我的订单到哪了", "收到破损怎么办"),
            },
        )

    async def health(self) -> Health:
        """Always well."""
        return Health(database=True, channels={"webchat": True})

    async def visitor(self, token: str | None) -> Visitor:
        """The address is made from the token, and does not give it away."""
        if not token or len(token) != 43:
            token = secrets.token_urlsafe(32)
        return Visitor(address=f"visitor-{abs(hash(token)) % 10**12}", token=token)

    async def follow_link(self, visitor: Visitor, token: str, language: str) -> bool:
        """There is no other chat here."""
        return False

    async def log_in(self, visitor: Visitor, token: str, language: str) -> Visitor | None:
        """No shop signs logins for this house."""
        return None

    async def staff(self, token: str | None) -> Staff | None:
        """Whose session it is."""
        return self.sessions.get(token or "")

    async def enter(self, invite: str, language: str) -> str | None:
        """Once only."""
        staff = self.invites.pop(invite, None)
        if staff is None:
            return None
        session = secrets.token_urlsafe(32)
        self.sessions[session] = staff
        home = self.homes.setdefault(staff.address, Talk(staff.address))
        if not home.messages:
            home.add("bot", f"Good morning, {staff.name}. Write /queue to see who waits.", kind="reply")
        return session

    async def leave(self, token: str) -> None:
        """The session ends."""
        self.sessions.pop(token, None)

    async def standing(self, visitor: Visitor) -> Standing:
        """Derived from the ticket."""
        talk = self.talks.get(visitor.address)
        if talk is None or talk.ticket is None:
            return Standing()
        return Standing(owner="agent" if talk.assignee else "queue", number=talk.ticket, agent=talk.assignee)

    async def messages(self, viewer: Viewer, thread: str, after: int, limit: int) -> Sequence[WebMessage]:
        """Past the cursor, as the viewer may see it."""
        if isinstance(viewer, Visitor):
            talk = self.talks.get(viewer.address)
            visible = (
                [_for_customer(one) for one in talk.messages if one.author not in ("note", "system")] if talk else []
            )
        elif thread == HOME:
            visible = self.homes[viewer.address].messages
        else:
            visible = [_for_desk(one, self._talk_of(thread)) for one in self._talk_of(thread).messages]
        past = sorted((one for one in visible if one.rev > after), key=lambda one: one.rev)
        return past[-limit:] if after == 0 else past[:limit]

    async def threads(self, staff: Staff) -> Sequence[WebThread]:
        """Queue, mine, with colleagues, with the bot."""
        listed = [self._thread(talk, staff) for talk in self.talks.values()]
        order = {"queue": 0, "mine": 1, "others": 2, "bot": 3}
        return sorted(listed, key=lambda one: (order[one.group], one.since or datetime.now(UTC)))

    async def save_file(self, viewer: Viewer, file_name: str, mime: str, data: bytes) -> str:
        """Keep it under a new id."""
        file_id = secrets.token_hex(8)
        self.files[file_id] = (viewer.address, StoredFile(file_name=file_name, mime=mime, data=data))
        return f"file:{file_id}"

    async def own_file(self, viewer: Viewer, file_id: str) -> WebFile:
        """Only the one who uploaded it may send it."""
        owner, stored = self.files.get(file_id, ("", None))
        if stored is None or owner != viewer.address:
            raise NotHere
        kind: Any = kind_of(stored.mime)
        return WebFile(kind=kind, file_name=stored.file_name, size=len(stored.data), url=f"/files/{file_id}")

    async def open_file(self, viewer: Viewer, file_id: str) -> StoredFile:
        """Staff and the one who uploaded it."""
        owner, stored = self.files.get(file_id, ("", None))
        if stored is None or (isinstance(viewer, Visitor) and owner != viewer.address):
            raise NotHere
        return stored

    async def load_file(self, attachment: Attachment) -> bytes:
        """What the channel fetches."""
        _, stored = self.files.get(attachment.ref.removeprefix("file:"), ("", None))
        if stored is None:
            raise FileGone(attachment.ref)
        return stored.data

    def listen(self, viewer: Viewer) -> AbstractContextManager[Listener]:
        """The desk hears everything."""
        return self.bell.listen(viewer.address if isinstance(viewer, Visitor) else EVERYTHING)

    # the counter

    async def intake(self, updates: Sequence[RawUpdate]) -> None:
        """Commit each update once, and answer it."""
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        for update in updates:
            if update.external_id in self.seen:
                continue
            self.seen.add(update.external_id)
            incoming = self.webchat.decode(update.raw)
            self.taken.append(incoming)
            self._answer(incoming)
            self.bell.ring()  # a staff member's words concern a customer too

    def _answer(self, incoming: Incoming) -> None:
        if incoming.sender in self.homes:
            self._answer_staff(incoming)
        elif incoming.press:
            self._press(self.talks[incoming.sender], incoming.press)
        else:
            self._answer_customer(incoming)

    def _answer_customer(self, incoming: Incoming) -> None:
        talk = self.talks.setdefault(incoming.sender, Talk(incoming.sender, language=incoming.language or "en"))
        if incoming.text in self.set_aside:
            talk.add("bot", "Something went wrong on our side.", kind="reply", state="sent")
            return
        talk.add("customer", incoming.text, client_id=incoming.message_id, attachment=self._file(incoming))
        talk.waits, talk.since = talk.ticket is not None, datetime.now(UTC)
        if talk.ticket is not None:
            return
        if any(word in incoming.text.lower() for word in PERSON):
            self._escalate(talk)
            return
        found = next((answer for word, answer in ANSWERS.items() if word in incoming.text.lower()), None)
        token = secrets.token_hex(4)
        if found:
            labels = ("Yes, thank you", "Not quite") if talk.language == "en" else ("有帮助，谢谢", "没有解决")
            talk.add(
                "bot",
                found[1],
                kind="reply",
                source=found[0],
                sure=0.91,
                prompt="Did this help?" if talk.language == "en" else "有帮助吗？",
                buttons=_row(token, *labels, styles=("yes", "no")),
                state="sent",
            )
        else:
            plain = WebButton(label="None of these. Talk to a person", data=f"{token}.3", style="person")
            rows = (*_row(token, "It arrived broken", "I want to send it back", "I want a different one"), (plain,))
            talk.add("bot", "I am not quite sure which of these you mean.", kind="reply", buttons=rows, state="sent")

    def _escalate(self, talk: Talk) -> None:
        self.numbers += 1
        talk.ticket, talk.waits, talk.since = self.numbers, True, datetime.now(UTC)
        words = f"I have asked a colleague. Your request is number {talk.ticket}; the answer comes here."
        talk.add("bot", words, kind="reply", state="sent")
        talk.add("system", "", kind="event", event="opened")

    def _press(self, talk: Talk, data: str) -> None:
        token, index = data.rsplit(".", 1)
        pressed = talk.press(token, int(index))
        if pressed is None:
            return
        if int(index) in (1, 3):
            self._escalate(talk)
        else:
            talk.add("bot", "Good to hear.", kind="reply", state="sent")

    def _answer_staff(self, incoming: Incoming) -> None:
        staff = next(one for one in self.sessions.values() if one.address == incoming.sender)
        home = self.homes[incoming.sender]
        if incoming.thread.startswith("ticket:"):
            said = self._in_ticket(incoming, self._talk_of(incoming.thread), staff)
            if said:
                home.add("bot", said, kind="reply", thread=incoming.thread)
            return
        home.add("you", incoming.text, name=staff.name, client_id=incoming.message_id, attachment=self._file(incoming))
        waiting = [talk for talk in self.talks.values() if talk.ticket and not talk.assignee]
        lines = [f"#{talk.ticket} {talk.name or 'Visitor'}" for talk in waiting]
        home.add("bot", "\n".join(["Waiting now", *lines]) if lines else "Nobody is waiting.", titled=bool(lines))

    def _in_ticket(self, incoming: Incoming, talk: Talk, staff: Staff) -> str:
        command, _, rest = incoming.text.partition(" ")
        more: dict[str, Any] = {"client_id": incoming.message_id, "attachment": self._file(incoming)}
        if command == "/note":
            talk.add("note", rest, name=staff.name, kind="note", **more)
            return ""
        if command == "/reply":
            talk.add("agent", rest, name=staff.name, kind="agent", state="sent", **more)
            talk.waits, talk.since = False, datetime.now(UTC)
            return ""
        if command == "/claim":
            talk.assignee = staff.name
            talk.add("system", staff.name, kind="event", event="claimed")
            return ""
        if command == "/resolve":
            talk.add("system", staff.name, kind="event", event="resolved")
            talk.ticket, talk.assignee, talk.waits = None, "", False
            return ""
        return f"I do not know {command}."

    def _file(self, incoming: Incoming) -> WebFile | None:
        if incoming.attachment is None:
            return None
        file_id = incoming.attachment.ref.removeprefix("file:")
        about = incoming.attachment
        return WebFile(kind=about.kind, file_name=about.file_name, size=about.size, url=f"/files/{file_id}")

    def _talk_of(self, thread: str) -> Talk:
        address = thread.partition(":")[2]
        if address not in self.talks:
            raise NotHere
        return self.talks[address]

    def _thread(self, talk: Talk, staff: Staff) -> WebThread:
        owner = "queue" if not talk.assignee else "mine" if talk.assignee == staff.name else "others"
        group: Any = "bot" if talk.ticket is None else owner
        actions = {"queue": ("claim",), "mine": ("reply", "handon", "resolve"), "others": (), "bot": ()}[group]
        last = next((one for one in reversed(talk.messages) if one.author in ("customer", "bot", "agent")), None)
        since = talk.since or datetime.now(UTC)
        return WebThread(
            id=f"ticket:{talk.address}",
            group=group,
            title=talk.name or "Visitor 7Q2",
            preview=last.text if last else "",
            number=talk.ticket,
            subject=talk.subject,
            channel="webchat",
            language=talk.language,
            since=since,
            waits=talk.waits,
            due=since + timedelta(minutes=15) if talk.waits else None,
            state="open" if talk.waits else "waiting" if talk.ticket else "",
            unread=talk.waits and not talk.assignee,
            assignee=talk.assignee,
            actions=actions,
            card=_card(talk),
        )


def _card(talk: Talk) -> dict[str, Any]:
    """The panel of facts."""
    tried = [{"title": one.source, "confidence": one.sure, "decision": "answer"} for one in talk.messages if one.source]
    return {
        "name": talk.name,
        "tags": ["tea", "portugal"],
        "since": "2026-03-02T09:00:00+00:00",
        "identities": [{"channel": "webchat", "here": True}],
        "orders": {"count": 5, "total": "€212.00"},
        "consent": [{"purpose": "marketing", "given": True, "since": "2026-03-02T09:00:00+00:00"}],
        "tried": tried,
    }


def _row(token: str, *labels: str, styles: tuple[Any, ...] = ("", "", "")) -> tuple[tuple[WebButton, ...], ...]:
    parts = enumerate(zip(labels, styles, strict=False))
    return (tuple(WebButton(label=label, data=f"{token}.{index}", style=style) for index, (label, style) in parts),)


def _for_customer(message: WebMessage) -> WebMessage:
    return replace(message, author="you", state=None) if message.author == "customer" else replace(message, sure=None)


def _for_desk(message: WebMessage, talk: Talk) -> WebMessage:
    return replace(message, name=talk.name or "Visitor 7Q2") if message.author == "customer" else message


async def _serve(port: int) -> None:
    from bot.web.server import WebServer, create_app
    from tests.web.sample_talks import fill

    house = FakeHouse()
    fill(house)
    server = WebServer(create_app(house, house.webchat), port=port)
    await server.start()
    print(f"http://127.0.0.1:{server.port}/chat", flush=True)  # noqa: T201 - for whoever looks at it
    print(f"http://127.0.0.1:{server.port}/desk/enter/{house.invite()}", flush=True)  # noqa: T201
    await house.webchat.receive(house.intake)


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description="Serve the pages over a house in memory.")
    options.add_argument("--port", type=int, default=8099)
    asyncio.run(_serve(options.parse_args().port))


if __name__ == "__main__":
    main()
