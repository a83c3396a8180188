"""Intake: raw updates are committed a batch at a time, and only then confirmed to their channel."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from bot.channels import RawUpdate
from bot.message import Attachment, Incoming
from crm_core import inbox
from crm_core.work import Records

_AT_ONCE = 500
_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")


class IntakeDesk:
    """Commits what channels hand over; those who come while a commit runs share the next one."""

    def __init__(self, records: Records, wake: Callable[[], None]) -> None:
        self._records = records
        self._wake = wake
        self._waiting: list[tuple[list[tuple[str, str, str, str]], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, channel: str, updates: Sequence[RawUpdate]) -> None:
        """Return when these updates are safe; raise what the database raised when they are not."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rows = [
            (channel, clean_text(one.external_id)[:190], clean_text(one.sender)[:190], _whole(one.raw))
            for one in updates
        ]
        self._waiting.append((rows, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_waiting())
        await done

    async def _commit_waiting(self) -> None:
        while self._waiting:
            batch: list[tuple[list[tuple[str, str, str, str]], asyncio.Future[None]]] = []
            size = 0
            while self._waiting and (not batch or size + len(self._waiting[0][0]) <= _AT_ONCE):
                batch.append(self._waiting.pop(0))
                size += len(batch[-1][0])
            await self._commit(batch)

    async def _commit(self, batch: list[tuple[list[tuple[str, str, str, str]], asyncio.Future[None]]]) -> None:
        try:
            async with self._records.write() as work:
                await inbox.receive(work, [row for rows, _done in batch for row in rows])
        except Exception as error:  # noqa: BLE001  # whoever waits hears of it and confirms nothing to the channel
            for _rows, done in batch:
                if not done.done():
                    done.set_exception(error)
            return
        for _rows, done in batch:
            if not done.done():
                done.set_result(None)
        self._wake()


def clean(incoming: Incoming) -> Incoming:
    """The same incoming with words that every database can keep: no NUL, no half characters, no stray spaces."""
    words = _clean_fields(incoming)
    words["text"] = words["text"].strip()
    words["name"] = words["name"].strip()
    file = incoming.attachment
    return replace(incoming, **words, attachment=replace(file, **_clean_fields(file)) if file else None)


def _clean_fields(holder: Incoming | Attachment) -> dict[str, Any]:
    values = {field.name: getattr(holder, field.name) for field in fields(holder)}
    return {name: clean_text(value) for name, value in values.items() if isinstance(value, str)}


def clean_text(text: str) -> str:
    """Text without NUL; lone surrogates become the replacement character."""
    return _whole(text.replace("\0", ""))


def _whole(text: str) -> str:
    return _HALF_CHARACTERS.sub("\ufffd", text)
