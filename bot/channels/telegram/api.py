"""What the Telegram channel needs from a library, and the three ways in which a call may end badly."""

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

from bot.message import Delivery, Sent

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
CONNECT_SECONDS = 5.0
CALL_SECONDS = 20.0  # patience with an answer; a send that takes longer is in doubt
UPLOAD_SECONDS = 60.0
FILE_LIMIT = 20 * 1024 * 1024  # what a bot may download, in bytes


class ApiError(Exception):
    """The server answered, and it said no; `description` may quote a person's words and is never logged."""

    def __init__(self, status: int, description: str = "", retry_after: float = 0.0, migrate_to: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to


class NotConnected(Exception):
    """No connection came about, so the call surely had no effect."""


class NoAnswer(Exception):
    """The call may have had an effect: no answer came, or none that can be read."""


class Api(Protocol):
    """The calls of the Bot API, made by one library.

    Every coroutine raises ApiError, NotConnected or NoAnswer and nothing else; none of them tries twice.
    """

    async def get_username(self) -> str:
        """The bot's own name, without the at sign."""

    async def get_updates(self, offset: int, limit: int, seconds: int) -> list[Any]:
        """Updates as plain JSON values, so that one which nobody can read harms no other; 0 means no offset."""

    def parse(self, update: dict[str, Any]) -> Any:
        """The library's own Update; raises whatever the library raises for an unreadable one."""

    async def send(self, delivery: Delivery, bold: int, file: str | bytes | None) -> Sent:
        """Send or edit one message; the first `bold` UTF-16 units are bold; `file` is a file_id or the bytes."""

    async def answer_press(self, press_id: str) -> None:
        """Stop the spinner of a pressed button."""

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str, chat: str | None) -> None:
        """Offer commands to everybody of that language ("" is any), or in one chat only."""

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file, at most FILE_LIMIT of them; an ApiError of status 413 when there are more."""

    async def close(self) -> None:
        """Let go of connections."""


def read_error(status: int, body: str | bytes) -> ApiError:
    """Turn an answer that is not 2xx into an ApiError, whatever stands in its body."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None  # a page of some proxy in between
    if not isinstance(answer, dict):
        answer = {}
    description = str(answer.get("description") or "")
    parameters = answer.get("parameters")
    if not isinstance(parameters, dict):
        parameters = {}
    retry_after = _seconds(parameters.get("retry_after"), description) if status == 429 else 0.0
    return ApiError(status, description, retry_after, str(parameters.get("migrate_to_chat_id") or ""))


def _seconds(stated: object, description: str) -> float:
    """How long a 429 asks us to wait; at least a second, because without a pause we would be refused again."""
    if isinstance(stated, int | float):
        return max(1.0, float(stated))
    found = re.search(r"retry after (\d+)", description)
    return max(1.0, float(found[1])) if found else 1.0
