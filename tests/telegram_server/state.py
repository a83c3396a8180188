"""What the server knows: updates not yet confirmed, chats, messages, files, faults to come, and the log."""

import asyncio
import base64
import itertools
import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SENDS = ("sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageCaption", "editMessageReplyMarkup")
ALL_BUT_RARE = ("message", "edited_message", "callback_query", "my_chat_member")
JPEG = base64.b64decode("/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////2Q==")


class Refusal(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


class Upload(bytes):
    """The content of an uploaded file, and its name."""

    name = ""


@dataclass(kw_only=True)
class Fault:
    """What shall go wrong with the next `times` calls of these methods.

    Kinds: `status` answers with that status (and takes effect all the same when `after` is set), `drop_before` and
    `drop_after` cut the connection before or after the call took effect, `garbled` takes effect and answers nonsense,
    `delay` waits `seconds` before the call takes effect, or afterwards when `after` is set.
    """

    kind: str
    times: int = 1
    methods: tuple[str, ...] | list[str] = SENDS
    chat: int | None = None
    status: int = 502
    description: str = "Bad Gateway"
    retry_after: int = 0
    after: bool = False
    seconds: float = 0.0


@dataclass
class Chat:
    """A private chat (id above 0) or a group, with the messages in it."""

    type: str
    blocked: bool = False
    moved_to: int = 0
    last_message: int = 0
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    sent_at: deque[float] = field(default_factory=lambda: deque(maxlen=20))


class State:
    """Everything the server remembers; the tests may look at it in-process and read it over HTTP."""

    def __init__(self, token: str, log_file: Path | None = None, *, limits: bool = False) -> None:
        self.token = token
        self.bot = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Shop", "username": "shop_bot"}
        self.limits = limits
        self.updates: deque[dict[str, Any]] = deque()
        self.allowed: tuple[str, ...] = ALL_BUT_RARE
        self.webhook = ""
        self.offset = 0  # what the newest getUpdates asked for
        self.polls = 0  # the number of the newest getUpdates; an older one that still waits is ended by it
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.presses: set[str] = set()
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.faults: list[Fault] = []
        self.log: list[dict[str, Any]] = []
        self.answers: Counter[str] = Counter()  # "sendMessage 200": every answer given, refusals and faults included
        self.changed = asyncio.Condition()
        self._log_file = log_file.open("a", encoding="utf-8") if log_file else None
        self._update_ids = itertools.count(700_000_001)
        self._sent_at: deque[float] = deque(maxlen=30)

    async def note(self, method: str, parameters: dict[str, Any], **more: Any) -> None:
        """Write one line of what took effect; it stands in the file before the answer leaves."""
        entry = {"n": len(self.log) + 1, "time": time.time(), "method": method, **_loggable(parameters), **more}
        self.log.append(entry)
        if self._log_file:
            self._log_file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._log_file.flush()
        await self.notify()

    async def notify(self) -> None:
        """Wake whoever waits for the state to change."""
        async with self.changed:
            self.changed.notify_all()

    async def until_logged(self, count: int, method: str = "", seconds: float = 10.0) -> list[dict[str, Any]]:
        """The log entries of a method (of all sends by default), once there are `count`; raises TimeoutError."""
        await self.until(lambda: len(self.logged(method)) >= count, seconds)
        return self.logged(method)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Return once the condition holds; raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(condition)

    def logged(self, method: str = "") -> list[dict[str, Any]]:
        """The log entries of a method, or of everything that sends or edits a message."""
        return [entry for entry in self.log if entry["method"] == method or (not method and entry["method"] in SENDS)]

    def take_fault(self, method: str, chat: int | None) -> Fault | None:
        """The next fault meant for this call, used up by one."""
        for fault in self.faults:
            if method in fault.methods and fault.chat in (None, chat):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def open_chat(self, chat_id: int) -> Chat:
        """The chat of that id, new if need be, as when a person writes for the first time."""
        return self.chats.setdefault(chat_id, Chat("private" if chat_id > 0 else "supergroup"))

    def chat_to_send(self, chat_id: int) -> Chat:
        """The chat when the bot may send there now, else a Refusal."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        if chat.moved_to:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, description, migrate_to_chat_id=chat.moved_to)
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if self.limits:
            self._spend(chat)
        return chat

    def _spend(self, chat: Chat) -> None:
        """One message a second per chat, 20 a minute per group, 30 a second in all, with a tenth of tolerance."""
        now = time.monotonic()
        waits = [0.0]
        if chat.type == "private" and chat.sent_at:
            waits.append(chat.sent_at[-1] + 0.9 - now)
        if chat.type != "private" and len(chat.sent_at) == 20:
            waits.append(chat.sent_at[0] + 54 - now)
        if len(self._sent_at) == 30:
            waits.append(self._sent_at[0] + 0.9 - now)
        if max(waits) > 0:
            seconds = int(max(waits)) + 1
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        chat.sent_at.append(now)
        self._sent_at.append(now)

    def keep_file(self, kind: str, content: bytes, name: str, size: int = 0) -> dict[str, Any]:
        """Store a file; `size` may claim more than the content has, to stand for a large one."""
        number = len(self.files) + 1
        self.files[f"{kind}-{number:06}"] = stored = {
            "file_id": f"{kind}-{number:06}",
            "file_unique_id": f"u{number}",
            "file_size": size or len(content),
            "file_path": f"{kind}s/file_{number}",
            "file_name": name,
            "kind": kind,
            "content": content,
        }
        return stored

    async def feed(self, *items: dict[str, Any]) -> list[int]:
        """Let people act, as `client.Control.feed` tells; the update ids in return."""
        ids = [self._add(item) for item in items]
        await self.notify()
        return ids

    def _add(self, item: dict[str, Any]) -> int:
        event = self._event(item)
        update = {"update_id": item.get("update_id") or next(self._update_ids), **event}
        if item["kind"] == "raw" or set(event) <= set(self.allowed):
            self.updates.append(update)
        return int(update["update_id"])

    def _event(self, item: dict[str, Any]) -> dict[str, Any]:
        kind = item["kind"]
        if kind == "raw":
            return dict(item["update"])
        if kind == "undecodable":
            return {"message": {"message_id": "no number", "from": {"id": item.get("user", 0)}, "chat": 17}}
        user = self._user(item)
        if kind in {"block", "unblock"}:
            return {"my_chat_member": self._membership(user, blocked=kind == "block")}
        if kind == "press":
            return {"callback_query": self._pressed(item, user)}
        return {"edited_message" if item.get("edited") else "message": self._message(item, user)}

    def _user(self, item: dict[str, Any]) -> dict[str, Any]:
        user = {"id": item["user"], "is_bot": item.get("is_bot", False), "first_name": item.get("name", "Ana")}
        return user | {"language_code": item.get("language", "en")}

    def _membership(self, user: dict[str, Any], *, blocked: bool) -> dict[str, Any]:
        self.open_chat(user["id"]).blocked = blocked
        statuses = ("member", "kicked") if blocked else ("kicked", "member")
        old, new = ({"user": self.bot, "status": status, "until_date": 0} for status in statuses)
        chat = {"id": user["id"], "type": "private", "first_name": user["first_name"]}
        return {"chat": chat, "from": user, "date": int(time.time()), "old_chat_member": old, "new_chat_member": new}

    def _pressed(self, item: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
        chat_id = item.get("chat", user["id"])
        message = self.open_chat(chat_id).messages.get(item.get("message_id", 0))
        if message is None:  # too old, as after 48 hours
            message = {"message_id": item.get("message_id", 1), "date": 0, "chat": self._chat(chat_id)}
        press_id = str(len(self.presses) + 1)
        self.presses.add(press_id)
        return {"id": press_id, "from": user, "chat_instance": "1", "data": item["data"], "message": message}

    def _chat(self, chat_id: int) -> dict[str, Any]:
        chat = {"id": chat_id, "type": self.open_chat(chat_id).type}
        return chat | ({"first_name": "Ana"} if chat_id > 0 else {"title": "Agents"})

    def _message(self, item: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
        text = item.get("text", "")
        start = re.match(r"/start (.*)", text)
        if start and not re.fullmatch(r"[\w-]{1,64}", start[1], re.ASCII):
            raise Refusal(400, "Bad Request: no link can carry this start parameter")
        chat_id = item.get("chat", user["id"])
        message = self.new_message(chat_id, user)
        if item["kind"] == "migrate":
            self.open_chat(chat_id).moved_to = item["to"]
            self.open_chat(item["to"])
            message["migrate_to_chat_id"] = item["to"]
            return message
        if text:
            message["caption" if item["kind"] in {"photo", "document", "video"} else "text"] = text
        if "reply_to" in item:
            message["reply_to_message"] = self.open_chat(chat_id).messages[item["reply_to"]]
        message.update(self._media(item))
        message.update(item.get("fields", {}))
        return message

    def _media(self, item: dict[str, Any]) -> dict[str, Any]:
        content = base64.b64decode(item["content"]) if "content" in item else JPEG
        if item["kind"] == "photo":
            return photo_fields(self.keep_file("photo", content, "", item.get("size", 0)))
        if item["kind"] == "document":
            stored = self.keep_file("document", content, item.get("name", "order.pdf"), item.get("size", 0))
            return document_fields(stored)
        return {}

    def new_message(self, chat_id: int, sender: dict[str, Any]) -> dict[str, Any]:
        """An empty message under the chat's next id; ids count per chat, so nobody takes them for unique."""
        chat = self.open_chat(chat_id)
        chat.last_message += 1
        message = {
            "message_id": chat.last_message,
            "date": int(time.time()),
            "chat": self._chat(chat_id),
            "from": sender,
        }
        chat.messages[chat.last_message] = message
        return message


def photo_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """What a message with this photo carries: a small size and the full one."""
    full = {key: stored[key] for key in ("file_id", "file_unique_id", "file_size")} | {"width": 1280, "height": 960}
    return {"photo": [full | {"file_id": "thumbnail", "width": 90, "height": 67, "file_size": 900}, full]}


def document_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """What a message with this document carries."""
    kept = {key: stored[key] for key in ("file_id", "file_unique_id", "file_size", "file_name")}
    return {"document": kept | {"mime_type": "application/pdf"}}


def _loggable(parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: f"{len(value)} bytes" if isinstance(value, bytes) else value for key, value in parameters.items()}
