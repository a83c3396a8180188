"""The polling loop: updates are handed to the intake, and only then confirmed to Telegram."""

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from bot.channels import Intake
from bot.channels.telegram.api import Api, ApiError, NoAnswer, NotConnected
from bot.channels.telegram.decoding import raw_update

BATCH = 100  # what Telegram gives at most
LONGEST_PAUSE = 30.0
CONFLICT_PAUSE = 5.0
LAST_CONFIRMATION_SECONDS = 1.0

log = structlog.get_logger()
T = TypeVar("T")


class Polling:
    """Asks Telegram for updates until it is told to stop.

    Both libraries' own loops confirm an update before it is safe, and die of one that they cannot read. Here the
    offset exists only between the intake's return and the next successful poll, and it is never read from a table:
    update ids may start anew after a week of silence.
    """

    def __init__(self, api: Api, seconds: int) -> None:
        self.health = "not started"  # "ok", or a sentence for the operator
        self.username = ""
        self._api = api
        self._seconds = seconds
        self._offset = 0
        self._failures = 0
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, intake: Intake) -> None:
        """Poll until `stop`; network trouble is waited out and logged, never raised."""
        self._idle.clear()
        try:
            while not self._stopping.is_set():
                if updates := await self._next():
                    await self._take(updates, intake)
            await self._confirm()
        finally:
            self._idle.set()

    async def stop(self) -> None:
        """Give up the poll that hangs, let the intake finish, confirm what it took."""
        self._stopping.set()
        await self._idle.wait()
        self.health = "stopped"

    async def _next(self) -> list[Any]:
        try:
            if not self.username:
                self.username = await self._unless_stopped(self._api.get_username()) or ""
            updates = await self._unless_stopped(self._api.get_updates(self._offset, BATCH, self._seconds))
        except ApiError as error:
            await self._refused(error)
        except (NotConnected, NoAnswer) as error:
            await self._trouble("no connection to Telegram", cause=type(error).__name__)
        else:
            if updates is not None:
                # The answer proves that everything below the offset is confirmed, so the offset has done its work.
                self._offset = 0
            if updates == []:
                self._all_well()
            return updates or []
        return []

    async def _unless_stopped(self, call: Coroutine[Any, Any, T]) -> T | None:
        """The call's result, or None when we were asked to stop first."""
        answer = asyncio.ensure_future(call)
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((answer, stop), return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            answer.cancel()
            stop.cancel()
            await asyncio.gather(answer, stop, return_exceptions=True)

    async def _take(self, updates: list[Any], intake: Intake) -> None:
        batch = [raw for raw in map(raw_update, updates) if raw is not None]
        if len(batch) < len(updates):
            log.error("Telegram sent updates without a key; they are skipped.", count=len(updates) - len(batch))
        if not batch:
            await self._trouble("Telegram sends nothing that can be read")
            return
        try:
            await intake(batch)
        except Exception as error:  # noqa: BLE001 - the border to the inbox: whatever went wrong, they must come again
            await self._trouble("updates cannot be stored", cause=type(error).__name__, count=len(batch))
        else:
            self._offset = max(int(raw.external_id) for raw in batch) + 1
            self._all_well()

    def _all_well(self) -> None:
        if self._failures:
            log.info("Receiving from Telegram works again.", after_failures=self._failures)
        self._failures = 0
        self.health = "ok"

    async def _refused(self, error: ApiError) -> None:
        if error.status in (401, 404):
            self.health = "Telegram refuses the token"
            log.error("Telegram refuses the token; nothing is received until it is corrected.", status=error.status)
            await self._stopping.wait()
        elif error.status == 409 and "webhook" in error.description:
            await self._trouble("a webhook is set for this bot, so it cannot be polled", at_least=CONFLICT_PAUSE)
        elif error.status == 409:
            await self._trouble("another program polls with this token", at_least=CONFLICT_PAUSE)
        else:
            await self._trouble(
                "Telegram refuses to hand over updates", at_least=error.retry_after, status=error.status
            )

    async def _trouble(self, what: str, *, at_least: float = 0.0, **fields: object) -> None:
        """Say what is wrong, then wait: a tenth of a second at first, later up to half a minute."""
        self.health = what
        self._failures += 1
        pause = max(at_least, min(LONGEST_PAUSE, 0.1 * 2 ** min(self._failures, 10)) * random.uniform(0.5, 1.0))
        if self._failures & (self._failures - 1) == 0:  # at the first, second, fourth, eighth failure …
            log.warning("Receiving from Telegram is disturbed.", what=what, failures=self._failures, **fields)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    async def _confirm(self) -> None:
        """Tell Telegram what was taken last; if that fails it comes again and the inbox knows it already."""
        if self._offset:
            with contextlib.suppress(TimeoutError, ApiError, NotConnected, NoAnswer):
                await asyncio.wait_for(self._api.get_updates(self._offset, 1, 0), LAST_CONFIRMATION_SECONDS)
                self._offset = 0
